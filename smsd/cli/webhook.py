"""``smsd webhook``: what the client-support system was to be told and has not heard."""

from typing import Any

import click

from smsd.cli.app import App, pass_app
from smsd.cli.output import (
    ROW_ID,
    Clock,
    dry_run_option,
    json_option,
    limit_option,
    plural,
    print_json,
    print_table,
    tell,
)
from smsd.errors import UsageError
from smsd.rules.webhooks import EventState
from smsd.speech import _

__all__ = ["webhook"]

TIMES = ("at", "due_at")


@click.group(epilog="Example: smsd webhook list")
def webhook() -> None:
    """See what has not been heard of what webhooks were told, and tell it again."""


@webhook.command("list", epilog="Example: smsd webhook list --given-up")
@click.option("--given-up", is_flag=True, help="Only events that are not tried any more.")
@limit_option
@json_option
@pass_app
def list_(app: App, *, given_up: bool, limit: int, as_json: bool) -> None:
    """List events that wait to be told or were given up, newest first. What was heard is forgotten."""
    with app.store() as store:
        rows = store.events.recent(limit=limit, state=EventState.GIVEN_UP if given_up else None)
        counts = store.events.counts()
        told = store.events.told()
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        print_json([_fields(row, clock) for row in rows])
        return
    if not told:
        click.echo(_("nobody is told anything: there is no [[webhook]], or no daemon has run with it"), err=True)
    for row in counts:
        state = _("given up") if row["state"] == EventState.GIVEN_UP else _("waiting")
        click.echo(
            f"{row['webhook']}: {plural(row['count'], 'event')} {state}, "
            + _("the oldest of {when}").format(when=clock.full(row["oldest"]))
        )
    print_table(
        ("id", "webhook", "what", "about", "at", "tries", "state", "next", "why"),
        [
            (
                row["id"], row["webhook"], f"{row['kind']} {row['word']}", _about(row), clock.day(row["at"]),
                row["tries"], row["state"], clock.until(row["due_at"]), row["error"] or "",
            )
            for row in rows
        ],
        flexible="why",
        empty=_("everything was heard"),
    )  # fmt: skip


@webhook.command(epilog="Example: smsd webhook retry --all")
@click.argument("event_id", metavar="[ID]", type=ROW_ID, required=False)
@click.option("--all", "everything", is_flag=True, help="All events that were given up.")
@dry_run_option
@pass_app
def retry(app: App, event_id: int | None, *, everything: bool, dry_run: bool) -> None:
    """Have an event told at once, or all that were given up."""
    if (event_id is None) != everything:
        raise UsageError("say what is told again: the number of an event, or --all")
    with app.store(dry_run=dry_run) as store:
        count = store.events.retry(event_id)
    tell(_("{count} to be told again").format(count=plural(count, "event")), dry_run=dry_run)


def _about(row: dict[str, Any]) -> str:
    from smsd.rules.phones import mask  # noqa: PLC0415  start-up time

    number = "" if row["subject_id"] is None else f"{row['subject_id']}, "
    return f"{number}{mask(row['phone'])}"


def _fields(row: dict[str, Any], clock: Clock) -> dict[str, Any]:
    return {**row, **{name: clock.iso(row[name]) for name in TIMES}}
