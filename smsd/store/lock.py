"""One daemon per store: a lock beside the database that names its holder.

Knows ``flock``: the lock ends with the process, however it ends. The file's content is for people only. Where root is
the first to take it, to restore a backup on a new host, it is the daemon's all the same.
"""

import fcntl
import os
from pathlib import Path

from smsd.errors import AlreadyRunningError, StoreError
from smsd.store.sharing import give_to_owner

__all__ = ["DaemonLock", "holder", "lock_path"]


def lock_path(database: Path) -> Path:
    """Return where the lock of a database is."""
    return database.with_name(database.name + "-lock")


class DaemonLock:
    """Held by a running daemon; raises ``AlreadyRunningError`` naming the one that holds it already."""

    def __init__(self, database: Path, description: str) -> None:
        path = lock_path(database)
        try:
            # Not by a link: root takes the lock too, in a directory that is not root's.
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
            give_to_owner(path)
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}") from error
        if not _taken(self._file):
            first = os.pread(self._file, 200, 0).decode("utf-8", "replace").strip() or "another process"
            os.close(self._file)
            raise AlreadyRunningError(f"{database} is in use by {first}; two daemons on one store are refused")
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, description.encode() + b"\n", 0)

    def release(self) -> None:
        """Let another daemon in."""
        os.ftruncate(self._file, 0)
        os.close(self._file)


def _taken(file: int) -> bool:
    """Take the lock for good, unless a daemon holds it; one who only looks (``holder``) lets go at once."""
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return False
            fcntl.flock(file, fcntl.LOCK_UN)
        else:
            return True


def holder(database: Path) -> str | None:
    """Return how the daemon that holds a store describes itself, or ``None`` when none runs."""
    try:
        file = os.open(lock_path(database), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return os.pread(file, 200, 0).decode("utf-8", "replace").strip() or "a daemon"
    else:
        return None
    finally:
        os.close(file)
