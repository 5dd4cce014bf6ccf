"""A serial port under the event loop: octets out, octets in, and one word when the device is gone.

Knows ttys: pyserial opens and configures them, ``os.read`` and ``os.write`` on the bare descriptor do the rest, because
pyserial's own ``write`` spins on a full buffer, which is just what a hung USB modem leaves behind. Refuses to know what
the octets mean. A read of nothing, or any error but EAGAIN, means the device is gone; that is told exactly once.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import termios
from collections.abc import Callable
from typing import Any, ClassVar, Self

import serial
import structlog

from smsd.errors import PortBusyError, PortGoneError, RouteError
from smsd.routes.modem.holder import holder

__all__ = ["Port"]

READ_SIZE = 4096
DRIVER_SECONDS = 60.0
"""How long a driver may take to open or close a port: some wait half a minute for what they cannot write."""
UNIX98_PTY_MAJORS = range(136, 144)
_ABSENT = {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO, errno.ENOTDIR}
_HELD = {errno.EBUSY, errno.EAGAIN}

log = structlog.get_logger()


class Port:
    """An open port. ``on_data`` hears every octet; ``on_lost`` hears once that the device is gone."""

    _in_driver: ClassVar[dict[str, asyncio.Future[Any]]] = {}
    """What was asked of a driver last, by the path of its port."""

    def __init__(self, path: str, line: serial.Serial) -> None:
        self.path = path
        self.lost: PortGoneError | None = None
        self._line = line
        self._fd: int = line.fileno()
        self._pending = bytearray()
        self._on_data: Callable[[bytes], None] | None = None
        self._on_lost: Callable[[PortGoneError], None] | None = None
        self._open = True

    @classmethod
    async def open(cls, path: str, baud: int = 115200, *, rtscts: bool = False) -> Self:
        """Open ``path`` for this process alone, away from the loop: drivers have been seen to block for seconds.

        Raises ``PortGoneError`` when there is no such device, ``PortBusyError`` when another program holds it,
        ``RouteError`` when it cannot be opened at all, or not within a minute: then it is not tried again before that
        try has ended, for each holds a thread that nothing can end.
        """
        loop = asyncio.get_running_loop()
        before = cls._in_driver.get(path)
        ours = before is not None and not before.done() and before.get_loop() is loop
        if before is not None and ours and (await asyncio.wait([before], timeout=DRIVER_SECONDS))[1]:
            raise RouteError(f"{path}: its driver has not returned from the last time; pull the modem out")
        cls._in_driver[path] = opening = loop.run_in_executor(None, _open, path, baud, rtscts)
        try:
            async with asyncio.timeout(DRIVER_SECONDS):
                return cls(path, await asyncio.shield(opening))
        except TimeoutError:
            opening.add_done_callback(_close_unwanted)
            raise RouteError(f"{path}: its driver has not opened it within {DRIVER_SECONDS:g} s") from None
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unwanted)
            raise

    def listen(self, on_data: Callable[[bytes], None], on_lost: Callable[[PortGoneError], None]) -> None:
        """Begin to read."""
        self._on_data = on_data
        self._on_lost = on_lost
        asyncio.get_running_loop().add_reader(self._fd, self._readable)

    def overhear(self, on_data: Callable[[bytes], None]) -> None:
        """Have ``on_data`` hear every octet before whoever listens does."""
        hears = self._on_data

        def both(octets: bytes) -> None:
            on_data(octets)
            if hears is not None:
                hears(octets)

        self._on_data = both

    def write(self, octets: bytes) -> None:
        """Write ``octets``, now or as soon as the device takes them; never waits."""
        if self.lost is not None or not self._open:
            return
        self._pending += octets
        self._writable()

    @property
    def unwritten(self) -> int:
        """How many octets the device has not taken yet (after its loss: never took)."""
        return len(self._pending)

    def abandon(self) -> None:
        """Forget what the device has not taken."""
        self._pending.clear()
        if self._open:
            asyncio.get_running_loop().remove_writer(self._fd)

    async def close(self) -> None:
        """Give the port back; whoever still waits for it learns that it is gone.

        Unsent output is thrown away first: a driver may otherwise wait 30 s for it.
        """
        if not self._open:
            return
        self._lose("closed")
        self._stop()
        self._open = False
        self._in_driver[self.path] = closing = asyncio.get_running_loop().run_in_executor(None, _close, self._line)
        _, late = await asyncio.wait([closing], timeout=DRIVER_SECONDS)
        if late:
            log.error("port_not_closed", path=self.path, seconds=DRIVER_SECONDS, why="its driver does not return")

    def _readable(self) -> None:
        try:
            octets = os.read(self._fd, READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(error.strerror or "read failed")
            return
        if not octets:
            self._lose("the line was hung up")
        elif self._on_data is not None:
            self._on_data(octets)

    def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        while self._pending:
            try:
                written = os.write(self._fd, self._pending)
            except BlockingIOError:
                loop.add_writer(self._fd, self._writable)
                return
            except OSError as error:
                self._lose(error.strerror or "write failed")
                return
            del self._pending[:written]
        loop.remove_writer(self._fd)

    def _lose(self, how: str) -> None:
        if self.lost is not None:
            return
        self.lost = PortGoneError(f"{self.path}: the device vanished ({how})")
        self._stop()
        if self._on_lost is not None:
            self._on_lost(self.lost)

    def _stop(self) -> None:
        if self._open:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._fd)
            loop.remove_writer(self._fd)


def _open(path: str, baud: int, rtscts: bool) -> serial.Serial:  # noqa: FBT001  called by an executor
    try:
        line = serial.Serial(path, baud, timeout=0, write_timeout=0, exclusive=True, rtscts=rtscts)
    except serial.SerialException as error:
        raise _translated(path, error.errno, str(error)) from error
    except (OSError, termios.error) as error:
        raise _translated(path, error.args[0] if error.args else None, str(error)) from error
    except ValueError as error:
        raise RouteError(f"{path}: {error}") from error
    with contextlib.suppress(OSError, termios.error):
        # A pty's other end stays open across programs, and TIOCEXCL would then outlive us; flock guards there.
        if os.major(os.fstat(line.fileno()).st_rdev) not in UNIX98_PTY_MAJORS:
            fcntl.ioctl(line.fileno(), termios.TIOCEXCL)
        termios.tcflush(line.fileno(), termios.TCIOFLUSH)
    return line


def _close(line: serial.Serial) -> None:
    with contextlib.suppress(OSError, termios.error):
        termios.tcflush(line.fileno(), termios.TCIOFLUSH)
        fcntl.ioctl(line.fileno(), termios.TIOCNXCL)
    with contextlib.suppress(OSError, termios.error):
        line.close()


def _close_unwanted(opening: "asyncio.Future[serial.Serial]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        _close(opening.result())


def _translated(path: str, number: int | None, text: str) -> RouteError:
    if number in _ABSENT:
        return PortGoneError(f"{path}: no such device (is the modem plugged in, and switched to modem mode?)")
    if number in _HELD or "exclusively lock" in text:
        who = holder(path)
        return PortBusyError(
            f"{path}: held by {who}; end it, or give it another port"
            if who
            else f"{path}: another program holds the port; 'smsd doctor' as root names it"
        )
    if number in {errno.EACCES, errno.EPERM}:
        return RouteError(f"{path}: not allowed to open it; add the service's user to the group that owns the device")
    return RouteError(f"{path}: {text}")
