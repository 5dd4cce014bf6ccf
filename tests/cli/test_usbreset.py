"""A modem's USB device is reset by its name, and nothing else is."""

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
    request = tmp_path / "request"
    request.write_text("1-1.2\n", "ascii")
    assert smsd("modem", "reset-usb", "--request", str(request)).exit_code == 0
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


@pytest.mark.parametrize("name", ["1-9", "usb1", "../../x", "1-1/..", "1-1.2\nx", "", "1-1.2/../../../etc/passwd", "é"])
def test_what_is_no_modem_is_left_alone(
    smsd: Smsd, host: InventedHost, authorized: list[tuple[str, str]], tmp_path: Path, name: str
) -> None:
    host.plug("ttyUSB0", "1-1.2")
    request = tmp_path / "request"
    request.write_text(name, "utf-8")
    result = smsd("modem", "reset-usb", "--request", str(request))
    assert authorized == []
    assert result.exit_code in ({0} if not name else {1, 2})


def test_a_request_that_is_gone_is_none(
    smsd: Smsd, host: InventedHost, authorized: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert smsd("modem", "reset-usb", "--request", str(tmp_path / "gone")).exit_code == 0
    assert smsd("modem", "reset-usb").exit_code == 2
    assert authorized == []


def test_who_may_not_is_told(smsd: Smsd, host: InventedHost) -> None:
    host.plug("ttyUSB0", "1-1.2")  # an invented device has no such file below it: as for who may not write it
    (host.sys / "bus/usb/devices/1-1.2/authorized").mkdir()
    result = smsd("modem", "reset-usb", "1-1.2")
    assert result.exit_code == 1
    assert "root" in result.stderr
