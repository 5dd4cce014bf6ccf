"""A backup put back: whatever the old host did after it was taken, nothing leaves a second time by itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from smsd.errors import AlreadyRunningError, StoreDamagedError, StoreError
from smsd.rules.outbox import MessageClass
from smsd.sms import InDoubt, Sent, Witness
from smsd.store import Store
from smsd.store.engine import MARK, Act
from smsd.store.lock import DaemonLock
from smsd.store.restore import Restored, restore
from tests.store.house import House, claimant, delivered

ACT = Act(0.0, "root", "database restore", "file copy.db")
WITNESS: Witness = {"imei": "1", "iccid": "2", "smss": 16}


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Where the backup is written."""
    return tmp_path / "copy.db"


@pytest.fixture
def spare(tmp_path: Path) -> Iterator[House]:
    """Another host, on which nothing has ever run."""
    (tmp_path / "spare").mkdir()
    house = House(tmp_path / "spare")
    house.store.close()
    house.path.unlink()
    yield house
    house.store.close()


def put_back(backup: Path, spare: House, *, moved: bool = False, replace: bool = False) -> Restored:
    """Restore, and open what came of it."""
    done = restore(backup, spare.path, spare.clock, ACT, moved=moved, replace=replace)
    spare.store = Store(spare.path, spare.clock)
    return done


def test_what_the_old_host_sent_afterwards_is_not_sent_again(house: House, spare: House, backup: Path) -> None:
    """One that waited, one of which one part had left, one in the air, one in doubt that would be sent once more."""
    house.queue(MessageClass.ACK)
    doubt = house.claim(witness=WITNESS)
    house.store.outbox.record([(doubt.attempt_id, InDoubt("no answer"))])
    begun = house.queue(parts=2)
    house.send()
    air = house.queue(MessageClass.RESULT)
    house.claim(witness=WITNESS)
    waiting = house.queue(MessageClass.NOTIFICATION)
    house.store.engine.backup(backup, house.now)
    done = put_back(backup, spare)
    assert (done.messages, done.taken_at) == (4, house.now)
    spare.store.outbox.adopt_orphans()
    for message in (doubt.message_id, begun, air, waiting):
        assert spare.state(message) == "in_doubt"
        assert "restored" in spare.store.outbox.show(message)["error"]
    spare.now += 7200
    for route in ("modem0", "operator"):
        assert spare.store.outbox.claim(claimant(route), 10) == []
        for each in spare.store.outbox.doubts(route):
            assert not each.witness  # the SIM's count has been moved by what this copy does not know of
            spare.store.outbox.apply_policy(each.attempt_id)
    assert spare.store.outbox.claim(claimant(), 10) == []


def test_a_report_still_settles_what_had_left(house: House, spare: House, backup: Path) -> None:
    begun = house.queue(parts=2)
    house.send("17")
    house.store.engine.backup(backup, house.now)
    put_back(backup, spare)
    spare.receive(delivered("17", submitted_at=house.now))
    assert spare.part_states(begun) == ["delivered", "in_doubt"]
    assert spare.state(begun) == "in_doubt"
    assert spare.store.outbox.claim(claimant(), 10) == []


def test_a_person_sends_it_or_gives_it_up(house: House, spare: House, backup: Path) -> None:
    first, second = house.queue(text="first"), house.queue(text="second")
    house.store.engine.backup(backup, house.now)
    put_back(backup, spare)
    spare.store.outbox.cancel(first)
    spare.store.outbox.retry(second)
    claim = spare.claim()
    assert claim.message_id == second
    spare.store.outbox.record([(claim.attempt_id, Sent("1"))])
    assert spare.store.outbox.claim(claimant(), 10) == []


def test_what_had_come_to_rest_is_left_alone(house: House, spare: House, backup: Path) -> None:
    message = house.queue()
    house.send("17")
    house.store.engine.backup(backup, house.now)
    assert put_back(backup, spare).messages == 0
    assert spare.state(message) == "submitted"


def test_after_a_planned_move_everything_goes_on(house: House, spare: House, backup: Path) -> None:
    message = house.queue()
    house.store.engine.backup(backup, house.now)
    done = put_back(backup, spare, moved=True)
    assert (done.messages, done.requests, done.alerts) == (0, 0, 0)
    assert spare.claim().message_id == message


def test_a_running_alert_is_paused(house: House, spare: House, backup: Path) -> None:
    with house.store.engine.write():
        house.store.engine._connection.execute(
            "INSERT INTO alert (created_at, touched_at, starts_at, state, text) VALUES (1, 1, 1, 'running', 'x')"
        )
    house.store.engine.backup(backup, house.now)
    assert put_back(backup, spare).alerts == 1
    assert spare.rows("SELECT state FROM alert") == [("paused",)]


def test_an_open_request_has_failed_and_nobody_is_told(house: House, spare: House, backup: Path) -> None:
    with house.store.engine.write():
        house.store.engine._connection.execute(
            "INSERT INTO request (received_at, phone, command, state, due_at) VALUES (1, '+7', 'info', 'accepted', 1)"
        )
    house.store.engine.backup(backup, house.now)
    assert put_back(backup, spare).requests == 1
    assert spare.rows("SELECT state, due_at FROM request") == [("failed", None)]
    assert spare.store.outbox.recent(limit=0) == []


def test_only_a_backup_bears_the_mark(house: House, spare: House, backup: Path) -> None:
    house.store.engine.backup(backup, house.now)
    assert house.store.fact(MARK) is None
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("SELECT value FROM fact WHERE name = ?", (MARK,)).fetchone() == (repr(house.now),)
    put_back(backup, spare)
    assert spare.store.fact(MARK) is None


def test_a_database_that_is_there_is_kept_beside_or_not_touched(house: House, spare: House, backup: Path) -> None:
    house.queue(text="kept")
    house.store.engine.backup(backup, house.now)
    assert put_back(backup, spare).kept is None
    spare.queue(text="of the spare host")
    spare.store.close()
    with pytest.raises(StoreError, match="--replace"):
        put_back(backup, spare)
    done = put_back(backup, spare, replace=True)
    assert done.kept is not None
    with closing(sqlite3.connect(done.kept)) as former:
        assert former.execute("SELECT count(*) FROM message").fetchone() == (2,)
    assert len(spare.store.outbox.recent(limit=0)) == 1


@pytest.mark.parametrize("damage", ["head", "middle", "cut", "no database", "strange log"])
def test_a_damaged_database_is_replaced_and_kept_with_its_log(
    house: House, spare: House, backup: Path, damage: str
) -> None:
    """It is what a backup is for: nothing more need be readable of what is replaced."""
    house.queue()
    house.store.engine.backup(backup, house.now)
    octets = bytearray(house.path.read_bytes())
    log = spare.path.with_name("smsd.db-wal")
    match damage:
        case "head":
            octets[:200] = bytes(200)
        case "middle" | "strange log":
            octets[4096:20000] = b"\xff" * (20000 - 4096)
        case "cut":
            del octets[len(octets) // 2 + 17 :]
        case _:
            octets = bytearray(b"hello, world " * 500)
    if damage == "strange log":
        log.write_bytes(b"\x01" * 9000)
    spare.path.write_bytes(octets)
    done = put_back(backup, spare, replace=True)
    assert [row["id"] for row in spare.store.outbox.recent(limit=0)] == [1]
    assert spare.store.engine.check() == []
    assert done.kept is not None
    assert done.kept.stat().st_size == len(octets)


def test_a_running_daemon_is_not_pulled_the_ground_from(house: House, spare: House, backup: Path) -> None:
    house.store.engine.backup(backup, house.now)
    lock = DaemonLock(spare.path, "smsd run, process 7")
    try:
        with pytest.raises(AlreadyRunningError, match="process 7"):
            put_back(backup, spare)
    finally:
        lock.release()
    assert not spare.path.exists()


@pytest.mark.parametrize("content", [b"", b"no database at all, whatever its name says" * 200])
def test_what_is_no_backup_changes_nothing(spare: House, backup: Path, content: bytes) -> None:
    backup.write_bytes(content)
    with pytest.raises(StoreDamagedError):
        put_back(backup, spare)
    assert sorted(file.name for file in spare.directory.iterdir()) == ["smsd.db-lock"]


def test_a_copy_of_a_living_database_is_refused(house: House, spare: House) -> None:
    """Part of the truth is in its log, which is not copied with it."""
    house.queue()
    with pytest.raises(StoreError, match="in use, not a backup"):
        put_back(house.path, spare)


def test_killed_before_the_last_step_it_is_as_it_was(
    house: House, spare: House, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.queue()
    house.store.engine.backup(backup, house.now)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            put_back(backup, spare)
    assert not spare.path.exists()
    (spare.directory / "smsd.db.restoring").write_bytes(b"left by one who was killed harder")
    assert put_back(backup, spare).messages == 1
    assert spare.path.stat().st_mode & 0o007 == 0
