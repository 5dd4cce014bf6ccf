"""``smsd modem reset-usb``: takes a modem off its USB bus and puts it back, as pulling it out and in would.

Knows ``authorized`` of a USB device (the kernel's Documentation/usb/authorization.rst). Refuses what is no modem: the
requests may come from a daemon that has been broken into.

Where a ``kill -9`` leaves the client: a device is marked before it is taken off, and the mark goes when it is back, so
that whoever looks after this command (``ExecStopPost=`` of the unit, which systemd runs even then) puts back what
is marked; an orderly end waits until it is back. Killed between the mark and the going, one that was never away is
allowed on the bus again, which is nothing. A boot allows everything. A request that was taken and not granted is made
again by the daemon's next rung.
"""

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from smsd.errors import NotFoundError, SmsdError, UsageError
from smsd.speech import _

__all__ = ["MARKS", "PLACES", "reset_usb"]

PLACES = (Path("/sys"), Path("/dev"))
"""Where the kernel and udev show what is plugged in."""
MARKS = Path("/run/smsd-usb-reset")
"""Where a device that is off the bus by us has a file of its name; root's, unlike the requests."""
OFF_SECONDS = 2.0
"""How long the device stays away: long enough for its power to be felt missing by the modem's firmware."""
AT_A_TIME = 32
"""So many requests are looked at at most; what is left has this run again."""
_NAME = re.compile(r"[0-9]{1,3}-[0-9]{1,3}(\.[0-9]{1,3}){0,6}")


@click.command("reset-usb", epilog="Example: sudo smsd modem reset-usb 1-1.2")
@click.argument("usb", metavar="[USB]", required=False)
@click.option(
    "--requests",
    type=click.Path(path_type=Path, file_okay=False),
    help="Take the devices' names from the files in this directory instead, which are removed.",
)
@click.option("--put-back", is_flag=True, help="Put back what a reset that was killed has left off the bus.")
def reset_usb(*, usb: str | None, requests: Path | None, put_back: bool) -> None:
    """Reset the USB device of a modem, as pulling it out and in would; for root.

    USB is the kernel's name of the device, which 'smsd modem list' shows. With --requests this is what
    smsd-usb-reset.service runs for the daemon, and with --put-back what it runs at its end.
    """
    if put_back:
        _put_back()
        return
    if requests is None and usb is None:
        raise UsageError("which device? 'smsd modem list' shows their names")
    names = _taken(requests) if requests is not None else [usb or ""]
    wrong: list[SmsdError] = []
    modems: dict[str, Path] = {}
    for name in names:  # one that is refused keeps no other from its reset
        try:
            modems[name] = _modem_at(name)
        except SmsdError as error:
            wrong.append(error)
    with _undisturbed():
        reset = _reset(modems, wrong)
    for name in reset:
        click.echo(_("{usb}: reset").format(usb=name))
    for each in wrong[:-1]:
        click.echo(str(each), err=True)
    if wrong:
        raise wrong[-1]


def _taken(requests: Path) -> list[str]:
    """Take the requests out of their directory and return them; a wish that is made from now on is another."""
    try:
        place = os.open(requests, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return []  # the daemon has ended, and its requests with it
    except OSError as error:
        raise SmsdError(f"{requests}: {error.strerror}") from error
    try:
        names = sorted(name for name in os.listdir(place) if name[0] != ".")[:AT_A_TIME]  # noqa: PTH208  of what was opened
        for name in names:
            try:
                os.unlink(name, dir_fd=place)
            except OSError:
                os.rmdir(name, dir_fd=place)
    except OSError as error:
        raise SmsdError(f"{requests}: {error.strerror}") from error
    finally:
        os.close(place)
    return names


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
    return _authorized(name)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Be ended by nobody but the kernel meanwhile: a device that was left off the bus would stay off."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _reset(modems: Mapping[str, Path], wrong: list[SmsdError]) -> list[str]:
    """Take devices off the bus together, and put them back; return those that were."""
    off: list[str] = []
    try:
        for name, place in modems.items():
            try:
                off.append(name)
                _mark(name)
                _write(place, "0")
            except SmsdError as error:
                off.remove(name)
                wrong.append(error)
        if off:
            time.sleep(OFF_SECONDS)
    finally:
        for name in [*off]:
            try:
                _write(modems[name], "1")
                _unmark(name)
            except SmsdError as error:
                off.remove(name)
                wrong.append(error)
    return off


def _put_back() -> None:
    """Put back each device that is marked; one that has been pulled out meanwhile needs it no more."""
    wrong = None
    for mark in sorted(MARKS.glob("*")):
        place = _authorized(mark.name)
        try:
            if _NAME.fullmatch(mark.name) and place.exists():
                _write(place, "1")
                click.echo(_("{usb}: put back").format(usb=mark.name))
            _unmark(mark.name)
        except SmsdError as error:
            wrong = error
    if wrong is not None:
        raise wrong


def _mark(name: str) -> None:
    place = MARKS / name
    try:
        place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        place.touch()
    except OSError as error:
        raise SmsdError(f"{place}: {error.strerror}; this is root's to do") from error


def _unmark(name: str) -> None:
    with contextlib.suppress(OSError):  # what stays is put back once more: nothing
        (MARKS / name).unlink()


def _authorized(name: str) -> Path:
    return PLACES[0] / "bus/usb/devices" / name / "authorized"


def _write(place: Path, value: str) -> None:
    try:
        place.write_text(value, "ascii")
    except OSError as error:
        raise SmsdError(f"{place}: {error.strerror}; this is root's to do") from error
