"""A host that is not there: below one directory a /sys and a /dev, into which simulated modems are plugged."""

import asyncio
from pathlib import Path

from smsd.routes.modem import Host, Ports, Seeker, Timings

HUAWEI = ("12d1", "1506")
PC_UI = ("ff", "02", "02")
DATA = ("ff", "02", "01")


class InventedHost:
    """A host whose USB devices and ttys are files; ``view`` is what a program sees of it."""

    def __init__(self, place: Path) -> None:
        self.sys, self.dev = place / "sys", place / "dev"
        (self.sys / "class/tty").mkdir(parents=True)
        (self.dev / "smsd").mkdir(parents=True)
        self._devices = 0

    @property
    def view(self) -> Host:
        return Host(self.sys, self.dev)

    def seeker(self, timings: Timings) -> Seeker:
        """Ask this host's ports who they are."""
        return Seeker(Ports(self.view), timings, lambda: asyncio.get_running_loop().time())

    def device(self, usb: str, ids: tuple[str, str] = HUAWEI, **more: str) -> Path:
        """Plug a USB device in (again): it has another number each time."""
        self._devices += 1
        place = self.sys / "devices/pci0000:00/usb1" / usb
        told = {"idVendor": ids[0], "idProduct": ids[1], "busnum": "1", "devnum": str(self._devices), **more}
        _put(place, product="HUAWEI Mobile", **told)
        bus = self.sys / "bus/usb/devices"
        bus.mkdir(parents=True, exist_ok=True)
        (bus / usb).unlink(missing_ok=True)
        (bus / usb).symlink_to(place)
        return place

    def tty(self, tty: str, usb: str, *, interface: int = 2, triple: tuple[str, str, str] = PC_UI) -> Path:
        """Give a device a serial port; return its node, where a simulated modem belongs."""
        place = self.sys / "devices/pci0000:00/usb1" / usb / f"{usb}:1.{interface}"
        usb_class, subclass, protocol = triple
        _put(
            place, bInterfaceNumber=f"{interface:02d}", bInterfaceClass=usb_class, bInterfaceSubClass=subclass,
            bInterfaceProtocol=protocol,
        )  # fmt: skip
        end = place / tty / "tty" / tty
        end.mkdir(parents=True, exist_ok=True)
        link = self.sys / "class/tty" / tty
        link.unlink(missing_ok=True)
        link.symlink_to(end)
        return self.dev / tty

    def plug(self, tty: str, usb: str, ids: tuple[str, str] = HUAWEI, **interface: object) -> Path:
        """Plug a device with one serial port in; return the port's node."""
        self.device(usb, ids)
        return self.tty(tty, usb, **interface)  # type: ignore[arg-type]

    def unplug(self, *ttys: str) -> None:
        """Take the ports away, as the kernel does when their device goes."""
        for tty in ttys:
            (self.sys / "class/tty" / tty).unlink()

    def name(self, tty: str, link: str = "smsd/modem") -> Path:
        """Give a port one of udev's names."""
        place = self.dev / link
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(f"../{tty}")
        return place


def _put(place: Path, **files: str) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (place / name).write_text(content + "\n", "ascii")
