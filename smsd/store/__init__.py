"""The durable truth of the service: one SQLite file, few deep verbs, one transaction each.

Read first: ``migrations/0001_the_whole_service.sql`` (the tables), then ``outbox.py`` (what leaves: an attempt
begins in ``claims.py`` and ends in ``attempts.py``, its message moves on in ``progress.py``, what became of it says
``reports.py``), ``inbox.py`` (what came), ``requests.py``, ``clients.py``; ``engine.py`` is the only file that knows
SQLite. Knows nothing of routes, texts or time: the clock is handed in, decisions are ``rules``.

The store is synchronous. The daemon calls it on one thread of its own; the command line calls it directly, whether the
daemon runs or not: the database is the interface between the two.
"""

import json
from collections.abc import Callable
from pathlib import Path

from smsd.sms import RouteStatus
from smsd.store.alarms import Alarms
from smsd.store.alerts import Alerts, NewAlert
from smsd.store.audit import Act, Audit
from smsd.store.clients import Client, Clients
from smsd.store.engine import Engine, Row
from smsd.store.erasure import Erased, Erasure
from smsd.store.events import Events
from smsd.store.figures import Figures
from smsd.store.inbox import Inbox, Judge, Receipt
from smsd.store.measures import Measures
from smsd.store.outbox import Claim, Claimant, Diversion, Ended, NewMessage, Outbox, Ways
from smsd.store.requests import Request, Requests
from smsd.store.retention import Retention
from smsd.store.selftests import SelfTests
from smsd.store.simlife import SimLife
from smsd.store.swaps import Swaps
from smsd.store.tokens import Token, Tokens

__all__ = [
    "Act",
    "Claim",
    "Claimant",
    "Client",
    "Diversion",
    "Ended",
    "Erased",
    "Judge",
    "NewAlert",
    "NewMessage",
    "Receipt",
    "Request",
    "Row",
    "Store",
    "Swaps",
    "Token",
    "Ways",
]


class Store:
    """One database, opened and of the right version."""

    def __init__(self, path: Path, clock: Callable[[], float], *, migrate: bool = False) -> None:
        """Open ``path``; an absent file is made. ``clock`` returns Unix seconds.

        Raises ``StoreVersionError`` when the schema is newer than this program, or older and ``migrate`` is not set.
        """
        self.path = path
        self.engine = Engine(path)
        try:
            fresh = self.engine.version() == 0
            if migrate or fresh:
                self.engine.migrate(clock())
            else:
                self.engine.refuse_newer()
                self.engine.refuse_older()
        except BaseException:
            self.engine.close()
            raise
        self._clock = clock
        self.outbox = Outbox(self.engine, clock)
        self.inbox = Inbox(self.engine, clock)
        self.requests = Requests(self.engine, clock)
        self.clients = Clients(self.engine, clock)
        self.alerts = Alerts(self.engine, clock)
        self.figures = Figures(self.engine, clock)
        self.swaps = Swaps(self.engine)
        self.audit = Audit(self.engine, clock)
        self.alarms = Alarms(self.engine, clock)
        self.selftests = SelfTests(self.engine, clock)
        self.simlife = SimLife(self.engine, clock)
        self.measures = Measures(self.engine, clock)
        self.erasure = Erasure(self.engine, clock)
        self.retention = Retention(self.engine)
        self.tokens = Tokens(self.engine, clock)
        self.events = Events(self.engine, clock)

    def close(self) -> None:
        """Close the file."""
        self.engine.close()

    # --- what must be remembered --------------------------------------------------------------------------------------

    def fact(self, name: str) -> str | None:
        """Return a fact of this store, such as when the alarms were looked at last."""
        with self.engine.read() as tx:
            row = tx.first("fact_get", name=name)
        return None if row is None else str(row["value"])

    def put_fact(self, name: str, value: str) -> None:
        """Remember a fact of this store."""
        with self.engine.write(noted=False) as tx:
            tx.run("fact_put", name=name, value=value)

    def recall(self, route: str, name: str) -> str | None:
        """Return what a route remembered under a name."""
        with self.engine.read() as tx:
            row = tx.first("memory_get", route=route, name=name)
        return None if row is None else str(row["value"])

    def remember(self, route: str, name: str, value: str | None) -> None:
        """Let a route remember something, or forget it (``None``); on disk when this returns."""
        with self.engine.write() as tx:
            if value is None:
                tx.run("memory_drop", route=route, name=name)
            else:
                tx.run("memory_put", route=route, name=name, value=value)

    # --- routes -------------------------------------------------------------------------------------------------------

    def put_route(self, name: str, status: RouteStatus) -> None:
        """Record how a route is, for ``smsd status``."""
        with self.engine.write() as tx:
            tx.run(
                "route_put",
                name=name,
                up=int(status.up),
                state=status.state,
                detail=status.detail,
                facts=json.dumps(dict(status.facts), ensure_ascii=False),
                now=self._clock(),
            )

    def keep_routes(self, names: list[str]) -> None:
        """Forget the routes that are no longer configured."""
        with self.engine.write() as tx:
            tx.run("route_forget_others", names=json.dumps(names))

    def routes(self) -> list[Row]:
        """List how the routes last said they were; ``facts`` is a mapping."""
        with self.engine.read() as tx:
            rows = tx.all("route_list")
        for row in rows:
            row["facts"] = json.loads(row["facts"])
        return rows
