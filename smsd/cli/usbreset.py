"""``smsd modem reset-usb``: takes a modem off its USB bus and puts it back, as pulling it out and in would.

Knows ``authorized`` of a USB device (the kernel's Documentation/usb/authorization.rst). Refuses what is no modem: the
request may come from a daemon that has been broken into.
"""

import re
import time
from pathlib import Path

import click

from smsd.errors import NotFoundError, SmsdError, UsageError
from smsd.speech import _

__all__ = ["PLACES", "reset_usb"]

PLACES = (Path("/sys"), Path("/dev"))
"""Where the kernel and udev show what is plugged in."""
OFF_SECONDS = 2.0
"""How long the device stays away: long enough for its power to be felt missing by the modem's firmware."""
_NAME = re.compile(r"[0-9]{1,3}-[0-9]{1,3}(\.[0-9]{1,3}){0,6}")
LONGEST = 64


@click.command("reset-usb", epilog="Example: sudo smsd modem reset-usb 1-1.2")
@click.argument("usb", metavar="[USB]", required=False)
@click.option(
    "--request", type=click.Path(path_type=Path, dir_okay=False), help="Read the device's name from this file instead."
)
def reset_usb(*, usb: str | None, request: Path | None) -> None:
    """Reset the USB device of a modem, as pulling it out and in would; for root.

    USB is the kernel's name of the device, which 'smsd modem list' shows. With --request this is what
    smsd-usb-reset.service runs for the daemon.
    """
    name = _requested(request) if request is not None else usb
    if name is None:
        if request is None:
            raise UsageError("which device? 'smsd modem list' shows their names")
        return  # the daemon has ended, and its request with it
    place = _modem_at(name)
    _write(place, "0")
    try:
        time.sleep(OFF_SECONDS)
    finally:
        _write(place, "1")
    click.echo(_("{usb}: reset").format(usb=name))


def _requested(request: Path) -> str | None:
    try:
        with request.open("rb") as file:
            said = file.read(LONGEST).decode("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SmsdError(f"{request}: {error.strerror}") from error
    return said.strip() or None


def _modem_at(name: str) -> Path:
    """Return the file that takes a device off the bus. Raises ``UsageError`` or ``NotFoundError``."""
    from smsd.routes.modem.host import Host  # noqa: PLC0415  start-up time
    from smsd.routes.modem.usbports import MAKERS  # noqa: PLC0415

    if not _NAME.fullmatch(name):
        raise UsageError("that is no name of a USB device: they are like 1-1.2")
    ports = [port for port in Host(*PLACES).ports() if port.usb == name]
    if not ports:
        raise NotFoundError(f"{name}: no USB device of this name has a serial port; 'smsd modem list' shows which have")
    if not any(port.named or port.vendor in MAKERS for port in ports):
        raise UsageError(f"{name}: not a modem of a known maker, nor named by udev's rules: it is left alone")
    return PLACES[0] / "bus/usb/devices" / name / "authorized"


def _write(place: Path, value: str) -> None:
    try:
        place.write_text(value, "ascii")
    except OSError as error:
        raise SmsdError(f"{place}: {error.strerror}; this is root's to do") from error
