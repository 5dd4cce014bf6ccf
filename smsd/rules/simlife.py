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


_NUMBER = r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?=[.,]\d|\s*(?:р|руб|₽|r))(?:[.,]\d+)?|\d+(?:[.,]\d+)?(?![.,]?\d)"
_SIGN = r"(?P<sign>[-\u2212]|\b(?:минус|minus)[ :]*)?"
_DATE = r"(?!\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b)"
_AFTER_ITS_NAME = re.compile(
    rf"\b(?:баланс|balans|balance)\w*\D{{0,24}}?{_SIGN}{_DATE}(?P<number>{_NUMBER})", re.IGNORECASE
)
_BEFORE_ROUBLES = re.compile(rf"(?<![\d.,/-]){_SIGN}(?P<number>{_NUMBER})\s*(?:р\b|руб|₽|r\b|rub)", re.IGNORECASE)
_FIRST = re.compile(rf"(?<![\d.,/]){_SIGN}{_DATE}(?P<number>{_NUMBER})", re.IGNORECASE)


def balance_of(text: str, pattern: str = "") -> float | None:
    """Return the balance that an operator's answer tells; a comma may stand for the point.

    It is what the first group of ``pattern`` finds. Without one: the number after the word *баланс*, else before
    roubles, else the first that is no date; *минус* before it counts, and so do thousands that are set apart where
    roubles or kopecks follow.
    """
    if pattern:
        found = re.search(pattern, text)
        return None if found is None or not found.groups() else _value(found[1])
    for usual in (_AFTER_ITS_NAME, _BEFORE_ROUBLES, _FIRST):
        if (found := usual.search(text)) is not None and (value := _value(found["number"])) is not None:
            return -value if found["sign"] else value
    return None


def _value(number: str | None) -> float | None:
    try:
        return float(re.sub(r"\s", "", number or "").replace(",", ".").replace("\u2212", "-"))
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
