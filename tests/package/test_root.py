"""What makes it impossible to try the package is told apart from what is wrong with it."""

import shutil
from pathlib import Path

import pytest

from tests.package.root import APT_HELPER, unreachable

needs_apt = pytest.mark.skipif(shutil.which(APT_HELPER) is None, reason="nothing is fetched: apt is not installed")


@needs_apt
def test_a_mirror_that_is_there_is_reached(tmp_path: Path) -> None:
    release = tmp_path / "dists/bookworm/InRelease"
    release.parent.mkdir(parents=True)
    release.write_text("Origin: Debian\n", "ascii")
    assert unreachable(f"copy:{tmp_path}") == ""
    assert unreachable(f"copy:{tmp_path}/") == "", "a mirror's own slash was doubled"


@needs_apt
def test_one_that_is_not_there_is_named() -> None:
    said = unreachable("http://127.0.0.1:9/debian")
    assert "http://127.0.0.1:9/debian/dists/bookworm/InRelease" in said
