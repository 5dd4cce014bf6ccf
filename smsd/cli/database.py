"""``smsd database``: the file that everything is kept in."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smsd.cli.app import App, pass_app
from smsd.cli.output import Clock, json_option, plural, print_json, progress
from smsd.errors import SmsdError, StoreError, StoreVersionError
from smsd.speech import _, said

if TYPE_CHECKING:
    from smsd.store.engine import Engine

__all__ = ["database"]


@click.group(epilog="Example: smsd database backup /var/backups/smsd.db")
def database() -> None:
    """Bring the database up to date, check it, back it up."""


@database.command(epilog="Example: smsd database migrate --dry-run")
@click.option("--dry-run", is_flag=True, help="Say which steps there are to do, and do none.")
@pass_app
def migrate(app: App, *, dry_run: bool) -> None:
    """Bring the database to the version of this program; an absent one is made."""
    from smsd.store.audit import Audit  # noqa: PLC0415  start-up time
    from smsd.store.engine import Engine  # noqa: PLC0415

    if dry_run:
        _show_steps(app)
        return
    engine = Engine(app.database)
    try:
        done = engine.migrate(app.clock())
        version = engine.version()
        if done:
            Audit(engine, app.clock).note(app.act())
    finally:
        engine.close()
    for name in done:
        click.echo(_("done: {name}").format(name=name))
    _say_version(app, version, anything=bool(done))


def _show_steps(app: App) -> None:
    """Say which migrations would run; an absent database is not made."""
    from smsd.store.engine import Engine, migrations  # noqa: PLC0415  start-up time

    version = 0
    if app.database.exists():
        engine = Engine(app.database)
        try:
            engine.refuse_newer()
            version = engine.version()
        finally:
            engine.close()
    waiting = [name for number, name, _ in migrations() if number > version]
    for name in waiting:
        click.echo(_("to do: {name}").format(name=name))
    _say_version(app, version, anything=bool(waiting))


def _say_version(app: App, version: int, *, anything: bool) -> None:
    told = _("{path}: version {version}") if anything else _("{path}: version {version}, nothing to do")
    click.echo(told.format(path=app.database, version=version))


@database.command(epilog="Example: smsd database check")
@json_option
@pass_app
def check(app: App, *, as_json: bool) -> None:
    """Check that the file is whole; exits with 1 when it is not."""
    with _existing(app) as engine:
        found = engine.check()
    if as_json:
        print_json({"database": str(app.database), "whole": not found, "findings": found})
    else:
        for finding in found:
            click.echo(said(finding))
    if found:
        raise SmsdError(f"{app.database}: {plural(len(found), 'finding')}; restore a backup, with the daemon stopped")
    if not as_json:
        click.echo(_("{path}: whole").format(path=app.database))


@database.command(epilog="Example: smsd database backup /var/backups/smsd-$(date +%F).db")
@click.argument("file", type=click.Path(path_type=Path))
@pass_app
def backup(app: App, file: Path) -> None:
    """Copy the whole database to FILE while the daemon goes on; an existing file is never overwritten."""
    with _existing(app) as engine, progress(_("copying"), _pages(app.database)) as more:
        engine.backup(file, app.clock(), _told(more))
        _note(app, engine)
    octets = file.stat().st_size
    told = _("{file}: {n} bytes, readable by you alone; it holds what clients wrote, passwords only sealed")
    click.echo(told.format(file=file, n=octets))


@database.command(epilog="Example: smsd database restore /var/backups/smsd-2026-11-22.db")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--moved",
    is_flag=True,
    help="The old daemon was stopped before the backup was taken and will never run again: nothing is held.",
)
@click.option("--replace", is_flag=True, help="Keep the database that is there beside, under another name, and go on.")
@pass_app
def restore(app: App, file: Path, *, moved: bool, replace: bool) -> None:
    """Make a backup the database, with the daemon stopped.

    What waits in a backup may have been sent after it was taken. So nothing of it leaves by itself: messages that had
    not left are in doubt, open requests have failed without an apology, running alerts are paused. A person decides:
    'smsd outbox retry', 'smsd request retry', 'smsd alert resume', or cancel.
    """
    from smsd.store.restore import restore as put_back  # noqa: PLC0415  start-up time

    done = put_back(file, app.database, app.clock, app.act(), moved=moved, replace=replace)
    clock = Clock(app.config.service.zone, app.now)
    click.echo(_("{file}: in place as {database}").format(file=file, database=app.database))
    if done.taken_at is not None:
        taken = clock.full(done.taken_at)
        click.echo(_("taken {time}; what came or was changed later is not in it").format(time=taken))
    if done.kept is not None:
        click.echo(_("the former database is kept as {file}").format(file=done.kept))
    for count, what, see in (
        (done.messages, "message", "smsd outbox list --state in_doubt"),
        (done.requests, "request", "smsd request list --state failed"),
        (done.alerts, "alert", "smsd alert list"),
    ):
        if count:
            click.echo(_("held: {what}: '{command}'").format(what=plural(count, what), command=see))


def _note(app: App, engine: "Engine") -> None:
    """Write down that a copy was taken, where the database is of a version that knows how."""
    from smsd.store.audit import Audit  # noqa: PLC0415  start-up time

    with suppress(StoreVersionError):
        engine.refuse_older()
        engine.refuse_newer()
        Audit(engine, app.clock).note(app.act())


def _pages(path: Path) -> int:
    """Guess how many pages there are to copy; the bar only needs the proportion."""
    return max(1, path.stat().st_size // 4096)


def _told(more: Callable[[int], None]) -> Callable[[int, int, int], None]:
    """Return what sqlite3 calls with (status, pages left, pages in all), moving a bar on."""
    copied = 0

    def progressed(_status: int, left: int, total: int) -> None:
        nonlocal copied
        more(total - left - copied)
        copied = total - left

    return progressed


@contextmanager
def _existing(app: App) -> "Iterator[Engine]":
    """Open the database as it is, of whatever version; an absent one is not made."""
    from smsd.store.engine import Engine  # noqa: PLC0415  start-up time

    path = app.database
    if not os.access(path, os.F_OK):
        raise StoreError(f"{path}: no such file; 'smsd database migrate' makes it")
    engine = Engine(path)
    try:
        yield engine
    finally:
        engine.close()
