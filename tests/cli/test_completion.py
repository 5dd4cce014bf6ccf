"""A shell completes what there is: commands, options, states."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

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
