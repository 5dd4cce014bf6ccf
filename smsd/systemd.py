"""What systemd is told: that the daemon is ready, how it is, that it is alive; and what its journal is told.

Knows the notification protocol of sd_notify(3) and sd_watchdog_enabled(3): datagrams of ``NAME=value`` lines to the
socket in ``$NOTIFY_SOCKET``. Refuses to matter: without the socket, or when it does not take a datagram, nothing
happens, for a daemon must not die of its supervisor's deafness. The environment is handed in.
"""

import os
import socket
from collections.abc import Mapping
from pathlib import Path

__all__ = ["JOURNAL", "Journal", "Notifier", "watchdog_interval"]

JOURNAL = Path("/run/systemd/journal/socket")
"""Where journald listens."""


class Notifier:
    """Tells the service manager; silent where there is none."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))

    @property
    def enabled(self) -> bool:
        """Whether somebody listens."""
        return self._address is not None

    def ready(self, status: str = "") -> None:
        """Say that start-up is finished."""
        self._send("READY=1", _status(status))

    def status(self, text: str) -> None:
        """Say in one line how the service is: ``systemctl status`` shows it."""
        self._send(_status(text))

    def watchdog(self) -> None:
        """Say that the daemon is alive; due every ``watchdog_interval`` seconds."""
        self._send("WATCHDOG=1")

    def stopping(self, status: str = "") -> None:
        """Say that shutdown has begun."""
        self._send("STOPPING=1", _status(status))

    def _send(self, *lines: str) -> None:
        if self._address is None:
            return
        datagram = "\n".join(line for line in lines if line).encode()
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(0)  # never waits
                sock.sendto(datagram, self._address)
        except OSError:
            return


def watchdog_interval(environ: Mapping[str, str]) -> float | None:
    """Return every how many seconds the watchdog is to be fed, half of what it allows; ``None``: not asked for."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        allowed = int(environ.get("WATCHDOG_USEC", "0")) / 1_000_000
    except ValueError:
        return None
    return allowed / 2 if allowed > 0 else None


def _address(written: str) -> str | None:
    """Return the socket's address: a path, or with ``@`` a name in Linux's abstract space. Others are not ours."""
    if written.startswith("/"):
        return written
    return f"\0{written[1:]}" if written.startswith("@") and len(written) > 1 else None


def _status(text: str) -> str:
    # A line break would begin another assignment.
    return f"STATUS={' '.join(text.split())}" if text else ""


class Journal:
    """Writes structured entries to journald by its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL)."""

    def __init__(self, path: Path = JOURNAL) -> None:
        self._path = str(path)

    def send(self, fields: Mapping[str, str]) -> bool:
        """Write one entry; tell whether the journal took it. Names are upper case; a value may be several lines."""
        datagram = b"".join(_field(name, value) for name, value in fields.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as to:
                to.sendto(datagram, self._path)
        except OSError:
            return False
        return True


def _field(name: str, value: str) -> bytes:
    """Write a field: one line, or, where the value has line breaks, its name, its length (64 bits) and its octets."""
    octets = value.encode("utf-8", "replace")
    if b"\n" not in octets:
        return name.encode() + b"=" + octets + b"\n"
    return name.encode() + b"\n" + len(octets).to_bytes(8, "little") + octets + b"\n"
