"""The command line: a face on the desk, the store and the daemon. One file per noun; no rule lives here.

Knows how a person asks (click) and how an answer is shown; errors become one line on standard error and an exit code:
0 done, 1 failed, 2 usage, 69 a route or the daemon is unavailable, 75 try again, 78 configuration, 130 interrupted.
Nothing slow is imported before a command needs it: ``smsd --help`` loads click and these files only.
"""

import importlib
import io
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import click

from smsd import __version__
from smsd.cli.app import App
from smsd.cli.help import Formatter, speak_helps, teach_click
from smsd.errors import SmsdError
from smsd.speech import N_, _, said, speak

__all__ = ["COMMANDS", "main"]

SYSTEM = (
    N_("Permission denied"), N_("Operation not permitted"), N_("No such file or directory"), N_("File exists"),
    N_("Is a directory"), N_("Not a directory"), N_("No space left on device"), N_("Read-only file system"),
    N_("Input/output error"), N_("Device or resource busy"), N_("No such device"), N_("Too many open files"),
    N_("Connection refused"), N_("Connection reset by peer"), N_("Connection timed out"), N_("Broken pipe"),
    N_("Network is unreachable"), N_("No route to host"), N_("Name or service not known"),
    N_("Temporary failure in name resolution"), N_("Address already in use"),
)  # fmt: skip
"""What the system says most often where it refuses: it is asked for English only, and passes through ``said()``."""
INTERRUPTED = 130
"""128 + SIGINT, as a shell says it."""

COMMANDS = {
    "run": ("service", "Run the daemon in the foreground, until SIGTERM."),
    "status": ("status", "Show the daemon, the routes and the queue on one screen."),
    "doctor": ("doctor", "Find out what is wrong on this host, and what cures it."),
    "install": ("install", "Make a service of this program: put the unit and the udev rules in place."),
    "demo": (
        "service",
        "Show the whole service on a simulated modem and a simulated operator: no hardware, no configuration.",
    ),
    "simulate": (
        "service",
        "Run a simulated modem on a pty, for any program, and an operator's SMPP beside it if asked for.",
    ),
    "client": ("client", "Keep the local directory of clients."),
    "optout": ("optout", "See, export and set who wants no notifications and alerts."),
    "send": ("message", "Send one message by hand."),
    "notify": ("message", "Send a notification, unless its reader wants none."),
    "template": ("template", "See the templates of notifications, and check one before it is used."),
    "alert": ("alert", "Write one text to many people."),
    "alarm": ("alarm", "See what is wrong and was told to the administrators; try whether it reaches them."),
    "outbox": ("outbox", "See what leaves and what has left; send again, withdraw."),
    "inbox": ("inbox", "See what came in, ignored texts included."),
    "request": ("request", "See clients' requests; have one carried out again, give one up."),
    "modem": ("modem", "See what is plugged in and what the daemon knows of its modems."),
    "token": ("token", "Say who may call the HTTP API by TCP."),
    "webhook": ("webhook", "See what has not been heard of what webhooks were told, and tell it again."),
    "audit": ("audit", "See who did what through this program."),
    "database": ("database", "Bring the database up to date, check it, back it up."),
    "completion": ("completion", "Print what makes a shell complete smsd's commands and options."),
}
"""Every command with the file of this package it is in and its line in the help, in the order of the help."""


class Root(click.Group):
    """The command ``smsd``: its commands are imported when they are asked for."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Carry out a command line, speaking the language of whoever called it."""
        speak(os.environ)
        teach_click()
        speak_helps(self)
        try:
            return super().main(*arguments, **options)
        finally:
            speak({})
            speak_helps(self)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Name the commands in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"smsd.cli.{COMMANDS[cmd_name][0]}"), cmd_name)
        if not isinstance(command, click.Command):
            return None
        speak_helps(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _(line)) for name, (_file, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Carry a command out; what goes wrong, or is only worth a word, becomes one line, and an exit code."""
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _warn
                return super().invoke(ctx)
        except SmsdError as error:
            _complain(str(error))
            ctx.exit(error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            click.echo(err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            raise  # click ends quietly
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            _complain(f"{place}{said(error.strerror or str(error))}")
            ctx.exit(1)


def _warn(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: Any = None, line: Any = None
) -> None:
    """Say what is only worth a word as everything else is said, without the place in the program."""
    del category, filename, lineno, file, line
    _complain(str(message))


def _complain(what: str) -> None:
    click.echo("smsd: " + " ".join(said(what).split()), err=True)


click.Context.formatter_class = Formatter


@click.group(
    cls=Root,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: smsd demo",
)
@click.option(
    "--config",
    "path",
    metavar="PATH",
    type=click.Path(path_type=Path, readable=False),  # the reader complains, in its own words
    help="The configuration file; otherwise $SMSD_CONFIG, otherwise /etc/smsd/smsd.toml.",
)
@click.version_option(__version__, prog_name="smsd")
@click.pass_context
def main(ctx: click.Context, path: Path | None) -> None:
    """Send and receive short messages through a modem's SIM.

    Clients write commands, the daemon answers them; whatever is queued here leaves through it. Exit codes: 0 done, 1
    failed, 2 usage, 69 a route or the daemon is unavailable, 75 try again, 78 configuration.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # An old locale cannot print everything that clients write: what it lacks is shown by its number.
            stream.reconfigure(errors="backslashreplace")
    ctx.obj = App(path, os.environ)
