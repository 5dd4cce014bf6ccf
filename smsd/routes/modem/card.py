"""The SIM before it may be used: present, locked, busy, ready.

Knows +CPIN and its PINs (27.007 §8.3). A PIN is tried once: that it was tried is on disk before the modem hears it, and
is forgotten only when the card turns out open. Three wrong tries block a card, and a service that restarts does three
within a minute. Refuses to try a PIN where fewer than two tries are left, and ever to enter a PUK.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

import structlog

from smsd.errors import CommandRefusedError
from smsd.routes import Memory
from smsd.routes.modem.driver import Channel
from smsd.routes.modem.results import numbered
from smsd.routes.modem.timings import Timings
from smsd.wire.at import Command, Result
from smsd.wire.information import fields, information

__all__ = ["Card", "CardState", "unlock"]

SAFE_TRIES = 2
_ABSENT = {("CME", 10), ("CME", 13), ("CME", 15), ("CMS", 310), ("CMS", 313), ("CMS", 315)}
_BUSY = {("CME", 14), ("CMS", 314), ("CMS", 302), ("CMS", 515), ("CME", 515), ("CMS", 311), ("CME", 3)}

log = structlog.get_logger()


class CardState(StrEnum):
    """What a SIM is like."""

    READY = "ready"
    BUSY = "busy"
    PIN_NEEDED = "pin-needed"
    ABSENT = "sim-absent"


@dataclass(frozen=True, slots=True)
class Card:
    """A state and what a person should know of it; ``entered``: it has just been given its PIN."""

    state: CardState
    detail: str = ""
    entered: bool = False


async def unlock(channel: Channel, memory: Memory, imei: str, pin: str | None, timings: Timings) -> Card:
    """Look at the SIM and enter ``pin`` if that is asked for and safe. Raises ``StoreError`` before an unsafe try."""
    answer = await channel.ask(Command("AT+CPIN?", ("+CPIN:",)), timings.setting)
    if not answer.result.ok or not answer.lines:
        return _without_state(answer.result)
    asked = information(answer.lines[-1].text).strip('"').upper()
    mark = f"modem.pin-tried.{imei}"
    if asked == "READY":
        if await memory.recall(mark) is not None:
            await memory.remember(mark, None)
        return Card(CardState.READY)
    if asked in {"NOT READY", ""}:
        return Card(CardState.BUSY, "the SIM is starting")
    if asked == "NOT INSERTED":
        return Card(CardState.ABSENT, "no SIM in the modem")
    if asked != "SIM PIN":
        return Card(CardState.PIN_NEEDED, f"the SIM asks for {asked}: unlock it in a phone")
    return await _enter(channel, memory, mark, pin, timings)


async def _enter(channel: Channel, memory: Memory, mark: str, pin: str | None, timings: Timings) -> Card:
    pin = (pin or "").strip()
    if not pin:
        return Card(CardState.PIN_NEEDED, "the SIM asks for its PIN: give a pin_file")
    if not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 8):
        return Card(CardState.PIN_NEEDED, "the pin_file does not hold a PIN of 4 to 8 digits")
    if await memory.recall(mark) == _fingerprint(mark, pin):
        return Card(CardState.PIN_NEEDED, "the PIN in the pin_file was tried once and is not tried again: correct it")
    left = await _tries_left(channel, timings)
    if left is not None and left < SAFE_TRIES:
        return Card(CardState.PIN_NEEDED, f"{left} tries are left for the PIN: unlock the SIM in a phone")
    await memory.remember(mark, _fingerprint(mark, pin))
    answer = await channel.ask(Command(f'AT+CPIN="{pin}"'), timings.pin)
    if not answer.result.ok:
        log.error("pin_refused", result=str(answer.result))
        return Card(CardState.PIN_NEEDED, "the SIM refused the PIN in the pin_file: correct it")
    await memory.remember(mark, None)
    return Card(CardState.BUSY, "the PIN is entered, the SIM is starting", entered=True)


async def _tries_left(channel: Channel, timings: Timings) -> int | None:
    """Ask how many tries are left (27.007 §8.65 +CPINR); ``None`` where the modem does not tell."""
    try:
        lines = await channel.lines("AT+CPINR", "+CPINR:", limit=timings.answer)
    except CommandRefusedError:
        return None
    for line in lines:
        name, *values = fields(line)
        if name == "SIM PIN" and values and values[0].isdecimal():
            return int(values[0])
    return None


def _fingerprint(mark: str, pin: str) -> str:
    """Return enough of a PIN to see that it was changed, too little (one of 256) to learn it from."""
    return hashlib.sha256(f"{mark}:{pin}".encode()).hexdigest()[:2]


def _without_state(result: Result) -> Card:
    said = numbered(result)
    if (said.kind, said.code) in _ABSENT:
        return Card(CardState.ABSENT, f"no usable SIM in the modem ({said})")
    if (said.kind, said.code) in _BUSY or said.kind == "ERROR":
        return Card(CardState.BUSY, f"the SIM is not ready ({said})")
    return Card(CardState.PIN_NEEDED, f"the modem says {said}")
