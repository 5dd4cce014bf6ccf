"""A modem's dialogue, written down for those who have no such modem: what the daemon would ask it, and what it says.

Knows the questions: those of the set-up, in the daemon's own order and by its own code, and more that show what a modem
can (test commands of 27.005 and 27.007). Refuses to enter a PIN, to send and to delete; the messages in the stores
are listed, as the daemon lists them, by which a modem may mark them as read. What it sets is what the daemon sets at
every start, and is forgotten when the modem's power goes. What is written down is anonymous.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from smsd.errors import CommandTimeoutError
from smsd.routes.modem.card import CardState, unlock
from smsd.routes.modem.driver import Channel
from smsd.routes.modem.finder import Forgetful
from smsd.routes.modem.identity import imsi_of
from smsd.routes.modem.port import Port
from smsd.routes.modem.setup import greet, iccid_of, identify, set_up
from smsd.routes.modem.timings import Timings
from smsd.wire.anonymity import Anonymiser
from smsd.wire.at import Command
from smsd.wire.transcript import FROM_MODEM, TO_MODEM, Transcript, lines_of

__all__ = ["record"]

QUESTIONS = (
    "ATI", "AT+GCAP", "AT+CMGF=?", "AT+CSMS=?", "AT+CSMS?", "AT+CNMI=?", "AT+CNMI?", "AT+CPMS?", "AT+CSCA?",
    "AT+CMMS=?", "AT+CFUN=?", "AT+CFUN?", "AT+CREG=?", "AT+CREG?", "AT+CGREG?", "AT+CEREG?", "AT+CSQ", "AT+COPS?",
    "AT+CCLK?", "AT+CPINR", "AT+CUSD=?", "AT+CSCS=?", "AT+CSCS?", "AT+CRSM=176,28483,0,0,2", "AT+CLAC",
)  # fmt: skip
"""What is asked beside the set-up; a refusal is an answer, too."""
OF_MAKERS = {
    "Huawei": ("AT^GETPORTMODE", "AT^CPIN?", "AT^SYSINFO", "AT^SETPORT?"),
    "ZTE": ("AT+ZOPRT?", "AT+ZPINPUK?"),
    "Quectel": ("AT+QURCCFG?", 'AT+QINDCFG="all"', 'AT+QCFG="usbcfg"'),
    "Telit": ("AT#PORTCFG?",),
}
"""What is asked of some makers' modems beside that."""


class _Tap(Port):
    """A port that lets somebody listen."""

    heard: Callable[[str, bytes], None]

    def write(self, octets: bytes) -> None:
        """Write ``octets``, and tell of them."""
        self.heard(TO_MODEM, octets)
        super().write(octets)


async def record(
    device: str,
    *,
    baud: int = 115200,
    rtscts: bool = False,
    listen: float = 0.0,
    timings: Timings | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> tuple[Transcript, int]:
    """Hold the dialogue, listen for so many seconds more, and return it with the number of PDUs that became zeros.

    ``told`` hears what is being done. Raises ``RouteError``: the port cannot be opened, or nothing answers there.
    """
    timings = timings or Timings()
    pieces: list[tuple[str, bytes]] = []
    port = await _Tap.open(device, baud, rtscts=rtscts)
    port.heard = lambda mark, octets: pieces.append((mark, octets))
    try:
        channel = Channel(port, timings, hear=lambda _: None, dirtied=lambda: None, gone=lambda: None)
        # The channel listens already; now both do.
        port.overhear(lambda octets: pieces.append((FROM_MODEM, octets)))
        state = await _converse(channel, timings, listen, told)
    finally:
        await asyncio.shield(port.close())
    anonymiser = Anonymiser()
    lines = anonymiser.lines(lines_of(pieces))
    return Transcript({"state": state}, lines), anonymiser.blanked


async def _converse(channel: Channel, timings: Timings, listen: float, told: Callable[[str], None]) -> str:
    told("who it is")
    await greet(channel, timings)
    identity = await identify(channel)
    card = await unlock(channel, Forgetful(), identity.imei, None, timings)
    if card.state is not CardState.READY:
        return card.state.value
    told("its SIM")
    await iccid_of(channel, identity.quirks, timings)
    await imsi_of(channel)
    told("its set-up")
    setup = await set_up(channel, identity.quirks, timings, want_reports=True)
    told("what it can")
    await _ask(channel, (*QUESTIONS, *OF_MAKERS.get(identity.quirks.name, ())), timings)
    told("its messages")
    for store in setup.stores:
        await _list(channel, store, timings)
    if listen:
        told("what it says by itself")
        await _wait(channel, listen)
        for store in setup.stores:
            await _list(channel, store, timings)
    return "ready"


async def _ask(channel: Channel, questions: tuple[str, ...], timings: Timings) -> None:
    for text in questions:
        prefix = text.removeprefix("AT").rstrip("?").partition("=")[0]
        with suppress(CommandTimeoutError):
            await channel.ask(Command(text, (f"{prefix}:",), bare=True), timings.setting)


async def _list(channel: Channel, store: str, timings: Timings) -> None:
    with suppress(CommandTimeoutError):
        await channel.ask(Command(f'AT+CPMS="{store}"', ("+CPMS:",)), timings.setting)
        await channel.ask(Command("AT+CMGL=4", ("+CMGL:",), with_pdu=True), timings.listing)


async def _wait(channel: Channel, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while channel.lost is None and (left := until - loop.time()) > 0:  # noqa: ASYNC110  the port tells only its reader
        await asyncio.sleep(min(left, 1.0))
