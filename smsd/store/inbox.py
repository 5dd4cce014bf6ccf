"""The inbox: what routes took from their devices, joined, judged and turned into requests.

Knows how one received PDU becomes rows, in one transaction. Refuses to decide what a text means: the judge is handed
in, and asked inside the transaction, because the facts it needs are counted there.

Where a crash leaves the client: before ``receive`` commits, the message is still on the SIM (or unanswered at the
SMSC) and comes again; after it, inbox row, request, wish and acknowledgement are there together, and the repeat finds
the digest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from smsd.errors import NotFoundError
from smsd.rules.commands import Command
from smsd.rules.phones import writings
from smsd.rules.reception import Decision, Facts, InboxState, Incoming, copy_of
from smsd.rules.requests import RequestState
from smsd.sms import Deliver, Received, StatusReport, join
from smsd.store.attempts import report
from smsd.store.claims import NewMessage, Ways, insert_message
from smsd.store.engine import Engine, Row, Transaction
from smsd.store.events import tell_request, tell_wish
from smsd.store.octets import keep
from smsd.store.receipts import Heard, hear_all, runs
from smsd.store.windows import Ended, settle_all
from smsd.store.wishes import recognise

__all__ = ["Inbox", "Judge", "Receipt", "subscribe"]

HOUR = timedelta(hours=1).total_seconds()
FORMS = 5
"""In how many ways a number may be written: see ``rules.phones.writings``."""
TWIN_SECONDS = 120.0
"""Within this time the same sender and text by another route are one message, which an operator delivered both ways."""


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules as the inbox asks them: pure functions, and the acknowledgement they lead to.

    ``phone_of`` normalises a sender to E.164; ``command_of`` tells the command before the facts are counted;
    ``decide`` decides. ``ack`` makes the acknowledgement for a phone. ``ways`` says by which route a message goes
    after all that was reported undeliverable.
    """

    phone_of: Callable[[Deliver], str | None]
    command_of: Callable[[Incoming], Command | None]
    decide: Callable[[Incoming, Facts], Decision]
    ack: Callable[[str, float], NewMessage]
    ways: Ways
    incomplete: timedelta


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of something received: ids for the log, and whether the gateway has something to do now.

    ``plain``: a part has arrived that was known to have left, and nothing waits for that. How it was found to be so is
    nobody's business.
    """

    kind: str
    repeated: bool = False
    inbox_id: int | None = None
    state: InboxState | None = None
    reason: str = ""
    request_id: int | None = None
    message_id: int | None = None
    attempt_id: int | None = None
    plain: bool = field(default=False, compare=False)


class Inbox:
    """The inbox of one store."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def receive(self, received: Received, judge: Judge) -> Receipt:
        """Make whatever was received safe; when this returns it may be deleted from where it came.

        The same octets again change nothing, so that a sweep may be repeated after a crash.
        """
        return self.receive_all([received], judge)[0]

    def receive_all(self, arrivals: Sequence[Received], judge: Judge, ended: Sequence[Ended] = ()) -> list[Receipt]:
        """Make several things safe in one transaction, all or none; say what became of each.

        ``ended`` are attempts that ended before: their answers are recorded first, in the same transaction.
        """
        receipts: list[Receipt] = []
        with self._engine.write() as tx:
            now = self._clock()
            settle_all(tx, ended, now, judge.ways)
            for run in runs(arrivals):
                if len(run) > 1:
                    receipts += [_heard(each) for each in hear_all(tx, run, judge.ways, now)]
                else:
                    receipts.append(_receive(tx, run[0], judge, now))
        return receipts

    def give_up_incomplete(self, after: timedelta) -> list[int]:
        """Keep as ignored what has waited longer than ``after`` for a part that never came; return their ids."""
        with self._engine.write() as tx:
            rows = tx.all("inbox_overdue", before=self._clock() - after.total_seconds())
            for row in rows:
                parts = tx.all("pdu_parts", inbox_id=row["id"])
                tx.run(
                    "inbox_give_up",
                    id=row["id"],
                    text=join([(part["text"] or "", part["body"]) for part in parts]),
                    reason=f"a part never came: {len(parts)} are here",
                )
            return [row["id"] for row in rows]

    def recent(self, *, limit: int, state: str | None = None, phone: str | None = None) -> list[Row]:
        """List messages that came in, newest first; ``limit`` 0: all of them."""
        with self._engine.read() as tx:
            return tx.all("inbox_list", limit=limit or -1, state=state, phone=phone)

    def show(self, inbox_id: int) -> Row:
        """Return one message with the octets it came as; raise ``NotFoundError``."""
        with self._engine.read() as tx:
            row = tx.first("inbox_show", id=inbox_id)
            if row is None:
                raise NotFoundError(f"no message {inbox_id} in the inbox; 'smsd inbox list' shows what there is")
            row["pdu_list"] = tx.all("pdu_list", inbox_id=inbox_id)
            return row

    def counts(self, since: float) -> dict[str, int]:
        """Count what came in since a moment (Unix seconds), by state."""
        with self._engine.read() as tx:
            return {row["state"]: row["count"] for row in tx.all("inbox_counts", since=since)}


def subscribe(tx: Transaction, phone: str, *, subscribed: bool, decided_at: float, cause: str, now: float) -> bool:
    """Record what a number wishes of notifications and alerts; ``False`` when a later wish was already known."""
    recognise(tx, [phone])
    taken = tx.run(
        "subscription_set",
        phone=phone,
        subscribed=int(subscribed),
        decided_at=decided_at,
        now=now,
        cause=cause,
    )
    if taken:
        tell_wish(tx, phone, subscribed=subscribed, cause=cause, now=now)
    return taken > 0


def _heard(heard: Heard) -> Receipt:
    if heard.repeated:
        return Receipt("repeat", repeated=True)
    return Receipt("report", attempt_id=heard.attempt_id, plain=heard.plain)


def _receive(tx: Transaction, received: Received, judge: Judge, now: float) -> Receipt:
    pdu_id = keep(tx, received, now)
    if pdu_id is None:
        return Receipt("repeat", repeated=True)
    match received.value:
        case StatusReport() as value:
            return Receipt("report", attempt_id=report(tx, received, value, pdu_id, judge.ways, now))
        case Deliver() as value:
            return _deliver(tx, received, value, pdu_id, judge, now)
        case None:
            return _quarantine(tx, received, pdu_id, now)


def _quarantine(tx: Transaction, received: Received, pdu_id: int, now: float) -> Receipt:
    inbox_id = tx.insert(
        "inbox_insert",
        now=now,
        sent_at=None,
        route=received.route,
        sender="",
        phone=None,
        service_centre=None,
        text=None,
        state=InboxState.QUARANTINED,
        reason=received.fault,
        reference=None,
        total=1,
    )
    tx.run("pdu_belongs", id=pdu_id, inbox_id=inbox_id)
    return Receipt(
        "unreadable", inbox_id=inbox_id, state=InboxState.QUARANTINED, reason=received.fault or "cannot be read"
    )


def _deliver(tx: Transaction, received: Received, value: Deliver, pdu_id: int, judge: Judge, now: float) -> Receipt:
    """Put a part to its message, and when that is whole, judge it."""
    phone = judge.phone_of(value)
    inbox_id = None
    if value.total > 1:
        row = tx.first(
            "inbox_waiting",
            sender=value.sender,
            reference=value.reference,
            total=value.total,
            sequence=value.sequence,
            since=now - judge.incomplete.total_seconds(),
        )
        inbox_id = None if row is None else int(row["id"])
    if inbox_id is None:
        inbox_id = tx.insert(
            "inbox_insert",
            now=now,
            sent_at=value.sent_at.timestamp() if value.sent_at else None,
            route=received.route,
            sender=value.sender,
            phone=phone,
            service_centre=value.service_centre,
            text=None,
            state=InboxState.RECEIVED if value.total == 1 else InboxState.WAITING_PARTS,
            reason=None,
            reference=value.reference,
            total=value.total,
        )
    tx.run("pdu_belongs", id=pdu_id, inbox_id=inbox_id)
    parts = tx.all("pdu_parts", inbox_id=inbox_id)
    if len(parts) < value.total:
        return Receipt("deliver", inbox_id=inbox_id, state=InboxState.WAITING_PARTS)
    incoming = Incoming(
        sender=value.sender,
        sender_is_number=value.sender_is_number,
        phone=phone,
        text=join([(part["text"] or "", part["body"]) for part in parts]),
        service_centre=value.service_centre,
        sent_at=value.sent_at,
    )
    return _judged(tx, incoming, received.route, inbox_id, judge, now)


def _came_by(tx: Transaction, incoming: Incoming, route: str, inbox_id: int, now: float) -> str | None:
    """Name the route by which the same message had come before, if it had."""
    forms = [incoming.sender, *(writings(incoming.phone) if incoming.phone is not None else ())]
    rows = tx.all(
        "inbox_same",
        **{f"form{number}": form for number, form in enumerate((forms * FORMS)[:FORMS], 1)},
        id=inbox_id,
        text=incoming.text,
        since=now - TWIN_SECONDS,
    )
    return copy_of(route, [(row["route"], bool(row["copied"])) for row in rows])


def _judged(tx: Transaction, incoming: Incoming, route: str, inbox_id: int, judge: Judge, now: float) -> Receipt:
    """Carry out what the judge decides: state, wish, request and acknowledgement together."""
    if (other := _came_by(tx, incoming, route, inbox_id, now)) is not None:
        decision = Decision(InboxState.IGNORED, f"the same message had come by {other}")
    else:
        decision = judge.decide(incoming, _facts(tx, incoming, judge, now))
    phone, command = incoming.phone, decision.command
    request_id, message_id = decision.joins, None
    if decision.answer and phone is not None and command is not None:
        request_id = tx.insert("request_insert", now=now, phone=phone, command=command.value, inbox_id=inbox_id)
        tell_request(tx, request_id, RequestState.ACCEPTED, None, now)
        message_id, _ = insert_message(tx, replace(judge.ack(phone, now), request_id=request_id), now)
    if decision.subscribe is not None and phone is not None:
        decided_at = incoming.sent_at.timestamp() if incoming.sent_at else now
        # A service centre's clock far ahead must not make a wish irrevocable.
        subscribe(
            tx,
            phone,
            subscribed=decision.subscribe,
            decided_at=min(decided_at, now),
            cause=f"SMS, inbox {inbox_id}",
            now=now,
        )
    tx.run(
        "inbox_settle",
        id=inbox_id,
        text=incoming.text,
        state=decision.state,
        reason=decision.reason or None,
        command=command.value if command else None,
        request_id=request_id,
        copied=int(other is not None),
    )
    return Receipt(
        "deliver",
        inbox_id=inbox_id,
        state=decision.state,
        reason=decision.reason,
        request_id=request_id,
        message_id=message_id,
    )


def _facts(tx: Transaction, incoming: Incoming, judge: Judge, now: float) -> Facts:
    command = judge.command_of(incoming)
    if incoming.phone is None or command is None:
        return Facts(0, None)
    count = tx.one("inbox_commands_since", phone=incoming.phone, since=now - HOUR)["count"]
    found = tx.first("request_open", phone=incoming.phone, command=command.value)
    return Facts(count, None if found is None else int(found["id"]))
