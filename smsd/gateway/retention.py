"""What is over is forgotten after its time, while everything else goes on.

Knows the pace: one small batch on the store's thread, measured there, then a rest several times as long, so that
neither the daemon nor a command waits for longer than a batch. Refuses to know what is old (``rules.retention``) and
which rows belong together (``store.retention``). Death at any line leaves whole batches; the next sweep goes on.
"""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from smsd.routes.rest import rest
from smsd.rules.retention import Keep, next_batch
from smsd.store.retention import Step, Swept
from smsd.store.thread import StoreThread

__all__ = ["Forgetting"]

SWEEP_SECONDS = 3600.0
"""Between two sweeps."""
REST = 4.0
"""How long the store is left alone after a batch, in times of what the batch took..."""
LEAST_REST = 0.02
"""...and at least."""
FIRST_BATCH = 20

log = structlog.get_logger("smsd.gateway")


class Forgetting:
    """Sweeps one store by one table of times."""

    def __init__(self, thread: StoreThread, keep: Keep, clock: Callable[[], float]) -> None:
        self._thread = thread
        self._keep = keep
        self._clock = clock

    async def run(self) -> None:
        """Work for ever."""
        while True:
            await self.sweep()
            await rest(SWEEP_SECONDS)

    async def sweep(self) -> dict[str, int]:
        """Forget all that is old; return how many of each, and the longest hold of the store in the log."""
        gone: dict[str, int] = {}
        longest = 0.0
        for what, step in self._steps():
            cursor: int | None = 0
            batch = FIRST_BATCH
            while cursor is not None:
                swept, seconds = await self._timed(step, cursor, batch)
                cursor = swept.cursor
                gone[what] = gone.get(what, 0) + swept.gone
                if swept.gone:
                    longest = max(longest, seconds)
                    batch = next_batch(batch, seconds)
                await asyncio.sleep(max(LEAST_REST, REST * seconds))
        if any(gone.values()):
            log.info("forgotten", **gone, longest_hold_ms=round(longest * 1000, 1))
        return gone

    def _steps(self) -> Iterable[tuple[str, Step]]:
        """Say what is forgotten, table by table: messages before what they answered."""
        now, keep, retention = self._clock(), self._keep, self._thread.store.retention
        outbox = {each.value: now - kept.total_seconds() for each, kept in keep.outbox.items()}
        yield "outbox", lambda after, limit: retention.outbox(outbox, after, limit)
        inbox = {each.value: now - kept.total_seconds() for each, kept in keep.inbox.items()}
        yield "inbox", lambda after, limit: retention.inbox(inbox, after, limit)
        if keep.octets is not None:
            octets = now - keep.octets.total_seconds()
            yield "pdus", lambda after, limit: retention.octets(octets, after, limit)
        if keep.audit is not None:
            audit = now - keep.audit.total_seconds()
            yield "audit", lambda after, limit: retention.audit(audit, after, limit)

    async def _timed(self, step: Step, after: int, limit: int) -> tuple[Swept, float]:
        """Take one step on the store's thread; return how long it held it, waiting in line not counted."""
        steady = asyncio.get_running_loop().time

        def timed() -> tuple[Swept, float]:
            began = steady()
            swept = step(after, limit)
            return swept, steady() - began

        return await self._thread.call(timed)
