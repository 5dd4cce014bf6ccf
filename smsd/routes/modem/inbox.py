"""What the modem holds for us, brought in: first kept by the house, then deleted at its source.

Knows the stores of 27.005 (+CPMS, +CMGL, +CMGR, +CMGD). A hint is only a reason to look: what counts is what the list
shows, so that a lost hint delays and never loses. Refuses to understand messages: one that cannot be read is handed on
like any other. Nothing is deleted that the house has not kept.
"""

from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from smsd.errors import StoreError
from smsd.routes import Inbound
from smsd.routes.modem.driver import Channel
from smsd.routes.modem.setup import Setup
from smsd.routes.modem.timings import Timings
from smsd.routes.modem.translate import received
from smsd.sms import Received
from smsd.wire.at import Command, Line, fits
from smsd.wire.information import numbers

__all__ = ["Inbox"]

OURS = frozenset({2, 3})
"""<stat> of messages somebody stored for sending (27.005 §3.1): not received, not ours to delete."""
ALREADY_EMPTY = 321
NEARLY_FULL = 0.8
"""A store that is this full after a sweep is filled by what is not ours to take: soon nothing more comes in."""

log = structlog.get_logger()


class Inbox:
    """The stores of one modem.

    ``sim`` names the subscription; ``sure`` tells whether its card is surely the one in the modem; ``between`` runs
    after each message of a sweep; ``direct`` holds what came without being stored and is not kept yet: it outlives the
    connection.
    """

    def __init__(
        self,
        route: str,
        channel: Channel,
        setup: Setup,
        timings: Timings,
        inbound: Inbound,
        *,
        sim: str | None,
        sure: Callable[[], bool],
        between: Callable[[], Awaitable[None]],
        direct: deque[Received],
    ) -> None:
        self.slots = dict(setup.slots)
        """(used, total) of each store, as last told."""
        self._route = route
        self._channel = channel
        self._setup = setup
        self._timings = timings
        self._inbound = inbound
        self._sim = sim
        self._sure = sure
        self._between = between
        self._direct = direct
        self.unreachable = ""
        """Why no store could be listed last time; empty: one could."""
        self.refused = 0
        """How often in a row none could."""

    @property
    def nearly_full(self) -> str:
        """Say which store is nearly full; empty: none."""
        for store, (used, total) in self.slots.items():
            if total and used >= NEARLY_FULL * total:
                return f"{used} of {total} places of {store} are used"
        return ""

    # --- stores -------------------------------------------------------------------------------------------------------

    async def sweep(self, stores: tuple[str, ...]) -> bool:
        """Bring in what ``stores`` hold; false when the house could not keep something, or the card may be another.

        What was not brought in stays there.
        """
        reached = False
        for store in stores:
            lines = await self._listed(store) if await self._select(store) else None
            if lines is None:
                continue
            reached = True
            for line in lines:
                if not (self._sure() and await self._bring_in(line)):
                    return False
                await self._between()
            if lines:
                await self._select(store)  # how full it is now
        if reached:
            self.unreachable, self.refused = "", 0
        elif stores:
            self.refused += 1
        return True

    async def _select(self, store: str) -> bool:
        """Make ``store`` the one that is read and deleted in (mem1), and hear how full it is."""
        answer = await self._channel.ask(Command(f'AT+CPMS="{store}"', ("+CPMS:",)), self._timings.setting)
        if not answer.result.ok:
            self.unreachable = f"{store}: {answer.result}"
            log.debug("store_refused", store=store, result=str(answer.result))
            return False
        told = numbers(answer.lines[-1].text) if answer.lines else []
        if len(told) > 1 and told[0] is not None and told[1] is not None:
            self.slots[store] = (told[0], told[1])
        return True

    async def _listed(self, store: str) -> tuple[Line, ...] | None:
        total = self.slots.get(store, (0, 0))[1]
        limit = self._timings.listing + self._timings.listing_per_slot * total
        answer = await self._channel.ask(Command("AT+CMGL=4", ("+CMGL:",), with_pdu=True), limit)
        if not answer.result.ok:
            self.unreachable = f"{store}: {answer.result}"
            log.warning("list_refused", store=store, result=str(answer.result))
            return None
        return answer.lines

    async def _bring_in(self, line: Line) -> bool:
        index, status, *_ = [*numbers(line.text), None, None]
        if index is None or status in OURS:
            return True
        taken = received(self._route, line.pdu, self._sim)
        if taken.value is None or line.pdu is None or not fits(line.text, line.pdu):
            again = await self._read_again(index)
            if again is None:
                return True  # emptied meanwhile, or unreadable just now: the next sweep shows it again if it is there
            taken = again
        if not await self._hand_over(taken) or not self._sure():
            return False  # of another card this place is not ours
        await self._delete(index)
        return True

    async def _read_again(self, index: int) -> Received | None:
        """Read a slot whose listing looks damaged: noise on the line must not pass for a bad message."""
        command = Command(f"AT+CMGR={index}", ("+CMGR:",), with_pdu=True)
        answer = await self._channel.ask(command, self._timings.setting)
        if not answer.result.ok or not answer.lines or not answer.lines[-1].pdu:
            return None
        return received(self._route, answer.lines[-1].pdu, self._sim)

    async def _delete(self, index: int) -> None:
        answer = await self._channel.ask(Command(f"AT+CMGD={index}"), self._timings.setting)
        if not answer.result.ok and answer.result.code != ALREADY_EMPTY:
            # It comes again with the next sweep, and the house knows it by its digest.
            log.warning("delete_refused", index=index, result=str(answer.result))

    # --- direct -------------------------------------------------------------------------------------------------------

    def direct(self, pdu: str | None) -> None:
        """Take a message that the modem handed over without storing it: it exists nowhere else."""
        if pdu is None:
            log.warning("message_announced_and_not_shown")
        else:
            self._direct.append(received(self._route, pdu, self._sim))

    @property
    def holds(self) -> bool:
        """Whether directly received messages wait to be kept."""
        return bool(self._direct)

    async def hand_over_direct(self) -> bool:
        """Hand over what came directly; false when the house could not keep it just now."""
        while self._direct:
            if not await self._hand_over(self._direct[0]):
                return False
            self._direct.popleft()
            if self._setup.acknowledge:
                await self._channel.accepts("AT+CNMA=1", self._timings.setting)
        return True

    async def _hand_over(self, taken: Received) -> bool:
        try:
            await self._inbound.received(taken)
        except StoreError as error:
            log.warning("message_not_kept", error=str(error))
            return False
        return True
