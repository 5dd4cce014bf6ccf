"""The modem answers what V.250 and 27.007 ask, in words, in digits, echoed or not."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsd.simulator import Network, Sim, SimulatedModem
from smsd.simulator.faults import Faults
from smsd.simulator.terminal import Terminal
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


async def test_every_listed_command_is_answered(program: Program, modem: SimulatedModem) -> None:
    """Whatever +CLAC lists knows its test form or says that it does not: it never keeps silent."""
    listed = await program.ask("+CLAC")
    assert len(listed) > 50
    for name in listed[:-1]:
        if name[2] in "+^":
            assert await program.ask(f"{name[2:]}=?")


async def test_echo_is_on_until_it_is_off_and_again_after_atz(modem: SimulatedModem) -> None:
    program = Program(modem.path)
    program.type(b"AT\r")
    assert await program.until(b"OK\r\n") == "AT\r\r\nOK\r\n"
    await program.ask("E0")
    program.heard = b""
    program.type(b"AT\r")
    assert await program.until(b"OK\r\n") == "\r\nOK\r\n"
    await program.ask("Z")
    program.heard = b""
    program.type(b"AT\r")
    assert (await program.until(b"OK\r\n")).startswith("AT\r")
    program.close()


async def test_results_in_digits(program: Program) -> None:
    program.heard = b""
    program.type(b"ATV0\r")
    assert await program.until(b"0\r") == "0\r"
    program.heard = b""
    program.type(b"AT+CSQ;+NONSENSE\r")
    assert await program.until(b"4\r") == "+CSQ: 21,99\r\n4\r"


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 9), max_size=20))
async def test_command_lines_are_the_same_however_they_arrive(sizes: list[int]) -> None:
    typed = b"rubbish\rAT\r\nat+csq\r\n\x1b\rATE0V1\x08\x08V0\r"
    terminal = Terminal(lambda _: None, Faults())
    reading = asyncio.ensure_future(_lines(terminal, 3))
    at = 0
    for size in [*sizes, len(typed)]:
        terminal.typed(typed[at : at + size])
        at += size
        await asyncio.sleep(0)
    assert await reading == ["", "+csq", "E0V0"]


async def _lines(terminal: Terminal, count: int) -> list[str]:
    return [await terminal.read_command() for _ in range(count)]


# --- the PIN ----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def locked(network: Network, tmp_path: Path) -> AsyncIterator[tuple[Program, SimulatedModem]]:
    sim = Sim(SERVICE, pin="1234", puk="12345678")
    async with SimulatedModem(network, sim=sim, link=tmp_path / "modem") as modem:
        program = Program(modem.path)
        await program.ask("E0+CMEE=1")
        yield program, modem
        program.close()


async def test_a_locked_sim_lets_nothing_through_but_its_pin(locked: tuple[Program, SimulatedModem]) -> None:
    program, modem = locked
    assert await program.ask("+CPIN?") == ["+CPIN: SIM PIN", "OK"]
    assert await program.ask("+CPMS?") == ["+CMS ERROR: 311"]
    assert await program.ask("+CIMI") == ["+CME ERROR: 11"]
    assert await program.ask("+CREG?") == ["+CREG: 0,0", "OK"]
    modem.network.phone("+79161234567").text("waits", to=SERVICE)
    assert modem.network.waiting(SERVICE) == 1
    assert await program.ask('+CPIN="1234"') == ["OK"]
    assert await program.ask("+CPIN?") == ["+CPIN: READY", "OK"]
    assert modem.network.waiting(SERVICE) == 0


async def test_three_wrong_pins_ask_for_the_puk_and_ten_wrong_puks_kill_the_card(
    locked: tuple[Program, SimulatedModem],
) -> None:
    program, _ = locked
    for left in (2, 1, 0):
        assert await program.ask('+CPIN="0000"') == ["+CME ERROR: 16"]
        assert await program.ask("^CPIN?") == [f"^CPIN: SIM {'PIN' if left else 'PUK'},,10,{left},10,3", "OK"]
    assert await program.ask("+CPMS?") == ["+CMS ERROR: 316"]
    for _ in range(10):
        assert await program.ask('+CPIN="00000000","1111"') == ["+CME ERROR: 16"]
    assert await program.ask("+CPIN?") == ["+CME ERROR: 10"]


async def test_the_puk_sets_a_new_pin_that_power_asks_for(locked: tuple[Program, SimulatedModem]) -> None:
    program, modem = locked
    for _ in range(3):
        await program.ask('+CPIN="0000"')
    assert await program.ask('+CPIN="12345678","4321"') == ["OK"]
    modem.unplug()
    modem.plug()
    assert modem.sim.state == "SIM PIN"
    assert modem.sim.enter_pin("4321")


# --- radio ------------------------------------------------------------------------------------------------------------


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


async def test_with_the_radio_off_nothing_is_sent_and_nothing_comes(program: Program, modem: SimulatedModem) -> None:
    await program.ask("+CFUN=4")
    modem.network.phone("+79161234567").text("waits", to=SERVICE)
    assert modem.network.waiting(SERVICE) == 1
    assert await program.ask("+CREG?") == ["+CREG: 0,0", "OK"]
    await program.ask("+CFUN=1")
    assert modem.network.waiting(SERVICE) == 0


async def test_a_family_says_its_own_name(network: Network, tmp_path: Path) -> None:
    async with SimulatedModem(network, link=tmp_path / "modem", family="quectel") as modem:
        program = Program(modem.path)
        await program.until(b"+QIND: SMS DONE")
        assert await program.ask("E0") == ["OK"]
        assert await program.ask("+CGMI") == ["Quectel", "OK"]
        assert await program.ask("+CGMM") == ["EC25", "OK"]
        program.close()
