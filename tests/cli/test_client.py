"""The directory by hand: passwords go in without being seen, and come out only where the private key is."""

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import Result

from tests.store.house import PHONE, House

Smsd = Callable[..., Result]

PASSWORD = "Xq7vRk29"
ADD = ("client", "add", "8 916 000-00-01", "--code", "1733", "--login", "ivanov")


def add(smsd: Smsd) -> None:
    """Add the one client of these tests."""
    result = smsd(*ADD, "--name", "И. Иванов", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert (result.exit_code, result.stdout) == (0, f"client {PHONE}: added\n")


def test_a_client_is_added_shown_changed_and_removed(smsd: Smsd) -> None:
    add(smsd)
    shown = json.loads(smsd("client", "show", PHONE, "--json").stdout)
    changed_at = datetime.fromisoformat(shown.pop("changed_at"))
    assert changed_at.tzinfo is not None
    assert shown == {
        "phone": PHONE, "code": "1733", "login": "ivanov", "name": "И. Иванов", "subscribed": True,
        "has_password": True, "held": None,
    }  # fmt: skip
    assert smsd("client", "add", PHONE, "--code", "9", "--login", "x", "--no-password").stdout.endswith(": changed\n")
    [listed] = json.loads(smsd("client", "list", "--json").stdout)
    assert (listed["code"], listed["has_password"]) == ("9", True)
    assert smsd("client", "remove", "89160000001").stdout == f"client {PHONE}: removed\n"
    assert json.loads(smsd("client", "list", "--json").stdout) == []
    assert smsd("client", "remove", PHONE).exit_code == 1


def test_the_password_is_nowhere_but_where_it_is_revealed(smsd: Smsd, tmp_path: Path) -> None:
    add(smsd)
    for words in (["show", PHONE], ["show", PHONE, "--json"], ["list"], ["list", "--json"]):
        assert PASSWORD not in smsd("client", *words).output
    assert PASSWORD.encode() not in b"".join(file.read_bytes() for file in tmp_path.glob("smsd.db*"))
    assert PASSWORD in smsd("client", "show", PHONE, "--reveal").stdout
    assert json.loads(smsd("client", "show", PHONE, "--reveal", "--json").stdout)["password"] == PASSWORD


def test_without_the_private_key_nothing_is_revealed(smsd: Smsd, tmp_path: Path) -> None:
    add(smsd)
    (tmp_path / "smsd.key").rename(tmp_path / "elsewhere.key")
    result = smsd("client", "show", PHONE, "--reveal")
    assert result.exit_code == 1
    assert "smsd.key: the private key cannot be read" in result.stderr
    add_again = smsd(*ADD, "--password-stdin", stdin="another")
    assert add_again.exit_code == 0, "whoever adds clients needs the public key only"
    assert not (tmp_path / "smsd.key").exists()


def test_a_password_copied_to_another_client_does_not_open(smsd: Smsd, tmp_path: Path) -> None:
    add(smsd)
    smsd("client", "add", "+79160000002", "--code", "2", "--login", "b", "--no-password")
    with sqlite3.connect(tmp_path / "smsd.db") as database:
        database.execute("UPDATE client SET password = (SELECT password FROM client WHERE phone = ?)", (PHONE,))
    database.close()
    result = smsd("client", "show", "+79160000002", "--reveal")
    assert result.exit_code == 1
    assert PASSWORD not in result.output


@pytest.mark.parametrize(
    ("words", "stdin", "why"),
    [
        ((), None, "--password-stdin or --no-password"),
        (("--password-stdin",), "", "empty"),
        (("--password-stdin",), b"\xff\xfe", "not UTF-8"),
        (("--password-stdin",), "two\nlines", "line break"),
        (("--password-stdin", "--no-password"), "x", "contradict"),
    ],
)
def test_a_password_that_cannot_be_taken_is_refused(
    smsd: Smsd, house: House, words: tuple[str, ...], stdin: str | bytes | None, why: str
) -> None:
    result = smsd(*ADD, *words, stdin=stdin)
    assert result.exit_code == 2
    assert why in result.stderr
    assert house.store.clients.count() == 0


def test_on_a_terminal_the_password_is_asked_for_without_echo(smsd: Smsd, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    def prompt(text: str, **options: object) -> str:
        asked.update(options)
        return PASSWORD

    monkeypatch.setattr("smsd.cli.client._on_a_terminal", lambda: True)
    monkeypatch.setattr("click.prompt", prompt)
    assert smsd(*ADD).exit_code == 0
    assert asked["hide_input"] is True
    assert PASSWORD in smsd("client", "show", PHONE, "--reveal").stdout


def test_a_stop_is_seen(smsd: Smsd, house: House) -> None:
    add(smsd)
    house.text("CLIENT sms stop")
    assert json.loads(smsd("client", "show", PHONE, "--json").stdout)["subscribed"] is False
    assert "stopped" in smsd("client", "list").stdout


def test_an_empty_directory_says_what_to_do(smsd: Smsd) -> None:
    assert "smsd client add" in smsd("client", "list").stdout


# --- import -----------------------------------------------------------------------------------------------------------


def test_a_file_is_imported_whole(smsd: Smsd, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text(
        "phone;login;code;password;subscribed\n8 916 000-00-01;ivanov;1;Xq7vRk29;\n+79160000002;petrov;2;;no\n",
        "utf-8-sig",
    )
    result = smsd("client", "import", str(file))
    assert (result.exit_code, result.stdout) == (0, "2 clients imported, 1 of them without a password\n")
    assert result.stderr == "", "no progress bar in a pipe"
    clients = {row["phone"]: row for row in json.loads(smsd("client", "list", "--json").stdout)}
    assert clients[PHONE]["subscribed"] is True
    assert clients["+79160000002"]["subscribed"] is False
    assert PASSWORD in smsd("client", "show", PHONE, "--reveal").stdout


def test_one_bad_line_and_nothing_is_imported(smsd: Smsd, house: House, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text(f"phone,code,login,password\n{PHONE},1,a,{PASSWORD}\n12,2,b,{PASSWORD}\n", "utf-8")
    result = smsd("client", "import", str(file))
    assert result.exit_code == 1
    assert f"{file}: line 3: " in result.stderr
    assert result.stderr.endswith("cannot be taken: nothing is changed\n")
    assert PASSWORD not in result.output
    assert house.store.clients.count() == 0


def test_of_many_bad_lines_twenty_are_shown(smsd: Smsd, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text("phone,code,login,password\n" + "12,1,a,b\n" * 25, "utf-8")
    result = smsd("client", "import", str(file))
    assert sum(": line " in line for line in result.stderr.splitlines()) == 20
    assert "… and 5 lines more" in result.stderr
    assert "25 lines" in result.stderr


def test_a_stop_is_never_lifted_by_an_import(smsd: Smsd, house: House, tmp_path: Path) -> None:
    house.text("CLIENT sms stop")
    file = tmp_path / "clients.csv"
    for wish in ("yes", ""):
        file.write_text(f"phone,code,login,password,subscribed\n{PHONE},1,a,b,{wish}\n", "utf-8")
        assert smsd("client", "import", str(file)).exit_code == 0
        assert json.loads(smsd("client", "show", PHONE, "--json").stdout)["subscribed"] is False


# --- erasing ----------------------------------------------------------------------------------------------------------


def test_a_person_is_erased_and_the_act_is_printed(smsd: Callable[..., Result], house: House) -> None:
    house.text("CLIENT sms stop")
    house.queue()
    would = json.loads(smsd("client", "forget", "8 916 000-00-01", "--dry-run", "--json").stdout)
    assert (would["dry_run"], would["erased"]["messages to it"]) == (True, 2)
    assert "would be erased" in smsd("client", "forget", PHONE, "--dry-run").stdout
    result = smsd("client", "forget", PHONE, "--yes")
    assert result.exit_code == 0
    for words in (
        f"erased            {PHONE}",
        "messages from it  1",
        "opt-out           kept, as a keyed hash",
        "by ",
    ):
        assert words in result.stdout
    assert "backups made before hold the person still" in result.stderr
    assert json.loads(smsd("outbox", "list", "--json").stdout) == []
    again = json.loads(smsd("client", "forget", PHONE, "--yes", "--json").stdout)
    assert (again["erased"], again["stop_kept"]) == ({}, True)


def test_nobody_is_erased_without_a_yes(smsd: Callable[..., Result], house: House) -> None:
    house.queue()
    result = smsd("client", "forget", PHONE)
    assert (result.exit_code, "say --yes" in result.stderr) == (1, True)
    assert len(json.loads(smsd("outbox", "list", "--json").stdout)) == 1


@pytest.mark.parametrize(("answer", "code", "left"), [("n\n", 1, 1), ("y\n", 0, 0)])
def test_a_person_is_asked_about_first_on_a_terminal(
    smsd: Callable[..., Result], house: House, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, left: int
) -> None:
    monkeypatch.setattr("smsd.cli.client._on_a_terminal", lambda: True)
    house.queue()
    result = smsd("client", "forget", PHONE, stdin=answer)
    assert result.exit_code == code
    assert f"Erase 1 row of {PHONE} for good?" in result.stderr
    assert len(json.loads(smsd("outbox", "list", "--json").stdout)) == left


def test_a_part_in_the_air_is_waited_for(smsd: Callable[..., Result], house: House) -> None:
    house.queue()
    house.claim()
    result = smsd("client", "forget", PHONE, "--yes")
    assert (result.exit_code, "try again" in result.stderr) == (75, True)


# --- trying -----------------------------------------------------------------------------------------------------------


def test_an_import_and_a_removal_can_be_tried_without_changing_anything(
    smsd: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "clients.csv"
    file.write_text(f"phone,code,login,password\n{PHONE},1733,ivanov,secret\n", "utf-8")
    assert smsd("client", "import", str(file), "--dry-run").stdout == "1 client could be imported\n"
    assert json.loads(smsd("client", "list", "--json").stdout) == []
    smsd("client", "import", str(file))
    assert smsd("client", "remove", PHONE, "--dry-run").stdout == f"client {PHONE}: would be removed\n"
    assert len(json.loads(smsd("client", "list", "--json").stdout)) == 1
    assert smsd("client", "remove", "+79160000009", "--dry-run").exit_code == 1
