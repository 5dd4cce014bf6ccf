"""Cures that are said in AT commands: the radio off and on, the modem restarted, a last word to one that is mute.

Knows the words, which are the modem's own (``quirks``). Refuses to know when: that is ``recovery``.

Where a ``kill -9`` leaves the client: with a radio that is off, and nothing sent or received, until the next start
turns it on. A process that is told to end says the word for that itself.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from smsd.errors import (
    CommandRefusedError,
    CommandTimeoutError,
    ModemError,
    ModemResetError,
    PduModeError,
    PortGoneError,
)
from smsd.routes.modem.driver import Channel
from smsd.routes.modem.quirks import Quirks
from smsd.routes.modem.recovery import Recovery
from smsd.routes.modem.timings import Timings
from smsd.rules.cures import Cure, Trouble
from smsd.wire.information import numbers

__all__ = ["last_resort", "radio_off_and_on", "restart", "turn_radio_on"]

RADIO_OFF = (0, 4)
"""<fun> of 27.007 §8.2 in which nothing is sent or received."""


async def radio_off_and_on(channel: Channel, quirks: Quirks, timings: Timings) -> None:
    """Turn the radio off, and on again whatever happens in between.

    Raises ``RouteError``: then the radio may be off, and ``turn_radio_on`` is to be tried until it is not.
    """
    try:
        with contextlib.suppress(CommandTimeoutError):
            await channel.accepts(quirks.radio_off, timings.functionality)
        await asyncio.sleep(timings.radio_rest)
    except asyncio.CancelledError:  # there is no time for an answer; a word that is not heard is said at the next start
        channel.blurt(quirks.radio_on)
        await asyncio.sleep(timings.drain)
        raise
    await channel.accepts(quirks.radio_on, timings.functionality)


async def turn_radio_on(channel: Channel, quirks: Quirks, timings: Timings) -> None:
    """Turn a radio on that is off, as a process leaves it that dies in the middle of a cure."""
    with contextlib.suppress(CommandRefusedError, CommandTimeoutError):
        stands = [number for line in await channel.lines("AT+CFUN?", "+CFUN:") for number in numbers(line)]
        if stands and stands[0] in RADIO_OFF:
            await channel.accepts(quirks.radio_on, timings.functionality)


async def restart(channel: Channel, quirks: Quirks, timings: Timings) -> None:
    """Restart the modem; it may answer, fall silent or go at once."""
    with contextlib.suppress(CommandTimeoutError, PortGoneError):
        await channel.accepts(quirks.restart, timings.answer)


async def last_resort(
    channel: Channel, recovery: Recovery, error: ModemError, until_gone: Callable[[], Awaitable[None]]
) -> None:
    """Do what can be done about a modem that does not answer, or refuses PDU mode, before its port is opened anew.

    Whoever waits for his turn at it learns that there is none. Raises ``ModemResetError`` when more is done than to
    open it anew.
    """
    in_air = channel.lock.locked()
    channel.retire(error)
    if isinstance(error, PduModeError):
        recovery.well(Trouble.SILENT, Trouble.STUCK)  # it has answered all that comes before
        trouble = Trouble.NO_PDU_MODE
    else:
        stuck = channel.stuck or recovery.has(Trouble.STUCK)
        trouble = Trouble.STUCK if stuck else Trouble.SILENT
    recovery.suspect(trouble, str(error))
    step = recovery.due(in_air=in_air, of=trouble)
    if step is None:
        return
    recovery.took(step)
    if step.cure is Cure.RESTART:
        channel.blurt(recovery.quirks.restart)
        await until_gone()
    if step.cure in {Cure.RESTART, Cure.USB}:
        raise ModemResetError(step.cure.value, str(error)) from error
