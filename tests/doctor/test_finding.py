"""The words of a report, and what they add up to."""

import re
from pathlib import Path

import pytest

from smsd.doctor.finding import Check, bad, exit_code, fine, worth_a_look

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "doctor.md"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ([], 0),
        ([Check.MODEM], 69),
        ([Check.DAEMON, Check.BIND], 69),
        ([Check.KEY], 1),
        ([Check.DAEMON, Check.DATABASE], 1),
        ([Check.MODEM, Check.CONFIGURATION, Check.DISK], 78),
    ],
)
def test_errors_add_up_to_an_exit_code(wrong: list[Check], code: int) -> None:
    findings = [bad(check, "it", "is wrong", "mend it") for check in wrong]
    assert exit_code([*findings, worth_a_look(Check.KEY, "it", "is odd", "look"), fine(Check.DISK, "it", "is")]) == code


def test_every_check_is_on_the_page() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert rows == list(Check)
