"""Receipts by the windowful: what most of them say, heard of all that came together by one statement each.

Knows the plain case only: of a message of one part, which left and of which nothing was heard yet, a bind reports that
it has arrived, and no other attempt can be meant. Refuses everything else, which is handed on, one after another, to
``progress.report``; that also says what each step means. What this leaves in the tables is what it would leave.

Two receipts are heard together only where neither can touch what the other means: each speaks of another recipient, and
no two are the same octets. Whatever else came between them is heard in its place.

Where a ``kill -9`` leaves the client: all that came together is one transaction with the octets it came as, and it is
answered after that. Before the commit nothing was heard, nothing was answered, and the service centre tells all of it
again. After the commit, answered or not, the message is delivered; told again within the redelivery time it is known by
its octets, and later it says of a message that has arrived that it has arrived.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from smsd.rules.outbox import State
from smsd.rules.reports import MARKS, is_tp_mr, reference_forms
from smsd.sms import Received, ReportClass, StatusReport
from smsd.store.attempts import report
from smsd.store.claims import Ways
from smsd.store.engine import Row, Transaction
from smsd.store.events import tell_messages
from smsd.store.octets import keep_reports

__all__ = ["Heard", "hear_all", "runs"]


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a receipt: a repeat, or which attempt it spoke of, if any is known by now; plainly or not."""

    repeated: bool
    attempt_id: int | None = None
    plain: bool = False


@dataclass(frozen=True, slots=True)
class _Told:
    """A receipt that is kept as ``pdu_id``; ``meant`` is the attempt it plainly means, ``None``: not plainly."""

    received: Received
    value: StatusReport
    pdu_id: int | None
    meant: Row | None


def runs(arrivals: Sequence[Received]) -> Iterator[list[Received]]:
    """Cut what came into runs of receipts that do not touch each other, and whatever else came alone."""
    run: list[Received] = []
    touched: set[str | bytes] = set()
    for each in arrivals:
        value = _receipt(each)
        touches: set[str | bytes] = set() if value is None else {each.octets, value.recipient}
        joins = value is not None and run and _receipt(run[-1]) is not None and _alike(each, run[-1])
        if run and not (joins and touched.isdisjoint(touches)):
            yield run
            run, touched = [], set()
        run.append(each)
        touched |= touches
    if run:
        yield run


def hear_all(tx: Transaction, run: Sequence[Received], ways: Ways, now: float) -> list[Heard]:
    """Hear one of the ``runs``, of two receipts at least, as if they had been heard one after another."""
    heard: list[Heard] = []
    for plain, group in groupby(_meanings(tx, run, now), key=lambda told: told.meant is not None):
        several = list(group)
        if plain:
            _hear_plainly(tx, several, now)
        for told in several:
            if told.pdu_id is None:
                heard.append(Heard(repeated=True))
            elif told.meant is not None:
                heard.append(Heard(repeated=False, attempt_id=told.meant["id"], plain=True))
            else:
                meant = report(tx, told.received, told.value, told.pdu_id, ways, now)
                heard.append(Heard(repeated=False, attempt_id=meant))
    return heard


def _receipt(received: Received) -> StatusReport | None:
    """Return what a bind's receipt says; ``None``: it is something else, or does not tell of whom it speaks."""
    value = received.value
    if not isinstance(value, StatusReport) or received.sim is not None or received.repeats_within is None:
        return None
    return value if value.recipient else None


def _alike(one: Received, other: Received) -> bool:
    return (one.route, one.repeats_within) == (other.route, other.repeats_within)


def _meanings(tx: Transaction, run: Sequence[Received], now: float) -> list[_Told]:
    """Keep the octets of a run and find out which of it is plain."""
    within = run[0].repeats_within
    kept = keep_reports(tx, run, within if within is not None else 0.0, now)
    values = [value for each in run if (value := _receipt(each)) is not None]
    asked = [
        (place, rank, value.recipient, form)
        for place, (value, pdu_id) in enumerate(zip(values, kept, strict=True))
        if pdu_id is not None and _says_delivered(value)
        for rank, form in enumerate(reference_forms(value.reference))
    ]
    found: dict[int, list[Row]] = {}
    for row in tx.all("attempt_meant_plainly", route=run[0].route, asked=json.dumps(asked)):
        found.setdefault(row["place"], []).append(row)
    return [
        _Told(each, value, pdu_id, _plainly(value, found.get(place, [])))
        for place, (each, value, pdu_id) in enumerate(zip(run, values, kept, strict=True))
    ]


def _says_delivered(value: StatusReport) -> bool:
    """Tell whether a receipt says no more than that a part has arrived, in words that survive JSON."""
    return (
        value.report_class is ReportClass.DELIVERED
        and value.refused is None
        and not is_tp_mr(value.reference)
        and f"{value.reference}{value.recipient}{value.code}".isprintable()
    )


def _plainly(value: StatusReport, found: list[Row]) -> Row | None:
    """Return the attempt that is meant if there is one only by the first form of the id that is known at all.

    Where the receipt bears our mark the attempt must bear it too, and where it bears none nothing else to this
    recipient may be in doubt: else ``rules.reports`` has to choose.
    """
    first = min((row["rank"] for row in found), default=None)
    meant = [row for row in found if row["rank"] == first]
    if len(meant) != 1 or not meant[0]["plain"]:
        return None
    certain = not meant[0]["doubted"] if value.echo is None else meant[0]["id"] % MARKS == value.echo
    return meant[0] if certain else None


def _hear_plainly(tx: Transaction, several: Sequence[_Told], now: float) -> None:
    reports, arrived = [], []
    for told in several:
        if told.meant is None:
            continue
        value = told.value
        submitted_at = value.submitted_at.timestamp() if value.submitted_at else None
        discharged_at = value.discharged_at.timestamp() if value.discharged_at else None
        attempt_id, message_id = told.meant["id"], told.meant["message_id"]
        names = (value.reference, value.recipient, value.code)
        reports.append((told.pdu_id, attempt_id, *names, submitted_at, discharged_at))
        arrived.append((attempt_id, message_id, value.code))
    tx.run("report_insert_plainly", reports=json.dumps(reports), route=several[0].received.route, now=now)
    tx.run("attempt_reported_plainly", attempts=json.dumps([attempt_id for attempt_id, _, _ in arrived]))
    tx.run("part_delivered_plainly", arrived=json.dumps(arrived), now=now)
    messages = json.dumps([message_id for _, message_id, _ in arrived])
    tx.run("message_delivered_plainly", messages=messages, now=now)
    tell_messages(tx, messages, State.DELIVERED, now)
