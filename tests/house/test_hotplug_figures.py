"""The page of figures says of the hot-plug what the published table says."""

import re
from pathlib import Path

from tests.hotplug.proof import with_figures

EXPLANATION = Path(__file__).parents[2] / "docs" / "explanation"


def rows(text: str) -> list[list[str]]:
    """Return the cells of the tables in a text, row by row."""
    return [
        [cell.strip() for cell in line.strip("| ").split("|")] for line in re.findall(r"^\|.*\|$", text, re.MULTILINE)
    ]


def test_the_figures_are_those_of_the_table() -> None:
    shown = {row[0]: row[1].partition(" ")[0] for row in rows((EXPLANATION / "hot-plug.md").read_text("utf-8"))}
    _, _, section = (EXPLANATION / "figures.md").read_text("utf-8").partition("\n## Figures of the hot-plug\n")
    told = rows(section.partition("\n## ")[0])[2:]
    assert told
    assert [row[:2] for row in told] == [[row[0], f"{shown[row[0]]} s"] for row in told]


def test_a_publication_writes_them() -> None:
    page = (
        "| figure | ours | bar | measured |\n| pulled, to `x` | 9.0 s | <= 10 | before |\n| other | 1 s | | before |\n"
    )
    _, pulled, other = rows(with_figures(page, [("pulled, to `x`", "5.6 (5.1 to 7.2)", "10", "")]))
    assert pulled[:3] == ["pulled, to `x`", "5.6 s", "<= 10"]
    assert pulled[3].endswith("QEMU's TCG")
    assert other == ["other", "1 s", "", "before"]
