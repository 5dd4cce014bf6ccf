"""A backup becomes the database again, without sending a second time what has left since it was taken.

Knows what a backup does not know: whoever ran on after it may have sent everything that waits in it. So every message
that had not left, or of which that was not known, is *in doubt* here, and stays so until a person decides; requests
that were open have failed, without an apology; running alerts are paused. The SIM's count is no evidence any more: what
moved it is not in the backup. A status report still is. Where the old daemon had been stopped before the backup was
taken, and never ran again, the backup is the whole truth (``moved``): nothing is held.

A backup is marked when it is made, and a daemon refuses to run on a marked one: to copy the file into place is not
enough.

Where a ``kill -9`` leaves the client: until the last rename there is what was there before, and a file ``.restoring``
that the next try deletes; after it, the restored database. Both are whole, and nothing is sent by this process.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from smsd.errors import StoreBusyError, StoreDamagedError, StoreError
from smsd.store.engine import MARK, Act, Engine
from smsd.store.lock import DaemonLock
from smsd.store.sharing import give_to_owner, make_private

__all__ = ["Restored", "restore", "taken_at"]

WHY = "restored from a backup: it may have left after the backup was taken"
WHY_REQUEST = "restored from a backup: it may have been answered after the backup was taken"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place, and what is held in it: counts of messages, requests and alerts.

    ``taken_at`` is when the backup was made, in Unix seconds, where it tells; ``kept`` is where the former database is.
    """

    taken_at: float | None
    messages: int
    requests: int
    alerts: int
    kept: Path | None


def taken_at(engine: Engine) -> float | None:
    """Return when a backup was made, ``None`` for a database that is none."""
    if engine.version() == 0:
        return None
    with engine.read() as tx:
        row = tx.first("fact_get", name=MARK)
    return None if row is None else float(row["value"])


def restore(
    source: Path, target: Path, clock: Callable[[], float], act: Act, *, moved: bool = False, replace: bool = False
) -> Restored:
    """Put the backup ``source`` in the place of ``target``, whose daemon must not run.

    Raises ``AlreadyRunningError``; ``StoreError`` when ``source`` is no whole database or one of a newer program, or
    ``target`` exists and is not to be replaced (it is kept beside), or is open elsewhere.
    """
    partial = target.with_name(target.name + ".restoring")
    lock = DaemonLock(target, "smsd database restore")
    try:
        if target.exists() and not replace:
            raise StoreError(f"{target}: there is a database already; --replace keeps it beside and goes on")
        _forget(partial)
        _copy(source, partial)
        engine = Engine(partial)
        try:
            restored = _hold(engine, clock(), act, moved=moved)
            engine.forget_wal()
        finally:
            engine.close()
        kept = _put(partial, target, clock())
        return Restored(*restored, kept)
    except OSError as error:
        raise StoreError(f"{error.filename or target}: {error.strerror}") from error
    finally:
        _forget(partial)
        lock.release()


def _copy(source: Path, partial: Path) -> None:
    wal = source.with_name(source.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        raise StoreError(f"{source}: this is a database in use, not a backup; 'smsd database backup FILE' makes one")
    if not source.is_file():
        raise StoreError(f"{source}: no such file")
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640))
    make_private(partial)
    shutil.copyfile(source, partial)
    give_to_owner(partial)


def _hold(engine: Engine, now: float, act: Act, *, moved: bool) -> tuple[float | None, int, int, int]:
    """Bring the copy up to date and hold what may have left, in one transaction with taking the mark off."""
    if engine.version() == 0:
        raise StoreDamagedError(f"{engine.path}: not a database of smsd")
    if found := engine.check():
        problem = found[0]
        raise StoreDamagedError(f"the backup is damaged: {problem}")
    engine.migrate(now)
    taken = taken_at(engine)
    engine.act = act
    with engine.write() as tx:
        tx.run("fact_drop", name=MARK)
        if moved:
            return taken, 0, 0, 0
        tx.run("restore_attempts", why=WHY)
        tx.run("restore_witnesses")
        tx.run("restore_parts")
        tx.run("restore_memory")
        return (
            taken,
            tx.run("restore_messages", why=WHY),
            tx.run("restore_requests", why=WHY_REQUEST, now=now),
            tx.run("restore_alerts"),
        )


def _put(partial: Path, target: Path, now: float) -> Path | None:
    """Give the copy its name, in one step; the former database stays beside under another."""
    _on_disk(partial)
    kept = None
    if target.exists():
        kept = target.with_name(f"{target.name}.before-{now:.0f}")
        _set_aside(target, kept)
    for ending in ("-wal", "-shm"):  # of a database that is no more: they would be read as the new one's
        target.with_name(target.name + ending).unlink(missing_ok=True)
    partial.replace(target)
    _on_disk(target.parent)
    return kept


def _set_aside(target: Path, kept: Path) -> None:
    """Keep the former database beside; a damaged one as it is, with its log: somebody may save more from the two."""
    try:
        former = Engine(target)
        try:
            if not former.forget_wal():
                raise StoreBusyError(f"{target}: another program has it open: wait for it to end")
        finally:
            former.close()
    except StoreDamagedError:
        with suppress(FileNotFoundError):
            os.link(f"{target}-wal", f"{kept}-wal")
    os.link(target, kept)


def _on_disk(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _forget(partial: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            partial.with_name(partial.name + ending).unlink()
