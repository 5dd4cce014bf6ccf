"""Which attempt a status report speaks of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.rules.reports import WINDOW, Candidate, speaks_of
from smsd.sms import Fact, ReportClass, StatusReport

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def report(submitted_at: datetime | None = NOON, reference: str = "17") -> StatusReport:
    """Make a report of a part that the service centre took at noon."""
    return StatusReport(reference, "+79160000001", submitted_at, None, ReportClass.DELIVERED, "ST 0x00")


def known(attempt_id: int, seconds: float, *, reported: bool = False) -> Candidate:
    """Make an attempt that left with the report's reference, so many seconds after noon."""
    return Candidate(attempt_id, NOON + timedelta(seconds=seconds), sent=True, reported=reported, witness={})


def doubt(attempt_id: int, seconds: float, **witness: Fact) -> Candidate:
    """Make an attempt whose end is not known."""
    return Candidate(attempt_id, NOON + timedelta(seconds=seconds), sent=False, reported=False, witness=witness)


DAY = 86400.0
IN_STEP: dict[str, Fact] = {"smss": 16, "in_step": True}


@pytest.mark.parametrize(
    ("candidates", "meant"),
    [
        ([], None),
        ([known(1, 0)], 1),
        ([known(1, 30 * DAY)], 1),
        ([known(1, -DAY), known(2, -3), known(3, DAY)], 2),
        ([known(1, -3, reported=True), known(2, DAY)], 1),
        ([known(1, -3, reported=True), known(2, 300)], 2),
        ([known(1, -DAY, reported=True), known(2, -5 * DAY)], 2),
        ([known(1, -DAY, reported=True), known(2, -5 * DAY, reported=True)], 1),
        ([known(1, -5), doubt(2, -1)], 1),
        ([known(1, -5, reported=True), doubt(2, -1)], 1),
        ([known(1, -5), doubt(2, -1, **IN_STEP)], 1),
        ([known(1, -DAY), doubt(2, -1)], 2),
        ([known(1, -DAY, reported=True), doubt(2, -1)], 2),
        ([known(1, -DAY), doubt(2, -2 * DAY, **IN_STEP)], 1),
        ([known(1, -2 * DAY), doubt(2, -DAY, **IN_STEP)], 2),
        ([known(1, -DAY, reported=True), doubt(2, -2 * DAY, **IN_STEP)], 2),
        ([doubt(1, -60), doubt(2, -2)], 2),
    ],
)
def test_the_attempt_that_is_meant(candidates: list[Candidate], meant: int | None) -> None:
    for order in (candidates, candidates[::-1]):
        found = speaks_of(report(), order)
        assert (None if found is None else found.attempt_id) == meant


@pytest.mark.parametrize(
    ("echo", "candidates", "meant"),
    [
        (2, [known(1, 0), known(2, DAY)], 2),
        (2, [known(1, 0), known(2, DAY, reported=True)], 2),
        (2, [known(1, 0), doubt(2, -DAY)], 2),
        (2 + 7, [known(1, 0), known(2, DAY)], 1),
        (2, [known(1, 0), known(2, -DAY), known(2 + 65_536, DAY / 2)], 2 + 65_536),
        (None, [known(1, 0), known(2, DAY)], 1),
    ],
)
def test_our_own_mark_goes_before_an_id_that_may_mean_several(
    echo: int | None, candidates: list[Candidate], meant: int
) -> None:
    """Service centres begin their ids again, and write them in two bases; a mark nobody bears says nothing."""
    for order in (candidates, candidates[::-1]):
        found = speaks_of(replace(report(), echo=echo), order)
        assert found is not None
        assert found.attempt_id == meant


@pytest.mark.parametrize(
    ("witness", "reference", "seconds", "may_be"),
    [
        ({}, "17", 0, True),
        ({}, "17", WINDOW.total_seconds(), True),
        ({}, "17", WINDOW.total_seconds() + 1, False),
        (IN_STEP, "17", 30 * DAY, True),
        (IN_STEP, "18", 0, False),
        (IN_STEP, "16", 0, False),
        ({"smss": 255, "in_step": True}, "0", 0, True),
        ({"smss": 255, "in_step": True}, "256", 0, False),
        ({"smss": 16, "in_step": False}, "18", 0, True),
        ({"smss": None, "in_step": True}, "18", 0, True),
    ],
)
def test_what_may_settle_a_doubt(witness: dict[str, Fact], reference: str, seconds: float, may_be: bool) -> None:
    assert (speaks_of(report(reference=reference), [doubt(1, seconds, **witness)]) is not None) == may_be


def test_a_report_without_a_time_means_the_newest() -> None:
    found = speaks_of(report(None), [known(1, 0), known(2, 5), known(3, 9, reported=True)])
    assert found is not None
    assert found.attempt_id == 2


def test_a_report_without_a_time_settles_only_a_doubt_that_expects_it() -> None:
    assert speaks_of(report(None), [doubt(1, 0)]) is None
    assert speaks_of(report(None), [doubt(1, 0, **IN_STEP)]) is not None


@given(st.integers(-14, 14))
def test_a_zone_changes_no_moment(hours: int) -> None:
    candidates = [known(n, n * 3600 - 15 * 3600) for n in range(30)]
    found = speaks_of(report(NOON.astimezone(timezone(timedelta(hours=hours)))), candidates)
    assert found is not None
    assert found.attempt_id == 15


@given(st.data())
def test_of_parts_sent_one_after_another_each_report_finds_its_own(data: st.DataObject) -> None:
    """One reference returns after 256 parts, five seconds each at the least; the service centre may be minutes off."""
    step = data.draw(st.floats(1280, 10 * DAY))
    error = data.draw(st.floats(-500, 500))
    reported = data.draw(st.sets(st.integers(0, 9)))
    candidates = [known(n, n * step, reported=n in reported) for n in range(10)]
    meant = data.draw(st.integers(0, 9))
    found = speaks_of(report(NOON + timedelta(seconds=meant * step + error)), candidates)
    assert found is not None
    assert found.attempt_id == meant
