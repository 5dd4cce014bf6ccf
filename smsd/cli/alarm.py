"""``smsd alarm``: what is wrong, what was told of it, whether the ways of telling work."""

import os
import time
from typing import TYPE_CHECKING, Any

import click

from smsd.cli.app import App, pass_app
from smsd.cli.output import Clock, dry_run_option, json_option, limit_option, print_json, print_table, tell
from smsd.errors import NotFoundError, UsageError
from smsd.speech import _, said

if TYPE_CHECKING:
    from smsd.rules.alarms import Condition, Standing
    from smsd.store import Row, Store

__all__ = ["alarm", "gone_for", "standing_fields", "standing_now"]

LOOK_SECONDS = 0.1


@click.group(epilog="Example: smsd alarm list")
def alarm() -> None:
    """See what is wrong and was told to the administrators; try whether it reaches them.

    Who is told, and how, says the table [alarms] of the configuration.
    """


@alarm.command("list", epilog="Example: smsd alarm list --all --json")
@click.option("--all", "everything", is_flag=True, help="What was told lately, not only what stands.")
@limit_option
@json_option
@pass_app
def list_(app: App, *, everything: bool, limit: int, as_json: bool) -> None:
    """List what is wrong now, or with --all what was told, newest first."""
    clock = Clock(app.config.service.zone, app.now)
    with app.store() as store:
        standing = standing_now(store)
        told = store.alarms.recent(limit=limit) if everything else []
    if everything:
        _show_told(told, clock, as_json=as_json)
    else:
        _show_standing(standing[: limit or None], clock, as_json=as_json)


@alarm.command(epilog="Example: smsd alarm test")
@click.option(
    "--wait", metavar="SECONDS", type=click.FloatRange(0, 600), default=40.0, show_default=True,
    help="How long the command's end is waited for.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say only who would hear of it: nobody does.")
@json_option
@click.pass_context
@pass_app
def test(app: App, ctx: click.Context, *, wait: float, dry_run: bool, as_json: bool) -> None:
    """Tell a test by every way that alarms take: messages, journal, command.

    Exits with 69 when no daemon runs: it is the daemon that sends and runs the command.
    """
    from smsd.daemon.alarms import alarm_settings  # noqa: PLC0415  start-up time
    from smsd.daemon.settings import gateway_settings  # noqa: PLC0415
    from smsd.rules.outbox import MessageClass  # noqa: PLC0415
    from smsd.store.bell import ring  # noqa: PLC0415

    config = app.config
    if not config.alarms.phones and not config.alarms.command:
        raise UsageError("nobody would hear of it: write phones, or a command, into [alarms] of the configuration")
    if dry_run:
        _show_who_hears(app, as_json=as_json)
        return
    settings, gateway = alarm_settings(config, {}), gateway_settings(config)
    with app.store() as store:
        told = store.alarms.test(
            lambda event, number: settings.words(
                lambda phone, text: gateway.message(MessageClass.ADMIN, phone, text, app.now), event, number
            )
        )
        ring(store.path)
        row = _outcome(app, store, told.id, wait)
    runs = app.daemon() is not None
    clock = Clock(config.service.zone, app.now)
    if as_json:
        print_json({**_event_fields(row, clock), "daemon": runs})
    else:
        for phone in config.alarms.phones:
            click.echo(_("a message to {phone} is queued: 'smsd outbox list' shows it").format(phone=phone))
        if config.alarms.command:
            click.echo(_("the command: {outcome}").format(outcome=row["outcome"] or _("it has not ended yet")))
        if not runs:
            click.echo(_("no daemon runs: it is told when one does"))
    ctx.exit(0 if runs else os.EX_UNAVAILABLE)


def _show_who_hears(app: App, *, as_json: bool) -> None:
    alarms = app.config.alarms
    if as_json:
        print_json({"phones": list(alarms.phones), "command": bool(alarms.command), "dry_run": True})
        return
    for phone in alarms.phones:
        tell(_("a message to {phone} would be queued").format(phone=phone), dry_run=True)
    if alarms.command:
        tell(_("the command would be run"), dry_run=True)


def _outcome(app: App, store: "Store", event_id: int, wait: float) -> "Row":
    """Return the event once a daemon has carried it, or as it is when time is up."""
    until = time.monotonic() + (wait if app.config.alarms.command and app.daemon() is not None else 0.0)
    while (row := store.alarms.event(event_id))["carried_at"] is None and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
    return row


@alarm.command(epilog="Example: smsd alarm silence modem_away --hours 8")
@click.argument("condition", metavar="NAME")
@click.argument("about", metavar="[ABOUT]", default="*")
@click.option(
    "--hours", metavar="N", type=click.FloatRange(0, 24 * 365), default=8.0, show_default=True,
    help="For how long; 0 ends the silence.",
)  # fmt: skip
@dry_run_option
@pass_app
def silence(app: App, condition: str, about: str, *, hours: float, dry_run: bool) -> None:
    """Keep an alarm quiet for some hours, about one route (ABOUT) or whatever it is about.

    It is still judged, listed and written to the journal; nobody gets a message, and no command runs.
    """
    known = _condition(condition)
    with app.store(dry_run=dry_run) as store:
        store.alarms.silence(known, about, app.now + 3600.0 * hours)
    told = _("{condition}: quiet for {hours:g} h") if hours else _("{condition}: told again")
    tell(told.format(condition=known.value, hours=hours), dry_run=dry_run)


def _condition(written: str) -> "Condition":
    from smsd.rules.alarms import Condition  # noqa: PLC0415  start-up time

    try:
        return Condition(written.replace("-", "_").lower())
    except ValueError:
        names = ", ".join(each.value for each in Condition)
        raise NotFoundError(f"no alarm is called {written!r}; there are: {names}") from None


def standing_now(store: "Store") -> "list[Standing]":
    """List the alarms that stand and were told, the worst first."""
    from smsd.rules.alarms import ALARMS  # noqa: PLC0415  start-up time

    told = [each for each in store.alarms.ledger().values() if each.raised_at is not None]
    return sorted(told, key=lambda each: (-ALARMS[each.condition].severity.rank, each.since))


def gone_for(standing: "Standing", clock: Clock) -> str:
    """Say that an alarm's cause is gone, and for how long; the empty text while it is there.

    The all-clear waits until the trouble stays away; whoever looks meanwhile must not take it for one that goes on.
    """
    if standing.gone_at is None:
        return ""
    return _("gone for {age}, the all-clear follows if it stays so").format(age=clock.since(standing.gone_at))


def standing_fields(standing: "Standing", clock: Clock) -> dict[str, Any]:
    """Return an alarm that stands as scripts see it."""
    from smsd.rules.alarms import ALARMS  # noqa: PLC0415  start-up time

    known = ALARMS[standing.condition]
    return {
        "condition": standing.condition.value,
        "about": standing.about,
        "severity": known.severity.value,
        "since": clock.iso(standing.since),
        "gone_at": clock.iso(standing.gone_at),
        "detail": standing.detail,
        "figure": standing.figure,
        "meaning": known.meaning,
        "cure": known.cure,
    }


def _show_standing(standing: "list[Standing]", clock: Clock, *, as_json: bool) -> None:
    from smsd.rules.alarms import ALARMS  # noqa: PLC0415  start-up time

    if as_json:
        print_json([standing_fields(each, clock) for each in standing])
        return
    print_table(
        ("severity", "alarm", "about", "since", "what to do"),
        [
            (
                ALARMS[each.condition].severity.value, each.condition.value, each.about, clock.day(each.since),
                gone_for(each, clock) or said(ALARMS[each.condition].cure),
            )
            for each in standing
        ],
        flexible="what to do",
        empty=_("nothing is wrong"),
    )  # fmt: skip


def _event_fields(row: "Row", clock: Clock) -> dict[str, Any]:
    """Return what was told as scripts see it."""
    return {
        "id": row["id"],
        "at": clock.iso(row["at"]),
        "change": row["change"],
        "condition": row["condition"] or None,
        "about": row["about"],
        "since": clock.iso(row["since"]),
        "detail": row["detail"],
        "figure": row["figure"],
        "silenced": bool(row["quiet"]),
        "messages": row["messages"],
        "carried_at": clock.iso(row["carried_at"]),
        "outcome": row["outcome"],
    }


def _show_told(rows: "list[Row]", clock: Clock, *, as_json: bool) -> None:
    if as_json:
        print_json([_event_fields(row, clock) for row in rows])
        return
    print_table(
        ("at", "change", "alarm", "about", "messages", "command", "detail"),
        [
            (
                clock.day(row["at"]), row["change"], row["condition"] or "—", row["about"],
                _("silenced") if row["quiet"] else row["messages"], row["outcome"], said(row["detail"]),
            )
            for row in rows
        ],
        flexible="detail",
        empty=_("nothing has been told yet"),
    )  # fmt: skip
