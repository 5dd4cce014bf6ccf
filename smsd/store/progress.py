"""How a message moves on: the steps that make up the outbox's transactions.

Knows rows of messages, parts, attempts and reports, and keeps them consistent. Refuses to decide: which state follows
is ``rules.outbox``, which attempt a report means is ``rules.reports``. Every function works inside a transaction that
its caller has begun and will commit.
"""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from smsd.errors import NotFoundError, StoreError
from smsd.rules.outbox import (
    FINAL,
    URGENT,
    WAITING,
    MessageClass,
    PartState,
    State,
    may,
    retry_delay,
    state_of,
)
from smsd.rules.reports import FORMS, MARKS, Candidate, is_tp_mr, reference_forms, speaks_of
from smsd.rules.routing import Block
from smsd.sms import Doubt, InDoubt, NotSent, Outcome, Received, ReportClass, Sent, StatusReport, Verdict, Witness
from smsd.store.claims import NO_OTHER_WAY, WHOLE, Diversion, Ways, written_to
from smsd.store.engine import Row, Transaction
from smsd.store.events import tell_message
from smsd.store.swaps import note_swap
from smsd.store.tally import taken_back

__all__ = [
    "advance",
    "covered",
    "divert",
    "doubt_of",
    "move",
    "move_parts",
    "report",
    "settle",
]

ANSWERS = frozenset({"answer", "late answer"})
"""Evidence by which the network itself refused: such a refusal counts, unlike one inferred from the SIM's memory."""

BEFORE_ITS_EQUALS = -1.0
"""Due even earlier: the rest of a message whose first part has left."""

ROUTE_TROUBLE = timedelta(seconds=2)
"""How long a message rests that came back because of its route, lest it go round in circles."""


def settle(tx: Transaction, attempt_id: int, outcome: Outcome, now: float, ways: Ways = NO_OTHER_WAY) -> None:
    """Record the end of an attempt and move its parts and message on; what did not leave may go another way."""
    parts = tx.all("attempt_get", id=attempt_id)
    if not parts:
        return  # its reader has been erased since: there is nothing to move on
    attempt = parts[0]
    if attempt["outcome"] in ("sent", "not_sent"):
        return
    message_id = attempt["message_id"]
    match outcome:
        case Sent(reference, evidence):
            _write_outcome(tx, attempt_id, "sent", now, reference=reference, evidence=evidence)
            # Whichever attempt it was, the part has left: a newer attempt that fails must not send it a third time.
            left = [] if _outdated(attempt) else [part for part in parts if part["part_state"] in _OPEN]
            if left:
                _follow(tx, attempt)
                move_parts(tx, left, PartState.SENT, sent_at=now)
                advance(tx, message_id, now, only_part=PartState.SENT, message=attempt)
            else:
                _go_on(tx, message_id, now)
            _hear_waiting_reports(tx, attempt, reference, now, ways)
        case NotSent():
            _not_sent(tx, parts, outcome, now, ways)
        case InDoubt(reason):
            _write_outcome(tx, attempt_id, "in_doubt", now, reason=reason)
            lost = _its_own(parts, PartState.IN_AIR)
            if lost:
                move_parts(tx, lost, PartState.IN_DOUBT)
                advance(tx, message_id, now, error=reason, only_part=PartState.IN_DOUBT, message=attempt)
            else:
                _go_on(tx, message_id, now)


def _not_sent(tx: Transaction, parts: list[Row], refusal: NotSent, now: float, ways: Ways) -> None:
    """Record a refusal, be it late; another way is looked for as long as the part is to leave at all."""
    attempt = parts[0]
    taken_back(tx, attempt, len(parts))
    _write_outcome(
        tx, attempt["id"], "not_sent", now, code=refusal.code, reason=refusal.reason, evidence=refusal.evidence
    )
    if refusal.refused == Block.SIM_SWAPPED:
        note_swap(tx, attempt["recipient"], attempt["route"], refusal.code, now)
    open_parts = [] if _outdated(attempt) else parts
    back = _its_own(open_parts, PartState.IN_AIR, PartState.IN_DOUBT)
    diversion = None
    if back or _its_own(open_parts, PartState.UNSENT):
        diversion = _other_way(tx, attempt, refusal, ways)
    if diversion is None and back:
        diversion = _sooner_way(tx, back, refusal, now, ways)
    if diversion is not None:
        divert(tx, attempt["message_id"], diversion, now)
    elif back:
        _take_back(tx, back, refusal, now)
    else:
        _go_on(tx, attempt["message_id"], now)


def _other_way(tx: Transaction, attempt: Row, refusal: NotSent, ways: Ways) -> Diversion | None:
    """Ask which other way a refused message goes, unless it has come to rest."""
    if refusal.refused is None or State(attempt["state"]) in FINAL:
        return None
    message_class, allowed = MessageClass(attempt["class"]), False
    if message_class is MessageClass.ALERT:
        row = tx.first("message_may_fall_back", id=attempt["message_id"])
        allowed = row is not None and bool(row["may_fall_back"])
    return ways.refused(message_class, attempt["route"], refusal, allowed, written_to(tx, attempt["message_id"]))


def _sooner_way(tx: Transaction, parts: list[Row], refusal: NotSent, now: float, ways: Ways) -> Diversion | None:
    """Ask which other way a message goes, once, that would be tried here again when it is too late for its reader."""
    message = tx.one("message_state", id=parts[0]["message_id"])
    if refusal.verdict not in _PASSING or message["diverted"] is not None or State(message["state"]) in FINAL:
        return None
    message_class = MessageClass(message["class"])
    delay = _delay(parts, refusal, message_class)
    age = math.inf if delay is None else now - message["created_at"] + delay.total_seconds()
    return ways.put_off(message_class, parts[0]["route"], refusal, age, written_to(tx, message["id"]))


_PASSING = frozenset({Verdict.SOON, Verdict.LATER})
"""What a route may say of a message that it may take later."""

_OPEN = frozenset({PartState.IN_AIR, PartState.IN_DOUBT, PartState.UNSENT})
"""States of a part of which it is not known that it left."""


def covered(tx: Transaction, attempt_id: int) -> list[Row]:
    """Return the part of an attempt, or each of them where it took the whole message; each row tells of both.

    Raises ``NotFoundError`` when there is no such attempt.
    """
    parts = tx.all("attempt_get", id=attempt_id)
    if not parts:
        raise NotFoundError(f"no attempt {attempt_id}")
    return parts


def _its_own(parts: list[Row], *states: PartState) -> list[Row]:
    """Pick the parts in one of the states that no newer attempt has taken up."""
    return [part for part in parts if part["newest"] == part["id"] and part["part_state"] in states]


def _outdated(attempt: Row) -> bool:
    """Tell whether an attempt was at one part of a message of several that goes by another route since, as a whole.

    What becomes of that part is no matter of the message any more: a phone puts parts together by their sender, so the
    part that has left under the one does not stand in for the one that is to come under the other. A route that takes
    no parts sends the whole text whatever has left.
    """
    return (
        attempt["parts"] > 1
        and attempt["attempted"] != WHOLE
        and not attempt["goes_whole"]
        and attempt["message_route"] not in (None, attempt["route"])
    )


def _follow(tx: Transaction, attempt: Row) -> None:
    """Have the rest of a message follow, by the same route, a part of which it is known only now that it has left."""
    if attempt["parts"] > 1 and attempt["attempted"] != WHOLE:
        tx.run("message_bind", id=attempt["message_id"], route=attempt["route"])


def divert(tx: Transaction, message_id: int, diversion: Diversion, now: float) -> None:
    """Send a message by another route from its first part on, unless it has come to rest meanwhile.

    While another part of it is in the air it is only noted; ``advance`` comes back to it when that part has landed.
    """
    message = tx.one("message_state", id=message_id)
    if State(message["state"]) in FINAL:
        return
    if message["in_air"]:
        tx.run("message_divert_later", id=message_id, **_told(diversion))
        return
    tx.run("part_reset", message_id=message_id)
    tx.run("message_divert", id=message_id, **_told(diversion))
    move(tx, message_id, State.QUEUED, now, due_at=now, error=diversion.reason)


def _told(diversion: Diversion) -> dict[str, Any]:
    return {"route": diversion.route, "reason": diversion.reason, "stands_in": int(diversion.stands_in)}


def _go_on(tx: Transaction, message_id: int, now: float) -> None:
    """Let the next part follow where the last attempt ended after its part had been settled by other news."""
    message = tx.one("message_state", id=message_id)
    if State(message["state"]) in WAITING and message["due_at"] is None:
        advance(tx, message_id, now)


def _write_outcome(tx: Transaction, attempt_id: int, outcome: str, now: float, **told: Any) -> None:
    values = {"reference": None, "code": None, "reason": None, "evidence": None, **told}
    tx.run("attempt_settle", id=attempt_id, outcome=outcome, now=now, **values)


def _take_back(tx: Transaction, parts: list[Row], refusal: NotSent, now: float) -> None:
    """Take back what did not leave of one attempt: say when it is tried again, or bring its message to rest."""
    message_id = parts[0]["message_id"]
    answered = refusal.evidence in ANSWERS
    delay = _delay(parts, refusal, MessageClass(tx.one("message_state", id=message_id)["class"]))
    error = f"{refusal.code}: {refusal.reason}" if refusal.reason else refusal.code
    if delay is None:
        move_parts(tx, parts, PartState.REFUSED, refused=1)
        if State(tx.one("message_state", id=message_id)["state"]) in FINAL:
            return  # withdrawn while it was in the air
        passing = refusal.verdict in _PASSING
        move(tx, message_id, State.FAILED if passing else State.REJECTED, now, error=error)
        return
    move_parts(tx, parts, PartState.UNSENT, refused=int(_counts(refusal)))
    if refusal.verdict is Verdict.ROUTE and answered:
        delay = ROUTE_TROUBLE
    advance(tx, message_id, now, delay=delay, error=error)


def _counts(refusal: NotSent) -> bool:
    """Tell whether a refusal is one of the message by the network itself."""
    return refusal.verdict is not Verdict.ROUTE and refusal.evidence in ANSWERS


def _delay(parts: list[Row], refusal: NotSent, message_class: MessageClass) -> timedelta | None:
    """Say how long what was refused waits before it is tried again; ``None``: never again."""
    if not _counts(refusal):
        return timedelta(0)
    refusals = max(part["refusals"] for part in parts) + 1
    return retry_delay(refusal.verdict, refusals, urgent=message_class in URGENT)


def move_parts(
    tx: Transaction,
    parts: list[Row],
    state: PartState,
    *,
    refused: int = 0,
    resent: int = 0,
    sent_at: float | None = None,
) -> None:
    """Put parts into a state; ``refused`` and ``resent`` are added to what was counted of each."""
    for part in parts:
        tx.run(
            "part_move",
            message_id=part["message_id"],
            sequence=part["sequence"],
            state=state,
            refused=refused,
            resent=resent,
            sent_at=sent_at,
        )


def advance(
    tx: Transaction,
    message_id: int,
    now: float,
    *,
    delay: timedelta = timedelta(0),
    error: str | None = None,
    only_part: PartState | None = None,
    message: Row | None = None,
) -> None:
    """Let a message's state follow from its parts. What a person or a refusal brought to rest stays at rest.

    ``only_part`` is the state its part is in by now if it has no other, ``message`` what ``attempt_get`` knows of it.
    Both save the asking, for this is done for each part that is sent.
    """
    if message is None or message["parts"] > 1 or message["diverts_to"] is not None:
        message = tx.one("message_state", id=message_id)
    if State(message["state"]) in FINAL:
        return
    if only_part is not None and message["parts"] == 1:
        parts = [only_part]
    else:
        parts = [PartState(part["state"]) for part in tx.all("part_list", message_id=message_id)]
    after = state_of(parts)
    if message["diverts_to"] is not None and not message["in_air"]:
        diversion = Diversion(message["diverts_to"], message["diverted"], stands_in=bool(message["stands_in"]))
        divert(tx, message_id, diversion, now)
        return
    due_at = None
    if after in WAITING and not message["in_air"]:
        # A message that has begun goes before its equals: its reader is waiting for the rest.
        begun = any(part in (PartState.SENT, PartState.DELIVERED) for part in parts)
        due_at = BEFORE_ITS_EQUALS if begun and not delay else now + delay.total_seconds()
        if not begun:
            tx.run("message_unbind", id=message_id)
    _move_on(tx, message, after, now, due_at=due_at, error=error)


def move(
    tx: Transaction, message_id: int, after: State, now: float, *, due_at: float | None = None, error: str | None = None
) -> None:
    """Put a message into a state that may follow, wipe what must not outlive it, release what waited for it."""
    _move_on(tx, tx.one("message_state", id=message_id), after, now, due_at=due_at, error=error)


def _move_on(
    tx: Transaction, message: Row, after: State, now: float, *, due_at: float | None, error: str | None
) -> None:
    message_id = message["message_id"]
    before = State(message["state"])
    if not may(before, after):
        raise StoreError(f"message {message_id} cannot go from {before.value} to {after.value}")
    left = after in (State.SUBMITTED, State.DELIVERED)
    tx.run(
        "message_move",
        id=message_id,
        state=after,
        due_at=due_at,
        error=error,
        sent_at=now if left else None,
        delivered_at=now if after is State.DELIVERED else None,
    )
    if after is not before:
        tell_message(tx, message, after, error, now)
    if after in FINAL and message["sealed"] is not None:
        tx.run("message_wipe", id=message_id)
    if message["class"] == MessageClass.ACK and (after in FINAL or after is State.SUBMITTED):
        tx.run("message_release", id=message_id, now=now)


def doubt_of(tx: Transaction, row: Row) -> Doubt:
    """Gather all that the store knows which may settle an attempt in doubt."""
    later: list[tuple[Witness, str]] = []
    between = 0
    if row["sim"] is not None:
        for attempt in tx.all("attempt_later", sim=row["sim"], id=row["id"]):
            if attempt["outcome"] == "sent" and attempt["reference"] is not None:
                later.append((json.loads(attempt["witness"]), attempt["reference"]))
            elif not later:
                between += 1
    return Doubt(
        attempt_id=row["id"],
        message_id=row["message_id"],
        recipient=row["recipient"],
        started_at=datetime.fromtimestamp(row["started_at"], UTC),
        witness=json.loads(row["witness"]),
        later=tuple(later),
        between=between,
    )


# --- status reports ---------------------------------------------------------------------------------------------------


def report(tx: Transaction, received: Received, value: StatusReport, pdu_id: int, ways: Ways, now: float) -> int | None:
    """Keep a status report and let it speak for the attempt it means; return that attempt's id.

    A report that matches nothing waits: the answer it belongs to may not have been recorded yet. What it says of the
    recipient's SIM holds at once, whichever attempt it means.
    """
    attempt = speaks_of(value, _candidates(tx, value, received.route, received.sim))
    tx.run(
        "report_insert",
        now=now,
        pdu_id=pdu_id,
        route=received.route,
        sim=received.sim,
        reference=value.reference,
        recipient=value.recipient,
        submitted_at=value.submitted_at.timestamp() if value.submitted_at else None,
        discharged_at=value.discharged_at.timestamp() if value.discharged_at else None,
        **{"class": value.report_class.value},
        code=value.code,
        refused=value.refused,
        attempt_id=attempt.attempt_id if attempt else None,
    )
    if value.refused == Block.SIM_SWAPPED:
        note_swap(tx, value.recipient, received.route, value.code, now)
    if attempt is None:
        return None
    if not attempt.sent:
        settle(tx, attempt.attempt_id, Sent(value.reference, evidence="status report"), now, ways)
    elif value.echo is not None and value.reference:
        tx.run("attempt_named", id=attempt.attempt_id, reference=value.reference)
    _apply_report(tx, attempt.attempt_id, value, received.route, now, ways)
    return attempt.attempt_id


def _candidates(tx: Transaction, value: StatusReport, route: str, sim: str | None) -> list[Candidate]:
    """Gather the attempts a report may speak of: of its own subscription, or of any where its reference is no TP-MR."""
    rows: list[Row] = []
    for reference in reference_forms(value.reference):
        if value.recipient:
            rows += tx.all("attempt_by_reference", recipient=value.recipient, reference=reference)
        else:
            rows += tx.all("attempt_by_reference_alone", route=route, reference=reference)
        if rows and (value.echo is None or any(row["id"] % MARKS == value.echo for row in rows)):
            break  # where the receipt bears our mark, another form may be the one that is meant
    anywhere = value.echo is not None or not is_tp_mr(value.reference)
    if value.echo is None or not any(row["id"] % MARKS == value.echo for row in rows):
        rows += _doubts_meant(tx, value, route, of_a_bind=anywhere, id_known=bool(rows))
    return [
        Candidate(
            attempt_id=row["id"],
            started_at=datetime.fromtimestamp(row["started_at"], UTC),
            sent=row["outcome"] == "sent",
            reported=bool(row["reported"]),
            witness=json.loads(row["witness"]),
        )
        for row in rows
        if anywhere or (row["sim"] == sim if sim and row["sim"] else row["route"] == route)
    ]


def _doubts_meant(tx: Transaction, value: StatusReport, route: str, *, of_a_bind: bool, id_known: bool) -> list[Row]:
    """Gather the attempts not known by the reference of a report that it may speak of all the same.

    A bind has many submits unanswered at a time, and receipts overtake answers: without an echo a receipt whose id is
    not known yet waits for the answer it belongs to, unless all are in and it leaves one doubt only. With one it may
    come by whichever bind, and means a part taken without an id, or by one that is not ``id_known`` in receipts.
    """
    if of_a_bind and value.echo is not None:
        last = tx.one("attempt_last")["id"] or 0
        newest = last - (last - value.echo) % MARKS  # the newest that bears this mark; none is in doubt for 200,000
        ids = {f"id{age + 1}": newest - age * MARKS for age in range(3)}
        found = tx.all("attempt_marked", recipient=value.recipient, **ids)
        return [row for row in found if not row["reference"] or (row["outcome"] == "sent" and not id_known)]
    found = tx.all("attempt_in_doubt_to", route=route, recipient=value.recipient)
    doubts = [row for row in found if row["reference"] is None]
    if of_a_bind and (len(doubts) != 1 or doubts[0]["outcome"] is None):
        return []
    return doubts


def _hear_waiting_reports(tx: Transaction, attempt: Row, reference: str, now: float, ways: Ways) -> None:
    """Hear the reports that came before the answer they belong to was recorded."""
    forms = reference_forms(reference)
    if not forms or tx.first("report_waits") is None:
        return  # some centres give no id: no report can name it
    waiting = tx.all(
        "report_unmatched",
        **{f"form{number}": form for number, form in enumerate((forms * FORMS)[:FORMS], 1)},
        recipient=attempt["recipient"],
        route=attempt["route"] if is_tp_mr(reference) else None,
        since=attempt["started_at"] - 1,
    )
    for row in waiting:
        tx.run("report_match", id=row["id"], attempt_id=attempt["id"])
        report_class = ReportClass(row["class"])
        told = StatusReport(
            row["reference"], attempt["recipient"], None, None, report_class, row["code"], refused=row["refused"]
        )
        _apply_report(tx, attempt["id"], told, row["route"], now, ways)


_REPORTED = {ReportClass.DELIVERED: PartState.DELIVERED, ReportClass.FAILED: PartState.FAILED}


def _apply_report(tx: Transaction, attempt_id: int, value: StatusReport, route: str, now: float, ways: Ways) -> None:
    parts = covered(tx, attempt_id)
    message_id = parts[0]["message_id"]
    if value.refused == Block.SIM_SWAPPED:
        note_swap(tx, parts[0]["recipient"], route, value.code, now)
    last_word = _REPORTED.get(value.report_class)
    if last_word is not None:
        tx.run("attempt_reported", id=attempt_id)
    # On these the network has spoken its last word.
    told = [part for part in parts if part["part_state"] not in _REPORTED.values() and not _outdated(part)]
    if last_word is PartState.FAILED:
        # What is sent once more may still arrive.
        told = [part for part in told if part["newest"] == attempt_id and part["part_state"] != PartState.UNSENT]
    if last_word is PartState.DELIVERED and told:
        _follow(tx, told[0])
    for part in told:
        tx.run(
            "part_report",
            message_id=message_id,
            sequence=part["sequence"],
            state=last_word or part["part_state"],
            report=value.code,
            now=now,
        )
    if not told or last_word is None:
        return
    diversion = None
    if last_word is PartState.FAILED:
        message = tx.one("message_state", id=message_id)
        # That another route had failed it before is no second sending: what counts is whether it left this one since.
        diverted = message["diverted"] is not None and parts[0]["message_route"] != parts[0]["route"]
        diversion = ways.reported(MessageClass(message["class"]), value, diverted, written_to(tx, message_id))
    if diversion is not None:
        divert(tx, message_id, diversion, now)
    else:
        advance(tx, message_id, now, error=value.code if last_word is PartState.FAILED else None)
