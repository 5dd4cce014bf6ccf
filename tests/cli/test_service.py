"""What stays in the foreground: the daemon by its configuration, a simulated modem for anybody."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smsd.cli import main
from smsd.config import Config


def test_the_daemon_is_given_the_configuration_and_its_exit_code_is_ours(
    smsd: Callable[..., Result], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []

    def run(config: Config, environ: Mapping[str, str]) -> int:
        given.append((config.path, "PATH" in environ))
        return 5

    monkeypatch.setattr("smsd.daemon.main", run)
    assert smsd("run").exit_code == 5
    assert given == [(config, True)]


def test_a_daemon_without_a_modem_is_refused(smsd: Callable[..., Result]) -> None:
    result = smsd("run")
    assert result.exit_code == 78
    assert "[[modem]]" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_simulated_modem_is_there_until_it_is_told_to_go(tmp_path: Path, number: int) -> None:
    link = tmp_path / "modem"
    with subprocess.Popen(
        [sys.executable, "-m", "smsd", "simulate", "--link", str(link), "--radio-seconds", "0.1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert str(link) in process.stdout.readline()
        assert link.exists()
        process.send_signal(number)
        _, errors = process.communicate(timeout=100)
    assert (process.returncode, errors) == (0, "")
    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("words", "why"),
    [(["--family", "nokia"], "there are generic, huawei"), (["--link", "taken"], "is no symbolic link")],
)
def test_a_modem_that_cannot_be_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").touch()
    result = CliRunner().invoke(main, ["simulate", "--link", "modem", *words])
    assert result.exit_code == 2
    assert why in result.stderr


def test_a_simulated_operator_stands_beside_the_modem_when_asked_for(tmp_path: Path) -> None:
    """``--smsc 0`` takes a free port and says which, as a bind would be configured."""
    process = subprocess.Popen(
        [sys.executable, "-m", "smsd", "simulate", "--link", str(tmp_path / "modem"), "--smsc", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(4)]
    found = re.search(r'\[\[smpp\]\] host = "127.0.0.1", port = (\d+), system_id = "scserv"', "".join(lines))
    assert found is not None
    with socket.create_connection(("127.0.0.1", int(found[1])), timeout=60):
        pass
    process.terminate()
    assert process.wait(60) == 0
    process.stdout.close()
