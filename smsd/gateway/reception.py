"""Receiving in groups: what arrives while a transaction is on its way is made safe by the next one.

Knows that a route waits for its own message's commit before it deletes or acknowledges it at the source, and that a
hundred receipts a second need not cost a hundred commits. Refuses to let one bad thing spoil its neighbours: a group
that the store does not take is offered one by one.
"""

import asyncio

from smsd.sms import Received
from smsd.store import Judge, Receipt
from smsd.store.thread import StoreThread

__all__ = ["Reception"]

GROUP = 64
"""The most that one transaction takes, so that it holds the store for some tens of milliseconds only."""

Arrival = tuple[Received, "asyncio.Future[Receipt]"]


class Reception:
    """Where routes hand in what they received."""

    def __init__(self, thread: StoreThread, judge: Judge) -> None:
        self._thread = thread
        self._judge = judge
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
            if not await self._together(group):
                for arrival in group:
                    await self._together([arrival])

    async def _together(self, group: list[Arrival]) -> bool:
        """Have the store take a group in one transaction; ``False`` when it does not. One alone hears the reason."""
        try:
            receipts = await self._thread.call(
                self._thread.store.inbox.receive_all, [received for received, _ in group], self._judge
            )
        except Exception as error:  # noqa: BLE001  whatever it is, it goes to who waits for it
            if len(group) > 1:
                return False
            _, future = group[0]
            if not future.done():
                future.set_exception(error)
            return True
        for (_, future), receipt in zip(group, receipts, strict=True):
            if not future.done():
                future.set_result(receipt)
        return True
