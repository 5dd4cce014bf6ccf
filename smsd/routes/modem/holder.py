"""Who holds a port: the process behind an advisory lock, read from the kernel's own list.

Knows ``/proc/locks`` (proc(5)), which every user may read; of a program that opens a port without a lock it knows
nothing.
"""

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Holder", "holder"]


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds a lock; ``command`` is its command line, empty where it may not be read."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command})" if self.command else f"process {self.pid}"


def holder(path: str) -> Holder | None:
    """Return the other process that holds a lock on the file or device ``path``, or ``None``."""
    try:
        place = os.stat(path)  # noqa: PTH116  a device node, which a link may name
        locks = Path("/proc/locks").read_text("ascii")
    except OSError:
        return None
    wanted = f"{os.major(place.st_dev):02x}:{os.minor(place.st_dev):02x}:{place.st_ino}"
    for line in locks.splitlines():
        words = line.split()
        if wanted in words and "FLOCK" in words and (pid := int(words[words.index(wanted) - 1])) != os.getpid():
            return Holder(pid, _command(pid))
    return None


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return ""
