"""How fast a route may submit, by a clock that a test turns."""

import asyncio
import heapq
import itertools
import math
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from smsd.routes.pace import AHEAD, CATCH_UP, LATENESS_MOST, Departure, Gate, Pace


class Clock:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def sent_at(pace: Pace, clock: Clock, count: int) -> list[float]:
    """Send as soon as the pace allows, ``count`` times, answered at once; return the moments."""
    moments = []
    for _ in range(count):
        while (seconds := pace.wait()) > 0:
            clock.now += seconds
        pace.answered(pace.leave())
        moments.append(clock.now)
    return moments


class Centre:
    """A service centre that is ``far`` seconds away each way, and the road and the host between, busy as drawn.

    ``delays`` are taken in turn: how much longer a submit needs until it is counted, its answer until it is heard, and
    how long our host then does nothing. Once in ten seconds a submit meets none of them.
    """

    def __init__(self, contract: float, far: tuple[float, float], delays: Iterator[tuple[float, float, float]]) -> None:
        self.clock = Clock()
        self.pace = Pace(contract, self.clock)
        self.counted: list[float] = []
        self._far = far
        self._delays = delays
        self._answers: list[tuple[float, int]] = []
        self._departures: list[Departure] = []
        self._smooth_at = -math.inf

    def send(self, count: int) -> None:
        """Send as soon as the pace allows, and whenever the host gets round to it."""
        while len(self.counted) < count:
            seconds = self.pace.wait()
            if seconds > 0:
                self._sleep(seconds)
            else:
                self._leave()

    def _leave(self) -> None:
        there, back, busy = next(self._delays)
        if self.clock.now - self._smooth_at >= 10:
            self._smooth_at = self.clock.now
            there = back = 0.0
        if self.clock.now <= self._smooth_at + sum(self._far):
            busy = 0.0
        self._departures.append(self.pace.leave())
        self.counted.append(self.clock.now + self._far[0] + there)
        heapq.heappush(self._answers, (self.counted[-1] + self._far[1] + back, len(self._departures) - 1))
        if busy:
            self._busy(busy)

    def _sleep(self, seconds: float) -> None:
        """Let time pass, answers being heard when they come."""
        until = self.clock.now + seconds
        while self._answers and self._answers[0][0] <= until:
            at, which = heapq.heappop(self._answers)
            self.clock.now = max(self.clock.now, at)
            self.pace.answered(self._departures[which])
        self.clock.now = until

    def _busy(self, seconds: float) -> None:
        """Let time pass, and hear only afterwards what came meanwhile."""
        self.clock.now += seconds
        while self._answers and self._answers[0][0] <= self.clock.now:
            self.pace.answered(self._departures[heapq.heappop(self._answers)[1]])

    def most(self, seconds: float = 1.0) -> int:
        """Return the most that were counted within so many seconds, wherever these begin."""
        moments = sorted(self.counted)
        most, begins = 0, 0
        for ends, moment in enumerate(moments):
            while moment - moments[begins] >= seconds - 1e-4:
                begins += 1
            most = max(most, ends - begins + 1)
        return most


LATE = st.one_of(st.just(0.0), st.floats(0, 0.1), st.floats(0, LATENESS_MOST / 2))
BUSY = st.one_of(st.just(0.0), st.just(0.0), st.floats(0, 0.02), st.floats(0, 3.0))


@given(
    st.one_of(st.integers(1, 60), st.floats(0.3, 60)),
    st.tuples(st.floats(0, 0.5), st.floats(0, 0.4)),
    st.lists(st.tuples(LATE, LATE, BUSY), min_size=5, max_size=40),
)
def test_no_second_ever_counts_more_than_the_contract(
    rate: float, far: tuple[float, float], delays: list[tuple[float, float, float]]
) -> None:
    """Wherever the centre's own second begins, however busy hosts and networks are."""
    endless = itertools.cycle(delays)
    centre = Centre(rate, far, endless)
    centre.send(len(delays) * 4)
    assert centre.most() <= max(1, math.floor(rate + 1e-6))
    assert rate < 1 or centre.most(1.0005) <= math.floor(rate + 1e-6), "by a clock that runs slower than ours"


@given(st.floats(0.3, 0.99), st.lists(st.tuples(LATE, LATE, BUSY), min_size=3, max_size=10))
def test_a_contract_of_less_than_one_a_second_is_kept_over_its_own_time(
    rate: float, delays: list[tuple[float, float, float]]
) -> None:
    centre = Centre(rate, (0.05, 0.05), itertools.cycle(delays))
    centre.send(len(delays) * 4)
    assert centre.most(1 / rate) <= 1


def test_what_our_host_held_back_does_not_leave_as_a_burst() -> None:
    """Half a second of doing nothing leaves fourteen whose time has come: they keep their distances all the same."""
    centre = Centre(30.0, (0.01, 0.01), iter([(0.0, 0.0, 0.5 if count % 40 == 0 else 0.0) for count in range(400)]))
    centre.send(400)
    assert centre.most(0.5) <= 17


def test_a_centre_far_away_is_given_as_many() -> None:
    """Three quarters of a second each way hold nothing back, once it is known that they are always needed."""
    centre = Centre(30.0, (0.45, 0.45), iter([(0.0, 0.0, 0.0)] * 2000))
    centre.send(600)
    assert 500 / (centre.counted[-1] - centre.counted[100]) > 29.7


def test_a_centre_that_never_answers_holds_nothing_back_for_ever() -> None:
    clock = Clock()
    pace = Pace(10.0, clock)
    began = clock.now
    for _ in range(100):
        while (seconds := pace.wait()) > 0:
            clock.now += seconds
        pace.leave()
    assert clock.now - began < 100 / 10 * (1 + LATENESS_MOST) + 1


def test_the_rate_is_used_up() -> None:
    clock = Clock()
    moments = sent_at(Pace(30.0, clock), clock, 300)
    assert 300 / (moments[-1] - moments[0]) > 29.7


def test_without_a_contract_nothing_waits() -> None:
    clock = Clock()
    pace = Pace(0, clock)
    assert sent_at(pace, clock, 1000) == [100.0] * 1000
    assert math.isinf(pace.rate)
    assert math.isinf(pace.room())


def test_a_complaint_halves_the_rate_and_it_comes_back() -> None:
    clock = Clock()
    pace = Pace(40.0, clock)
    pace.throttled()
    assert pace.rate == 19.9
    clock.now += 5
    assert 29 < pace.rate < 30
    clock.now += 60
    assert pace.rate == 38.0, "whoever complains counts otherwise than the contract says: a twentieth less from now on"


def test_complaints_of_one_second_are_one() -> None:
    clock = Clock()
    pace = Pace(40.0, clock)
    heard = []
    for _ in range(10):
        heard.append(pace.throttled())
        clock.now += 0.05
    assert heard == [True] + [False] * 9
    assert pace.rate > 18


def test_any_number_of_complaints_leaves_a_rate() -> None:
    clock = Clock()
    pace = Pace(40.0, clock)
    for _ in range(50):
        pace.throttled()
        clock.now += 1.0
    assert pace.rate >= 0.5


def test_without_a_contract_a_complaint_halves_what_was_really_sent() -> None:
    clock = Clock()
    pace = Pace(0, clock)
    for _ in range(80):
        pace.leave()
        clock.now += 0.01
    pace.throttled()
    assert pace.rate == 40.0


def test_what_comes_after_a_complaint_waits() -> None:
    clock = Clock()
    pace = Pace(40.0, clock)
    pace.leave()
    pace.throttled()
    assert pace.wait() > 1 / 40


def test_room_is_a_quarter_of_a_second() -> None:
    clock = Clock()
    pace = Pace(40.0, clock)
    assert pace.room() == 9
    assert pace.room(waiting=9) == 0
    for _ in range(5):
        pace.leave()
    assert pace.wait() > 0
    assert pace.room(waiting=4) == 2
    clock.now += 0.1
    assert pace.room(waiting=4) == 5


def test_a_slow_contract_has_room_for_one() -> None:
    clock = Clock()
    pace = Pace(1.0, clock)
    assert pace.room() == 1
    pace.answered(pace.leave())
    assert pace.room() == 0
    clock.now += 1.1
    assert pace.room() == 1


def test_what_waits_for_a_place_that_a_late_answer_holds_is_not_taken_in_advance() -> None:
    """The whole second's worth left at once and was answered late: its places come back one by one, not before."""
    clock = Clock()
    pace = Pace(8.0, clock)
    pace.answered(pace.leave())
    clock.now += 1.1
    late = []
    for _ in range(8):
        clock.now += pace.wait()
        late.append(pace.leave())
    clock.now += 0.6
    for departure in late:
        pace.answered(departure)
    assert (pace.room(), pace.wait() > AHEAD) == (0, True)
    seconds = pace.room_in()
    clock.now += seconds - 0.001
    assert pace.room() == 0
    clock.now += 0.001
    assert (pace.room(), pace.room_in()) == (1, 0.0)
    assert 0 < pace.room_in(waiting=1) < seconds, "the next place comes back a distance later"


@given(st.one_of(st.integers(1, 60), st.floats(0.3, 60)), st.lists(st.floats(0, 1), max_size=30))
def test_an_answer_to_a_client_is_never_far_behind_what_was_taken_before_it(rate: float, naps: list[float]) -> None:
    """Others without end, all taken as soon as there is room: whenever it comes, it leaves within a fixed time."""
    clock, waiting = Clock(), 0
    pace = Pace(rate, clock)

    def step(until: float = math.inf) -> bool:
        """Let somebody leave or room be made, whichever is first; ``False``: neither happens until then."""
        nonlocal waiting
        leaves = pace.wait() if waiting else math.inf
        seconds = min(leaves, pace.room_in(waiting))
        if clock.now + seconds > until:
            clock.now = until
            return False
        clock.now += seconds
        if leaves <= seconds:
            pace.answered(pace.leave())
            waiting -= 1
        return True

    for nap in naps:
        comes = clock.now + nap
        waiting += int(pace.room(waiting))
        while step(comes):
            waiting += int(pace.room(waiting))
        while not pace.room(waiting):
            step()
        sent_at(pace, clock, waiting + 1)
        waiting = 0
        each = 1 / pace.rate
        # Places come back with the distances of a second ago: the last of them may have been caught up.
        assert clock.now - comes <= max(AHEAD, each) + each + CATCH_UP + 0.001


async def test_submits_leave_in_the_order_they_came() -> None:
    loop = asyncio.get_running_loop()
    pace = Pace(100.0, loop.time)
    gate, left = Gate(pace), list[int]()

    async def submit(number: int) -> None:
        async with gate:
            while not await gate.ready():
                pass
            pace.leave()
            left.append(number)

    await asyncio.gather(*(submit(number) for number in range(20)))
    assert left == list(range(20))


async def test_whoever_gives_up_waiting_holds_nobody_up() -> None:
    loop = asyncio.get_running_loop()
    pace = Pace(5.0, loop.time)
    gate = Gate(pace)
    pace.leave()
    pace.leave()

    async def submit() -> None:
        async with gate:
            while not await gate.ready():
                pass
            pace.leave()

    tasks = [asyncio.create_task(submit()) for _ in range(3)]
    await asyncio.sleep(0)
    assert gate.waiting == 3
    for task in tasks[:2]:
        task.cancel()
    await asyncio.wait(tasks)
    assert gate.waiting == 0
    assert not tasks[2].cancelled()
