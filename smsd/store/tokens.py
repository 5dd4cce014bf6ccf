"""The tokens of the API: who may call, kept so that nobody who reads the database can call.

Knows names, scopes and digests: BLAKE2b (RFC 7693) of a token's secret half under a key of this store. The secret is 32
octets of chance, so that nothing slow need stand between it and its digest. Refuses to know what a scope allows.
"""

import hashlib
import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass

from smsd.errors import NotFoundError, UsageError
from smsd.store.engine import Engine, Row
from smsd.store.keys import key_or_new, known_key

__all__ = ["Token", "Tokens"]

KEY = "token_key"
"""The name of the key; there is none before the first token."""
NOTED_SECONDS = 60.0
"""How exactly the last use of a token is kept: not every call is worth a write."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token that holds: its name and what it is for."""

    id: int
    name: str
    scopes: frozenset[str]


class Tokens:
    """The tokens of one store."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, name: str, scopes: Collection[str], secret: bytes, new_key: bytes) -> int:
        """Keep a new token's digest; return its number. ``new_key`` is used where the store has no key yet.

        Raises ``UsageError`` while another token has the name.
        """
        with self._engine.write() as tx:
            key = key_or_new(tx, KEY, new_key)
            row = tx.first(
                "token_insert",
                name=name,
                scopes=" ".join(sorted(scopes)),
                digest=_digest(key, secret),
                now=self._clock(),
            )
            if row is None:
                raise UsageError(f"there is a token {name!r} already: revoke it first, or take another name")
            return int(row["id"])

    def check(self, token_id: int, secret: bytes) -> Token | None:
        """Return the token that a number and a secret belong to, ``None`` where they belong to none that holds."""
        with self._engine.read() as tx:
            row, key = tx.first("token_get", id=token_id), known_key(tx, KEY)
        # Compared in any case, so that a number that is known takes no longer than one that is not.
        digest = _digest(key or b"", secret)
        if not hmac.compare_digest(digest, row["digest"] if row is not None else "0" * len(digest)) or row is None:
            return None
        now = self._clock()
        if row["used_at"] is None or now - row["used_at"] > NOTED_SECONDS:
            with self._engine.write(noted=False) as tx:
                tx.run("token_used", id=token_id, now=now)
        return Token(row["id"], row["name"], frozenset(row["scopes"].split()))

    def recent(self, *, limit: int) -> list[Row]:
        """List tokens, newest first, revoked ones included; ``limit`` 0: all of them."""
        with self._engine.read() as tx:
            return tx.all("token_list", limit=limit or -1)

    def revoke(self, name: str) -> None:
        """Let a token hold no longer; raise ``NotFoundError``."""
        with self._engine.write() as tx:
            if not tx.run("token_revoke", name=name, now=self._clock()):
                raise NotFoundError(f"no token {name!r} that holds; 'smsd token list' shows what there is")


def _digest(key: bytes, secret: bytes) -> str:
    return hashlib.blake2b(secret, key=key, digest_size=32).hexdigest()
