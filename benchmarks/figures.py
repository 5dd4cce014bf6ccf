"""A figure: what was measured, how often, against which bar, and next to whom. And the table of them."""

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["HEAD", "Figure", "Peer", "progress", "skipped", "table"]


@dataclass(frozen=True, slots=True)
class Peer:
    """The same measured on another program in the same run; no samples: why there are none."""

    name: str
    samples: tuple[float, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """Samples of one quantity; none: ``note`` says why. ``bar`` is what the median must reach: at least, or at most."""

    what: str
    unit: str
    samples: tuple[float, ...]
    bar: float | None = None
    at_least: bool = False
    worst: bool = False
    """The bar holds for the worst sample, not the median."""
    peers: tuple[Peer, ...] = ()
    note: str = ""

    @property
    def value(self) -> float:
        """The figure itself: the median, or the worst sample where the bar asks for that."""
        if self.worst:
            return min(self.samples) if self.at_least else max(self.samples)
        return statistics.median(self.samples)

    @property
    def met(self) -> bool:
        """Whether the bar was reached; what was not measured reaches none."""
        if not self.samples:
            return False
        return self.bar is None or (self.value >= self.bar if self.at_least else self.value <= self.bar)

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        if not self.samples:
            return (self.what, "not measured", "0", "", "", "", "", "MISSED")
        shown = f"{number(self.value)} {self.unit}"
        spread = f"{number(min(self.samples))}..{number(max(self.samples))}"
        bar = "" if self.bar is None else f"{'>=' if self.at_least else '<='} {number(self.bar)}"
        peers = "; ".join(
            f"{peer.name} {number(statistics.median(peer.samples))}" if peer.samples else f"{peer.name}: {peer.note}"
            for peer in self.peers
        )
        verdict = "" if self.bar is None else "met" if self.met else "MISSED"
        return (self.what, shown, str(len(self.samples)), spread, peers, self._ratio(), bar, verdict)

    def _ratio(self) -> str:
        """How many times better than the best peer."""
        medians = [statistics.median(peer.samples) for peer in self.peers if peer.samples]
        if not medians or not self.value:
            return ""
        best = max(medians) if self.at_least else min(medians)
        ratio = self.value / best if self.at_least else best / self.value
        return f"{number(ratio)}x"


HEAD = ("figure", "ours", "n", "spread", "peers in this run", "better by", "bar", "")


def number(value: float) -> str:
    """Write a number with three digits that mean something."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def table(figures: Sequence[Figure]) -> str:
    """Lay the figures out as a table for people, notes below."""
    rows = [HEAD, *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    lines += [f"* {figure.what}: {figure.note}" for figure in figures if figure.note]
    lines += [f"* skipped: {each}" for each in skipped(figures)]
    return "\n".join(lines)


def skipped(figures: Sequence[Figure]) -> list[str]:
    """Name each peer that some figure had to do without, and why."""
    reasons = [f"{peer.name}: {peer.note}" for figure in figures for peer in figure.peers if not peer.samples]
    return list(dict.fromkeys(reasons))


def progress(text: str) -> None:
    """Say on standard error what is going on."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
