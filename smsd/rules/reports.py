"""Which attempt a status report speaks of.

Knows that TP-MR is one octet (23.040 §9.2.3.6), so that the same reference returns after 256 parts, that reports come
days later and after restarts, and that the service centre's clock is not ours. Refuses to know where attempts are
kept: the candidates, already of the report's subscription, recipient and reference, are handed in.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from smsd.sms import StatusReport, Witness

__all__ = ["FORMS", "MARKS", "Candidate", "is_tp_mr", "reference_forms", "speaks_of"]

TP_MR_VALUES = 256
MARKS = 65_536
"""How many values the mark has that a submit bears (SMPP 3.4 §5.3.2.17, two octets)."""
FORMS = 6
"""How many forms of one id ``reference_forms`` gives at the most."""
LONGEST_ID = 32
"""Digits of an id that is looked at as a number."""

_HEXADECIMAL = re.compile("[0-9a-fA-F]+")

WINDOW = timedelta(minutes=10)
"""How far the service centre's time of a part may be from our attempt for the two to be the same for certain.

A doubt without a reference to expect is settled within it only: a wrong guess would call an unsent part sent."""


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

    An attempt known by this reference and sent about the service centre's time of the submit (an absolute time: it
    carries its zone) is meant for certain: 256 parts do not leave within minutes. Where the times tell nothing (a clock
    is wrong, or the report has none) an attempt that is not yet reported, or a doubt whose own expectation is not
    contradicted, comes before one reported already. Within each group the nearest in time is taken.

    Before all of that goes our own mark, where the report gives it back and a candidate bears it: service centres write
    their ids in two bases, and begin them again.
    """
    marked = [c for c in candidates if report.echo is not None and c.attempt_id % MARKS == report.echo]
    if marked:
        return min(marked, key=lambda c: _distance(report, c))
    known = [c for c in candidates if c.sent]
    fresh = [c for c in known if not c.reported]
    doubts = [c for c in candidates if not c.sent and _may_be(report, c)]
    groups = (
        [c for c in fresh if _near(report, c)],
        [c for c in known if _near(report, c)],
        [*fresh, *doubts],
        known,
    )
    for group in groups:
        if group:
            return min(group, key=lambda c: _distance(report, c))
    return None


def is_tp_mr(reference: str) -> bool:
    """Tell whether a reference can be a TP-MR, which means something with its subscription only.

    A service centre's message id is unique for weeks, so that a receipt that came by another bind still finds its part.
    """
    return reference.isascii() and reference.isdigit() and int(reference) < TP_MR_VALUES


def reference_forms(reference: str) -> list[str]:
    """List the forms in which a service centre may have written the same id before: SMPP answers and receipts differ.

    As it is; without leading zeros; its decimal form if it is hexadecimal; its hexadecimal form if it is decimal.
    """
    forms = [reference]
    if not is_tp_mr(reference):
        plain = reference.lstrip("0")
        forms.append(plain)
        if len(plain) <= LONGEST_ID and _HEXADECIMAL.fullmatch(plain):
            forms += [str(int(plain, 16))]
            if plain.isdigit():
                forms += [f"{int(plain):x}", f"{int(plain):X}"]
            else:
                forms += [plain.lower(), plain.upper()]
    return list(dict.fromkeys(form for form in forms if form))


def _near(report: StatusReport, candidate: Candidate) -> bool:
    return report.submitted_at is not None and abs(report.submitted_at - candidate.started_at) <= WINDOW


def _may_be(report: StatusReport, doubt: Candidate) -> bool:
    """Tell whether a report with this reference can belong to an attempt whose reference is not known."""
    if report.echo is not None:
        return doubt.attempt_id % MARKS == report.echo
    last = doubt.witness.get("smss")
    if isinstance(last, int) and doubt.witness.get("in_step"):
        return report.reference == str((last + 1) % 256)
    return _near(report, doubt)


def _distance(report: StatusReport, candidate: Candidate) -> tuple[float, int]:
    """Order candidates by distance in time; where the report tells no time, the newest attempt is the nearest."""
    if report.submitted_at is None:
        return (0.0, -candidate.attempt_id)
    return (abs((report.submitted_at - candidate.started_at).total_seconds()), candidate.attempt_id)
