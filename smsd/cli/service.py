"""``smsd run``, ``smsd demo`` and ``smsd simulate``: what stays in the foreground."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smsd.cli.app import App, pass_app
from smsd.errors import SmsdError, UsageError
from smsd.speech import _, speak

if TYPE_CHECKING:
    from smsd.simulator import SimulatedModem

__all__ = ["demo", "run", "simulate"]


@click.command(epilog="Example: smsd --config /etc/smsd/smsd.toml run")
@click.pass_context
@pass_app
def run(app: App, ctx: click.Context) -> None:
    """Run the daemon in the foreground, until SIGTERM.

    It brings the database up to date, opens every modem of the configuration and logs to standard error.
    """
    from smsd.daemon import main  # noqa: PLC0415  start-up time

    speak({})  # what the daemon says is for the journal
    ctx.exit(main(app.config, app.environ))


@click.command(epilog="Example: smsd demo")
@click.option("-v", "--verbose", is_flag=True, help="Show the daemon's log as well.")
def demo(*, verbose: bool) -> None:
    """Show the whole service on a simulated modem and a simulated operator: no hardware, no configuration.

    A client writes "CLIENT info"; his phone shows the acknowledgement and the result, from SCSERV. Then the operator
    goes, and the next answers come from the SIM's number. Exits with 0 only if all came within 30 seconds each and
    were reported delivered.
    """
    from smsd.cli.demo import show  # noqa: PLC0415  start-up time

    if missing := show(verbose=verbose):
        raise SmsdError(f"the demonstration failed: {'; '.join(missing)}")


@click.command(epilog="Example: smsd simulate --link /tmp/modem --radio-seconds 3")
@click.option("--link", required=True, metavar="PATH", type=click.Path(path_type=Path), help="Where the modem appears.")
@click.option("--number", default="+79086228779", show_default=True, metavar="PHONE", help="The number of its SIM.")
@click.option("--family", default="generic", show_default=True, metavar="NAME", help="Which make it says it is.")
@click.option("--slots", type=click.IntRange(min=1), default=20, show_default=True, help="Places on the SIM.")
@click.option("--pin", help="The PIN the SIM asks for; it is invented, so it is no secret.")
@click.option(
    "--radio-seconds",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="How long a part is in the air.",
)
@click.option(
    "--report-delay",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Seconds from a part to its status report.",
)
@click.option(
    "--control", metavar="PATH", help="A unix socket for commands to phones and network, or - for standard input."
)
@click.option("--smsc", metavar="PORT", type=click.IntRange(0, 65535), help="An operator's SMPP on this port as well.")
@click.option("--log", metavar="FILE", help="A file for every octet that crosses the port.")
@click.option(
    "--transcript",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Play a real modem's transcript instead ('smsd modem record').",
)
def simulate(
    *,
    link: Path,
    number: str,
    family: str,
    slots: int,
    pin: str | None,
    radio_seconds: float,
    report_delay: float,
    control: str | None,
    smsc: int | None,
    log: str | None,
    transcript: Path | None,
) -> None:
    """Run a simulated modem on a pty, for any program, and an operator's SMPP beside it if asked for.

    It speaks AT commands as a real one does, with a SIM, a network and phones around it, until Ctrl-C or SIGTERM. What
    phones do is said on the control channel: "text +79161234567 CLIENT info", "screen +79161234567", "help".
    """
    import asyncio  # noqa: PLC0415  start-up time

    from smsd.simulator import FAMILIES, serve  # noqa: PLC0415

    if transcript is not None:
        _play(transcript, link)
        return

    if family not in FAMILIES:
        raise UsageError(f"no family {family!r}; there are {', '.join(sorted(FAMILIES))}")
    work = serve(
        link,
        number=number,
        family=family,
        slots=slots,
        pin=pin,
        radio_seconds=radio_seconds,
        report_delay=report_delay,
        log=log,
        control=control,
        smsc=smsc,
        ready=lambda modem, port: _say_how(modem, control, port),
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(work)


def _play(transcript: Path, link: Path) -> None:
    """Play a transcript until Ctrl-C or SIGTERM."""
    import asyncio  # noqa: PLC0415  start-up time

    from smsd.simulator.played import PlayedModem, play  # noqa: PLC0415

    def ready(modem: PlayedModem) -> None:
        told = _("the modem of {file} is at {path}, answering what it was asked then; Ctrl-C ends it")
        click.echo(told.format(file=transcript, path=modem.path))

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(play(transcript, link, ready))


def _say_how(modem: "SimulatedModem", control: str | None, smsc: int | None) -> None:
    """Tell where the modem is and what to try; on standard error where standard output is the control channel."""
    out = sys.stderr if control == "-" else sys.stdout
    told = _("a simulated modem with the number {number} is at {path}; Ctrl-C ends it")
    click.echo(told.format(number=modem.sim.number, path=modem.path), file=out)
    ways = [
        _('a daemon uses it:   [[modem]] device = "{path}" in its configuration, then smsd run'),
        _("a person tries it:  picocom {path}, then AT, AT+CSQ, AT+COPS?"),
    ]
    if smsc is not None:
        ways.append(_('a bind uses it:     [[smpp]] host = "127.0.0.1", port = {port}, system_id = "scserv"'))
        if control is not None:
            ways.append(_('on the control channel: "operator away", "operator back", "operator mute", "help"'))
    if control not in (None, "-"):
        ways.append(_("a client texts it:  echo text +79161234567 CLIENT info | nc -U {control}"))
    for way in ways:
        click.echo("  " + way.format(path=modem.path, port=smsc, control=control), file=out)
