"""The local directory of clients: who they are, and what their numbers wish.

Knows rows; passwords pass through it sealed. A wish about notifications belongs to the number, client or not: it
survives import and removal.
"""

import base64
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from smsd.errors import NotFoundError
from smsd.store.engine import Engine, Row
from smsd.store.inbox import subscribe
from smsd.store.wishes import Stopped, recognise, stopped, wish_of

__all__ = ["Client", "Clients"]

PAGE = 1000
PUBLIC_KEY = "public_key"
"""The fact of the store that holds the public key, in Base64."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client of the local directory. ``password`` is sealed; ``None`` means that none is recorded.

    ``subscribed`` set on a new client is his wish now; ``None`` leaves the wish of his number as it is.
    """

    phone: str
    code: str
    login: str
    password: bytes | None
    name: str = ""
    subscribed: bool | None = None


class Clients:
    """The clients of one store."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def put(self, clients: Iterable[Client], *, cause: str) -> int:
        """Add or replace clients, all or none; return how many. A stop in force is never lifted by this."""
        known = list(clients)
        with self._engine.write() as tx:
            now = self._clock()
            recognise(tx, [client.phone for client in known])
            for client in known:
                tx.run(
                    "client_put",
                    phone=client.phone,
                    code=client.code,
                    login=client.login,
                    password=client.password,
                    name=client.name,
                    now=now,
                )
                if client.subscribed is False:
                    subscribe(tx, client.phone, subscribed=False, decided_at=now, cause=cause, now=now)
        return len(known)

    def heed_stop(self, phone: str, cause: str) -> bool:
        """Record a stop that the client's own system knows of, where the number never said anything here.

        What the number itself said goes before what anybody else knows. Returns whether it was recorded.
        """
        with self._engine.write() as tx:
            now = self._clock()
            if wish_of(tx, phone) is not None:
                return False
            return subscribe(tx, phone, subscribed=False, decided_at=now, cause=cause, now=now)

    def get(self, phone: str) -> Row | None:
        """Return one client as a row, or ``None``."""
        with self._engine.read() as tx:
            return tx.first("client_get", phone=phone)

    def show(self, phone: str) -> Row:
        """Return one client as a row; raise ``NotFoundError``."""
        row = self.get(phone)
        if row is None:
            raise NotFoundError("no client with this number; 'smsd client list' shows who there is")
        return row

    def recent(self, *, limit: int) -> list[Row]:
        """List clients, the last changed first; ``limit`` 0: all of them."""
        with self._engine.read() as tx:
            return tx.all("client_list", limit=limit or -1)

    def everybody(self) -> Iterator[Row]:
        """Yield phone, code, login and name of every client, in the order of their numbers, as of page to page."""
        after = ""
        while True:
            with self._engine.read() as tx:
                page = tx.all("client_page", after=after, limit=PAGE)
            yield from page
            if not page:
                return
            after = page[-1]["phone"]

    def stopped(self) -> Stopped:
        """Return the numbers that want no notifications and alerts, clients or not."""
        with self._engine.read() as tx:
            return stopped(tx)

    def count(self) -> int:
        """Count the clients."""
        with self._engine.read() as tx:
            return int(tx.one("client_count")["count"])

    def public_key(self) -> bytes | None:
        """Return the octets of the key that passwords are sealed to, ``None`` while there is none."""
        with self._engine.read() as tx:
            row = tx.first("fact_get", name=PUBLIC_KEY)
        return None if row is None else base64.b64decode(row["value"])

    def put_public_key(self, octets: bytes) -> None:
        """Have passwords sealed to a key from now on."""
        with self._engine.write(noted=False) as tx:
            tx.run("fact_put", name=PUBLIC_KEY, value=base64.b64encode(octets).decode())

    def sealed_otherwise(self, key_id: bytes) -> int:
        """Count the clients whose passwords are sealed to another key than the one with this id."""
        with self._engine.read() as tx:
            return int(tx.one("client_sealed_otherwise", key_id=key_id)["count"])

    def remove(self, phone: str) -> None:
        """Forget a client; raise ``NotFoundError``. The wish of his number stays."""
        with self._engine.write() as tx:
            if not tx.run("client_remove", phone=phone):
                raise NotFoundError("no client with this number; 'smsd client list' shows who there is")

    def subscribed(self, phone: str) -> bool:
        """Tell whether a number takes notifications and alerts."""
        with self._engine.read() as tx:
            return _subscribed(wish_of(tx, phone))

    def wish(self, phone: str) -> Row | None:
        """Return what a number wishes (subscribed, decided_at, changed_at, cause), ``None`` where it never said."""
        with self._engine.read() as tx:
            return wish_of(tx, phone)

    def wishes(self, *, limit: int, stopped_only: bool) -> list[Row]:
        """List what numbers wish, the last changed first, marks of erased ones among them; ``limit`` 0: all."""
        with self._engine.read() as tx:
            return tx.all("subscription_list", limit=limit or -1, stopped=int(stopped_only))

    def set_wish(self, phone: str, *, subscribed: bool, cause: str) -> bool:
        """Record what a person says a number wishes, as of now; tell whether it was otherwise before.

        Its own later word goes before this; what stands recorded keeps its cause. Whoever may not write is refused
        even where nothing is to be changed.
        """
        with self._engine.write() as tx:
            before = wish_of(tx, phone)
            changes = _subscribed(before) is not subscribed
            if changes or before is None:
                now = self._clock()
                subscribe(tx, phone, subscribed=subscribed, decided_at=now, cause=cause, now=now)
        return changes


def _subscribed(wish: Row | None) -> bool:
    return wish is None or bool(wish["subscribed"])
