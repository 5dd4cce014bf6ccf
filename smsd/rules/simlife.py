"""A SIM's life: when its balance is asked for and what an answer says, who speaks for its operator, when it must send.

Knows texts and spans of time. Refuses to dial, to send and to know what time it is.
"""

import re
from collections.abc import Collection

from smsd.rules.phones import SHORT_CODE_DIGITS

__all__ = ["ASKED_AGAIN", "EVERYBODY", "UNKNOWN_AFTER", "balance_of", "due", "from_operator", "shortened"]

ASKED_AGAIN = 3600.0
"""Seconds after which a balance is asked for again that was not told."""
UNKNOWN_AFTER = 2 * 86_400.0
"""Seconds without a number after which a person is told."""
EVERYBODY = "*"
"""Stands for every sender that is no person's number."""
LONGEST = 3 * 67
"""UTF-16 units of what is forwarded: three parts."""


def balance_of(text: str, pattern: str) -> float | None:
    """Return the number that the first group of a pattern finds in a text; a comma may stand for the point."""
    found = re.search(pattern, text)
    if found is None or not found.groups() or found[1] is None:
        return None
    try:
        return float(re.sub(r"\s", "", found[1]).replace(",", "."))
    except ValueError:
        return None


def due(*, asked_at: float | None, failures: int, period: float) -> float:
    """Return when a balance is to be asked for next, in Unix seconds."""
    if asked_at is None:
        return 0.0
    return asked_at + (min(period, ASKED_AGAIN * min(failures, 6)) if failures else period)


def from_operator(sender: str, senders: Collection[str], own: Collection[str]) -> bool:
    """Tell whether a text is one that the operator, and no person and no machine of ours, has sent.

    Names are compared without regard to case. A whole telephone number is forwarded only if it is named: otherwise a
    number that sends texts back would have us talk to ourselves through an administrator's phone.
    """
    if sender in own:
        return False
    if sender.casefold() in {each.casefold() for each in senders}:
        return True
    digits = sender.removeprefix("+")
    return EVERYBODY in senders and not (digits.isdigit() and len(digits) > SHORT_CODE_DIGITS)


def shortened(sender: str, text: str) -> str:
    """Return a text as it is forwarded: its sender first, at most three parts; it never begins like a command."""
    whole = f"[{sender}] {' '.join(text.split())}"
    octets = whole.encode("utf-16-be", "replace")
    if len(octets) <= 2 * LONGEST:
        return whole
    return octets[: 2 * (LONGEST - 1)].decode("utf-16-be", "ignore") + "…"
