"""What the page of service centres' faults promises is held by the tests it names."""

import re
from pathlib import Path

from smsd.simulator.troubles import Trouble

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "smpp-faults.md").read_text("utf-8")


def test_every_test_it_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > 50
    gone = [f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / file).read_text("utf-8")]
    assert gone == []


def test_every_row_of_its_tables_names_one() -> None:
    rows = [
        line
        for line in PAGE.splitlines()
        if line.startswith("| ") and not line.startswith(("| ---", "| what", "| rule"))
    ]
    assert [row for row in rows if "`tests/" not in row] == []


def test_every_trouble_of_the_simulated_centre_is_done_by_a_test_of_the_bind() -> None:
    told = "".join(path.read_text("utf-8") for path in (ROOT / "tests" / "routes" / "smpp").glob("*.py"))
    assert [trouble.name for trouble in Trouble if f"Trouble.{trouble.name}" not in told] == []
