"""udev's rules on invented modems, by udev itself: the AT port is found, named and handed over, and no other."""

from functools import cache
from pathlib import Path

import pytest

from tests.host.sysfs import Device, Interface, Seen, look, unable

RULES = Path(__file__).parents[2] / "udev" / "78-smsd.rules"
HINDRANCE = unable()
pytestmark = pytest.mark.skipif(bool(HINDRANCE), reason=f"udev's rules are not tested: {HINDRANCE}")

ANY = Interface()


def by_triples(*triples: str) -> tuple[Interface, ...]:
    """Return interfaces written as ``ff/02/01``."""
    return tuple(Interface(*triple.split("/")) for triple in triples)


MODEMS = [
    Device("Huawei E3131", "12d1", "1506", by_triples("ff/02/01", "ff/02/03", "ff/02/02", "02/0d/00"), 2),
    Device("Huawei E3372, PC UI second", "12d1", "1506", by_triples("ff/03/10", "ff/03/12", "ff/03/16"), 1),
    Device("Huawei E3372, PC UI first", "12d1", "15b6", by_triples("ff/03/12", "ff/03/10", "ff/03/16"), 0),
    Device("Huawei E3372 by its older triple", "12d1", "1442", by_triples("ff/02/10", "ff/02/12"), 1),
    Device(
        "Huawei ME909s", "12d1", "15c1", by_triples("ff/06/10", "ff/06/13", "ff/06/12", "ff/06/14", "ff/06/1b"), 2
    ),
    Device("Huawei MU609", "12d1", "1573", by_triples("ff/01/01", "ff/01/02", "ff/01/05", "ff/01/14"), 1),
    Device("Huawei E173", "12d1", "1001", (ANY,) * 3, 2),
    Device("Huawei E1750", "12d1", "140c", (ANY,) * 4, 2),
    Device("Huawei E220", "12d1", "1003", (ANY,) * 2, 1),
    Device("Quectel EC25", "2c7c", "0125", by_triples("ff/ff/ff", *["ff/00/00"] * 3, "ff/ff/ff"), 2),
    Device("Quectel EC21", "2c7c", "0121", by_triples("ff/ff/ff", *["ff/00/00"] * 3), 2),
    Device("Quectel EM060K", "2c7c", "030b", (ANY,) * 6, 5),
    Device("Quectel EC200U", "2c7c", "0901", by_triples("02/06/00", "0a/00/00", *["ff/00/00"] * 7), 2),
    Device("Quectel EC200A", "2c7c", "6005", by_triples("02/06/00", "0a/00/00", *["ff/00/00"] * 3), 3),
    Device("SIMCom SIM7600", "1e0e", "9001", (ANY,) * 5, 2),
    Device(
        "SIMCom A7600", "1e0e", "9011",
        by_triples("e0/01/03", "0a/00/00", "ff/00/00", "ff/ff/ff", "ff/00/00", "ff/00/00"), 4,
    ),
    Device("ZTE MF190", "19d2", "0117", (ANY,) * 3, 2),
    Device("ZTE MF180", "19d2", "2003", (ANY,) * 4, 3),
    Device("ZTE MF626", "19d2", "0031", (ANY,) * 4, 3),
    Device("ZTE MF636", "19d2", "0033", (ANY,) * 5, 4),
    Device("ZTE 0030", "19d2", "0030", (ANY,) * 2, 1),
    Device("ZTE 000a", "19d2", "000a", (ANY,) * 2, 0),
    Device("Telit LE920", "1bc7", "1060", (ANY,) * 6, 4),
    Device("Telit 1204", "1bc7", "1204", (ANY,) * 7, 5),
    Device("SIMCom under another name", "1e0e", "cefe", (ANY,) * 4, 2),
    Device("ZTE 0124", "19d2", "0124", (ANY,) * 5, 4),
    Device("Telit LE910", "1bc7", "1201", (ANY,) * 6, 4),
    Device("Telit UC864", "1bc7", "1003", (ANY,) * 2, 0),
    Device("Sierra MC7455", "1199", "9071", (ANY,) * 4, 3),
    Device(
        "Neoway N723", "2949", "8700",
        by_triples("e0/01/03", "0a/00/00", "ff/00/00", "02/00/00", "ff/00/00", "02/00/00", "ff/00/00"), 4,
    ),
]  # fmt: skip

OTHERS = [
    Device("FTDI cable", "0403", "6001", (ANY,), None),
    Device("CH340 cable", "1a86", "7523", (ANY,), None),
    Device("FTDI with four ports", "0403", "6011", (ANY,) * 4, None),
    Device("CP2102 cable", "10c4", "ea60", by_triples("ff/00/00"), None),
    Device("PL2303 cable", "067b", "2303", by_triples("ff/00/00"), None),
    Device("Arduino", "2341", "0043", by_triples("02/02/01", "0a/00/00"), None),
    Device("Arduino Leonardo", "2341", "8036", by_triples("02/02/00", "0a/00/00", "03/00/00"), None),
    Device("3D printer", "2c99", "0002", by_triples("02/02/01", "0a/00/00"), None),
    Device("GNSS receiver of the newer kind", "1546", "01a9", by_triples("02/02/01", "0a/00/00"), None),
    Device("tethered phone", "18d1", "4ee4", by_triples("e0/01/03", "0a/00/00", "ff/42/01"), None),
    Device("phone with a modem", "04e8", "6860", by_triples("06/01/01", "02/02/01", "0a/00/00", "ff/42/01"), None),
    Device("Huawei phone", "12d1", "107e", by_triples("ff/ff/00", "ff/42/01", "08/06/50"), None),
    Device("ZTE phone", "19d2", "1350", by_triples("e0/01/03", "0a/00/00", "ff/42/01"), None),
    Device("Huawei while it is a disk", "12d1", "1f01", by_triples("08/06/50", "08/06/50"), None),
    Device("interfaces that say nothing of themselves", "0525", "a4a7", (Interface("ff", "", ""),), None),
    Device("GNSS receiver", "1546", "01a8", by_triples("02/02/01", "0a/00/00"), None),
    Device("Sierra of an unknown kind", "1199", "68a3", (ANY,) * 4, None),
    Device("Huawei with data ports only", "12d1", "1f01", by_triples("ff/02/01", "ff/02/16", "ff/03/10"), None),
]


def named(device: Device) -> str:
    """Name a device in a test's report."""
    return device.name


@cache
def shipped(device: Device) -> list[Seen]:
    """Return what udev makes of a device by the rules as shipped."""
    return look(device, [RULES])


def claimed(seen: list[Seen]) -> list[Seen]:
    """Return the ttys that are named as the modem."""
    return [each for each in seen if "/dev/smsd/modem" in each.links]


@pytest.mark.parametrize("device", MODEMS, ids=named)
def test_the_port_that_speaks_at_is_found_and_handed_over(device: Device) -> None:
    seen = shipped(device)
    (port,) = claimed(seen)
    assert port.interface == device.at
    assert port.node == "64123 660"
    assert any(link.startswith("/dev/smsd/by-path/pci-0000:00:14.0-usb-0:1:1.") for link in port.links)
    assert port.properties["SYSTEMD_WANTS"] == "smsd.service"
    assert "systemd" in port.properties["TAGS"].strip(":").split(":")


@pytest.mark.parametrize("device", MODEMS, ids=named)
def test_the_other_ports_are_left_alone(device: Device) -> None:
    for other in shipped(device):
        if other.interface not in {device.at, -1}:
            assert not any("/smsd/" in link for link in other.links)
            assert "SYSTEMD_WANTS" not in other.properties
            assert not other.run
            assert not other.node.startswith("64123")


@pytest.mark.parametrize("device", MODEMS, ids=named)
def test_modem_manager_is_told_to_keep_off(device: Device) -> None:
    whole, *ttys = shipped(device)
    assert whole.properties["ID_MM_DEVICE_IGNORE"] == "1"
    assert [each.interface for each in ttys if each.properties.get("ID_MM_PORT_IGNORE") == "1"] == [device.at]


@pytest.mark.parametrize("device", OTHERS, ids=named)
def test_what_is_no_modem_of_ours_is_left_alone(device: Device) -> None:
    """Whatever else the host has for it: with our rules it is what it is without them."""
    seen, before = shipped(device), look(device, [])
    assert claimed(seen) == []
    assert [each.run for each in seen] == [each.run for each in before]
    assert all("SYSTEMD_WANTS" not in each.properties for each in seen)
    assert [each.node for each in seen] == [each.node for each in before]
    if device.vendor not in {"12d1", "1199", "19d2"}:
        # ModemManager, where it is installed, has devices of its own that it ignores.
        assert seen[0].properties.get("ID_MM_DEVICE_IGNORE") == before[0].properties.get("ID_MM_DEVICE_IGNORE")


MBIM_ONLY = [
    Device("Sierra by MBIM alone", "1199", "9071", by_triples("02/0e/00", "0a/00/02"), None),
    Device("Quectel by MBIM alone", "2c7c", "0306", by_triples("02/0e/00", "0a/00/02"), None),
    Device("Telit by MBIM alone", "1bc7", "1052", by_triples("02/0e/00", "0a/00/02"), None),
]


@pytest.mark.parametrize("device", MBIM_ONLY, ids=named)
def test_a_modem_without_any_serial_port_is_left_to_modem_manager(device: Device) -> None:
    """It carries data, a laptop's perhaps; nothing could be sent by it."""
    [whole] = shipped(device)
    assert whole.properties["ID_USB_INTERFACES"] == ":020e00:0a0002:"
    assert "ID_MM_DEVICE_IGNORE" not in whole.properties


def test_where_udev_cannot_tell_the_interfaces_modem_manager_keeps_off(tmp_path: Path) -> None:
    forgotten = local(tmp_path, 'SUBSYSTEM=="usb", ENV{ID_USB_INTERFACES}=""', "77-forget.rules")
    (whole, *_) = look(STICK, [RULES, forgotten])
    assert whole.properties["ID_MM_DEVICE_IGNORE"] == "1"


# --- when the service is started --------------------------------------------------------------------------------------

STICK = MODEMS[0]


def test_a_modem_that_is_back_while_the_service_is_stopping_starts_it_all_the_same() -> None:
    """The want alone is dropped then; a start that is asked for waits for the stop."""
    (port,) = claimed(shipped(STICK))
    assert port.run == ["/bin/systemctl --no-block start smsd.service"]


@pytest.mark.parametrize("action", ["change", "bind"])
def test_a_later_event_keeps_the_want_and_starts_nothing(action: str) -> None:
    """An admin's stop holds, and a service that runs goes on being needed."""
    (port,) = claimed(look(STICK, [RULES], action))
    assert port.properties["SYSTEMD_WANTS"] == "smsd.service"
    assert port.run == []


def test_a_modem_that_goes_starts_nothing() -> None:
    for each in look(STICK, [RULES], "remove"):
        assert each.run == []
        assert "SYSTEMD_WANTS" not in each.properties


# --- what a file of the admin's own says ------------------------------------------------------------------------------


def local(tmp_path: Path, text: str, name: str = "70-smsd-local.rules") -> Path:
    """Write a rule file."""
    path = tmp_path / name
    path.write_text(text + "\n", "ascii")
    return path


def examples() -> list[str]:
    """Return the rule lines that the comments of the rule file tell."""
    return [line.lstrip("# ") for line in RULES.read_text("ascii").splitlines() if line.startswith("#     SUBSYSTEM")]


def test_a_modem_behind_a_cable_is_named_by_one_line(tmp_path: Path) -> None:
    """The example in the rule file is that line."""
    device = Device("SIM800, Neoway M590", "1a86", "7523", (ANY,), 0)
    line = next(line for line in examples() if '"1a86"' in line)
    (port,) = claimed(look(device, [RULES, local(tmp_path, line)]))
    assert port.properties["SYSTEMD_WANTS"] == "smsd.service"
    assert port.properties["ID_MM_PORT_IGNORE"] == "1"
    assert port.node == "64123 660"


def test_a_modem_that_carries_data_is_left_to_others(tmp_path: Path) -> None:
    """The example in the rule file is that."""
    lines = "\n".join(line for line in examples() if "SMSD_IGNORE" in line)
    sierra = next(device for device in MODEMS if device.vendor == "1199")
    seen = look(sierra, [RULES, local(tmp_path, lines)])
    assert claimed(seen) == []
    assert all("ID_MM_DEVICE_IGNORE" not in each.properties for each in seen)


VERDICT = 'SUBSYSTEM=="tty", ENV{ID_USB_INTERFACE_NUM}=="01", ENV{ID_MM_PORT_TYPE_AT_PRIMARY}="1"'


@pytest.mark.parametrize(
    ("device", "found"),
    [
        (Device("Telit of an unknown kind", "1bc7", "0036", (ANY,) * 3, 1), [1]),
        (Device("Sierra of an unknown kind", "1199", "68a3", (ANY,) * 3, 1), [1]),
        (Device("ZTE of an unknown kind", "19d2", "0054", (ANY,) * 3, 1), [1]),
        (Device("a laptop's own modem", "413c", "81b6", (ANY,) * 3, None), []),
    ],
    ids=lambda each: each.name if isinstance(each, Device) else "",
)
def test_for_other_products_of_these_makers_modem_managers_verdict_counts(
    tmp_path: Path, device: Device, found: list[int]
) -> None:
    seen = look(device, [RULES, local(tmp_path, VERDICT, "77-mm-verdict.rules")])
    assert [each.interface for each in claimed(seen)] == found
