"""Receiving in groups: what arrives while a transaction is on its way is made safe by the next one.

Knows that a route waits for its own message's commit before it deletes or acknowledges it at the source, and that a
hundred receipts a second need not cost a hundred commits. What ended on the same route before is recorded by the same
transaction, in front: a centre sends its answer and then the receipt, and in this order they are written down. Refuses
to let one bad thing spoil its neighbours: a group that the store does not take is offered one by one.

Where a ``kill -9`` leaves the client: before the commit whatever arrived is still on the SIM, or unanswered at the
service centre, and comes again; parts that had ended are doubts at the next start, which the receipts that come again
settle. After it, all is as recorded, and what comes again is known.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial

from smsd.sms import Received
from smsd.store import Ended, Judge, Receipt
from smsd.store.thread import StoreThread

__all__ = ["Reception"]

GROUP = 64
"""The most that one transaction takes, so that it holds the store for some tens of milliseconds only."""

Arrival = tuple[Received, "asyncio.Future[Receipt]"]


Recording = Callable[[str], AbstractContextManager[list[Ended]]]
"""Gives what has ended on a route to its body, which records it."""


class Reception:
    """Where routes hand in what they received.

    ``recording`` gives what has ended on a route and is not recorded yet.
    """

    def __init__(self, thread: StoreThread, judge: Judge, recording: Recording) -> None:
        self._thread = thread
        self._judge = judge
        self._recording = recording
        self._waiting: list[Arrival] = []
        self._drain: asyncio.Task[None] | None = None

    async def take(self, received: Received) -> Receipt:
        """Return what became of something received, once it is on disk; raise what the store raises for it."""
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((received, future))
        if self._drain is None or self._drain.done():
            self._drain = asyncio.get_running_loop().create_task(self._work())
        return await future

    async def _work(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            if not await self._with_what_ended(group):
                for arrival in group:
                    await self._together([arrival])

    async def _with_what_ended(self, group: list[Arrival]) -> bool:
        """Have the store take a group, and what ended before it; ``False`` when it does not."""
        routes = dict.fromkeys(received.route for received, _ in group)
        try:
            with contextlib.ExitStack() as stack:
                ended = [each for route in routes for each in stack.enter_context(self._recording(route))]
                await self._together(group, ended)
        except Exception:  # noqa: BLE001  whoever was the cause hears of it when he is alone
            return False
        return True

    async def _together(self, group: list[Arrival], ended: Sequence[Ended] = ()) -> None:
        """Have the store take a group in one transaction. What it raises goes to who waits for it, if he is alone."""
        try:
            arrivals = [received for received, _ in group]
            receipts = await self._thread.join(
                partial(self._thread.store.inbox.receive_all, arrivals, self._judge, ended)
            )
        except Exception as error:
            if len(group) > 1 or ended:
                raise
            _, future = group[0]
            if not future.done():
                future.set_exception(error)
            return
        for (_, future), receipt in zip(group, receipts, strict=True):
            if not future.done():
                future.set_result(receipt)
