"""How long what is over is kept, by what it is; and how much of it is forgotten at a time.

Knows the classes of messages, the states of what came in, and that nobody may wait for a sweep. Refuses to know rows
and the clock. What is not over is never forgotten: a message that may yet leave or is in doubt, a part whose others are
awaited, a request that is open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from smsd.rules.outbox import MessageClass
from smsd.rules.reception import InboxState

__all__ = ["HOLD_SECONDS", "Keep", "next_batch"]

HOLD_SECONDS = 0.05
"""How long one batch may hold the store."""
_SMALLEST, _LARGEST = 1, 200


@dataclass(frozen=True, slots=True)
class Keep:
    """How long each thing is kept. What is not named, and ``None``, is kept for ever.

    ``octets``: the PDUs as they came, and reports nobody awaits; at the latest they go with their message.
    ``audit``: what admins did.
    """

    outbox: Mapping[MessageClass, timedelta] = field(default_factory=dict)
    inbox: Mapping[InboxState, timedelta] = field(default_factory=dict)
    octets: timedelta | None = None
    audit: timedelta | None = None


def next_batch(rows: int, seconds: float) -> int:
    """Say how many rows to forget at a time after so many have held the store for so long.

    A quarter of what is allowed is aimed at: the same rows may take longer next time.
    """
    if seconds > HOLD_SECONDS / 2:
        return max(_SMALLEST, rows // 4)
    if seconds > HOLD_SECONDS / 4:
        return max(_SMALLEST, rows // 2)
    return min(_LARGEST, rows * 2) if seconds < HOLD_SECONDS / 8 else rows
