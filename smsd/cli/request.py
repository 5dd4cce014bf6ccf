"""``smsd request``: clients' requests (заявки) and what became of them."""

from typing import Any

import click

from smsd.cli.app import App, pass_app
from smsd.cli.output import (
    ROW_ID,
    Clock,
    dry_run_option,
    json_option,
    limit_option,
    print_json,
    print_life,
    print_pairs,
    print_table,
    tell,
)
from smsd.rules.requests import RequestState
from smsd.speech import _, said

__all__ = ["request"]


@click.group(epilog="Example: smsd request list --state failed")
def request() -> None:
    """See clients' requests; have one carried out again, give one up."""


@request.command("list", epilog="Example: smsd request list --phone +79161234567 --json")
@click.option(
    "--state",
    metavar="STATE",
    type=click.Choice([each.value for each in RequestState]),
    help=f"Only one of: {', '.join(RequestState)}.",
)
@click.option("--phone", metavar="PHONE", help="Only this client's.")
@limit_option
@json_option
@pass_app
def list_(app: App, *, state: str | None, phone: str | None, limit: int, as_json: bool) -> None:
    """List requests, newest first."""
    with app.store() as store:
        rows = store.requests.recent(limit=limit, state=state, phone=app.phone(phone))
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        print_json([_fields(row, clock) for row in rows])
        return
    print_table(
        ("id", "received", "phone", "command", "state", "done", "error"),
        [
            (
                row["id"], clock.day(row["received_at"]), row["phone"], row["command"], row["state"],
                clock.day(row["done_at"]), said(row["error"] or ""),
            )
            for row in rows
        ],
        flexible="error",
        empty=_("no request yet: a client makes one by writing 'CLIENT info'"),
    )  # fmt: skip


@request.command(epilog="Example: smsd request show 5")
@click.argument("request_id", metavar="ID", type=ROW_ID)
@json_option
@pass_app
def show(app: App, request_id: int, *, as_json: bool) -> None:
    """Show a request with the messages it led to."""
    with app.store() as store:
        row = store.requests.show(request_id)
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        print_json(_fields(row, clock) | _details(row, clock))
        return
    print_pairs(
        [
            ("request", row["id"]),
            ("received", clock.full(row["received_at"])),
            ("phone", row["phone"]),
            ("command", row["command"]),
            ("state", row["state"]),
            ("asked", row["asked"]),
            ("due", clock.full(row["due_at"])),
            ("done", clock.full(row["done_at"])),
            ("error", said(row["error"] or "")),
            ("inbox", row["inbox_id"]),
        ]
    )
    if row["messages"]:
        click.echo()
    print_table(
        ("message", "class", "state", "created", "sent", "delivered", "error"),
        [
            (
                each["id"], each["class"], each["state"], clock.day(each["created_at"]), clock.day(each["sent_at"]),
                clock.day(each["delivered_at"]), said(each["error"] or ""),
            )
            for each in row["messages"]
        ],
        flexible="error",
        indent="  ",
    )  # fmt: skip


@request.command(epilog="Example: smsd request why 5")
@click.argument("request_id", metavar="ID", type=ROW_ID)
@json_option
@pass_app
def why(app: App, request_id: int, *, as_json: bool) -> None:
    """Tell the life of a request in plain words."""
    from smsd.cli.life import request_life  # noqa: PLC0415  start-up time

    with app.store() as store:
        row = store.requests.show(request_id)
        daemon = app.daemon() is not None
    sentences = request_life(row, Clock(app.config.service.zone, app.now), daemon=daemon)
    print_life(row, sentences, as_json=as_json)


@request.command(epilog="Example: smsd request retry 5")
@click.argument("request_id", metavar="ID", type=ROW_ID)
@dry_run_option
@pass_app
def retry(app: App, request_id: int, *, dry_run: bool) -> None:
    """Have a request carried out again, and its answer sent again."""
    with app.store(dry_run=dry_run) as store:
        app.desk(store).retry_request(request_id)
    tell(_("request {id}: accepted again").format(id=request_id), dry_run=dry_run)


@request.command(epilog="Example: smsd request fail 5")
@click.argument("request_id", metavar="ID", type=ROW_ID)
@dry_run_option
@pass_app
def fail(app: App, request_id: int, *, dry_run: bool) -> None:
    """Give an open request up and apologise to the client."""
    with app.store(dry_run=dry_run) as store:
        message_id = app.desk(store).fail_request(request_id)
    told = _("request {id}: given up; message {message} tells the client")
    tell(told.format(id=request_id, message=message_id), dry_run=dry_run)


def _fields(row: dict[str, Any], clock: Clock) -> dict[str, Any]:
    return {
        "id": row["id"],
        "received_at": clock.iso(row["received_at"]),
        "phone": row["phone"],
        "command": row["command"],
        "state": row["state"],
        "done_at": clock.iso(row["done_at"]),
        "error": row["error"],
        "asked": row["asked"],
        "due_at": clock.iso(row["due_at"]),
    }


def _details(row: dict[str, Any], clock: Clock) -> dict[str, Any]:
    return {
        "inbox_id": row["inbox_id"],
        "messages": [
            {
                "id": each["id"],
                "class": each["class"],
                "state": each["state"],
                "created_at": clock.iso(each["created_at"]),
                "sent_at": clock.iso(each["sent_at"]),
                "delivered_at": clock.iso(each["delivered_at"]),
                "error": each["error"],
            }
            for each in row["messages"]
        ],
    }
