"""The database by hand: brought up to date, checked, copied; never made or overwritten by accident."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from smsd.cli.database import _told
from smsd.config import parse
from smsd.daemon import Daemon
from smsd.errors import ConfigError
from tests.store.house import House

Smsd = Callable[..., Result]


def test_an_absent_database_is_made_once(smsd: Smsd, tmp_path: Path) -> None:
    first = smsd("database", "migrate")
    assert first.exit_code == 0
    assert "done: 0001" in first.stdout
    assert (tmp_path / "smsd.db").exists()
    assert "nothing to do" in smsd("database", "migrate").stdout


def test_a_whole_database_is_called_whole(smsd: Smsd, house: House) -> None:
    house.queue()
    assert smsd("database", "check").stdout == f"{house.path}: whole\n"
    assert json.loads(smsd("database", "check", "--json").stdout)["whole"] is True


def test_findings_are_listed_and_end_with_1(smsd: Smsd, house: House) -> None:
    with closing(sqlite3.connect(house.path)) as database, database:
        database.execute("INSERT INTO part (message_id, sequence, state) VALUES (77, 1, 'unsent')")
    result = smsd("database", "check")
    assert result.exit_code == 1
    assert "message" in result.stdout
    assert "1 finding" in result.stderr
    assert json.loads(smsd("database", "check", "--json").stdout)["whole"] is False


def test_a_file_that_is_no_database_is_told(smsd: Smsd, tmp_path: Path) -> None:
    (tmp_path / "smsd.db").write_text("not a database, but long enough to be looked at" * 100)
    result = smsd("database", "check")
    assert result.exit_code == 1
    assert "damaged" in result.stderr


def test_a_backup_is_a_whole_database_that_was_not_there(smsd: Smsd, house: House, tmp_path: Path) -> None:
    house.queue(text="kept")
    target = tmp_path / "copy.db"
    result = smsd("database", "backup", str(target))
    assert (result.exit_code, result.stderr) == (0, "")
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT text FROM message").fetchall() == [("kept",)]
    again = smsd("database", "backup", str(target))
    assert again.exit_code == 1
    assert "never overwrites" in again.stderr


@pytest.mark.parametrize("words", [["check"], ["backup", "copy.db"]])
def test_a_missing_database_is_not_made(smsd: Smsd, tmp_path: Path, words: list[str]) -> None:
    result = smsd("database", *words)
    assert result.exit_code == 1
    assert "smsd database migrate" in result.stderr
    assert not (tmp_path / "smsd.db").exists()


def test_a_newer_database_is_refused(smsd: Smsd, house: House) -> None:
    with closing(sqlite3.connect(house.path)) as database, database:
        database.execute("INSERT INTO migration VALUES (9999, '9999_later.sql', 0)")
    for words in (["outbox", "list"], ["database", "migrate"]):
        result = smsd(*words)
        assert result.exit_code == 1
        assert "newer" in result.stderr


def test_the_bar_moves_by_what_was_copied() -> None:
    moves: list[int] = []
    told = _told(moves.append)
    for left in (70, 30, 0):
        told(0, left, 100)
    assert moves == [30, 40, 30]


def test_the_steps_of_a_migration_are_shown_before_they_are_done(smsd: Callable[..., Result], tmp_path: Path) -> None:
    before = smsd("database", "migrate", "--dry-run")
    assert (before.exit_code, "to do: 0001_" in before.stdout, "version 0" in before.stdout) == (0, True, True)
    assert not (tmp_path / "smsd.db").exists()
    assert smsd("database", "migrate").exit_code == 0
    assert "nothing to do" in smsd("database", "migrate", "--dry-run").stdout


def test_a_restored_backup_says_what_is_held_and_where_to_look(smsd: Smsd, house: House, tmp_path: Path) -> None:
    house.queue()
    copy = tmp_path / "copy.db"
    smsd("database", "backup", str(copy))
    refused = smsd("database", "restore", str(copy))
    assert refused.exit_code == 1
    assert "--replace" in refused.stderr
    house.store.close()
    result = smsd("database", "restore", str(copy), "--replace")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "held: 1 message: 'smsd outbox list --state in_doubt'" in result.stdout
    assert "smsd.db.before-" in result.stdout
    (shown,) = json.loads(smsd("outbox", "list", "--json").stdout)
    assert shown["state"] == "in_doubt"


def test_a_running_daemon_is_not_restored_under(smsd: Smsd, house: House, tmp_path: Path, daemon: None) -> None:
    copy = tmp_path / "copy.db"
    smsd("database", "backup", str(copy))
    result = smsd("database", "restore", str(copy), "--replace")
    assert result.exit_code == 69
    assert "process 7" in result.stderr


def test_a_daemon_refuses_a_backup_that_was_only_copied_into_place(smsd: Smsd, house: House, tmp_path: Path) -> None:
    """What waits in it may have left long ago."""
    copy = tmp_path / "copy.db"
    smsd("database", "backup", str(copy))
    config = parse(f'[database]\nurl = "sqlite:///{copy}"\n[[modem]]\ndevice = "/dev/nowhere"\n')
    with pytest.raises(ConfigError, match="smsd database restore"):
        asyncio.run(Daemon(config, {}).run())
