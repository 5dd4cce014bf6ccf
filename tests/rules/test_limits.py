"""How much is too much, and when: tables and their edges."""

import math
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsd.rules.limits import Limits, LimitTable, Spent, estimate_end, hold, in_the_way, quiet_until, room
from smsd.rules.outbox import MessageClass
from smsd.rules.routing import Kind

ACK, _, _, MANUAL, NOTIFICATION, ALERT = MessageClass
MOSCOW = ZoneInfo("Europe/Moscow")
NIGHT = (time(21), time(9))
NOON = datetime(2026, 3, 1, 12, tzinfo=MOSCOW).timestamp()
HOUR = 3600.0


@pytest.mark.parametrize(
    ("limits", "spent", "message_class", "left"),
    [
        (Limits(), Spent(9, 9, 9, 9, 9, 9), ALERT, math.inf),
        (Limits(per_minute=10), Spent(minute=4), ALERT, 6),
        (Limits(per_hour=10, per_minute=5), Spent(hour=8), ACK, 2),
        (Limits(per_day=10), Spent(day=12), ALERT, 0),
        (Limits(per_day=10, reserve_percent=20), Spent(day=8), ALERT, 0),
        (Limits(per_day=10, reserve_percent=20), Spent(day=8), NOTIFICATION, 0),
        (Limits(per_day=10, reserve_percent=20), Spent(day=8), ACK, 2),
        (Limits(per_day=10, reserve_percent=20), Spent(day=8), MANUAL, 2),
        (Limits(per_day=1, reserve_percent=99), Spent(), ALERT, 1),
        (Limits(recipients_per_day=3), Spent(recipients=3), ALERT, 0),
        (Limits(alerts_per_day=3), Spent(alerts=3), ALERT, 0),
        (Limits(alerts_per_day=3), Spent(alerts=3), NOTIFICATION, math.inf),
        (Limits(quiet_until=1.0), Spent(), ALERT, 0),
        (Limits(quiet_until=1.0), Spent(), NOTIFICATION, math.inf),
        (Limits(budget_per_day=1000), Spent(money=501), ALERT, 1),
        (Limits(budget_per_day=1000), Spent(money=5000), ALERT, 0),
        (Limits(budget_per_day=1000), Spent(money=5000), ACK, math.inf),
    ],
)
def test_how_much_of_a_class_may_begin(limits: Limits, spent: Spent, message_class: MessageClass, left: float) -> None:
    """Each row at 2.50 roubles a part."""
    assert room(limits, spent, message_class, 250) == left
    assert (hold(limits, spent, message_class, 250) is None) == (left >= 1)


def test_a_hold_says_which_limit_it_is() -> None:
    limits = Limits(per_day=10, reserve_percent=20, alerts_per_day=200)
    assert hold(limits, Spent(day=8), ALERT) == "8 of 10 parts in 24 hours, the last 2 kept for answers"
    assert hold(limits, Spent(alerts=200), ALERT) == "200 of 200 parts of alerts in 24 hours"
    assert hold(Limits(budget_per_day=10000), Spent(money=9990), ALERT, 250) == "99.90 of 100.00 roubles in 24 hours"
    assert hold(Limits(quiet_until=5.0), Spent(), ALERT) == "quiet hours"


def test_limits_are_those_of_the_routes_kind_and_of_the_hour() -> None:
    table = LimitTable(
        {"operator": Kind.BIND, "modem0": Kind.SIM},
        {Kind.SIM: Limits(alerts_per_day=200)},
        {Kind.BIND: 250},
        NIGHT,
        MOSCOW,
    )
    assert table.of("modem0", NOON) == Limits(alerts_per_day=200)
    assert table.of("operator", NOON) == Limits()
    assert table.of("operator", NOON + 10 * HOUR) == Limits(quiet_until=NOON + 21 * HOUR)
    assert [table.price_of(each) for each in ("operator", "modem0", "unknown")] == [250, 0, 0]


@pytest.mark.parametrize(
    ("span", "hour", "ends"),
    [
        (NIGHT, 21, 9 + 24),
        (NIGHT, 20.99, None),
        (NIGHT, 0, 9),
        (NIGHT, 9, None),
        ((time(13), time(14, 30)), 13.5, 14.5),
        ((time(13), time(14, 30)), 14.5, None),
        (None, 3, None),
    ],
)
def test_quiet_hours_include_their_first_minute_and_not_their_last(
    span: tuple[time, time] | None, hour: float, ends: float | None
) -> None:
    midnight = datetime(2026, 3, 1, tzinfo=MOSCOW).timestamp()
    expected = None if ends is None else midnight + ends * HOUR
    assert quiet_until(span, MOSCOW, midnight + hour * HOUR) == expected


def test_quiet_hours_are_those_of_the_zone_when_its_clocks_change() -> None:
    """In Berlin the night of 29 March 2026 lacks an hour: nine o'clock comes after eleven hours."""
    berlin = ZoneInfo("Europe/Berlin")
    evening = datetime(2026, 3, 28, 21, tzinfo=berlin).timestamp()
    assert quiet_until(NIGHT, berlin, evening) == evening + 11 * HOUR


# --- other alerts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("others", "ahead"),
    [
        ([], 0),
        ([(0.0, 50)], 0),  # over before
        ([(0.0, 101)], 1),
        ([(0.0, 1000)], 15),  # shared, after the five that are ready
        ([(0.0, 60), (50.0, 60)], 20),
        ([(0.0, 1000), (50.0, 1000)], 25),
        ([(0.0, 30), (70.0, 50)], 15),  # the first is over, the second has twenty left
        ([(105.0, 3)], 3),
        ([(105.0, 1000)], 10),
        ([(110.0, 1000)], 0),  # begins when this one is over
        ([(104.0, 5), (112.0, 1000)], 15),
    ],
)
def test_other_alerts_are_in_the_way_as_far_as_they_share_it(others: list[tuple[float, int]], ahead: int) -> None:
    """A part a second; ten parts that start at 100; five of others are ready in the outbox."""
    assert in_the_way(100.0, 10, others, lambda at, parts: at + parts, 5) == ahead


# --- estimates --------------------------------------------------------------------------------------------------------


def test_an_alert_that_fits_ends_by_its_rate() -> None:
    assert estimate_end(NOON, 600, per_minute=10, per_day=math.inf, span=NIGHT, zone=MOSCOW) == (NOON, NOON + HOUR)


def test_an_alert_waits_for_the_quiet_hours_before_and_within() -> None:
    evening = NOON + 8 * HOUR
    assert estimate_end(evening, 1200, per_minute=10, per_day=math.inf, span=NIGHT, zone=MOSCOW) == (
        evening,
        NOON + 22 * HOUR,
    )
    night = NOON + 10 * HOUR
    first, last = estimate_end(night, 10, per_minute=10, per_day=math.inf, span=NIGHT, zone=MOSCOW)
    assert (first, last) == (NOON + 21 * HOUR, NOON + 21 * HOUR + 60)


def test_a_daily_quota_spreads_an_alert_over_days() -> None:
    first, last = estimate_end(NOON, 500, per_minute=10, per_day=200, span=None, zone=UTC)
    assert first == NOON
    assert last == NOON + 48 * HOUR + 10 * 60


@settings(deadline=None)  # a million parts a hundredth a minute are many days to count
@given(
    parts=st.integers(1, 10**6),
    per_minute=st.floats(0.01, 1e4),
    per_day=st.one_of(st.just(math.inf), st.floats(1, 1e5)),
    start=st.floats(1.7e9, 1.8e9),
)
def test_an_estimate_always_comes_and_never_ends_in_the_quiet_hours(
    parts: int, per_minute: float, per_day: float, start: float
) -> None:
    first, last = estimate_end(start, parts, per_minute=per_minute, per_day=per_day, span=NIGHT, zone=MOSCOW)
    assert start <= first <= last
    assert quiet_until(NIGHT, MOSCOW, first) is None
    assert last - first >= parts / per_minute * 60 - 1 or last >= first + 3650 * 86400
