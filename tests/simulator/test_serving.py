"""A simulator in another process outlives the programs on its modem and ends when told."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from smsd.simulator import Simulator, Smss
from smsd.simulator.serving import serve
from tests.simulator.conftest import Program, submit_pdu


async def test_serving_on_a_socket_until_quit(tmp_path: Path) -> None:
    ready = asyncio.Event()
    control = tmp_path / "control"
    serving = asyncio.ensure_future(
        serve(tmp_path / "modem", control=control, log=tmp_path / "log", ready=lambda _modem, _port: ready.set())
    )
    await asyncio.wait_for(ready.wait(), 60)
    program = Program(str(tmp_path / "modem"))
    await program.ask("+CSQ")
    program.close()
    reader, writer = await asyncio.open_unix_connection(control)
    writer.write(b"path\nquit\n")
    assert json.loads(await reader.readline()) == str(tmp_path / "modem")
    await asyncio.wait_for(serving, 60)
    writer.close()
    assert not (tmp_path / "modem").is_symlink()
    assert not control.exists()
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


def connect(conversation: socket.socket, path: Path) -> None:
    """Connect once somebody listens there, which is a moment after the socket is there."""
    until = time.monotonic() + 60
    while conversation.connect_ex(str(path)) != 0:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_conversation_that_is_open_at_its_end_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "control"
    command = [sys.executable, "-m", "smsd.simulator", "--link", str(tmp_path / "modem"), "--control", str(path)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process,
        socket.socket(socket.AF_UNIX) as conversation,
    ):
        connect(conversation, path)
        conversation.sendall(b"path\n")
        assert conversation.recv(1000)
        process.terminate()
        _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, b"")


def test_it_ends_with_who_started_it_even_while_a_request_waits(tmp_path: Path) -> None:
    program = (
        "from smsd.simulator import Simulator\n"
        f"with Simulator({str(tmp_path / 'modem')!r}) as simulator:\n"
        "    simulator._process.stdin.write(b'wait +79161234567 1 150\\n')\n"
        "    simulator._process.stdin.flush()\n"
        "    print('asked', flush=True)\n"
        "    simulator._process.wait()\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"asked\n"
        starter.kill()
        # Both have this end of the pipe.
        assert starter.communicate(timeout=100) == (b"", b"")
    assert not (tmp_path / "modem").is_symlink()


async def test_modem_and_card_are_who_they_are_told_to_be(tmp_path: Path) -> None:
    identity = ("--imei", "860000000000025", "--iccid", "8970101234567890222")
    with Simulator(tmp_path / "modem", *identity, "--smsc", "0") as simulator:
        program = Program(str(tmp_path / "modem"))
        assert "860000000000025" in await program.ask("+CGSN")
        assert "980701214365870922F2" in str(await program.ask("+CRSM=176,12258,0,0,10"))
        program.close()
        simulator.ask("operator", "mute")  # there is one


def test_the_command_line_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    command = [sys.executable, "-m", "smsd.simulator", "--link", str(tmp_path / "file")]
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", timeout=100)
    assert done.returncode == 2
    assert "exists and is no symbolic link" in done.stderr
