"""The modem answers what 27.007 asks: identity, registration, radio, the files of its SIM."""

import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from smsd.simulator import SimulatedModem
from tests.simulator.conftest import SERVICE, Program


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("", ["OK"]),
        ("E0V1Q0X4&C1&D2S0=0", ["OK"]),
        ("+CPIN?", ["+CPIN: READY", "OK"]),
        ("+CMEE=1;+CMEE?", ["+CMEE: 1", "OK"]),
        ("+CGSN", ["860000000000017", "OK"]),
        ("+CIMI", ["250011234567890", "OK"]),
        ("+CCID", ['+CCID: "8970101234567890123"', "OK"]),
        ("+CSQ", ["+CSQ: 21,99", "OK"]),
        ("+CREG?", ["+CREG: 0,1", "OK"]),
        ("+COPS?", ['+COPS: 0,0,"MegaFon"', "OK"]),
        ("+COPS=3,2;+COPS?", ['+COPS: 0,2,"25002"', "OK"]),
        ("+CRSM=176,28483,0,0,2", ['+CRSM: 144,0,"00FF"', "OK"]),
        ("+CRSM=176,12258,0,0,10", ['+CRSM: 144,0,"980701214365870921F3"', "OK"]),
        ("+CRSM=176,28423,0,0,9", ["+CRSM: 106,130", "OK"]),
        ("+CSCS=?", ['+CSCS: ("IRA","GSM","UCS2","HEX")', "OK"]),
        ("+CPINR", ["+CPINR: SIM PIN,3,3", "+CPINR: SIM PUK,10,10", "OK"]),
        ("+NONSENSE", ["ERROR"]),
        ("+CSQ;+NONSENSE;+CIMI", ["+CSQ: 21,99", "ERROR"]),
        ("+CMEE=7", ["ERROR"]),
        ("+CMEE=1;+CMEE=7", ["+CME ERROR: 50"]),
        ("+CMEE=2;+CMEE=7", ["+CME ERROR: Incorrect parameters"]),
        ("(garbage", ["ERROR"]),
    ],
)
async def test_a_command_is_answered(program: Program, command: str, answer: list[str]) -> None:
    assert await program.ask(command) == answer


async def test_the_clock_is_the_networks(program: Program, modem: SimulatedModem) -> None:
    modem.network.clock = lambda: datetime(2026, 3, 1, 15, 0, 5, tzinfo=timezone(timedelta(hours=3)))
    assert await program.ask("+CCLK?") == ['+CCLK: "26/03/01,12:00:05+00"', "OK"]


async def test_every_listed_command_is_answered(program: Program, modem: SimulatedModem) -> None:
    """Whatever +CLAC lists knows its test form or says that it does not: it never keeps silent."""
    listed = await program.ask("+CLAC")
    assert len(listed) > 50
    for name in listed[:-1]:
        if name[2] in "+^":
            assert await program.ask(f"{name[2:]}=?")


async def test_registration_is_told_to_who_asked_for_it(program: Program, modem: SimulatedModem) -> None:
    await program.ask("+CREG=1")
    modem.registration = 6
    assert "+CREG: 6" in await program.until(b"+CREG: 6\r\n")
    assert await program.ask("+CREG?") == ["+CREG: 1,6", "OK"]
    assert await program.ask("+CEREG?") == ["+CEREG: 0,6", "OK"]


async def test_cfun_takes_the_modem_away_and_brings_it_back(program: Program, modem: SimulatedModem) -> None:
    assert await program.ask("+CFUN=1,1") == ["OK"]
    await program.until_gone()
    await modem.wait_until(lambda modem: modem.plugged)
    back = Program(modem.path)
    assert await back.ask("+CFUN?") == ["+CFUN: 1", "OK"]
    back.close()


@pytest.mark.parametrize("back", [True, False])
async def test_a_restart_ends_with_the_power(program: Program, modem: SimulatedModem, back: bool) -> None:
    assert await program.ask("+CFUN=1,1") == ["OK"]
    [restart] = [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == "_reboot"]
    modem.unplug()
    if back:
        modem.plug()
    life = modem.terminal
    await restart
    assert modem.plugged == back
    assert modem.terminal is life
    assert not [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == "_return"]


async def test_with_the_radio_off_nothing_is_sent_and_nothing_comes(program: Program, modem: SimulatedModem) -> None:
    await program.ask("+CFUN=4")
    modem.network.phone("+79161234567").text("waits", to=SERVICE)
    assert modem.network.waiting(SERVICE) == 1
    assert await program.ask("+CREG?") == ["+CREG: 0,0", "OK"]
    await program.ask("+CFUN=1")
    assert modem.network.waiting(SERVICE) == 0
