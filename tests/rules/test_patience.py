"""How long somebody wants to be left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.rules.patience import rest_asked

NOON = "Mon, 01 Mar 2027 12:00:00 GMT"


@pytest.mark.parametrize(
    ("written", "date", "seconds"),
    [
        ("30", "", 30),
        (" 0 ", NOON, 0),
        ("Mon, 01 Mar 2027 12:00:45 GMT", NOON, 45),
        ("Mon, 01 Mar 2027 11:00:00 GMT", NOON, 0),
        ("Mon, 01 Mar 2027 12:00:45 GMT", "", 0),
        ("soon", NOON, 0),
        ("-5", NOON, 0),
        ("1.5", NOON, 0),
        ("", "", 0),
    ],
)
def test_it_is_seconds_or_a_date(written: str, date: str, seconds: float) -> None:
    assert rest_asked(written, date) == seconds


@given(st.text(), st.text())
def test_whatever_is_written_is_a_number_of_seconds(written: str, date: str) -> None:
    assert rest_asked(written, date) >= 0
    assert rest_asked(written, NOON) >= 0
