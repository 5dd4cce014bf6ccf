"""One SQLite file, opened through sqlite-utils: pragmas, transactions, migrations, and the border for its errors.

Knows SQLite; nothing above this file does. Refuses to know what the tables mean. Every pragma of the project stands
here, and every ``sqlite3.Error`` is translated here.

Every writing transaction begins IMMEDIATE: a read that turns into a write fails at once with SQLITE_BUSY_SNAPSHOT,
whatever the busy timeout. ``synchronous=FULL`` throughout: each promise of the delivery page rests on a commit, and a
commit that is not on disk is none.
"""

import contextlib
import json
import os
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import sqlite_utils

from smsd.errors import (
    NotFoundError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreVersionError,
)
from smsd.store.sharing import closed_to_us, give_to_owner, lay_out, make_private, may_only_read

__all__ = ["MARK", "Act", "Engine", "Row", "Transaction", "migrations"]

Row = dict[str, Any]

MARK = "backup_taken_at"
"""The fact that tells a backup from a database: no daemon runs on it before it has been restored."""

BUSY_SECONDS = 30.0
"""How long a statement waits for another writer; the longest writer here holds the store for 50 ms."""

_NAME = re.compile(r"^-- name: (\w+)$")
_MIGRATION = re.compile(r"^(\d{4})_\w+\.sql$")


def _load_queries() -> dict[str, str]:
    """Read ``sql/*.sql``: each query begins with ``-- name: x`` and a sentence saying what it is for."""
    queries: dict[str, str] = {}
    for file in sorted(resources.files("smsd.store").joinpath("sql").iterdir(), key=lambda f: f.name):
        name = ""
        for line in file.read_text("utf-8").splitlines():
            if match := _NAME.match(line):
                name = match[1]
                if name in queries:
                    raise StoreError(f"{file.name}: query {name} is defined twice")
                queries[name] = ""
            elif name and not line.startswith("--"):
                queries[name] += line + "\n"
    return queries


def migrations() -> list[tuple[int, str, str]]:
    """List the migrations of this program as (number, file name, SQL), oldest first."""
    files = resources.files("smsd.store").joinpath("migrations").iterdir()
    return sorted(
        (int(match[1]), file.name, file.read_text("utf-8")) for file in files if (match := _MIGRATION.match(file.name))
    )


def _statements(script: str) -> Iterator[str]:
    """Cut a script into statements, so that all of them run in one transaction (executescript would commit)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


class _Rehearsed(Exception):  # noqa: N818  it is no error
    """Ends a rehearsal, so that what it wrote is rolled back."""


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours. The message names the file and the way out."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreBusyError(
                f"{path}: another program has been writing for {BUSY_SECONDS:.0f} s; try again"
            ) from error
        if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and not _has_room(path)):
            raise StoreFullError(f"{path}: no room left on the disk; free some, work goes on by itself") from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise StoreDamagedError(
                f"{path}: damaged ({error}); stop the daemon, restore a backup made by 'smsd database backup'"
            ) from error
        if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH):
            raise StoreError(f"{path}: {error}; may this user read and write it and its directory?") from error
        raise StoreError(f"{path}: {error}") from error


def _write_ahead(connection: sqlite3.Connection, tries: int = 100) -> None:
    """Have the file written ahead. Of processes that make it at once SQLite lets one, and has the others not wait."""
    for left in reversed(range(tries)):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or not left:
                raise
            # A writing transaction does wait for the one who was quicker.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        else:
            return


def _await_opened(path: Path, tries: int = 50) -> None:
    """Wait a second for who is just closing the database. Raises ``StoreError`` where it stays closed to us."""
    for _ in range(tries):
        if not closed_to_us(path):
            return
        threading.Event().wait(0.02)
    raise StoreError(
        f"{path}: closed, and not for this user to open: start the daemon, or run 'sudo smsd database check' once"
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError as error:
        raise StoreError(f"{path}: {error.strerror}; may this user read and write it and its directory?") from error


def _has_room(path: Path) -> bool:
    """Tell whether the file system of ``path`` takes another page (an I/O error may be a full disk in disguise)."""
    try:
        room = os.statvfs(path.parent)
    except OSError:
        return True
    return room.f_bavail * room.f_frsize > 1 << 20


class Transaction:
    """One transaction: named queries with named parameters. Made by ``Engine.write`` and ``Engine.read`` only."""

    def __init__(self, database: sqlite_utils.Database, queries: Mapping[str, str]) -> None:
        self._connection = database.conn
        self._queries = queries

    def run(self, query: str, **values: Any) -> int:
        """Run a query; return how many rows it changed."""
        return int(self._connection.execute(self._queries[query], values).rowcount)

    def run_all(self, query: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a query once for each of many rows: the quickest way in."""
        self._connection.executemany(self._queries[query], rows)

    def insert(self, query: str, **values: Any) -> int:
        """Run an INSERT; return the new row's id."""
        return int(self._connection.execute(self._queries[query], values).lastrowid or 0)

    def all(self, query: str, **values: Any) -> list[Row]:
        """Return every row of a query."""
        cursor = self._connection.execute(self._queries[query], values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def gathered(self, query: str, **values: Any) -> Any:
        """Return what a query has gathered into one JSON text.

        Each row that is fetched gives up the interpreter and must get it back; a text is one, however much is in it.
        """
        return json.loads(self._connection.execute(self._queries[query], values).fetchone()[0])

    def first(self, query: str, **values: Any) -> Row | None:
        """Return the first row of a query, or ``None``."""
        rows = self.all(query, **values)
        return rows[0] if rows else None

    def one(self, query: str, **values: Any) -> Row:
        """Return the one row that must be there; raise ``NotFoundError`` when it is not."""
        row = self.first(query, **values)
        if row is None:
            raise NotFoundError(f"nothing found for {', '.join(f'{k} {v}' for k, v in values.items())}")
        return row


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody does: ``at`` in Unix seconds, ``who`` as the system knows him, ``about`` which number or row.

    Holds no text and no whole number.
    """

    at: float
    who: str
    what: str
    about: str = ""


class Engine:
    """One database file. Used by one thread at a time; several processes share the file."""

    def __init__(self, path: Path, *, queries: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.act: Act | None = None
        """What is being done here, by a person: kept in the audit trail with the first transaction that writes."""
        self._queries = queries if queries is not None else _load_queries()
        self._grouping = False
        self.rehearsing = False
        """Whether what is written now will be undone."""
        fresh = not _exists(path)
        self.read_only = not fresh and may_only_read(path)
        _await_opened(path)
        with _translated(path), contextlib.ExitStack() as failing:
            if fresh:
                make_private(path)
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            failing.callback(connection.close)
            self._connection = connection
            # Nobody's plug-in touches our file; and looking for one reads what every installed library says of itself.
            self._database = sqlite_utils.Database(connection, execute_plugins=False)
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            # What is deleted or wiped is overwritten, not only unlinked from the tree.
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute("PRAGMA journal_size_limit=16777216")
            # What a step must be able to undo, and what a query sorts, stands in no file beside the database.
            connection.execute("PRAGMA temp_store=MEMORY")
            # In KiB. What a full window touches again and again is then not read anew for each commit.
            connection.execute("PRAGMA cache_size=-8192")
            failing.pop_all()
        self._inode = _inode(path)
        if fresh:
            give_to_owner(path)

    def close(self) -> None:
        """Close the file; unfinished transactions are rolled back."""
        self._connection.close()
        if not self.read_only:
            lay_out(self.path)

    @contextlib.contextmanager
    def write(self, *, noted: bool = True) -> Iterator[Transaction]:
        """Run the body as one writing transaction: committed, and on disk, when it ends; undone when it raises.

        ``act`` is kept in the same transaction, once, unless it is not to be ``noted`` with this one. Within a
        ``group`` it is undone by itself, and committed with the others.
        """
        with self._step() if self._grouping else self._whole():
            tx = Transaction(self._database, self._queries)
            yield tx
            if noted and self.act is not None:
                tx.run("audit_insert", **asdict(self.act))
        if noted:
            self.act = None

    @contextlib.contextmanager
    def group(self) -> Iterator[None]:
        """Let what is written in the body be one transaction: nothing of it is on disk before this ends, then all is.

        What raises within is undone alone. Where SQLite itself undid everything (a full disk), this raises, and so does
        whatever is written after it: nobody is told that something is kept which is not.
        """
        with self._whole():
            self._grouping = True
            try:
                yield
            finally:
                self._grouping = False

    @contextlib.contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Let whatever is written in the body be undone at its end: nothing of it is ever on disk.

        All is done as it would be, with every check, in one transaction that is rolled back. A ``kill -9`` anywhere in
        it leaves what was there before.
        """
        with contextlib.suppress(_Rehearsed), self.group():
            self.rehearsing = True
            try:
                yield
            finally:
                self.rehearsing = False
            raise _Rehearsed

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        if self.read_only:
            raise StoreError(f"{self.path}: this user may read it and change nothing: that takes the group smsd-admin")
        self._refuse_ghost()
        with _translated(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    @contextlib.contextmanager
    def _step(self) -> Iterator[None]:
        """Run the body within the transaction that has begun."""
        if not self._connection.in_transaction:
            raise StoreError(f"{self.path}: undone together with what failed before it; try again")
        with _translated(self.path):
            self._connection.execute("SAVEPOINT step")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK TO step")
                    self._connection.execute("RELEASE step")
                raise
            self._connection.execute("RELEASE step")

    @contextlib.contextmanager
    def read(self) -> Iterator[Transaction]:
        """Run the body on one snapshot."""
        with _translated(self.path):
            if self._grouping:
                yield Transaction(self._database, self._queries)
                return
            self._connection.execute("BEGIN")
            try:
                yield Transaction(self._database, self._queries)
            finally:
                self._roll_back()

    def _refuse_ghost(self) -> None:
        """Refuse to write into a file that is no longer there under its name: nobody would ever read it again."""
        if _inode(self.path) != self._inode:
            raise StoreError(f"{self.path}: removed or replaced while this program had it open; start it again")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    # --- migrations ---------------------------------------------------------------------------------------------------

    def version(self) -> int:
        """Return the number of the last migration that ran; 0 for an empty file."""
        with _translated(self.path):
            table = self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'migration'").fetchone()
            if table is None:
                return 0
            return int(self._connection.execute("SELECT max(number) FROM migration").fetchone()[0] or 0)

    def migrate(self, now: float) -> list[str]:
        """Run the migrations that have not run; return their names.

        Each runs in one transaction together with the note that it ran, so that a crash leaves it wholly done or not
        at all; a new file gets all of them by one, so that another process never finds it half made. Raises
        ``StoreVersionError`` when the file is newer than this program.
        """
        self.refuse_newer()
        if self.version() or self._grouping:
            return self._migrate(now)
        with self.group():
            return self._migrate(now)

    def _migrate(self, now: float) -> list[str]:
        done = []
        for number, name, script in migrations():
            with self.write(noted=False):
                self._connection.execute(
                    "CREATE TABLE IF NOT EXISTS migration "
                    "(number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at DOUBLE PRECISION NOT NULL)"
                )
                # Asked again inside the transaction: another process may have been quicker.
                if self._connection.execute("SELECT 1 FROM migration WHERE number = ?", (number,)).fetchone():
                    continue
                for statement in _statements(script):
                    self._connection.execute(statement)
                self._connection.execute("INSERT INTO migration VALUES (?, ?, ?)", (number, name, now))
                done.append(name)
        return done

    def refuse_newer(self) -> None:
        """Raise ``StoreVersionError`` when the file was written by a newer program."""
        newest = migrations()[-1][0]
        if (version := self.version()) > newest:
            raise StoreVersionError(
                f"{self.path}: schema {version} is newer than this program knows ({newest}); install the newer smsd"
            )

    def refuse_older(self) -> None:
        """Raise ``StoreVersionError`` when migrations are waiting."""
        newest = migrations()[-1][0]
        if (version := self.version()) < newest:
            raise StoreVersionError(
                f"{self.path}: schema {version}, this program needs {newest}; run 'smsd database migrate'"
            )

    # --- care ---------------------------------------------------------------------------------------------------------

    def check(self) -> list[str]:
        """Return what is wrong with the file, in SQLite's words; nothing when it is whole."""
        with _translated(self.path):
            found = [row[0] for row in self._connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
            found += [
                f"{row[0]}: row {row[1]} refers to a missing {row[2]}"
                for row in self._connection.execute("PRAGMA foreign_key_check")
            ]
        return found

    def backup(self, target: Path, now: float, progress: Any = None) -> None:
        """Copy the whole database to ``target`` while others go on writing; ``now`` is what the copy is marked with.

        The copy appears under its name only when it is whole and on disk. Raises ``StoreError`` when ``target``
        exists or cannot be written.
        """
        if not target.name:
            raise StoreError(f"{target}: is a directory; name the file to write")
        partial = target.with_name(target.name + ".partial")
        try:
            if target.exists():
                raise StoreError(f"{target}: exists already; a backup never overwrites")
            # What a killed backup left is no database, and may have been made readable for others.
            partial.unlink(missing_ok=True)
            partial.touch(mode=0o600, exist_ok=False)
            with _translated(target), contextlib.closing(sqlite3.connect(partial)) as copy, self.read():
                # On a snapshot: else the copy would start again whenever somebody writes, and perhaps never end.
                self._connection.execute("SELECT 1 FROM sqlite_master").fetchone()
                self._connection.backup(copy, pages=256, progress=progress, sleep=0.01)
            with _translated(target), contextlib.closing(sqlite3.connect(partial)) as copy:
                copy.execute("PRAGMA journal_mode=DELETE")
                if copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'fact'").fetchone():
                    copy.execute("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", (MARK, repr(now)))
                    copy.commit()
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.rename(target)
            directory = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            raise StoreError(f"{target}: {error.strerror}") from error
        finally:
            partial.unlink(missing_ok=True)

    def forget_wal(self) -> bool:
        """Move the write-ahead log into the database and cut it to nothing: what was wiped leaves no copy there.

        ``False``: a reader was still at the log, and it has not been cut.
        """
        with _translated(self.path):
            row = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return row is not None and row[0] == 0


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None
