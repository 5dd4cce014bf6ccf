"""The local directory: passwords opened where they were sealed for, troubles told as troubles."""

import pytest

from smsd.directory import Directory, Registration, Wish
from smsd.directory.local import LocalDirectory, seal_context
from smsd.errors import DirectoryError, StoreBusyError
from smsd.store import Row
from smsd.vault import Vault, seal

VAULT = Vault(bytes(range(32)))
PHONE, OTHER = "+79160000001", "+79160000002"


def directory(row: Row | None = None, error: Exception | None = None) -> Directory:
    """Return a directory over a table that answers so."""

    async def client(phone: str) -> Row | None:
        assert phone == PHONE
        if error is not None:
            raise error
        return row

    return LocalDirectory(client, VAULT)


def row(password: bytes | None) -> Row:
    """Return a client's row."""
    return {"phone": PHONE, "code": "1733", "login": "ivanov", "password": password, "name": "", "subscribed": 1}


async def test_a_client_is_found_with_his_password() -> None:
    sealed = seal(VAULT.public, "Xq7vRk29", associated=seal_context(PHONE))
    assert await directory(row(sealed)).registration(PHONE) == Registration(
        "1733", "ivanov", "Xq7vRk29", subscribed=True
    )


async def test_who_has_no_password_is_found_without() -> None:
    assert await directory(row(None)).registration(PHONE) == Registration("1733", "ivanov", None, subscribed=True)


async def test_a_stranger_is_nobody() -> None:
    assert await directory().registration(PHONE) is None


async def test_a_password_of_another_row_does_not_open() -> None:
    sealed = seal(VAULT.public, "Xq7vRk29", associated=seal_context(OTHER))
    with pytest.raises(DirectoryError) as caught:
        await directory(row(sealed)).registration(PHONE)
    assert "Xq7vRk29" not in str(caught.value)


async def test_a_store_that_is_busy_is_asked_again_later() -> None:
    with pytest.raises(DirectoryError, match="try again"):
        await directory(error=StoreBusyError("try again")).registration(PHONE)


async def test_a_wish_needs_no_telling() -> None:
    """The store knows it from the transaction of the inbox row: the table is not even asked."""
    await directory(error=AssertionError("asked")).subscribe(PHONE, Wish(False, 0.0, 1))


def test_a_password_is_in_no_repr() -> None:
    assert "Xq7vRk29" not in repr(Registration("1733", "ivanov", "Xq7vRk29"))
