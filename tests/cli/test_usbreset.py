"""A modem's USB device is reset by its name, and nothing else is."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from smsd.cli import usbreset
from tests.routes.hosts import InventedHost

Smsd = Callable[..., Result]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InventedHost:
    invented = InventedHost(tmp_path / "host")
    monkeypatch.setattr(usbreset, "PLACES", (invented.sys, invented.dev))
    monkeypatch.setattr(usbreset, "MARKS", tmp_path / "marks")
    monkeypatch.setattr(usbreset, "OFF_SECONDS", 0.0)
    return invented


@pytest.fixture
def authorized(host: InventedHost, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was written, and for which device."""
    written: list[tuple[str, str]] = []
    monkeypatch.setattr(usbreset, "_write", lambda place, value: written.append((place.parent.name, value)))
    return written


def test_a_modem_is_taken_off_the_bus_and_put_back(
    smsd: Smsd, host: InventedHost, authorized: list[tuple[str, str]], tmp_path: Path
) -> None:
    host.plug("ttyUSB0", "1-1.2")
    assert smsd("modem", "reset-usb", "1-1.2").exit_code == 0
    assert authorized == [("1-1.2", "0"), ("1-1.2", "1")]


def requested(tmp_path: Path, *names: str) -> list[str]:
    """Make requests as the daemon does; return the words that grant them."""
    place = tmp_path / "requests"
    place.mkdir(exist_ok=True)
    for name in names:
        (place / name).touch()
    return ["modem", "reset-usb", "--requests", str(place)]


def test_two_modems_that_are_sick_at_once_are_both_reset(
    smsd: Smsd, host: InventedHost, authorized: list[tuple[str, str]], tmp_path: Path
) -> None:
    """And what is asked for beside them, and is refused, keeps neither from it."""
    host.plug("ttyUSB0", "1-1.2")
    host.plug("ttyUSB1", "1-1.3")
    words = requested(tmp_path, "1-1.2", "1-1.1", "1-1.3")
    result = smsd(*words)
    assert result.exit_code == 1
    assert "1-1.1: no USB device" in result.stderr
    assert authorized == [("1-1.2", "0"), ("1-1.3", "0"), ("1-1.2", "1"), ("1-1.3", "1")]
    assert smsd(*words).exit_code == 0  # every request was taken, the refused one too
    assert len(authorized) == 4


def test_it_is_put_back_whatever_happens(
    smsd: Smsd, host: InventedHost, authorized: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    host.plug("ttyUSB0", "1-1.2")

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("smsd.cli.usbreset.time.sleep", interrupted)
    assert smsd("modem", "reset-usb", "1-1.2").exit_code != 0
    assert authorized[-1] == ("1-1.2", "1")


def test_a_cable_that_udev_names_is_one(smsd: Smsd, host: InventedHost, authorized: list[tuple[str, str]]) -> None:
    host.plug("ttyUSB0", "1-3", ("1a86", "7523"))
    assert smsd("modem", "reset-usb", "1-3").exit_code == 2
    assert authorized == []
    host.name("ttyUSB0")
    assert smsd("modem", "reset-usb", "1-3").exit_code == 0


@pytest.mark.parametrize("name", ["1-9", "usb1", "1-1.2\nx", "é", "1-1", "1-1.4", "1-1.2:1.2"])
def test_what_is_no_modem_is_left_alone(
    smsd: Smsd, host: InventedHost, authorized: list[tuple[str, str]], tmp_path: Path, name: str
) -> None:
    """Nor is the hub that a modem hangs on, nor a disk beside it."""
    host.device("1-1", ("1d6b", "0002"))
    host.plug("ttyUSB0", "1-1.2")
    host.device("1-1.4", ("0781", "5581"))
    words = requested(tmp_path, name)
    assert smsd(*words).exit_code in {1, 2}
    assert authorized == []
    assert smsd(*words).exit_code == 0


@pytest.mark.parametrize("name", ["../../x", "1-1/..", "1-1.2/../../../etc/passwd", ""])
def test_no_name_leads_elsewhere(smsd: Smsd, host: InventedHost, authorized: list[tuple[str, str]], name: str) -> None:
    host.plug("ttyUSB0", "1-1.2")
    assert smsd("modem", "reset-usb", name).exit_code == 2
    assert authorized == []


def test_requests_are_looked_for_in_a_directory_and_behind_no_link(
    smsd: Smsd, host: InventedHost, authorized: list[tuple[str, str]], tmp_path: Path
) -> None:
    """The daemon's directory is the daemon's to replace; what root removes there must not be somebody else's."""
    host.plug("ttyUSB0", "1-1.2")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "1-1.2").touch()
    (tmp_path / "requests").symlink_to(elsewhere)
    assert smsd("modem", "reset-usb", "--requests", str(tmp_path / "requests")).exit_code == 1
    assert (elsewhere / "1-1.2").exists()
    assert authorized == []


def test_whatever_is_put_there_is_taken_away(
    smsd: Smsd, host: InventedHost, authorized: list[tuple[str, str]], tmp_path: Path
) -> None:
    """What was left would have it run again and again, until systemd runs it no more."""
    words = requested(tmp_path)
    (tmp_path / "requests" / "1-1.2").mkdir()
    (tmp_path / "requests" / "1-1.3").symlink_to("/etc/passwd")
    smsd(*words)
    assert [*(tmp_path / "requests").iterdir()] == []
    assert authorized == []


def test_requests_that_are_gone_are_none(
    smsd: Smsd, host: InventedHost, authorized: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert smsd("modem", "reset-usb", "--requests", str(tmp_path / "gone")).exit_code == 0
    assert smsd("modem", "reset-usb").exit_code == 2
    assert authorized == []


def test_an_order_to_end_waits_until_the_modem_is_back(
    smsd: Smsd, host: InventedHost, authorized: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An orderly stop, or the host's own end: a device that was left off the bus would stay off."""
    host.plug("ttyUSB0", "1-1.2")
    monkeypatch.setattr("smsd.cli.usbreset.time.sleep", lambda _: os.kill(os.getpid(), signal.SIGTERM))
    assert smsd("modem", "reset-usb", "1-1.2").exit_code == 0
    assert authorized == [("1-1.2", "0"), ("1-1.2", "1")]


KILLED = """
import os, pathlib, signal, sys
from smsd.cli import usbreset
host, usbreset.MARKS, usbreset.OFF_SECONDS = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), 0.0
usbreset.PLACES = (host / "sys", host / "dev")
write, steps = usbreset._write, []
def until_killed(place, value):
    write(place, value) if sys.argv[4] == "after" else None
    os.kill(os.getpid(), signal.SIGKILL) if value == sys.argv[3] else write(place, value)
usbreset._write = until_killed
usbreset.reset_usb(["1-1.2"])
"""


@pytest.mark.parametrize("value", ["0", "1"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_a_kill_left_off_the_bus_is_put_back(
    smsd: Smsd, host: InventedHost, tmp_path: Path, value: str, when: str
) -> None:
    host.plug("ttyUSB0", "1-1.2")
    authorized = host.sys / "bus/usb/devices/1-1.2/authorized"
    authorized.write_text("1", "ascii")
    places = (str(host.sys.parent), str(tmp_path / "marks"))
    killed = subprocess.run([sys.executable, "-c", KILLED, *places, value, when], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert smsd("modem", "reset-usb", "--put-back").stdout == "1-1.2: put back\n"
    assert authorized.read_text("ascii") == "1"
    assert smsd("modem", "reset-usb", "--put-back").stdout == ""


def test_only_what_is_off_by_us_is_put_back(
    smsd: Smsd, host: InventedHost, authorized: list[tuple[str, str]], tmp_path: Path
) -> None:
    """An admin may have taken a device off; and what was pulled out meanwhile is no more."""
    assert smsd("modem", "reset-usb", "--put-back").exit_code == 0  # nobody has ever been marked
    host.plug("ttyUSB0", "1-1.2")
    (host.sys / "bus/usb/devices/1-1.2/authorized").write_text("0", "ascii")
    (tmp_path / "marks").mkdir()
    (tmp_path / "marks" / "1-1.3").touch()
    assert smsd("modem", "reset-usb", "--put-back").exit_code == 0
    assert smsd("modem", "reset-usb", "1-1.2").exit_code == 0
    assert [*(tmp_path / "marks").iterdir()] == []
    assert authorized == [("1-1.2", "0"), ("1-1.2", "1")]


def test_who_may_not_is_told(smsd: Smsd, host: InventedHost) -> None:
    host.plug("ttyUSB0", "1-1.2")  # an invented device has no such file below it: as for who may not write it
    (host.sys / "bus/usb/devices/1-1.2/authorized").mkdir()
    result = smsd("modem", "reset-usb", "1-1.2")
    assert result.exit_code == 1
    assert "root" in result.stderr
