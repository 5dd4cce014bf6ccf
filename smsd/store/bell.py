"""The doorbell beside the database: a datagram that says "look", and nothing else.

Knows a UNIX socket named after the database file. Whoever has written rings; the daemon looks. Nobody relies on it:
the daemon looks by itself as well, and to ring where nobody listens is no error.
"""

import contextlib
import os
import socket
from pathlib import Path

__all__ = ["bell_path", "listen", "ring"]


def bell_path(database: Path) -> Path:
    """Return where the bell of a database hangs."""
    return database.with_name(database.name + "-bell")


def ring(database: Path) -> None:
    """Tell the daemon, if there is one, that there is something to do."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        bell.settimeout(0)
        bell.sendto(b"!", str(bell_path(database)))


def listen(database: Path) -> socket.socket:
    """Hang up the bell: a non-blocking datagram socket, readable when somebody rang. The caller closes it.

    Whoever may write the database's directory group may ring: a stranger's ringing costs one look.
    """
    path = bell_path(database)
    path.unlink(missing_ok=True)
    bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        bell.settimeout(0)
        bell.bind(str(path))
        os.chmod(path, 0o660)  # noqa: PTH101  the service's umask would keep the admins' group out
    except OSError:
        bell.close()
        raise
    return bell
