"""A simulator in another process does what it is asked, outlives the programs on its modem and ends when told."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from smsd.simulator import SimulatedModem, Simulator, Smss
from smsd.simulator.control import Control
from smsd.simulator.serving import serve
from tests.simulator.conftest import CLIENT, Program, submit_pdu


@pytest.fixture
def control(modem: SimulatedModem) -> Control:
    return Control(modem)


async def asked(control: Control, line: str) -> Any:
    return json.loads(await control.answer(line))


async def test_a_person_types_words(control: Control, program: Program, modem: SimulatedModem) -> None:
    """The last word of a request takes the rest of the line."""
    assert await asked(control, f"text {CLIENT} CLIENT sms stop") is None
    await program.submit(submit_pdu("Ответ"))
    screen = await asked(control, f"screen {CLIENT}")
    assert screen[0]["text"] == "Ответ"
    (sent,) = await asked(control, "sent")
    assert (sent["text"], sent["recipient"], sent["reference"], sent["part"], sent["total"]) == (
        "Ответ",
        CLIENT,
        "1",
        1,
        1,
    )
    assert await asked(control, "count") == {"sent": 1, "in_air": 0, "most_in_air": 1, "waiting": 0}
    typed = await asked(control, "typed")
    assert [command["line"][:5] for command in typed] == ["E0", "+CMGS"]
    sim = await asked(control, "sim")
    assert sim["last_reference"] == 1
    assert list(sim["memories"]["SM"]) == ["0"]


async def test_faults_and_the_cable_by_word(control: Control, program: Program, modem: SimulatedModem) -> None:
    assert await asked(control, "inject refuse at=+CSQ times=2 code=38") is None
    assert await program.ask("+CSQ") == ["+CMS ERROR: 38"]
    assert await asked(control, "clear") is None
    assert await program.ask("+CSQ") == ["+CSQ: 21,99", "OK"]
    assert await asked(control, '["inject", "insert", "place=inside", "octets=\\r\\n+RING\\r\\n"]') is None
    assert "+RING" in await program.ask("+CSQ")
    assert await asked(control, "store SM 00FF 1") == 0
    assert await asked(control, "registration 5") is None
    assert await program.ask("+CREG?") == ["+CREG: 0,5", "OK"]
    await asked(control, "unplug")
    assert not modem.plugged
    assert await asked(control, "plug") == modem.path
    assert await asked(control, "path") == modem.path


@pytest.mark.parametrize(
    "line", ["nonsense", "text", "inject nothing", "inject late colour=red", "[1", "radio slow", "wait +7 1 0.01", "[]"]
)
async def test_what_is_wrong_is_said(control: Control, line: str) -> None:
    answer = await asked(control, line)
    assert list(answer) == ["error"]


async def test_help_names_every_verb(control: Control) -> None:
    said = await asked(control, "help")
    assert {"text", "sent", "inject", "unplug", "plug", "quit"} <= set(said)


async def test_serving_on_a_socket_until_quit(tmp_path: Path) -> None:
    ready = asyncio.Event()
    socket = tmp_path / "control"
    serving = asyncio.ensure_future(
        serve(tmp_path / "modem", control=socket, log=tmp_path / "log", ready=lambda _: ready.set())
    )
    await asyncio.wait_for(ready.wait(), 5)
    program = Program(str(tmp_path / "modem"))
    await program.ask("+CSQ")
    program.close()
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(b"path\nquit\n")
    assert json.loads(await reader.readline()) == str(tmp_path / "modem")
    await asyncio.wait_for(serving, 5)
    writer.close()
    assert not (tmp_path / "modem").is_symlink()
    assert not socket.exists()
    assert "> b'AT+CSQ\\r'" in (tmp_path / "log").read_text()


def test_a_simulator_outlives_the_programs_on_its_modem(tmp_path: Path) -> None:
    """A program is killed with its part in the air: the part lands, and the next program finds SIM and network so."""
    with Simulator(tmp_path / "modem", "--radio-seconds", "0.05", "--smss", Smss.MID_AIR) as simulator:
        octets = submit_pdu("last words")
        killed = os.open(simulator.link, os.O_RDWR | os.O_NOCTTY)
        os.write(killed, f"AT+CMGS={len(octets) - 1}\r{octets.hex()}\x1a".encode())
        os.close(killed)
        (sent,) = simulator.ask("wait_sent", 1)
        assert sent["text"] == "last words"
        assert simulator.ask("sim")["last_reference"] == 1
        with pytest.raises(RuntimeError, match="say help"):
            simulator.ask("nonsense")
    assert not simulator.link.is_symlink()


def test_the_command_line_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    command = [sys.executable, "-m", "smsd.simulator", "--link", str(tmp_path / "file")]
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", timeout=20)
    assert done.returncode == 2
    assert "exists and is no symbolic link" in done.stderr
