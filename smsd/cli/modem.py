"""``smsd modem``: what the daemon knows of its modems, as it last wrote it down."""

from typing import Any

import click

from smsd.cli.app import App, pass_app
from smsd.cli.output import Clock, json_option, limit_option, print_json, print_pairs, print_table
from smsd.errors import NotFoundError

__all__ = ["modem", "route_fields"]

LAST_SEEN = "no daemon runs: this is what the last one saw"


@click.group(epilog="Example: smsd modem list")
def modem() -> None:
    """See what the daemon knows of its modems."""


@modem.command("list", epilog="Example: smsd modem list --json")
@limit_option
@json_option
@pass_app
def list_(app: App, *, limit: int, as_json: bool) -> None:
    """List modems and how they are."""
    rows, clock, daemon = _routes(app)
    rows = rows[: limit or None]
    if as_json:
        print_json([route_fields(row, clock, daemon=daemon) for row in rows])
        return
    print_table(
        ("name", "state", "since", "model", "device", "operator", "signal", "detail"),
        [
            (
                row["name"], row["state"], clock.day(row["since"]), row["facts"].get("model"),
                row["facts"].get("device"), row["facts"].get("operator"), signal(row["facts"]), row["detail"],
            )
            for row in rows
        ],
        flexible="detail",
        empty="nothing known yet; the daemon ('smsd run') looks after the modems of the configuration",
    )  # fmt: skip
    if rows and not daemon:
        click.echo(LAST_SEEN, err=True)


@modem.command(epilog="Example: smsd modem show modem0")
@click.argument("name")
@json_option
@pass_app
def show(app: App, name: str, *, as_json: bool) -> None:
    """Show all that is known of a modem, by the name it has in the configuration."""
    rows, clock, daemon = _routes(app)
    row = next((row for row in rows if row["name"] == name), None)
    if row is None:
        raise NotFoundError(f"no modem {name!r} is known; 'smsd modem list' shows which are")
    if as_json:
        print_json(route_fields(row, clock, daemon=daemon))
        return
    facts = {**row["facts"], "signal": signal(row["facts"])}
    print_pairs(
        [
            ("name", row["name"]),
            ("state", row["state"]),
            ("detail", row["detail"]),
            ("since", clock.full(row["since"])),
            ("seen", clock.full(row["changed_at"])),
            *((fact.replace("_", " "), _word(value)) for fact, value in facts.items()),
        ]
    )
    if not daemon:
        click.echo(LAST_SEEN, err=True)


def _routes(app: App) -> tuple[list[dict[str, Any]], Clock, bool]:
    with app.store() as store:
        rows = store.routes()
    return rows, Clock(app.config.service.zone, app.now), app.daemon() is not None


def _word(value: object) -> object:
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


def signal(facts: dict[str, Any]) -> str:
    """Say the strength of the signal with its unit, where it is known."""
    value = facts.get("signal")
    return f"{value} dBm" if isinstance(value, int) else ""


def route_fields(row: dict[str, Any], clock: Clock, *, daemon: bool) -> dict[str, Any]:
    """Return a route as scripts see it; without a daemon none is up, whatever the last one wrote."""
    return {
        "name": row["name"],
        "up": bool(row["up"]) and daemon,
        "state": row["state"],
        "detail": row["detail"],
        "since": clock.iso(row["since"]),
        "changed_at": clock.iso(row["changed_at"]),
        "facts": row["facts"],
    }
