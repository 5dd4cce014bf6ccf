"""One daemon per store: the second is refused by name, and the lock ends with its process."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from smsd.errors import AlreadyRunningError, StoreError
from smsd.store.lock import DaemonLock, holder, lock_path

NOBODY = 65534
HOLDING = """
import sys
from pathlib import Path
from smsd.store.lock import DaemonLock
held = DaemonLock(Path(sys.argv[1]), "smsd, process 4711")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_daemon_is_told_who_the_first_is(tmp_path: Path) -> None:
    database = tmp_path / "smsd.db"
    first = DaemonLock(database, "smsd, process 1")
    with pytest.raises(AlreadyRunningError, match="in use by smsd, process 1"):
        DaemonLock(database, "smsd, process 2")
    assert holder(database) == "smsd, process 1"
    first.release()
    assert holder(database) is None
    DaemonLock(database, "smsd, process 2").release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_a_lock_that_root_took_first_is_the_daemons(tmp_path: Path) -> None:
    """A backup is restored on a host where no daemon has run yet: the one that comes then must have its lock."""
    os.chown(tmp_path, NOBODY, NOBODY)
    DaemonLock(tmp_path / "smsd.db", "smsd database restore").release()
    status = lock_path(tmp_path / "smsd.db").stat()
    assert (status.st_uid, status.st_gid) == (NOBODY, NOBODY)


def test_no_link_is_followed_to_another_file(tmp_path: Path) -> None:
    """Whoever owns the directory could have root empty any file, and give it away."""
    victim = tmp_path / "victim"
    victim.write_text("precious", "ascii")
    lock_path(tmp_path / "smsd.db").symlink_to(victim)
    with pytest.raises(StoreError):
        DaemonLock(tmp_path / "smsd.db", "smsd database restore")
    assert victim.read_text("ascii") == "precious"


def test_two_stores_do_not_disturb_each_other(tmp_path: Path) -> None:
    held = [DaemonLock(tmp_path / name, "smsd") for name in ("a.db", "b.db")]
    for each in held:
        each.release()


def test_the_lock_ends_with_its_process_however_it_ends(tmp_path: Path) -> None:
    database = tmp_path / "smsd.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert holder(database) == "smsd, process 4711"
        with pytest.raises(AlreadyRunningError, match="process 4711"):
            DaemonLock(database, "smsd")
        process.kill()
    assert holder(database) is None
    held = DaemonLock(database, "x")
    assert holder(database) == "x"
    held.release()


def test_a_look_at_the_holder_does_not_keep_a_daemon_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``smsd status`` holds the lock for a moment; the daemon that starts in this moment is no second one."""
    database = tmp_path / "smsd.db"
    DaemonLock(database, "x").release()
    tries = 0

    def flock(file: int, operation: int) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            assert operation & fcntl.LOCK_EX
            raise BlockingIOError
        real(file, operation)

    real = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", flock)
    held = DaemonLock(database, "smsd")
    assert tries > 1
    held.release()


def test_nobody_holds_what_does_not_exist(tmp_path: Path) -> None:
    assert holder(tmp_path / "smsd.db") is None


def test_a_lock_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        DaemonLock(tmp_path / "nowhere" / "smsd.db", "smsd")
