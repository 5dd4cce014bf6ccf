"""The keys that a store hashes with, each under a name: facts of the store, in hexadecimal, made when first needed.

Refuses to know what is hashed, and to draw lots: a new key is handed in. Every function works inside a transaction that
its caller has begun and will commit.
"""

from smsd.store.engine import Transaction

__all__ = ["key_or_new", "known_key"]


def known_key(tx: Transaction, name: str) -> bytes | None:
    """Return a key, ``None`` where none has been needed yet."""
    row = tx.first("fact_get", name=name)
    return None if row is None else bytes.fromhex(row["value"])


def key_or_new(tx: Transaction, name: str, new_key: bytes) -> bytes:
    """Return a key; where there is none yet, ``new_key`` is it from now on."""
    key = known_key(tx, name)
    if key is None:
        key = new_key
        tx.run("fact_put", name=name, value=key.hex())
    return key
