"""A look at a service centre that nobody is bound to."""

import asyncio
from dataclasses import replace

import pytest

from smsd.errors import RouteError
from smsd.routes.smpp.examine import reach, try_bind
from smsd.routes.smpp.settings import SmppSettings
from smsd.simulator.network import Network
from smsd.simulator.smsc import SimulatedSmsc
from smsd.wire.smpp.tables import Command
from tests.routes.smpp.house import QUICK, timings


def settings(smsc: SimulatedSmsc, system_id: str = "scserv") -> SmppSettings:
    """Return the settings of a bind."""
    return SmppSettings(smsc.host, smsc.port, system_id=system_id, timings=QUICK)


async def test_a_bind_is_made_as_transmitter_and_ended_in_order() -> None:
    async with SimulatedSmsc(Network(), password="secret") as smsc:
        assert await try_bind(settings(smsc), "secret", asyncio.get_running_loop().time) is None
        await smsc.until(lambda: not smsc.connections)
        assert [command for command, _ in smsc.binds] == [Command.BIND_TRANSMITTER]
        assert Command.UNBIND in {pdu.command_id for pdu in smsc.heard}


async def test_a_refusal_is_told_in_words() -> None:
    async with SimulatedSmsc(Network(), password="secret") as smsc:
        told = await try_bind(settings(smsc), "wrong", asyncio.get_running_loop().time)
        assert told == "SMPP 0x0E: invalid password"


async def test_a_password_that_no_pdu_can_hold_is_an_error() -> None:
    with pytest.raises(RouteError, match="cannot be written: password"):
        await try_bind(SmppSettings("127.0.0.1", 9), "пароль", asyncio.get_running_loop().time)


async def test_a_centre_that_says_nothing_and_one_that_is_away_are_errors() -> None:
    async with SimulatedSmsc(Network()) as smsc:
        smsc.mute = True
        with pytest.raises(RouteError):
            await try_bind(replace(settings(smsc), timings=timings(bind=0.1)), "", asyncio.get_running_loop().time)
        await reach(smsc.host, smsc.port, 5.0)
    with pytest.raises(RouteError):
        await reach(smsc.host, smsc.port, 5.0)
