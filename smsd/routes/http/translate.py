"""Between the profile's words and the house's: a ``sms.Submit`` becomes a request, an answer one of the three ends.

Knows how places are filled and paths followed, and decides nothing but what a code means by the profile's tables. An
answer that cannot be understood is no answer: the message may have been taken.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from xml.etree import ElementTree as ET

from smsd import sms
from smsd.routes.http.profile import Action, Call, Format, Profile, Recipient, State, Told
from smsd.routes.operator import REFUSALS
from smsd.rules.routing import Block, heeded
from smsd.sms import InDoubt, NotSent, Outcome, Sent, Verdict

__all__ = [
    "HTTP",
    "Answer",
    "Judged",
    "Request",
    "fill",
    "judge",
    "key_of",
    "look",
    "minutes",
    "recipient_of",
    "report_in",
    "report_of",
    "state_of",
]

_PLACE = re.compile(r"\{([^{}]*)\}")

HTTP: Final[Mapping[int, Action]] = {
    401: Action.ACCOUNT,
    402: Action.MONEY,
    403: Action.ACCOUNT,
    404: Action.ROUTE,
    405: Action.ROUTE,
    408: Action.DOUBT,
    413: Action.TEXT,
    429: Action.THROTTLE,
}
"""What a status of HTTP means (RFC 9110 §15, RFC 6585) unless the profile says otherwise. Of the others: 3xx is trouble
with the route, 4xx a refusal that may be anything, and 5xx leaves open whether the message was taken."""

_MEANINGS: Final[Mapping[str, tuple[Verdict, Block | None]]] = {
    **REFUSALS,
    Action.RETRY: (Verdict.SOON, None),
    Action.LATER: (Verdict.LATER, None),
    Action.THROTTLE: (Verdict.ROUTE, None),
    Action.MONEY: REFUSALS[Block.ROUTE],
    Action.ACCOUNT: REFUSALS[Block.ROUTE],
}
"""What becomes of the message, and what is blocked."""
_CLASSES: Final = {
    State.DELIVERED: sms.ReportClass.DELIVERED,
    State.FAILED: sms.ReportClass.FAILED,
    State.TRYING: sms.ReportClass.TRYING,
}
_SHOWN = 200
"""Characters of an operator's own words that are kept."""


@dataclass(frozen=True, slots=True)
class Request:
    """A call with its places filled."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    json: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status of HTTP and the octets of the body."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Judged:
    """The end of a submit, and what the answer means for the route (``None``: nothing)."""

    outcome: Outcome
    action: Action | None = None


# --- away from us -----------------------------------------------------------------------------------------------------


def fill(call: Call, values: Mapping[str, str | int]) -> Request:
    """Fill the places of a call. A value of JSON that is nothing but one place keeps the kind of what fills it."""
    return Request(
        call.method,
        _text(call.path, values),
        {name: _text(value, values) for name, value in call.headers.items()},
        {name: _text(value, values) for name, value in call.query.items()},
        {name: _text(value, values) for name, value in call.form.items()},
        _json(call.json, values),
    )


def _text(template: str, values: Mapping[str, str | int]) -> str:
    return _PLACE.sub(lambda found: str(values[found[1]]), template)


def _json(template: Any, values: Mapping[str, str | int]) -> Any:
    if isinstance(template, dict):
        return {name: _json(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [_json(value, values) for value in template]
    if not isinstance(template, str):
        return template
    whole = _PLACE.fullmatch(template)
    return values[whole[1]] if whole else _text(template, values)


def key_of(profile: Profile, instance: str, attempt_id: int) -> str:
    """Give our own id of an attempt."""
    return _text(profile.key, {"instance": instance, "attempt": attempt_id})


def recipient_of(profile: Profile, recipient: str) -> str | int:
    """Write a recipient in E.164 as the operator wants it."""
    match profile.recipient:
        case Recipient.E164:
            return recipient
        case Recipient.DIGITS:
            return recipient.removeprefix("+")
        case Recipient.NUMBER:
            return int(recipient.removeprefix("+"))


def minutes(validity: timedelta | None) -> int:
    """Say for how many minutes a message is worth delivering, a day where nobody says."""
    return 24 * 60 if validity is None else max(1, int(validity.total_seconds() // 60))


# --- answers ----------------------------------------------------------------------------------------------------------


def judge(profile: Profile, answer: Answer, key: str) -> Judged:
    """Say what an answer to a submit means: by its own code first, then by the status of HTTP."""
    document = _document(profile, answer.body)
    code = look(document, profile.code)
    if code in profile.accepted:
        code = None
    good = 200 <= answer.status < 300
    if code is not None:
        known = profile.codes.get(code)
        if known is not None or good:
            # A refusal in words we do not know is a refusal: by whoever sent it nothing was taken.
            return _refusal(known, f"code {code}", _reason(profile, document), key)
    elif good and look(document, profile.proof) is not None:
        return Judged(Sent(_reference(profile, document, key)))
    elif good:
        return Judged(InDoubt(f"HTTP {answer.status}, but the answer does not say that the message was taken"))
    action = profile.http.get(answer.status) or HTTP.get(answer.status)
    if action is None and answer.status >= 500:
        action = Action.DOUBT
    elif action is None and answer.status < 400:
        action = Action.ROUTE
    return _refusal(action, f"HTTP {answer.status}", _reason(profile, document), key)


def _refusal(action: Action | None, code: str, reason: str, key: str) -> Judged:
    match action:
        case Action.DOUBT:
            return Judged(InDoubt(f"{code} does not say whether the message was taken {reason}".rstrip()), action)
        case Action.TAKEN:
            return Judged(Sent(key, "late answer"))
        case None:
            return Judged(NotSent(Verdict.ONCE_MORE, code, reason))
    verdict, refused = _MEANINGS[action]
    return Judged(NotSent(verdict, code, reason, refused=refused), action)


def _reference(profile: Profile, document: Any, key: str) -> str:
    if _PLACE.search(profile.reference):
        return key
    return look(document, profile.reference) or key


def _reason(profile: Profile, document: Any) -> str:
    return (look(document, profile.reason) or "")[:_SHOWN]


def _document(profile: Profile, body: bytes) -> Any:
    """Read a body; ``None`` when it is not what the profile says."""
    try:
        if profile.format is Format.XML:
            return ET.fromstring(body)  # noqa: S314  expat limits what entities may grow to, the client the body
        return json.loads(body)
    except (ValueError, ET.ParseError, RecursionError):
        return None


def look(document: Any, path: str) -> str | None:
    """Follow a path; what is not there, empty, or no single value is ``None``."""
    if not path or document is None:
        return None
    value = _in_xml(document, path) if isinstance(document, ET.Element) else _in_json(document, path)
    if value is None or isinstance(value, dict | list) or value == "":
        return None
    text = json.dumps(value) if isinstance(value, bool) else str(value)
    return text.encode("utf-8", "replace").decode()  # JSON may tell half a surrogate pair, which no store takes


def _in_json(document: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(document, list) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        elif isinstance(document, dict):
            document = document.get(step)
        else:
            return None
    return document


def _in_xml(document: ET.Element, path: str) -> str | None:
    way, _, attribute = path.partition("@")
    element = document.find(way) if way else document
    if element is None:
        return None
    return element.get(attribute) if attribute else (element.text or "").strip()


# --- what became of it ------------------------------------------------------------------------------------------------


def state_of(profile: Profile, answer: Answer) -> tuple[State | None, str | None, str]:
    """Read the answer to a question after a message: its state, the operator's id, and the state in its own words.

    The state is ``None`` when the answer does not say it, or says what the profile does not know.
    """
    document = _document(profile, answer.body)
    words = look(document, profile.told.state) or look(document, profile.code)
    if words is None or not (200 <= answer.status < 300 or answer.status == 404):
        return None, None, f"HTTP {answer.status}"
    return profile.states.get(words), look(document, profile.told.reference), words


def report_of(
    profile: Profile, document: Any, told: Told, reference: str | None = None, recipient: str = ""
) -> sms.StatusReport | None:
    """Read what became of a message out of an answer or a receipt; ``None``: nothing that could be understood.

    ``reference`` is given where it was asked for; a receipt says it itself.
    """
    words, error = look(document, told.state), look(document, told.error)
    reference = reference or look(document, told.reference)
    if reference is None or words is None:
        return None
    state = profile.states.get(words, State.TRYING)
    return sms.StatusReport(
        reference=reference,
        recipient=recipient,
        submitted_at=None,
        discharged_at=None,
        report_class=_CLASSES.get(state, sms.ReportClass.TRYING),
        code=f"{words} {error or ''}".rstrip(),
        refused=heeded(profile.errors.get(error or ""), failed=state is State.FAILED),
    )


def report_in(profile: Profile, answer: Answer, reference: str, recipient: str) -> sms.StatusReport | None:
    """Read what became of a message that was asked after; ``None``: nothing yet."""
    if not 200 <= answer.status < 300:
        return None
    return report_of(profile, _document(profile, answer.body), profile.told, reference, recipient)
