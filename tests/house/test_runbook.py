"""The runbook has a section for every alarm there is, in both languages, and for no other."""

import re
from pathlib import Path

import pytest

from smsd.rules.alarms import Condition

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["runbook.md", "runbook-ru.md"])
def test_every_alarm_has_its_section_in_the_order_of_the_table(page: str) -> None:
    text = (DOCS / "how-to" / page).read_text("utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [each.value for each in Condition]
    sections = re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]
    assert all(len(section.strip()) > 60 for section in sections)
