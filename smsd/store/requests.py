"""Clients' requests (заявки): taken up, carried out, answered.

Knows that a request's last state and its result are one transaction: there is never one without the other. Refuses to
know what carrying out means; the gateway asks the directory between ``take`` and ``finish``. A crash between the two
leaves the request in progress: the next start makes it due again, and it is answered once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from smsd.errors import NotFoundError, StoreError, UsageError
from smsd.rules.commands import Command
from smsd.rules.outbox import FINAL, WAITING, State
from smsd.rules.requests import RequestState, may
from smsd.store.claims import NewMessage, insert_message
from smsd.store.engine import Engine, Row, Transaction
from smsd.store.events import tell_request

__all__ = ["Request", "Requests"]

LEASE = 120.0
"""Seconds after which a request that is still in progress is taken up again; the directory answers much sooner."""

RESULT_WAITS = 100.0
"""Seconds a result waits for its acknowledgement to be settled, so that a client reads them in order."""

UNDER_WAY = WAITING | {State.IN_DOUBT}
"""States of a request's messages in which having it carried out again would say everything twice."""

_SETTLED = FINAL | {State.SUBMITTED}


@dataclass(frozen=True, slots=True)
class Request:
    """A request to carry out. ``asked`` counts how often the directory has been asked, this time included."""

    id: int
    received_at: float
    phone: str
    command: Command
    asked: int


class Requests:
    """The requests of one store."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def adopt_orphans(self) -> int:
        """Make what a dead process left in progress due now; return how many there were."""
        with self._engine.write() as tx:
            return tx.run("request_adopt", now=self._clock())

    def take(self) -> Request | None:
        """Take up the next request that is due, or ``None``."""
        with self._engine.write() as tx:
            now = self._clock()
            row = tx.first("request_next", now=now)
            if row is None:
                return None
            asked = row["asked"] + 1
            _move(tx, row["id"], RequestState.IN_PROGRESS, due_at=now + LEASE, asked=asked)
            return Request(row["id"], row["received_at"], row["phone"], Command(row["command"]), asked)

    def postpone(self, request_id: int, delay: float, error: str) -> None:
        """Put a request back whose directory cannot be asked now; it is due again in ``delay`` seconds.

        Nothing happens when a person has given the request up, or erased its client, meanwhile.
        """
        with self._engine.write() as tx:
            row = tx.first("request_get", id=request_id)
            if row is not None and row["state"] == RequestState.IN_PROGRESS:
                _move(tx, request_id, RequestState.ACCEPTED, due_at=self._clock() + delay, error=error)

    def finish(self, request_id: int, state: RequestState, result: NewMessage, error: str | None = None) -> int | None:
        """Bring a request to its end and queue its result behind its acknowledgement; return the message's id.

        ``None`` when a person has given the request up, or erased its client, meanwhile.
        """
        with self._engine.write() as tx:
            now = self._clock()
            row = tx.first("request_get", id=request_id)
            if row is None or row["state"] != RequestState.IN_PROGRESS:
                return None
            _move(tx, request_id, state, due_at=None, done_at=now, error=error)
            tell_request(tx, request_id, state, error, now)
            return _queue_result(tx, request_id, result, now)

    def hasten(self) -> int:
        """Make due now what waits for a directory that was down; return how many requests."""
        with self._engine.write() as tx:
            return tx.run("request_hasten", now=self._clock())

    def next_due(self) -> float | None:
        """Say when the next request is to be carried out, in Unix seconds; ``None``: none waits."""
        with self._engine.read() as tx:
            due_at = tx.one("request_next_due")["due_at"]
        return None if due_at is None else float(due_at)

    def recent(self, *, limit: int, state: str | None = None, phone: str | None = None) -> list[Row]:
        """List requests, newest first; ``limit`` 0: all of them."""
        with self._engine.read() as tx:
            return tx.all("request_list", limit=limit or -1, state=state, phone=phone)

    def show(self, request_id: int) -> Row:
        """Return one request with its messages; raise ``NotFoundError``."""
        with self._engine.read() as tx:
            row = _get(tx, request_id)
            row["messages"] = tx.all("request_messages", id=request_id)
            return row

    def counts(self) -> list[Row]:
        """Count the open requests: rows of state, count and the time of the oldest."""
        with self._engine.read() as tx:
            return tx.all("request_counts")

    def stuck(self) -> Row | None:
        """Return the oldest request whose directory could not be asked (id, received_at, error) and their count."""
        with self._engine.read() as tx:
            return tx.first("request_stuck")

    def retry(self, request_id: int) -> None:
        """Have a request carried out again; raise ``UsageError`` when it is still open, or its answer on its way."""
        with self._engine.write() as tx:
            state = RequestState(_get(tx, request_id)["state"])
            if state in (RequestState.ACCEPTED, RequestState.IN_PROGRESS):
                raise UsageError(f"request {request_id} is {state.value} already")
            for message in tx.all("request_messages", id=request_id):
                if State(message["state"]) in UNDER_WAY:
                    raise UsageError(
                        f"message {message['id']} of request {request_id} is {message['state']}: wait, or cancel it"
                    )
            _move(tx, request_id, RequestState.ACCEPTED, due_at=self._clock(), asked=0)

    def fail(self, request_id: int, apology: Callable[[str], NewMessage]) -> int:
        """Give a request up on a person's word and queue an apology; raise ``UsageError`` when it has ended."""
        with self._engine.write() as tx:
            now = self._clock()
            row = _get(tx, request_id)
            state = RequestState(row["state"])
            if not may(state, RequestState.FAILED) or state is RequestState.FAILED:
                raise UsageError(f"request {request_id} is {state.value}: there is nothing to give up")
            _move(tx, request_id, RequestState.FAILED, due_at=None, done_at=now, error="given up by a person")
            tell_request(tx, request_id, RequestState.FAILED, "given up by a person", now)
            return _queue_result(tx, request_id, apology(row["phone"]), now)


def _queue_result(tx: Transaction, request_id: int, result: NewMessage, now: float) -> int:
    """Queue what a client is told in the end, behind what he was told at first."""
    ack = tx.first("request_ack", id=request_id)
    waits = ack is not None and State(ack["state"]) not in _SETTLED
    message_id, _ = insert_message(
        tx,
        replace(
            result,
            request_id=request_id,
            after_id=ack["id"] if ack else None,
            due_at=max(now, ack["created_at"] + RESULT_WAITS) if ack and waits else now,
        ),
        now,
    )
    return message_id


def _get(tx: Transaction, request_id: int) -> Row:
    row = tx.first("request_get", id=request_id)
    if row is None:
        raise NotFoundError(f"no request {request_id}; 'smsd request list' shows what there is")
    return row


def _move(
    tx: Transaction,
    request_id: int,
    after: RequestState,
    *,
    due_at: float | None,
    asked: int | None = None,
    done_at: float | None = None,
    error: str | None = None,
) -> None:
    row = tx.one("request_get", id=request_id)
    before = RequestState(row["state"])
    if not may(before, after):
        raise StoreError(f"request {request_id} cannot go from {before.value} to {after.value}")
    tx.run(
        "request_move",
        id=request_id,
        state=after,
        due_at=due_at,
        asked=row["asked"] if asked is None else asked,
        done_at=done_at,
        error=error,
    )
