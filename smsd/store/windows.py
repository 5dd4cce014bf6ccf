"""The outbox by the windowful: what happens to most messages, done to all of a window by one statement each.

Knows the plain case only: a message of one part that is claimed for the first time, and one that was sent with nothing
else to be said of it. Refuses everything else, which is handed on, one after another, to ``claims.begin`` and
``progress.settle``; they also say what each step means. What this leaves in the tables is what they would leave.

A statement costs more by being one than by what it does: each gives up the interpreter and must get it back from the
thread that talks to the service centre. Every function works inside a transaction that its caller will commit.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

from smsd.rules.outbox import State
from smsd.rules.reports import reference_forms
from smsd.sms import Outcome, Sent
from smsd.store.attempts import settle
from smsd.store.claims import Claim, Claimant, Ways, begin, claim_of
from smsd.store.engine import Row, Transaction
from smsd.store.events import tell_messages

__all__ = ["Ended", "begin_all", "settle_all"]

Ended = tuple[int, Outcome]
"""An attempt, and how it ended."""

_Acceptance = tuple[int, str, str]
"""An attempt, the reference it was given, the evidence that it left."""


def begin_all(tx: Transaction, messages: Iterable[Row], claimant: Claimant, now: float) -> list[Claim]:
    """Put the next part of each message into the air, in this order."""
    claims: list[Claim] = []
    for plain, run in groupby(messages, key=lambda row: row["parts"] == 1 and not row["made"]):
        rows = list(run)
        if plain and len(rows) > 1:
            claims += _begin_plainly(tx, rows, claimant, now)
        else:
            claims += [begin(tx, row, claimant, now) for row in rows]
    return claims


def _begin_plainly(tx: Transaction, messages: Sequence[Row], claimant: Claimant, now: float) -> list[Claim]:
    ids = json.dumps([row["id"] for row in messages])
    route = claimant.route
    tx.run("part_insert_plainly", ids=ids)
    last = tx.insert(
        "attempt_insert_plainly",
        ids=ids, route=route, sim=claimant.sim, witness=json.dumps(dict(claimant.witness)), now=now,
    )  # fmt: skip
    tx.run("message_begin_plainly", ids=ids, route=route, sender=claimant.sender)
    attempts = dict(tx.gathered("attempt_made_plainly", last=last, count=len(messages)))
    return [claim_of(row, attempts[row["id"]], part=1) for row in messages]


def settle_all(tx: Transaction, ended: Sequence[Ended], now: float, ways: Ways) -> None:
    """Record the ends of attempts and move their messages on; what did not leave may go another way."""
    sent = [
        (attempt_id, outcome.reference, outcome.evidence)
        for attempt_id, outcome in ended
        if isinstance(outcome, Sent) and outcome.reference.isprintable()
    ]
    settled = _settle_plainly(tx, sent, now) if len(sent) > 1 else ()
    for attempt_id, outcome in ended:
        if attempt_id not in settled:
            settle(tx, attempt_id, outcome, now, ways)


def _settle_plainly(tx: Transaction, sent: Sequence[_Acceptance], now: float) -> Collection[int]:
    """Settle those of which there is nothing to say but that they left; return which those were."""
    told = {each[0]: each for each in _unreported(tx, sent)}
    plain = dict(tx.gathered("attempt_plain", attempts=json.dumps(list(told))))
    tx.run("attempt_sent_plainly", ended=json.dumps([told[attempt_id] for attempt_id in plain]), now=now)
    messages = json.dumps(list(plain.values()))
    tx.run("part_sent_plainly", messages=messages, now=now)
    tx.run("message_submitted_plainly", messages=messages, now=now)
    tell_messages(tx, messages, State.SUBMITTED, now)
    return plain


def _unreported(tx: Transaction, sent: Sequence[_Acceptance]) -> list[_Acceptance]:
    """Leave out those whose reports may have come before their answers."""
    if tx.first("report_waits") is None:
        return list(sent)
    forms = {attempt_id: reference_forms(reference) for attempt_id, reference, _ in sent}
    asked = json.dumps([form for each in forms.values() for form in each])
    waiting = {row["reference"] for row in tx.all("report_waits_for", references=asked)}
    return [each for each in sent if waiting.isdisjoint(forms[each[0]])]
