"""``smsd status``: the daemon, the routes and the queue on one screen, and whether anything can be sent at all."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from smsd.cli.alarm import gone_for, standing_fields
from smsd.cli.alertview import alert_fields, hold_words, to_go
from smsd.cli.app import App, pass_app
from smsd.cli.client import hold_fields
from smsd.cli.modem import route_fields, signal
from smsd.cli.output import Clock, json_option, plural, print_json, print_pairs, print_table
from smsd.cli.snapshot import Snapshot, look, size
from smsd.errors import UsageError
from smsd.speech import _, said

__all__ = ["status"]


@click.command(epilog="Example: smsd status --json")
@click.option("--watch", is_flag=True, help="Show it live, with the signal over time; q ends.")
@click.option(
    "--every",
    metavar="SECONDS",
    type=click.FloatRange(min=0.5, max=3600),
    default=2.0,
    show_default=True,
    help="How often --watch looks.",
)
@json_option
@click.pass_context
@pass_app
def status(app: App, ctx: click.Context, *, watch: bool, every: float, as_json: bool) -> None:
    """Show the daemon, the routes and the queue on one screen.

    Exits with 69 when nothing can be sent: no daemon runs, no route is up, or the disk is full.
    """
    if watch:
        from smsd.cli.watch import watch as live  # noqa: PLC0415  start-up time

        if as_json:
            raise UsageError("--watch is for people; a program calls 'smsd status --json' now and then")
        live(app, every)
        return
    with app.store() as store:
        snapshot = look(app, store, app.now)
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        print_json(_fields(snapshot, app, clock))
    else:
        _show(snapshot, app, clock)
    ctx.exit(os.EX_UNAVAILABLE if snapshot.problems else 0)


def _fields(snapshot: Snapshot, app: App, clock: Clock) -> dict[str, Any]:
    return {
        "can_send": not snapshot.problems,
        "problems": snapshot.problems,
        "warnings": snapshot.warnings(app.now),
        "number": app.config.service.number,
        "daemon": snapshot.daemon,
        "routes": [route_fields(row, clock, daemon=snapshot.daemon is not None) for row in snapshot.routes],
        "queue": [_counted(row, clock) for row in snapshot.queue],
        "in_doubt": snapshot.doubts,
        "held": [
            {"phone": row["phone"], **hold_fields(row, clock), "waiting": row["waiting"]} for row in snapshot.held
        ],
        "alerts": [alert_fields(row, clock, hold) for row, hold in snapshot.alerts],
        "alarms": [standing_fields(each, clock) for each in snapshot.alarms],
        "requests": [_counted(row, clock) for row in snapshot.requests],
        "webhooks": [_counted(row, clock) for row in snapshot.events],
        "inbox_last_24_hours": snapshot.inbox,
        "lookalikes_last_24_hours": snapshot.lookalikes,
        "rates": asdict(snapshot.rates),
        "last_errors": [{**each, "started_at": clock.iso(each["started_at"])} for each in snapshot.last_errors],
        "oldest_ack_at": clock.iso(snapshot.oldest_ack),
        "free_bytes": snapshot.free_octets,
    }


def _counted(row: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
    return {**{name: row[name] for name in row if name != "oldest"}, "oldest_at": clock.iso(row["oldest"])}


def _show(snapshot: Snapshot, app: App, clock: Clock) -> None:
    requests = ", ".join(f"{row['count']} {row['state']}" for row in snapshot.requests)
    inbox = ", ".join(f"{count} {state}" for state, count in sorted(snapshot.inbox.items()))
    events = ", ".join(f"{row['webhook']} {row['count']} {row['state']}" for row in snapshot.events)
    free = "" if snapshot.free_octets is None else _("{size} free").format(size=size(snapshot.free_octets))
    sent = _("{n} in a minute, {m} in an hour").format(n=snapshot.rates.sent_minute, m=snapshot.rates.sent_hour)
    print_pairs(
        [
            ("number", app.config.service.number),
            ("daemon", clock.said(snapshot.daemon or "") or _("none runs")),
            ("database", app.database),
            ("disk", free),
            ("requests", requests or _("none open")),
            ("webhooks", events),
            ("inbox, 24 h", inbox or _("nothing")),
            ("look-alikes", _lookalikes(snapshot.lookalikes)),
            ("parts sent", sent),
        ]
    )
    click.echo("\n" + (_("routes") if snapshot.routes else _("routes: none known yet")))
    print_table(
        ("name", "state", "for", "signal", "operator", "SIM slots", "detail"),
        [_route(row, clock, daemon=snapshot.daemon is not None) for row in snapshot.routes],
        flexible="detail",
        indent="  ",
    )
    click.echo("\n" + (_("queue") if snapshot.queue else _("queue: empty")))
    print_table(
        ("class", "state", "messages", "oldest"),
        [(row["class"], row["state"], row["count"], clock.since(row["oldest"])) for row in snapshot.queue],
        indent="  ",
    )
    if snapshot.alerts:
        click.echo(f"\n{_('alerts')}")
    print_table(
        ("alert", "state", "to go", "held"),
        [(row["id"], row["state"], to_go(row), hold_words(hold, clock)) for row, hold in snapshot.alerts],
        indent="  ",
    )
    _show_alarms(snapshot, clock)
    click.echo()
    for warning in snapshot.warnings(app.now):
        click.echo(_("warning: {what}").format(what=warning))
    for problem in snapshot.problems:
        click.echo(_("nothing can be sent: {what}").format(what=problem))
    click.echo(_("'smsd doctor' finds out why") if snapshot.problems else _("messages can be sent"))


def _show_alarms(snapshot: Snapshot, clock: Clock) -> None:
    if snapshot.alarms:
        click.echo("\n" + _("alarms: 'smsd alarm list' says what to do"))
    print_table(
        ("alarm", "about", "for", "detail"),
        [
            (each.condition.value, each.about, clock.since(each.since), gone_for(each, clock) or said(each.detail))
            for each in snapshot.alarms
        ],
        flexible="detail",
        indent="  ",
    )


def _lookalikes(count: int) -> str:
    if not count:
        return ""
    return _("{n} in 24 h: 'smsd inbox list --state lookalike'").format(n=plural(count, "look-alike"))


def _route(row: Mapping[str, Any], clock: Clock, *, daemon: bool) -> tuple[str, ...]:
    facts = row["facts"]
    slots = ""
    if facts.get("slots_total"):
        slots = _("{n} of {all} used").format(n=facts["slots_used"], all=facts["slots_total"])
    state = row["state"] if daemon else _("unknown (was {state})").format(state=row["state"])
    operator = str(facts.get("operator") or "")
    return (row["name"], state, clock.since(row["since"]), signal(facts), operator, slots, said(row["detail"]))
