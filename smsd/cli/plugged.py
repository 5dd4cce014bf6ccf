"""What is plugged into this host: USB modems with their ports, which of them speaks AT, and who holds it.

Knows how to put together what the kernel, udev and the list of processes show. Refuses to open a port: whoever holds
one would notice. Other users' processes are seen by root only.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smsd.doctor.process import users_of
from smsd.routes.modem import Host, holder
from smsd.routes.modem.host import HostPort
from smsd.routes.modem.usbports import MAKERS, Role

__all__ = ["Plugged", "plugged"]

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Plugged:
    """A USB device with serial ports, and what is known of who uses each port, by its path."""

    ports: tuple[HostPort, ...]
    holders: dict[str, str]

    @property
    def usb(self) -> str:
        """The kernel's name of the device."""
        return self.ports[0].usb

    @property
    def ids(self) -> str:
        """Vendor and product, as ``lsusb`` shows them."""
        return f"{self.ports[0].vendor}:{self.ports[0].product}"

    @property
    def what(self) -> str:
        """What it calls itself, with its maker where that is known."""
        first = self.ports[0]
        return first.title if first.maker.lower() in first.title.lower() else f"{first.maker} {first.title}".strip()

    @property
    def at(self) -> str:
        """The port for commands; several that may be it are told with a question mark."""
        sure = [port.tty for port in self.ports if port.role is Role.AT]
        return ", ".join(sure) or ", ".join(f"{port.tty}?" for port in self.ports if port.role is Role.MAYBE)

    @property
    def held_by(self) -> str:
        """Who has any of its ports."""
        return ", ".join(dict.fromkeys(self.holders.values()))

    @property
    def fields(self) -> dict[str, Any]:
        """The device as scripts see it."""
        first = self.ports[0]
        return {
            "usb": self.usb,
            "ids": self.ids,
            "maker": first.maker or None,
            "product": first.title or None,
            "serial": first.serial or None,
            "ports": [
                {
                    "path": port.path,
                    "interface": port.interface,
                    "class": "/".join(port.triple),
                    "at": {Role.AT: "yes", Role.MAYBE: "maybe", Role.NO: "no"}[port.role],
                    "links": list(port.links),
                    "held_by": self.holders.get(port.path),
                }
                for port in self.ports
            ],
        }


def plugged(host: Host) -> list[Plugged]:
    """List the devices that are, or may be, modems: of a known maker, or named by udev's rules."""
    devices: dict[str, list[HostPort]] = {}
    for port in host.ports():
        devices.setdefault(port.usb, []).append(port)
    return [
        Plugged(tuple(ports), {port.path: who for port in ports if (who := _holder(port.path))})
        for ports in devices.values()
        if ports[0].vendor in MAKERS or any(port.named for port in ports)
    ]


def _holder(path: str) -> str:
    """Name the process that holds a port: by the lock on it, else by its open files."""
    locked = holder(path)
    if locked is not None:
        return str(locked)
    users = users_of(path, PROC)
    return str(users[0]) if users else ""
