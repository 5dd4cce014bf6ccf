"""Help is quick, complete and shows by example; exit codes are those that are promised."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import smsd as package
from smsd.cli import COMMANDS, main

PROMISED = [
    "run",
    "demo",
    "simulate",
    "client.add",
    "client.import",
    "client.list",
    "client.show",
    "client.remove",
    "send",
    "notify",
    "outbox.list",
    "outbox.show",
    "outbox.why",
    "outbox.retry",
    "outbox.cancel",
    "inbox.list",
    "inbox.show",
    "request.list",
    "request.show",
    "request.why",
    "request.retry",
    "request.fail",
    "modem.list",
    "modem.show",
    "status",
    "database.migrate",
    "database.check",
    "database.backup",
]


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Return every command with its words, groups before what is in them."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from walk(found, (*path, name))


EVERY = list(walk(main))


def test_every_promised_command_is_there() -> None:
    assert set(PROMISED) <= {".".join(path) for path, _ in EVERY}


@pytest.mark.parametrize("words", [path for path, _ in EVERY], ids=" ".join)
def test_every_help_shows_an_example_of_its_command(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*words, "--help"], prog_name="smsd")
    assert result.exit_code == 0
    _, _, example = " ".join(result.output.split()).partition("Example: ")
    assert "smsd" in example
    assert not words or " ".join(words) in example


def test_the_lines_of_the_help_are_those_of_the_commands() -> None:
    for path, command in walk(main):  # anew: an object keeps the language that it was last asked for in
        if len(path) == 1:
            assert (command.help or "").partition("\n")[0] == COMMANDS[path[0]][1]


def test_every_reading_command_prints_json() -> None:
    reading = {"list", "show", "why", "status", "check"}
    for path, command in EVERY:
        if path and path[-1] in reading:
            assert "--json" in {option for parameter in command.params for option in parameter.opts}, path


def test_the_version_is_that_of_the_distribution() -> None:
    with (Path(__file__).parents[2] / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["version"] == package.__version__
    assert package.__version__ in CliRunner().invoke(main, ["--version"]).output


# --- exit codes -------------------------------------------------------------------------------------------------------


def test_a_missing_configuration_is_one_line_and_78(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--config", str(tmp_path / "none.toml"), "outbox", "list"])
    assert result.exit_code == 78
    assert result.stderr.startswith("smsd: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize("words", [["nonsense"], ["outbox", "show", "seven"], ["outbox", "list", "--state", "sent"]])
def test_a_mistake_in_usage_is_2(smsd: Callable[..., Result], words: list[str]) -> None:
    assert smsd(*words).exit_code == 2


def test_what_is_not_there_is_1_and_says_where_to_look(smsd: Callable[..., Result]) -> None:
    result = smsd("outbox", "show", "99")
    assert result.exit_code == 1
    assert result.stderr == "smsd: no message 99 in the outbox; 'smsd outbox list' shows what there is\n"


def test_the_database_of_a_missing_directory_is_told(tmp_path: Path) -> None:
    config = tmp_path / "smsd.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/gone/smsd.db"\n', "utf-8")
    result = CliRunner().invoke(main, ["--config", str(config), "status"])
    assert result.exit_code == 1
    assert result.stderr == f"smsd: {tmp_path}/gone: no such directory; make it, or write another database.url\n"


def test_a_database_that_cannot_be_opened_is_told(tmp_path: Path, config: Path) -> None:
    (tmp_path / "smsd.db").mkdir()
    result = CliRunner().invoke(main, ["--config", str(config), "inbox", "list"])
    assert result.exit_code == 1
    assert "may this user read and write it" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_database_of_another_user_is_told(tmp_path: Path, config: Path, smsd: Callable[..., Result]) -> None:
    assert smsd("outbox", "list").exit_code == 0
    (tmp_path / "smsd.db").chmod(0)
    result = smsd("outbox", "list")
    assert result.exit_code == 1
    assert "may this user read and write it" in result.stderr


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interrupted_command_is_130(
    smsd: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("smsd.store.outbox.Outbox.recent", interrupted)
    assert smsd("outbox", "list").exit_code == 130


def test_a_reader_who_leaves_is_no_trouble(config: Path) -> None:
    """``smsd … | head`` ends quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [sys.executable, "-m", "smsd", "--config", str(config), "outbox", "list"],
        stdout=writing, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writing)
    assert process.stderr == ""


def test_an_old_locale_is_no_trouble(config: Path) -> None:
    """KOI8-R has no ⏎ and no emoji."""
    command = [sys.executable, "-m", "smsd", "--config", str(config), "outbox"]
    environ = {**os.environ, "PYTHONIOENCODING": "koi8-r"}
    text = "Привет,\nмир 😀"
    sent = subprocess.run([*command[:-1], "send", "+79160000001", text], env=environ, capture_output=True, check=False)
    assert sent.returncode == 0
    shown = subprocess.run([*command, "list"], env=environ, capture_output=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert "Привет, \\u23ce мир \\U0001f600" in shown.stdout.decode("koi8-r")
    listed = subprocess.run([*command, "list", "--json"], env=environ, capture_output=True, check=False)
    assert json.loads(listed.stdout)[0]["text"] == text


def test_python_m_smsd_is_the_same_command(config: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "smsd", "--config", str(config), "status"], capture_output=True, text=True, check=False
    )
    assert process.returncode == 69
    process = subprocess.run([sys.executable, "-m", "smsd", "nonsense"], capture_output=True, text=True, check=False)
    assert process.returncode == 2
    assert process.stderr.startswith("Usage: smsd ")
