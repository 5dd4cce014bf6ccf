"""23.040 §9.2.3.11 and §9.2.3.12: times and validity periods."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from smsd.errors import PduError
from smsd.wire.stamp import (
    VPF_ABSOLUTE,
    VPF_RELATIVE,
    EnhancedValidity,
    octets_of_time,
    octets_of_validity,
    period_of,
    time_of,
)


def zone(hours: float) -> timezone:
    return timezone(timedelta(hours=hours))


@pytest.mark.parametrize(
    ("octets", "moment"),
    [
        ("62111221000021", datetime(2026, 11, 21, 12, 0, 0, tzinfo=zone(3))),
        ("62111221000000", datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)),
        ("62111221000029", datetime(2026, 11, 21, 12, 0, 0, tzinfo=zone(-3))),
        ("62111221000032", datetime(2026, 11, 21, 12, 0, 0, tzinfo=zone(5.75))),
        ("89213232959500", datetime(2098, 12, 23, 23, 59, 59, tzinfo=UTC)),
        ("69101000000000", datetime(2096, 1, 1, 0, 0, 0, tzinfo=UTC)),
    ],
)
def test_times_there_and_back(octets: str, moment: datetime) -> None:
    assert time_of(bytes.fromhex(octets)) == moment
    assert time_of(bytes.fromhex(octets)).utcoffset() == moment.utcoffset()
    assert octets_of_time(moment, "TP-SCTS").hex() == octets


@pytest.mark.parametrize(
    "octets",
    ["00000000000000", "62311221000021", "62112321000021", "62111242000021", "6F111221000021", "6211122100F021"],
)
def test_what_is_not_a_time(octets: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        time_of(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 1),  # noqa: DTZ001  the missing zone is the point
        datetime(1999, 12, 31, tzinfo=UTC),
        datetime(2100, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(minutes=7))),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=20))),
    ],
)
def test_a_time_that_cannot_be_said(moment: datetime) -> None:
    with pytest.raises(PduError, match="TP-VP"):
        octets_of_time(moment, "TP-VP")


def test_no_time_is_written_as_zeros() -> None:
    assert octets_of_time(None, "TP-SCTS") == bytes(7)


@pytest.mark.parametrize(
    ("value", "period"),
    [
        (0, timedelta(minutes=5)),
        (143, timedelta(hours=12)),
        (144, timedelta(hours=12, minutes=30)),
        (167, timedelta(hours=24)),
        (168, timedelta(days=2)),
        (196, timedelta(days=30)),
        (197, timedelta(weeks=5)),
        (255, timedelta(weeks=63)),
    ],
)
def test_periods_there_and_back(value: int, period: timedelta) -> None:
    assert period_of(value) == period
    assert octets_of_validity(period) == (VPF_RELATIVE, bytes((value,)))


@pytest.mark.parametrize("value", range(256))
def test_a_period_is_rounded_up_to_the_next_that_can_be_said(value: int) -> None:
    exact = period_of(value)
    assert octets_of_validity(exact) == (VPF_RELATIVE, bytes((value,)))
    assert octets_of_validity(exact - timedelta(seconds=1))[1][0] == value
    if value < 255:
        assert octets_of_validity(exact + timedelta(seconds=1))[1][0] == value + 1


@pytest.mark.parametrize("period", [timedelta(0), timedelta(seconds=-1), timedelta(weeks=63, seconds=1)])
def test_a_period_that_cannot_be_said(period: timedelta) -> None:
    with pytest.raises(PduError):
        octets_of_validity(period)


def test_a_moment_is_written_in_the_absolute_format() -> None:
    assert octets_of_validity(datetime(2026, 11, 21, 12, tzinfo=zone(3))) == (
        VPF_ABSOLUTE,
        bytes.fromhex("62111221000021"),
    )


@pytest.mark.parametrize(
    ("octets", "period", "single_shot"),
    [
        ("00000000000000", None, False),
        ("41a70000000000", timedelta(hours=24), True),
        ("02030000000000", timedelta(seconds=3), False),
        ("03103254000000", timedelta(hours=1, minutes=23, seconds=45), False),
        ("07000000000000", None, False),
    ],
)
def test_the_enhanced_format(octets: str, period: timedelta | None, single_shot: bool) -> None:
    validity = EnhancedValidity(bytes.fromhex(octets))
    assert (validity.period, validity.single_shot) == (period, single_shot)


def test_the_enhanced_format_has_seven_octets() -> None:
    with pytest.raises(PduError):
        EnhancedValidity(b"\x01")
