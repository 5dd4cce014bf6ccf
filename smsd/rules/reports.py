"""Which attempt a status report speaks of.

Knows that TP-MR is one octet (23.040 §9.2.3.6), so that the same reference returns after 256 parts, that reports come
days later and after restarts, and that the service centre's clock is not ours. Refuses to know where attempts are
kept: the candidates, already of the report's subscription, recipient and reference, are handed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from smsd.sms import StatusReport, Witness

__all__ = ["Candidate", "speaks_of"]

DOUBT_WINDOW = timedelta(minutes=10)
"""How far the service centre's time of a part may be from our attempt for a report to settle a doubt.

Only where no reference is known: a wrong guess would call an unsent part sent."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An attempt that may be meant: ``sent`` tells a known reference, otherwise it is in doubt."""

    attempt_id: int
    started_at: datetime
    sent: bool
    reported: bool
    witness: Witness


def speaks_of(report: StatusReport, candidates: Sequence[Candidate]) -> Candidate | None:
    """Pick the attempt that ``report`` means, or ``None``.

    Among attempts known by this reference: those not yet reported before those reported, then the nearest in time to
    the service centre's time of the submit (an absolute time: it carries its zone). A doubt is settled only when no
    known attempt fits better and its own expectation, the reference after the last one seen, is not contradicted.
    """
    known = [c for c in candidates if c.sent]
    doubts = [c for c in candidates if not c.sent and _may_be(report, c)]
    fresh = [c for c in known if not c.reported]
    if fresh and doubts:
        # Both explain the report: the nearer in time does so better.
        return min([*fresh, *doubts], key=lambda c: _distance(report, c))
    for group in (fresh, doubts, known):
        if group:
            return min(group, key=lambda c: _distance(report, c))
    return None


def _may_be(report: StatusReport, doubt: Candidate) -> bool:
    """Tell whether a report with this reference can belong to an attempt whose reference is not known."""
    last = doubt.witness.get("smss")
    if isinstance(last, int) and doubt.witness.get("in_step"):
        return report.reference == str((last + 1) % 256)
    return report.submitted_at is not None and abs(report.submitted_at - doubt.started_at) <= DOUBT_WINDOW


def _distance(report: StatusReport, candidate: Candidate) -> tuple[float, int]:
    """Order candidates by distance in time; where the report tells no time, the newest attempt is the nearest."""
    if report.submitted_at is None:
        return (0.0, -candidate.attempt_id)
    return (abs((report.submitted_at - candidate.started_at).total_seconds()), candidate.attempt_id)
