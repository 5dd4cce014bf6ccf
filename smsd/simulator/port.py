"""The socket a simulated modem is plugged into: a pty that programs open as if it were a serial device.

Knows ptys, symbolic links and back-pressure. Refuses to know AT commands. Unplugging closes the master side, which the
kernel turns into a real hang-up (a read of nothing, EIO on write) for whoever holds the device; plugging in again makes
another pty under the same or another link, as a USB modem does.
"""

import asyncio
import contextlib
import fcntl
import os
import termios
import tty
from collections.abc import Callable
from pathlib import Path

from smsd.errors import UsageError

__all__ = ["Port"]

OUTPUT_LIMIT = 1 << 20
"""Octets kept for a program that does not read; what comes after is lost, as in a modem's own buffer."""


class Port:
    """A pty under an optional link; ``received`` is called with whatever a program writes to it."""

    def __init__(self, link: Path | None, received: Callable[[bytes], None]) -> None:
        self.link = link
        self._received = received
        self._master: int | None = None
        self._keeper: int | None = None
        self._path = ""
        self._waiting = bytearray()
        self._hung = False

    @property
    def plugged(self) -> bool:
        """Whether there is a device to open."""
        return self._master is not None

    @property
    def path(self) -> Path:
        """What a program opens: the link where there is one, else the pty itself."""
        return self.link if self.link is not None else Path(self._path)

    def plug(self) -> None:
        """Make a new pty and point the link at it; does nothing when plugged in already.

        One slave descriptor stays open here, so that programs may come and go without the master seeing EIO. Raises
        ``UsageError`` when the link's path is taken by something that is not a symbolic link.
        """
        if self._master is not None:
            return
        self._master, self._keeper = os.openpty()
        self._path = os.ttyname(self._keeper)
        tty.setraw(self._keeper)
        os.set_blocking(self._master, False)
        if self.link is not None:
            self._point(self.link)
        asyncio.get_running_loop().add_reader(self._master, self._readable)

    def unplug(self) -> None:
        """Take the device away: link removed, master closed, everything unread lost."""
        if self._master is None or self._keeper is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._master)
        loop.remove_writer(self._master)
        if self.link is not None and self.link.is_symlink() and str(self.link.readlink()) == self._path:
            self.link.unlink()
        # The master first: closing it is what hangs up the programs on the slave side.
        os.close(self._master)
        os.close(self._keeper)
        self._master = self._keeper = None
        self._waiting.clear()
        self._hung = False

    def hang(self, *, hung: bool = True) -> None:
        """Stop (or go on) taking what programs write, as a crashed firmware does while USB stays up."""
        if self._master is None or self._hung == hung:
            return
        self._hung = hung
        loop = asyncio.get_running_loop()
        if hung:
            loop.remove_reader(self._master)
        else:
            loop.add_reader(self._master, self._readable)

    def write(self, octets: bytes) -> None:
        """Send ``octets`` to the program; they wait while it does not read, up to ``OUTPUT_LIMIT``."""
        if self._master is None or len(self._waiting) + len(octets) > OUTPUT_LIMIT:
            return
        self._waiting += octets
        self._flush()

    def _flush(self) -> None:
        if self._master is None:
            return
        loop = asyncio.get_running_loop()
        while self._waiting:
            try:
                written = os.write(self._master, self._waiting[:4096])
            except BlockingIOError:
                loop.add_writer(self._master, self._flush)
                return
            del self._waiting[:written]
        loop.remove_writer(self._master)

    def _readable(self) -> None:
        if self._master is None or self._keeper is None:
            return
        with contextlib.suppress(OSError):
            octets = os.read(self._master, 4096)
            # The kernel drops TIOCEXCL at the last close, and the keeper never closes: a killed program would leave
            # the device unopenable for everybody but root. flock, which dies with its holder, is left alone.
            fcntl.ioctl(self._keeper, termios.TIOCNXCL)
            self._received(octets)

    def _point(self, link: Path) -> None:
        """Put the link in place in one step, so that no program ever finds it half made."""
        if link.exists() and not link.is_symlink():
            raise UsageError(f"{link} exists and is no symbolic link: name another path for the simulated modem")
        if link.exists():
            raise UsageError(f"{link} leads to {link.readlink()}, which is there: name another path")
        fresh = link.with_name(f".{link.name}.{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        fresh.symlink_to(self._path)
        fresh.replace(link)
