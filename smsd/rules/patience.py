"""How long somebody who is asked by HTTP wants to be left alone: ``Retry-After`` (RFC 9110, 10.2.3).

Knows its two forms, seconds and a date. Refuses to know how long is too long: whoever asks decides.
"""

import re
from email.utils import parsedate_to_datetime

__all__ = ["rest_asked"]

_SECONDS = re.compile(r"[0-9]{1,9}")


def rest_asked(retry_after: str, date: str = "") -> float:
    """Return the seconds that an answer asks for; 0 where it says nothing that can be understood.

    A date is compared with the answer's own (``Date``), so that it means the same whatever our clock says.
    """
    written = retry_after.strip()
    if _SECONDS.fullmatch(written):
        return float(written)
    try:
        return max(0.0, (parsedate_to_datetime(written) - parsedate_to_datetime(date)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0
