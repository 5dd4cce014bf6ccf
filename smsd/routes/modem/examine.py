"""A look at a modem that no daemon drives: who it is, what it can, how its SIM and its network are.

Knows the questions (27.005, 27.007) and how to ask them without changing anything: no PIN is entered, nothing is set
but what lets an answer be understood (echo off, errors and the operator as numbers), no message is read or deleted.
Refuses to judge what it finds.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from smsd.errors import CommandRefusedError
from smsd.routes.modem.card import Card, CardState, unlock
from smsd.routes.modem.driver import Channel
from smsd.routes.modem.network import Network
from smsd.routes.modem.port import Port
from smsd.routes.modem.setup import Identity, greet, identify, with_card
from smsd.routes.modem.timings import Timings
from smsd.wire.information import fields, groups, information, numbers

__all__ = ["Examination", "examine", "moment_of"]

_CLOCK = re.compile(r'"?(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)"?')
YEARS = range(24, 80)
"""A clock that says another year has never been set: makers let theirs begin at 2000, 2004 or 1980."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What a modem said. ``None`` stands for what it did not tell, or could not be asked with this SIM.

    ``slots`` are used and total of the fullest store in use; ``hints`` tells whether +CNMI can be had as it is
    needed, ``taken_directly`` that it stands at handing messages over unstored; ``clock`` is +CCLK.
    """

    identity: Identity
    card: Card
    pdu_mode: bool = True
    service_centre: str | None = None
    registered: bool | None = None
    registration: str = ""
    operator: str = ""
    signal: int | None = None
    slots: tuple[int, int] | None = None
    hints: bool | None = None
    taken_directly: bool = False
    clock: datetime | None = None


class _NoMemory:
    """A memory that keeps nothing: what is asked here is asked for this once."""

    async def recall(self, key: str) -> None:
        """Remember nothing."""

    async def remember(self, key: str, value: str | None) -> None:
        """Keep nothing."""


async def examine(
    device: str, *, clock: Callable[[], float], baud: int = 115200, rtscts: bool = False, timings: Timings | None = None
) -> Examination:
    """Open the modem at ``device``, ask, and close it again; ``clock`` counts seconds and never goes back.

    Raises ``RouteError``: the port cannot be opened, or nothing answers there.
    """
    timings = timings or Timings()
    port = await Port.open(device, baud, rtscts=rtscts)
    try:
        channel = Channel(port, timings, hear=lambda _: None, dirtied=lambda: None, gone=lambda: None)
        await greet(channel, timings)
        identity = await identify(channel)
        card = await unlock(channel, _NoMemory(), identity.imei, None, timings)
        if card.state is not CardState.READY:
            return Examination(identity, card)
        return await _with_card(channel, await with_card(channel, identity, timings), card, timings, clock)
    finally:
        await asyncio.shield(port.close())


async def _with_card(
    channel: Channel, identity: Identity, card: Card, timings: Timings, clock: Callable[[], float]
) -> Examination:
    await channel.accepts("AT+COPS=3,2")  # the operator by its number: names come in any character set
    network = Network(channel, timings, clock, choose=False)
    await network.look_if_due()
    seen = network.facts
    modes = await _told(channel, "AT+CMGF=?", "+CMGF:")
    offered = await _told(channel, "AT+CNMI=?", "+CNMI:")
    stands = numbers(await _told(channel, "AT+CNMI?", "+CNMI:") or "")
    centre = await _told(channel, "AT+CSCA?", "+CSCA:")
    signal, operator = seen["signal"], seen["operator"]
    return Examination(
        identity=identity,
        card=card,
        pdu_mode=modes is None or "0" in groups(modes)[0],
        service_centre=None if centre is None else (fields(centre) or [""])[0],
        registered=network.registered,
        registration=network.detail,
        operator=str(operator or ""),
        signal=signal if isinstance(signal, int) else None,
        slots=_slots(await _told(channel, "AT+CPMS?", "+CPMS:")),
        hints=None if offered is None else _hints(offered),
        taken_directly=len(stands) > 1 and stands[1] in (2, 3),
        clock=moment_of(await _told(channel, "AT+CCLK?", "+CCLK:")),
    )


async def _told(channel: Channel, text: str, prefix: str) -> str | None:
    """Return the first line of an answer; ``None`` where the modem refuses, or says nothing."""
    try:
        lines = await channel.lines(text, prefix)
    except CommandRefusedError:
        return None
    return lines[0] if lines else None


def _slots(line: str | None) -> tuple[int, int] | None:
    """Read used and total of the fullest of the three memories (27.005 §3.2.2): name, used, total of each in turn."""
    values = [number or 0 for number in numbers(line or "")]
    memories = [(used, total) for used, total in zip(values[1::3], values[2::3], strict=False) if total]
    return max(memories, key=lambda memory: memory[0] / memory[1], default=None)


def _hints(offered: str) -> bool:
    ranges = groups(offered)
    return len(ranges) > 1 and bool({"1", "2"} & set(ranges[0])) and "1" in ranges[1]


def moment_of(line: str | None) -> datetime | None:
    """Read +CCLK (27.007 §8.15): ``"yy/MM/dd,hh:mm:ss±zz"``, the zone in quarters of an hour; ``None``: never set."""
    found = _CLOCK.search(information(line or ""))
    if found is None or int(found[1]) not in YEARS:
        return None
    year, month, day, hour, minute, second = (int(found[at]) for at in range(1, 7))
    try:
        zone = timezone(int(found[7]) * timedelta(minutes=15))
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
