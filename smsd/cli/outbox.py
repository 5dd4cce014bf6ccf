"""``smsd outbox``: what leaves, what has left, and what became of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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
from smsd.rules.outbox import MessageClass, State
from smsd.speech import _, said

if TYPE_CHECKING:
    from smsd.store import Store

__all__ = ["outbox", "print_messages"]

HIDDEN = "***"


@click.group(epilog="Example: smsd outbox list --state in_doubt")
def outbox() -> None:
    """See what leaves and what has left; send again, withdraw."""


@outbox.command("list", epilog="Example: smsd outbox list --class alert --state failed --limit 0 --json")
@click.option(
    "--state",
    metavar="STATE",
    type=click.Choice([each.value for each in State]),
    help=f"Only one of: {', '.join(State)}.",
)
@click.option(
    "--class",
    "message_class",
    metavar="CLASS",
    type=click.Choice([each.value for each in MessageClass]),
    help=f"Only one of: {', '.join(MessageClass)}.",
)
@click.option("--to", "--phone", "recipient", metavar="PHONE", help="Only what goes to this number.")
@limit_option
@json_option
@pass_app
def list_(
    app: App, *, state: str | None, message_class: str | None, recipient: str | None, limit: int, as_json: bool
) -> None:
    """List messages, newest first."""
    with app.store() as store:
        rows = store.outbox.recent(
            limit=limit, state=state, message_class=message_class, recipient=app.phone(recipient)
        )
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        print_json([_fields(row, clock) for row in rows])
        return
    print_messages(rows, clock)


@outbox.command(epilog="Example: smsd outbox show 42")
@click.argument("message_id", metavar="ID", type=ROW_ID)
@json_option
@pass_app
def show(app: App, message_id: int, *, as_json: bool) -> None:
    """Show a message with its parts, attempts and reports."""
    with app.store() as store:
        row = store.outbox.show(message_id)
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        print_json({**_fields(row, clock), **_details(row, clock)})
        return
    print_pairs(
        [
            ("message", row["id"]),
            ("created", clock.full(row["created_at"])),
            ("to", row["recipient"]),
            ("text", _text_for_people(row)),
            ("class", row["class"]),
            ("state", row["state"]),
            ("error", said(row["error"] or "")),
            ("route", row["route"]),
            ("sender", row["sender"]),
            ("due", clock.full(row["due_at"] or None)),
            ("expires", clock.full(row["expires_at"]) if row["due_at"] is not None else ""),
            ("sent", clock.full(row["sent_at"])),
            ("delivered", clock.full(row["delivered_at"])),
            ("request", row["request_id"]),
            ("alert", row["alert_id"]),
            ("key", row["idempotency_key"]),
            ("parts", row["parts"]),
        ]
    )
    _print_details(row, clock)


def _print_details(row: dict[str, Any], clock: Clock) -> None:
    if row["part_list"]:
        click.echo()
    print_table(
        ("part", "state", "refused", "sent", "report"),
        [
            (part["sequence"], part["state"], part["refusals"], clock.day(part["sent_at"]), part["report"])
            for part in row["part_list"]
        ],
        indent="  ",
    )
    if row["attempt_list"]:
        click.echo()
    print_table(
        ("attempt", "part", "began", "route", "outcome", "reference", "code", "evidence", "reason"),
        [
            (
                each["id"], each["sequence"] or _("all"), clock.day(each["started_at"]), each["route"],
                each["outcome"] or _("in the air"), each["reference"], each["code"], each["evidence"],
                said(each["reason"] or ""),
            )
            for each in row["attempt_list"]
        ],
        flexible="reason",
        indent="  ",
    )  # fmt: skip
    if row["report_list"]:
        click.echo()
    print_table(
        ("report", "part", "class", "code"),
        [
            (clock.day(each["received_at"]), each["sequence"] or _("all"), each["class"], each["code"])
            for each in row["report_list"]
        ],
        indent="  ",
    )


@outbox.command(epilog="Example: smsd outbox why 42")
@click.argument("message_id", metavar="ID", type=ROW_ID)
@json_option
@pass_app
def why(app: App, message_id: int, *, as_json: bool) -> None:
    """Tell the life of a message in plain words."""
    from smsd.cli.life import message_life  # noqa: PLC0415  start-up time

    with app.store() as store:
        row = store.outbox.show(message_id)
        wish, held = store.clients.wish(row["recipient"]), store.swaps.get(row["recipient"])
        daemon = app.daemon() is not None
        row["waits"] = _waits(app, store, row) if daemon and row["state"] == State.QUEUED else ""
    clock = Clock(app.config.service.zone, app.now)
    wanted = wish is None or bool(wish["subscribed"])
    order = app.config.route_order
    sentences = message_life(row, clock, subscribed=wanted, daemon=daemon, order=order, wish=wish, held=held)
    print_life(row, sentences, as_json=as_json)


def _waits(app: App, store: "Store", row: dict[str, Any]) -> str:
    """Say what holds a message that is queued, besides its turn."""
    from smsd.cli.alertview import hold_words  # noqa: PLC0415  start-up time

    config = app.config
    order = getattr(config.routing.by_class, row["class"]) or config.route_order
    return hold_words(app.alert_desk(store).hold_message(row, order), Clock(config.service.zone, app.now))


@outbox.command(epilog="Example: smsd outbox retry 42")
@click.argument("message_id", metavar="ID", type=ROW_ID)
@dry_run_option
@pass_app
def retry(app: App, message_id: int, *, dry_run: bool) -> None:
    """Send a message again, from its first part.

    One that is in doubt may arrive twice: a person has decided that a double is better than a loss.
    """
    with app.store(dry_run=dry_run) as store:
        app.desk(store).retry(message_id)
    tell(_("message {id}: queued again").format(id=message_id), dry_run=dry_run)


@outbox.command(epilog="Example: smsd outbox cancel 42")
@click.argument("message_id", metavar="ID", type=ROW_ID)
@dry_run_option
@pass_app
def cancel(app: App, message_id: int, *, dry_run: bool) -> None:
    """Withdraw what has not left of a message, or give up its doubt."""
    with app.store(dry_run=dry_run) as store:
        app.desk(store).cancel(message_id)
    tell(_("message {id}: withdrawn").format(id=message_id), dry_run=dry_run)


def print_messages(rows: Sequence[dict[str, Any]], clock: Clock) -> None:
    """Print messages as a table for people."""
    print_table(
        ("id", "created", "to", "class", "state", "parts", "text"),
        [
            (
                row["id"], clock.day(row["created_at"]), row["recipient"], row["class"], row["state"], row["parts"],
                _text_for_people(row),
            )
            for row in rows
        ],
        flexible="text",
        empty=_("nothing here; 'smsd send PHONE TEXT' queues a message"),
    )  # fmt: skip


def _fields(row: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Return a message of a list as scripts see it."""
    return {
        "id": row["id"],
        "created_at": clock.iso(row["created_at"]),
        "recipient": row["recipient"],
        "text": _text(row),
        "class": row["class"],
        "state": row["state"],
        "parts": row["parts"],
        "route": row["route"],
        "sender": row["sender"],
        "attempts": row["attempts"],
        "sent_at": clock.iso(row["sent_at"]),
        "delivered_at": clock.iso(row["delivered_at"]),
        "due_at": clock.iso(row["due_at"]),
        "expires_at": clock.iso(row["expires_at"]),
        "error": row["error"],
        "alert_id": row["alert_id"],
        "request_id": row["request_id"],
    }


def _details(row: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Return what only ``show`` tells: parts and attempts one by one where a list has counts."""
    return {
        "key": row["idempotency_key"],
        "after_id": row["after_id"],
        "parts": [
            {
                "part": part["sequence"],
                "state": part["state"],
                "refusals": part["refusals"],
                "resent": part["resent"],
                "sent_at": clock.iso(part["sent_at"]),
                "reported_at": clock.iso(part["reported_at"]),
                "report": part["report"],
            }
            for part in row["part_list"] or _not_begun(row["parts"])
        ],
        "attempts": [
            {
                "id": each["id"],
                "part": each["sequence"] or None,
                "route": each["route"],
                "sim": each["sim"],
                "started_at": clock.iso(each["started_at"]),
                "outcome": each["outcome"],
                "reference": each["reference"],
                "code": each["code"],
                "reason": each["reason"],
                "evidence": each["evidence"],
                "settled_at": clock.iso(each["settled_at"]),
            }
            for each in row["attempt_list"]
        ],
        "reports": [
            {
                "received_at": clock.iso(each["received_at"]),
                "part": each["sequence"] or None,
                "class": each["class"],
                "code": each["code"],
                "submitted_at": clock.iso(each["submitted_at"]),
                "discharged_at": clock.iso(each["discharged_at"]),
            }
            for each in row["report_list"]
        ],
    }


def _not_begun(parts: int) -> list[dict[str, Any]]:
    """Return the parts of a message that no route has claimed yet: the store makes their rows when one does."""
    nothing = {"state": "unsent", "refusals": 0, "resent": 0, "sent_at": None, "reported_at": None, "report": None}
    return [{"sequence": sequence, **nothing} for sequence in range(1, parts + 1)]


def _text(row: dict[str, Any]) -> str | None:
    """Return a text as it may be seen: one that holds a password is hidden, and nothing once it has been wiped."""
    if row["secret"]:
        return HIDDEN if row["sealed"] else None
    return None if row["text"] is None else str(row["text"])


def _text_for_people(row: dict[str, Any]) -> str:
    text = _text(row)
    if text is None:
        return _("(held a password, wiped)")
    return _("*** (holds a password)") if text == HIDDEN else text
