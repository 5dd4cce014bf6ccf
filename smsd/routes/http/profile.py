"""What one operator's HTTP interface wants, as data: how a message is asked to be sent, and what the answers mean.

Knows the shape of a profile and reads it from TOML, one file an operator (``profiles``), so that an operator who wants
a field under another name needs another file and no other program. Refuses to know sockets and messages. Every place
in a request is written ``{place}`` (``PLACES``); every place in an answer is a path: ``result.msg_id``, ``data.0.id``
in JSON, ``result/sms@id`` in XML.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeVar

from smsd.errors import ConfigError
from smsd.rules.routing import REPORTED, Block

__all__ = [
    "PLACES",
    "Action",
    "Auth",
    "Call",
    "Format",
    "Profile",
    "Recipient",
    "State",
    "names",
    "read_profile",
    "shipped",
]

S = TypeVar("S", bound=StrEnum)

PLACES: Final = frozenset({"sender", "recipient", "text", "key", "login", "password", "reference", "minutes"})
"""What may stand in a request: the sender's name, the recipient in the form the profile wants, the whole text, our own
id of the attempt, the account, the operator's id (when asking for a state), and how many minutes the message is worth
delivering."""

_PLACE = re.compile(r"\{([^{}]*)\}")
_KEY_PLACES: Final = frozenset({"instance", "attempt"})


class Action(StrEnum):
    """What an answer means for the message, or for the route."""

    RETRY = "retry"
    """Passing trouble: the same again in seconds, ever more seldom, not for ever."""
    LATER = "later"
    """Passing trouble that lasts: the same again in minutes."""
    THROTTLE = "throttle"
    """Too fast: slower, and the same message again, unharmed and uncounted."""
    SENDER = "sender"
    """The sender's name is refused: another route may carry the message."""
    RECIPIENT = "recipient"
    """The recipient is refused, and would be everywhere."""
    TEXT = "text"
    """The text is refused."""
    ROUTE = "route"
    """The operator's own trouble: no message passes here for a while."""
    MONEY = "money"
    """The account is empty: a person must pay."""
    ACCOUNT = "account"
    """Name, password or address are refused: a person must change something."""
    SIM_SWAPPED = "sim swapped"
    """The recipient's SIM was replaced: refused, and passwords to that number are held."""
    DOUBT = "doubt"
    """It does not say whether the message was taken."""
    TAKEN = "taken"
    """A message with this id was taken before: it was this one."""


class State(StrEnum):
    """What a state in an answer or a receipt says of the message."""

    DELIVERED = "delivered"
    FAILED = "failed"
    TRYING = "trying"
    ABSENT = "absent"
    """The operator knows no such message."""


class Auth(StrEnum):
    """How a request says who we are."""

    NONE = "none"
    """By ``{login}`` and ``{password}`` in the request itself."""
    BASIC = "basic"
    """RFC 7617."""
    BEARER = "bearer"
    """RFC 6750; the token is the password."""


class Recipient(StrEnum):
    """How a recipient is written."""

    E164 = "e164"
    """``+79161234567``"""
    DIGITS = "digits"
    """``79161234567``"""
    NUMBER = "number"
    """``79161234567`` as a number of JSON."""


class Format(StrEnum):
    """What an answer is written in."""

    JSON = "json"
    XML = "xml"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. At most one of ``form`` and ``json`` is its body."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    json: Any = None

    @property
    def places(self) -> frozenset[str]:
        """Every place that stands in it."""
        values = (self.path, *self.headers.values(), *self.query.values(), *self.form.values(), *_strings(self.json))
        return frozenset(place for value in values for place in _PLACE.findall(value))


@dataclass(frozen=True, slots=True)
class Told:
    """Where an answer or a receipt says what became of a message; an empty path: it does not."""

    state: str
    reference: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """One operator's interface."""

    title: str
    source: str
    """Where its facts come from."""
    tried: str
    """Against what it has been tried."""
    url: str
    auth: Auth
    recipient: Recipient
    format: Format
    key: str
    """Our own id of an attempt: ``{instance}`` (letters and digits, one for each installation) and ``{attempt}``."""
    idempotent: bool
    """Whether the operator sends a message once, however often it is asked with the same key."""
    submit: Call
    proof: str
    """Path to what is in an answer only if the message was taken."""
    reference: str
    """Path to the operator's id, or ``{key}`` where it knows the message by ours."""
    code: str
    """Path to the code of a refusal."""
    reason: str
    """Path to the refusal in words."""
    accepted: frozenset[str]
    """Codes that are no refusal."""
    codes: Mapping[str, Action]
    http: Mapping[int, Action]
    """What statuses of HTTP mean, before ``translate.HTTP`` is asked."""
    status: Call | None
    """How the state of a message is asked for; ``None``: it cannot be."""
    told: Told
    """Where the answer to ``status`` says it."""
    receipt: Told | None
    """Where a receipt says it that the operator sends by itself; ``None``: it sends none."""
    states: Mapping[str, State]
    errors: Mapping[str, Block]
    """What error codes of a failed message say is blocked."""

    @property
    def settles(self) -> bool:
        """Whether a doubt can be settled: the state can be asked for by our own id."""
        return self.status is not None and "reference" not in self.status.places


def names() -> list[str]:
    """List the profiles that come with the program."""
    folder = resources.files("smsd.routes.http").joinpath("profiles")
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))


def shipped(name: str) -> Profile:
    """Read a profile that comes with the program. Raises ``ConfigError`` when there is none of this name."""
    known = names()
    if name not in known:
        raise ConfigError(f"{name!r} is no profile of an HTTP operator; there are: {', '.join(known)}")
    text = resources.files("smsd.routes.http").joinpath("profiles", f"{name}.toml").read_text("utf-8")
    return parse(text, f"profile {name}")


def read_profile(path: Path) -> Profile:
    """Read a profile from a file. Raises ``ConfigError`` naming the file, the key and what is wrong."""
    try:
        return parse(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise ConfigError(f"{path}: the profile cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: the profile is not UTF-8 text") from None


def parse(text: str, name: str) -> Profile:
    """Read the text of a profile; ``name`` is what errors name. Raises ``ConfigError``."""
    try:
        return _Reader(name, tomllib.loads(text)).profile()
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not TOML: {error}") from None


_TABLES: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset({
        "title", "source", "tried", "url", "auth", "recipient", "format", "key", "idempotent", "submit", "answer",
        "codes", "http", "status", "receipt", "states", "errors",
    }),
    "submit": frozenset({"method", "path", "headers", "query", "form", "json"}),
    "status": frozenset({"method", "path", "headers", "query", "form", "json", "state", "reference", "error"}),
    "answer": frozenset({"proof", "reference", "code", "reason", "accepted"}),
    "receipt": frozenset({"state", "reference", "error"}),
}  # fmt: skip
"""Every key of a profile."""


class _Reader:
    """One reading of one profile: knows its name for the errors."""

    def __init__(self, name: str, tables: Mapping[str, Any]) -> None:
        self._name = name
        self._tables = tables

    def profile(self) -> Profile:
        for table, keys in _TABLES.items():
            for key in self._table(table):
                if key not in keys:
                    raise self._wrong(
                        f"{table}.{key}".lstrip("."), f"unknown key; known here: {', '.join(sorted(keys))}"
                    )
        answer, status = self._table("answer"), self._table("status")
        reference = self._text("answer.reference", answer.get("reference"))
        return Profile(
            title=self._text("title", self._tables.get("title")),
            source=self._text("source", self._tables.get("source")),
            tried=self._text("tried", self._tables.get("tried", "not yet tried against the real service")),
            url=self._text("url", self._tables.get("url", "")),
            auth=self._one_of("auth", Auth, self._tables.get("auth", "none")),
            recipient=self._one_of("recipient", Recipient, self._tables.get("recipient", "digits")),
            format=self._one_of("format", Format, self._tables.get("format", "json")),
            key=self._template("key", self._text("key", self._tables.get("key", "{instance}{attempt}")), _KEY_PLACES),
            idempotent=self._tables.get("idempotent", False) is True,
            submit=self._call("submit", PLACES - {"reference"}),
            proof=self._text("answer.proof", answer.get("proof", reference)),
            reference=reference,
            code=self._text("answer.code", answer.get("code", "")),
            reason=self._text("answer.reason", answer.get("reason", "")),
            accepted=frozenset(str(each) for each in answer.get("accepted", ())),
            codes={str(code): self._one_of(f"codes.{code}", Action, value) for code, value in self._items("codes")},
            http={
                self._status(code): self._one_of(f"http.{code}", Action, value) for code, value in self._items("http")
            },
            status=self._call("status", PLACES - {"sender", "text", "minutes"}) if status else None,
            told=self._told("status", status),
            receipt=self._told("receipt", self._table("receipt")) if "receipt" in self._tables else None,
            states={str(each): state for state in State for each in self._table("states").get(state.value, ())},
            errors={str(code): self._block(f"errors.{code}", value) for code, value in self._items("errors")},
        )

    def _table(self, name: str) -> Mapping[str, Any]:
        table = self._tables.get(name, {}) if name else self._tables
        if not isinstance(table, dict):
            raise self._wrong(name, f"must be a table: write [{name}]")
        return table

    def _items(self, name: str) -> Collection[tuple[str, Any]]:
        return self._table(name).items()

    def _call(self, name: str, places: frozenset[str]) -> Call:
        table = self._table(name)
        call = Call(
            method=self._text(f"{name}.method", table.get("method", "POST")).upper(),
            path=self._text(f"{name}.path", table.get("path", "")),
            headers=self._strings(f"{name}.headers", table.get("headers", {})),
            query=self._strings(f"{name}.query", table.get("query", {})),
            form=self._strings(f"{name}.form", table.get("form", {})),
            json=table.get("json"),
        )
        if call.form and call.json is not None:
            raise self._wrong(name, "a request has one body: either form or json")
        for place in sorted(call.places):
            if place not in places:
                raise self._wrong(name, f"{{{place}}} is nothing known; known here: {', '.join(sorted(places))}")
        return call

    def _told(self, name: str, table: Mapping[str, Any]) -> Told:
        keys = ("state", "reference", "error")
        state, reference, error = (self._text(f"{name}.{key}", table.get(key, "")) for key in keys)
        if name == "receipt" and not (state and reference):
            raise self._wrong(name, "needs the paths of state and reference")
        return Told(state, reference, error)

    def _template(self, key: str, value: str, places: frozenset[str]) -> str:
        for place in _PLACE.findall(value):
            if place not in places:
                raise self._wrong(key, f"{{{place}}} is nothing known; known here: {', '.join(sorted(places))}")
        return value

    def _strings(self, key: str, value: Any) -> Mapping[str, str]:
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            raise self._wrong(key, "must be a table of strings")
        return value

    def _text(self, key: str, value: Any) -> str:
        if not isinstance(value, str):
            raise self._wrong(key, "must be a string" if value is not None else "is missing")
        return value

    def _one_of(self, key: str, kind: type[S], value: Any) -> S:
        try:
            return kind(value)
        except ValueError:
            raise self._wrong(key, f"{value!r} is not one of {', '.join(kind)}") from None

    def _block(self, key: str, value: Any) -> Block:
        if value not in REPORTED:
            raise self._wrong(key, f"{value!r} is not one of {', '.join(REPORTED)}")
        return Block(value)

    def _status(self, code: str) -> int:
        if not re.fullmatch("[1-5][0-9][0-9]", code):
            raise self._wrong(f"http.{code}", "is no status of HTTP: three digits")
        return int(code)

    def _wrong(self, key: str, problem: str) -> ConfigError:
        return ConfigError(f"{self._name}: {key}: {problem}")


def _strings(value: Any) -> list[str]:
    """List every string in a value of JSON."""
    if isinstance(value, dict):
        return [each for inner in value.values() for each in _strings(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in _strings(inner)]
    return [value] if isinstance(value, str) else []
