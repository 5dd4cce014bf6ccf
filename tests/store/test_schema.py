"""What could drift: CHECK lists and enums, migrations and schema.sql, named queries and the code that names them."""

import ast
import contextlib
import hashlib
import multiprocessing
import re
import sqlite3
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

import smsd.store
from smsd.errors import StoreVersionError
from smsd.rules.alarms import Change
from smsd.rules.alerts import AlertState, Drop
from smsd.rules.commands import Command
from smsd.rules.outbox import MessageClass, PartState, State
from smsd.rules.reception import InboxState
from smsd.rules.requests import RequestState
from smsd.rules.webhooks import EventState, Kind
from smsd.sms import ReportClass
from smsd.store import Store, engine
from smsd.store.alerts import DIVERTED
from smsd.store.engine import Engine, migrations
from smsd.store.swaps import EXPIRED_HELD, HELD

PACKAGE = Path(smsd.store.__file__).parent
SOURCES = sorted(PACKAGE.glob("*.py"))
QUERY_FILES = sorted((PACKAGE / "sql").glob("*.sql"))
CHECKED: list[tuple[str, str, type[StrEnum]]] = [
    ("message", "state", State),
    ("message", "class", MessageClass),
    ("part", "state", PartState),
    ("inbox", "state", InboxState),
    ("request", "state", RequestState),
    ("request", "command", Command),
    ("report", "class", ReportClass),
    ("alert", "state", AlertState),
    ("event", "kind", Kind),
    ("event", "state", EventState),
    ("webhook", "kind", Kind),
    ("alarm_event", "change", Change),
]


@pytest.fixture
def migrated(tmp_path: Path) -> Iterable[sqlite3.Connection]:
    """A database that the migrations made one by one."""
    store = Store(tmp_path / "smsd.db", lambda: 0.0)
    yield store.engine._connection
    store.close()


@pytest.mark.parametrize(("table", "column", "values"), CHECKED)
def test_check_lists_equal_the_enums(
    migrated: sqlite3.Connection, table: str, column: str, values: type[StrEnum]
) -> None:
    [(sql,)] = migrated.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,))
    found = re.search(rf"\b{column} TEXT NOT NULL CHECK \({column} IN \(([^)]*)\)\)", sql)
    assert found is not None
    assert re.findall(r"'([^']*)'", found[1]) == list(values)


def test_the_reasons_of_the_dropped_equal_the_enum(migrated: sqlite3.Connection) -> None:
    [(sql,)] = migrated.execute("SELECT sql FROM sqlite_master WHERE name = 'alert_recipient'")
    found = re.search(r"dropped TEXT CHECK \(dropped IN \(([^)]*)\)\)", sql)
    assert found is not None
    assert re.findall(r"'([^']*)'", found[1]) == list(Drop)


@pytest.mark.parametrize("index", ["message_due", "message_expiry", "message_open"])
def test_partial_indexes_name_only_states_that_exist(migrated: sqlite3.Connection, index: str) -> None:
    [(sql,)] = migrated.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,))
    assert set(re.findall(r"'([^']*)'", sql)) <= set(State)


# --- migrations -------------------------------------------------------------------------------------------------------


def described(connection: sqlite3.Connection) -> dict[str, Any]:
    """Describe a schema: normalised SQL, columns and indexes of every table."""
    master = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    tables = sorted(name for kind, name, _, _ in master if kind == "table")
    return {
        "master": sorted((kind, name, table, normalised(sql or "")) for kind, name, table, sql in master),
        "columns": {table: connection.execute(f"PRAGMA table_info({table})").fetchall() for table in tables},
        "indexes": {
            table: sorted(row[1:] for row in connection.execute(f"PRAGMA index_list({table})")) for table in tables
        },
    }


def normalised(sql: str) -> str:
    """Return SQL without comments and with single spaces."""
    sql = re.sub(r"--[^\n]*", " ", sql).replace("IF NOT EXISTS ", "")
    return re.sub(r"\s*([(),])\s*", r"\1", re.sub(r"\s+", " ", sql)).strip()


def test_all_migrations_together_equal_schema_sql(migrated: sqlite3.Connection) -> None:
    whole = sqlite3.connect(":memory:")
    whole.executescript((PACKAGE / "schema.sql").read_text("utf-8"))
    expected = described(whole)
    whole.close()
    assert described(migrated) == expected


def test_migrations_are_numbered_without_a_gap_and_named() -> None:
    files = sorted(path.name for path in (PACKAGE / "migrations").iterdir())
    assert [name for _, name, _ in migrations()] == files, "a file that is no migration"
    assert [number for number, _, _ in migrations()] == list(range(1, len(files) + 1))


def test_every_statement_of_a_migration_is_run() -> None:
    """What follows the last semicolon would be dropped in silence; a transaction of its own would break ours."""
    for _, name, script in migrations():
        bare = re.sub(r"--[^\n]*", "", script)
        assert bare.rstrip().endswith(";"), name
        assert not re.search(r"\b(BEGIN|COMMIT|ROLLBACK|PRAGMA|VACUUM)\b", bare), name
        assert len(list(engine._statements(script))) == bare.count(";"), name


def with_another(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let the program have one migration more."""
    known = migrations()
    number = known[-1][0] + 1
    monkeypatch.setattr(engine, "migrations", lambda: [*known, (number, f"{number:04}_another.sql", script)])


def test_a_crash_in_the_middle_of_a_migration_leaves_it_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "smsd.db"
    Store(path, lambda: 0.0).close()
    with_another(monkeypatch, "CREATE TABLE extra (id INTEGER PRIMARY KEY);\nDROP TABLE part;\n")
    statements = engine._statements

    def dying(script: str) -> Any:
        yield from statements(script)
        raise KeyboardInterrupt

    half = Engine(path)
    before = described(half._connection)
    with monkeypatch.context() as patched:
        patched.setattr(engine, "_statements", dying)
        with pytest.raises(KeyboardInterrupt):
            half.migrate(0.0)
    assert described(half._connection) == before
    assert half.version() == len(migrations())
    assert half.migrate(0.0) == [f"{len(migrations()) + 1:04}_another.sql"]
    assert half.version() == len(migrations()) + 1
    half.close()


def test_what_was_told_by_words_is_kept_as_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of before the seventh migration."""
    known = migrations()
    old = Engine(tmp_path / "smsd.db")
    with monkeypatch.context() as patched:
        patched.setattr(engine, "migrations", lambda: known[:6])
        old.migrate(0.0)
    reasons = [
        "operator itself failed (SMPP 0x58)",
        "operator puts it off (SMPP 0x14), and it cannot wait",
        "refused",
        None,
    ]
    for reason in reasons:
        old._connection.execute(
            "INSERT INTO message (created_at, class, priority, recipient, state, parts, diverted) "
            "VALUES (0, 'ack', 0, '+79160000001', 'queued', 1, ?)",
            (reason,),
        )
    for reason in ("the same message had come by modem0", "not a command", None):
        old._connection.execute(
            "INSERT INTO inbox (received_at, route, sender, state, reason) VALUES (0, 'm', 'somebody', 'ignored', ?)",
            (reason,),
        )
    old.migrate(0.0)
    assert old._connection.execute("SELECT stands_in FROM message ORDER BY id").fetchall() == [(1,), (1,), (0,), (0,)]
    assert old._connection.execute("SELECT copied FROM inbox ORDER BY id").fetchall() == [(1,), (0,), (0,)]
    old.close()


def test_what_is_held_and_what_stands_in_are_kept_as_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of before the eighth migration."""
    known = migrations()
    old = Engine(tmp_path / "smsd.db")
    with monkeypatch.context() as patched:
        patched.setattr(engine, "migrations", lambda: known[:7])
        old.migrate(0.0)
    for secret, error, diverted in ((1, HELD, None), (1, EXPIRED_HELD, None), (0, HELD, DIVERTED), (1, "later", "why")):
        old._connection.execute(
            "INSERT INTO message (created_at, class, priority, recipient, state, parts, secret, error, diverted) "
            "VALUES (0, 'result', 1, '+79160000001', 'queued', 1, ?, ?, ?)",
            (secret, error, diverted),
        )
    old.migrate(0.0)
    found = old._connection.execute("SELECT held, stands_in FROM message ORDER BY id").fetchall()
    assert found == [(1, 0), (1, 0), (0, 1), (0, 0)]
    old.close()


def test_an_older_schema_is_refused_with_the_way_out_and_migrated_on_demand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "smsd.db"
    Store(path, lambda: 0.0).close()
    with_another(monkeypatch, "CREATE TABLE extra (id INTEGER PRIMARY KEY);\n")
    with pytest.raises(StoreVersionError, match="run 'smsd database migrate'"):
        Store(path, lambda: 0.0)
    Store(path, lambda: 0.0, migrate=True).close()
    Store(path, lambda: 0.0).close()


@pytest.mark.parametrize("migrate", [True, False])
def test_a_newer_schema_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrate: bool) -> None:
    path = tmp_path / "smsd.db"
    with monkeypatch.context() as newer:
        with_another(newer, "CREATE TABLE extra (id INTEGER PRIMARY KEY);\n")
        Store(path, lambda: 0.0).close()
    with pytest.raises(StoreVersionError, match="newer than this program"):
        Store(path, lambda: 0.0, migrate=migrate)


def open_at_once(path: Path, gate: Any, told: Any) -> None:
    """Open a store together with others (in a process of its own)."""
    gate.wait(100)
    try:
        Store(path, lambda: 0.0).close()
        told.put("")
    except Exception as error:  # noqa: BLE001  whatever it is, the parent tells it
        told.put(repr(error))


def test_processes_that_make_the_store_at_once_all_find_it_made(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    gate, told = context.Barrier(4), context.Queue()
    processes = [context.Process(target=open_at_once, args=(tmp_path / "smsd.db", gate, told)) for _ in range(4)]
    for process in processes:
        process.start()
    assert [told.get(timeout=100) for _ in processes] == [""] * 4
    for process in processes:
        process.join(100)
    with sqlite3.connect(tmp_path / "smsd.db") as connection:
        assert connection.execute("SELECT number FROM migration").fetchall() == [(n,) for n, _, _ in migrations()]
    connection.close()


def test_a_new_store_is_never_seen_half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks meanwhile finds nothing, and makes what he then finds made."""
    path = tmp_path / "smsd.db"
    statements = engine._statements
    seen: list[int] = []

    def looked_at(script: str) -> Iterator[str]:
        with contextlib.closing(sqlite3.connect(path)) as other:
            seen.append(other.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
        yield from statements(script)

    monkeypatch.setattr(engine, "_statements", looked_at)
    Store(path, lambda: 0.0).close()
    assert seen == [0] * len(migrations())


# --- named queries ----------------------------------------------------------------------------------------------------


def named_queries() -> dict[str, str]:
    """Return the text that follows each name, its sentence included."""
    queries: dict[str, str] = {}
    for file in QUERY_FILES:
        pieces = re.split(r"^-- name: (\w+)$", file.read_text("utf-8"), flags=re.MULTILINE)
        queries |= dict(zip(pieces[1::2], pieces[2::2], strict=True))
    return queries


def names_in_code(known: set[str]) -> set[str]:
    """Return the names of queries that the code asks for, to a transaction's methods or in a loop."""
    names: set[str] = set()
    for source in SOURCES:
        tree = ast.parse(source.read_text("utf-8"))
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("run", "run_all", "insert", "all", "first", "one", "gathered")
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "tx"
            ):
                said = node.args[0] if isinstance(node.args[0], ast.Constant) else tree
                names |= {str(each.value) for each in ast.walk(said) if isinstance(each, ast.Constant)} & known
    return names


def test_every_query_is_used() -> None:
    assert names_in_code(set(named_queries())) == set(named_queries())


def test_every_name_in_the_code_is_a_query() -> None:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(
                        value=ast.Name(id="tx"),
                        attr="run" | "run_all" | "insert" | "all" | "first" | "one" | "gathered",
                    ),
                    args=[ast.Constant(value=name)],
                ):
                    assert name in named_queries(), f"{source.name}:{node.lineno}"


def test_every_query_has_its_sentence_and_is_one_statement() -> None:
    for name, text in named_queries().items():
        sentence, _, sql = text.strip().partition("\n")
        assert re.match(r"-- [A-Z]", sentence), f"{name} has no sentence"
        comments = [line for line in text.strip().splitlines() if line.startswith("--")]
        assert comments[-1].endswith("."), f"the sentence of {name} does not end"
        assert re.sub(r"^--.*$", "", sql, flags=re.MULTILINE).count(";") == 1, f"{name} is not one statement"


def test_no_query_is_written_in_python_but_in_the_engine() -> None:
    verbs = re.compile(r"\b(SELECT .* FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE|PRAGMA)\b", re.DOTALL)
    for source in SOURCES:
        if source.name == "engine.py":
            continue
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not verbs.search(node.value), f"{source.name}:{node.lineno}"


def test_every_query_can_be_prepared(migrated: sqlite3.Connection) -> None:
    for name, text in engine._load_queries().items():
        values = dict.fromkeys(re.findall(r":(\w+)", text))
        migrated.execute(f"EXPLAIN {text}", values)
        assert not re.search(r"\bsqlite_|PRAGMA", text), f"{name} is SQLite's own"


# --- plans ------------------------------------------------------------------------------------------------------------

ON_THE_WAY = [
    "alarm_event_messages",
    "alarm_event_uncarried",
    "alarm_oldest_waiting",
    "alert_bound",
    "alert_next_recipients",
    "alert_running",
    "alert_unbind",
    "alert_waiting",
    "attempt_by_reference",
    "attempt_by_reference_alone",
    "attempt_doubts",
    "attempt_get",
    "attempt_in_air",
    "attempt_in_doubt_to",
    "attempt_later",
    "attempt_unreported",
    "inbox_commands_since",
    "inbox_overdue",
    "inbox_waiting",
    "message_by_key",
    "message_expired",
    "message_next",
    "message_next_due_begun",
    "message_oldest_ack",
    "message_release",
    "message_wipe_old",
    "part_list",
    "pdu_list",
    "report_unmatched",
    "self_test_last_ok",
    "self_test_recent",
    "tally_recipients",
    "tally_spent",
    "request_ack",
    "request_next",
    "request_next_due",
    "request_open",
]
SORTS_A_HANDFUL = {"attempt_by_reference_alone", "report_unmatched"}
"""What shares one reference, brought into the order of arrival."""


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("report", "pdu_id"),
        ("report", "attempt_id"),
        ("pdu", "inbox_id"),
        ("request", "inbox_id"),
        ("message", "after_id"),
        ("message", "request_id"),
        ("part", "message_id"),
        ("attempt", "message_id"),
        ("alert_recipient", "alert_id"),
    ],
)
def test_what_refers_to_a_row_is_found_by_an_index(migrated: sqlite3.Connection, table: str, column: str) -> None:
    """Whoever deletes a row has SQLite look for those that refer to it: each time, and in the whole table without."""
    plan = migrated.execute(f"EXPLAIN QUERY PLAN SELECT 1 FROM {table} WHERE {column} = 1").fetchall()  # noqa: S608  names of ours
    assert plan[0][3].startswith("SEARCH")


def test_every_reference_between_tables_is_looked_at_above(migrated: sqlite3.Connection) -> None:
    referring = migrated.execute(
        "SELECT m.name, f.[from] FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table'"
    )
    assert len(referring.fetchall()) == 9


def _of_a_list(step: str) -> bool:
    """Tell whether a step goes through what was handed in as a list, and not through a table."""
    return "json_each VIRTUAL TABLE" in step


@pytest.mark.parametrize("name", ON_THE_WAY)
def test_what_the_daemon_asks_all_the_time_is_found_by_an_index(migrated: sqlite3.Connection, name: str) -> None:
    """No scan and no sorting, however long the tables are."""
    text = engine._load_queries()[name]
    values = dict.fromkeys(re.findall(r":(\w+)", text))
    plan = [row[3] for row in migrated.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    assert plan
    assert not [step for step in plan if step.startswith("SCAN") and not _of_a_list(step)]
    if name not in SORTS_A_HANDFUL:
        assert not [step for step in plan if "TEMP B-TREE" in step]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("message_next", "message_bound (route=? AND priority=? AND due_at>? AND due_at<?)"),
        ("message_next_bound", "message_bound (route=? AND priority=? AND due_at>? AND due_at<?)"),
    ],
)
def test_the_next_message_is_found_in_the_order_of_its_index(
    migrated: sqlite3.Connection, name: str, expected: str
) -> None:
    text = engine._load_queries()[name]
    values = dict.fromkeys(re.findall(r":(\w+)", text))
    plan = [row[3] for row in migrated.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    assert plan[0] == f"SEARCH message USING INDEX {expected}"
    assert not [step for step in plan if (step.startswith("SCAN ") and not _of_a_list(step)) or "TEMP" in step]


def test_a_doubt_about_one_number_is_found_among_thousands_of_others(migrated: sqlite3.Connection) -> None:
    for name in ("attempt_meant_plainly", "attempt_in_doubt_to"):
        text = engine._load_queries()[name]
        plan = migrated.execute(f"EXPLAIN QUERY PLAN {text}", dict.fromkeys(re.findall(r":(\w+)", text))).fetchall()
        assert any("attempt_open_to (recipient=? AND route=?)" in row[3] for row in plan), name


@pytest.mark.parametrize(
    "name",
    [
        "attempt_insert_plainly",
        "attempt_meant_plainly",
        "attempt_plain",
        "attempt_reported_plainly",
        "attempt_sent_plainly",
        "message_begin_plainly",
        "message_delivered_plainly",
        "message_next_dues",
        "message_submitted_plainly",
        "part_delivered_plainly",
        "part_sent_plainly",
        "pdu_insert_reports",
        "pdu_recent_among",
        "report_insert_plainly",
        "report_waits_for",
    ],
)
def test_what_is_done_by_the_windowful_goes_through_nothing_but_its_list(
    migrated: sqlite3.Connection, name: str
) -> None:
    text = engine._load_queries()[name]
    values = dict.fromkeys(re.findall(r":(\w+)", text))
    plan = [row[3] for row in migrated.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    scans = [step for step in plan if step.startswith("SCAN")]
    assert len(scans) == 1
    assert "VIRTUAL TABLE" in scans[0]


PUBLISHED = {
    "0001_the_whole_service.sql": "8c45d71d6ce5f07a0d4a6781479d302dac05f6be0c6ad9a6c04af7d4f2ada201",
    "0002_replaced_sims.sql": "0c94bf84f6ebd75416aed0e181184304ef5657033b9f290692a0b1019667a633",
}
"""What migrations that have been published held. A database out there has run them: a change goes into a new number."""


def test_a_published_migration_is_never_edited() -> None:
    for _, name, script in migrations():
        if name in PUBLISHED:
            assert hashlib.sha256(script.encode()).hexdigest() == PUBLISHED[name], f"{name} was edited: write a new one"
    assert set(PUBLISHED) <= {name for _, name, _ in migrations()}
