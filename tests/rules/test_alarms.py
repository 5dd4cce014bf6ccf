"""Alarms are told once, in time, again after a while, and their end is told; what comes and goes stands."""

import re

import pytest

from smsd.rules.alarms import (
    ALARMS,
    CLEAR_AFTER,
    LONGEST,
    REMEMBERED,
    TEST_MESSAGE_ID,
    Change,
    Condition,
    Event,
    Finding,
    Key,
    Severity,
    Standing,
    foremost,
    judge,
    say,
)

LATE = Finding(Condition.ACKNOWLEDGEMENT_LATE, figure="95")
AWAY = Finding(Condition.MODEM_AWAY, "modem0", "no such device")
DAY = 86_400.0


class Watch:
    """A ledger that is judged again and again."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.ledger: dict[Key, Standing] = {}
        self.events: list[Event] = []

    def look(self, *findings: Finding, after: float = 0.0, repeat_after: float = DAY) -> list[Change]:
        self.now += after
        events, self.ledger = judge(self.ledger, findings, self.now, repeat_after=repeat_after)
        self.events += events
        return [event.change for event in events]


def test_what_needs_no_patience_is_told_at_once_and_once() -> None:
    watch = Watch()
    assert watch.look(LATE) == [Change.RAISED]
    assert watch.look(LATE, after=10) == []
    assert watch.events[0].since == 1000.0


def test_what_passes_is_not_told() -> None:
    watch = Watch()
    assert watch.look(AWAY) == []
    assert watch.look(AWAY, after=50) == []
    assert watch.look(after=5) == []
    assert watch.look(after=40) == []
    assert watch.ledger == {}
    assert watch.look(AWAY, after=10) == []


def test_what_lasts_is_told_with_its_beginning() -> None:
    watch = Watch()
    watch.look(AWAY)
    assert watch.look(AWAY, after=60) == [Change.RAISED]
    assert watch.events[0].since == 1000.0
    assert watch.events[0].detail == "no such device"


def test_a_device_that_bounces_lasts() -> None:
    """Gone, there, gone...: never for long enough at a time, and yet not in order."""
    watch = Watch()
    told = []
    for _ in range(5):
        told += watch.look(AWAY, after=20)
        told += watch.look(after=10)
    assert told == [Change.RAISED]


def test_what_still_stands_is_told_again_after_a_while() -> None:
    watch = Watch()
    watch.look(LATE)
    assert watch.look(LATE, after=DAY - 1) == []
    assert watch.look(LATE, after=1) == [Change.REPEATED]
    assert watch.look(LATE, after=DAY - 1) == []
    assert watch.look(LATE, after=1) == [Change.REPEATED]
    assert watch.look(LATE, after=9 * DAY, repeat_after=0) == []


def test_the_end_is_told_once_it_has_lasted() -> None:
    watch = Watch()
    watch.look(LATE)
    assert watch.look(after=10) == []
    assert watch.look(after=CLEAR_AFTER - 1) == []
    assert watch.look(after=1) == [Change.CLEARED]
    assert watch.look(after=1) == []
    assert watch.events[-1].since == 1000.0


def test_a_short_end_is_none() -> None:
    watch = Watch()
    watch.look(LATE)
    watch.look(after=10)
    assert watch.look(LATE, after=30) == []
    assert watch.look(after=10) == []
    assert watch.look(after=CLEAR_AFTER) == [Change.CLEARED]


def test_each_return_makes_the_all_clear_wait_twice_as_long() -> None:
    watch = Watch()
    for count in range(4):
        assert watch.look(LATE, after=1) == [Change.RAISED]
        watch.look(after=1)
        assert watch.look(after=CLEAR_AFTER * 2**count - 1) == []
        assert watch.look(after=1) == [Change.CLEARED]
    # A day of four flaps an hour is told a handful of times.
    told = []
    for _ in range(96):
        told += watch.look(LATE, after=60)
        told += watch.look(after=840)
    assert len(told) <= 24


def test_after_a_day_in_order_it_begins_anew() -> None:
    watch = Watch()
    watch.look(LATE)
    watch.look(after=1)
    watch.look(after=CLEAR_AFTER)
    assert watch.ledger[LATE.key].flaps == 1
    watch.look(after=REMEMBERED)
    assert watch.ledger == {}


def test_a_restart_neither_repeats_nor_forgets() -> None:
    watch = Watch()
    watch.look(LATE)
    again = Watch(watch.now + 3600)
    again.ledger = dict(watch.ledger)
    assert again.look(LATE) == []
    again.look(after=1)
    assert again.look(after=CLEAR_AFTER) == [Change.CLEARED]


def test_a_clock_that_was_set_back_silences_nothing() -> None:
    watch = Watch(now=50 * DAY)
    watch.look(LATE)
    assert watch.look(LATE, after=-40 * DAY) == []
    assert watch.look(LATE, after=DAY) == [Change.REPEATED]


def test_troubles_of_two_routes_are_two_alarms() -> None:
    watch = Watch()
    other = Finding(Condition.MODEM_AWAY, "modem1")
    watch.look(AWAY, other)
    assert watch.look(AWAY, other, after=60) == [Change.RAISED] * 2
    watch.look(other, after=1)
    assert watch.look(other, after=CLEAR_AFTER) == [Change.CLEARED]


@pytest.mark.parametrize("condition", Condition)
@pytest.mark.parametrize("change", [Change.RAISED, Change.REPEATED, Change.CLEARED])
def test_every_alarm_fits_into_one_part(condition: Condition, change: Change) -> None:
    text = say(Event(change, 0.0, condition, "modem0", figure="12345"))
    assert len(text.encode("utf-16-be")) // 2 <= LONGEST
    assert "…" not in text, "the usual name and number fit whole"
    assert not set("{}") & set(text)


def test_a_long_name_is_cut_and_never_in_the_middle_of_a_character() -> None:
    text = say(Event(Change.RAISED, 0.0, Condition.MODEM_DEAD, "😀" * 40))
    assert text.endswith("😀…")
    assert len(text.encode("utf-16-be")) // 2 <= LONGEST


def test_a_test_says_that_it_is_one() -> None:
    text = say(Event(Change.TEST, 0.0))
    assert text.startswith("ПРОВЕРКА")
    assert len(text) <= LONGEST
    assert Event(Change.TEST, 0.0).severity is Severity.WARNING


def test_the_table_is_whole() -> None:
    assert set(ALARMS) == set(Condition)
    ids = [alarm.message_id for alarm in ALARMS.values()] + [TEST_MESSAGE_ID]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    assert all(alarm.meaning and alarm.cure and alarm.after >= 0 for alarm in ALARMS.values())
    assert [each.rank for each in (Severity.WARNING, Severity.ERROR, Severity.CRITICAL)] == [0, 1, 2]


def test_how_many_were_not_told_is_said_within_one_part() -> None:
    event = Event(Change.RAISED, 0.0, Condition.ACKNOWLEDGEMENT_LATE, figure="1" * 40, held=12)
    text = say(event)
    assert len(text.encode("utf-16-be")) // 2 <= LONGEST
    assert text.endswith("… (ещё 12 не отправлено)")


def test_of_several_that_were_not_told_the_worst_that_stands_is() -> None:
    def event(change: Change, condition: Condition, about: str = "") -> Event:
        return Event(change, 0.0, condition, about)

    events = [
        event(Change.RAISED, Condition.STORE_TROUBLE), event(Change.RAISED, Condition.BALANCE_LOW, "1"),
        event(Change.CLEARED, Condition.STORE_TROUBLE), event(Change.RAISED, Condition.MODEM_AWAY, "2"),
    ]  # fmt: skip
    assert foremost(events) == events[3]
    assert foremost(events[::2]) == events[2]
    assert foremost([]) is None
