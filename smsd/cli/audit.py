"""``smsd audit``: who did what through this program."""

import click

from smsd.cli.app import App, pass_app
from smsd.cli.output import Clock, json_option, limit_option, print_json, print_table
from smsd.speech import _

__all__ = ["audit"]


@click.group(epilog="Example: smsd audit list")
def audit() -> None:
    """See who did what through this program.

    Every command that changes something is written down in the transaction that changes it: when, by which user of
    this system, about which number (masked) or row. Texts and passwords are never written there.
    """


@audit.command("list", epilog="Example: smsd audit list --limit 0 --json")
@limit_option
@json_option
@pass_app
def list_(app: App, *, limit: int, as_json: bool) -> None:
    """List what was done, newest first."""
    with app.store() as store:
        rows = store.audit.recent(limit=limit)
    clock = Clock(app.config.service.zone, app.now)
    if as_json:
        print_json([{**row, "at": clock.iso(row["at"])} for row in rows])
        return
    print_table(
        ("at", "who", "what", "about"),
        [(clock.day(row["at"]), row["who"], row["what"], row["about"]) for row in rows],
        flexible="about",
        empty=_("nothing has been done by hand yet"),
    )
