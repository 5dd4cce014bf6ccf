"""The line that ``systemctl status`` shows of a running service: its routes, its queue, its last trouble.

Knows how to say it in one short line and how rarely: a route or an alarm that changes is told within seconds, the
queue's length every ten. Refuses to know systemd's protocol (``systemd``) and what is wrong (``rules.alarms``).
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo

from smsd.errors import StoreError
from smsd.gateway import Gateway
from smsd.rules.alarms import ALARMS, Standing
from smsd.rules.conditions import RouteLook
from smsd.store import Row
from smsd.store.thread import StoreThread

__all__ = ["StatusLine", "status_line"]

LOOK_SECONDS = 2.0
"""How often the routes and the alarms are looked at; neither costs anything."""
COUNT_SECONDS = 10.0
"""How often the queue is counted."""


class StatusLine:
    """Says how the service is whenever that has changed. ``clock`` is for the pace only."""

    def __init__(
        self,
        thread: StoreThread,
        gateway: Gateway,
        say: Callable[[str], None],
        zone: tzinfo,
        clock: Callable[[], float],
    ) -> None:
        self._thread = thread
        self._gateway = gateway
        self._say = say
        self._zone = zone
        self._clock = clock
        self._queue: Sequence[Row] | None = None
        self._counted_at: float | None = None

    async def run(self) -> None:
        """Look for ever."""
        said = ""
        while True:
            await self._count()
            line = status_line(self._gateway.looks(), self._queue, self._gateway.alarms.ledger, self._zone)
            if line != said:
                self._say(line)
                said = line
            await asyncio.sleep(LOOK_SECONDS)

    async def _count(self) -> None:
        now = self._clock()
        if self._counted_at is not None and 0 <= now - self._counted_at < COUNT_SECONDS:
            return
        self._counted_at = now
        try:
            self._queue = await self._thread.call(self._thread.store.outbox.counts)
        except StoreError:
            self._queue = None  # what is wrong with the store is an alarm of its own


def status_line(
    looks: Iterable[RouteLook], queue: Sequence[Row] | None, ledger: Iterable[Standing], zone: tzinfo
) -> str:
    """Say in one line how the routes are, what waits (``queue``, if that is known), what is wrong or was last."""
    routes = list(looks)
    up = ", ".join(look.name for look in routes if look.up)
    down = ", ".join(f"{look.name} ({look.state})" for look in routes if not look.up)
    waiting = None if queue is None else sum(row["count"] for row in queue if row["state"] != "in_doubt")
    doubts = sum(row["count"] for row in queue or () if row["state"] == "in_doubt")
    said = [
        f"up: {up}" if up else "",
        f"down: {down}" if down else "",
        "" if waiting is None else f"queue: {waiting or 'empty'}",
        f"in doubt: {doubts}" if doubts else "",
        _trouble(list(ledger), zone),
    ]
    return "; ".join(filter(None, said))


def _trouble(ledger: Sequence[Standing], zone: tzinfo) -> str:
    """Name the worst that stands, the newest of several; when nothing does, what was over last."""

    def when(seconds: float) -> str:
        return datetime.fromtimestamp(seconds, zone).strftime("%Y-%m-%d %H:%M")

    if standing := [each for each in ledger if each.raised_at is not None and each.gone_at is None]:
        worst = max(standing, key=lambda each: (ALARMS[each.condition].severity.rank, each.since))
        more = f" and {len(standing) - 1} more" if len(standing) > 1 else ""
        return f"trouble: {_named(worst)} since {when(worst.since)}{more}"
    if over := [each for each in ledger if each.gone_at is not None and (each.raised_at is not None or each.flaps)]:
        last = max(over, key=lambda each: each.gone_at or 0.0)
        return f"last trouble: {_named(last)}, over since {when(last.gone_at or 0.0)}"
    return ""


def _named(standing: Standing) -> str:
    return f"{standing.condition.value} {standing.about}".strip()
