"""A shell completes what there is: commands, options, states."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smsd.cli import COMMANDS, main
from smsd.cli.completion import SHELLS, VARIABLE


def completed(*words: str) -> list[str]:
    """Ask as bash does what the last word may become."""
    environ = {**os.environ, VARIABLE: "bash_complete", "COMP_WORDS": " ".join(("smsd", *words)),
               "COMP_CWORD": str(len(words))}  # fmt: skip
    program = "import sys; sys.argv[0] = 'smsd'; from smsd.cli import main; main(prog_name='smsd')"
    result = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    return [line.partition(",")[2] for line in result.stdout.splitlines()]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_gets_its_script_without_a_configuration(shell: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell], prog_name="smsd")
    assert result.exit_code == 0
    assert f"{VARIABLE}={shell}_complete" in result.stdout


def test_another_shell_is_a_mistake_in_usage(smsd: Callable[..., Result]) -> None:
    assert smsd("completion", "csh").exit_code == 2


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("",), set(COMMANDS)),
        (("outb",), {"outbox"}),
        (("outbox", "wh"), {"why"}),
        (("inbox", "list", "--state", "look"), {"lookalike"}),
        (("status", "--wa"), {"--watch"}),
    ],
)
def test_what_there_is_is_offered(words: tuple[str, ...], offered: set[str]) -> None:
    assert set(completed(*words)) == offered


@pytest.mark.parametrize("shell", SHELLS)
def test_the_scripts_are_understood_by_their_shells(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = CliRunner().invoke(main, ["completion", shell], prog_name="smsd").stdout
    result = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH on which ``smsd`` is this program."""
    program = tmp_path / "bin" / "smsd"
    program.parent.mkdir()
    lines = ["import sys", "sys.argv[0] = 'smsd'", "from smsd.cli import main", "main(prog_name='smsd')"]
    program.write_text("\n".join([f"#!{sys.executable}", *lines, ""]), "utf-8")
    program.chmod(0o755)
    return f"{program.parent}:{os.environ['PATH']}"


def asked(shell: str, program: str, path: str, home: Path) -> list[str]:
    """Let a shell load its script and run a program that completes; return what it prints."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = CliRunner().invoke(main, ["completion", shell], prog_name="smsd").stdout
    (home / "script").write_text(script, "utf-8")
    environ = {"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    done = subprocess.run(
        [shell, "-c", program.format(script=home / "script")], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_bash_completes(tmp_path: Path, path: str) -> None:
    """As bash does it: with the program's name, the word and the one before."""
    program = (
        "source {script}; COMP_WORDS=(smsd outbox wh); COMP_CWORD=2; _smsd_completion smsd wh outbox; "
        "printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    assert asked("bash", program, path, tmp_path) == ["why"]


def test_zsh_completes(tmp_path: Path, path: str) -> None:
    """The function that zsh is given describes what it found to ``_describe``, which here prints it."""
    program = (
        "autoload -U compinit && compinit -u -D; _describe() {{ local name=$3; print -l -- ${{(P)name}} }}; "
        "compadd() {{ while [[ $1 == -* ]]; do shift 2; done; print -l -- $@ }}; compdef() {{ :; }}; source {script}; "
        "words=(smsd outbox wh); CURRENT=3; _smsd_completion"
    )
    found = asked("zsh", program, path, tmp_path)
    assert any(word.startswith("why") for word in found), found


def test_fish_completes(tmp_path: Path, path: str) -> None:
    found = asked("fish", "source {script}; complete --do-complete 'smsd outbox wh'", path, tmp_path)
    assert found[0] == "why"
