"""gammu, the program, finds a modem in the simulated one: it identifies, reads and sends."""

import subprocess

import pytest

from smsd.simulator import Simulator
from tests.interop.conftest import CLIENT, need

pytestmark = [pytest.mark.interop, pytest.mark.slow]


def gammu(simulator: Simulator, *arguments: str) -> str:
    binary = need("gammu", "gammu")
    configuration = simulator.link.with_name("gammurc")
    configuration.write_text(f"[gammu]\ndevice = {simulator.link}\nconnection = at\n")
    command = [binary, "-c", str(configuration), *arguments]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=100).stdout


def test_gammu_identifies_the_modem_and_its_sim(simulator: Simulator) -> None:
    said = gammu(simulator, "identify")
    assert "SIM-1" in said
    assert "860000000000017" in said
    assert "250011234567890" in said


def test_gammu_reads_every_part_of_a_long_message(simulator: Simulator) -> None:
    simulator.ask("text", CLIENT, "Длинное сообщение, три части. " * 5)
    said = gammu(simulator, "getallsms")
    assert f'"{CLIENT}"' in said
    assert said.count("Длинное сообщение, три части.") == 3  # two more are cut by the ends of parts
    assert "part 3 of 3" in said


def test_gammu_sends_a_long_cyrillic_message(simulator: Simulator) -> None:
    text = "Ваша заявка принята {}. " * 7
    said = gammu(simulator, "sendsms", "TEXT", CLIENT, "-unicode", "-autolen", str(len(text)), "-text", text)
    assert "message reference=3" in said
    (shown,) = simulator.ask("wait", CLIENT, 1, 60)
    assert shown["text"] == text
    assert shown["parts"] == 3
