"""``smsd inbox``: what came in, ignored texts included."""

import contextlib
from typing import Any

import click

from smsd.cli.app import App, pass_app
from smsd.cli.arrival import arrival_life, resemblance
from smsd.cli.output import (
    ROW_ID,
    Clock,
    json_option,
    limit_option,
    print_json,
    print_life,
    print_pairs,
    print_table,
)
from smsd.errors import NotFoundError
from smsd.rules.reception import InboxState
from smsd.speech import _, said

__all__ = ["inbox"]


@click.group(epilog="Example: smsd inbox list --state lookalike")
def inbox() -> None:
    """See what came in, ignored texts included."""


@inbox.command("list", epilog="Example: smsd inbox list --phone +79161234567 --limit 10 --json")
@click.option(
    "--state",
    metavar="STATE",
    type=click.Choice([each.value for each in InboxState]),
    help=f"Only one of: {', '.join(InboxState)}.",
)
@click.option("--phone", metavar="PHONE", help="Only what came from this number.")
@limit_option
@json_option
@pass_app
def list_(app: App, *, state: str | None, phone: str | None, limit: int, as_json: bool) -> None:
    """List what came in, newest first."""
    with app.store() as store:
        rows = store.inbox.recent(limit=limit, state=state, phone=app.phone(phone))
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        print_json([_fields(row, clock) for row in rows])
        return
    print_table(
        ("id", "received", "from", "state", "request", "text"),
        [
            (
                row["id"], clock.day(row["received_at"]), row["sender"], row["state"], row["request_id"],
                row["text"] if row["text"] is not None else _unread(row),
            )
            for row in rows
        ],
        flexible="text",
        empty=_("nothing has come in"),
    )  # fmt: skip


@inbox.command(epilog="Example: smsd inbox show 17")
@click.argument("inbox_id", metavar="ID", type=ROW_ID)
@json_option
@pass_app
def show(app: App, inbox_id: int, *, as_json: bool) -> None:
    """Show one message that came in, with the octets it came as."""
    with app.store() as store:
        row = store.inbox.show(inbox_id)
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        print_json(_fields(row, clock) | _details(row, clock))
        return
    print_pairs(
        [
            ("message", row["id"]),
            ("received", clock.full(row["received_at"])),
            ("sent", clock.full(row["sent_at"])),
            ("from", row["sender"]),
            ("centre", row["service_centre"]),
            ("route", row["route"]),
            ("text", row["text"]),
            ("state", row["state"]),
            ("reason", said(row["reason"] or "")),
            ("resembles", resemblance(row)),
            ("command", row["command"]),
            ("request", row["request_id"]),
            ("parts", _("{n} of {all}").format(n=len(row["pdu_list"]), all=row["total"])),
        ]
    )
    for pdu in row["pdu_list"]:
        note = f"  ({said(pdu['note'])})" if pdu["note"] else ""
        told = _("part {n}, as it came{note}:").format(n=pdu["sequence"], note=note)
        octets = pdu["octets"].hex().upper() or _("no longer kept ([retention] pdu_days)")
        click.echo(f"\n{told}\n{octets}")


@inbox.command(epilog="Example: smsd inbox why 17")
@click.argument("inbox_id", metavar="ID", type=ROW_ID)
@json_option
@pass_app
def why(app: App, inbox_id: int, *, as_json: bool) -> None:
    """Tell the life of a message that came in, and why it was answered or not."""
    with app.store() as store:
        row = store.inbox.show(inbox_id)
        if row["request_id"] is not None:
            with contextlib.suppress(NotFoundError):
                row["request"] = store.requests.show(row["request_id"])
    config = app.config
    sentences = arrival_life(
        row,
        Clock(config.service.zone, app.now),
        incomplete=config.messages.incomplete,
        lenient=config.service.lenient_commands,
    )
    print_life(row, sentences, as_json=as_json)


def _unread(row: dict[str, Any]) -> str:
    """Say why there is no text to show."""
    return f"({said(row['reason'] or '') or _('its parts are not all here')})"


def _fields(row: dict[str, Any], clock: Clock) -> dict[str, Any]:
    return {
        "id": row["id"],
        "received_at": clock.iso(row["received_at"]),
        "sent_at": clock.iso(row["sent_at"]),
        "sender": row["sender"],
        "phone": row["phone"],
        "text": row["text"],
        "route": row["route"],
        "state": row["state"],
        "reason": row["reason"],
        "request_id": row["request_id"],
        "parts": row["total"],
    }


def _details(row: dict[str, Any], clock: Clock) -> dict[str, Any]:
    return {
        "service_centre": row["service_centre"],
        "command": row["command"],
        "resembles": resemblance(row),
        "pdus": [
            {
                "part": pdu["sequence"],
                "received_at": clock.iso(pdu["received_at"]),
                "octets": pdu["octets"].hex().upper() or None,
                "note": pdu["note"],
            }
            for pdu in row["pdu_list"]
        ],
    }
