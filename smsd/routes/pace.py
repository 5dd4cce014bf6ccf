"""How fast a route may submit: the contract's rate, spread evenly, halved when the centre says that it was too much.

The guarantee: no second of the operator's, wherever it begins and by whatever clock, counts more submits than the
contract allows. Not when we leave is what counts there but when it is counted, some time between its departure and its
answer: a host that was busy, or a network that held things back, turns even distances into a burst. So a submit takes
its place in the contract's second from its departure until a second after it was counted at the latest, and whoever
would be one too many does not leave. What every answer takes, the quickest one included, delays all alike and holds
nothing back; a delay beyond it is heeded up to ``LATENESS_MOST``. It holds as long as one of the last answers came
without delay, and none was counted later than that after its departure.

Evenly, because an answer to a client is not to wait behind a second's worth of others. A very little below the
contract, because clocks differ; a twentieth below once the centre has complained all the same. ``Pace`` knows moments,
handed in by a clock, and refuses to know messages and to wait: it says when. ``Gate`` is where the submits of a route
wait, and asks again when their time seems to have come.
"""

import asyncio
import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Self

__all__ = ["Departure", "Gate", "Pace"]

HEADROOM: Final = 0.995
"""Of the contract's rate that is used."""
CAUTION: Final = 0.95
"""Of the contract's rate that is used once the centre has complained: it counts otherwise than by the second."""
A_SECOND: Final = 1.001
"""Seconds by our clock that are a second by any other."""
RECOVERY: Final = 0.05
"""Of the rate from before that is won back each second."""
SLOWEST: Final = 0.5
"""Submits a second that are left after any number of halvings."""
ONE_COMPLAINT: Final = 1.0
"""Seconds in which further complaints speak of the same burst."""
AHEAD: Final = 0.25
"""Seconds for which submits may be taken in advance: what is taken cannot be overtaken by an answer to a client."""
CATCH_UP: Final = 0.05
"""Seconds a departure may be late and the next ones not: timers come a little late, always. More is not caught up."""
LATENESS_MOST: Final = 1.0
"""Seconds beyond the quickest answer after which a submit is taken to have been counted, answered or not: else a centre
that takes its time to answer what it has long counted would be given ever less."""
QUICKEST_OF: Final = 30.0
"""Seconds of which the quickest answer is known, and those before them: the way to the centre may become longer."""
EARLY: Final = 1e-6
"""Seconds that a sum of floating-point moments may be off."""


@dataclass(slots=True)
class Departure:
    """A submit that has left, and when its answer came."""

    at: float
    answered_at: float | None = None


class Pace:
    """The pace of one route; ``contract`` is submits a second, 0 for no limit."""

    def __init__(self, contract: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._cautious = contract * CAUTION if contract else math.inf
        self._ceiling = contract * HEADROOM if contract else math.inf
        self._rate = self._ceiling
        self._places = max(1, math.floor(contract + EARLY)) if contract else math.inf
        """How many may be counted within ``_seconds``."""
        self._seconds = A_SECOND * max(1.0, 1 / contract) if contract else 0.0
        self._departures: deque[Departure] = deque()
        self._quickest = Quickest()
        self._step = 0.0
        self._changed_at = self._cut_at = -math.inf
        self._next = -math.inf
        self._second = -math.inf
        self._counts = (0, 0)

    @property
    def rate(self) -> float:
        """Submits a second at present; infinite where nothing limits them."""
        if self._rate < self._ceiling:
            now = self._clock()
            self._rate = min(self._ceiling, self._rate + self._step * max(0.0, now - self._changed_at))
            self._changed_at = now
        return self._rate

    def room(self, waiting: int = 0, most: float = math.inf) -> float:
        """How many submits may come now, ``most`` of them, beside those that are ``waiting``: none waits long then."""
        if math.isinf(self.rate):
            return most
        now = self._clock()
        soon = now + self._ahead + EARLY
        turns = itertools.islice(self._turns(now), waiting, None)
        return sum(1 for _ in itertools.takewhile(lambda told: told[0] < most and told[1] <= soon, enumerate(turns)))

    def room_in(self, waiting: int = 0) -> float:
        """Return the seconds until one more may come; 0.0: now. Infinite: that depends on more than time."""
        if math.isinf(self.rate):
            return 0.0
        now = self._clock()
        turn = next(itertools.islice(self._turns(now), waiting, None), math.inf)
        seconds = turn - now - self._ahead
        return seconds if seconds > EARLY else 0.0

    def wait(self) -> float:
        """Return the seconds until the next submit may leave, as far as is known now; 0.0: it may leave now.

        Never too long: ask again when they have passed.
        """
        if math.isinf(self.rate):
            return 0.0
        now = self._clock()
        seconds = next(self._turns(now)) - now
        return seconds if seconds > EARLY else 0.0

    def leave(self) -> Departure:
        """Let a submit leave, now; what is returned is to be handed to ``answered``."""
        now, rate = self._clock(), self.rate
        self._count(now)
        departure = Departure(now)
        if not math.isinf(rate):
            self._next = max(self._next, now - CATCH_UP) + 1 / rate
        if not math.isinf(self._places):
            self._departures.append(departure)
        return departure

    def answered(self, departure: Departure) -> None:
        """Hear that a submit was answered, or that nobody waits for its answer any more."""
        departure.answered_at = self._clock()
        if not math.isinf(self._places):
            self._quickest.hear(departure.answered_at - departure.at, departure.answered_at)

    def throttled(self) -> bool:
        """Hear that it was too much: from now on half as much, won back slowly. ``False``: this was known already."""
        now, rate = self._clock(), self.rate
        if now - self._cut_at < ONE_COMPLAINT:
            return False
        before = max(self._counts) if math.isinf(rate) else rate
        self._cut_at = self._changed_at = now
        self._ceiling = self._cautious
        self._step = before * RECOVERY
        self._rate = max(SLOWEST, before / 2)
        self._next = max(self._next, now) + 1 / self._rate
        return True

    @property
    def _ahead(self) -> float:
        """For how many seconds a submit may wait for its turn: when that has come, an answer is next."""
        each = 1 / self.rate
        return max(AHEAD, each) - each

    def _turns(self, now: float) -> Iterator[float]:
        """Tell when the next submit may leave, and when the one behind it, as far as is known now.

        Each has a distance to the one before, and a place that another has given back. Departures give theirs back in
        their order, so that one behind a late one may hold its place longer than it must.
        """
        departures = self._departures
        while departures and self._counts_until(departures[0], now) <= now + EARLY:
            departures.popleft()
        first, each = max(self._next, now), 1 / self.rate
        free, until = self._places - len(departures), now
        given_back = (self._counts_until(departure, now) for departure in departures)
        for number in itertools.count():
            while free <= number:
                if (moment := next(given_back, None)) is None:
                    return  # it waits for some that have not left yet
                free, until = free + 1, max(until, moment)
            yield max(first + number * each, until)

    def _counts_until(self, departure: Departure, now: float) -> float:
        """Return until when a submit takes its place; for one without an answer as if that came now."""
        answered_at = now if departure.answered_at is None else departure.answered_at
        lateness = answered_at - departure.at - self._quickest.seconds
        return departure.at + min(max(lateness, 0.0), LATENESS_MOST) + self._seconds

    def _count(self, now: float) -> None:
        """Count what left in this second and the one before: the only measure where there is no contract."""
        if now - self._second >= 1.0:
            self._second, self._counts = now, (0, self._counts[0])
        self._counts = (self._counts[0] + 1, self._counts[1])


class Quickest:
    """The quickest answer of late; nothing known yet: 0."""

    def __init__(self) -> None:
        self._since = -math.inf
        self._before = self._lately = math.inf

    @property
    def seconds(self) -> float:
        """How long it took."""
        quickest = min(self._before, self._lately)
        return 0.0 if math.isinf(quickest) else quickest

    def hear(self, seconds: float, now: float) -> None:
        """Hear how long an answer took."""
        if now - self._since >= QUICKEST_OF:
            self._since, self._before, self._lately = now, self._lately, seconds
        self._lately = min(self._lately, seconds)


class Gate:
    """Where the submits of a route wait for their turn, first come, first served: ``async with`` it to be the first.

    Inside, whoever is the first asks ``ready`` until it says so, and leaves in the same turn of the loop.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._first = asyncio.Lock()
        self.waiting = 0
        """How many are here."""

    async def __aenter__(self) -> Self:
        """Come, and wait until those before have left."""
        self.waiting += 1
        try:
            await self._first.acquire()
        except BaseException:
            self.waiting -= 1
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave, or give up."""
        self.waiting -= 1
        self._first.release()

    async def ready(self) -> bool:
        """Tell whether one may leave now; if not, return when it seems so: time has passed then, ask anew."""
        seconds = self._pace.wait()
        if seconds > 0:
            await asyncio.sleep(seconds)
            return False
        return True
