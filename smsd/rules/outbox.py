"""The life of an outgoing message: classes, states, the one table of transitions, retries and doubts.

Knows what may follow what, and when a message is tried again. Refuses to know who does it, when it is now, or where it
is kept: the SQL CHECK constraint, the diagram in ``docs/explanation/delivery.md`` and the tests are compared with the
tables below.

A message is *claimed* for one part at a time, so that an answer overtakes a long alert between two of its parts. Each
claim makes an attempt, whose end is one of three (``smsd.sms.Sent``, ``NotSent``, ``InDoubt``); the message's state
follows from the states of its parts.
"""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from itertools import count

from smsd.sms import Verdict

__all__ = [
    "DOUBT_POLICY",
    "FINAL",
    "OBEYS_OPT_OUT",
    "PRIORITY",
    "TRANSITIONS",
    "URGENT",
    "WAITING",
    "DoubtPolicy",
    "MessageClass",
    "PartState",
    "State",
    "may",
    "retry_delay",
    "state_of",
]


class MessageClass(StrEnum):
    """What a message is for. The order of definition is the order of priority."""

    ACK = "ack"
    RESULT = "result"
    ADMIN = "admin"
    MANUAL = "manual"
    NOTIFICATION = "notification"
    ALERT = "alert"


PRIORITY: dict[MessageClass, int] = dict(zip(MessageClass, count(), strict=False))
"""Smaller goes first."""

OBEYS_OPT_OUT = frozenset({MessageClass.NOTIFICATION, MessageClass.ALERT})
"""What answers a client's own command is always sent; so is what a person sends by hand."""


class State(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    REJECTED = "rejected"
    FAILED = "failed"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    IN_DOUBT = "in_doubt"
    CANCELLED = "cancelled"


TRANSITIONS: dict[State, dict[State, str]] = {
    State.QUEUED: {
        State.SUBMITTING: "a route claims its first part",
        State.SUBMITTED: "it was to be sent once more, and evidence says that it had left",
        State.DELIVERED: "it was to be sent once more, and a status report says that it had arrived",
        State.UNDELIVERABLE: "it was to be sent once more, and a status report says that it will never arrive",
        State.REJECTED: "its text or number cannot be sent at all",
        State.EXPIRED: "its deadline passed before anything left",
        State.SUPPRESSED: "the recipient has opted out",
        State.IN_DOUBT: "a backup was restored: it may have left after that was taken",
        State.CANCELLED: "a person withdrew it",
    },
    State.SUBMITTING: {
        State.QUEUED: "its only attempt did not leave, or it goes by another route",
        State.SUBMITTED: "the network took every part",
        State.DELIVERED: "its last status report overtook the modem's answer",
        State.IN_DOUBT: "a part may have left",
        State.UNDELIVERABLE: "a part that left was refused by the network for ever",
        State.REJECTED: "a part was refused for good",
        State.FAILED: "its retries are exhausted",
        State.EXPIRED: "its deadline passed between two attempts",
        State.SUPPRESSED: "the recipient opted out between two parts",
        State.CANCELLED: "a person withdrew the parts that had not left",
    },
    State.IN_DOUBT: {
        State.SUBMITTED: "evidence says that it left",
        State.SUBMITTING: "evidence says that this part left, others remain",
        State.QUEUED: "evidence says that it did not leave, or its class is sent once more",
        State.DELIVERED: "a status report says that it arrived",
        State.UNDELIVERABLE: "a status report says that it will never arrive",
        State.REJECTED: "a late answer refused it for good",
        State.FAILED: "a late answer says that it did not leave, and its retries are exhausted",
        State.CANCELLED: "a person gave it up",
    },
    State.SUBMITTED: {
        State.QUEUED: "the operator blocks the sender's name: the answer goes by the SIM",
        State.DELIVERED: "every part is reported delivered",
        State.UNDELIVERABLE: "a part is reported undeliverable",
    },
    State.DELIVERED: {},
    State.UNDELIVERABLE: {State.QUEUED: "a person sends it again"},
    State.REJECTED: {State.QUEUED: "a person sends it again"},
    State.FAILED: {State.QUEUED: "a person sends it again"},
    State.EXPIRED: {State.QUEUED: "a person sends it again"},
    State.SUPPRESSED: {},
    State.CANCELLED: {State.QUEUED: "a person sends it again"},
}
"""From each state to each that may follow, with the reason in words. What is not here cannot happen."""

WAITING = frozenset({State.QUEUED, State.SUBMITTING})
"""States from which a part can be claimed."""

FINAL = frozenset(
    {
        State.DELIVERED,
        State.UNDELIVERABLE,
        State.REJECTED,
        State.FAILED,
        State.EXPIRED,
        State.SUPPRESSED,
        State.CANCELLED,
    }
)
"""Nothing more happens by itself; a sealed text is wiped here. ``submitted`` is not final: a report may come."""


def may(before: State, after: State) -> bool:
    """Tell whether ``after`` may follow ``before``. Staying is always allowed."""
    return before == after or after in TRANSITIONS[before]


class PartState(StrEnum):
    """Where one part of a message stands."""

    UNSENT = "unsent"
    IN_AIR = "in_air"
    IN_DOUBT = "in_doubt"
    SENT = "sent"
    REFUSED = "refused"
    DELIVERED = "delivered"
    FAILED = "failed"


_LEFT = frozenset({PartState.SENT, PartState.DELIVERED})


def state_of(parts: Collection[PartState]) -> State:
    """Derive the state of a message from the states of its parts, while nobody has given it up.

    A message is delivered when all its parts are; one part that will never arrive makes the whole undeliverable.
    """
    if PartState.IN_AIR in parts:
        return State.SUBMITTING
    if PartState.FAILED in parts:
        return State.UNDELIVERABLE
    if PartState.IN_DOUBT in parts:
        return State.IN_DOUBT
    if all(part is PartState.DELIVERED for part in parts):
        return State.DELIVERED
    if all(part in _LEFT for part in parts):
        return State.SUBMITTED
    return State.SUBMITTING if any(part in _LEFT for part in parts) else State.QUEUED


class DoubtPolicy(StrEnum):
    """What happens to a part that may have left when no evidence comes."""

    RESEND_ONCE = "resend_once"
    HOLD = "hold"


DOUBT_POLICY: dict[MessageClass, DoubtPolicy] = {
    MessageClass.ACK: DoubtPolicy.RESEND_ONCE,
    MessageClass.RESULT: DoubtPolicy.RESEND_ONCE,
    MessageClass.ADMIN: DoubtPolicy.RESEND_ONCE,
    MessageClass.MANUAL: DoubtPolicy.HOLD,
    MessageClass.NOTIFICATION: DoubtPolicy.HOLD,
    MessageClass.ALERT: DoubtPolicy.HOLD,
}

MAX_ATTEMPTS = 8
"""Attempts of one part that count (refused by the network) before the message has failed: about four hours."""

_LATER = (60, 300, 900, 3600)
_SOON = (5, 10, 20, 30)


URGENT = frozenset({MessageClass.ACK, MessageClass.RESULT, MessageClass.ADMIN})
"""Classes somebody waits for: lasting trouble is taken for passing trouble first, while two minutes are not over."""


def retry_delay(verdict: Verdict, counted: int, *, urgent: bool = False) -> timedelta | None:
    """Say how long to wait after the ``counted``-th refusal (from 1) of a part; ``None``: never again.

    A refusal that is the route's own fault costs no attempt, so it is not counted and waits only for the route.
    """
    match verdict:
        case Verdict.ROUTE:
            return timedelta(0)
        case Verdict.NEVER:
            return None
        case Verdict.ONCE_MORE:
            return timedelta(seconds=_SOON[-1]) if counted <= 1 else None
        case Verdict.SOON | Verdict.LATER if counted >= MAX_ATTEMPTS:
            return None
        case Verdict.SOON:
            # Passing trouble that does not pass is lasting trouble.
            steps: tuple[int, ...] = _SOON + _LATER
        case Verdict.LATER:
            steps = _SOON + _LATER if urgent else _LATER
    return timedelta(seconds=steps[min(counted - 1, len(steps) - 1)])
