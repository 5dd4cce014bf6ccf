"""The demonstration shows what a client's phone shows, and fails when that is not what was promised."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from smsd.cli import demo as module
from smsd.cli import main
from smsd.cli.demo import CLIENT, _differences
from smsd.rules.replies import ACCEPTED, Replies

RESULT = Replies().info(code=CLIENT.code, login=CLIENT.login, password=CLIENT.password or "")


def test_the_whole_service_is_shown_without_any_configuration(tmp_path: Path) -> None:
    """A person who has just installed it sees both answers, and nothing is left behind."""
    environ = {"TMPDIR": str(tmp_path), "SMSD_CONFIG": str(tmp_path / "none.toml"), "PYTHONUTF8": "1"}
    process = subprocess.run(
        [sys.executable, "-m", "smsd", "demo"], env=environ, capture_output=True, text=True, check=False, timeout=100
    )
    assert (process.returncode, process.stderr) == (0, "")
    shown = process.stdout
    for text in ("CLIENT info", ACCEPTED, *RESULT.splitlines()):
        assert f"  | {text}\n" in shown
    assert shown.index(ACCEPTED) < shown.index("ЦЕНТР РЕГИСТРАЦИИ.")
    assert len(re.findall(r"after \d+\.\d s the phone shows, from SCSERV", shown)) == 2
    assert len(re.findall(r"after \d+\.\d s the phone shows, from \+79086228779", shown)) == 2
    assert shown.index("SCSERV, 3 parts") < shown.index("the operator is gone") < shown.rindex("from +79086228779")
    assert len(re.findall(r"(?:ack|result) +delivered", shown)) == 4
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_come_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.0)
    monkeypatch.setattr("smsd.log.setup", lambda **_: None)
    result = CliRunner().invoke(main, ["demo"])
    assert result.exit_code == 1
    assert "modem and operator were not ready within 0 s" in result.stderr


def test_a_wrong_text_is_missed() -> None:
    promised = (ACCEPTED, RESULT)
    assert _differences([ACCEPTED, RESULT], promised) == []
    assert _differences([ACCEPTED, "something else"], promised) == ["the result is not the promised text"]
    assert _differences([RESULT, ACCEPTED], promised) == [
        "the acknowledgement is not the promised text",
        "the result is not the promised text",
    ]
