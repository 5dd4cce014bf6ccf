"""``smsd optout``: which numbers want no notifications and alerts; seen, exported, set by a person, and lifted.

Knows how a wish is shown. Refuses to decide whose wish holds: what a number says later by a text goes before what was
set here earlier, and no import lifts anything (``store.inbox.subscribe``).
"""

import csv
import sys
from collections.abc import Mapping
from typing import Any

import click

from smsd.cli.app import App, pass_app
from smsd.cli.output import Clock, json_option, limit_option, print_json, print_pairs, print_table
from smsd.errors import UsageError
from smsd.speech import _, said

__all__ = ["optout"]

COLUMNS = ("phone", "subscribed", "decided_at", "changed_at", "cause")
LONGEST_CAUSE = 200
ERASED = "erased:"
"""What stands before the mark of a number whose owner has been erased."""


@click.group(epilog="Example: smsd optout list --limit 0 --csv > stops.csv")
def optout() -> None:
    """See, export and set who wants no notifications and alerts.

    The wish belongs to the number, client or not. Answers to a client's own commands are always sent.
    """


@optout.command("list", epilog="Example: smsd optout list --all")
@click.option("--all", "everybody", is_flag=True, help="Those as well who have asked for them again.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@limit_option
@json_option
@pass_app
def list_(app: App, *, everybody: bool, as_csv: bool, limit: int, as_json: bool) -> None:
    """List the numbers that stopped, since when and why; the last changed first.

    Of a person who has been erased only a mark is left, by which the stop is found when the number comes back.
    """
    with app.store() as store:
        rows = store.clients.wishes(limit=limit, stopped_only=not everybody)
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        print_json([_fields(row, clock) for row in rows])
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_fields(row, clock) for row in rows)
    else:
        print_table(
            ("phone", "wants them", "since", "cause"),
            [(_phone(row), _wish(row), clock.day(row["decided_at"]), said(row["cause"])) for row in rows],
            flexible="cause",
            empty=_("nobody has stopped notifications and alerts"),
        )


@optout.command(epilog="Example: smsd optout show 8-916-123-45-67")
@click.argument("phone")
@json_option
@pass_app
def show(app: App, phone: str, *, as_json: bool) -> None:
    """Show what a number wishes, since when and why."""
    with app.store() as store:
        number = app.desk(store).phone(phone)
        row = store.clients.wish(number)
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        nothing: dict[str, Any] = dict.fromkeys(COLUMNS)
        print_json({**(nothing if row is None else _fields(row, clock)), "phone": number, "subscribed": _wants(row)})
        return
    print_pairs(
        [
            ("phone", number),
            ("wants them", _wish(row) if row else _("yes, it never said otherwise")),
            ("since", clock.full(row["decided_at"]) if row else ""),
            ("cause", said(row["cause"]) if row else ""),
        ]
    )


_cause = click.option("--cause", metavar="TEXT", help="Why: who asked for it, where it is written down.")
_dry = click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")


@optout.command("set", epilog='Example: smsd optout set +79161234567 --cause "letter of 2 March"')
@click.argument("phone")
@_cause
@_dry
@pass_app
def set_(app: App, phone: str, *, cause: str | None, dry_run: bool) -> None:
    """Stop notifications and alerts to a number."""
    _change(app, phone, cause or "", subscribed=False, dry_run=dry_run)


@optout.command(epilog='Example: smsd optout lift +79161234567 --cause "asked for it by telephone, call 5512"')
@click.argument("phone")
@_cause
@_dry
@pass_app
def lift(app: App, phone: str, *, cause: str | None, dry_run: bool) -> None:
    """Let notifications and alerts go to a number again. That it asked for them must be told: --cause."""
    if not (cause or "").strip():
        raise UsageError("say why a stop is lifted: --cause, such as who asked for it and where it is written down")
    _change(app, phone, cause or "", subscribed=True, dry_run=dry_run)


def _change(app: App, phone: str, cause: str, *, subscribed: bool, dry_run: bool) -> None:
    words = " ".join(cause.split())
    if len(words) > LONGEST_CAUSE:
        raise UsageError(f"the cause has {len(words)} characters; at most {LONGEST_CAUSE}")
    with app.store() as store:
        number = app.desk(store).phone(phone)
        if dry_run:
            changes = store.clients.subscribed(number) is not subscribed
        else:
            told = f"by hand: {words}" if words else "by hand"
            changes = store.clients.set_wish(number, subscribed=subscribed, cause=told)
    if not changes:
        already = _("{phone}: takes them already") if subscribed else _("{phone}: takes none already")
        click.echo(already.format(phone=number))
        return
    if dry_run:
        would = _("{phone}: would take them again") if subscribed else _("{phone}: would take none any more")
        click.echo(would.format(phone=number))
        return
    done = _("{phone}: takes them again") if subscribed else _("{phone}: takes none any more")
    click.echo(done.format(phone=number))
    if app.config.directory.url:
        click.echo(_("the client-support system is not told of what is set by hand, unless it has a webhook"), err=True)


def _fields(row: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
    """Return a wish as scripts see it."""
    return {
        "phone": row.get("phone"),
        "subscribed": bool(row["subscribed"]),
        "decided_at": clock.iso(row["decided_at"]),
        "changed_at": clock.iso(row["changed_at"]),
        "cause": row["cause"],
    }


def _wants(row: Mapping[str, Any] | None) -> bool:
    return row is None or bool(row["subscribed"])


def _wish(row: Mapping[str, Any]) -> str:
    return _("yes") if row["subscribed"] else _("no")


def _phone(row: Mapping[str, Any]) -> str:
    """Return a number; of an erased one only that it was."""
    phone = str(row["phone"])
    return _("(erased, {mark}…)").format(mark=phone.removeprefix(ERASED)[:8]) if phone.startswith(ERASED) else phone
