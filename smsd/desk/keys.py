"""The key that clients' passwords are sealed to: made once, its public half kept in the store.

Knows that whoever may write clients needs the public half only, and that the private one is in a file which the daemon
must be able to read. Refuses to know what is sealed (``vault``).
"""

import os
from pathlib import Path

from smsd.errors import NotFoundError, SealError
from smsd.store import Store
from smsd.vault import PublicKey, Vault

__all__ = ["ensure_key", "open_vault"]


def ensure_key(store: Store, path: Path) -> PublicKey:
    """Return the public key of a store, by which whoever may write clients seals their passwords.

    On first use the private key is made in ``path`` and its public half kept in the store; later the private key is not
    needed. Raises ``SealError``, also when this user would make a key that the daemon could not read.
    """
    if (known := store.clients.public_key()) is not None:
        return PublicKey(known)
    if not path.exists() and os.geteuid() not in (0, _owner(path.parent)):
        raise SealError(
            f"{path}: there is no key yet, and the daemon could not read one of yours: "
            "start the daemon once, it makes its own"
        )
    public = Vault.load_or_create(path).public
    store.clients.put_public_key(public.octets)
    return public


def open_vault(store: Store, path: Path) -> Vault:
    """Return the private key that opens what is sealed in a store.

    Raises ``NotFoundError`` while nothing has been sealed, and ``SealError`` when this user may not read the key, or
    when it is another than the texts were sealed to.
    """
    known = store.clients.public_key()
    if known is None:
        raise NotFoundError("no password has been recorded yet: there is no key to open one with")
    vault = Vault.load(path)
    if vault.public != PublicKey(known):
        raise SealError(f"{path}: not the key that the passwords are sealed to: put the former key file back")
    return vault


def _owner(directory: Path) -> int | None:
    try:
        return directory.stat().st_uid
    except OSError:
        return None
