"""Figures for people: how fast it goes, what went wrong last, how far this host's clock is from the network's.

Knows how to count without reading a long table: whatever is asked here looks at the newest rows only. Refuses to judge
what it counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from smsd.store.engine import Engine, Row

__all__ = ["Figures", "Rates", "Skew"]

NEWEST = 1000
"""So many attempts are looked at, however many there are: rates above this many in the span are told as this many."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Parts that the network took, and messages that came in, within the last minute and hour."""

    sent_minute: int
    sent_hour: int
    received_minute: int
    received_hour: int


@dataclass(frozen=True, slots=True)
class Skew:
    """How far the service centre's clock was ahead of this host's, in seconds, as ``count`` messages showed it.

    ``submits``: by the times at which it took parts (seconds apart); otherwise by those at which it took messages to
    us, the quickest of them: their way may have taken any time.
    """

    seconds: float
    count: int
    submits: bool


class Figures:
    """The figures of one store."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def rates(self) -> Rates:
        """Count what went and came lately."""
        now = self._clock()
        minute, hour = now - 60.0, now - 3600.0
        with self._engine.read() as tx:
            sent = tx.one("figures_sent", minute=minute, hour=hour, newest=NEWEST)
            came = tx.one("figures_received", minute=minute, hour=hour, newest=NEWEST)
        return Rates(int(sent["minute"]), int(sent["hour"]), int(came["minute"]), int(came["hour"]))

    def last_errors(self, limit: int) -> list[Row]:
        """List the last attempts that did not simply leave: started_at, message_id, route, outcome, code, reason."""
        with self._engine.read() as tx:
            return tx.all("figures_errors", newest=NEWEST, limit=limit)

    def skew(self, since: float) -> Skew | None:
        """Compare the service centre's clock with this host's, by what was sent and received since a moment."""
        with self._engine.read() as tx:
            submits = [float(row["skew"]) for row in tx.all("figures_submits", since=since, newest=NEWEST)]
            delivers = [float(row["skew"]) for row in tx.all("figures_delivers", since=since, newest=NEWEST)]
        if submits:
            return Skew(median(submits), len(submits), submits=True)
        return Skew(max(delivers), len(delivers), submits=False) if delivers else None
