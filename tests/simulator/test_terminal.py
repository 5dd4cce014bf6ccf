"""The line between program and modem: echo, words and digits, lines however they arrive (V.250 §5)."""

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsd.simulator import SimulatedModem
from smsd.simulator.faults import Faults
from smsd.simulator.terminal import Terminal
from tests.simulator.conftest import Program


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


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
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
