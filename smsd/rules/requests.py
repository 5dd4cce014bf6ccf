"""The life of a client's request (заявка): accepted, carried out by the directory, answered.

Knows the states, what may follow what, and when a directory that is down is asked again. Refuses to know the directory
and the clock. A request is made in the same transaction as its inbox row and its acknowledgement; its result is queued
in the same transaction as its last state, so that there is never one without the other.
"""

from datetime import timedelta
from enum import StrEnum

__all__ = ["DEADLINE", "TRANSITIONS", "RequestState", "may", "retry_delay"]


class RequestState(StrEnum):
    """Where a request stands."""

    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    FAILED = "failed"


TRANSITIONS: dict[RequestState, dict[RequestState, str]] = {
    RequestState.ACCEPTED: {
        RequestState.IN_PROGRESS: "the directory is asked",
        RequestState.FAILED: "a person gave it up",
    },
    RequestState.IN_PROGRESS: {
        RequestState.ACCEPTED: "the directory is down; it will be asked again",
        RequestState.DONE: "the answer is queued",
        RequestState.FAILED: "it cannot be carried out; an apology is queued",
    },
    RequestState.DONE: {RequestState.ACCEPTED: "a person has it carried out again"},
    RequestState.FAILED: {RequestState.ACCEPTED: "a person has it carried out again"},
}

DEADLINE = timedelta(hours=24)
"""How long a request waits for a directory that is down before the client is apologised to, unless configured."""

_STEPS = (2, 5, 15, 60, 300)


def may(before: RequestState, after: RequestState) -> bool:
    """Tell whether ``after`` may follow ``before``. Staying is allowed: a crash repeats the step."""
    return before == after or after in TRANSITIONS[before]


def retry_delay(asked: int, again_in: float | None = None, left: float = DEADLINE.total_seconds()) -> timedelta:
    """Say how long to wait after the directory could not be asked for the ``asked``-th time (from 1).

    ``again_in`` is what the directory itself says, in seconds, where it knows. Never longer than what is ``left`` until
    the client is to be apologised to.
    """
    steps = _STEPS[min(asked, len(_STEPS)) - 1]
    return timedelta(seconds=max(0.0, min(steps if again_in is None else again_in, left)))
