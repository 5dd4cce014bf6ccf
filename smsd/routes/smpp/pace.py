"""How fast a bind may submit: the contract's rate, spread evenly, halved when the centre says that it was too much.

Knows moments, handed in by a clock. Evenly, because a centre counts by its own seconds: a burst of a second's worth at
the end of one and the start of the next would be twice the contract. A little below the contract, because the network
between does not keep the distances. Refuses to know messages and to wait: it says when, its caller waits.
"""

import math
from collections.abc import Callable
from typing import Final

__all__ = ["Pace"]

HEADROOM: Final = 0.95
"""Of the contract's rate that is used."""
RECOVERY: Final = 0.05
"""Of the rate from before that is won back each second."""
SLOWEST: Final = 0.5
"""Submits a second that are left after any number of halvings."""
ONE_COMPLAINT: Final = 1.0
"""Seconds in which further complaints speak of the same burst."""
AHEAD: Final = 0.25
"""Seconds for which submits may be taken in advance: what is taken cannot be overtaken by an answer to a client."""


class Pace:
    """The pace of one bind; ``contract`` is submits a second, 0 for no limit."""

    def __init__(self, contract: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ceiling = contract * HEADROOM if contract else math.inf
        self._rate = self._ceiling
        self._step = 0.0
        self._changed_at = self._cut_at = -math.inf
        self._next = -math.inf
        self._second = -math.inf
        self._counts = (0, 0)

    @property
    def rate(self) -> float:
        """Submits a second at present; infinite where nothing limits them."""
        now = self._clock()
        if self._rate < self._ceiling:
            self._rate = min(self._ceiling, self._rate + self._step * max(0.0, now - self._changed_at))
            self._changed_at = now
        return self._rate

    @property
    def room(self) -> float:
        """How many submits may be taken now without any of them waiting long."""
        rate = self.rate
        if math.isinf(rate):
            return math.inf
        now = self._clock()
        ahead = now + max(AHEAD, 1 / rate) - max(self._next, now)
        return max(0, math.floor(ahead * rate + 1e-6))

    def take(self) -> float:
        """Take the next place and return the seconds until it has come."""
        now, rate = self._clock(), self.rate
        self._count(now)
        at = max(self._next, now)
        self._next = at + 1 / rate
        return at - now

    def throttled(self) -> bool:
        """Hear that it was too much: from now on half as much, won back slowly. ``False``: this was known already."""
        now, rate = self._clock(), self.rate
        if now - self._cut_at < ONE_COMPLAINT:
            return False
        before = max(self._counts) if math.isinf(rate) else rate
        self._cut_at = self._changed_at = now
        self._step = before * RECOVERY
        self._rate = max(SLOWEST, before / 2)
        self._next = max(self._next, now) + 1 / self._rate
        return True

    def _count(self, now: float) -> None:
        """Count what was taken in this second and the one before: the only measure where there is no contract."""
        if now - self._second >= 1.0:
            self._second, self._counts = now, (0, self._counts[0])
        self._counts = (self._counts[0] + 1, self._counts[1])
