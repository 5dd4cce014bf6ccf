"""The life of the package on a bare Debian: installed, upgraded with an older database, killed, removed, purged.

One host goes through all of it, in the order of this file; each test says what it finds there.
"""

import json
import random
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from smsd.store.engine import migrations
from tests.package.root import Root

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"
INSTALL_SECONDS = 120
NOT_OURS = re.compile(r"^(var/lib/dpkg|var/cache|var/log|var/lib/apt|var/lib/systemd|opt)/")
AS_SMSD = "runuser -u smsd -- "
KILLS = 6
MIGRATIONS = "usr/lib/smsd/lib/python3.11/site-packages/smsd/store/migrations"


def ours(debian: Root) -> set[str]:
    """Return every path that bears our name, but what dpkg keeps of every package it has known."""
    return {path for path in debian.files() if "smsd" in path and not NOT_OURS.match(path)}


def repacked(package: Path, version: str, change: str, to: Path) -> None:
    """Make another version of the package; ``change`` is a command of the shell, run in its unpacked tree."""
    tree = to.with_suffix(".tree")
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = tree / "DEBIAN" / "control"
    control.write_text(
        re.sub(r"^Version: .*$", f"Version: {version}", control.read_text("utf-8"), flags=re.MULTILINE), "utf-8"
    )
    subprocess.run(["sh", "-ec", change], cwd=tree, check=True)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, to], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)


@pytest.fixture(scope="module")
def bare(debian: Root) -> set[str]:
    """Every path of the host as it was before."""
    return debian.files()


@pytest.mark.usefixtures("bare")
def test_one_command_installs_it_within_two_minutes(debian: Root) -> None:
    began = time.monotonic()
    debian.run("apt-get update -qq && apt-get install -y -q /opt/smsd.deb")
    assert time.monotonic() - began < INSTALL_SECONDS
    assert debian.run("smsd --version").startswith("smsd")
    print(f"bare Debian to installed: {time.monotonic() - began:.1f} s")


def test_user_directories_and_database_are_there_before_the_first_start(debian: Root) -> None:
    said = debian.run(
        "stat -c '%n %U %G %a' /etc/smsd /etc/smsd/credentials /etc/smsd/encrypted /var/lib/smsd "
        "/var/lib/smsd/smsd.db; "
        "getent passwd smsd | cut -d: -f7"
    )
    assert said.splitlines() == [
        "/etc/smsd root smsd 750",
        "/etc/smsd/credentials root root 700",
        "/etc/smsd/encrypted root root 700",
        "/var/lib/smsd smsd smsd 750",
        "/var/lib/smsd/smsd.db smsd smsd 660",  # the group's digit is the mask of the access list: smsd-admin writes
        "/usr/sbin/nologin",
    ]


def test_the_libraries_are_those_that_were_tested(debian: Root) -> None:
    lines = CONSTRAINTS.read_text("utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    tested = {name.lower().replace("_", "-"): version for name, version in pairs}
    said = debian.run(
        '/usr/lib/smsd/bin/python3 -I -c "from importlib.metadata import distributions as d; '
        "print(*(f'{x.name}=={x.version}' for x in d()), sep=chr(10))\""
    )
    found = dict(line.split("==") for line in said.splitlines())
    assert found.pop("scserv-smsd")
    assert {"click", "cryptography", "sqlite-utils", "structlog"} <= set(found)
    assert {name: tested.get(name.lower().replace("_", "-")) for name in found} == found


def test_the_whole_service_works_on_the_simulated_modem(debian: Root) -> None:
    """Every library is imported by Debian's own Python, sealing and SQLite included."""
    assert "Дождитесь" in debian.run(f"cd /tmp && {AS_SMSD} smsd demo")


def test_root_may_add_clients_before_the_first_start_and_the_daemon_still_owns_its_files(debian: Root) -> None:
    debian.run("echo secret | smsd client add +79161234567 --code 7 --login anna --password-stdin", code=None)
    debian.run("smsd outbox list")
    assert set(debian.run("stat -c %U /var/lib/smsd/*").split()) == {"smsd"}


def test_the_doctor_says_what_is_missing(debian: Root) -> None:
    said = debian.run("smsd doctor --json", code=69)
    found = {finding["check"]: finding["severity"] for finding in json.loads(said)["findings"]}
    assert {check: severity for check, severity in found.items() if severity != "ok"} == {
        "modem": "error", "daemon": "error", "alarms": "warning",
    }  # fmt: skip
    cures = {finding["check"]: finding["cure"] for finding in json.loads(said)["findings"]}
    assert "/etc/smsd/smsd.toml" in cures["alarms"]


def test_the_example_is_a_configuration_also_where_it_is_commented_out(debian: Root) -> None:
    text = (debian.path / "etc/smsd/smsd.toml").read_text("utf-8")
    keys = re.sub(r"^# (?=\w+ = |\[)", "", text, flags=re.MULTILINE)
    keys = keys.replace('\n# pin_file = "credentials/pin"', '\npin_file = "credentials/pin"')
    (debian.path / "tmp/whole.toml").write_text(keys, "utf-8")
    assert "[[smpp]]\n" in keys
    debian.run("smsd --config /tmp/whole.toml outbox list")


def test_completions_and_manual_pages_are_in_their_places(debian: Root) -> None:
    debian.run("bash -c 'source /usr/share/bash-completion/completions/smsd && complete -p smsd'")
    for place in ("zsh/vendor-completions/_smsd", "fish/vendor_completions.d/smsd.fish"):
        assert "_SMSD_COMPLETE" in (debian.path / "usr/share" / place).read_text("utf-8")
    pages = debian.run("dpkg -L smsd | grep /usr/share/man/man1/")
    assert "/usr/share/man/man1/smsd.1.gz" in pages
    assert "/usr/share/man/man1/smsd-outbox-why.1.gz" in pages


def test_the_unit_is_understood_and_not_enabled(debian: Root) -> None:
    assert (
        debian.run("systemd-analyze verify --man=no --recursive-errors=no smsd.service 2>&1 | grep smsd || true") == ""
    )
    assert debian.run("systemctl is-enabled smsd", code=1).strip() == "disabled"


def test_smstools_does_not_go_with_it(debian: Root) -> None:
    """Its program is called smsd, too."""
    assert "Remv smsd" in debian.run("apt-get install -s smstools")


def test_configuring_it_again_changes_nothing(debian: Root) -> None:
    before = debian.files()
    for _ in range(2):
        debian.run("/var/lib/dpkg/info/smsd.postinst configure 0.0.1")
    assert debian.files() == before


def test_an_upgrade_keeps_the_configuration_and_brings_the_database_up_to_date(debian: Root, package: Path) -> None:
    known = len(migrations())
    step = f"{MIGRATIONS}/{known + 1:04d}_a_later_step.sql"
    repacked(
        package, "99", f"echo 'CREATE TABLE later (x INTEGER PRIMARY KEY) STRICT;' > {step}", debian.path / "opt/99.deb"
    )
    debian.run("echo '# mine' >> /etc/smsd/smsd.toml && smsd send +79161234567 waiting")
    said = debian.run("dpkg -i /opt/99.deb")
    assert f"version {known + 1}" in said
    assert debian.run("tail -n 1 /etc/smsd/smsd.toml") == "# mine\n"
    assert '"waiting"' in debian.run("smsd outbox list --json")
    assert debian.run("smsd database check").strip().endswith("whole")


def test_a_kill_at_any_moment_of_it_is_mended_by_dpkg(debian: Root, package: Path) -> None:
    """Killed while it unpacks, while it migrates, in between; then what dpkg itself advises, and the same once more.

    The first run is let through, to know how long there is to be killed in.
    """
    chance = random.Random(7)  # noqa: S311  chooses when to kill
    known = len(migrations())
    took, killed = 60.0, 0
    for turn in range(KILLS + 1):
        # One migration more at each turn: there is always one to be killed in.
        steps = (
            f"echo 'CREATE TABLE later (x INTEGER PRIMARY KEY) STRICT;' > {MIGRATIONS}/{known + 1:04d}_a_later_step.sql"
        )
        for number in range(known + 2, known + 3 + turn):
            table = f"CREATE TABLE t{number} (x INTEGER PRIMARY KEY) STRICT;"
            steps += f"; echo '{table}' > {MIGRATIONS}/{number:04d}_step.sql"
        repacked(package, str(100 + turn), steps, debian.path / "opt/next.deb")
        began = time.monotonic()
        process = debian.start("dpkg -i /opt/next.deb")
        try:
            process.wait(timeout=60 if turn == 0 else chance.uniform(0.1, 1) * took)
            took = min(took, time.monotonic() - began)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.communicate()
        debian.run("dpkg --configure -a; dpkg -i /opt/next.deb")
        assert debian.run("dpkg -s smsd | grep -E '^(Status|Version)'").splitlines() == [
            "Status: install ok installed", f"Version: {100 + turn}",
        ]  # fmt: skip
        assert '"waiting"' in debian.run("smsd outbox list --json")
        assert debian.run("smsd database check").strip().endswith("whole")
    print(f"{killed} of {KILLS} upgrades killed, each within {took:.1f} s")
    assert killed


def test_removing_it_keeps_what_was_written_and_nothing_else(debian: Root) -> None:
    debian.run("apt-get remove -y -q smsd")
    left = ours(debian)
    assert {path for path in left if not path.startswith("var/lib/smsd/")} == {
        "etc/smsd", "etc/smsd/smsd.toml", "etc/smsd/credentials", "etc/smsd/encrypted", "var/lib/smsd",
    }  # fmt: skip
    assert "var/lib/smsd/smsd.db" in left
    debian.run("dpkg -i /opt/next.deb")
    assert '"waiting"' in debian.run("smsd outbox list --json")


def test_purging_it_leaves_nothing_but_the_locked_user(debian: Root, bare: set[str]) -> None:
    """Debian keeps system users, so that nobody later gets the number that owns a backup somewhere."""
    debian.run("apt-get purge -y -q smsd")
    assert ours(debian) - bare == set()
    assert "smsd" in debian.run("getent passwd smsd")
    debian.run("dpkg --purge smsd")
