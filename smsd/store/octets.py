"""The octets of what came in, each kept once: what makes it harmless that a route hands the same thing over again.

Knows two ways to tell a repeat. Octets that carry the service centre's time are the same thing for ever; those that
carry none (a bind's) are the same thing for as many seconds as their route says, and another thing later. Refuses to
know what they mean. Every function works inside a transaction that its caller will commit, together with whatever the
octets lead to: a crash leaves both or neither.
"""

import hashlib
import json
from collections.abc import Sequence

from smsd.sms import Deliver, Received, StatusReport
from smsd.store.engine import Transaction

__all__ = ["keep", "keep_reports"]


def keep(tx: Transaction, received: Received, now: float) -> int | None:
    """Keep the octets; ``None`` when they are here already."""
    deliver = received.value if isinstance(received.value, Deliver) else None
    digest = _digest(received)
    if received.repeats_within is not None:
        if tx.first("pdu_recent", digest=digest, since=now - received.repeats_within):
            return None
        digest = _dated(digest, now)
    row = tx.first(
        "pdu_insert",
        now=now,
        route=received.route,
        sim=received.sim,
        digest=digest,
        octets=received.octets,
        kind=_kind(received),
        note=_note(received),
        sequence=deliver.sequence if deliver else 1,
        text=deliver.text if deliver else None,
        body=deliver.body if deliver else None,
    )
    return None if row is None else int(row["id"])


def keep_reports(tx: Transaction, reports: Sequence[Received], within: float, now: float) -> list[int | None]:
    """Keep the octets of reports of one route, no two of which are the same; ``None`` for those that are here already.

    ``within`` is the ``repeats_within`` of all of them.
    """
    digests = [_digest(each) for each in reports]
    known = {
        row["digest"] for row in tx.all("pdu_recent_among", digests=json.dumps(digests), since=now - within)
    }  # fmt: skip
    kept, start = [], 1
    for each, digest in zip(reports, digests, strict=True):
        if digest not in known:
            kept.append((_dated(digest, now), start, len(each.octets), _note(each)))
        start += len(each.octets)
    rows = tx.all(
        "pdu_insert_reports",
        now=now,
        route=reports[0].route,
        octets=b"".join(each.octets for each in reports),
        kept=json.dumps(kept),
    )
    ids = {row["digest"]: int(row["id"]) for row in rows}
    return [ids.get(_dated(digest, now)) for digest in digests]


def _digest(received: Received) -> str:
    return hashlib.sha256(received.octets).hexdigest()


def _dated(digest: str, now: float) -> str:
    """Say that these are the octets of a moment: later the same ones may be something else."""
    return f"{digest} {now:.6f}"


def _kind(received: Received) -> str:
    match received.value:
        case Deliver():
            return "deliver"
        case StatusReport():
            return "report"
        case None:
            return "unreadable"


def _note(received: Received) -> str | None:
    return "; ".join(filter(None, (received.fault, *received.warnings))) or None
