"""smstools3, the other daemon people have today, sends and receives over the simulated modem."""

from pathlib import Path

import pytest

from smsd.simulator import Simulator
from tests.interop.conftest import CLIENT, eventually, need, running

pytestmark = [pytest.mark.interop, pytest.mark.slow]


def test_smstools_sends_and_receives(simulator: Simulator, tmp_path: Path) -> None:
    """A text comes into its incoming directory, and what is put into outgoing comes to the phone."""
    daemon = need("smsd", "smstools")
    boxes = {name: tmp_path / name for name in ("outgoing", "checked", "incoming", "sent", "failed")}
    for box in boxes.values():
        box.mkdir()
    configuration = tmp_path / "smsd.conf"
    configuration.write_text(
        "devices = SIM\n"
        + "".join(f"{name} = {box}\n" for name, box in boxes.items())
        + f"logfile = {tmp_path / 'smsd.log'}\ninfofile = {tmp_path / 'working'}\npidfile = {tmp_path / 'pid'}\n"
        "loglevel = 7\ndelaytime = 1\ndelaytime_mainprocess = 1\nincoming_utf8 = yes\n"
        f"[SIM]\ndevice = {simulator.link}\nincoming = yes\nbaudrate = 115200\n"
    )
    simulator.ask("text", CLIENT, "CLIENT info")
    (boxes["outgoing"] / "answer").write_text(
        f"To: {CLIENT.lstrip('+')}\nAlphabet: UTF-8\n\nОтвет на запрос ё", "utf-8"
    )
    with running([daemon, "-t", "-c", str(configuration)], tmp_path / "words"):
        (shown,) = simulator.ask("wait", CLIENT, 1, 100)
        eventually(lambda: [path for path in boxes["incoming"].iterdir() if "CLIENT info" in path.read_text()])
    assert shown["text"] == "Ответ на запрос ё"
