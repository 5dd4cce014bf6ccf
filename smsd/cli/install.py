"""``smsd install``: from a virtual environment in /opt to a service of this host.

Knows where systemd and udev look for an admin's files, and what they must be told then. The files themselves are the
ones at the top of the project (``systemd/``, ``udev/``), which a wheel carries in ``smsd/host``. Refuses an environment
that the unit's ProtectHome= would hide from the service.
"""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click

import smsd
from smsd.cli.output import tell
from smsd.errors import SmsdError, UsageError
from smsd.speech import _

__all__ = ["FILES", "STEPS", "install"]

FILES = {
    "systemd/smsd.service": "etc/systemd/system/smsd.service",
    "systemd/smsd-usb-reset.path": "etc/systemd/system/smsd-usb-reset.path",
    "systemd/smsd-usb-reset.service": "etc/systemd/system/smsd-usb-reset.service",
    "systemd/sysusers.conf": "etc/sysusers.d/smsd.conf",
    "systemd/tmpfiles.conf": "etc/tmpfiles.d/smsd.conf",
    "udev/78-smsd.rules": "etc/udev/rules.d/78-smsd.rules",
}
"""What is copied, and where to below the root."""
STEPS = (
    ("systemd-sysusers", "smsd.conf"),
    ("systemd-tmpfiles", "--create", "smsd.conf"),
    ("systemctl", "daemon-reload"),
    ("udevadm", "control", "--reload"),
    ("udevadm", "trigger", "--action=add", "--subsystem-match=usb", "--subsystem-match=tty"),
)
"""What is told to the host afterwards, in this order: udev must find the group when it reads the rules."""
HIDDEN = tuple(map(Path, ("/home", "/root", "/run/user")))
"""What ProtectHome= empties (systemd.exec(5))."""

PACKAGED = Path("/usr/lib/smsd")
"""The environment of the Debian package (debian/rules): there the files are dpkg's."""


@click.command(epilog="Example: sudo /opt/smsd/bin/smsd install")
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path("/"),
    show_default=True,
    help="Install below this directory, of an image for example: files only.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be written and run, and do nothing.")
def install(*, root: Path, dry_run: bool) -> None:
    """Make a service of this program: put the unit and the udev rules in place.

    For a virtual environment, best in /opt/smsd. Copies the files for systemd and udev, links the command into
    /usr/local/bin, makes the user and the directories, and shows modems that are plugged in already to udev. What is
    there is written over; a configuration and drop-ins are left alone. Nothing is enabled: plugging a modem in starts
    the service.
    """
    if Path(sys.prefix) == PACKAGED:
        raise UsageError("this is the Debian package, which has put everything in place: see 'smsd doctor'")
    _refuse_hidden(Path(sys.prefix), Path(sys.executable).resolve())
    if dry_run:
        for place in FILES.values():
            tell(f"/{place}", dry_run=True)
        for step in STEPS if root == Path("/") else ():
            tell(shlex.join(step), dry_run=True)
        return
    for placed in _place(_source(), root, Path(sys.prefix) / "bin" / "smsd"):
        click.echo(f"/{placed}")
    if root == Path("/"):
        _tell_the_host()
        click.echo(_("now write /etc/smsd/smsd.toml and plug the modem in"))


def _source() -> Path:
    """Return where the files for the host are: in the installed package, or at the top of a checkout."""
    package = Path(smsd.__file__).parent
    return package / "host" if (package / "host").is_dir() else package.parent


def _refuse_hidden(*places: Path) -> None:
    for place in places:
        if any(place.is_relative_to(hidden) for hidden in HIDDEN):
            raise UsageError(
                f"{place}: a service does not see what is below a home directory (ProtectHome=); install into "
                "/usr/bin/python3 -m venv /opt/smsd"
            )


def _place(source: Path, root: Path, program: Path) -> list[str]:
    """Copy the files and link the command; return what was written, as paths below the root."""
    link = root / "usr/local/bin/smsd"
    if link.exists() and not link.is_symlink():
        raise UsageError(f"{link}: there is another program of this name, not a link: move it away first")
    _refuse_masked(root)
    for name, place in FILES.items():
        _put(source / name, root / place)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(program)
    return [*FILES.values(), str(link.relative_to(root))]


def _refuse_masked(root: Path) -> None:
    """Refuse to write where a unit is masked: it is a link to /dev/null, and an admin's word."""
    for place in FILES.values():
        target = root / place
        if target.is_symlink() and target.readlink() == Path("/dev/null"):
            unmask = f"systemctl unmask {target.name}" if target.suffix in {".service", ".path"} else f"rm {target}"
            raise UsageError(f"{target}: masked, so that it shall not be used: {unmask}, then again")


def _put(source: Path, target: Path) -> None:
    """Copy a file, whole or not at all; what is there, a link as well, is replaced and never written through."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    shutil.copyfile(source, fresh)
    fresh.chmod(0o644)
    fresh.replace(target)


def _tell_the_host() -> None:
    """Take every step; raise ``SmsdError`` that names those which did not work."""
    failed = []
    for step in STEPS:
        try:
            worked = subprocess.run(step, check=False).returncode == 0  # noqa: S603  the table above, no shell
        except FileNotFoundError:
            worked = False
        if not worked:
            failed.append(shlex.join(step))
    if failed:
        raise SmsdError("the files are in place, but this did not work: " + "; ".join(failed))
