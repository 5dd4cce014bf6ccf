"""What became of an attempt whose answer was never heard: decided by the SIM's own memory of what it last sent.

Knows EF_SMSS (3GPP TS 31.102 §4.2.28): its first octet is the TP-MR of the last message originated, counted modulo 256.
That is evidence only for the same modem and SIM, and only where EF_SMSS has been seen to move in step with +CMGS. It
refuses to guess: a wrong *sent* loses a message, a wrong *not sent* doubles one, so whatever is not proved stays doubt
(``None``), and the message's class decides later.

The count after the attempt, seen from the count before it (w):

* a later message got w + 2, and nothing else unsettled lies between: w + 1 was this one, it left;
* a later message got w + 1, and this one was known to be out of the air when that one began, or has had time to be:
  there is no room for this one, it did not leave;
* no later message, the SIM says w + 1 and nothing else unsettled follows: it left;
* no later message, the SIM says w, and the modem has had time to finish: it did not leave.
"""

from dataclasses import dataclass

from smsd.sms import Doubt, NotSent, Sent, Verdict, Witness

__all__ = ["EVIDENCE", "GAP", "HELD_AFTER", "Present", "settle"]

EVIDENCE = "EF_SMSS"
GAP = "TP-MR gap"
HELD_AFTER = 600.0
"""Seconds after which a doubt that nothing has settled waits for a person: evidence and policy need some minutes."""
_CYCLE = 256


@dataclass(frozen=True, slots=True)
class Present:
    """What the SIM and the modem say now.

    ``smss`` is the last used TP-MR just read, ``None`` when it could not be; ``in_step`` whether EF_SMSS has been seen
    to follow +CMGS on this modem with this SIM and never seen otherwise; ``idle`` whether the modem has answered
    everything it was asked, so that nothing is in its hands.
    """

    imei: str | None
    iccid: str | None
    smss: int | None
    in_step: bool
    idle: bool


def settle(
    doubt: Doubt, present: Present, age_seconds: float, *, settle_after_seconds: float = 60.0
) -> Sent | NotSent | None:
    """Decide a doubt, or return ``None`` where nothing is proved.

    ``age_seconds`` counts from the attempt's start. ``settle_after_seconds`` is how long a modem may still be
    transmitting what a dead process gave it: below it *unchanged* proves nothing (24.011 §10.1: TR1M ends before 45 s).
    """
    before = _count(doubt.witness)
    if before is None or not _same(doubt.witness, present) or not present.in_step or present.smss is None:
        return None
    if doubt.later:
        return _by_sequence(doubt, present, before, waited=age_seconds >= settle_after_seconds)
    moved = (present.smss - before) % _CYCLE
    if moved == 1 and doubt.between == 0 and present.idle:
        return Sent(str(present.smss), EVIDENCE)
    if moved == 0 and present.idle and age_seconds >= settle_after_seconds:
        return _unsent("the SIM's last used TP-MR did not move")
    return None


def _by_sequence(doubt: Doubt, present: Present, before: int, *, waited: bool) -> Sent | NotSent | None:
    """Decide by the references of what was sent afterwards, if they stand in one unbroken chain up to now."""
    references = [_reference(text) for _, text in doubt.later]
    first, last = references[0], references[-1]
    if first is None or last is None or last != present.smss:
        return None  # something has moved the count since: it may be this one, late
    if not all(_same(witness, present) for witness, _ in doubt.later):
        return None
    moved = (first - before) % _CYCLE
    # While this one may have been in the air, a modem that takes commands meanwhile could have told its reference for
    # the other's. A count in the later witness says that it was not.
    if moved == 1 and present.idle and (waited or _count(doubt.later[0][0]) == before):
        return _unsent("the next message carried the TP-MR on without a gap")
    if moved == 2 and doubt.between == 0:
        return Sent(str((before + 1) % _CYCLE), GAP)
    return None


def _unsent(reason: str) -> NotSent:
    return NotSent(Verdict.SOON, EVIDENCE, reason, EVIDENCE)


def _count(witness: Witness) -> int | None:
    """Return the TP-MR last used before the attempt.

    Whether the modem had been seen in step by then does not matter: one that keeps step now, and was never seen
    otherwise, kept it then.
    """
    smss = witness.get("smss")
    if isinstance(smss, bool) or not isinstance(smss, int):
        return None
    return smss if 0 <= smss < _CYCLE else None


def _same(witness: Witness, present: Present) -> bool:
    """Whether both speak of one modem and one SIM, each of them known."""
    return (
        bool(present.imei)
        and bool(present.iccid)
        and witness.get("imei") == present.imei
        and witness.get("iccid") == present.iccid
    )


def _reference(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text) < _CYCLE else None
