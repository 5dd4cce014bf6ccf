"""Hours in seconds: an event loop whose time goes on by itself when there is nothing to do.

Knows when nothing is to be done: no descriptor is ready, and no thread has been asked for anything. Refuses to be used
where something else takes real time: a pty, a socket to somewhere.
"""

import asyncio
import contextlib
import selectors
from collections.abc import Awaitable, Iterator
from typing import Any

import pytest

from smsd.store.thread import StoreThread

__all__ = ["HoursLoop", "counted"]

THREADS_SECONDS = 0.05
"""Of real time, between two looks while a thread is at work."""


class HoursLoop(asyncio.SelectorEventLoop):
    """A loop with a time of its own, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.at_work = 0
        super().__init__(_Selector(self))

    def time(self) -> float:
        """Return the time here."""
        return self.now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """Ask a thread; meanwhile the time stands."""
        self.at_work += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._returned)
        return future

    def _returned(self, _future: object) -> None:
        self.at_work -= 1


class _Selector(selectors.DefaultSelector):
    """Lets the time pass that nobody needs."""

    def __init__(self, loop: HoursLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Look once; where nothing is ready, be later by ``timeout``."""
        busy = self._loop.at_work > 0 or timeout is None
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(
            min(THREADS_SECONDS, THREADS_SECONDS if timeout is None else timeout) if busy else 0
        )
        if not ready and not busy and timeout is not None and timeout > 0:
            self._loop.now += timeout
        return ready


@contextlib.contextmanager
def counted(loop: HoursLoop) -> Iterator[None]:
    """Count what the store's thread is asked for; it is asked past the loop."""
    call, join = StoreThread.call, StoreThread.join

    async def waiting(asked: Awaitable[Any]) -> Any:
        loop.at_work += 1
        try:
            return await asked
        finally:
            loop.at_work -= 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StoreThread, "call", lambda *args, **more: waiting(call(*args, **more)))
        patch.setattr(StoreThread, "join", lambda *args: waiting(join(*args)))
        yield
