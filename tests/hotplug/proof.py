"""What was shown in the virtual machine and how long each of it took: one line as it happens, one table at the end."""

import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

__all__ = ["Proof", "Teller", "with_figures"]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "hot-plug.md"
FIGURES = PAGE.with_name("figures.md")
TABLE = ROOT / "build" / "hotplug.md"
BEGIN, END = "<!-- hot-plug: begin -->\n", "<!-- hot-plug: end -->"
BUSY = 2
"""Processes that want to run, for each core: above this a time says something of the others. The machines make four."""
HEAD = ("shown", "seconds", "at most", "remarks")
SHOWN = "shown"
"""The property of a test's report that holds one row."""


class Proof:
    """Keeps what one test shows, in its report: that goes to whoever counts, in whatever process the test ran."""

    def __init__(self, record: Callable[[str, object], None]) -> None:
        self._record = record

    def tell(self, shown: str, seconds: float | Sequence[float], *, bar: float | None = None, remark: str = "") -> None:
        """Note what was shown, how long each try took (the median stands), and what it may take, in seconds.

        Fails where it took longer, unless the machine has too much else to do for that to mean anything, or times are
        only told: ``SMSD_TIMES=told``, for a machine whose speed nobody knows.
        """
        tries = (seconds,) if isinstance(seconds, float) else tuple(seconds)
        median = statistics.median(tries)
        busy = os.getloadavg()[0] > BUSY * (os.cpu_count() or 1)
        if busy and bar is not None:
            remark = f"{remark}; not judged: load {load()}".removeprefix("; ")
        spread = f" ({min(tries):.1f} to {max(tries):.1f})" if len(tries) > 1 else ""
        self._record(SHOWN, (shown, f"{median:.1f}{spread}", "" if bar is None else f"{bar:g}", remark))
        judged = not busy and os.environ.get("SMSD_TIMES") != "told"
        assert bar is None or median <= bar or not judged, f"{shown}: {median:.1f} s, more than {bar:g}; load {load()}"


class Teller:
    """A plug-in of pytest that prints a row as soon as its test has ended, and all of them as a table at the end."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal
        self._began = time.monotonic()
        self._rows: list[tuple[str, Sequence[str]]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a test has shown."""
        if report.when == "call":
            file = report.nodeid.partition("::")[0]
            for name, row in report.user_properties:
                if name == SHOWN and isinstance(row, Sequence):
                    self._rows.append((file, row))
                    self._terminal.write_line(f"  {' | '.join(filter(None, row))}")

    def pytest_terminal_summary(self) -> None:
        """Write the table into build/, and where SMSD_PUBLISH is 1 into its page and the page of all figures."""
        if not self._rows:
            return
        table = self.table()
        TABLE.parent.mkdir(exist_ok=True)
        TABLE.write_text(table + "\n", "utf-8")
        self._terminal.write_line(f"\n{table}")
        if os.environ.get("SMSD_PUBLISH") == "1":
            text = PAGE.read_text("utf-8")
            before, _, rest = text.partition(BEGIN)
            _, _, after = rest.partition(END)
            PAGE.write_text(f"{before}{BEGIN}\n{table}\n\n{END}{after}", "utf-8")
            FIGURES.write_text(with_figures(FIGURES.read_text("utf-8"), [row for _, row in self._rows]), "utf-8")

    def table(self) -> str:
        """Write all of it as a table of Markdown, file by file, with the machine below it."""
        rows = [row for _, row in sorted(self._rows, key=lambda each: each[0])]
        lines = [f"| {' | '.join(cells)} |" for cells in (HEAD, ("---",) * len(HEAD), *rows)]
        took = f"{time.monotonic() - self._began:.0f} s"
        if began := os.environ.get("SMSD_BEGAN"):
            took += f", with the making of package and disks {time.time() - float(began):.0f} s"
        return "\n".join([*lines, "", f"{machine(f', load {load()}')}; the checks took {took}."])


def with_figures(text: str, rows: Sequence[Sequence[str]]) -> str:
    """Return a page with what was measured, and where, in those rows of its tables that are called like one shown."""
    for shown, seconds, *_ in rows:
        row = rf"^\| {re.escape(shown)} \|[^|]*(\|.*\|)[^|]*\|$"
        fresh = f"| {shown} | {seconds.partition(' ')[0]} s \\g<1> {machine()} |"
        text = re.sub(row, fresh, text, flags=re.MULTILINE)
    return text


def machine(besides: str = "") -> str:
    """Say when and on what it was measured."""
    return f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} cores{besides}, QEMU's TCG"


def load() -> str:
    """Say how busy this machine is: how many processes want to run, over one minute."""
    return f"{os.getloadavg()[0]:.1f}"
