"""How fast a bind may submit, by a clock that a test turns."""

import math

from hypothesis import given
from hypothesis import strategies as st

from smsd.routes.smpp.pace import Pace


class Clock:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def sent_at(pace: Pace, clock: Clock, count: int) -> list[float]:
    """Send as soon as the pace allows, ``count`` times; return the moments."""
    moments = []
    for _ in range(count):
        clock.now += pace.take()
        moments.append(clock.now)
    return moments


@given(st.integers(1, 1000), st.integers(2, 200))
def test_no_second_ever_has_more_than_the_contract(rate: int, count: int) -> None:
    """Wherever the centre's own second begins."""
    clock = Clock()
    moments = sent_at(Pace(rate, clock), clock, count)
    for began in moments:
        assert sum(began <= moment < began + 1 for moment in moments) <= rate + 1e-9


def test_the_rate_is_used_up() -> None:
    clock = Clock()
    moments = sent_at(Pace(30.0, clock), clock, 300)
    assert 300 / (moments[-1] - moments[0]) > 28


def test_without_a_contract_nothing_waits() -> None:
    clock = Clock()
    pace = Pace(0, clock)
    assert [pace.take() for _ in range(1000)] == [0.0] * 1000
    assert math.isinf(pace.rate)
    assert math.isinf(pace.room)


def test_a_complaint_halves_the_rate_and_it_comes_back() -> None:
    clock = Clock()
    pace = Pace(40.0, clock)
    pace.throttled()
    assert pace.rate == 19.0
    clock.now += 5
    assert 28 < pace.rate < 29
    clock.now += 60
    assert pace.rate == 38.0


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
        pace.take()
        clock.now += 0.01
    pace.throttled()
    assert pace.rate == 40.0


def test_what_comes_after_a_complaint_waits() -> None:
    clock = Clock()
    pace = Pace(40.0, clock)
    pace.take()
    pace.throttled()
    assert pace.take() > 1 / 40


def test_room_is_a_quarter_of_a_second() -> None:
    clock = Clock()
    pace = Pace(40.0, clock)
    assert pace.room == 9
    for _ in range(9):
        pace.take()
    assert pace.room == 0
    clock.now += 0.1
    assert 0 < pace.room < 5


def test_a_slow_contract_has_room_for_one() -> None:
    clock = Clock()
    pace = Pace(1.0, clock)
    assert pace.room == 1
    pace.take()
    assert pace.room == 0
    clock.now += 1.1
    assert pace.room == 1
