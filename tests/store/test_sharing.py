"""What lies beside a database for those who may not write its directory."""

import os
import struct
from pathlib import Path

import pytest

from smsd.errors import StoreError
from smsd.store import Store
from smsd.store.engine import Act
from smsd.store.restore import restore
from smsd.store.sharing import beside
from tests.store.house import House

NOBODY = 0xFFFFFFFF


def default_list(directory: Path) -> None:
    """Give a directory a default access list with a group in it, as systemd-tmpfiles does."""
    entries = [(1, 7, NOBODY), (4, 5, NOBODY), (8, 6, 60010), (16, 6, NOBODY), (32, 0, NOBODY)]
    octets = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries)
    try:
        os.setxattr(directory, "system.posix_acl_default", octets)
    except OSError as error:
        pytest.skip(f"this file system has no access lists: {error}")


def test_a_file_of_nobody_elses_is_left_without_companions(house: House) -> None:
    house.store.close()
    assert house.path.stat().st_mode & 0o777 == 0o640
    assert not any(each.exists() for each in beside(house.path))


def test_a_shared_file_is_left_with_empty_companions_of_its_mode(tmp_path: Path) -> None:
    default_list(tmp_path)
    old = os.umask(0o077)
    try:
        Store(tmp_path / "smsd.db", lambda: 0.0).close()
    finally:
        os.umask(old)
    for each in (tmp_path / "smsd.db", *beside(tmp_path / "smsd.db")):
        assert each.stat().st_mode & 0o777 == 0o660
    assert [each.stat().st_size for each in beside(tmp_path / "smsd.db")] == [0, 0]
    # SQLite takes them for a log without a word in it.
    store = Store(tmp_path / "smsd.db", lambda: 0.0)
    assert store.engine.check() == []
    store.put_fact("name", "value")
    store.close()
    assert Store(tmp_path / "smsd.db", lambda: 0.0).fact("name") == "value"


def test_a_restored_database_is_open_to_whom_the_list_names(tmp_path: Path, house: House) -> None:
    """Otherwise nobody of the group could queue on the new host: the mask of a file's list is the group's bits."""
    house.store.engine.backup(tmp_path / "copy.db", house.now)
    (tmp_path / "spare").mkdir()
    default_list(tmp_path / "spare")
    target = tmp_path / "spare/smsd.db"
    restore(tmp_path / "copy.db", target, house.clock, Act(0.0, "root", "database restore", "file copy.db"))
    assert target.stat().st_mode & 0o777 == 0o660
    Store(target, house.clock).close()
    assert [each.stat().st_mode & 0o777 for each in beside(target)] == [0o660, 0o660]


def test_companions_that_somebody_uses_are_left_alone(tmp_path: Path) -> None:
    default_list(tmp_path)
    first, second = Store(tmp_path / "smsd.db", lambda: 0.0), Store(tmp_path / "smsd.db", lambda: 0.0)
    first.put_fact("name", "value")
    sizes = [each.stat().st_size for each in beside(tmp_path / "smsd.db")]
    second.close()
    assert [each.stat().st_size for each in beside(tmp_path / "smsd.db")] == sizes
    first.close()


def test_who_may_only_read_reads_and_is_told_what_writing_takes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operating system's own answer is tried by tests/host/test_groups.py, as other users."""
    monkeypatch.setattr("smsd.store.engine.may_only_read", lambda _: True)
    store = Store(house.path, house.clock)
    assert store.fact("name") is None
    with pytest.raises(StoreError, match="that takes the group smsd-admin"):
        store.put_fact("name", "value")
    store.close()


def test_a_database_that_is_closed_to_us_is_said_to_be_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def closed(path: Path) -> bool:
        asked.append(path)
        return True

    monkeypatch.setattr("smsd.store.engine.closed_to_us", closed)
    with pytest.raises(StoreError, match="closed, and not for this user to open: start the daemon"):
        Store(house.path, house.clock)
    assert len(asked) > 10
