"""What a modem's life leaves behind for the next one.

Knows what exists nowhere else until the house has kept it. Refuses to outlive the process: what is lost with that is
sent again by the network, or settled as a doubt.
"""

from collections import deque
from dataclasses import dataclass, field

from smsd.sms import Outcome, Received

__all__ = ["Leftovers"]


@dataclass(frozen=True, slots=True)
class Leftovers:
    """``direct``: messages that were handed over and not stored; ``late``: ends of attempts that came too late."""

    direct: deque[Received] = field(default_factory=deque)
    late: deque[tuple[int, Outcome]] = field(default_factory=deque)
