"""Asking an operator what became of messages, where it does not say so by itself.

Knows whom to ask about next: all that were taken and never reported, round and round, a batch at a time. Refuses to
remember them: which those are the house knows, restarts included, and is asked for them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from smsd.errors import StoreError
from smsd.sms import Received, ReportClass, StatusReport

__all__ = ["Asked", "Poll", "Unreported", "learned", "nothing"]

Asked = tuple[int, str, str]
"""An attempt that was taken and not reported: its id, the operator's id of the message, the recipient."""

Unreported = Callable[[int, int], Awaitable[Sequence[Asked]]]
"""Lists attempts above an id, at most so many, the oldest first."""

ON_ITS_WAY = 3600.0
"""Seconds for which the same word on what is not over yet is told once."""

log = structlog.get_logger()


async def nothing(_after: int, _limit: int) -> Sequence[Asked]:
    """List nothing: for a route that is not asked to remember."""
    return ()


def learned(route: str, octets: bytes, report: StatusReport | None) -> Received | None:
    """Say what an answer tells that is worth telling: that it is over, or that the recipient's SIM is another's.

    Asked again when it is over it is another question, though the answer reads the same: a centre begins its ids again.
    """
    if report is None:
        return None
    if report.report_class is not ReportClass.TRYING:
        return Received(route, octets, report, repeats_within=0.0)
    return Received(route, octets, report, repeats_within=ON_ITS_WAY) if report.refused is not None else None


class Poll:
    """Asks by ``ask``, which gives what it learned or ``None``, and hands over what it learns by ``tell``."""

    def __init__(
        self,
        unreported: Unreported,
        ask: Callable[[str, str], Awaitable[Received | None]],
        tell: Callable[[Received], Awaitable[None]],
        *,
        batch: int,
    ) -> None:
        self._unreported = unreported
        self._ask = ask
        self._tell = tell
        self._batch = batch
        self._after = 0

    async def run(self, seconds: float, ready: Callable[[], bool]) -> None:
        """Ask every so many seconds, whenever the route is ready, for ever."""
        while True:
            await asyncio.sleep(seconds)
            if ready():
                try:
                    await self.round()
                except StoreError as error:
                    log.warning("message_not_kept", error=str(error))

    async def round(self) -> None:
        """Ask after one batch; the next round goes on behind it, and at the end begins anew. Raises ``StoreError``."""
        asked = await self._unreported(self._after, self._batch)
        for attempt_id, reference, recipient in asked:
            received = await self._ask(reference, recipient)
            if received is not None:
                await self._tell(received)
            self._after = attempt_id
        if len(asked) < self._batch:
            self._after = 0
