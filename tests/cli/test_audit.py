"""Every command that changes something is written down; reading leaves no trace."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from smsd.sms import NotSent, Verdict
from tests.store.house import PHONE, House

Smsd = Callable[..., Result]


def trail(smsd: Smsd) -> list[tuple[str, str]]:
    """Return what was done about what, oldest first."""
    rows = json.loads(smsd("audit", "list", "--limit", "0", "--json").stdout)
    return [(row["what"], row["about"]) for row in reversed(rows)]


def test_what_changes_something_is_written_down_with_what_it_is_about(smsd: Smsd, house: House, tmp_path: Path) -> None:
    assert smsd("audit", "list").stdout == "nothing has been done by hand yet\n"
    house.queue()
    house.store.outbox.record([(house.claim().attempt_id, NotSent(Verdict.NEVER, "CMS 196"))])
    house.text("CLIENT info")
    for words in (
        ("client", "add", PHONE, "--code", "1", "--login", "i", "--no-password"),
        ("send", PHONE, "Секретный текст"),
        ("notify", PHONE, "Ещё один", "--key", "k"),
        ("outbox", "retry", "1"),
        ("outbox", "cancel", "1"),
        ("request", "fail", "1"),
        ("client", "remove", PHONE),
        ("client", "forget", PHONE, "--yes"),
        ("database", "backup", str(tmp_path / "copy.db")),
    ):
        assert smsd(*words).exit_code == 0, words
    assert trail(smsd) == [
        ("client add", "+7916•••01"),
        ("send", "+7916•••01"),
        ("notify", "+7916•••01"),
        ("outbox retry", "message 1"),
        ("outbox cancel", "message 1"),
        ("request fail", "request 1"),
        ("client remove", "+7916•••01"),
        ("client forget", "+7916•••01"),
        ("database backup", "file copy.db"),
    ]
    everything = smsd("audit", "list", "--json").stdout + smsd("audit", "list").stdout
    assert "текст" not in everything
    assert PHONE not in everything


def test_looking_and_failing_leave_no_trace(smsd: Smsd, house: House) -> None:
    house.queue()
    for words in (
        ("outbox", "list"),
        ("outbox", "show", "1"),
        ("status",),
        ("client", "list"),
        ("outbox", "retry", "1"),
        ("outbox", "cancel", "99"),
        ("client", "forget", PHONE, "--dry-run"),
        ("database", "migrate"),
        ("database", "migrate", "--dry-run"),
    ):
        smsd(*words)
    assert trail(smsd) == []


def test_a_password_that_was_shown_is_written_down(smsd: Smsd, house: House) -> None:
    smsd("client", "add", PHONE, "--code", "1", "--login", "i", "--password-stdin", stdin="secret")
    assert "secret" not in smsd("client", "show", PHONE).stdout
    assert "secret" in smsd("client", "show", PHONE, "--reveal").stdout
    assert trail(smsd) == [("client add", "+7916•••01"), ("client show --reveal", "+7916•••01")]


def test_the_list_names_the_user_and_the_time(smsd: Smsd, house: House) -> None:
    smsd("send", PHONE, "text")
    [row] = json.loads(smsd("audit", "list", "--json").stdout)
    assert set(row) == {"id", "at", "who", "what", "about"}
    assert row["who"]
    assert row["at"].count(":") >= 2
    assert row["who"] in smsd("audit", "list").stdout
