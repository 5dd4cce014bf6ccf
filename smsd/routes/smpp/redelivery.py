"""Whether a message that comes in once more is the same one, delivered again, or another with the same words.

A deliver_sm bears neither an id nor the time it was sent: ``CLIENT info`` of today and of last week are the same
octets, and so is the one that a service centre delivers again because our answer was lost with the link. What tells
them apart is whether the centre has heard our answer. It has, for certain, once it answers a request that we made after
it: TCP keeps the order. Until then the message is *open*, and the same octets mean the same message; afterwards they
mean a new one.

So every message gets a number when it first comes, the same one while it is open, and the number stands where the PDU's
own sequence number stood in what is kept: the house knows a repeat by its octets. What is open survives a restart, and
is written by groups: who comes while it is being written waits for the next writing together with all others.

Where a ``kill -9`` leaves the client: before the number is on disk the message is kept nowhere and not answered, so it
comes again and gets a number then. Between that and the commit of the message it comes again under this number, and is
kept then. After the commit it comes again, if its answer did not get through, and is known by its octets. After the
answer was heard, and before that is on disk, the same words sent once more may be taken for a repeat until the next
links have lived for two minutes: the one moment in which a second, equal text may be lost, and no other is. Whoever
writes it then has an answer on its way, to the first. After those two minutes the same words are a message of their
own, whether it is the client who repeats them or a centre that took its time: two answers to one message rather than
none to the second of two.
"""

import asyncio
import hashlib
import json
from collections.abc import Iterable

from smsd.routes import Memory
from smsd.wire.smpp.pdu import Pdu

__all__ = ["Redelivery", "digest"]

KEY = "smpp.open"


def digest(pdu: Pdu) -> str:
    """Say by what a message delivered again is known: everything but what belongs to this one transmission."""
    return hashlib.sha256(pdu.command_id.to_bytes(4, "big") + pdu.body).hexdigest()[:16]


class Redelivery:
    """The open messages of the bind ``name``, kept in ``memory``.

    ``patience`` is for how many seconds of links one may come again that was open when a link was lost.
    """

    def __init__(self, name: str, memory: Memory, patience: float) -> None:
        self._name = name
        self._memory = memory
        self._next = 1
        self._open: dict[str, int] = {}
        self._patience = patience
        self._left: dict[str, float] = {}
        """For how many seconds of links what was open at a loss may still come again."""
        self._began = 0.0
        self._writing = asyncio.Lock()
        self._changes = 0
        self._kept = 0

    async def recall(self) -> None:
        """Find what was open when this program last ended. Raises ``StoreError``."""
        text = await self._memory.recall(KEY)
        if text:
            kept = json.loads(text)
            self._next, self._open = kept["next"], kept["open"]
            self._kept = self._changes

    def begin(self, now: float) -> None:
        """Begin a link: what is open now can only come again if the centre did not hear our answer."""
        self._began = now
        for mark in self._open:
            self._left.setdefault(mark, self._patience)

    def end(self, now: float) -> None:
        """End a link: what did not come again in all its time has so much less of it left on the next."""
        for mark in self._left:
            self._left[mark] -= now - self._began
        self._began = now

    def give_up_at(self) -> float | None:
        """Say when the next message has had its time to come again on this link; ``None``: none is waited for."""
        return min(self._left.values()) + self._began if self._left else None

    async def number(self, mark: str) -> int:
        """Give the number of the message known by ``mark``; on disk when this returns. Raises ``StoreError``."""
        self._left.pop(mark, None)
        if mark not in self._open:
            self._open[mark] = self._next
            self._next += 1
            self._changes += 1
        number = self._open[mark]
        # Another transmission of it may have given the number, and wait for the disk yet, or have waited in vain.
        await self._keep()
        return self._sequence(number)

    async def heard(self, marks: Iterable[str]) -> None:
        """Close messages whose answer the centre has heard. Raises ``StoreError``: then it is to be told again."""
        marks = list(marks)
        for mark in marks:
            self._left.pop(mark, None)
        closed = {mark: self._open.pop(mark) for mark in marks if mark in self._open}
        if closed:
            self._changes += 1
            try:
                await self._keep()
            except BaseException:
                self._open = closed | self._open
                self._changes += 1
                raise

    async def give_up_old(self, now: float) -> None:
        """Close what has had its time to come again. Raises ``StoreError``: it is open until the next link then."""
        await self.heard([mark for mark, left in self._left.items() if self._began + left <= now])

    def _sequence(self, number: int) -> int:
        """Make a number into a sequence number that no other bind of this house gives the same message."""
        mixed = hashlib.sha256(f"{self._name}/{number}".encode()).digest()
        return int.from_bytes(mixed[:4], "big") & 0x7FFFFFFF

    async def _keep(self) -> None:
        """Have on disk what is open by now; those who wait in line are content with what one of them writes."""
        wanted = self._changes
        async with self._writing:
            if self._kept < wanted:
                written = self._changes
                await self._memory.remember(KEY, json.dumps({"next": self._next, "open": self._open}))
                self._kept = written
