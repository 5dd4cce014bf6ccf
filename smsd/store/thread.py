"""The store on a thread of its own, so that a slow disk never stalls the serial line or the watchdog.

Verbs run one after another, in the order they were asked for. What is asked for by ``join`` shares its commit with
whatever else is asked for so: while one commit is on its way to the disk, the next transaction fills, and what is asked
for while that one's verbs run is taken along.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from smsd.store import Store

__all__ = ["StoreThread"]

P = ParamSpec("P")
R = TypeVar("R")

JOINED = 64
"""Verbs that share a transaction at most: some 20 ms, of 50 that nobody may hold the store for."""


class StoreThread:
    """Runs the verbs of ``store`` one after another on one dedicated thread."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._waiting: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        self._joining = False
        self._closed = False

    async def call(self, verb: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a verb of the store; a caller that is cancelled leaves the transaction to finish by itself."""
        future = self._executor.submit(verb, *args, **kwargs)
        return await asyncio.shield(asyncio.wrap_future(future))

    async def join(self, verb: Callable[[], R]) -> R:
        """Run a verb in one transaction with others; when this returns, its commit and theirs is on disk.

        What it raises undoes its own writes and nobody else's. A commit that fails fails for all of them.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._waiting.append((verb, future))
        if not self._joining:
            self._joining = True
            self._executor.submit(self._run_joined, loop)
        return await future

    def _run_joined(self, loop: asyncio.AbstractEventLoop) -> None:
        """On the store's thread: one transaction of whatever waits, and of what comes while it runs."""
        batch = [self._waiting.popleft()]
        ends: list[tuple[Any, Exception | None]] = []
        try:
            with self.store.engine.group():
                ends.append(_end_of(batch[0][0]))
                while self._waiting and len(batch) < JOINED and not self._closed:
                    batch.append(self._waiting.popleft())
                    ends.append(_end_of(batch[-1][0]))
        except Exception as error:  # noqa: BLE001  handed to those who wait for it
            ends = [(None, error)] * len(batch)
        loop.call_soon_threadsafe(self._hand_out, loop, batch, ends)

    def _hand_out(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: list[tuple[Callable[[], Any], asyncio.Future[Any]]],
        ends: list[tuple[Any, Exception | None]],
    ) -> None:
        for (_, future), (result, error) in zip(batch, ends, strict=True):
            if future.done():
                continue  # nobody waits for it any more
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        self._joining = bool(self._waiting) and not self._closed
        if self._joining:
            self._executor.submit(self._run_joined, loop)
        elif self._closed:
            for _, future in self._waiting:
                future.cancel()

    def close(self) -> None:
        """Wait for what is under way, then close the store; what only waits is never begun."""
        self._closed = True
        self._executor.shutdown(wait=True)
        self.store.close()


def _end_of(verb: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return verb(), None
    except Exception as error:  # noqa: BLE001  handed to him who waits for it
        return None, error
