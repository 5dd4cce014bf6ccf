"""``smsd install`` below a root of its own; the host it runs on is not touched."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from smsd.cli import install
from smsd.errors import SmsdError

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "how-to" / "install-on-a-host.md").read_text("utf-8")
Smsd = Callable[..., Result]


@pytest.fixture
def in_opt(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in /opt, by the system's own Python."""
    monkeypatch.setattr(sys, "prefix", "/opt/smsd")
    monkeypatch.setattr(sys, "executable", "/")


@pytest.mark.usefixtures("in_opt")
def test_every_file_is_put_in_its_place_and_the_command_linked(smsd: Smsd, tmp_path: Path) -> None:
    root = tmp_path / "image"
    root.mkdir()
    for _ in range(2):  # a second time, as at an upgrade, it is the same
        result = smsd("install", "--root", str(root))
        assert result.exit_code == 0, result.output
    for source, place in install.FILES.items():
        assert (root / place).read_text("utf-8") == (ROOT / source).read_text("utf-8")
        assert (root / place).stat().st_mode & 0o777 == 0o644
    assert (root / "usr/local/bin/smsd").readlink() == Path("/opt/smsd/bin/smsd")
    placed = {f"/{path.relative_to(root)}" for path in root.rglob("*") if not path.is_dir()}
    assert set(result.output.split()) == placed


@pytest.mark.usefixtures("in_opt")
def test_another_program_of_this_name_is_not_written_over(smsd: Smsd, tmp_path: Path) -> None:
    other = tmp_path / "usr/local/bin/smsd"
    other.parent.mkdir(parents=True)
    other.write_text("smstools", "ascii")
    result = smsd("install", "--root", str(tmp_path))
    assert result.exit_code == 2
    assert other.read_text("ascii") == "smstools"
    assert not (tmp_path / "etc").exists()


@pytest.mark.parametrize("place", install.FILES.values())
@pytest.mark.usefixtures("in_opt")
def test_what_is_masked_is_left_so(smsd: Smsd, tmp_path: Path, place: str) -> None:
    """Written through the link, /dev/null would be a unit for a moment, and closed to everybody but root for good."""
    masked = tmp_path / place
    masked.parent.mkdir(parents=True)
    masked.symlink_to("/dev/null")
    before = Path("/dev/null").stat().st_mode
    result = smsd("install", "--root", str(tmp_path))
    assert (result.exit_code, masked.readlink()) == (2, Path("/dev/null"))
    assert "masked" in result.output
    assert Path("/dev/null").stat().st_mode == before
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "smsd.toml"]


@pytest.mark.usefixtures("in_opt")
def test_a_link_is_replaced_and_what_it_leads_to_is_left(smsd: Smsd, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("[Unit]", "ascii")
    unit = tmp_path / "etc/systemd/system/smsd.service"
    unit.parent.mkdir(parents=True)
    unit.symlink_to(theirs)
    assert smsd("install", "--root", str(tmp_path)).exit_code == 0
    assert not unit.is_symlink()
    assert theirs.read_text("ascii") == "[Unit]"


@pytest.mark.parametrize("hidden", install.HIDDEN, ids=str)
@pytest.mark.parametrize("part", ["prefix", "executable"])
@pytest.mark.usefixtures("in_opt")
def test_what_the_service_would_not_see_is_refused(
    smsd: Smsd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hidden: Path, part: str
) -> None:
    """An environment of pipx or of a checkout, and one in /opt by a Python of one user's own."""
    monkeypatch.setattr(sys, part, f"{hidden}/anna/somewhere")
    monkeypatch.setattr(Path, "resolve", lambda path: path)
    result = smsd("install", "--root", str(tmp_path))
    assert result.exit_code == 2
    assert "/opt/smsd" in result.output
    assert not (tmp_path / "etc").exists()


def test_the_package_is_not_installed_a_second_time(
    smsd: Smsd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit in /etc would hide the package's own, at the next upgrade too."""
    monkeypatch.setattr(sys, "prefix", "/usr/lib/smsd")
    result = smsd("install", "--root", str(tmp_path))
    assert result.exit_code == 2
    assert "smsd doctor" in result.output
    assert not (tmp_path / "etc").exists()


def test_a_step_that_does_not_work_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "STEPS", (("true",), ("false", "a b"), ("no-such-program",)))
    with pytest.raises(SmsdError, match=r"work: false 'a b'; no-such-program$"):
        install._tell_the_host()


def test_the_guide_tells_the_same_by_hand() -> None:
    """By hand the same files go to the same places, and the host is told the same in the same order."""
    copied = re.findall(r"^sudo install -m 0644 (?:-D )?(\S+) /(\S+)$", GUIDE, re.MULTILINE)
    assert {source: place for source, place in copied if source in install.FILES} == install.FILES
    places = [GUIDE.index("sudo " + " ".join(step)) for step in install.STEPS]
    assert places == sorted(places)
