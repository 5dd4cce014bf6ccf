"""Status reports: those that are kept, the attempt that one means, and what it says of the parts that it covers.

Knows that a report may come before the answer it belongs to, and then waits for it, and that a receipt may name an
attempt in several forms, or by our own mark. Refuses to decide: which of several attempts is meant is
``rules.reports``, which way a message goes that did not arrive the caller's (``Ways``). Every function works inside a
transaction that its caller has begun and will commit.
"""

import json
from datetime import UTC, datetime

from smsd.errors import NotFoundError
from smsd.rules.outbox import MessageClass, PartState
from smsd.rules.reports import FORMS, MARKS, Candidate, is_tp_mr, reference_forms, speaks_of
from smsd.rules.routing import Block
from smsd.sms import Received, ReportClass, StatusReport
from smsd.store.claims import Ways, written_to
from smsd.store.engine import Row, Transaction
from smsd.store.progress import advance, divert, follow, outdated
from smsd.store.swaps import note_swap

__all__ = ["apply_report", "hear_waiting", "keep_report", "meant_by"]

_REPORTED = {ReportClass.DELIVERED: PartState.DELIVERED, ReportClass.FAILED: PartState.FAILED}
"""The last word of the network on a part."""


def meant_by(tx: Transaction, value: StatusReport, received: Received) -> Candidate | None:
    """Return the attempt that a report means, ``None`` where none is known yet."""
    return speaks_of(value, _candidates(tx, value, received.route, received.sim))


def keep_report(
    tx: Transaction, value: StatusReport, received: Received, pdu_id: int, attempt_id: int | None, now: float
) -> None:
    """Write a report down. One of no attempt waits: the answer it belongs to may not have been recorded yet.

    What it says of the recipient's SIM holds at once, whichever attempt it means.
    """
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
        attempt_id=attempt_id,
    )
    if value.refused == Block.SIM_SWAPPED:
        note_swap(tx, value.recipient, received.route, value.code, now)


def hear_waiting(tx: Transaction, attempt: Row, reference: str, now: float, ways: Ways) -> None:
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
        apply_report(tx, attempt["id"], told, row["route"], now, ways)


def apply_report(tx: Transaction, attempt_id: int, value: StatusReport, route: str, now: float, ways: Ways) -> None:
    """Let a report speak of the parts that its attempt was at: they have arrived, or not, or not yet."""
    parts = _covered(tx, attempt_id)
    message_id = parts[0]["message_id"]
    if value.refused == Block.SIM_SWAPPED:
        note_swap(tx, parts[0]["recipient"], route, value.code, now)
    last_word = _REPORTED.get(value.report_class)
    if last_word is not None:
        tx.run("attempt_reported", id=attempt_id)
    # On these the network has spoken its last word.
    told = [part for part in parts if part["part_state"] not in _REPORTED.values() and not outdated(part)]
    if last_word is PartState.FAILED:
        # What is sent once more may still arrive.
        told = [part for part in told if part["newest"] == attempt_id and part["part_state"] != PartState.UNSENT]
    if last_word is PartState.DELIVERED and told:
        follow(tx, told[0])
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


# --- which attempt is meant -------------------------------------------------------------------------------------------


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


def _covered(tx: Transaction, attempt_id: int) -> list[Row]:
    """Return the part of an attempt, or each of them where it took the whole message; each row tells of both.

    Raises ``NotFoundError`` when there is no such attempt.
    """
    parts = tx.all("attempt_get", id=attempt_id)
    if not parts:
        raise NotFoundError(f"no attempt {attempt_id}")
    return parts
