"""A recording goes into a new file, and not while somebody has the modem."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from smsd.simulator.serving import Simulator
from smsd.wire.transcript import Transcript
from tests.cli.test_watch import read_until

Smsd = Callable[..., Result]


@pytest.fixture
def modem(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Simulator(tmp_path / "modem", "--family", "huawei") as simulator:
        yield simulator


def test_a_modem_is_recorded_into_a_new_file(smsd: Smsd, modem: Simulator, tmp_path: Path) -> None:
    file = tmp_path / "e173.txt"
    result = smsd("modem", "record", "--device", str(modem.link), str(file))
    assert result.exit_code == 0, result.output
    assert "before you give it away" in result.stdout
    transcript = Transcript.read(file.read_text("ascii"))
    assert transcript.headings["state"] == "ready"
    assert transcript.headings["recorded by"].startswith("smsd ")
    assert smsd("modem", "record", "--device", str(modem.link), str(file)).exit_code == 2


def test_a_modem_that_somebody_holds_is_left_alone(smsd: Smsd, modem: Simulator, tmp_path: Path) -> None:
    program = (
        f"import fcntl,os; f=os.open({str(modem.link)!r}, os.O_RDWR); fcntl.flock(f, 2); print(1, flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        result = smsd("modem", "record", "--device", str(modem.link), str(tmp_path / "file"))
        other.kill()
    assert result.exit_code == 69
    assert f"held by process {other.pid}" in result.stderr
    assert not (tmp_path / "file").exists()


def test_no_modem_is_one_clear_line(smsd: Smsd, tmp_path: Path) -> None:
    result = smsd("modem", "record", "--device", str(tmp_path / "none"), str(tmp_path / "file"))
    assert result.exit_code == 69
    assert "no such device" in result.stderr


def test_a_transcript_is_played_for_any_program(tmp_path: Path) -> None:
    """What was asked is answered as it was then, the rest is refused."""
    file = tmp_path / "modem.txt"
    file.write_text(
        "# smsd transcript 1\n# state: ready\n\n> AT+CGMM\\r\n< \\r\\n\n< E173\\r\\n\n< \\r\\n\n< OK\\r\\n\n", "ascii"
    )
    command = [sys.executable, "-m", "smsd", "simulate", "--link", str(tmp_path / "link"), "--transcript", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as playing:
        assert playing.stdout is not None
        assert str(tmp_path / "link") in playing.stdout.readline()
        port = os.open(tmp_path / "link", os.O_RDWR | os.O_NOCTTY)
        os.write(port, b"AT+CGMM\r")
        assert read_until(port, b"OK\r\n") == b"\r\nE173\r\n\r\nOK\r\n"
        os.write(port, b"AT+CMGS=3\r")
        assert read_until(port, b"ERROR\r\n") == b"\r\nERROR\r\n"
        os.close(port)
        playing.terminate()
        assert playing.wait(60) == 0


def test_what_is_no_transcript_is_refused(smsd: Smsd, tmp_path: Path) -> None:
    file = tmp_path / "modem.txt"
    file.write_text("AT\nOK\n", "ascii")
    result = smsd("simulate", "--link", str(tmp_path / "link"), "--transcript", str(file))
    assert result.exit_code == 1
    assert "smsd transcript 1" in result.stderr
