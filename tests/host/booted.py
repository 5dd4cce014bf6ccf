"""A Debian 12 whose first process is systemd, in a container: where a unit is not read but obeyed.

Knows mmdebstrap and systemd-nspawn, also on a host that systemd did not start, and how to leave neither a mount nor a
control group behind. The program is this checkout with the libraries of this environment, laid over the container
read-only, unless the image has one of its own. Refuses to know the unit. There is no udev and no USB here, and nothing
is asked of the network.
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Self

import smsd
from tests.package.root import CACHE, mirror

__all__ = ["IMAGE", "Booted", "build", "unable"]

ROOT = Path(smsd.__file__).parents[1]
IMAGE = CACHE / "booted.tar"
TOOLS = ("mmdebstrap", "systemd-nspawn", "unshare", "nsenter", "tar", "timeout")
DEBIANS_PYTHON = (3, 11)
PROGRAM = """\
#!/bin/sh
export PYTHONPATH=/opt/smsd/libraries:/opt/smsd/source
exec /usr/bin/python3 -m smsd "$@"
"""
STARTED_SECONDS = 120
# Where processes are counted: the one hierarchy, or beside the older ones that of systemd and the new one.
HIERARCHIES = [Path("/sys/fs/cgroup") / name for name in ("", "unified", "systemd")]


def unable() -> str:
    """Say why no container is booted here; empty when one can be."""
    if os.geteuid() != 0:
        return "not root"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    if sys.version_info[:2] != DEBIANS_PYTHON:
        return "the libraries here are not for Debian 12's Python 3.11"
    trial = ["unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/run"]
    refused = subprocess.run(trial, check=False, capture_output=True).returncode != 0
    return "no mount namespace may be made here" if refused else ""


def build() -> Path:
    """Make the tar of a Debian with systemd and Python, unless there is one; half a minute and 100 MB."""
    if not IMAGE.exists():
        IMAGE.parent.mkdir(parents=True, exist_ok=True)
        fresh = IMAGE.with_suffix(f".{os.getpid()}.tar")
        without = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale", "i18n")]
        words = ["--variant=essential", "--include=systemd-sysv,python3", *without, "bookworm", str(fresh), mirror()]
        subprocess.run(["mmdebstrap", "--quiet", "--mode=root", *words], check=True)
        fresh.rename(IMAGE)
    return IMAGE


class Booted:
    """One container, laid out below ``path`` from an image; a context in which it runs."""

    def __init__(self, path: Path, image: Path = IMAGE) -> None:
        self.path = path
        path.mkdir(parents=True)
        subprocess.run(["tar", "-xf", image, "-C", path, "--exclude=./dev/*"], check=True)
        if not (path / "usr/bin/smsd").is_symlink():
            (path / "usr/bin/smsd").write_text(PROGRAM, "ascii")
            (path / "usr/bin/smsd").chmod(0o755)
        for folder in ("source", "libraries"):
            (path / "opt/smsd" / folder).mkdir(parents=True)
        self._groups = [
            place / f"smsd-test-{os.getpid()}" for place in HIERARCHIES if (place / "cgroup.procs").exists()
        ]
        self._leader = 0

    def __enter__(self) -> Self:
        for group in self._groups:
            group.mkdir(exist_ok=True)
        libraries = sysconfig.get_path("purelib")
        join = "".join(f"echo $$ > {group}/cgroup.procs; " for group in self._groups)
        boot = (
            f"systemd-nspawn --quiet --directory={self.path} --register=no --keep-unit --private-network --boot "
            f"--bind-ro={ROOT}:/opt/smsd/source --bind-ro={libraries}:/opt/smsd/libraries --console=pipe"
        )
        self._said = (self.path.parent / "console").open("wb")
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
             f"{join}mount -t tmpfs tmpfs /run; exec {boot}"],
            stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._said,
        )  # fmt: skip
        self._await_start()
        return self

    def _await_start(self) -> None:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        look = f'until [ -n "$(cat {children})" ] && nsenter --target $(cat {children}) --mount --pid test -S '
        look += "/run/systemd/private 2>/dev/null; do sleep 0.1; done"
        done = subprocess.run(["timeout", str(STARTED_SECONDS), "sh", "-c", look], check=False)
        assert done.returncode == 0, (self.path.parent / "console").read_text("utf-8", "replace")
        self._leader = int(children.read_text("ascii").split()[0])
        self.run("systemctl is-system-running --wait", code=None, seconds=200)

    def run(self, command: str, *, code: int | None = 0, seconds: float = 100) -> str:
        """Run a command of the shell in there, as root; return what it says, and insist on how it ends."""
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
        spaces = [f"--{each}" for each in ("mount", "pid", "ipc", "uts", "net", "cgroup", "root", "wd")]
        environment = ["env", "-i", f"PATH={path}", "HOME=/root", "LC_ALL=C.UTF-8"]
        inside = ["nsenter", f"--target={self._leader}", *spaces, *environment, "sh", "-c", command]
        done = subprocess.run(
            inside, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            timeout=seconds, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert code is None or done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def until(self, condition: str, seconds: float = 60) -> None:
        """Wait until a command of the shell succeeds in there."""
        loop = shlex.quote(f"until {condition} >/dev/null 2>&1; do sleep 0.1; done")
        waiting = f"timeout {seconds:g} sh -c {loop}"
        if self.run(f"{waiting} && echo reached", code=None, seconds=seconds + 20) != "reached\n":
            raise AssertionError(f"not within {seconds:g} s: {condition}\n{self.run('journalctl -n 40', code=None)}")

    def show(self, unit: str, name: str) -> str:
        """Return a property of a unit."""
        return self.run(f"systemctl show {unit} --value --property={name}").strip()

    def __exit__(self, *_: object) -> None:
        if self._leader:
            self.run("systemctl poweroff --force --force", code=None)
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()
        for group in self._groups:
            for folder in sorted((each for each in group.rglob("*") if each.is_dir()), reverse=True):
                folder.rmdir()
            group.rmdir()
        shutil.rmtree(self.path)
