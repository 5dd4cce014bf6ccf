"""SQLite as this house uses it: who waits for whom, what is on disk, and what happens when the disk fails."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
import sqlite_utils

from smsd.errors import SmsdError, StoreBusyError, StoreDamagedError, StoreError, StoreFullError
from smsd.rules.outbox import MessageClass
from smsd.store import Store, engine
from smsd.store.engine import Engine
from tests.store.house import House, new

ROOT = os.geteuid() == 0
NOBODY = 65534


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1)],
)
def test_the_pragmas_are_in_effect(house: House, pragma: str, value: str | int) -> None:
    assert house.rows(f"PRAGMA {pragma}") == [(value,)]


# --- transactions -----------------------------------------------------------------------------------------------------


def test_no_plug_in_of_sqlite_utils_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    monkeypatch.setattr(sqlite_utils.db, "ensure_plugins_loaded", lambda: looked.append("here"))
    Engine(tmp_path / "new.db").close()
    assert not looked


def test_a_writer_holds_the_store_from_its_first_word(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second writer waits at BEGIN, before it has read anything that could be outdated when its turn comes."""
    other = Engine(house.path)
    other._connection.execute("PRAGMA busy_timeout=0")
    with house.store.engine.write() as tx:
        tx.first("fact_get", name="x")
        with pytest.raises(StoreBusyError, match="try again"), other.write():
            pytest.fail("two writers at once")
    with other.write() as tx:
        assert tx.first("fact_get", name="x") is None
        tx.run("fact_put", name="x", value="1")
    other.close()
    assert house.store.fact("x") == "1"


def test_two_threads_that_read_and_then_write_lose_nothing(house: House) -> None:
    """Begun deferred, one of two such transactions would fail with SQLITE_BUSY_SNAPSHOT."""
    stores = [Store(house.path, house.clock) for _ in range(2)]
    gate = threading.Barrier(2)
    errors: list[BaseException] = []

    def count(store: Store) -> None:
        try:
            gate.wait(60)
            for _ in range(100):
                with store.engine.write() as tx:
                    row = tx.first("fact_get", name="n")
                    tx.run("fact_put", name="n", value=str(int(row["value"]) + 1 if row else 1))
        except BaseException as error:  # noqa: BLE001  a thread's error is told by the test
            errors.append(error)

    threads = [threading.Thread(target=count, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(200)
    for store in stores:
        store.close()
    assert errors == []
    assert house.store.fact("n") == "200"


def test_readers_see_one_snapshot_while_another_writes(house: House) -> None:
    other = Store(house.path, house.clock)
    with house.store.engine.read() as tx:
        assert tx.first("fact_get", name="x") is None
        other.put_fact("x", "1")
        assert tx.first("fact_get", name="x") is None
    assert house.store.fact("x") == "1"
    other.close()


def test_what_raises_is_undone(house: House) -> None:
    def interrupted() -> None:
        with house.store.engine.write() as tx:
            tx.run("fact_put", name="x", value="1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert house.store.fact("x") is None
    house.store.put_fact("x", "2")


def test_a_row_that_refers_to_nothing_is_refused(house: House) -> None:
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        house.queue(after_id=999)
    assert house.store.outbox.recent(limit=0) == []


def test_check_finds_nothing_in_a_whole_file_and_names_what_is_missing(house: House) -> None:
    house.queue()
    assert house.store.engine.check() == []
    house.rows("PRAGMA foreign_keys=OFF")
    house.rows("UPDATE message SET request_id = 77")
    assert house.store.engine.check() == ["message: row 1 refers to a missing request"]


# --- a full disk ------------------------------------------------------------------------------------------------------


def fill(house: House) -> int:
    """Queue messages until there is no room; return how many were promised."""
    for promised in range(0, 50_000, 5):
        try:
            house.store.outbox.enqueue_all([new(text="x" * 2000) for _ in range(5)])
        except StoreFullError:
            return promised
    raise AssertionError("there is always room")


def test_a_full_disk_undoes_the_transaction_and_work_goes_on_when_there_is_room(house: House) -> None:
    [(pages,)] = house.rows("PRAGMA page_count")
    house.rows(f"PRAGMA max_page_count={pages + 20}")
    promised = fill(house)
    assert len(house.store.outbox.recent(limit=0)) == promised
    house.claim()
    house.rows("PRAGMA max_page_count=1000000")
    house.queue()
    assert len(house.store.outbox.recent(limit=0)) == promised + 1
    assert house.store.engine.check() == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if not ROOT:
        pytest.skip("only root may mount a small file system")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)]
    if subprocess.run(mount, check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no small file system can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_really_full_disk_is_told_as_such_and_survived(tiny_disk: Path) -> None:
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(bytes(200_000))
    house = House(tiny_disk)
    promised = fill(house)
    house.crash()
    assert len(house.store.outbox.recent(limit=0)) == promised
    ballast.unlink()
    house.queue()
    assert len(house.store.outbox.recent(limit=0)) == promised + 1
    assert house.store.engine.check() == []
    house.store.close()


def test_a_backup_onto_a_full_disk_leaves_nothing(house: House, tiny_disk: Path) -> None:
    house.store.outbox.enqueue_all([new(text="x" * 5000) for _ in range(400)])
    with pytest.raises(StoreFullError):
        house.store.engine.backup(tiny_disk / "copy.db", 0.0)
    assert list(tiny_disk.iterdir()) == []


# --- files that are no store ------------------------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "smsd.db"
    path.write_bytes(b"this is a letter to my aunt\n" * 200)
    with pytest.raises(StoreDamagedError, match="restore a backup"):
        Store(path, lambda: 0.0)
    assert path.read_bytes().startswith(b"this is a letter")


def test_a_damaged_file_is_told_as_such(house: House) -> None:
    house.store.outbox.enqueue_all([new(text="x" * 3000) for _ in range(100)])
    house.store.close()
    whole = house.path.read_bytes()
    house.path.write_bytes(whole[:4096] + Random(1).randbytes(len(whole) - 4096))  # noqa: S311  damage
    with pytest.raises(StoreDamagedError, match=str(house.path)):
        Store(house.path, house.clock).outbox.recent(limit=0)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        Store(tmp_path / "nowhere" / "smsd.db", lambda: 0.0)


def as_nobody(body: Callable[[], object]) -> str:
    """Return how a store error reads for a user without rights, in a process of its own."""
    if not ROOT:
        pytest.skip("only root may become another user")
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            body()
            told = "nothing was raised"
        except SmsdError as error:
            told = f"{type(error).__name__}: {error}"
        except BaseException as error:  # noqa: BLE001  whatever it is, the parent tells it
            told = repr(error)
        os.write(writer, told.encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as pipe:
        return pipe.read()


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory that everybody may look into, as none of pytest's is."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("mode", [0o555, 0o500])
def test_a_directory_that_may_not_be_used_is_named(public: Path, mode: int) -> None:
    place = public / "place"
    place.mkdir(mode=0o755)
    Store(place / "smsd.db", lambda: 0.0).close()
    place.chmod(mode)
    for name in ("smsd.db", "new.db"):
        told = as_nobody(lambda name=name: Store(place / name, lambda: 0.0))  # type: ignore[misc]
        assert told.startswith("StoreError: ")
        assert "may this user read and write it" in told


# --- backup -----------------------------------------------------------------------------------------------------------


def test_a_backup_is_whole_readable_and_private_while_others_write(house: House) -> None:
    """Another connection writes after each step: the copy must neither start again for ever nor mix two moments."""
    house.store.outbox.enqueue_all([new(text="x" * 3000) for _ in range(1500)])
    other = Store(house.path, house.clock)
    target = house.directory / "copy.db"
    steps = 0

    def write(status: int, remaining: int, total: int) -> None:
        nonlocal steps
        steps += 1
        assert steps <= total // 256 + 2, "the copy starts again and again"
        other.outbox.enqueue(new())

    house.store.engine.backup(target, 0.0, progress=write)
    assert steps > 3
    assert target.stat().st_mode & 0o777 == 0o600
    assert not list(house.directory.glob("copy.db?*"))
    copy = Store(target, house.clock)
    assert copy.engine.check() == []
    assert len(copy.outbox.recent(limit=0)) == 1500
    assert len(other.outbox.recent(limit=0)) == 1500 + steps
    copy.close()
    other.close()


def test_a_backup_never_overwrites(house: House) -> None:
    target = house.directory / "copy.db"
    target.write_text("precious")
    with pytest.raises(StoreError, match="never overwrites"):
        house.store.engine.backup(target, 0.0)
    assert target.read_text() == "precious"


def test_a_backup_replaces_the_remains_of_one_that_was_killed(house: House) -> None:
    remains = house.directory / "copy.db.partial"
    remains.write_text("half a database")
    remains.chmod(0o666)
    house.store.engine.backup(house.directory / "copy.db", 0.0)
    assert (house.directory / "copy.db").stat().st_mode & 0o777 == 0o600
    assert not remains.exists()


def test_a_backup_that_fails_leaves_nothing(house: House) -> None:
    house.store.outbox.enqueue_all([new(text="x" * 3000) for _ in range(500)])
    before = sorted(house.directory.iterdir())

    def fail(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        house.store.engine.backup(house.directory / "copy.db", 0.0, progress=fail)
    assert sorted(house.directory.iterdir()) == before
    house.queue()


def test_a_backup_into_a_missing_directory_is_a_store_error(house: House) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        house.store.engine.backup(house.directory / "nowhere" / "copy.db", 0.0)


# --- what was wiped ---------------------------------------------------------------------------------------------------


def test_wiped_secrets_are_in_no_file(house: House) -> None:
    """Sealed texts of many lengths come and go in disorder, so that pages split, merge and overflow."""
    chance = Random(7)  # noqa: S311  lengths
    ids, seals = [], []
    for n in range(200):
        seal = b"SECRET%06d" % n + chance.randbytes(chance.choice((40, 300, 900, 6000)))
        seals.append(seal[:12])
        ids.append(house.queue(MessageClass.RESULT, sealed=seal))
    found = [seal for seal in seals if seal in everything(house)]
    assert found == seals
    chance.shuffle(ids)
    for message_id in ids:
        house.store.outbox.cancel(message_id)
        house.queue(text="y" * chance.choice((10, 500, 2000)))
    house.store.engine.forget_wal()
    whole = everything(house)
    assert [seal for seal in seals if seal in whole] == []


def everything(house: House) -> bytes:
    """Return the bytes of every file of the store."""
    return b"".join(path.read_bytes() for path in house.directory.iterdir() if path.is_file())


def test_errors_of_sqlite_do_not_cross_the_border(house: House) -> None:
    with pytest.raises(StoreError) as caught, house.store.engine.read() as tx:
        tx.run("fact_put", name=object(), value="x")
    assert isinstance(caught.value.__cause__, sqlite3.Error)


def test_opening_a_file_that_is_no_database_leaves_no_connection_open(tmp_path: Path) -> None:
    path = tmp_path / "smsd.db"
    path.write_bytes(b"no database" * 1000)
    for _ in range(3):
        with pytest.raises(StoreDamagedError):
            Engine(path)
    assert path not in [fd.readlink() for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]


def test_no_sqlite_but_in_the_engine() -> None:
    package = Path(engine.__file__).parent
    importing = [path.name for path in package.glob("*.py") if "import sqlite" in path.read_text("utf-8")]
    assert importing == ["engine.py"]
    assert sys.modules["smsd.store.engine"] is engine


def test_a_file_removed_under_a_running_program_takes_no_more_writes(tmp_path: Path) -> None:
    """Nothing may be acknowledged into a file that nobody will ever read again."""
    store = Store(tmp_path / "smsd.db", lambda: 0.0)
    (tmp_path / "smsd.db").unlink()
    with pytest.raises(StoreError, match="removed or replaced"):
        store.put_fact("name", "value")
    store.close()
