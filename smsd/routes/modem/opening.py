"""The beginning of a life: from a modem that may be anybody's to one that is ours, with a card that may be used.

Knows the order that harms nobody: greet, ask who it is, compare; look at the card, compare, enter the PIN, compare
again. Nothing of the modem or of its card has been changed until all comparisons have come out right, but for the PIN
of a card that could not be told before it. Refuses to set anything up: that is ``setup``.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from smsd.errors import StrangerError
from smsd.routes import Memory
from smsd.routes.modem.card import CardState, unlock
from smsd.routes.modem.driver import Channel
from smsd.routes.modem.finder import stranger
from smsd.routes.modem.identity import Card, Wanted, imsi_of, note_card
from smsd.routes.modem.recovery import Recovery
from smsd.routes.modem.remedies import turn_radio_on
from smsd.routes.modem.setup import Identity, greet, iccid_of, identify
from smsd.routes.modem.timings import Timings
from smsd.rules.cures import Trouble
from smsd.wire.at import Command

__all__ = ["Opening"]

_CURABLE = {CardState.BUSY: Trouble.SIM_BUSY, CardState.ABSENT: Trouble.SIM_ABSENT}

log = structlog.get_logger()


class Opening:
    """One beginning. ``become`` is told the route's state; ``pause`` waits, or raises when the device goes.

    ``cure`` does what is due about a card that cannot be used.
    """

    def __init__(
        self,
        route: str,
        path: str,
        channel: Channel,
        *,
        memory: Memory,
        timings: Timings,
        clock: Callable[[], float],
        pin: Callable[[], str | None],
        wanted: Wanted,
        become: Callable[[str, str], None],
        pause: Callable[[float], Awaitable[None]],
        recovery: Recovery,
        cure: Callable[[], Awaitable[None]],
    ) -> None:
        self._route = route
        self._path = path
        self._channel = channel
        self._memory = memory
        self._timings = timings
        self._clock = clock
        self._pin = pin
        self._wanted = wanted
        self._become = become
        self._pause = pause
        self._recovery = recovery
        self._cure = cure

    async def run(self) -> Identity:
        """Return who the modem is, with a card that may be used; waits for a card as long as it takes.

        Raises ``StrangerError``, ``RouteError`` or ``StoreError``.
        """
        await greet(self._channel, self._timings)
        identity = await identify(self._channel)
        self._recovery.quirks = identity.quirks
        if not self._wanted.is_modem(identity.imei):
            raise self._stranger(identity, Card())
        if self._wanted.iccid:
            card = Card(await self._iccid(identity))
            if self._wanted.is_card(card) is False:
                raise self._stranger(identity, card)
        self._recovery.trusted = True
        await turn_radio_on(self._channel, identity.quirks, self._timings)
        await self._await_card(identity)
        await self._await_store()
        card = Card(await self._iccid(identity), await imsi_of(self._channel) if self._wanted.imsi else "")
        if not self._wanted.is_card(card):
            raise self._stranger(identity, card)
        await note_card(self._wanted, card, self._memory)
        return replace(identity, iccid=card.iccid)

    def _stranger(self, identity: Identity, card: Card) -> StrangerError:
        """Say that it is another's: it answers, and what it does beside is not ours to cure."""
        self._recovery.answers()
        return stranger(self._wanted, self._path, identity, card)

    async def _iccid(self, identity: Identity) -> str:
        return await iccid_of(self._channel, identity.quirks, self._timings)

    async def _await_card(self, identity: Identity) -> None:
        """Wait until the SIM may be used; a person may have to come."""
        busy_until = self._clock() + self._timings.sim_ready
        while True:
            card = await unlock(self._channel, self._memory, identity.imei, self._pin(), self._timings)
            self._recovery.locked = card.state is CardState.PIN_NEEDED
            self._recovery.unlocked = self._recovery.unlocked or card.entered
            if card.state is CardState.READY:
                self._recovery.well(Trouble.SIM_BUSY, Trouble.SIM_ABSENT)
                return
            patient = card.state is CardState.BUSY and self._clock() < busy_until
            if not patient:
                self._recovery.answers()
                log.warning("sim_not_usable", route=self._route, state=card.state.value, reason=card.detail)
                self._become(card.state.value if card.state is not CardState.BUSY else "sim-busy", card.detail)
                if card.state in _CURABLE:
                    self._recovery.suspect(_CURABLE[card.state], card.detail)
                    await self._cure()
            await self._pause(self._timings.sim_step if patient else self._timings.sim_recheck)

    async def _await_store(self) -> None:
        """Wait until the SIM's messages can be reached: some cards need most of a minute after their PIN."""
        until = self._clock() + self._timings.sim_ready
        while True:
            answer = await self._channel.ask(Command("AT+CPMS?", ("+CPMS:",)), self._timings.setting)
            if answer.result.ok or self._clock() >= until:
                return
            await self._pause(self._timings.sim_step)
