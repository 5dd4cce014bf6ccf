"""An event loop whose time stands still while the machine does something else.

What the tests of routes and gateways wait for is told in tenths of a second where a host would have minutes: a machine
that lets a process rest for two seconds would make a modem dead that has long answered. Both ends of such a
conversation live in one loop, so that time may be counted by what the loop had a chance to see: a rest that nobody
asked for counts for ``STEP`` seconds at most. Knows nothing of threads and other processes: those rest by themselves.
"""

import asyncio
import selectors
import time

__all__ = ["STEP", "SteadyLoop"]

STEP = 0.02
"""How long one turn of the loop takes at most, and how much later than asked for it is woken at most."""


class SteadyLoop(asyncio.SelectorEventLoop):
    """A loop that does not count what it was kept from working."""

    def __init__(self) -> None:
        self._counted = self._since = time.monotonic()
        super().__init__(_Selector(self))

    def time(self) -> float:
        """Return the time here; it never goes back."""
        return self._counted + min(time.monotonic() - self._since, STEP)

    def rest(self, until: float, most: float) -> None:
        """Count what has passed until then, ``most`` seconds of it."""
        self._counted += min(until - self._since, most)
        self._since = until


class _Selector(selectors.DefaultSelector):
    """Tells the loop when its turn ended, and for how long it was to sleep then."""

    def __init__(self, loop: SteadyLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait as ever; what is there is heard before it is said to be late."""
        began = time.monotonic()
        self._loop.rest(began, STEP)
        found = super().select(timeout)
        if timeout is None or timeout <= 0:
            self._loop.rest(time.monotonic(), float("inf") if timeout is None else STEP)
            return found
        # One that was stopped for longer than it wanted to sleep is not told what came meanwhile.
        found = found or super().select(0)
        # Woken by something, and yet too late for the next timer: nobody knows how long it has been there.
        late = bool(found) and time.monotonic() - began >= timeout
        self._loop.rest(time.monotonic(), STEP if late else timeout + STEP)
        return found
