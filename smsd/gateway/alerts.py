"""Alerts become messages here, a few hundred ahead of the routes and no more.

Knows when to look: an alert of 100,000 is rows of its own until its turn comes, so that it never stands in front of
anything, is paused by one update and costs no memory. Also lets a SIM stand in for binds that are down, for alerts
whose admin allowed it. Refuses to know how many messages that is (``store.alerts``), what a route may send
(``rules.limits``, obeyed where messages are claimed) and who is written to.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from smsd.gateway.pump import POLL_SECONDS
from smsd.gateway.route import Bells
from smsd.store.thread import StoreThread

__all__ = ["Feeder"]

LOOK_SECONDS = 0.5
"""How often the outbox is filled up while an alert is running."""
CARE_SECONDS = 60.0
"""How often dead preparations and old counts are swept away."""
STAND_IN_AHEAD = 20
"""Messages that wait for a SIM which stands in: few, so that they can go back when a bind does."""

log = structlog.get_logger("smsd.gateway")


class Feeder:
    """Feeds the outbox from the running alerts.

    ``substitute`` names the one of the ``sims`` that stands in for the binds, if one does. ``keep`` says for how long
    an alert is kept after its messages.
    """

    def __init__(
        self,
        thread: StoreThread,
        sims: Sequence[str],
        clock: Callable[[], float],
        bells: Bells,
        *,
        substitute: Callable[[], str | None],
        keep: timedelta | None = None,
    ) -> None:
        self._thread = thread
        self._alerts = thread.store.alerts
        self._clock = clock
        self._bells = bells
        self._substitute = substitute
        self._keep = keep
        self._sims = sims
        self._standing_in: set[str] = set()
        self._cared_at = 0.0

    async def run(self) -> None:
        """Work for ever."""
        # What a former process had a SIM carry goes back first.
        self._standing_in = set(self._sims)
        while True:
            self._bells.alerts.clear()
            await self._care()
            running = await self._feed()
            await self._stand_in()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS if running else POLL_SECONDS):
                    await self._bells.alerts.wait()

    async def _feed(self) -> bool:
        """Fill the outbox up; tell whether an alert is running."""
        while True:
            fed = await self._thread.call(self._alerts.feed)
            for alert_id in fed.ended:
                log.info("alert_done", alert_id=alert_id)
            if not fed.messages:
                return fed.running
            for event in self._bells.work.values():
                event.set()

    async def _stand_in(self) -> None:
        """Have a SIM carry what may fall back, or take it back."""
        sim = self._substitute()
        for name in self._standing_in - {sim}:
            count = await self._thread.call(self._alerts.stand_down, name)
            if count:
                log.info("alerts_wait_for_bind", route=name, count=count)
        self._standing_in = {sim} if sim is not None else set()
        if sim is not None and await self._thread.call(self._alerts.stand_in, sim, STAND_IN_AHEAD) > 0:
            self._bells.work[sim].set()

    async def _care(self) -> None:
        """Sweep away what dead processes left, and counts that no longer count."""
        if self._clock() - self._cared_at < CARE_SECONDS:
            return
        self._cared_at = self._clock()
        before = None if self._keep is None else self._clock() - self._keep.total_seconds()
        while await self._thread.call(self._alerts.sweep, before):
            pass
        await self._thread.call(self._alerts.forget_tally)
