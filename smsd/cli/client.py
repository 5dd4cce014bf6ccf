"""``smsd client``: the local directory of clients. Passwords go in sealed; only ``show --reveal`` opens one."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smsd.cli.app import App, pass_app
from smsd.cli.clientasked import say_elsewhere
from smsd.cli.output import (
    Clock,
    dry_run_option,
    json_option,
    limit_option,
    plural,
    print_json,
    print_pairs,
    print_table,
    progress,
    tell,
)
from smsd.errors import SmsdError, UsageError
from smsd.speech import _, ngettext, said

if TYPE_CHECKING:
    from smsd.store import Erased, Store

__all__ = ["client", "hold_fields"]

FAULTS_SHOWN = 20


@click.group(epilog="Example: smsd client add +79161234567 --code 1733 --login ivanov")
def client() -> None:
    """Keep the local directory of clients."""


@client.command(
    epilog="Example: pass show ivanov | smsd client add 89161234567 --code 1733 --login ivanov --password-stdin"
)
@click.argument("phone")
@click.option("--code", required=True, help="The client's personal code.")
@click.option("--login", required=True, help="The client's login at the portal.")
@click.option("--name", default="", help="Who it is; not sent to anybody.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--no-password", is_flag=True, help="Record none; of a known client the recorded one stays.")
@dry_run_option
@pass_app
def add(
    app: App, phone: str, *, code: str, login: str, name: str, password_stdin: bool, no_password: bool, dry_run: bool
) -> None:
    """Add a client, or change what is known of him.

    The password is asked for without echo; it is never given on a command line, where others could see it.
    """
    from smsd.desk import NewClient  # noqa: PLC0415  start-up time

    if password_stdin and no_password:
        raise UsageError("--password-stdin and --no-password contradict each other")
    app.phone(phone)  # a mistake in the number is told before the password is asked for
    password = None if no_password else _read_password(from_stdin=password_stdin)
    with app.store(dry_run=dry_run) as store:
        desk = app.desk(store)
        new = desk.add_client(NewClient(phone, code, login, password, name))
        number = desk.phone(phone)
    told = _("client {phone}: added") if new else _("client {phone}: changed")
    tell(told.format(phone=number), dry_run=dry_run)
    say_elsewhere(app)


def _read_password(*, from_stdin: bool) -> str:
    password: str
    if from_stdin:
        try:
            password = sys.stdin.buffer.read().decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise UsageError("the password on standard input is not UTF-8 text") from None
    elif _on_a_terminal():
        password = click.prompt(_("Password"), type=str, hide_input=True, confirmation_prompt=True, err=True)
    else:
        raise UsageError("the password can be asked for on a terminal only; use --password-stdin or --no-password")
    if not password:
        raise UsageError("the password is empty; --no-password records none")
    return password


def _on_a_terminal() -> bool:
    return sys.stdin.isatty()


@client.command("import", epilog="Example: smsd client import clients.csv")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check every line, and change nothing.")
@json_option
@pass_app
def import_(app: App, file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Add clients from a CSV file, all or none.

    The columns, in any order, are named in the first line: phone, code, login, password, and perhaps name and
    subscribed. UTF-8; commas or semicolons. Every line that cannot be taken is listed, and then nothing is changed. An
    empty password leaves the recorded one. "no" in subscribed stops notifications; "yes" or nothing never lifts a stop.
    """
    from smsd.cli.clientfile import read_clients  # noqa: PLC0415  start-up time

    entries = read_clients(file)
    with app.store(dry_run=dry_run) as store, progress(_("sealing"), len(entries)) as more:
        result = app.desk(store).import_clients(entries, cause=f"import of {file.name}", progress=more, dry_run=dry_run)
    if result.faults:
        for fault in result.faults[:FAULTS_SHOWN]:
            told = _("{file}: line {n}: {why}").format(file=file, n=fault.line, why=said(fault.reason))
            click.echo(told, err=True)
        if (rest := len(result.faults) - FAULTS_SHOWN) > 0:
            click.echo(_("… and {what} more").format(what=plural(rest, "line")), err=True)
        faults = len(result.faults)
        told = ngettext(
            "{n} line of {file} cannot be taken: nothing is changed",
            "{n} lines of {file} cannot be taken: nothing is changed",
            faults,
        )
        raise SmsdError(told.format(n=faults, file=file))
    if as_json:
        print_json({"imported": result.count, "without_password": result.without_password, "dry_run": dry_run})
        return
    if dry_run:
        told = ngettext("{n} client could be imported", "{n} clients could be imported", result.count)
    else:
        told = ngettext("{n} client imported", "{n} clients imported", result.count)
    without = _(", {n} of them without a password").format(n=result.without_password) if result.without_password else ""
    click.echo(told.format(n=result.count) + without)
    say_elsewhere(app)


@client.command("list", epilog="Example: smsd client list --limit 0 --json")
@limit_option
@json_option
@pass_app
def list_(app: App, *, limit: int, as_json: bool) -> None:
    """List clients, the last changed first."""
    with app.store() as store:
        rows = store.clients.recent(limit=limit)
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        print_json([_fields(row, clock) for row in rows])
        return
    print_table(
        ("phone", "code", "login", "password", "notifications", "changed", "name"),
        [
            (
                row["phone"], row["code"], row["login"], _("recorded") if row["has_password"] else _("none"),
                _("yes") if row["subscribed"] else _("stopped"), clock.day(row["changed_at"]), row["name"],
            )
            for row in rows
        ],
        flexible="name",
        empty=_("no clients yet; 'smsd client add' and 'smsd client import' bring them in"),
    )  # fmt: skip
    say_elsewhere(app)


@client.command(epilog="Example: smsd client show 8-916-123-45-67")
@click.argument("phone")
@click.option("--reveal", is_flag=True, help="Show the password too, where the daemon's private key can be read.")
@json_option
@pass_app
def show(app: App, phone: str, *, reveal: bool, as_json: bool) -> None:
    """Show a client; his password only with --reveal.

    Where the client-support system is the directory it is asked, and needs its token readable.
    """
    with app.store() as store:
        row, password = _known(app, store, phone, reveal=reveal)
        held = store.swaps.get(row["phone"])
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        known = {**_fields(row, clock), "held": None if held is None else hold_fields(held, clock)}
        print_json({**known, **({"password": password} if reveal else {})})
        return
    recorded = _("recorded, sealed") if row["has_password"] else _("none recorded")
    print_pairs(
        [
            ("phone", row["phone"]),
            ("code", row["code"]),
            ("login", row["login"]),
            ("password", password or recorded),
            ("name", row["name"]),
            ("notifications", _("yes") if row["subscribed"] else _("stopped")),
            ("changed", clock.full(row["changed_at"])),
            ("held", "" if held is None else _hold_words(held, clock)),
            ("asked", app.config.directory.url),
        ]
    )


def _known(app: App, store: "Store", phone: str, *, reveal: bool) -> tuple[dict[str, Any], str | None]:
    """Return what the directory knows of a client, and his password where it is to be revealed."""
    from smsd.desk.keys import open_vault  # noqa: PLC0415  start-up time
    from smsd.directory.local import seal_context  # noqa: PLC0415

    if app.config.directory.url:
        from smsd.cli.clientasked import asked_client  # noqa: PLC0415

        row, password = asked_client(app, app.desk(store).phone(phone))
        row["subscribed"] = store.clients.subscribed(row["phone"])
    else:
        row = app.desk(store).client(phone)
        row["has_password"], password = row["password"] is not None, None
        if reveal and row["has_password"]:
            vault = open_vault(store, app.config.key_file)
            password = vault.open(row["password"], associated=seal_context(row["phone"]))
    if reveal and password is not None:
        store.audit.note(app.act("client show --reveal"))
    return row, password if reveal else None


@client.command(epilog="Example: smsd client held")
@json_option
@pass_app
def held(app: App, *, as_json: bool) -> None:
    """List the numbers to which passwords are held.

    An operator said of each that its SIM was replaced: it may be in the hands of a thief who waits for the password.
    """
    with app.store() as store:
        rows = store.swaps.recent()
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        print_json([{"phone": row["phone"], **hold_fields(row, clock), "waiting": row["waiting"]} for row in rows])
        return
    print_table(
        ("phone", "held", "route", "code", "messages"),
        [(row["phone"], clock.day(row["since"]), row["route"], row["code"], row["waiting"]) for row in rows],
        empty=_("no number is held: no operator has said that a SIM was replaced"),
    )


@client.command(epilog="Example: smsd client release +79161234567")
@click.argument("phone")
@dry_run_option
@pass_app
def release(app: App, phone: str, *, dry_run: bool) -> None:
    """Send passwords to a number again whose SIM was replaced.

    Ask the client first, by another way than this number: he replaced the SIM himself, and has it. What still waits
    leaves at once; what has expired meanwhile is not sent, the client asks again. It never ends by itself.
    """
    with app.store(dry_run=dry_run) as store:
        number, count = app.desk(store).release(phone)
    leave = ngettext("{n} message leaves now", "{n} messages leave now", count).format(n=count)
    told = _("{phone}: passwords are sent to it again; {messages}").format(phone=number, messages=leave)
    tell(told, dry_run=dry_run)


@client.command(epilog="Example: smsd client remove +79161234567")
@click.argument("phone")
@click.option("--dry-run", is_flag=True, help="Say whom it would be, and change nothing.")
@pass_app
def remove(app: App, phone: str, *, dry_run: bool) -> None:
    """Take a client out of the directory; his messages, and what his number wishes, stay.

    What erases everything is "smsd client forget".
    """
    with app.store() as store:
        desk = app.desk(store)
        number = str(desk.client(phone)["phone"]) if dry_run else desk.remove_client(phone)
    told = _("client {phone}: would be removed") if dry_run else _("client {phone}: removed")
    click.echo(told.format(phone=number))


@client.command(epilog="Example: smsd client forget +79161234567 --dry-run")
@click.argument("phone")
@click.option("--dry-run", is_flag=True, help="Say what would be erased, and erase nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_app
def forget(app: App, phone: str, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Erase a person everywhere, and print the act of it.

    Client, messages in both directions with their octets, attempts and reports, requests, places in alerts: all that
    holds the number is deleted and overwritten, the write-ahead log included. A stop in force is kept as a keyed hash,
    so that nobody writes to the number by mistake. Backups, and what others wrote about the person, are not touched.
    """
    number = app.phone(phone) or ""
    with app.store() as store:
        desk = app.desk(store)
        if not dry_run and not yes:
            _ask_to_erase(number, desk.forget(number, dry_run=True).total)
        act = desk.forget(number, dry_run=dry_run)
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        print_json(
            {
                "phone": number,
                "at": clock.iso(act.at),
                "by": app.act().who,
                "dry_run": dry_run,
                "erased": dict(act.rows),
                "stop_kept": act.stop_kept,
                "reports_awaited": act.awaited,
                "log_emptied": act.log_emptied,
            }
        )
        return
    _print_act(number, act, clock, by=app.act().who, dry_run=dry_run)


def _ask_to_erase(number: str, rows: int) -> None:
    if not _on_a_terminal():
        raise SmsdError("nothing is erased: without a terminal to ask on, say --yes")
    if not click.confirm(
        _("Erase {rows} of {phone} for good?").format(rows=plural(rows, "row"), phone=number), err=True
    ):
        raise SmsdError("nothing is erased")


def _print_act(number: str, act: "Erased", clock: Clock, *, by: str, dry_run: bool) -> None:
    """Print the act of an erasure: who erased what of whom, when, and what remains."""
    print_pairs(
        [
            (_("would be erased") if dry_run else _("erased"), number),
            ("at", clock.day(act.at)),
            ("by", by),
            *((said(name), count) for name, count in act.rows.items()),
            ("in all", plural(act.total, "row")),
            ("opt-out", _("kept, as a keyed hash of the number") if act.stop_kept else _("none in force")),
        ]
    )
    if dry_run:
        return
    if act.awaited:
        told = _("{reports} may still come: after some days, run this again")
        click.echo(told.format(reports=plural(act.awaited, "report")), err=True)
    if not act.log_emptied:
        click.echo(_("the write-ahead log is in use and holds copies for up to an hour: run this again then"), err=True)
    click.echo(_("backups made before hold the person still: delete or rotate them"), err=True)


def hold_fields(row: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
    """Return since when, and by whose word, passwords to a number are held, as scripts see it."""
    return {
        "since": clock.iso(row["since"]),
        "told_at": clock.iso(row["told_at"]),
        "route": row["route"],
        "code": row["code"],
    }


def _hold_words(row: Mapping[str, Any], clock: Clock) -> str:
    told = _("no password is sent: its SIM was replaced, says {route} ({code}), {time}")
    return told.format(route=row["route"], code=row["code"], time=clock.full(row["since"]))


def _fields(row: dict[str, Any], clock: Clock) -> dict[str, Any]:
    return {
        "phone": row["phone"],
        "code": row["code"],
        "login": row["login"],
        "name": row["name"],
        "subscribed": bool(row["subscribed"]),
        "changed_at": clock.iso(row["changed_at"]),
        "has_password": bool(row["has_password"]),
    }
