"""What each route may send, and when: `[limits]`, `[tariff]` and the routes' own limits gathered into one table."""

from smsd.config.keys import Config
from smsd.config.quota import Quota
from smsd.rules.limits import Limits, LimitTable
from smsd.rules.routing import Kind

__all__ = ["limit_table"]


def limit_table(config: Config) -> LimitTable:
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
