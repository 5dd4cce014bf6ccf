"""``smsd doctor``: what is wrong with this host, and what to type."""

from typing import TYPE_CHECKING, Any

import click

from smsd.cli.app import App, pass_app
from smsd.cli.output import json_option, one_line, plural, print_json
from smsd.errors import ConfigError
from smsd.speech import N_, _, said

if TYPE_CHECKING:
    from smsd.doctor import Finding

__all__ = ["doctor"]

COLOURS = {N_("error"): "red", N_("warning"): "yellow", N_("ok"): "green"}


@click.command(epilog="Example: sudo smsd doctor")
@click.option("--all", "everything", is_flag=True, help="Show what is in order as well.")
@json_option
@click.pass_context
@pass_app
def doctor(app: App, ctx: click.Context, *, everything: bool, as_json: bool) -> None:
    """Find out what is wrong on this host, and what cures it.

    Nothing is changed. While the daemon runs, modems and binds are judged by what it says of them; while none runs,
    they are opened for a moment. As root more can be seen: which process holds a port. Exits with 0 when there is no
    error (there may be warnings), 78 for the configuration, 69 when only the daemon or routes have errors, else 1.
    """
    from smsd.doctor import exit_code  # noqa: PLC0415  start-up time

    shown = [] if as_json else ["error", "warning", "ok"] if everything else ["error", "warning"]
    findings = _round(app, shown)
    code = exit_code(findings)
    if as_json:
        print_json({"healthy": code == 0, "exit_code": code, "findings": [_fields(each) for each in findings]})
    else:
        _conclude(findings)
    ctx.exit(code)


def _round(app: App, shown: list[str]) -> "list[Finding]":
    """Make the round, showing what is found as it is found."""
    import asyncio  # noqa: PLC0415  start-up time
    import time  # noqa: PLC0415

    from smsd.doctor import Doctor, unreadable  # noqa: PLC0415

    found: list[Finding] = []

    def note(finding: "Finding") -> None:
        found.append(finding)
        if finding.severity in shown:
            _show(finding)

    async def go() -> None:
        async for finding in Doctor(app.config, clock=app.clock, steady=time.monotonic).findings():
            note(finding)

    try:
        app.config  # noqa: B018  read before the loop begins: what is wrong with it is a finding
    except ConfigError as error:
        note(unreadable(error))
    else:
        asyncio.run(go())
    return found


def _show(finding: "Finding") -> None:
    width = 1 + max(map(len, map(_, COLOURS)))
    mark = click.style(f"{_(finding.severity.value):<{width}}", fg=COLOURS[finding.severity.value])
    about = said(finding.about) if " " in finding.about else finding.about  # the name of a route is none of our words
    about, what = one_line(about), one_line(_what(finding))
    click.echo(f"{mark}{finding.check.value}, {about}: {what}")
    if finding.cure:
        click.echo(f"{'':<{width}}" + _("cure: {what}").format(what=one_line(said(finding.cure))))


def _what(finding: "Finding") -> str:
    """Return how it is, in words; what stood behind the name of a file in an error is known with that name only."""
    told = said(finding.what)
    if told == finding.what:
        whole = said(f"{finding.about}: {finding.what}")
        told = whole.removeprefix(f"{finding.about}: ")
    return told


def _conclude(findings: "list[Finding]") -> None:
    counts = {name: sum(each.severity == name for each in findings) for name in COLOURS}
    told = []
    if counts["error"]:
        told.append(plural(counts["error"], "error"))
    if counts["warning"]:
        told.append(plural(counts["warning"], "warning"))
    order = _("{what}; {n} looked at and in order")
    click.echo(order.format(what=", ".join(told) or _("nothing wrong found"), n=counts["ok"]))


def _fields(finding: "Finding") -> dict[str, Any]:
    return {
        "check": finding.check.value,
        "severity": finding.severity.value,
        "about": finding.about,
        "what": finding.what,
        "cure": finding.cure or None,
    }
