"""A SIM's life: what its operator said of its balance, what was forwarded, when it last sent something.

Knows that forwarding and the mark of how far it got need not be one transaction: each message has the key of what it
forwards, so that a repeat after a crash adds nothing.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass

from smsd.store.claims import NewMessage, insert_message
from smsd.store.engine import Engine, Row

__all__ = ["Balance", "SimLife"]

BALANCE = "sim.balance"
FORWARDED = "sim.forwarded"
SENT = "sim.sent"
TRIED = "sim.kept"
TRIED_AGAIN = 86_400.0
"""Seconds until it is tried again to keep a SIM alive by a message that has not left."""
NEWEST = 2000
"""So many attempts are looked through for the last that left."""
ALIVE = "keeps this SIM alive"


@dataclass(frozen=True, slots=True)
class Balance:
    """What is known of a balance: when it was asked for, what was answered last, and the number in it.

    ``failures`` counts the askings since the last number, which began to fail at ``failing_since``; ``trouble`` says
    what was wrong with the last.
    """

    asked_at: float | None = None
    answered_at: float | None = None
    text: str = ""
    value: float | None = None
    failures: int = 0
    failing_since: float | None = None
    trouble: str = ""


class SimLife:
    """The lives of the SIMs of one store, each by the name of its route."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def balance(self, route: str) -> Balance:
        """Return what is known of a SIM's balance."""
        with self._engine.read() as tx:
            row = tx.first("memory_get", route=route, name=BALANCE)
        return Balance() if row is None else Balance(**json.loads(row["value"]))

    def put_balance(self, route: str, balance: Balance) -> None:
        """Remember what is known of a SIM's balance."""
        with self._engine.write(noted=False) as tx:
            tx.run("memory_put", route=route, name=BALANCE, value=json.dumps(asdict(balance), ensure_ascii=False))

    def balances(self) -> dict[str, Balance]:
        """Return every balance there is, by route."""
        with self._engine.read() as tx:
            rows = tx.all("memory_list", name=BALANCE)
        return {row["route"]: Balance(**json.loads(row["value"])) for row in rows}

    # --- what its operator writes -------------------------------------------------------------------------------------

    def news(self, route: str) -> list[Row]:
        """List what came to a SIM since it was last forwarded: id, sender, text, reason. The first time: nothing."""
        with self._engine.read() as tx:
            mark = tx.first("memory_get", route=route, name=FORWARDED)
            newest = tx.one("inbox_newest")["id"] or 0
            if mark is not None:
                return tx.all("inbox_news", route=route, after=int(mark["value"]))
        self._mark(route, newest)
        return []

    def forward(self, route: str, upto: int, messages: Collection[NewMessage]) -> int:
        """Queue what forwards texts, and remember how far it got; return how many messages are new."""
        with self._engine.write(noted=False) as tx:
            now = self._clock()
            count = sum(insert_message(tx, message, now)[1] for message in messages)
            tx.run("memory_put", route=route, name=FORWARDED, value=str(upto))
            return count

    def forwarded_since(self, since: float) -> int:
        """Count the messages that forwarded something since a moment."""
        with self._engine.read() as tx:
            return int(tx.one("message_forwarded", since=since, newest=NEWEST)["count"])

    def _mark(self, route: str, upto: int) -> None:
        with self._engine.write(noted=False) as tx:
            tx.run("memory_put", route=route, name=FORWARDED, value=str(upto))

    # --- keeping it alive ---------------------------------------------------------------------------------------------

    def last_sent(self, route: str) -> float:
        """Return when a SIM last sent something, in Unix seconds; of a SIM that never did, when it was first asked."""
        with self._engine.read() as tx:
            known = tx.first("memory_get", route=route, name=SENT)
            found = tx.first("attempt_last_sent", route=route, newest=NEWEST)
        latest = max(
            float(known["value"]) if known is not None else 0.0,
            float(found["started_at"]) if found is not None else 0.0,
        )
        if latest == 0.0 or (known is None or latest > float(known["value"])):
            latest = latest or self._clock()
            with self._engine.write(noted=False) as tx:
                tx.run("memory_put", route=route, name=SENT, value=str(latest))
        return latest

    def keep_alive(self, route: str, message: NewMessage) -> bool:
        """Queue a message that leaves by this SIM alone; not where one was queued within a day: it may yet leave.

        Only an attempt that left counts as sent: what expired or was refused has kept nothing alive.
        """
        with self._engine.write(noted=False) as tx:
            now = self._clock()
            tried = tx.first("memory_get", route=route, name=TRIED)
            if tried is not None and 0 <= now - float(tried["value"]) < TRIED_AGAIN:
                return False
            message_id, _ = insert_message(tx, message, now)
            tx.run("self_test_bind", id=message_id, route=route, reason=ALIVE)
            tx.run("memory_put", route=route, name=TRIED, value=str(now))
            return True
