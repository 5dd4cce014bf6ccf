"""The local directory: the client table of the store, with passwords opened by the daemon's private key."""

from collections.abc import Awaitable, Callable

from smsd.directory import Registration, Wish
from smsd.errors import DirectoryError, SealError, StoreError
from smsd.store import Row
from smsd.vault import Vault

__all__ = ["LocalDirectory", "seal_context"]


def seal_context(phone: str) -> bytes:
    """Return what a password is bound to when it is sealed: copied to another client's row it cannot be opened."""
    return b"password of " + phone.encode()


class LocalDirectory:
    """Asks the store. The wish about notifications needs no telling: the store has it already."""

    def __init__(self, client: Callable[[str], Awaitable[Row | None]], vault: Vault) -> None:
        self._client = client
        self._vault = vault

    async def registration(self, phone: str) -> Registration | None:
        """Return the registration data of a client; raises ``DirectoryError`` when his password cannot be opened."""
        try:
            row = await self._client(phone)
            if row is None:
                return None
            sealed = row["password"]
            password = None if sealed is None else self._vault.open(sealed, associated=seal_context(phone))
        except (StoreError, SealError) as error:
            raise DirectoryError(str(error)) from error
        return Registration(
            code=row["code"],
            login=row["login"],
            password=password,
            name=row["name"],
            subscribed=bool(row["subscribed"]),
        )

    async def subscribe(self, phone: str, wish: Wish) -> None:
        """Do nothing: the wish was recorded in the transaction of the inbox row."""
