"""A USB stick with the simulated modem in it.

The simulator lives in a process of its own and makes a pty; this carries octets between that pty and one interface of a
USB device, and follows it: where the pty is gone the stick is out, where it is there again the stick is in. So whatever
pulls the simulated modem, a request or a fault in the middle of a command, pulls the USB device.
"""

import contextlib
import os
import select
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from smsd.simulator import Simulator
from tests.hotplug.usb import Device, Interface

__all__ = ["Socket", "Stick"]

HUAWEI, E3131 = 0x12D1, 0x1506
DATA, DIAGNOSTIC, PC_UI = 0x01, 0x03, 0x02
"""Protocols of a Huawei stick's interfaces, subclass 0x02: udev/78-smsd.rules takes the last."""
LOOK_SECONDS = 0.02


class Socket:
    """A USB socket of one machine, and what the stick looks like in it."""

    def __init__(self, path: Path, to_modem: Callable[[bytes], None]) -> None:
        self.path = path
        self.data = Interface(0x02, DATA, notifies=True)
        self.at = Interface(0x02, PC_UI, to_modem)
        self.device = Device(
            path, HUAWEI, E3131, [self.data, Interface(0x02, DIAGNOSTIC), self.at], "HUAWEI", "HUAWEI Mobile"
        )


class Stick:
    """A Huawei E3131 of this name, out at first; use it as a context manager.

    ``machines`` are where it may be put in, ``options`` those of ``python -m smsd.simulator``. The stick's data port is
    there as well, and silent.
    """

    def __init__(self, folder: Path, name: str, machines: Sequence[str], *options: str) -> None:
        self.sockets = {each: Socket(folder / f"{name}-{each}.usb", self._to_modem) for each in machines}
        self._where = self.sockets[machines[0]]
        self._link = folder / f"{name}.tty"
        self._pty: int | None = None
        self._ended = threading.Event()
        self._simulator = Simulator(self._link, *options)
        self._thread = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self) -> Self:
        self._simulator.__enter__()
        self.ask("unplug")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        for each in self.sockets.values():
            each.device.close()
        self._simulator.__exit__(kind, value, trace)

    def ask(self, *words: object) -> Any:
        """Ask the simulator; its verbs are those of ``smsd simulate``."""
        return self._simulator.ask(*words)

    def plug(self, machine: str | None = None) -> None:
        """Put the stick in where it was, or into another machine."""
        if machine is not None:
            self._where = self.sockets[machine]
        self.ask("plug")

    def pull(self) -> None:
        """Pull it out; a part in the air flies on."""
        self.ask("unplug")

    def _to_modem(self, octets: bytes) -> None:
        pty = self._pty
        if pty is not None:
            with contextlib.suppress(OSError):  # pulled in this very moment
                os.write(pty, octets)

    def _carry(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            with contextlib.suppress(OSError):
                self._pty = os.open(self._link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            if self._pty is None:
                continue
            where = self._where
            where.device.plug()
            self._from_modem(self._pty, where)
            where.device.pull()
            pty, self._pty = self._pty, None
            os.close(pty)

    def _from_modem(self, pty: int, where: Socket) -> None:
        """Carry what the modem says, until it is gone."""
        with contextlib.suppress(OSError):
            while not self._ended.is_set():
                readable, _, _ = select.select([pty], [], [], LOOK_SECONDS * 10)
                if readable:
                    octets = os.read(pty, 4096)
                    if not octets:
                        return
                    where.device.send(where.at, octets)
