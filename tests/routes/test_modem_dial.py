"""Codes are dialled beside everything else: no part waits for the network's thoughts."""

import asyncio

import pytest

from smsd.errors import CommandTimeoutError, ModemError
from smsd.routes.modem import ModemRoute
from smsd.simulator import SimulatedModem
from smsd.sms import Sent
from tests.routes.house import Ledger, part, running

RUSSIAN = "Баланс: 123,45 р."


def dialled(modem: SimulatedModem) -> list[str]:
    return [f"AT{said.line}" for said in modem.typed if said.line.startswith("+CUSD")]


@pytest.mark.parametrize("later", [0.0, 0.05])
async def test_a_balance_is_told_whenever_it_comes(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger, later: float
) -> None:
    modem.dial_seconds = later
    modem.codes["*102#"] = f'0,"{RUSSIAN.encode("utf-16-be").hex().upper()}",72'
    async with running(route, ledger):
        assert await route.dial("*100#") == "Balance 100.00"
        assert await route.dial("*102#") == RUSSIAN


async def test_a_modem_that_wants_the_code_packed_gets_it(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    modem.dials_packed = True
    async with running(route, ledger):
        assert await route.dial("*100#") == "Balance 100.00"
    assert dialled(modem) == ['AT+CUSD=1,"*100#",15', 'AT+CUSD=1,"AA180C3602",15']


async def test_a_network_that_says_nothing_is_given_up_and_told_so(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    modem.codes["*100#"] = None
    async with running(route, ledger):
        with pytest.raises(CommandTimeoutError, match="no answer within"):
            await route.dial("*100#")
        modem.codes["*100#"] = '0,"7",15'
        assert await route.dial("*100#") == "7"
    assert dialled(modem)[1] == "AT+CUSD=2"


async def test_a_menu_is_read_and_left(modem: SimulatedModem, route: ModemRoute, ledger: Ledger) -> None:
    modem.codes["*100#"] = '1,"1 balance 2 tariff",15'
    async with running(route, ledger):
        assert await route.dial("*100#") == "1 balance 2 tariff"
    assert dialled(modem)[-1] == "AT+CUSD=2"


async def test_a_code_that_the_network_does_not_know_says_so(route: ModemRoute, ledger: Ledger) -> None:
    async with running(route, ledger):
        with pytest.raises(ModemError, match=r"does not answer \*999#: unsupported"):
            await route.dial("*999#")


async def test_a_part_does_not_wait_for_an_answer(modem: SimulatedModem, route: ModemRoute, ledger: Ledger) -> None:
    modem.codes["*100#"] = None
    async with running(route, ledger):
        dialling = asyncio.create_task(route.dial("*100#"))
        await ledger.until(lambda: dialled(modem))
        assert isinstance(await route.submit(part()), Sent)
        assert not dialling.done()
        with pytest.raises(CommandTimeoutError):
            await dialling


async def test_nothing_is_dialled_beside_a_part_in_the_air(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    modem.radio_seconds = 0.2
    async with running(route, ledger):
        sending = asyncio.create_task(route.submit(part()))
        await ledger.until(lambda: modem.in_air)
        with pytest.raises(ModemError, match="at work"):
            await route.dial("*100#")
        assert isinstance(await sending, Sent)
    assert dialled(modem) == []


async def test_a_modem_that_is_away_dials_nothing(route: ModemRoute) -> None:
    with pytest.raises(ModemError, match="not ready: away"):
        await route.dial("*100#")


async def test_what_the_operator_says_unasked_is_no_answer(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.unsolicited('+CUSD: 0,"Buy our tariff",15')
        assert isinstance(await route.submit(part()), Sent)  # by then it has been heard
        assert await route.dial("*100#") == "Balance 100.00"
