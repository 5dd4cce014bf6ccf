"""Who else may use a database's files, and what must lie beside it for them.

Knows modes and default access lists (acl(5)), and one fact about SQLite: whoever may not write the directory can open a
database that is written ahead only while its ``-wal`` and ``-shm`` are there, and whoever closes it last deletes them.
So they are laid out again, empty, which SQLite takes for a log without a word in it. Then the group that may look needs
to write nothing at all, and the group that may queue no directory, in which it could replace the private key. Refuses
to know which groups these are: the directory's default access list says so (systemd/tmpfiles.conf), and without one the
file is its owner's and his group's.

Death between the last close and this leaves them out until the daemon, or root, has had the database open once.
"""

import contextlib
import os
from pathlib import Path

__all__ = ["beside", "closed_to_us", "give_to_owner", "lay_out", "make_private", "may_only_read"]

_DEFAULT_LIST = "system.posix_acl_default"


def beside(path: Path) -> tuple[Path, Path]:
    """Return the two files that SQLite needs beside a database."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def make_private(path: Path) -> None:
    """Make the empty file, whatever the umask: SQLite's other files follow its mode.

    It is for its owner and his group alone; where the directory has a default access list, for whom that names.
    """
    with contextlib.suppress(OSError):  # SQLite words what is wrong with the place
        file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o640)
        try:
            if _has_default_list(path.parent):
                # The group's bits are the mask of the list: they allow what the list does.
                os.fchmod(file, 0o660)
        finally:
            os.close(file)


def give_to_owner(path: Path) -> None:
    """Hand a file that root made to the owner of its directory, so that the daemon's user can write it."""
    if os.geteuid() != 0:
        return
    owner = path.parent.stat()
    os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def may_only_read(path: Path) -> bool:
    """Tell whether we may read a database that is there, and not write it."""
    return os.access(path, os.R_OK) and not os.access(path, os.W_OK)


def closed_to_us(path: Path) -> bool:
    """Tell whether a database cannot be opened because nothing lies beside it, and we may not lay it out."""
    return (
        os.access(path, os.R_OK)
        and not os.access(path.parent, os.W_OK)
        and not all(each.exists() for each in beside(path))
    )


def lay_out(path: Path) -> None:
    """Lay out the files that SQLite deleted at the last close, where others than its owner use a database."""
    try:
        status = path.stat()
        if not status.st_mode & 0o020 or not os.access(path.parent, os.W_OK):
            return
        for each in beside(path):
            # O_EXCL: what is there belongs to somebody who has it open.
            with contextlib.suppress(FileExistsError):
                file = os.open(each, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, status.st_mode & 0o666)
                try:
                    os.fchmod(file, status.st_mode & 0o666)
                finally:
                    os.close(file)
                give_to_owner(each)
    except OSError:
        return  # a full disk, a directory that is gone: only somebody without rights would miss them


def _has_default_list(directory: Path) -> bool:
    try:
        return bool(os.getxattr(directory, _DEFAULT_LIST))
    except OSError:
        return False
