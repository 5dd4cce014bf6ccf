"""What Debian's own checker says of the package: nothing that is not explained in debian/smsd.lintian-overrides."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from smsd import __version__

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("lintian") is None, reason="the package is not judged: lintian is not installed")
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_lintian_finds_nothing(package: Path) -> None:
    done = subprocess.run(
        ["lintian", "--no-cfg", "--allow-root", "--fail-on=error,warning,info", "--display-level=>=info", package],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


def test_every_override_has_its_reason() -> None:
    """Overrides stand in blocks, and each block begins with why."""
    for block in (ROOT / "debian/smsd.lintian-overrides").read_text("utf-8").split("\n\n"):
        assert block.startswith("# "), block


def test_the_version_is_the_programs() -> None:
    first = (ROOT / "debian/changelog").read_text("utf-8").partition("\n")[0]
    assert re.fullmatch(r"smsd \((\S+)\) bookworm; urgency=medium", first)[1] == __version__  # type: ignore[index]
