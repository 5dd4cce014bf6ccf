"""The image is made once, and what was made by another version of this folder goes; no machine is booted here."""

from pathlib import Path

import pytest

from tests.hotplug import image


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache elsewhere, and a making that only notes that it was asked for."""
    cache = tmp_path / "cache"
    monkeypatch.setattr(image, "CACHE", cache)
    monkeypatch.setattr(image, "_build", lambda folder: (folder / "vmlinux").touch())
    return cache


def test_it_is_made_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert image.build().kernel.exists()
    monkeypatch.delattr(image, "_build")
    assert image.build().kernel.exists()


def test_an_older_one_goes_and_of_a_linked_one_the_link_alone(cache: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    for folder in (elsewhere, cache / "hotplug-0123456789ab", cache / "hotplug.new"):
        folder.mkdir(parents=True)
        (folder / "vmlinux").touch()
    (cache / "hotplug-ba9876543210").symlink_to(elsewhere)
    made = image.build().kernel.parent
    assert [each.name for each in cache.glob("hotplug[-.]*") if each.name != "hotplug.lock"] == [made.name]
    assert (elsewhere / "vmlinux").exists()


def test_a_cache_that_is_a_link_is_used(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    cache.symlink_to(tmp_path / "elsewhere")
    assert image.build().kernel.exists()
