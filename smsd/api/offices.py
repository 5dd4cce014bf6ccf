"""What stands behind the face: the desk over the store's thread, and a room of its own for whatever takes long.

Knows that notifications share commits with each other on the store's one thread, and that an alert to everybody is
written by another thread through another connection, as the command line would from another process: an answer to a
client waits for neither. Refuses to know what is asked for.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

from smsd.api.caller import Caller
from smsd.desk import Desk
from smsd.desk.alerts import AlertDesk
from smsd.store import Act, Store
from smsd.store.thread import StoreThread

__all__ = ["BulkRoom", "Offices"]

R = TypeVar("R")


class BulkRoom:
    """A connection to the store and a thread for alerts, opened when first asked for."""

    def __init__(self, store: Callable[[], Store], desk: Callable[[Store], AlertDesk]) -> None:
        self._open_store = store
        self._make_desk = desk
        self._store: Store | None = None
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bulk")

    async def call(self, verb: Callable[[AlertDesk, Store], R], act: Act | None = None) -> R:
        """Run a verb; ``act`` goes into the audit trail with the first thing it writes."""
        future = self._executor.submit(self._run, verb, act)
        return await asyncio.shield(asyncio.wrap_future(future))

    def _run(self, verb: Callable[[AlertDesk, Store], R], act: Act | None) -> R:
        if self._store is None:
            self._store = self._open_store()
        self._store.engine.act = act
        try:
            return verb(self._make_desk(self._store), self._store)
        finally:
            self._store.engine.act = None

    def close(self) -> None:
        """Wait for what is under way, then close the connection."""
        self._executor.shutdown(wait=True, cancel_futures=True)
        if self._store is not None:
            self._store.close()


@dataclass(frozen=True, slots=True)
class Offices:
    """Everything an operation may use. ``ring`` has the daemon look, after the commit; ``clock`` is Unix seconds."""

    thread: StoreThread
    desk: Desk
    bulk: BulkRoom
    ring: Callable[[], None]
    clock: Callable[[], float]
    zone: tzinfo = UTC

    @property
    def store(self) -> Store:
        """The store, to be used on its thread only."""
        return self.thread.store

    async def write(self, caller: Caller, what: str, about: str, verb: Callable[[], R]) -> R:
        """Run a verb that writes, with its line in the audit trail; on disk when this returns."""
        engine, act = self.store.engine, Act(self.clock(), caller.who, what, about)

        def acted() -> R:
            engine.act = act
            try:
                return verb()
            finally:
                engine.act = None

        done = await self.thread.join(acted)
        self.ring()
        return done

    async def write_bulk(self, caller: Caller, what: str, about: str, verb: Callable[[AlertDesk, Store], R]) -> R:
        """Run a verb of alerts that writes, with its line in the audit trail."""
        done = await self.bulk.call(verb, Act(self.clock(), caller.who, what, about))
        self.ring()
        return done

    def iso(self, seconds: float | None) -> str | None:
        """Return a time as ISO 8601 with its zone."""
        if seconds is None:
            return None
        return datetime.fromtimestamp(seconds, UTC).astimezone(self.zone).isoformat(timespec="milliseconds")
