"""The host's ports are read as the kernel shows them, and only those that may be a modem's are candidates."""

import fnmatch
import re
from pathlib import Path

import pytest

from smsd.routes.modem import Ports
from smsd.routes.modem.host import Host
from smsd.routes.modem.usbports import MAKERS, Role, role
from tests.host.sysfs import Device
from tests.host.test_rules import MODEMS, OTHERS, RULES, named
from tests.routes.hosts import DATA, InventedHost


@pytest.fixture
def host(tmp_path: Path) -> InventedHost:
    return InventedHost(tmp_path)


def test_a_port_is_told_with_its_device_its_interface_and_its_names(host: InventedHost) -> None:
    host.device("1-1.2", serial="0123")
    host.tty("ttyUSB3", "1-1.2", interface=2)
    link = host.name("ttyUSB3")
    [port] = host.view.ports()
    assert (port.path, port.usb, port.interface) == (str(host.dev / "ttyUSB3"), "1-1.2", 2)
    assert (port.vendor, port.product, port.title, port.serial, port.maker) == (
        "12d1", "1506", "HUAWEI Mobile", "0123", "Huawei",
    )  # fmt: skip
    assert (port.links, port.named, port.role) == ((str(link),), True, Role.AT)


def test_a_path_is_followed_to_its_port(host: InventedHost, tmp_path: Path) -> None:
    (host.plug("ttyUSB0", "1-1")).touch()
    found = host.view.port_of(str(host.name("ttyUSB0")))
    assert found is not None
    assert found.usb == "1-1"
    assert host.view.port_of(str(tmp_path)) is None


def test_a_host_without_serial_ports_has_none(tmp_path: Path) -> None:
    assert Host(tmp_path / "no", tmp_path / "no").ports() == []
    assert InventedHost(tmp_path / "bare").view.ports() == []


def test_only_ports_that_may_speak_at_are_candidates_the_likeliest_first(host: InventedHost) -> None:
    host.device("1-1")
    host.tty("ttyUSB0", "1-1", interface=0, triple=DATA)
    host.tty("ttyUSB1", "1-1", interface=2)
    host.plug("ttyUSB2", "1-2", ("19d2", "ffff"), interface=1, triple=("ff", "ff", "ff"))
    host.plug("ttyUSB3", "1-3", ("0403", "6001"), interface=0, triple=("ff", "ff", "ff"))
    host.plug("ttyACM0", "1-4", ("2341", "0043"), interface=0, triple=("02", "02", "01"))
    assert [port.tty for port in Ports(host.view).candidates()] == ["ttyUSB1", "ttyUSB2"]


def test_a_cable_that_udev_was_told_of_is_a_candidate(host: InventedHost) -> None:
    host.plug("ttyUSB0", "1-3", ("1a86", "7523"), interface=0, triple=("ff", "01", "02"))
    assert Ports(host.view).candidates() == []
    host.name("ttyUSB0")
    assert [port.tty for port in Ports(host.view).candidates()] == ["ttyUSB0"]


def test_no_port_of_a_device_in_use_is_a_candidate(host: InventedHost) -> None:
    host.device("1-1", ("19d2", "ffff"))
    for number in range(3):
        host.tty(f"ttyUSB{number}", "1-1", interface=number, triple=("ff", "ff", "ff")).touch()
    ports = Ports(host.view)
    with ports.used(str(host.dev / "ttyUSB1"), "modem0"):
        assert ports.candidates() == []
    assert len(ports.candidates()) == 3


@pytest.mark.parametrize("device", MODEMS + OTHERS, ids=named)
def test_the_table_agrees_with_the_rules_of_udev(device: Device) -> None:
    """What udev names is the one port that the table calls AT, and of a stranger's device none may be asked."""
    roles = {
        number: role(device.vendor, device.product, number, (each.usb_class, each.subclass, each.protocol))
        for number, each in enumerate(device.interfaces)
        if each.is_serial
    }
    assert [number for number, each in roles.items() if each is Role.AT] == ([] if device.at is None else [device.at])
    if device.vendor not in MAKERS:
        assert set(roles.values()) == {Role.NO}


BY_NUMBER = re.compile(
    r'^ENV{ID_VENDOR_ID}=="(\w+)", ENV{ID_MODEL_ID}(==|!=)"([^"]+)", '
    r'ENV{ID_USB_INTERFACE_NUM}=="(\d+)", GOTO="smsd_claim"$',
    re.MULTILINE,
)


def claims(vendor: str) -> dict[str, set[int]]:
    """Return which interface numbers of every product of a maker the rules claim; udev's patterns are a shell's."""
    found: dict[str, set[int]] = {f"{product:04x}": set() for product in range(1 << 16)}
    for maker, how, products, number in BY_NUMBER.findall(RULES.read_text("ascii")):
        if maker != vendor:
            continue
        pattern = re.compile("|".join(fnmatch.translate(each) for each in products.split("|")))
        for product, numbers in found.items():
            if (pattern.match(product) is not None) is (how == "=="):
                numbers.add(int(number))
    return found


@pytest.mark.parametrize("vendor", MAKERS)
def test_the_table_and_the_rules_know_the_same_number_of_every_product(vendor: str) -> None:
    """Not only of those that are invented here; and never two ports of one device."""
    for product, numbers in claims(vendor).items():
        if numbers:
            roles = {number: role(vendor, product, number, ("ff", "ff", "ff")) for number in range(8)}
            assert [number for number, each in roles.items() if each is Role.AT] == sorted(numbers), product
            assert len(numbers) == 1, product
        else:
            assert role(vendor, product, 0, ("ff", "ff", "ff")) is Role.MAYBE, product


def test_the_makers_are_those_of_the_rules() -> None:
    assert f'"{"|".join(MAKERS)}"' in RULES.read_text("ascii")
