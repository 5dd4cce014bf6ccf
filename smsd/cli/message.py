"""``smsd send`` and ``smsd notify``: one message into the outbox."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from smsd.cli.app import App, pass_app
from smsd.cli.output import dry_run_option, json_option, plural, print_json, print_pairs
from smsd.errors import SmsdError, UsageError
from smsd.speech import N_, _, said

if TYPE_CHECKING:
    from smsd.desk import Draft, Queued

__all__ = ["notify", "send"]


@click.command(epilog='Example: smsd send +79161234567 "Перезвоните нам, пожалуйста."')
@click.argument("phone")
@click.argument("text")
@click.option("--yes", is_flag=True, help="Do not ask, even when the number wants no notifications.")
@dry_run_option
@json_option
@pass_app
def send(app: App, phone: str, text: str, *, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Send one message by hand.

    It goes before notifications and alerts. A number that has opted out of notifications is asked about first; where
    nobody can be asked, nothing is sent without --yes.
    """
    with app.store(dry_run=dry_run) as store:
        desk = app.desk(store)
        desk.count_parts(text)
        if not yes and not dry_run and desk.opted_out(phone):
            _ask()
        queued = desk.send(phone, text)
    if as_json:
        print_json(_fields(queued, dry_run=dry_run))
        return
    _say_that_it_is_queued(queued, dry_run=dry_run)
    _say_who_sends(app)


@click.command(epilog='Example: smsd notify --key order-1733 +79161234567 "Ваш заказ готов."')
@click.argument("phone")
@click.argument("text", required=False)
@click.option("--template", metavar="NAME", help="A template instead of a text; 'smsd template list' shows them.")
@click.option(
    "--var", "variables", metavar="NAME=VALUE", multiple=True, help="A value for the template; several times."
)
@click.option("--key", metavar="KEY", help="What the message is known by: the same key again adds nothing.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent; nothing is queued.")
@json_option
@pass_app
def notify(app: App, /, phone: str, *, as_json: bool, dry_run: bool, **asked: Any) -> None:
    """Send a notification, unless its reader wants none.

    Whether a number has opted out is looked at in the moment of sending: the message is queued in any case, and comes
    to rest as "suppressed" where it is not wanted.
    """
    values = _values(asked["variables"])
    what = {"text": asked["text"], "template": asked["template"], "values": values}
    if dry_run:
        with app.store() as store:
            _show_draft(app.desk(store).draft(phone, **what), as_json=as_json)
        return
    with app.store() as store:
        queued = app.desk(store).notify(phone, **what, key=asked["key"])
    if as_json:
        print_json({**_fields(queued, dry_run=False), "opted_out": queued.opted_out})
        return
    if not queued.new:
        click.echo(_("message {id}: this key stands for it already, nothing is added").format(id=queued.id))
        return
    _say_that_it_is_queued(queued, dry_run=False)
    if queued.opted_out:
        click.echo(_(OPTED_OUT), err=True)
    _say_who_sends(app)


OPTED_OUT = N_("the number has opted out: unless that changes, the message will be suppressed, not sent")


def _values(variables: Sequence[str]) -> dict[str, str]:
    """Return the values of a template as they were given; raise ``UsageError`` for what is none."""
    values: dict[str, str] = {}
    for each in variables:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise UsageError(f"--var {name} has no value: write --var name=value")
        if name in values:
            raise UsageError(f"--var {name} is given twice")
        values[name] = value
    return values


def _show_draft(draft: "Draft", *, as_json: bool) -> None:
    if as_json:
        told = {"recipient": draft.recipient, "text": draft.text, "parts": draft.parts}
        print_json({**told, "opted_out": draft.opted_out, "odd": list(draft.odd)})
        return
    print_pairs([("to", draft.recipient), ("text", draft.text), ("makes", plural(draft.parts, "part"))])
    _say_what_is_odd(draft.odd)
    if draft.opted_out:
        click.echo(_(OPTED_OUT), err=True)


def _ask() -> None:
    """Ask whether somebody who wants no notifications is written to all the same."""
    if not _on_a_terminal():
        raise SmsdError(
            "this number has opted out of notifications; nothing is sent. With --yes it is sent all the same"
        )
    if not click.confirm(_("this number has opted out of notifications. Send all the same?"), err=True):
        raise SmsdError("nothing is sent")


def _on_a_terminal() -> bool:
    return sys.stdin.isatty()


def _fields(queued: "Queued", *, dry_run: bool) -> dict[str, Any]:
    """Return what was queued as scripts see it; what was only tried has no number."""
    number = None if dry_run and queued.new else queued.id
    fields = {"id": number, "recipient": queued.recipient, "parts": queued.parts, "new": queued.new}
    return {**fields, "dry_run": True} if dry_run else fields


def _say_that_it_is_queued(queued: "Queued", *, dry_run: bool) -> None:
    told = (
        _("a message would be queued, {parts} to {recipient}")
        if dry_run
        else _("message {id}: queued, {parts} to {recipient}")
    )
    click.echo(told.format(id=queued.id, parts=plural(queued.parts, "part"), recipient=queued.recipient))
    _say_what_is_odd(queued.odd)


def _say_what_is_odd(odd: Sequence[str]) -> None:
    for what in odd:
        click.echo(_("this is {what}").format(what=said(what)), err=True)


def _say_who_sends(app: App) -> None:
    if app.daemon() is None:
        click.echo(_("no daemon runs: it will leave when one is started"), err=True)
