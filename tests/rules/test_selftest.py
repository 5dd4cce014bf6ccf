"""When a self-test is due, and that its text is nothing a client could mean."""

import pytest

from smsd.rules.commands import Kind, classify
from smsd.rules.selftest import AFTER_START, SOON, TEXT, WHILE_FAILING, next_at
from smsd.sms import segments

DAY = 86_400.0


@pytest.mark.parametrize(
    ("ended_at", "failures", "period", "due"),
    [
        (None, 0, DAY, 1000.0 + AFTER_START),
        (5000.0, 0, DAY, 5000.0 + DAY),
        (5000.0, 1, DAY, 5000.0 + SOON),
        (5000.0, 2, DAY, 5000.0 + WHILE_FAILING),
        (5000.0, 9, DAY, 5000.0 + WHILE_FAILING),
        (5000.0, 9, 600.0, 5000.0 + 600.0),
    ],
)
def test_the_next_one_is_due(ended_at: float | None, failures: int, period: float, due: float) -> None:
    assert next_at(ended_at=ended_at, failures=failures, started_at=1000.0, period=period) == due


def test_its_text_is_one_part_and_no_command() -> None:
    text = TEXT.format(token="0123456789abcdef")
    assert classify(text) is Kind.OTHER
    assert classify(text, lenient=True) is Kind.OTHER
    assert len(segments(text, 0)) == 1
