"""Self-tests as rows: begun with their message in one transaction, recognised in the inbox by their text.

Knows that nothing has to hear of a message for a test to end: what came in is looked up, so that a crash between its
receipt and the look costs nothing. Where a ``kill -9`` leaves a test: before ``begin`` commits there is none; after it,
its message is queued, and the next process finds the test under way and judges it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from smsd.store.claims import NewMessage, insert_message
from smsd.store.engine import Engine, Row

__all__ = ["OURS", "Ended", "Past", "SelfTests"]

BOUND = "a self-test of this route"
OURS = "our own self-test"
"""What the inbox says of a test that came back."""
NEWEST = 2000
"""So many messages that came in are looked through."""
LAST = 10
KEPT_SECONDS = 400 * 86_400.0


@dataclass(frozen=True, slots=True)
class Ended:
    """A test that has just ended; ``round_trip`` in seconds where it came back in time. ``left``: it was sent."""

    route: str
    ok: bool
    reason: str = ""
    round_trip: float | None = None
    left: bool = True


@dataclass(frozen=True, slots=True)
class Past:
    """The tests of a route so far: when the last one ended, when one last came back, how many failed since."""

    ended_at: float | None = None
    last_ok_at: float | None = None
    round_trip: float | None = None
    failures: int = 0
    reason: str = ""


class SelfTests:
    """The self-tests of one store."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def begin(self, route: str, token: str, deadline: float, message: NewMessage) -> int:
        """Begin a test: its message is queued for that route alone."""
        with self._engine.write(noted=False) as tx:
            now = self._clock()
            message_id, _ = insert_message(tx, message, now)
            tx.run("self_test_bind", id=message_id, route=route, reason=BOUND)
            tx.run("self_test_forget", before=now - KEPT_SECONDS)
            return tx.insert(
                "self_test_insert", route=route, token=token, message_id=message_id, now=now, deadline=deadline
            )

    def under_way(self) -> list[Row]:
        """List the tests that have not ended."""
        with self._engine.read() as tx:
            return tx.all("self_test_open")

    def judge(self) -> list[Ended]:
        """End the tests that came back, and those whose time is up or whose message will not leave any more."""
        if not self.under_way():
            return []
        with self._engine.write(noted=False) as tx:
            now, ended = self._clock(), []
            for row in tx.all("self_test_open"):
                # A clock that was set back meanwhile: what came in then came before the test began.
                since = row["begun_at"] - 1 if row["begun_at"] <= now else 0.0
                found = tx.first("self_test_returned", token=row["token"], since=since, newest=NEWEST)
                left = tx.first("self_test_left", message_id=row["message_id"], route=row["route"])
                if found is not None and left is not None and found["received_at"] <= row["deadline"]:
                    end = Ended(row["route"], ok=True, round_trip=max(0.0, found["received_at"] - left["started_at"]))
                elif now > row["deadline"]:
                    why = _why(left, tx.first("self_test_message", message_id=row["message_id"]))
                    end = Ended(row["route"], ok=False, reason=why, left=left is not None)
                else:
                    continue
                inbox_id = None if found is None else found["id"]
                tx.run(
                    "self_test_end", id=row["id"], outcome="ok" if end.ok else "failed", reason=end.reason,
                    inbox_id=inbox_id, now=now, round_trip=end.round_trip,
                )  # fmt: skip
                if inbox_id is not None:
                    tx.run("self_test_mark", id=inbox_id, reason=OURS)
                ended.append(end)
            return ended

    def past(self, route: str) -> Past:
        """Return how the tests of a route went."""
        with self._engine.read() as tx:
            rows = tx.all("self_test_recent", route=route, limit=LAST)
            ok = tx.first("self_test_last_ok", route=route)
        failures = next((place for place, row in enumerate(rows) if row["outcome"] == "ok"), len(rows))
        return Past(
            ended_at=rows[0]["ended_at"] if rows else None,
            last_ok_at=None if ok is None else ok["ended_at"],
            round_trip=None if ok is None else ok["round_trip"],
            failures=failures,
            reason=rows[0]["reason"] or "" if rows else "",
        )

    def all_past(self) -> dict[str, Past]:
        """Return how the tests of every route went that was ever tested."""
        with self._engine.read() as tx:
            routes = [row["route"] for row in tx.all("self_test_routes")]
        return {route: self.past(route) for route in sorted(routes)}


def _why(left: Row | None, message: Row | None) -> str:
    """Say why a test failed: its message did not leave, or did not come back."""
    if left is not None:
        return "it left and did not come back in time"
    error = message["error"] if message is not None and message["error"] else ""
    return f"it did not leave in time: {error}" if error else "it did not leave in time"
