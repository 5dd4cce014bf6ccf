"""Who else is at a port, and how that ends: the processes that hold it open, and the units that started them.

Knows Linux: ``/proc/PID/fd`` (which only root may read of others), ``/proc/locks`` (which everybody may), and the
control group that names a systemd unit. Refuses to end anything.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smsd.routes.modem import holder
from smsd.routes.modem.port import UNIX98_PTY_MAJORS
from smsd.speech import N_

__all__ = ["PROC", "PortUser", "cure", "running", "users_of"]

PROC = Path("/proc")
_UNIT = re.compile(r"/([^/]+\.service)$")
LONGEST_COMMAND = 60
"""Characters of a command line that are shown: enough to know the program."""
REASONS = {
    "ModemManager": "it takes modems for data, and reads and deletes their messages",
    "agetty": "a login prompt, which answers the modem",
    "getty": "a login prompt, which answers the modem",
    "brltty": "it takes serial ports for Braille displays",
    "gpsd": "it takes serial ports for satellite receivers",
    "smsd": "another daemon for short messages",
    "gammu-smsd": "another daemon for short messages",
}
"""What is known of the programs that are found at modems' ports, by the names of their processes."""


@dataclass(frozen=True, slots=True)
class PortUser:
    """A process with the port open. ``unit`` is the systemd service it belongs to, empty where it does not."""

    pid: int
    name: str
    command: str
    unit: str = ""

    def __str__(self) -> str:
        command = self.command if len(self.command) <= LONGEST_COMMAND else self.command[:LONGEST_COMMAND] + "…"
        known = self.name in REASONS
        sentence = N_("process {pid} ({command}): {why}") if known else N_("process {pid} ({command})")
        return sentence.format(pid=self.pid, command=command or self.name or "unknown", why=REASONS.get(self.name))


def users_of(path: str, proc: Path = PROC) -> list[PortUser]:
    """Return the other processes that have the device ``path`` open, as far as this user may see them."""
    real = os.path.realpath(path)
    found = {pid: _user(pid, proc) for pid in _pids(proc) if _has_open(pid, real, proc)}
    if proc == PROC and (locked := holder(path)) is not None and locked.pid not in found:
        found[locked.pid] = _user(locked.pid, proc)
    return [found[pid] for pid in sorted(found)]


def running(name: str, proc: Path = PROC) -> PortUser | None:
    """Return a process of that name, whatever it has open."""
    return next((_user(pid, proc) for pid in _pids(proc) if _read(proc / str(pid) / "comm") == name), None)


def cure(user: PortUser) -> str:
    """Return the command that makes a process leave a port, for good where a unit would start it again."""
    if user.unit.startswith("serial-getty@"):
        return f"sudo systemctl mask --now {user.unit}"
    return f"sudo systemctl disable --now {user.unit}" if user.unit else f"sudo kill {user.pid}"


def _pids(proc: Path) -> Iterator[int]:
    own = os.getpid()
    try:
        names = os.listdir(proc)  # noqa: PTH208  the names are what is wanted
    except OSError:
        return
    yield from (int(name) for name in names if name.isdigit() and int(name) != own)


def _has_open(pid: int, real: str, proc: Path) -> bool:
    """Tell whether a process has the device open, unless it is the other end of the same pseudo-terminal."""
    directory = proc / str(pid) / "fd"
    here = False
    try:
        for number in os.listdir(directory):  # noqa: PTH208  the numbers are what is wanted
            target = _link(directory / number)
            if target.endswith("/ptmx") and _is_other_end(proc / str(pid) / "fdinfo" / number, real):
                return False
            here = here or (target == real and _is_the_same(directory / number, real))
    except OSError:
        return False
    return here


def _is_the_same(opened: Path, real: str) -> bool:
    """Tell whether what a process has open is what has its name here: a container has a /dev of its own.

    A real port has its number in each of them; a pseudo-terminal's number says nothing in another.
    """
    try:
        there, here = os.stat(opened), os.stat(real)  # noqa: PTH116  device nodes
    except OSError:
        return True  # it cannot be seen: by its name it is
    if os.path.samestat(there, here):
        return True
    return there.st_rdev == here.st_rdev and os.major(here.st_rdev) not in UNIX98_PTY_MAJORS


def _is_other_end(fdinfo: Path, real: str) -> bool:
    return re.search(rf"^tty-index:\s*{real.rpartition('/')[2]}$", _read(fdinfo), re.MULTILINE) is not None


def _user(pid: int, proc: Path) -> PortUser:
    place = proc / str(pid)
    command = _read(place / "cmdline").replace("\0", " ").strip()
    group = _read(place / "cgroup").rpartition("\n")[2]
    found = None if "/user.slice/" in group else _UNIT.search(group)
    return PortUser(pid, _read(place / "comm"), command, found[1] if found else "")


def _link(path: Path) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115  some are no paths at all: "socket:[123]"
    except OSError:
        return ""


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip("\n")
    except OSError:
        return ""
