"""Writing what was measured into the documentation: a table between two marks, a row for each figure.

A figure measured again takes the place of its row, the others stay with the day they were measured on.
"""

import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import HEAD, Figure

__all__ = ["PAGE", "publish"]

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "figures.md"
COLUMNS = (*HEAD[:-1], "reached", "measured", "remarks")


def publish(section: str, figures: Sequence[Figure], page: Path = PAGE) -> None:
    """Put figures into the table of a section. Raises ``ValueError`` when the page has no marks for it."""
    begin, end = f"<!-- figures of {section}: begin -->", f"<!-- figures of {section}: end -->"
    before, rest = page.read_text("utf-8").split(begin, 1)
    former, after = rest.split(end, 1)
    rows = {cells[0]: cells for cells in map(_cells, former.splitlines()) if len(cells) == len(COLUMNS)}
    for heading in (COLUMNS[0], "---"):
        rows.pop(heading, None)
    rows |= {figure.what: _row(figure) for figure in figures}
    lines = ["| " + " | ".join(cells) + " |" for cells in (COLUMNS, ("---",) * len(COLUMNS), *rows.values())]
    page.write_text("\n".join((before + begin, *lines, end)) + after, "utf-8")


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|")) if line.startswith("|") else ()


def _row(figure: Figure) -> tuple[str, ...]:
    day = time.strftime("%Y-%m-%d", time.gmtime())
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return (*(cell.strip().replace("|", "/") for cell in figure.row()), f"{day}, {machine}", figure.note)
