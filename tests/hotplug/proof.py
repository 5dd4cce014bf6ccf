"""What was shown in the virtual machine and how long each of it took: one line as it happens, one table at the end."""

import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PAGE", "Proof"]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "hot-plug.md"
TABLE = ROOT / "build" / "hotplug.md"
BEGIN, END = "<!-- hot-plug: begin -->\n", "<!-- hot-plug: end -->"
BUSY = 2
"""Processes that want to run, for each core: above this a time says something of the others. One machine makes two."""
HEAD = ("shown", "seconds", "at most", "remarks")


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was shown; ``bar`` is what its median may take at most, in seconds."""

    shown: str
    seconds: tuple[float, ...]
    bar: float | None
    remark: str

    @property
    def median(self) -> float:
        """The middle one of what was measured."""
        return statistics.median(self.seconds)

    def cells(self) -> tuple[str, ...]:
        """Write it as cells of a table."""
        spread = f" ({min(self.seconds):.1f} to {max(self.seconds):.1f})" if len(self.seconds) > 1 else ""
        bar = "" if self.bar is None else f"{self.bar:g}"
        return (self.shown, f"{self.median:.1f}{spread}", bar, self.remark)


class Proof:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._began = time.monotonic()

    def tell(self, shown: str, seconds: float | Sequence[float], *, bar: float | None = None, remark: str = "") -> None:
        """Note what was shown, how long each try took, and what it may take.

        Fails where it took longer, unless the machine has too much else to do for that to mean anything.
        """
        tries = (seconds,) if isinstance(seconds, float) else tuple(seconds)
        busy = os.getloadavg()[0] > BUSY * (os.cpu_count() or 1)
        if busy and bar is not None:
            remark = f"{remark}; not judged: load {load()}".removeprefix("; ")
        row = Row(shown, tries, bar, remark)
        self.rows.append(row)
        print(f"\n  {' | '.join(filter(None, row.cells()))}", flush=True)
        assert busy or bar is None or row.median <= bar, (
            f"{shown}: {row.median:.1f} s, more than {bar:g}; load {load()}"
        )

    def table(self) -> str:
        """Write all of it as a table of Markdown, with the machine below it."""
        head = [HEAD, ("---",) * len(HEAD)]
        lines = [f"| {' | '.join(cells)} |" for cells in [*head, *(row.cells() for row in self.rows)]]
        took = time.monotonic() - self._began
        machine = f"{platform.machine()}, {os.cpu_count()} cores, load {load()}"
        return "\n".join(
            [*lines, "", f"{time.strftime('%Y-%m-%d')}, {machine}, QEMU's TCG; the whole run took {took:.0f} s."]
        )

    def write(self, *, publish: bool) -> None:
        """Write the table into build/, and where it is to be published into its page."""
        if not self.rows:
            return
        table = self.table()
        TABLE.parent.mkdir(exist_ok=True)
        TABLE.write_text(table + "\n", "utf-8")
        print(f"\n\n{table}")
        if publish:
            text = PAGE.read_text("utf-8")
            before, _, rest = text.partition(BEGIN)
            _, _, after = rest.partition(END)
            PAGE.write_text(f"{before}{BEGIN}\n{table}\n\n{END}{after}", "utf-8")


def load() -> str:
    """Say how busy this machine is: how many processes want to run, over one minute."""
    return f"{os.getloadavg()[0]:.1f}"
