"""Modems that are not there: a tree like /sys for each, and udev's own ``udevadm test`` run on it.

Knows what the kernel shows of a USB device with serial ports, and how to lay that over /sys without anybody noticing:
in a mount namespace of its own, with memory for /dev, /run and /etc/udev. Refuses to know the rules.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Device", "Interface", "Seen", "look", "unable"]

TOOLS = ("udevadm", "unshare", "mount", "mknod")


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of a USB device: class, subclass and protocol in hexadecimal, as sysfs shows them."""

    usb_class: str = "ff"
    subclass: str = "ff"
    protocol: str = "ff"

    @property
    def is_acm(self) -> bool:
        """Whether the driver cdc_acm takes it (ttyACM)."""
        return (self.usb_class, self.subclass) == ("02", "02")

    @property
    def is_serial(self) -> bool:
        """Whether it becomes a tty at all."""
        return self.usb_class == "ff" or self.is_acm


@dataclass(frozen=True, slots=True)
class Device:
    """A USB device; ``at`` is the number of the interface that speaks AT and is to be found, ``None``: none is."""

    name: str
    vendor: str
    product: str
    interfaces: tuple[Interface, ...]
    at: int | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What udev makes of one tty (``interface`` is its number), or of the USB device (-1)."""

    interface: int
    properties: dict[str, str]
    run: list[str]
    node: str
    """Group and mode of the device node, afterwards."""

    @property
    def links(self) -> set[str]:
        """Names under /dev beside the kernel's own."""
        return set(self.properties.get("DEVLINKS", "").split())


def unable() -> str:
    """Say what this host lacks for these tests; empty: nothing."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    if os.geteuid() != 0:
        return "not root: a mount namespace is needed"
    trial = ["unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/run"]
    refused = subprocess.run(trial, check=False, capture_output=True).returncode != 0
    return "no mount namespace may be made here" if refused else ""


def look(device: Device, rules: list[Path], action: str = "add") -> list[Seen]:
    """Return what udev makes of the device and of each of its ttys by the system's rules and ``rules``."""
    with tempfile.TemporaryDirectory(prefix="sysfs") as folder, _tree(Path(folder), device) as ttys:
        places = [(-1, "/devices/pci0000:00/0000:00:14.0/usb1/1-1", ""), *ttys]
        script = _script(Path(folder), rules, places, action)
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script],
            check=False, capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        outputs = done.stdout.split("=-=-=\n")[1:]
        assert len(outputs) == len(places), done.stdout
        return [_seen(number, output) for (number, _, _), output in zip(places, outputs, strict=True)]


def _seen(number: int, output: str) -> Seen:
    properties = dict(re.findall(r"^([.A-Z_0-9]+)=(.*)$", output, re.MULTILINE))
    run = re.findall(r"^run: '(.*)'$", output, re.MULTILINE)
    node = re.search(r"^node: (.*)$", output, re.MULTILINE)
    return Seen(number, properties, run, node.group(1) if node else "")


def _script(tree: Path, rules: list[Path], places: list[tuple[int, str, str]], action: str) -> str:
    lines = [
        f"grep -v '^smsd:' /etc/group > {tree}/group; echo smsd:x:64123: >> {tree}/group",
        f"mount --bind {tree}/group /etc/group",
        "mount -t tmpfs none /etc/udev; mkdir -p /etc/udev/rules.d",
        *(f"cp {rule} /etc/udev/rules.d/" for rule in rules),
        f"mount --bind {tree}/sys /sys",
        "mount -t tmpfs none /run; mkdir -p /run/systemd/system",
        "mount -t tmpfs none /dev; mknod -m 666 /dev/null c 1 3",
        # The fake tree is no sysfs: systemd would refuse to look at it.
        "export SYSTEMD_DEVICE_VERIFY_SYSFS=0 SYSTEMD_LOG_LEVEL=info",
    ]
    for _, path, node in places:
        lines.append("echo =-=-=")
        if node:
            lines.append(f"mknod -m 600 {node}")
        lines.append(f"udevadm test --action={action} {path} 2>&1")
        if node:
            lines.append(f"echo; echo node: $(stat -c '%g %a' {node.split()[0]})")
    return "\n".join(lines)


# --- the tree ---------------------------------------------------------------------------------------------------------


@contextmanager
def _tree(folder: Path, device: Device) -> Iterator[list[tuple[int, str, str]]]:
    """Make the tree; yield of each tty its interface's number, its place in the tree, and its node for mknod."""
    root = folder / "sys"
    controller = root / "devices/pci0000:00/0000:00:14.0"
    _put(controller, uevent="DRIVER=xhci_hcd\nPCI_ID=8086:A36D\nPCI_SLOT_NAME=0000:00:14.0", vendor="0x8086")
    hub, usb = controller / "usb1", controller / "usb1/1-1"
    _put(hub, uevent="DEVTYPE=usb_device", idVendor="1d6b", idProduct="0002")
    ids = f"PRODUCT={device.vendor}/{device.product}/102"
    _put(
        usb,
        uevent=f"MAJOR=189\nMINOR=1\nDEVNAME=bus/usb/001/002\nDEVTYPE=usb_device\nDRIVER=usb\n{ids}\nTYPE=0/0/0",
        idVendor=device.vendor, idProduct=device.product, product=device.name, manufacturer="maker", serial="0123",
        bcdDevice="0102", busnum="1", devnum="2", bDeviceClass="00",
    )  # fmt: skip
    (usb / "descriptors").write_bytes(_descriptors(device))
    _subsystem(root, "bus/pci", controller)
    _subsystem(root, "bus/usb", hub)
    _subsystem(root, "bus/usb", usb)
    for kind in ("pci", "usb", "usb-serial"):
        (root / "bus" / kind / "devices").mkdir(parents=True, exist_ok=True)
    yield [
        _tty(root, usb, number, interface, ids)
        for number, interface in enumerate(device.interfaces)
        if interface.is_serial
    ]


def _descriptors(device: Device) -> bytes:
    """Return the descriptors that the device tells of itself (USB 2.0, 9.6), by which udev knows its interfaces."""
    octets = bytes([18, 1]) + bytes(16) + bytes([9, 2]) + bytes(7)
    for number, each in enumerate(device.interfaces):
        kind = (int(value or "0", 16) for value in (each.usb_class, each.subclass, each.protocol))
        octets += bytes([9, 4, number, 0, 1, *kind, 0]) + bytes([7, 5, 0x81 + number]) + bytes(4)
    return octets


def _tty(root: Path, usb: Path, number: int, interface: Interface, ids: str) -> tuple[int, str, str]:
    place = usb / f"1-1:1.{number}"
    _put(
        place,
        uevent=f"DEVTYPE=usb_interface\nDRIVER=option\n{ids}",
        bInterfaceNumber=f"{number:02d}", bInterfaceClass=interface.usb_class, bAlternateSetting=" 0",
        bInterfaceSubClass=interface.subclass, bInterfaceProtocol=interface.protocol, bNumEndpoints="02",
    )  # fmt: skip
    _subsystem(root, "bus/usb", place)
    major, name = (166, f"ttyACM{number}") if interface.is_acm else (188, f"ttyUSB{number}")
    port = place
    if not interface.is_acm:
        port = place / name
        _put(port, uevent="DRIVER=option1", port_number="0")
        _subsystem(root, "bus/usb-serial", port)
    tty = port / "tty" / name
    _put(tty, uevent=f"MAJOR={major}\nMINOR={number}\nDEVNAME={name}", dev=f"{major}:{number}")
    _subsystem(root, "class/tty", tty)
    _link(tty, root / "class/tty" / name)
    _link(tty, root / f"dev/char/{major}:{number}")
    _link(port, tty / "device")
    return number, f"/{tty.relative_to(root)}", f"/dev/{name} c {major} {number}"


def _put(place: Path, **files: str) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (place / name).write_text(content + "\n", "ascii")


def _subsystem(root: Path, name: str, place: Path) -> None:
    (root / name).mkdir(parents=True, exist_ok=True)
    _link(root / name, place / "subsystem")


def _link(target: Path, at: Path) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(os.path.relpath(target, at.parent))
