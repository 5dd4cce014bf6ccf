"""The vocabulary of the house: what routes, gateway and store say to each other about a short message.

Knows the directions (*deliver* is towards us, *submit* away from us), the three ends of an attempt (sent, not sent, in
doubt) and how a text becomes parts. Refuses to know any protocol: TP-MR and an SMPP message_id are both a
``reference`` here, a +CMS ERROR and a command_status both a ``NotSent`` with a verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum

from smsd.wire.userdata import UserData, split

__all__ = [
    "Deliver",
    "Doubt",
    "Fact",
    "InDoubt",
    "NotSent",
    "Outcome",
    "Received",
    "ReportClass",
    "RouteStatus",
    "Sent",
    "StatusReport",
    "Submit",
    "Verdict",
    "Witness",
    "join",
    "segments",
]

Fact = str | int | bool | None
Witness = Mapping[str, Fact]
"""What a route knew just before it sent: recorded with the attempt, so that a later process can settle a doubt."""


def segments(text: str, reference: int) -> tuple[UserData, ...]:
    """Cut ``text`` into the user data of as few parts as can carry it (23.040 §9.2.3.24.1).

    The same text and reference always give the same parts, so that a message resumed after a crash continues with
    what the first part announced. ``reference`` (0..255) is used only when there is more than one part.

    Raises ``PduError`` when the text would need more than 255 parts.
    """
    return split(text, reference=reference)


# --- towards us -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deliver:
    """One part that somebody sent to us (SMS-DELIVER, deliver_sm).

    ``sender`` and ``service_centre`` are E.164 with ``+`` where the network said international; otherwise as they came
    (short code, letters). ``sent_at`` is the service centre's time with its zone, ``None`` when unreadable. ``total``
    and ``sequence`` are 1 and 1 for a message that came whole; ``reference`` then means nothing. ``text`` of a part
    holds that part only; ``body`` are its UTF-16BE octets when it is UCS2, so that a surrogate pair which the sender
    cut between two parts can be joined; ``data`` is set instead of a text for 8-bit data.
    """

    sender: str
    text: str
    sent_at: datetime | None
    sender_is_number: bool = True
    service_centre: str | None = None
    reference: int = 0
    total: int = 1
    sequence: int = 1
    coding: int = 0
    message_class: int | None = None
    protocol: int = 0
    data: bytes | None = None
    ports: tuple[int, int] | None = None
    body: bytes | None = None


def join(parts: Sequence[tuple[str, bytes | None]]) -> str:
    """Make one text of the (text, UCS2 octets) of its parts in order; never leaves half a surrogate pair."""
    bodies = [body for _, body in parts if body is not None]
    if len(bodies) == len(parts):
        return b"".join(bodies).decode("utf-16-be", "replace")
    return "".join(text for text, _ in parts)


class ReportClass(StrEnum):
    """What a status report means for its part (23.040 §9.2.3.15)."""

    DELIVERED = "delivered"
    TRYING = "trying"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What the network says about a part we sent (SMS-STATUS-REPORT, a delivery receipt).

    ``reference`` is the route's (TP-MR as decimal text); ``recipient`` may be empty where a route does not tell.
    ``submitted_at`` is the service centre's time of the submit; ``code`` the status in the route's words
    (``ST 0x46``), kept for people. ``echo`` is the mark its submit bore, where the route has such a thing and the
    network gave it back: the attempt's number modulo 65,536. ``refused`` says what the network blocks, in the words of
    ``rules.routing.Block``, where a route knows.
    """

    reference: str
    recipient: str
    submitted_at: datetime | None
    discharged_at: datetime | None
    report_class: ReportClass
    code: str
    echo: int | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """One thing a route took from its device, with the octets it came as: kept whatever they mean.

    ``value`` is ``None`` when the octets cannot be understood; ``fault`` then says why. ``warnings`` tell what the
    lenient decoder forgave. ``sim`` names the subscription it was received on (ICCID) where there is one.
    ``repeats_within`` says for how many seconds the same octets again are the same thing delivered again; ``None``: for
    ever, because they carry the service centre's time. A bind's do not: a client may send the same command twice.
    """

    route: str
    octets: bytes
    value: Deliver | StatusReport | None
    fault: str | None = None
    warnings: tuple[str, ...] = ()
    sim: str | None = None
    repeats_within: float | None = None


# --- away from us -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Submit:
    """One part for a route to send. ``attempt_id`` is the committed row that says it may be leaving from now on."""

    attempt_id: int
    message_id: int
    recipient: str
    user_data: UserData
    part: int = 1
    total: int = 1
    want_report: bool = True
    validity: timedelta | None = None
    more_to_come: bool = False


class Verdict(Enum):
    """What a refusal means for the message (and for the route's own health, which the route looks after itself)."""

    SOON = "soon"
    """Passing trouble: the same again in seconds."""
    LATER = "later"
    """Passing trouble that lasts: the same again in minutes, growing."""
    ONCE_MORE = "once more"
    """Hardly this message's last word: once more, then never."""
    NEVER = "never"
    """This message will not pass this way."""
    ROUTE = "route"
    """The route's own fault: the message goes back unharmed and no attempt is counted."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The network took it. ``evidence`` says how that is known when it was not simply the answer."""

    reference: str
    evidence: str = "answer"


@dataclass(frozen=True, slots=True)
class NotSent:
    """It did not leave, for certain. ``code`` is the refusal in the route's words, ``reason`` in a person's.

    ``refused`` says what was refused, in the words of ``rules.routing.Block``, where a route knows.
    """

    verdict: Verdict
    code: str
    reason: str = ""
    evidence: str = "answer"
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class InDoubt:
    """It may have left: the octets were written and no answer came."""

    reason: str


Outcome = Sent | NotSent | InDoubt


@dataclass(frozen=True, slots=True)
class Doubt:
    """An attempt whose end is not known, with all the store knows that may settle it.

    ``later`` holds what the same subscription did afterwards, oldest first: (witness, reference) of each attempt that
    was settled as sent. ``between`` counts the attempts between this one and the first of those that did not end as
    sent or not sent: with any, a gap in the sequence proves nothing.
    """

    attempt_id: int
    message_id: int
    recipient: str
    started_at: datetime
    witness: Witness
    later: tuple[tuple[Witness, str], ...] = ()
    between: int = 0


@dataclass(frozen=True, slots=True)
class RouteStatus:
    """How a route is, in one word, one line and the facts behind them (signal, operator, SIM slots...)."""

    up: bool
    state: str
    detail: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
