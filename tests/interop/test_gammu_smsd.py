"""gammu-smsd, the daemon people have today, sends and receives over the simulated modem."""

import subprocess
from pathlib import Path

import pytest

from smsd.simulator import Simulator
from tests.interop.conftest import CLIENT, eventually, need, running

pytestmark = [pytest.mark.interop, pytest.mark.slow]


def test_gammu_smsd_sends_and_receives(simulator: Simulator, tmp_path: Path) -> None:
    """A text comes into its inbox, and what is put into its outbox comes to the phone."""
    daemon = need("gammu-smsd", "gammu-smsd")
    inject = need("gammu-smsd-inject", "gammu-smsd")
    boxes = {name: tmp_path / name for name in ("inbox", "outbox", "sent", "error")}
    for box in boxes.values():
        box.mkdir()
    configuration = tmp_path / "gammu-smsdrc"
    configuration.write_text(
        f"[gammu]\ndevice = {simulator.link}\nconnection = at\n"
        f"[smsd]\nservice = files\nlogfile = {tmp_path / 'smsd.log'}\ndebuglevel = 255\n"
        f"inboxpath = {boxes['inbox']}/\noutboxpath = {boxes['outbox']}/\n"
        f"sentsmspath = {boxes['sent']}/\nerrorsmspath = {boxes['error']}/\n"
        "ReceiveFrequency = 1\nLoopSleep = 0\nStatusFrequency = 0\nCommTimeout = 1\n"
        "CheckSecurity = 0\nCheckBattery = 0\nCheckSignal = 0\nCheckNetwork = 0\nInboxFormat = unicode\n"
    )
    simulator.ask("text", CLIENT, "CLIENT info")
    command = [inject, "-c", str(configuration), "TEXT", CLIENT, "-unicode", "-text", "Ответ"]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    with running([daemon, "-c", str(configuration)], tmp_path / "words"):
        (shown,) = simulator.ask("wait", CLIENT, 1, 100)
        (received,) = eventually(lambda: [path.name for path in boxes["inbox"].iterdir() if path.stat().st_size])
    assert shown["text"] == "Ответ"
    assert CLIENT in received
