"""The doorbell: a word that there is something to do, and no error where nobody listens."""

import os
import select
from pathlib import Path

from smsd.store.bell import bell_path, listen, ring


def test_who_listens_hears(tmp_path: Path) -> None:
    database = tmp_path / "smsd.db"
    with listen(database) as bell:
        assert select.select([bell], [], [], 0)[0] == []
        ring(database)
        assert select.select([bell], [], [], 60)[0] == [bell]
        assert bell.recv(16) == b"!"
        assert os.stat(bell_path(database)).st_mode & 0o777 == 0o660  # noqa: PTH116  beside chmod of the same


def test_to_ring_where_nobody_listens_is_no_error(tmp_path: Path) -> None:
    database = tmp_path / "smsd.db"
    ring(database)
    listen(database).close()
    assert bell_path(database).exists()
    ring(database)
    ring(tmp_path / ("long" * 60) / "smsd.db")


def test_to_ring_often_blocks_nobody(tmp_path: Path) -> None:
    database = tmp_path / "smsd.db"
    with listen(database) as bell:
        for _ in range(2000):
            ring(database)
        assert bell.recv(16) == b"!"


def test_a_bell_is_hung_where_a_dead_daemon_left_one(tmp_path: Path) -> None:
    database = tmp_path / "smsd.db"
    listen(database).close()
    with listen(database) as bell:
        ring(database)
        assert bell.recv(16) == b"!"
