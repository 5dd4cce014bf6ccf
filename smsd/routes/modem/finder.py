"""A modem found by who it is, whatever its port is called today.

Knows how to ask a port without doing anything to the modem behind it: AT, who are you, whose card. Ports that another
program or another route uses are not touched, nor those whose USB ids say that they are something else. What a port
said is remembered while it stays plugged in, for all routes together, so that two routes that seek do not ask twice.
Refuses to choose: a modem that is not the wanted one is only told of.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from smsd.errors import ModemError, PortBusyError, PortGoneError, RouteError, StrangerError
from smsd.routes.modem.card import CardState, unlock
from smsd.routes.modem.driver import Channel
from smsd.routes.modem.host import HostPort, Ports
from smsd.routes.modem.identity import Card, Wanted, imsi_of, told
from smsd.routes.modem.port import Port
from smsd.routes.modem.setup import Identity, iccid_of, identify
from smsd.routes.modem.timings import Timings
from smsd.wire.at import Command

__all__ = ["Finder", "Seeker", "Seen"]

NO_CARD = Card()

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a port said at a moment (by the steady clock); without an ``identity`` it said nothing, for ``why``.

    ``first`` is when it was asked first since it was plugged in.
    """

    at: float
    first: float
    identity: Identity | None = None
    card: Card = NO_CARD
    why: str = ""
    held: bool = False


class Seeker:
    """Asks ports who they are, one at a time, for all routes of this process."""

    def __init__(self, ports: Ports, timings: Timings, clock: Callable[[], float]) -> None:
        self.ports = ports
        self._timings = replace(timings, answer=timings.greeting, probe=timings.greeting, dead=timings.greeting)
        self._clock = clock
        self._seen: dict[str, tuple[str, Seen]] = {}
        self._turn = asyncio.Lock()

    async def look(self) -> list[tuple[HostPort, Seen]]:
        """Return every free port that may be a modem's with what it said; those not asked lately are asked now."""
        async with self._turn:
            found: list[tuple[HostPort, Seen]] = []
            answered: set[str] = set()
            for port in self.ports.candidates():
                if port.usb in answered:
                    continue  # one answer is enough of a device: its other ports are left alone
                seen = await self._seen_at(port)
                found.append((port, seen))
                if seen.identity is not None:
                    answered.add(port.usb)
            self._seen = {port.tty: (_mark(port), seen) for port, seen in found}
            return found

    def forget(self, port: HostPort) -> None:
        """Have a port asked anew: what it said is not true any more."""
        self._seen.pop(port.tty, None)

    async def _seen_at(self, port: HostPort) -> Seen:
        mark, seen = self._seen.get(port.tty, ("", None))
        if seen is not None and mark == _mark(port):
            if not self._stale(seen):
                return seen
            asked = await self._ask(port, seen.first)
            if asked.identity == seen.identity:
                return asked
        else:
            asked = await self._ask(port, self._clock())
        if asked.identity is not None:
            log.info("modem_seen", device=port.path, model=asked.identity.model, imei=f"…{asked.identity.imei[-4:]}")
        return asked

    def _stale(self, seen: Seen) -> bool:
        age, timings = self._clock() - seen.at, self._timings
        if seen.identity is not None and seen.identity.imei:
            return age >= timings.stranger
        if seen.held:
            return age >= timings.busy
        return age >= (timings.greeting if self._clock() - seen.first < timings.patience else timings.patience)

    async def _ask(self, port: HostPort, first: float) -> Seen:
        try:
            identity, card = await self._converse(port.path)
        except PortBusyError as error:
            return Seen(self._clock(), first, why=str(error), held=True)
        except RouteError as error:
            return Seen(self._clock(), first, why=str(error))
        return Seen(self._clock(), first, identity, card)

    async def _converse(self, path: str) -> tuple[Identity, Card]:
        """Open a port, ask who is there, and close it again. Raises ``RouteError``."""
        timings = self._timings
        opened = await Port.open(path)
        try:
            channel = Channel(opened, timings, hear=lambda _: None, dirtied=lambda: None, gone=lambda: None)
            channel.wake()
            await asyncio.sleep(timings.drain)
            await channel.ask(Command("AT"), timings.greeting)
            await channel.accepts("ATE0")
            await channel.accepts("AT+CMEE=1")
            identity = await identify(channel)
            card = await card_of(channel, identity, timings)
            if not identity.imei and card == NO_CARD:
                raise ModemError(f"{path}: something answers AT and tells neither an IMEI nor a card")
            return identity, card
        finally:
            await asyncio.shield(opened.close())


async def card_of(channel: Channel, identity: Identity, timings: Timings) -> Card:
    """Read what a card tells of itself as it is; no PIN is entered."""
    state = await unlock(channel, Forgetful(), identity.imei, None, timings)
    iccid = "" if state.state is CardState.ABSENT else await iccid_of(channel, identity.quirks, timings)
    return Card(iccid, await imsi_of(channel) if state.state is CardState.READY else "")


class Forgetful:
    """A memory that keeps nothing: no PIN is tried here, so nothing need be known of earlier tries."""

    async def recall(self, key: str) -> None:
        """Remember nothing."""

    async def remember(self, key: str, value: str | None) -> None:
        """Keep nothing."""


class Finder:
    """One route's search."""

    def __init__(self, seeker: Seeker) -> None:
        self._seeker = seeker

    async def find(self, wanted: Wanted) -> str:
        """Return the path of the port that the wanted modem answers at.

        Raises ``StrangerError`` when there is one modem, free, and it is another; ``PortGoneError`` when none is there
        or more than one stranger, of whom none can be meant more than the others.
        """
        looked = await self._seeker.look()
        modems = [(port, seen.identity, seen.card) for port, seen in looked if seen.identity is not None]
        # A wanted modem with another card is opened all the same: there the card is compared, and told of.
        ours = [each for each in modems if wanted.is_modem(each[1].imei) and (wanted.imei or wanted.is_card(each[2]))]
        if ours:
            # Sticks of one batch may have one IMEI: then the card tells, as far as it tells without its PIN.
            port, *_ = min(ours, key=lambda each: (True, None, False).index(wanted.is_card(each[2])))
            self._seeker.forget(port)
            return port.path
        if len(modems) == 1:
            port, identity, card = modems[0]
            raise stranger(wanted, port.path, identity, card)
        raise PortGoneError(_nowhere(wanted, looked, len(modems)))


def stranger(wanted: Wanted, path: str, identity: Identity, card: Card) -> StrangerError:
    """Return what says that a modem, or its card, is not the wanted one."""
    modem = not wanted.is_modem(identity.imei)
    told_imei = f"its IMEI is …{identity.imei[-4:]}" if identity.imei else "it tells no IMEI"
    what, seen = ("modem", told_imei) if modem else ("SIM", f"it is {_card(card)}")
    return StrangerError(
        "foreign-modem" if modem else "foreign-sim",
        f"{path}: this {what} is not the configured one ({wanted} wanted, {seen}); it is left alone. "
        f"If it is the replacement: smsd modem adopt",
        told(identity, card),
    )


def _card(card: Card) -> str:
    if card.imsi:
        return f"IMSI …{card.imsi[-4:]}"
    return f"ICCID …{card.iccid[-4:]}, its IMSI is told after its PIN" if card.iccid else "a card that tells nothing"


def _nowhere(wanted: Wanted, looked: list[tuple[HostPort, Seen]], modems: int) -> str:
    if modems:
        return f"{wanted} is at none of the host's free ports; {modems} other modems are: 'smsd modem list' shows them"
    silent = next((seen.why for _, seen in looked if seen.why), "")
    return f"no free port has {wanted}; is the modem plugged in?" + (f" ({silent})" if silent else "")


def _mark(port: HostPort) -> str:
    """Return what changes when a port is another, although it has the same name."""
    try:
        place = os.stat(port.path)  # noqa: PTH116  a device node
    except OSError:
        return ""
    return f"{port.usb} {port.number} {place.st_rdev} {place.st_ino} {place.st_ctime_ns}"
