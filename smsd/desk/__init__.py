"""What an admin, or the client-support system, may ask for: one place for these verbs, whatever face stands before it.

Knows how a request of a person becomes rows: a phone in any writing becomes E.164, a text is counted in parts, a
password is sealed before it is kept, and whoever has written rings the bell. Refuses to know configuration files,
terminals and HTTP: what the configuration decides is handed in as ``Terms``, what went wrong is raised as one line. The
daemon need not run: the database is the interface between the two.
"""

import hashlib
import json
import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from smsd.directory.local import seal_context
from smsd.errors import KeyTakenError, PduError, UsageError
from smsd.rules.alerts import Drop, NumberPolicy, Treatment
from smsd.rules.outbox import MessageClass
from smsd.rules.phones import country, e164, mask
from smsd.rules.replies import FAILED
from smsd.rules.templates import NotificationTemplate
from smsd.sms import segments
from smsd.store import Client, Erased, NewMessage, Row, Store
from smsd.vault import PublicKey, seal

__all__ = [
    "MAX_PARTS",
    "Desk",
    "Draft",
    "Fault",
    "Imported",
    "NewClient",
    "Queued",
    "Terms",
]

MAX_PARTS = 10
"""A text that needs more parts is refused: it is a mistake more often than a message, and each part costs money."""
LONGEST_FIELD = 160
"""Characters of a client's code, login, password and name: they are read on a phone's screen."""
LONGEST_KEY = 200
"""Characters of the key that makes a repeated notification harmless."""
PROGRESS_ROWS = 500
KEY_OCTETS = 32
"""Of chance, for the marks of erased numbers (HMAC-SHA256)."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the configuration decides, as values.

    ``lifetimes`` says how long a message of a class is worth sending; a class that is not there never expires.
    ``apology`` is the text of a request that a person gave up. ``max_parts``: longer texts are refused.
    ``policy`` says what is done with numbers that are probably a mistake; ``None``: nothing. ``templates`` are the
    texts that notifications may be made of, by name.
    """

    region: str = "RU"
    lifetimes: Mapping[MessageClass, timedelta] = field(default_factory=dict)
    apology: str = FAILED
    max_parts: int = MAX_PARTS
    policy: NumberPolicy | None = None
    templates: Mapping[str, NotificationTemplate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A notification that has been looked at: nothing of it is written yet. ``odd`` and ``opted_out`` as in ``Queued``.

    ``asked`` is a hash of what was asked for, so that a repeat is known as one even when a template has changed.
    """

    recipient: str
    text: str
    parts: int
    odd: tuple[str, ...]
    opted_out: bool
    asked: str


@dataclass(frozen=True, slots=True)
class Queued:
    """A message in the outbox. ``new`` is false when its key already stood for it: nothing was added.

    ``opted_out`` tells that the number wants no notifications: one is then suppressed at the moment of sending, unless
    the client has changed his mind by then. ``odd`` says in words what is strange about the number.
    """

    id: int
    recipient: str
    parts: int
    new: bool
    opted_out: bool
    odd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client as a person writes him down. ``password`` ``None`` leaves the one that is recorded, if any.

    ``subscribed`` ``False`` stops notifications to his number; ``True`` and ``None`` never lift a stop in force.
    """

    phone: str
    code: str
    login: str
    password: str | None = field(default=None, repr=False)
    name: str = ""
    subscribed: bool | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line of an import cannot be taken. Holds neither a password nor a whole number."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: with any fault nothing was added."""

    count: int = 0
    without_password: int = 0
    faults: tuple[Fault, ...] = ()


class Desk:
    """The verbs, over one store.

    ``public_key`` is asked when something is to be sealed; ``ring`` tells the daemon, if there is one, to look;
    ``clock`` returns Unix seconds.
    """

    def __init__(
        self,
        store: Store,
        terms: Terms,
        *,
        clock: Callable[[], float],
        public_key: Callable[[], PublicKey],
        ring: Callable[[], None],
    ) -> None:
        self._store = store
        self._terms = terms
        self._clock = clock
        self._public_key = public_key
        self._ring = ring

    def phone(self, written: str) -> str:
        """Return a phone in any usual writing as E.164; raise ``UsageError``."""
        return e164(written, self._terms.region)

    def opted_out(self, phone: str) -> bool:
        """Tell whether a number wants no notifications and alerts."""
        return not self._store.clients.subscribed(self.phone(phone))

    # --- messages -----------------------------------------------------------------------------------------------------

    def send(self, phone: str, text: str) -> Queued:
        """Queue one message by hand. It is sent to a number that has opted out as well: ask ``opted_out`` before.

        Raises ``UsageError`` for a phone that is none, and a text that is empty or too long.
        """
        return self._enqueue(MessageClass.MANUAL, phone, text)

    def draft(
        self,
        phone: str,
        text: str | None = None,
        *,
        template: str | None = None,
        values: Mapping[str, str] | None = None,
    ) -> Draft:
        """Look at a notification, of a text or of a template with its values; nothing is written.

        Raises ``UsageError`` for a phone that is none, for a text that is empty or too long, for a template that is not
        there and for values that do not fit it.
        """
        recipient = self.phone(phone)
        if (text is None) == (template is None):
            raise UsageError("a notification has a text or a template: one of them")
        if text is not None and values:
            raise UsageError("only a template has values")
        asked = _hash([recipient, text] if text is not None else [recipient, template, dict(values or {})])
        whole = text if text is not None else self.template(str(template)).fill(values or {})
        parts = self.count_parts(whole)
        return Draft(recipient, whole, parts, self.odd(recipient), self.opted_out(recipient), asked)

    def notify(
        self,
        phone: str,
        text: str | None = None,
        *,
        template: str | None = None,
        values: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Queued:
        """Queue a notification. A repeat with the same ``key`` adds nothing and returns the first.

        Raises ``UsageError`` as ``draft`` does, and ``KeyTakenError`` for a key that stands for another message: that
        is no repeat but two messages, and one would be lost.
        """
        if key is not None and not 1 <= len(key) <= LONGEST_KEY:
            raise UsageError(f"a key has 1 to {LONGEST_KEY} characters, not {len(key)}")
        draft = self.draft(phone, text, template=template, values=values)
        first = None if key is None else self._store.outbox.by_key(MessageClass.NOTIFICATION, key)
        if first is None:
            message = self._message(MessageClass.NOTIFICATION, draft.recipient, draft.text, draft.parts, key)
            message_id, new = self._store.outbox.enqueue(replace(message, fingerprint=draft.asked if key else None))
            self._ring()
            if new or key is None:
                return _queued(message_id, draft, draft.parts, new=True)
            first = self._store.outbox.by_key(MessageClass.NOTIFICATION, key)
        return _repeated(first or {}, draft)

    def template(self, name: str) -> NotificationTemplate:
        """Return a template; raise ``UsageError`` where there is none of the name."""
        found = self._terms.templates.get(name)
        if found is None:
            known = ", ".join(self._terms.templates) or "none"
            raise UsageError(f"there is no template {name!r}; there are: {known}")
        return found

    @property
    def templates(self) -> Mapping[str, NotificationTemplate]:
        """The templates, by name."""
        return self._terms.templates

    def count_parts(self, text: str) -> int:
        """Say how many parts a text makes; raise ``UsageError`` when it is empty, too long or no Unicode."""
        if not text.strip():
            raise UsageError("an empty text cannot be sent")
        if any(unicodedata.category(character) == "Cs" for character in text):
            raise UsageError("the text is not valid Unicode: write it in UTF-8")
        try:
            parts = len(segments(text, 0))
        except PduError:
            raise UsageError(f"the text makes more than 255 parts; at most {self._terms.max_parts} are sent") from None
        if parts > self._terms.max_parts:
            raise UsageError(f"the text makes {parts} parts; at most {self._terms.max_parts} are sent")
        return parts

    def retry(self, message_id: int) -> None:
        """Send a message again from its first part; raises ``UsageError``, ``NotFoundError``."""
        self._store.outbox.retry(message_id)
        self._ring()

    def cancel(self, message_id: int) -> None:
        """Withdraw what has not left of a message; raises ``UsageError``, ``NotFoundError``."""
        self._store.outbox.cancel(message_id)
        self._ring()

    def _enqueue(self, message_class: MessageClass, phone: str, text: str) -> Queued:
        recipient, parts = self.phone(phone), self.count_parts(text)
        odd = self.odd(recipient)
        message = self._message(message_class, recipient, text, parts)
        message_id, new = self._store.outbox.enqueue(message)
        self._ring()
        return Queued(message_id, recipient, parts, new, not self._store.clients.subscribed(recipient), odd)

    def odd(self, phone: str) -> tuple[str, ...]:
        """Say what is strange about a number; raise ``UsageError`` where such a one is refused."""
        found = {} if self._terms.policy is None else self._terms.policy.doubts(phone)
        words = {Drop.FOREIGN: f"a number of another country ({country(phone)})", Drop.NOT_MOBILE: "no mobile's number"}
        if refused := [words[what] for what, treatment in found.items() if treatment is Treatment.REFUSE]:
            raise UsageError(f"{mask(phone)} is {refused[0]}: refused by [alerts] in the configuration")
        return tuple(words[what] for what in found)

    def _message(
        self, message_class: MessageClass, recipient: str, text: str, parts: int, key: str | None = None
    ) -> NewMessage:
        lifetime = self._terms.lifetimes.get(message_class)
        expires_at = None if lifetime is None else self._clock() + lifetime.total_seconds()
        return NewMessage(message_class, recipient, parts, text=text, expires_at=expires_at, key=key)

    # --- clients' requests --------------------------------------------------------------------------------------------

    def retry_request(self, request_id: int) -> None:
        """Have a client's request carried out again; raises ``UsageError``, ``NotFoundError``."""
        self._store.requests.retry(request_id)
        self._ring()

    def fail_request(self, request_id: int) -> int:
        """Give a client's request up and queue the apology; return that message's id."""
        text = self._terms.apology

        def apology(phone: str) -> NewMessage:
            return self._message(MessageClass.RESULT, phone, text, len(segments(text, 0)))

        message_id = self._store.requests.fail(request_id, apology)
        self._ring()
        return message_id

    # --- clients ------------------------------------------------------------------------------------------------------

    def client(self, phone: str) -> Row:
        """Return a client as a row, his password sealed; raises ``UsageError``, ``NotFoundError``."""
        return self._store.clients.show(self.phone(phone))

    def add_client(self, client: NewClient) -> bool:
        """Add a client, or change what is known of him; return whether he is new. Raises ``UsageError``."""
        sealed = self._sealed(client, self._public_key() if client.password is not None else None)
        new = self._store.clients.get(sealed.phone) is None
        self._store.clients.put([sealed], cause="by hand")
        return new

    def remove_client(self, phone: str) -> str:
        """Forget a client; return his number. What the number wishes of notifications stays."""
        number = self.phone(phone)
        self._store.clients.remove(number)
        return number

    def forget(self, phone: str, *, dry_run: bool = False) -> Erased:
        """Erase a person everywhere; of a stop in force a mark is kept. ``dry_run``: say only what would be erased.

        Raises ``UsageError`` for a phone that is none, ``StoreBusyError`` while something to it is under way.
        """
        return self._store.erasure.erase(self.phone(phone), os.urandom(KEY_OCTETS), dry_run=dry_run)

    def release(self, phone: str) -> tuple[str, int]:
        """Lift the hold on passwords to a number whose SIM was replaced; return the number, and what may leave now.

        Raises ``UsageError`` for a phone that is none, ``NotFoundError`` when nothing is held for it.
        """
        number = self.phone(phone)
        count = self._store.swaps.release(number)
        self._ring()
        return number, count

    def import_clients(
        self,
        entries: Sequence[tuple[int, NewClient | Fault]],
        *,
        cause: str,
        progress: Callable[[int], None] = lambda _: None,
        dry_run: bool = False,
    ) -> Imported:
        """Add clients, each with the number of its line, all or none: one fault and nothing is changed.

        ``dry_run``: check only.

        Everything is checked and sealed first; the rows are written in one transaction. ``progress`` is told how many
        entries more have been looked at.
        """
        public = self._public_key()
        clients: dict[str, Client] = {}
        lines: dict[str, int] = {}
        faults: list[Fault] = []
        for done, (line, entry) in enumerate(entries, start=1):
            if done % PROGRESS_ROWS == 0:
                progress(PROGRESS_ROWS)
            if isinstance(entry, Fault):
                faults.append(entry)
                continue
            try:
                client = self._sealed(entry, public)
            except UsageError as error:
                faults.append(Fault(line, str(error)))
                continue
            if client.phone in lines:
                faults.append(Fault(line, f"this phone is in line {lines[client.phone]} already"))
            clients[client.phone], lines[client.phone] = client, line
        progress(len(entries) % PROGRESS_ROWS)
        if faults:
            return Imported(faults=tuple(faults))
        count = len(clients) if dry_run else self._store.clients.put(clients.values(), cause=cause)
        return Imported(count, sum(client.password is None for client in clients.values()))

    def _sealed(self, client: NewClient, public: PublicKey | None) -> Client:
        """Check a client and seal his password; raise ``UsageError`` naming the field, never the value."""
        phone = self.phone(client.phone)
        for name in ("code", "login"):
            if not getattr(client, name).strip():
                raise UsageError(f"the {name} is empty")
        if client.password is not None and not client.password:
            raise UsageError("the password is empty")
        _check_fields(client)
        password = None
        if client.password is not None and public is not None:
            password = seal(public, client.password, associated=seal_context(phone))
        return Client(
            phone, client.code.strip(), client.login.strip(), password, client.name.strip(), client.subscribed
        )


def _repeated(first: Row, draft: Draft) -> Queued:
    """Return the message that a key stands for, if it is what was asked for again."""
    same = (first["recipient"], first["text"]) == (draft.recipient, draft.text)
    if first["fingerprint"] is not None:
        same = first["fingerprint"] == draft.asked
    if not same:
        raise KeyTakenError(
            f"this key stands for message {first['id']} already, which has another recipient or text: "
            "a new message needs a key of its own"
        )
    return _queued(first["id"], draft, first["parts"], new=False)


def _queued(message_id: int, draft: Draft, parts: int, *, new: bool) -> Queued:
    return Queued(message_id, draft.recipient, parts, new, draft.opted_out, draft.odd)


def _hash(asked: object) -> str:
    return hashlib.blake2b(json.dumps(asked, sort_keys=True).encode(), digest_size=16).hexdigest()


def _check_fields(client: NewClient) -> None:
    """Refuse what cannot be read on a phone's screen: it would break the text it is put into."""
    for name in ("code", "login", "password", "name"):
        value = getattr(client, name) or ""
        if len(value) > LONGEST_FIELD:
            raise UsageError(f"the {name} has {len(value)} characters; at most {LONGEST_FIELD}")
        if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
            raise UsageError(f"the {name} holds a line break or another control character")
