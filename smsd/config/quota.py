"""What one route may send where a contract says otherwise than the limits of its kind."""

import dataclasses
from dataclasses import dataclass

from smsd.config import checks
from smsd.config.key import key
from smsd.rules.limits import Limits

__all__ = ["Quota"]

_ANY = checks.between(0, 10**6)
_AS_KIND = "as `[limits]` says for its kind"


@dataclass(frozen=True, slots=True)
class Quota:
    """What this route may send, where it is other than `[limits]` says for its kind; 0: any number."""

    parts_per_minute: int | None = key(None, "Parts in a minute of the clock.", _ANY, shown=_AS_KIND)
    parts_per_hour: int | None = key(None, "Parts in an hour.", _ANY, shown=_AS_KIND)
    parts_per_day: int | None = key(None, "Parts in 24 hours.", _ANY, shown=_AS_KIND)
    recipients_per_day: int | None = key(None, "Numbers written to in 24 hours.", _ANY, shown=_AS_KIND)
    alerts_per_day: int | None = key(None, "Parts of alerts in 24 hours.", _ANY, shown=_AS_KIND)

    def over(self, limits: Limits) -> Limits:
        """Return the limits of a kind with what this route has of its own."""
        names = {
            "per_minute": self.parts_per_minute,
            "per_hour": self.parts_per_hour,
            "per_day": self.parts_per_day,
            "recipients_per_day": self.recipients_per_day,
            "alerts_per_day": self.alerts_per_day,
        }
        return dataclasses.replace(limits, **{name: value for name, value in names.items() if value is not None})
