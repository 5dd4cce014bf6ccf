"""Who may ask for what by TCP: tokens, made once, shown once, kept as digests.

Knows how a token is written (``smsd_``, its number, 32 octets of chance in Base64) and what each scope is for. A token
has the scopes it was given and no other: ``alert`` does not include ``view``.
"""

import base64
import os
import re
from collections.abc import Collection
from enum import StrEnum

from smsd.errors import UsageError
from smsd.store import Store, Token

__all__ = ["Scope", "bearer", "new_token"]

SECRET_OCTETS = 32
_TOKEN = re.compile(r"smsd_([0-9]{1,9})_([A-Za-z0-9_-]{43})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Scope(StrEnum):
    """What a token is for: seeing what became of messages, sending notifications, writing alerts."""

    VIEW = "view"
    NOTIFY = "notify"
    ALERT = "alert"


def new_token(store: Store, name: str, scopes: Collection[Scope]) -> str:
    """Make a token and return it, this once; raise ``UsageError`` for a name that is taken or none."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name: 1 to 64 Latin letters, digits, and . _ - after the first")
    if not scopes:
        raise UsageError(f"a token without a scope opens nothing: give some of {', '.join(Scope)}")
    secret = os.urandom(SECRET_OCTETS)
    number = store.tokens.add(name, scopes, secret, os.urandom(SECRET_OCTETS))
    return f"smsd_{number}_{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"


def bearer(store: Store, written: str) -> Token | None:
    """Return the token that somebody has shown, ``None`` where it is none that holds."""
    found = _TOKEN.fullmatch(written)
    if found is None:
        return None
    return store.tokens.check(int(found[1]), base64.urlsafe_b64decode(found[2] + "="))
