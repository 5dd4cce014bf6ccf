"""Octets are kept once: for ever where they carry a time, for a while where they do not."""

import pytest

from smsd.sms import Received, ReportClass, StatusReport
from smsd.store.octets import keep, keep_reports
from tests.store.house import PHONE, House

WITHIN = 300.0


def report(octets: bytes, within: float | None = WITHIN, **told: object) -> Received:
    """Make a report."""
    value = StatusReport("4711", PHONE, None, None, ReportClass.DELIVERED, "DELIVRD")
    return Received("operator", octets, value, repeats_within=within, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(("within", "known"), [(None, True), (WITHIN, False)])
def test_the_same_octets_later_are_the_same_thing_only_where_they_carry_a_time(
    house: House, within: float | None, *, known: bool
) -> None:
    with house.store.engine.write() as tx:
        assert keep(tx, report(b"one", within), house.now) is not None
        assert keep(tx, report(b"one", within), house.now + WITHIN - 1) is None
        assert (keep(tx, report(b"one", within), house.now + WITHIN + 1) is None) is known


def test_reports_are_kept_together_as_they_are_alone(house: House) -> None:
    """Each with its own octets and what was forgiven, whichever of them came before."""
    with house.store.engine.write() as tx:
        assert keep(tx, report(b"two"), house.now) == 1
        several = [report(b"\0one"), report(b"two"), report(b""), report(b"three", warnings=("a", "b"))]
        assert keep_reports(tx, several, WITHIN, house.now) == [2, None, 3, 4]
        assert keep_reports(tx, several, WITHIN, house.now) == [None] * 4
        for place, each in enumerate(several):
            assert keep(tx, each, house.now + 1) is None, place
    kept = house.rows("SELECT octets, kind, note, route, sim, sequence FROM pdu ORDER BY id")
    assert kept == [
        (b"two", "report", None, "operator", None, 1),
        (b"\0one", "report", None, "operator", None, 1),
        (b"", "report", None, "operator", None, 1),
        (b"three", "report", "a; b", "operator", None, 1),
    ]
