"""The host's serial ports: what the kernel and udev show of each, and which of them this process uses.

Knows /sys (the USB device and interface behind a tty) and the links that udev makes below /dev; both roots are handed
in, so that a test may invent them. Refuses to open anything. Two ports of one USB device belong to one modem: while a
route uses one, the others are nobody's to ask.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from smsd.routes.modem.usbports import MAKERS, Role, role

__all__ = ["Host", "HostPort", "Ports"]

_SERIAL = ("ttyUSB", "ttyACM")
_LINKS = ("smsd", "smsd/by-path", "serial/by-id", "serial/by-path")
_DEPTH = 8
"""So far above a tty its USB device stands at most: port, interface, device."""


@dataclass(frozen=True, slots=True)
class HostPort:
    """A serial port.

    ``usb`` is the kernel's name of the USB device (``1-1.2``), ``serial`` its serial number, ``number`` counts the
    devices that were plugged in on its bus: plugged in again, it has another. ``named`` tells that udev's rules call
    it a modem's port.
    """

    path: str
    tty: str
    usb: str
    vendor: str
    product: str
    title: str
    serial: str
    number: str
    interface: int
    triple: tuple[str, str, str]
    links: tuple[str, ...]
    named: bool
    role: Role

    @property
    def maker(self) -> str:
        """Who made it, where that is known."""
        return MAKERS.get(self.vendor, "")


class Host:
    """The ports below two roots."""

    def __init__(self, sys: Path = Path("/sys"), dev: Path = Path("/dev")) -> None:
        self._class = sys / "class" / "tty"
        self._dev = dev

    def ports(self) -> list[HostPort]:
        """List the USB serial ports, by device and interface."""
        try:
            names = [name for name in os.listdir(self._class) if name.startswith(_SERIAL)]  # noqa: PTH208  names only
        except OSError:
            return []
        links = self._links() if names else {}
        found = [port for name in names if (port := self._port(name, links.get(name, ()))) is not None]
        return sorted(found, key=lambda port: (port.usb, port.interface, port.tty))

    def port_of(self, path: str) -> HostPort | None:
        """Find the port behind a path, through any links; ``None``: no USB port."""
        for _ in range(_DEPTH):
            tty = os.path.basename(path)  # noqa: PTH119  a name, not a place
            if tty.startswith(_SERIAL):
                return self._port(tty, self._links().get(tty, ()))
            try:
                path = os.path.join(os.path.dirname(path), os.readlink(path))  # noqa: PTH115, PTH118, PTH120
            except OSError:
                return None
        return None

    def _port(self, tty: str, links: tuple[str, ...]) -> HostPort | None:
        interface = self._above(tty, "bInterfaceNumber")
        if interface is None:
            return None
        device = interface.parent
        vendor, product = _read(device / "idVendor"), _read(device / "idProduct")
        number = int(_read(interface / "bInterfaceNumber") or "0", 16)
        triple = (
            _read(interface / "bInterfaceClass"),
            _read(interface / "bInterfaceSubClass"),
            _read(interface / "bInterfaceProtocol"),
        )
        named = any("/smsd/" in link for link in links)
        return HostPort(
            path=str(self._dev / tty),
            tty=tty,
            usb=device.name,
            vendor=vendor,
            product=product,
            title=_read(device / "product"),
            serial=_read(device / "serial"),
            number=f"{_read(device / 'busnum')}:{_read(device / 'devnum')}",
            interface=number,
            triple=triple,
            links=links,
            named=named,
            role=Role.AT if named else role(vendor, product, number, triple),
        )

    def _above(self, tty: str, file: str) -> Path | None:
        """Find the first directory above a tty that has ``file``."""
        place = Path(os.path.realpath(self._class / tty))
        for _ in range(_DEPTH):
            if (place / file).exists():
                return place
            place = place.parent
        return None

    def _links(self) -> dict[str, tuple[str, ...]]:
        """Return the links that udev made, by the name of the tty they lead to."""
        found: dict[str, tuple[str, ...]] = {}
        for folder in _LINKS:
            place = self._dev / folder
            try:
                entries = sorted(os.listdir(place))  # noqa: PTH208  names only
            except OSError:
                continue
            for entry in entries:
                try:
                    leads_to = os.path.basename(os.readlink(place / entry))  # noqa: PTH115, PTH119  one step, a name
                except OSError:
                    continue
                found[leads_to] = (*found.get(leads_to, ()), str(place / entry))
        return found


class Ports:
    """The host's ports, and which of their devices the routes of this process use."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._used: dict[str, str] = {}

    @contextmanager
    def used(self, path: str, route: str) -> Iterator[None]:
        """Keep the other routes off the device behind ``path``."""
        port = self.host.port_of(path)
        key = port.usb if port is not None else os.path.realpath(path)
        self._used[key] = route
        try:
            yield
        finally:
            if self._used.get(key) == route:
                del self._used[key]

    def plug_of(self, path: str) -> str:
        """Return what is another as soon as a device has been pulled out and plugged in; empty: nothing is there."""
        port = self.host.port_of(path)
        if port is not None:
            return f"{port.usb} {port.number}"
        return os.path.realpath(path) if os.path.exists(path) else ""  # noqa: PTH110

    def candidates(self) -> list[HostPort]:
        """List the free ports that may be asked who they are, the likeliest first."""
        free = [port for port in self.host.ports() if port.role is not Role.NO and port.usb not in self._used]
        return sorted(free, key=lambda port: (not port.named, -port.role, port.usb, port.interface))


def _read(place: Path) -> str:
    try:
        return place.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
