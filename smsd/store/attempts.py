"""How an attempt ends: by its answer, late or at once, by a report that speaks of it, or in doubt.

Knows the rows of attempts, and what follows for the parts that one took up and for their message. Refuses to decide:
which state follows is ``rules.outbox``, which attempt a report means ``rules.reports``, which other way there is the
caller's (``Ways``). Every function works inside a transaction that its caller has begun and will commit.
"""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from smsd.rules.outbox import FINAL, URGENT, MessageClass, PartState, State, retry_delay
from smsd.rules.routing import Block
from smsd.sms import Doubt, InDoubt, NotSent, Outcome, Received, Sent, StatusReport, Verdict, Witness
from smsd.store.claims import NO_OTHER_WAY, Diversion, Ways, written_to
from smsd.store.engine import Row, Transaction
from smsd.store.progress import advance, divert, follow, go_on, move, move_parts, outdated
from smsd.store.reports import apply_report, hear_waiting, keep_report, meant_by
from smsd.store.swaps import note_swap
from smsd.store.tally import taken_back

__all__ = ["doubt_of", "report", "settle"]

ANSWERS = frozenset({"answer", "late answer"})
"""Evidence by which the network itself refused: such a refusal counts, unlike one inferred from the SIM's memory."""

ROUTE_TROUBLE = timedelta(seconds=2)
"""How long a message rests that came back because of its route, lest it go round in circles."""

_PASSING = frozenset({Verdict.SOON, Verdict.LATER})
"""What a route may say of a message that it may take later."""

_OPEN = frozenset({PartState.IN_AIR, PartState.IN_DOUBT, PartState.UNSENT})
"""States of a part of which it is not known that it left."""


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
            left = [] if outdated(attempt) else [part for part in parts if part["part_state"] in _OPEN]
            if left:
                follow(tx, attempt)
                move_parts(tx, left, PartState.SENT, sent_at=now)
                advance(tx, message_id, now, only_part=PartState.SENT, message=attempt)
            else:
                go_on(tx, message_id, now)
            hear_waiting(tx, attempt, reference, now, ways)
        case NotSent():
            _not_sent(tx, parts, outcome, now, ways)
        case InDoubt(reason):
            _write_outcome(tx, attempt_id, "in_doubt", now, reason=reason)
            lost = _its_own(parts, PartState.IN_AIR)
            if lost:
                move_parts(tx, lost, PartState.IN_DOUBT)
                advance(tx, message_id, now, error=reason, only_part=PartState.IN_DOUBT, message=attempt)
            else:
                go_on(tx, message_id, now)


def report(tx: Transaction, received: Received, value: StatusReport, pdu_id: int, ways: Ways, now: float) -> int | None:
    """Keep a status report and let it speak for the attempt it means; return that attempt's id, if there is one yet."""
    attempt = meant_by(tx, value, received)
    keep_report(tx, value, received, pdu_id, attempt.attempt_id if attempt else None, now)
    if attempt is None:
        return None
    if not attempt.sent:
        settle(tx, attempt.attempt_id, Sent(value.reference, evidence="status report"), now, ways)
    elif value.echo is not None and value.reference:
        tx.run("attempt_named", id=attempt.attempt_id, reference=value.reference)
    apply_report(tx, attempt.attempt_id, value, received.route, now, ways)
    return attempt.attempt_id


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


def _write_outcome(tx: Transaction, attempt_id: int, outcome: str, now: float, **told: Any) -> None:
    values = {"reference": None, "code": None, "reason": None, "evidence": None, **told}
    tx.run("attempt_settle", id=attempt_id, outcome=outcome, now=now, **values)


# --- what did not leave -----------------------------------------------------------------------------------------------


def _not_sent(tx: Transaction, parts: list[Row], refusal: NotSent, now: float, ways: Ways) -> None:
    """Record a refusal, be it late; another way is looked for as long as the part is to leave at all."""
    attempt = parts[0]
    taken_back(tx, attempt, len(parts))
    _write_outcome(
        tx, attempt["id"], "not_sent", now, code=refusal.code, reason=refusal.reason, evidence=refusal.evidence
    )
    if refusal.refused == Block.SIM_SWAPPED:
        note_swap(tx, attempt["recipient"], attempt["route"], refusal.code, now)
    open_parts = [] if outdated(attempt) else parts
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
        go_on(tx, attempt["message_id"], now)


def _its_own(parts: list[Row], *states: PartState) -> list[Row]:
    """Pick the parts in one of the states that no newer attempt has taken up."""
    return [part for part in parts if part["newest"] == part["id"] and part["part_state"] in states]


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
    waits = refusal.verdict in _PASSING or _turned_away(refusal)
    if not waits or message["diverted"] is not None or State(message["state"]) in FINAL:
        return None
    message_class = MessageClass(message["class"])
    delay = _delay(parts, refusal, message_class)
    age = math.inf if delay is None else now - message["created_at"] + delay.total_seconds()
    return ways.put_off(message_class, parts[0]["route"], refusal, age, written_to(tx, message["id"]))


def _take_back(tx: Transaction, parts: list[Row], refusal: NotSent, now: float) -> None:
    """Take back what did not leave of one attempt: say when it is tried again, or bring its message to rest."""
    message_id = parts[0]["message_id"]
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
    advance(tx, message_id, now, delay=delay, error=error)


def _counts(refusal: NotSent) -> bool:
    """Tell whether a refusal is one of the message by the network itself."""
    return refusal.verdict is not Verdict.ROUTE and refusal.evidence in ANSWERS


def _turned_away(refusal: NotSent) -> bool:
    """Tell whether a route did not take a message for its own sake: for its speed, or because it is ill."""
    return refusal.verdict is Verdict.ROUTE and refusal.evidence in ANSWERS


def _delay(parts: list[Row], refusal: NotSent, message_class: MessageClass) -> timedelta | None:
    """Say how long what was refused waits before it is tried again; ``None``: never again."""
    if not _counts(refusal):
        return ROUTE_TROUBLE if _turned_away(refusal) else timedelta(0)
    refusals = max(part["refusals"] for part in parts) + 1
    return retry_delay(refusal.verdict, refusals, urgent=message_class in URGENT)
