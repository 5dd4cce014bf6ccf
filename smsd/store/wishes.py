"""What numbers wish of notifications and alerts, also those of people who have been erased.

Knows that a stop outlives everything else that is known of a person: on erasure the number in its row is replaced by
its mark, a keyed hash (HMAC-SHA256, RFC 2104), and a number that comes back finds its stop by its mark. The key is a
fact of the store: whoever has the database can try numbers until a mark fits, so that a mark is a pseudonym and no
secret; what it prevents is that the number stands there to be read. Refuses to know who is erased, and why.
"""

import hmac
from collections.abc import Iterable

from smsd.store.engine import Row, Transaction
from smsd.store.keys import key_or_new, known_key

__all__ = ["Stopped", "keep_as_mark", "recognise", "stopped", "wish_of"]

KEY = "erasure_key"
"""The name of the key; there is none until somebody is erased who had stopped."""
MARK = "erased:"
CAUSE = "before an erasure"


def wish_of(tx: Transaction, phone: str) -> Row | None:
    """Return what a number wishes (subscribed, decided_at, changed_at, cause), ``None`` where it never said."""
    row = tx.first("subscription_get", phone=phone)
    mark = None if row is not None else _mark(known_key(tx, KEY), phone)
    return row if mark is None else tx.first("subscription_get", phone=mark)


def recognise(tx: Transaction, phones: Iterable[str]) -> None:
    """Give the stops of numbers that are known again their numbers back: to be called before they are written down."""
    key = known_key(tx, KEY)
    if key is not None:
        for phone in phones:
            tx.run("subscription_recognise", phone=phone, mark=_mark(key, phone))


def keep_as_mark(tx: Transaction, phone: str, new_key: bytes) -> bool:
    """Keep of a number's wish what must outlive the person; tell whether there was a stop to keep.

    ``new_key`` is 32 octets of chance, used where the store has no key yet.
    """
    row = tx.first("subscription_get", phone=phone)
    if row is None:
        return False
    if row["subscribed"]:
        tx.run("subscription_forget", phone=phone)
        return False
    key = key_or_new(tx, KEY, new_key)
    tx.run("subscription_mark", phone=phone, mark=_mark(key, phone), cause=CAUSE)
    return True


class Stopped(frozenset[str]):
    """The numbers that want no notifications and alerts; one that is kept as a mark only is found as well."""

    key: bytes | None = None

    def __contains__(self, phone: object) -> bool:
        if frozenset.__contains__(self, phone):
            return True
        return self.key is not None and isinstance(phone, str) and frozenset.__contains__(self, _mark(self.key, phone))


def stopped(tx: Transaction) -> Stopped:
    """Return every number that wants nothing."""
    found = Stopped(row["phone"] for row in tx.all("subscription_stopped"))
    found.key = known_key(tx, KEY)
    return found


def _mark(key: bytes | None, phone: str) -> str | None:
    return None if key is None else MARK + hmac.new(key, phone.encode(), "sha256").hexdigest()
