"""Two groups as they are made, with real users: a daemon, who may look, who may queue, and who may do neither.

Run by root only: the files are laid out by systemd-tmpfiles from the shipped table, and every command is a process of
its own with the user's ids. The users have no names; the table is rewritten to their numbers.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import smsd

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/how-to/who-may-do-what.md"
VIEW, ADMIN = 60011, 60010
SERVICE = 60001
NO_MORE = "this user may read it and change nothing: that takes the group smsd-admin"

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="the groups are not tried: only root may become another user"),
    pytest.mark.skipif(
        not (shutil.which("systemd-tmpfiles") and shutil.which("setpriv")),
        reason="the groups are not tried: systemd-tmpfiles or setpriv is not installed",
    ),
]


@dataclass(frozen=True)
class User:
    """Somebody with a shell here."""

    uid: int
    groups: tuple[int, ...] = ()

    def command(self, words: Sequence[str]) -> list[str]:
        groups = ["--groups", ",".join(map(str, self.groups))] if self.groups else ["--clear-groups"]
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", *groups, *words]


DAEMON, ANNA, BORIS, STRANGER = User(SERVICE), User(60021, (VIEW,)), User(60022, (ADMIN,)), User(60023)


def interpreter(user: User) -> tuple[list[str], dict[str, str]]:
    """Return a Python that another user may run, and where it finds what this one has."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for program in (sys.executable, f"/usr/bin/{version}"):
        done = subprocess.run(user.command([program, "-c", ""]), capture_output=True, check=False)
        if done.returncode == 0:
            packages = [path for path in sys.path if path.endswith("-packages")]
            return [program, "-B"], {"PYTHONPATH": os.pathsep.join([str(Path(smsd.__file__).parents[1]), *packages])}
    pytest.skip(f"the groups are not tried: no {version} that another user may run")


@dataclass
class Host:
    """A host with the service laid out as on a real one."""

    root: Path

    @property
    def state(self) -> Path:
        return self.root / "var/lib/smsd"

    @property
    def database(self) -> Path:
        return self.state / "smsd.db"

    def words(self, user: User, command: str) -> tuple[list[str], dict[str, str]]:
        python, environment = interpreter(user)
        words = [*python, "-m", "smsd", "--config", str(self.root / "etc/smsd/smsd.toml"), *command.split()]
        return user.command(words), {**environment, "PATH": os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C.UTF-8"}

    def smsd(self, user: User, command: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        words, environment = self.words(user, command)
        return subprocess.run(
            words, env=environment, capture_output=True, text=True, check=False, timeout=100, input=stdin, cwd="/"
        )

    @contextmanager
    def daemon(self) -> Iterator[None]:
        words, environment = self.words(DAEMON, "run")
        with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True, cwd="/") as process:
            assert process.stderr is not None
            try:
                assert any("started" in line for line in process.stderr)
                yield
            finally:
                process.terminate()
                process.stderr.read()
        assert process.returncode == 0


@pytest.fixture
def host() -> Iterator[Host]:
    """Lay the directories out by the shipped table, below a root that everybody may pass."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        table = (ROOT / "systemd/tmpfiles.conf").read_text("ascii")
        for group, number in (("smsd-view", VIEW), ("smsd-admin", ADMIN)):
            table = table.replace(f"{group}:", f"{number}:")
        table = re.sub(r"\bsmsd smsd$", f"{SERVICE} {SERVICE}", table, flags=re.MULTILINE)
        table = re.sub(r"\broot smsd$", f"root {SERVICE}", table, flags=re.MULTILINE)
        (root / "smsd.conf").write_text(table, "ascii")
        done = subprocess.run(
            ["systemd-tmpfiles", f"--root={root}", "--create", str(root / "smsd.conf")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if "not supported" in done.stderr:
            pytest.skip("the groups are not tried: this file system has no access lists")
        assert done.returncode == 0, done.stderr
        (root / "etc/smsd/smsd.toml").write_text(
            f'[database]\nurl = "sqlite:///{root}/var/lib/smsd/smsd.db"\n'
            f'[[modem]]\ndevice = "{root}/var/lib/smsd/no-modem"\n[log]\nformat = "json"\n',
            "utf-8",
        )
        (root / "etc/smsd/smsd.toml").chmod(0o644)
        yield Host(root)


def rows() -> list[tuple[str, bool, bool]]:
    """Return every command of the page with what either group may."""
    found = re.findall(r"^\| `smsd (.+)` \| (yes|no) \| (yes|no) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return [(command, view == "yes", admin == "yes") for command, view, admin in found]


def prepared(host: Host) -> None:
    """Have the daemon's user bring a client and a message in."""
    added = host.smsd(DAEMON, "client add +79161234567 --code 0042 --login ivanov --password-stdin", "Xq7vRk29\n")
    assert added.returncode == 0, added.stderr
    assert host.smsd(DAEMON, "send +79161234567 First").returncode == 0


def tried(host: Host, user: User, column: int) -> None:
    """Run every command of the page as a user; compare with the page."""
    for row in rows():
        command, allowed = row[0].replace("/tmp/", f"{host.root}/copies-{user.uid}/"), row[column]
        (host.root / f"copies-{user.uid}").mkdir(mode=0o777, exist_ok=True)
        (host.root / f"copies-{user.uid}").chmod(0o777)
        (host.root / f"copies-{user.uid}/copy.db").unlink(missing_ok=True)
        done = host.smsd(user, command)
        told = f"{command}: {done.returncode}: {done.stdout}{done.stderr}"
        if allowed:
            # 69: nothing can be sent without a modem; the doctor finds that it is missing.
            assert done.returncode in ((0, 1, 69) if command in ("status", "doctor") else (0,)), told
            assert NO_MORE not in done.stderr, told
        else:
            assert done.returncode != 0, told
            assert done.stderr.count("\n") == 1, told
            assert "Traceback" not in done.stderr, told


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("up", [True, False], ids=["daemon up", "daemon down"])
def test_each_command_works_for_whom_the_page_says(host: Host, up: bool) -> None:
    assert len(rows()) > 15
    with host.daemon():
        prepared(host)
        if up:
            tried(host, ANNA, 1)
            tried(host, BORIS, 2)
    if not up:
        tried(host, ANNA, 1)
        tried(host, BORIS, 2)
        tried(host, ANNA, 1)


@pytest.mark.slow
def test_what_is_refused_is_refused_in_a_line_that_names_the_group(host: Host) -> None:
    with host.daemon():
        prepared(host)
        done = host.smsd(ANNA, "send +79161234567 no")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{host.database}: {NO_MORE}\n" or done.stderr.endswith(f"{NO_MORE}\n")


@pytest.mark.slow
def test_the_key_is_for_the_daemon_alone_and_the_directory_for_nobody_to_write(host: Host) -> None:
    key = host.state / "smsd.key"
    with host.daemon():
        prepared(host)
    for user in (ANNA, BORIS, STRANGER):
        for words in (["cat", key], ["mv", key, f"{key}.old"], ["rm", host.database], ["touch", host.state / "new"]):
            done = subprocess.run(user.command(list(map(str, words))), capture_output=True, check=False)
            assert done.returncode != 0, words
    assert b"PRIVATE" in subprocess.run(DAEMON.command(["cat", str(key)]), capture_output=True, check=True).stdout
    assert "cannot be read" in host.smsd(STRANGER, "outbox list").stderr


@pytest.mark.slow
def test_who_queues_rings_and_the_trail_names_him(host: Host) -> None:
    with host.daemon():
        prepared(host)
        assert host.smsd(BORIS, "send +79161234567 Second").returncode == 0
        trail = host.smsd(ANNA, "audit list").stdout
    assert str(BORIS.uid) in trail


@pytest.mark.slow
def test_files_that_an_admin_used_last_are_the_daemons_to_open(host: Host) -> None:
    with host.daemon():
        prepared(host)
    assert host.smsd(BORIS, "send +79161234567 Second").returncode == 0
    with host.daemon():
        time.sleep(0)
    assert host.smsd(ANNA, "outbox list").returncode == 0
    assert host.smsd(BORIS, "send +79161234567 Third").returncode == 0
