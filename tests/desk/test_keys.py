"""The key of a store: made once, kept in its public half, and known again."""

import pytest

from smsd.desk.keys import ensure_key, open_vault
from smsd.errors import NotFoundError, SealError
from smsd.vault import Vault
from tests.store.house import House


def test_the_key_is_made_once_and_then_not_needed(house: House) -> None:
    path = house.directory / "smsd.key"
    public = ensure_key(house.store, path)
    assert house.store.clients.public_key() == public.octets
    assert open_vault(house.store, path).public == public
    path.unlink()
    assert ensure_key(house.store, path) == public
    assert not path.exists()


def test_a_key_that_is_there_already_is_taken(house: House) -> None:
    vault = Vault.load_or_create(house.directory / "smsd.key")
    assert ensure_key(house.store, house.directory / "smsd.key") == vault.public


def test_a_key_the_daemon_could_not_read_is_not_made(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made by a third user in the service's directory, it would belong to neither root nor the service."""
    monkeypatch.setattr("os.geteuid", lambda: house.directory.stat().st_uid + 1)
    with pytest.raises(SealError, match="start the daemon once"):
        ensure_key(house.store, house.directory / "smsd.key")
    assert not (house.directory / "smsd.key").exists()


def test_another_key_opens_nothing(house: House) -> None:
    path = house.directory / "smsd.key"
    with pytest.raises(NotFoundError):
        open_vault(house.store, path)
    ensure_key(house.store, path)
    path.unlink()
    Vault.load_or_create(path)
    with pytest.raises(SealError, match="put the former key file back"):
        open_vault(house.store, path)
