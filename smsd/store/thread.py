"""The store on a thread of its own, so that a slow disk never stalls the serial line or the watchdog."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from smsd.store import Store

__all__ = ["StoreThread"]

P = ParamSpec("P")
R = TypeVar("R")


class StoreThread:
    """Runs the verbs of ``store`` one after another on one dedicated thread."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def call(self, verb: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a verb of the store; a caller that is cancelled leaves the transaction to finish by itself."""
        future = self._executor.submit(verb, *args, **kwargs)
        return await asyncio.shield(asyncio.wrap_future(future))

    def close(self) -> None:
        """Wait for what is under way, then close the store."""
        self._executor.shutdown(wait=True)
        self.store.close()
