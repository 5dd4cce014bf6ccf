"""What the client-support system is to be told: written in the transaction of what happened, told afterwards.

Knows rows of events and the verbs of him who tells them. Refuses to know who is reached how. Where a crash leaves us:
before the commit nothing happened and nothing is to be told; after it the event is there as surely as what it tells of,
and is deleted only when it was heard: a crash between the two tells it once more, under the same id.
"""

from collections.abc import Callable, Collection, Mapping

from smsd.errors import NotFoundError
from smsd.rules.outbox import MessageClass, State
from smsd.rules.webhooks import TOLD
from smsd.store.engine import Engine, Row, Transaction

__all__ = ["Events", "tell_message", "tell_messages", "tell_request", "tell_wish"]

BATCH = 1000
"""Events that are moved in one transaction: some 20 ms, of 50 that nobody may hold the store for."""


def tell_message(tx: Transaction, message: Row, after: State, error: str | None, now: float) -> None:
    """Have it told that a notification has come to a state."""
    if message["class"] == MessageClass.NOTIFICATION and after in TOLD:
        tx.run("event_of_message", id=message["message_id"], word=after.value, reason=error, now=now)


def tell_messages(tx: Transaction, messages: str, after: State, now: float) -> None:
    """Have it told that messages (a list of ids in JSON) have come to a state, those that are notifications."""
    if after in TOLD:
        tx.run("event_of_messages", messages=messages, word=after.value, now=now)


def tell_wish(tx: Transaction, phone: str, *, subscribed: bool, cause: str, now: float) -> None:
    """Have it told that a number wants notifications and alerts, or none."""
    tx.run("event_of_wish", phone=phone, word="started" if subscribed else "stopped", reason=cause, now=now)


def tell_request(tx: Transaction, request_id: int, word: str, error: str | None, now: float) -> None:
    """Have it told that a client's request was accepted, or has ended."""
    tx.run("event_of_request", id=request_id, word=word, reason=error, now=now)


class Events:
    """The events of one store."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def listeners(self, kinds: Mapping[str, Collection[str]]) -> None:
        """Say who is told of what from now on; what waits for others is forgotten."""
        with self._engine.read() as tx:
            known = {(row["name"], row["kind"]) for row in tx.all("webhook_list")}
        wanted = {(name, kind) for name, each in kinds.items() for kind in each}
        if known == wanted:
            return
        with self._engine.write(noted=False) as tx:
            tx.run("webhook_clear")
            tx.run_all("webhook_put", [{"name": name, "kind": kind} for name, kind in sorted(wanted)])
            tx.run("event_forget_orphans")

    def due(self, webhook: str, limit: int) -> list[Row]:
        """Return the next events for somebody."""
        with self._engine.read() as tx:
            return tx.all("event_next", webhook=webhook, now=self._clock(), limit=limit)

    def next_due(self, webhook: str) -> float | None:
        """Say when the next event is to be told, in Unix seconds; ``None``: none waits."""
        with self._engine.read() as tx:
            due_at = tx.one("event_next_due", webhook=webhook)["due_at"]
        return None if due_at is None else float(due_at)

    def settle(self, heard: Collection[int], again: Mapping[int, tuple[float, str]]) -> None:
        """Forget what was heard; tell the rest again after so many seconds, and keep why."""
        with self._engine.write(noted=False) as tx:
            now = self._clock()
            for event_id in heard:
                tx.run("event_heard", id=event_id)
            for event_id, (delay, error) in again.items():
                tx.run("event_again", id=event_id, due_at=now + delay, error=error)

    def care(self, webhook: str, *, give_up: float, keep: float, most: int) -> tuple[int, bool]:
        """Give up what was tried for so many seconds, and the oldest of too many; forget the long given up.

        Returns how many were given up, and whether there may be more to do: of a long outage not everything at once.
        """
        now = self._clock()
        with self._engine.read() as tx:
            excess = max(0, tx.one("event_waiting", webhook=webhook)["count"] - most)
            oldest = tx.all("event_oldest", webhook=webhook, limit=BATCH)
            stale = tx.all("event_stale", webhook=webhook, before=now - keep, limit=BATCH)
        crowd, others = oldest[:excess], oldest[excess:]
        old = [row for row in others if row["since"] < now - give_up]
        if not (old or crowd or stale):
            return 0, False
        with self._engine.write(noted=False) as tx:
            tx.run_all("event_give_up", [{**row, "error": "too many waited", "before": None} for row in crowd])
            tx.run_all("event_give_up", [{**row, "error": None, "before": now - give_up} for row in old])
            tx.run_all("event_heard", stale)
        gone = len(crowd) + len(old)
        return gone, gone == BATCH or len(stale) == BATCH

    def recent(self, *, limit: int, webhook: str | None = None, state: str | None = None) -> list[Row]:
        """List events that were not heard, newest first; ``limit`` 0: all of them."""
        with self._engine.read() as tx:
            return tx.all("event_list", limit=limit or -1, webhook=webhook, state=state)

    def counts(self) -> list[Row]:
        """Count events: rows of webhook, state, count and the time of the oldest."""
        with self._engine.read() as tx:
            return tx.all("event_counts")

    def told(self) -> list[Row]:
        """List who is told of what: rows of name and kind."""
        with self._engine.read() as tx:
            return tx.all("webhook_list")

    def retry(self, event_id: int | None = None) -> int:
        """Have one event told at once, or all that were given up; return how many. Raises ``NotFoundError`` for one."""
        if event_id is not None:
            with self._engine.write() as tx:
                if not tx.run("event_retry", id=event_id, now=self._clock()):
                    raise NotFoundError(
                        f"no event {event_id} that was not heard; 'smsd webhook list' shows what there is"
                    )
            return 1
        count = 0
        while True:
            with self._engine.write() as tx:
                rows = tx.all("event_given_up", limit=BATCH)
                tx.run_all("event_retry", [{**row, "now": self._clock()} for row in rows])
            count += len(rows)
            if len(rows) < BATCH:
                return count
