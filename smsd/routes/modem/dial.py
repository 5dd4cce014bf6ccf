"""Dialling codes (USSD) over a channel: one at a time, never beside a part in the air, and never for long.

Knows that OK comes at once and the answer later, on its own; that some modems keep the OK until then, and that some
want the code packed. Refuses to hold the channel while the network thinks: a part that is to leave meanwhile leaves.
"""

import asyncio
from collections.abc import Callable

from smsd.errors import CommandTimeoutError, ModemError
from smsd.routes.modem.driver import Channel
from smsd.routes.modem.timings import Timings
from smsd.wire.at import Command
from smsd.wire.ussd import CANCEL, Answer, Meaning, answer, request

__all__ = ["Dial"]


class Dial:
    """Dials over ``channel``; ``busy`` tells whether a part is in the air."""

    def __init__(self, channel: Channel, timings: Timings, busy: Callable[[], bool]) -> None:
        self._channel = channel
        self._timings = timings
        self._busy = busy
        self._waiting: asyncio.Future[Answer] | None = None

    def hear(self, line: str) -> None:
        """Take a +CUSD line; one that nobody waits for is the operator's own idea."""
        heard = answer(line)
        if heard is not None and self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(heard)

    async def ask(self, code: str) -> str:
        """Dial ``code`` and return the text of the answer.

        Raises ``ModemError`` where a part is in the air, another code is being dialled, or the network says no, and
        what ``Channel.ask`` raises.
        """
        if self._busy() or self._waiting is not None:
            raise ModemError("the modem is at work: asked another time")
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            return await self._dial(code, self._waiting)
        finally:
            self._waiting = None

    async def _dial(self, code: str, waiting: "asyncio.Future[Answer]") -> str:
        for packed in (False, True):
            result = await self._channel.ask(Command(request(code, packed=packed)), self._timings.dialling)
            if not result.result.ok:
                continue  # a modem that wants it packed says ERROR
            heard = await self._heard(waiting)
            if heard.meaning is Meaning.MORE:
                await self._cancel()
            if heard.meaning in {Meaning.DONE, Meaning.MORE} and heard.text:
                return heard.text
            raise ModemError(f"the network does not answer {code}: {heard.meaning.name.lower()}")
        raise ModemError(f"the modem does not dial {code}: {result.result}")

    async def _heard(self, waiting: "asyncio.Future[Answer]") -> Answer:
        try:
            async with asyncio.timeout(self._timings.dialled):
                return await asyncio.shield(waiting)
        except TimeoutError:
            await self._cancel()
            raise CommandTimeoutError(f"+CUSD: no answer within {self._timings.dialled:g} s") from None

    async def _cancel(self) -> None:
        """End what the network waits for, so that the next code is not taken for an answer."""
        if not self._busy():
            await self._channel.accepts(CANCEL, self._timings.answer)
