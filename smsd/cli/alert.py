"""``smsd alert``: one text to many people: looked at before, queued, followed, paused, withdrawn."""

import csv
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from smsd.cli.alertview import alert_fields, hold_words, preview_fields, print_alert, print_alerts, print_preview
from smsd.cli.app import App, pass_app
from smsd.cli.output import ROW_ID, Clock, dry_run_option, json_option, limit_option, plural, print_json, progress, tell
from smsd.errors import SmsdError, UsageError
from smsd.speech import _, ngettext, said

if TYPE_CHECKING:
    from smsd.desk.alerts import AlertDesk, Made, Order, Preview
    from smsd.rules.alerts import Summary
    from smsd.store import Row, Store

__all__ = ["alert"]

TYPED_FROM = 1000
"""Over so many recipients yes is not enough: the number is to be typed."""
WAIT_SECONDS = 1.0
CSV_COLUMNS = (
    "sequence", "phone", "state", "route", "sender", "sent_at", "delivered_at", "error", "message_id", "parts",
    "consent_at", "consent_source", "timezone", "overrode",
)  # fmt: skip

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options say, as they were written."""

    text: str | None
    text_file: Path | None
    everybody: bool
    file: Path | None
    phones: tuple[str, ...]
    starts_at: str | None
    expires_at: str | None
    allow_fallback: bool
    override: str | None
    key: str | None


@click.group(epilog='Example: smsd alert preview --all --text "Завтра с 9:00 до 12:00 портал недоступен."')
def alert() -> None:
    """Write one text to many people.

    Alerts leave last: an answer to a client, and whatever else is queued, goes before the next part of an alert.
    """


def _options(command: Command) -> Command:
    """Add what says who is written to, and what."""
    for option in reversed(
        [
            click.option("--text", metavar="TEXT", help="The text; {column} stands for a value of each recipient."),
            click.option(
                "--text-file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
                help="The same from a file in UTF-8.",
            ),
            click.option("--all", "everybody", is_flag=True, help="To every client; columns: name, code, login."),
            click.option(
                "--csv", "file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
                help="To everybody in a file: phone, values for the text, and perhaps consent_at, consent_source.",
            ),
            click.option("--to", "phones", metavar="PHONE", multiple=True, help="To this number; may be repeated."),
            click.option(
                "--at", "starts_at", metavar="TIME", help="When it starts: 2026-03-01T12:00, or 12:00 for the next one."
            ),
            click.option("--until", "expires_at", metavar="TIME", help="When it is too late for what has not left."),
            click.option(
                "--allow-fallback", is_flag=True, help="It may leave by the SIM, under its number, while no bind is up."
            ),
            click.option(
                "--override", metavar="KIND",
                help="To those as well who want none, as a kind that alerts.override_opt_out names.",
            ),
            click.option("--key", metavar="KEY", help="What the alert is known by: the same key again adds nothing."),
        ]
    ):  # fmt: skip
        command = option(command)
    return command


@alert.command(epilog='Example: smsd alert preview --csv debtors.csv --text "{name}, оплатите {sum} руб."')
@_options
@json_option
@pass_app
def preview(app: App, /, *, as_json: bool, **asked: Any) -> None:
    """Say what an alert would be: who, how many parts, which way, at what price, when. Nothing is queued."""
    _show_preview(app, Asked(**asked), as_json=as_json)


def _show_preview(app: App, asked: Asked, *, as_json: bool) -> None:
    with app.store() as store:
        looked = app.alert_desk(store).preview(_order(app, store, asked))
    if as_json:
        print_json(preview_fields(looked, Clock(app.config.service.zone, app.now)))
        return
    print_preview(looked, Clock(app.config.service.zone, app.now))


@alert.command(epilog="Example: smsd alert send --csv list.csv --text-file text.txt --at 10:00 --key march-works")
@_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--wait", is_flag=True, help="Return when it is over; 1 where not all left or arrived.")
@click.option("--dry-run", is_flag=True, help="Only show it, as 'smsd alert preview' does: nothing is queued.")
@json_option
@click.pass_context
@pass_app
def send(app: App, ctx: click.Context, /, *, yes: bool, wait: bool, dry_run: bool, as_json: bool, **asked: Any) -> None:
    """Queue an alert, wholly or not at all.

    It is shown and asked about first; over 1,000 recipients their number is to be typed. Where nobody can be asked,
    nothing is queued without --yes. What is not yet in the air can be paused, resumed and cancelled.
    """
    if dry_run:
        _show_preview(app, Asked(**asked), as_json=as_json)
        return
    clock = Clock(app.config.service.zone, app.now)
    with app.store() as store:
        desk = app.alert_desk(store)
        order = _order(app, store, Asked(**asked))
        approved = None if yes else _ask(desk.preview(order), clock, quiet=as_json)
        made = _queue(desk, order, approved)
        foreseen = desk.foresee(order, made.summary, queued=made.id) if made.new else None
        _tell(app, store, made, foreseen, clock, as_json=as_json)
        if wait:
            ctx.exit(_wait(app, store, desk, made.id))


def _ask(looked: "Preview", clock: Clock, *, quiet: bool) -> "Summary | None":
    """Show a preview and ask; return what was agreed on, or nothing where there is nothing to ask."""
    if looked.existing is not None:
        return None
    if not quiet:
        print_preview(looked, clock)
        click.echo()
    count = looked.summary.recipients
    if count and not _on_a_terminal():
        raise SmsdError("nobody can be asked here: nothing is queued. With --yes it is")
    if count > TYPED_FROM:
        typed = click.prompt(_("Type the number of recipients to send it"), err=True, default="", show_default=False)
        if typed.strip().replace(",", "").replace(" ", "") != str(count):
            raise SmsdError("that is not the number of recipients: nothing is queued")
    elif count and not click.confirm(_ask_for(count), err=True):
        raise SmsdError("nothing is queued")
    return looked.summary


def _ask_for(count: int) -> str:
    return ngettext("Send it to {n} recipient?", "Send it to {n} recipients?", count).format(n=count)


def _queue(desk: "AlertDesk", order: "Order", approved: "Summary | None") -> "Made":
    total = 0 if approved is None else approved.recipients + approved.dropped_count
    with progress(_("queueing"), total) as more:
        return desk.send(order, approved=approved, progress=more)


def _tell(app: App, store: "Store", made: "Made", foreseen: "Preview | None", clock: Clock, *, as_json: bool) -> None:
    if as_json:
        print_json({**alert_fields(store.alerts.show(made.id), clock, None), "new": made.new})
        return
    if foreseen is None:
        click.echo(_("alert {id}: this key stands for it already, nothing is added").format(id=made.id))
        return
    told = [plural(made.summary.recipients, "recipient"), plural(made.summary.parts, "part")]
    if made.summary.dropped_count:
        told.append(_("dropped: {n}").format(n=made.summary.dropped_count))
    click.echo(_("alert {id}: queued, {what}").format(id=made.id, what=", ".join(told)))
    for warning in foreseen.warnings:
        click.echo(_("warning: {what}").format(what=said(warning)), err=True)
    if app.daemon() is None:
        click.echo(_("no daemon runs: it will leave when one is started"), err=True)


def _wait(app: App, store: "Store", desk: "AlertDesk", alert_id: int) -> int:
    """Follow an alert to its end; return the exit code."""
    try:
        row = _follow(app, store, desk, alert_id)
    except KeyboardInterrupt:
        told = _("\nalert {id} goes on; 'smsd alert show {id}' follows it, 'smsd alert cancel {id}' withdraws it")
        click.echo(told.format(id=alert_id), err=True, nl=False)
        raise
    if row is None:
        click.echo(_("no daemon runs: the alert waits for one"), err=True)
        return os.EX_UNAVAILABLE
    left = sum(row["counts"].get(state, 0) for state in ("submitted", "delivered"))
    told = _("alert {id}: {state}, {sent} of {all} sent")
    told = told.format(id=alert_id, state=_(row["state"]), sent=left, all=row["recipients"])
    click.echo(told, err=True)
    return 0 if left == row["recipients"] else 1


def _follow(app: App, store: "Store", desk: "AlertDesk", alert_id: int) -> "Row | None":
    """Show an alert's progress, and once each what holds it; return it as it ended, nothing where no daemon runs."""
    row = store.alerts.show(alert_id)
    clock = Clock(app.config.service.zone, app.now)
    told: set[str] = set()
    with progress(_("alert {id}").format(id=alert_id), row["recipients"]) as more:
        shown = 0
        while True:
            waiting = sum(row["counts"].get(state, 0) for state in ("queued", "submitting"))
            more(max(0, row["recipients"] - waiting - shown))
            shown = max(shown, row["recipients"] - waiting)
            if row["state"] in ("done", "cancelled"):
                return row
            if app.daemon() is None:
                return None
            hold = desk.hold(row)
            if hold is not None and (kind := re.sub(r"[0-9]+", "", hold.reason)) not in told:
                told.add(kind)
                words = _("alert {id} is held: {why}").format(id=alert_id, why=hold_words(hold, clock))
                click.echo(f"\n{words}" if sys.stderr.isatty() else words, err=True)  # below the bar
            _rest(WAIT_SECONDS)
            row = store.alerts.show(alert_id)


@alert.command("list", epilog="Example: smsd alert list --json")
@limit_option
@json_option
@pass_app
def list_(app: App, *, limit: int, as_json: bool) -> None:
    """List alerts, newest first."""
    with app.store() as store:
        rows = store.alerts.recent(limit=limit)
        desk = app.alert_desk(store)
        holds = {row["id"]: desk.hold(row) for row in rows if row["state"] in ("running", "paused")}
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        print_json([alert_fields(row, clock, holds.get(row["id"])) for row in rows])
        return
    print_alerts(rows, clock, {alert_id: hold_words(hold, clock) for alert_id, hold in holds.items()})


@alert.command(epilog="Example: smsd alert show 3 --csv > alert-3.csv")
@click.argument("alert_id", metavar="ID", type=ROW_ID)
@click.option("--csv", "as_csv", is_flag=True, help="Print every recipient with what became of him, as CSV.")
@json_option
@pass_app
def show(app: App, alert_id: int, *, as_csv: bool, as_json: bool) -> None:
    """Show an alert: recipients by state, rate, time left, failures by cause, and what holds it."""
    clock = Clock(app.config.service.zone, app.now)
    with app.store() as store:
        if as_csv:
            _print_csv(store, alert_id, clock)
            return
        row = store.alerts.show(alert_id)
        hold = app.alert_desk(store).hold(row)
    if as_json:
        print_json(alert_fields(row, clock, hold))
        return
    print_alert(row, clock, hold_words(hold, clock), daemon=app.daemon() is not None)


def _print_csv(store: "Store", alert_id: int, clock: Clock) -> None:
    writer = csv.DictWriter(sys.stdout, CSV_COLUMNS, extrasaction="ignore", lineterminator="\n")
    for number, row in enumerate(store.alerts.recipients(alert_id)):
        if not number:
            writer.writeheader()
        writer.writerow({**row, "sent_at": clock.iso(row["sent_at"]), "delivered_at": clock.iso(row["delivered_at"])})


@alert.command(epilog="Example: smsd alert pause 3")
@click.argument("alert_id", metavar="ID", type=ROW_ID)
@dry_run_option
@pass_app
def pause(app: App, alert_id: int, *, dry_run: bool) -> None:
    """Let nothing more of an alert leave; what has begun goes on to its last part."""
    with app.store(dry_run=dry_run) as store:
        app.alert_desk(store).pause(alert_id)
    tell(_("alert {id}: paused").format(id=alert_id), dry_run=dry_run)


@alert.command(epilog="Example: smsd alert resume 3")
@click.argument("alert_id", metavar="ID", type=ROW_ID)
@dry_run_option
@pass_app
def resume(app: App, alert_id: int, *, dry_run: bool) -> None:
    """Let a paused alert go on."""
    with app.store(dry_run=dry_run) as store:
        app.alert_desk(store).resume(alert_id)
    tell(_("alert {id}: goes on").format(id=alert_id), dry_run=dry_run)


@alert.command(epilog="Example: smsd alert cancel 3")
@click.argument("alert_id", metavar="ID", type=ROW_ID)
@dry_run_option
@pass_app
def cancel(app: App, alert_id: int, *, dry_run: bool) -> None:
    """Withdraw for good what has not left of an alert; what has begun goes on to its last part."""
    with app.store(dry_run=dry_run) as store:
        app.alert_desk(store).cancel(alert_id)
        counts: Mapping[str, int] = store.alerts.show(alert_id)["counts"]
    tell(_("alert {id}: cancelled, {n} withdrawn").format(id=alert_id, n=counts.get("cancelled", 0)), dry_run=dry_run)


# --- what was asked for -----------------------------------------------------------------------------------------------


def _order(app: App, store: "Store", asked: Asked) -> "Order":
    """Turn the options into an order; raise ``UsageError`` where they do not agree."""
    from smsd.cli.alertfile import AlertFile  # noqa: PLC0415  start-up time
    from smsd.desk.alerts import CLIENT_COLUMNS, Order, client_candidates, moment  # noqa: PLC0415
    from smsd.rules.alerts import Candidate  # noqa: PLC0415

    if asked.everybody + (asked.file is not None) + bool(asked.phones) != 1:
        raise UsageError("say who is written to: one of --all, --csv FILE and --to PHONE")
    columns: tuple[str, ...] = ()
    if asked.everybody and app.config.directory.url:
        raise UsageError("--all: the clients are in the client-support system ([directory] url): give a --csv of them")
    if asked.everybody:
        columns, source = CLIENT_COLUMNS, lambda: client_candidates(store)
    elif asked.file is not None:
        file = AlertFile(asked.file)
        columns, source = file.columns, file.candidates
    else:
        for phone in asked.phones:
            app.phone(phone)  # what is typed here is refused at once, not dropped
        source = lambda: iter([Candidate(phone) for phone in asked.phones])  # noqa: E731
    zone = app.config.service.zone
    return Order(
        _text(asked),
        source,
        columns,
        None if asked.starts_at is None else moment(asked.starts_at, zone, app.now),
        None if asked.expires_at is None else moment(asked.expires_at, zone, app.now),
        asked.allow_fallback,
        asked.override,
        asked.key,
        None if asked.key is None else _fingerprint(app, asked),
    )


def _fingerprint(app: App, asked: Asked) -> str:
    """Hash all that was asked for but the text, which is compared as it is: the same key is for the same alert."""
    phones = [app.phone(phone) for phone in asked.phones]
    said_so = [asked.everybody, phones, asked.starts_at, asked.expires_at, asked.allow_fallback, asked.override]
    hashed = hashlib.blake2b(json.dumps(said_so).encode(), digest_size=16)
    if asked.file is not None:
        with asked.file.open("rb") as file:
            while octets := file.read(1 << 16):
                hashed.update(octets)
    return hashed.hexdigest()


def _text(asked: Asked) -> str:
    if (asked.text is None) == (asked.text_file is None):
        raise UsageError("say what is written: --text TEXT or --text-file FILE")
    if asked.text is not None:
        return asked.text
    assert asked.text_file is not None  # noqa: S101  said above
    try:
        return asked.text_file.read_text("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise UsageError(f"{asked.text_file}: not UTF-8 text") from None


def _rest(seconds: float) -> None:
    time.sleep(seconds)


def _on_a_terminal() -> bool:
    return sys.stdin.isatty()
