"""``smsd status``: the daemon, the routes and the queue on one screen, and whether anything can be sent at all."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smsd.cli.alarm import standing_fields, standing_now
from smsd.cli.alertview import alert_fields, hold_words, to_go
from smsd.cli.app import App, pass_app
from smsd.cli.client import hold_fields
from smsd.cli.modem import route_fields, signal
from smsd.cli.output import Clock, age, json_option, plural, print_json, print_pairs, print_table
from smsd.cli.simlife import with_lives
from smsd.errors import UsageError
from smsd.speech import _, ngettext, said

if TYPE_CHECKING:
    from smsd.desk.alerts import Hold
    from smsd.rules.alarms import Standing
    from smsd.store import Store
    from smsd.store.figures import Rates

__all__ = ["Snapshot", "look", "size", "status"]

UNAVAILABLE = 69
"""EX_UNAVAILABLE of sysexits.h: nothing can be sent."""
SCARCE_OCTETS = 100 * 1000 * 1000
"""Less free space than this is worth a warning."""
LEAST_OCTETS = 1000 * 1000
"""With less free space than this nothing is sent: an attempt could not be written down."""
ACK_ALARM_SECONDS = 90.0
"""As ``smsd.gateway.ACK_ALARM_SECONDS``, without importing the gateway for it; a test compares them."""
DAY_SECONDS = 86400.0
ERRORS_SHOWN = 5
ALERTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the screen shows, as it is now."""

    daemon: str | None
    routes: list[dict[str, Any]]
    queue: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    inbox: dict[str, int]
    oldest_ack: float | None
    free_octets: int | None
    rates: "Rates"
    last_errors: list[dict[str, Any]]
    alerts: "list[tuple[dict[str, Any], Hold | None]]"
    held: list[dict[str, Any]]
    alarms: "list[Standing]"
    stuck: dict[str, Any] | None = None
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """Say why nothing can be sent; nothing when something can."""
        found = []
        if self.daemon is None:
            found.append(_("no daemon runs: 'smsd run', or 'systemctl start smsd', starts it"))
        elif not any(row["up"] for row in self.routes):
            found.append(_("no route is up"))
        if self.free_octets is not None and self.free_octets < LEAST_OCTETS:
            found.append(_("no room on the disk: nothing is sent until there is some"))
        return found

    def warnings(self, now: float) -> list[str]:
        """Say what a person should look at although something can be sent."""
        found = []
        if self.oldest_ack is not None and (waited := now - self.oldest_ack) > ACK_ALARM_SECONDS:
            late = _("an acknowledgement has been waiting for {age}; two minutes are promised")
            found.append(late.format(age=age(waited)))
        if self.stuck is not None:
            told = _("{requests} of clients waiting for {age}: {why}; 'smsd request list --state accepted' shows which")
            words = {"requests": plural(self.stuck["count"], "request"), "age": age(now - self.stuck["received_at"])}
            found.append(told.format(**words, why=said(self.stuck["error"])))
        if self.free_octets is not None and LEAST_OCTETS <= self.free_octets < SCARCE_OCTETS:
            found.append(_("little room on the disk: {size} free").format(size=size(self.free_octets)))
        if doubts := self.doubts:
            told = _("{messages} in doubt: 'smsd outbox list --state in_doubt' shows which")
            found.append(told.format(messages=plural(doubts, "message")))
        if self.held:
            told = ngettext(
                "passwords to {n} number are held, its SIM was replaced: 'smsd client held' shows which",
                "passwords to {n} numbers are held, their SIMs were replaced: 'smsd client held' shows which",
                len(self.held),
            )
            found.append(told.format(n=len(self.held)))
        if unheard := sum(row["count"] for row in self.events if row["state"] == "given_up"):
            told = _("{events} never heard by a webhook: 'smsd webhook list --given-up' shows which")
            found.append(told.format(events=plural(unheard, "event")))
        return found

    @property
    def doubts(self) -> int:
        """Count the messages of which it is not known whether they left."""
        return sum(row["count"] for row in self.queue if row["state"] == "in_doubt")

    @property
    def lookalikes(self) -> int:
        """Count the texts of the last day that nearly were commands."""
        return self.inbox.get("lookalike", 0)


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
    ctx.exit(UNAVAILABLE if snapshot.problems else 0)


def look(app: App, store: "Store", now: float) -> Snapshot:
    """Look at everything at once."""
    alerts = app.alert_desk(store)
    return Snapshot(
        daemon=app.daemon(),
        routes=with_lives(store, store.routes()),
        queue=store.outbox.counts(),
        requests=store.requests.counts(),
        inbox=store.inbox.counts(now - DAY_SECONDS),
        oldest_ack=store.outbox.oldest_ack(),
        free_octets=_free(app.database.parent),
        rates=store.figures.rates(),
        last_errors=store.figures.last_errors(ERRORS_SHOWN),
        alerts=[(row, alerts.hold(row)) for row in store.alerts.recent(limit=ALERTS_SHOWN, only_open=True)],
        held=store.swaps.recent(),
        alarms=standing_now(store),
        stuck=store.requests.stuck(),
        events=store.events.counts(),
    )


def _free(directory: Path) -> int | None:
    try:
        room = os.statvfs(directory)
    except OSError:
        return None
    return room.f_bavail * room.f_frsize


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
            ("daemon", said(snapshot.daemon or "") or _("none runs")),
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
        [(each.condition.value, each.about, clock.since(each.since), each.detail) for each in snapshot.alarms],
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


def size(octets: int) -> str:
    """Say a number of octets in the unit that suits it."""
    value = float(octets)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.0f} TB"
