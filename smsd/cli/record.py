"""``smsd modem record``: a real modem's dialogue in a file, anonymous, for those who have no such modem."""

from pathlib import Path

import click

from smsd.cli.app import App, pass_app
from smsd.errors import ConfigError, UsageError
from smsd.speech import _, ngettext

__all__ = ["record"]

DEFAULT = Path("/dev/smsd/modem")


@click.command(epilog="Example: sudo smsd modem record --device /dev/ttyUSB2 e3372.txt")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--device", metavar="PATH", type=click.Path(path_type=Path), help="Its port, if not the configured one.")
@click.option("--baud", type=click.IntRange(min=1200), default=115200, show_default=True, help="Speed of a real port.")
@click.option(
    "--listen",
    metavar="SECONDS",
    type=click.FloatRange(min=0, max=3600),
    default=0.0,
    show_default=True,
    help="Write down for so long what it says by itself: call it, text it, pull its aerial.",
)
@pass_app
def record(app: App, file: Path, *, device: Path | None, baud: int, listen: float) -> None:
    """Write a modem's answers to a set of harmless questions into FILE, with numbers and texts replaced.

    Nothing is sent or deleted and no PIN is entered; the messages it holds are listed. IMEI, IMSI, ICCID, phone
    numbers, cells, names and texts are replaced by others of the same length: read the file before you give it away.
    The daemon must not have the modem: 'systemctl stop smsd'.
    """
    import asyncio  # noqa: PLC0415  start-up time

    import smsd  # noqa: PLC0415
    from smsd.routes.modem.record import record as held  # noqa: PLC0415

    if file.exists():
        raise UsageError(f"{file}: exists already; a transcript never overwrites")
    place = device or _configured(app)
    click.echo(_("asking the modem: this takes a minute or two"), err=True)
    transcript, blanked = asyncio.run(held(str(place), baud=baud, listen=listen))
    headings = {"recorded by": f"smsd {smsd.__version__}", **transcript.headings}
    file.write_text(type(transcript)(headings, transcript.lines).write(), "ascii")
    count = len(transcript.lines)
    click.echo(ngettext("{file}: {n} line", "{file}: {n} lines", count).format(file=file, n=count))
    if blanked:
        zeros = ngettext(
            "{n} PDU could not be read and became zeros", "{n} PDUs could not be read and became zeros", blanked
        )
        click.echo(zeros.format(n=blanked))
    click.echo(_("read it before you give it away: nothing in it should name anybody"))


def _configured(app: App) -> Path:
    """Return the port of the first modem that has one in the configuration, where there is a configuration."""
    try:
        devices = [modem.device for modem in app.config.modems if modem.device is not None]
    except ConfigError:
        devices = []
    return devices[0] if devices else DEFAULT
