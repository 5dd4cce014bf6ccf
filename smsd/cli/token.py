"""``smsd token``: who may call the API by TCP."""

import click

from smsd.cli.app import App, pass_app
from smsd.cli.output import Clock, dry_run_option, json_option, limit_option, print_json, print_table, tell
from smsd.speech import _

__all__ = ["token"]

SCOPES = ("view", "notify", "alert")


@click.group(epilog="Example: smsd token add ccs --scope notify --scope view")
def token() -> None:
    """Say who may call the HTTP API by TCP.

    By its UNIX socket no token is needed.
    """


@token.command(epilog="Example: smsd token add ccs --scope notify --scope view")
@click.argument("token_name", metavar="NAME")
@click.option(
    "--scope", "scopes", type=click.Choice(SCOPES), multiple=True, required=True, help="What it is for; several times."
)
@dry_run_option
@json_option
@pass_app
def add(app: App, token_name: str, scopes: tuple[str, ...], *, dry_run: bool, as_json: bool) -> None:
    """Make a token and show it, this once: only a digest of it is kept."""
    from smsd.desk.access import Scope, new_token  # noqa: PLC0415  start-up time

    with app.store(dry_run=dry_run) as store:
        written = new_token(store, token_name, [Scope(each) for each in scopes])
    if as_json:
        token = {"token": None, "dry_run": True} if dry_run else {"token": written}
        print_json({"name": token_name, "scopes": sorted(set(scopes)), **token})
        return
    if dry_run:
        tell(_("token {name}: made").format(name=token_name), dry_run=True)
        return
    click.echo(written)
    click.echo(_("it is shown only now; send it as: Authorization: Bearer …"), err=True)


@token.command("list", epilog="Example: smsd token list")
@limit_option
@json_option
@pass_app
def list_(app: App, *, limit: int, as_json: bool) -> None:
    """List tokens, newest first, revoked ones included; never the tokens themselves."""
    with app.store() as store:
        rows = store.tokens.recent(limit=limit)
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        times = ("made_at", "used_at", "revoked_at")
        told = [{name: clock.iso(row[name]) for name in times} for row in rows]
        print_json(
            [
                {"id": row["id"], "name": row["name"], "scopes": row["scopes"].split(), **each}
                for row, each in zip(rows, told, strict=True)
            ]
        )
        return
    print_table(
        ("name", "scopes", "made", "last used", "revoked"),
        [
            (row["name"], row["scopes"], *(clock.day(row[each]) for each in ("made_at", "used_at", "revoked_at")))
            for row in rows
        ],
        empty=_("no tokens: by TCP nobody may call"),
    )


@token.command(epilog="Example: smsd token revoke ccs")
@click.argument("token_name", metavar="NAME")
@dry_run_option
@pass_app
def revoke(app: App, token_name: str, *, dry_run: bool) -> None:
    """Let a token hold no longer; a running daemon refuses it within a second."""
    with app.store(dry_run=dry_run) as store:
        store.tokens.revoke(token_name)
    tell(_("token {name}: revoked").format(name=token_name), dry_run=dry_run)
