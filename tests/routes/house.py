"""What a route needs of the house, made of lists: an inbound that keeps or refuses, a memory, short timings."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from smsd.errors import StoreFullError
from smsd.gateway.route import Route
from smsd.routes.modem import Timings
from smsd.sms import Deliver, Outcome, Received, StatusReport, Submit, segments

Way = TypeVar("Way", bound=Route)

QUICK = Timings(
    answer=2.0,
    setting=2.0,
    pin=2.0,
    operator=2.0,
    prompt=2.0,
    submission=2.0,
    listing=2.0,
    listing_per_slot=0.05,
    drain=0.02,
    probe=0.15,
    dead=0.6,
    away=0.02,
    retry=0.05,
    retry_most=0.2,
    search=0.02,
    greeting=0.15,
    patience=1.0,
    stranger=0.5,
    adoption=0.02,
    busy=0.05,
    sim_ready=0.4,
    sim_step=0.03,
    sim_recheck=0.05,
    registration=0.05,
    network=5.0,
    pause=0.1,
    sim_pause=5.0,
    announced=0.3,
    vanishing=0.3,
    store_retry=0.05,
    settle_after=0.5,
    dialling=2.0,
    dialled=2.0,
    idle=0.1,
)
"""The shipped table, shrunk; an answer may take five times as long as it should on a machine that is busy."""


class Notebook:
    """Memory that outlives routes; ``full`` makes it refuse."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        self.full = False
        self.written: list[tuple[str, str | None]] = []

    async def recall(self, key: str) -> str | None:
        return self.words.get(key)

    async def remember(self, key: str, value: str | None) -> None:
        if self.full:
            raise StoreFullError("no room on the disk")
        self.written.append((key, value))
        if value is None:
            self.words.pop(key, None)
        else:
            self.words[key] = value


class Ledger:
    """An inbound that writes down what it is given; ``full`` makes it refuse, ``watch`` is called before each row."""

    def __init__(self) -> None:
        self.rows: list[Received] = []
        self.ends: list[tuple[int, Outcome]] = []
        self.full = False
        self.refusals = 0
        self.changes = 0
        self.watch: Callable[[Received], None] = lambda _received: None
        self._changed = asyncio.Event()

    async def received(self, received: Received) -> None:
        if self.full:
            self.refusals += 1
            self._changed.set()
            raise StoreFullError("no room on the disk")
        self.watch(received)
        self.rows.append(received)
        self._changed.set()

    async def settled(self, attempt_id: int, outcome: Outcome) -> None:
        self.ends.append((attempt_id, outcome))
        self._changed.set()

    def changed(self, route: str) -> None:
        self.changes += 1
        self._changed.set()

    @property
    def texts(self) -> list[str]:
        return [row.value.text for row in self.rows if isinstance(row.value, Deliver)]

    @property
    def reports(self) -> list[StatusReport]:
        return [row.value for row in self.rows if isinstance(row.value, StatusReport)]

    async def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait until ``condition`` holds, looking whenever the route tells of anything and every few milliseconds."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.01):
                        await self._changed.wait()


def part(text: str = "hello", *, to: str = "+79160000001", attempt: int = 1, more: bool = False) -> Submit:
    """One part to be sent."""
    return Submit(attempt, attempt, to, segments(text, 7)[0], more_to_come=more)


@asynccontextmanager
async def running(route: Way, ledger: Ledger, state: str | None = "ready") -> AsyncIterator[Way]:
    """Run ``route``, wait until it is in ``state``, and let it end in order."""
    task = asyncio.create_task(route.run(ledger))
    try:
        if state is not None:
            await ledger.until(lambda: route.status.state == state)
        yield route
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
