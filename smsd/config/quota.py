"""What a route may send: the limits of its kind, and its own where a contract says otherwise."""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smsd.config import checks
from smsd.config.key import key
from smsd.rules.limits import Limits, LimitTable
from smsd.rules.routing import Kind

if TYPE_CHECKING:
    from smsd.config.keys import Config

__all__ = ["Quota", "limit_table"]

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


def limit_table(config: "Config") -> LimitTable:
    """Gather what each route may send, and when no alert is sent."""
    limits, tariff = config.limits, config.tariff
    shared = {"reserve_percent": limits.reserve_percent, "budget_per_day": limits.budget_roubles_per_day * 100}
    by_kind = {
        Kind.SIM: Limits(
            limits.sim_parts_per_minute,
            limits.sim_parts_per_hour,
            limits.sim_parts_per_day,
            limits.sim_recipients_per_day,
            limits.sim_alerts_per_day,
            **shared,
        ),
        Kind.BIND: Limits(
            limits.bind_parts_per_minute,
            limits.bind_parts_per_hour,
            limits.bind_parts_per_day,
            limits.bind_recipients_per_day,
            **shared,
        ),
    }
    kinds = dict.fromkeys(config.routes, Kind.BIND) | {each.name: Kind.SIM for each in config.modems}
    own = {each.name: each.limits for each in config.smpp} | {each.name: each.limits for each in config.http}
    own |= {each.name: each.limits for each in config.modems}
    return LimitTable(
        kinds=kinds,
        by_kind=by_kind,
        price={Kind.SIM: tariff.sim_part_kopecks, Kind.BIND: tariff.bind_part_kopecks},
        quiet=limits.quiet_span,
        zone=config.service.zone,
        by_route={name: quota.over(by_kind[kinds[name]]) for name, quota in own.items() if quota != Quota()},
    )
