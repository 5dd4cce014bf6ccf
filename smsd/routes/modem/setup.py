"""From an open port to a modem that reports what it hears: the initialisation, step by step.

Knows the order that works on every family named in ``quirks`` (27.005, 27.007) and what may be refused without harm.
Refuses to use ATZ (some modems fall back to stored settings), AT+CSCS (it means nothing in PDU mode) and operators'
names (they come in any character set).
"""

import asyncio
from dataclasses import dataclass, replace

import structlog

from smsd.errors import CommandRefusedError, CommandTimeoutError, PduModeError
from smsd.routes.modem.driver import Channel
from smsd.routes.modem.quirks import Quirks, quirks_of
from smsd.routes.modem.timings import Timings
from smsd.wire.at import Command
from smsd.wire.information import fields, groups, information, numbers

__all__ = ["Identity", "Reports", "Setup", "greet", "iccid_of", "identify", "indications", "set_up"]

STORES = ("ME", "SM", "MT")
"""Where new messages shall go, best first: the modem's own store is larger and quicker than the SIM's."""
NOT_SWEPT = frozenset({"MT", "BM", "TA"})
"""MT is only a view of others, BM holds broadcasts, TA is the same as ME by another name where it exists."""
READ_ICCID = Command("AT+CRSM=176,12258,0,0,10", ("+CRSM:",))

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the modem says it is; ``iccid`` is the card's, empty until it can be read."""

    manufacturer: str = ""
    model: str = ""
    revision: str = ""
    imei: str = ""
    iccid: str = ""

    @property
    def quirks(self) -> Quirks:
        """The row of the quirks table for this modem."""
        return quirks_of(self.manufacturer, self.model)


class Reports:
    """How status reports come: the third value of ``AT+CNMI`` from the end (27.005 §3.4.1 <ds>)."""

    NONE = 0
    DIRECT = 1
    STORED = 2


@dataclass(frozen=True, slots=True)
class Setup:
    """What the initialisation has settled.

    ``stores`` are to be swept, ``slots`` maps a store to (used, total); ``reports`` is <ds>; ``hints`` whether the
    modem tells of new messages at all; ``acknowledge`` whether direct messages want AT+CNMA. ``indications`` are the
    values of +CNMI as the modem says it keeps them: some drop them later. No ``stores``: it has none that can be used.
    """

    stores: tuple[str, ...]
    slots: dict[str, tuple[int, int]]
    reports: int
    hints: bool
    acknowledge: bool
    service_centre: str
    indications: tuple[int | None, ...] = ()


async def greet(channel: Channel, timings: Timings) -> None:
    """Get the modem's attention and agree on how to talk. Raises ``ModemError`` when nothing answers."""
    async with channel.lock:  # an ESC takes back whatever is being sent: nobody may be at it
        channel.wake()
        await asyncio.sleep(timings.drain)
    for _ in range(2):
        try:
            await channel.ask(Command("AT"), timings.answer)
            break
        except CommandTimeoutError:
            log.debug("modem_slow_to_answer")
    for command in ("ATE0", "ATV1", "AT+CMEE=1"):
        await channel.accepts(command)


async def identify(channel: Channel) -> Identity:
    """Ask who the modem is; what it does not tell stays empty."""
    return Identity(
        manufacturer=await _said(channel, "AT+CGMI", "+CGMI:"),
        model=await _said(channel, "AT+CGMM", "+CGMM:"),
        revision=await _said(channel, "AT+CGMR", "+CGMR:"),
        imei=_digits(await _said(channel, "AT+CGSN", "+CGSN:")),
    )


async def with_card(channel: Channel, identity: Identity, timings: Timings) -> Identity:
    """Return ``identity`` with the number of the card (ICCID)."""
    return replace(identity, iccid=await iccid_of(channel, identity.quirks, timings))


async def iccid_of(channel: Channel, quirks: Quirks, timings: Timings) -> str:
    """Read EF_ICCID (102.221 §13.2), or ask in the maker's words; empty when neither works."""
    answer = await channel.ask(READ_ICCID, timings.setting)
    if answer.result.ok and answer.lines:
        values = fields(answer.lines[-1].text)
        if len(values) > 2 and values[0] == "144" and len(values[2]) == 20:
            swapped = "".join(values[2][at + 1] + values[2][at] for at in range(0, 20, 2))
            return _digits(swapped.upper().rstrip("F"))
    for text in quirks.iccid:
        said = await _said(channel, text, text[2:].removesuffix("?") + ":")
        if said:
            return _digits(said.upper().rstrip("F"))
    return ""


async def set_up(channel: Channel, quirks: Quirks, timings: Timings, *, want_reports: bool) -> Setup:
    """Set the modem to PDU mode, choose the stores, ask for hints and reports.

    Raises ``PduModeError`` when the modem cannot do what this service needs.
    """
    for text in quirks.set_up:
        await channel.accepts(text, timings.setting)
    if not await channel.accepts("AT+CMGF=0", timings.setting):
        raise PduModeError("the modem refuses PDU mode (AT+CMGF=0)")
    acknowledge = await _wants_acknowledgement(channel, timings)
    await channel.accepts("ATS0=0")
    stores, slots = await _choose_stores(channel, timings)
    reports = await _ask_for_hints(channel, quirks, timings, want_reports=want_reports)
    for text in ("AT+CREG=1", "AT+CGREG=1", "AT+CEREG=1"):
        await channel.accepts(text)
    await channel.accepts("AT+COPS=3,2")
    centre = fields(await _said(channel, "AT+CSCA?", "+CSCA:", keep_quotes=True))
    return Setup(
        stores=stores,
        slots=slots,
        reports=reports if reports is not None else Reports.NONE,
        hints=reports is not None,
        acknowledge=acknowledge,
        service_centre=centre[0] if centre else "",
        indications=await indications(channel),
    )


async def indications(channel: Channel) -> tuple[int | None, ...]:
    """Read +CNMI; empty where the modem does not say."""
    return tuple(numbers(await _said(channel, "AT+CNMI?", "+CNMI:", keep_quotes=True)))


async def _wants_acknowledgement(channel: Channel, timings: Timings) -> bool:
    """Choose phase 2 service; where the modem insists on 2+, direct messages must be acknowledged (27.005 §3.4.4)."""
    if await channel.accepts("AT+CSMS=0", timings.setting):
        return False
    values = numbers(await _said(channel, "AT+CSMS?", "+CSMS:", keep_quotes=True))
    return bool(values) and values[0] == 1


async def _choose_stores(channel: Channel, timings: Timings) -> tuple[tuple[str, ...], dict[str, tuple[int, int]]]:
    """Set all three memories (one argument would set only the first) and name the stores to be swept."""
    try:
        lines = await channel.lines("AT+CPMS=?", "+CPMS:", limit=timings.setting)
    except CommandRefusedError:
        lines = []
    offered = [*groups(lines[-1]), [], [], []][:3] if lines else [["SM"]] * 3
    usable = [name for name in STORES if all(name in memory for memory in offered)]
    for name in [*usable, *(name for name in offered[2] if name not in usable)]:
        first = name if name in offered[0] else offered[0][0]
        second = name if name in offered[1] else offered[1][0]
        answer = await channel.ask(Command(f'AT+CPMS="{first}","{second}","{name}"', ("+CPMS:",)), timings.setting)
        if answer.result.ok:
            stores = tuple(store for store in offered[0] if store not in NOT_SWEPT) or (first,)
            return stores, _slots(first, answer.lines[-1].text if answer.lines else "")
    return (), {}


def _slots(store: str, line: str) -> dict[str, tuple[int, int]]:
    used, total, *_ = [*numbers(line), None, None]
    return {store: (used, total)} if used is not None and total is not None else {}


async def _ask_for_hints(channel: Channel, quirks: Quirks, timings: Timings, *, want_reports: bool) -> int | None:
    """Ask to be told of new messages (mt=1: stored first) and, if wanted, to be handed reports; return <ds>.

    Reports handed over directly are the safe way: many modems announce stored ones under a wrong index. ``None`` when
    every form is refused: then only the regular sweep finds messages.
    """
    wanted = [Reports.DIRECT, Reports.STORED] if quirks.stored_reports else [Reports.DIRECT]
    for ds in [*wanted, Reports.NONE] if want_reports else [Reports.NONE]:
        for mode, bfr in ((2, 0), (2, 1), (1, 0), (1, 1)):
            if await channel.accepts(f"AT+CNMI={mode},1,0,{ds},{bfr}", timings.setting):
                if want_reports and ds == Reports.NONE:
                    log.warning("no_delivery_reports", reason="the modem refuses to hand them over")
                return ds
    log.warning("no_hints", reason="AT+CNMI refused in every form; messages are found by the regular sweep only")
    return None


async def _said(channel: Channel, text: str, prefix: str, *, keep_quotes: bool = False) -> str:
    """Return the first line of what the modem says to ``text``, empty where it refuses."""
    try:
        lines = await channel.lines(text, prefix, bare=True)
    except CommandRefusedError:
        return ""
    said = information(lines[0]) if lines else ""
    return said if keep_quotes else said.strip('"')


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
