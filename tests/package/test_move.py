"""Moving to another host by the very lines of the guide, typed on two Debians whose first process is systemd.

The modem that is carried from one to the other is a simulated one that is plugged in on the spare host. Both guides,
English and Russian, have the same lines: a test of the house compares them.
"""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.booted import Booted
from tests.host.booted import unable as not_booted
from tests.package.root import Root

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(bool(not_booted()), reason=f"nobody moves to another host: {not_booted()}"),
]

GUIDE = Path(__file__).parents[2] / "docs/how-to/move-to-another-host.md"
QUARTER = 900
MODEM = "/run/modem/modem"
SIMULATED = f"""\
[Service]
User=smsd
RuntimeDirectory=modem
ExecStart=smsd simulate --link {MODEM} --control /run/modem/control
"""
PLUGGED = "[Unit]\nWants=smsd.service simulated.service\n"
CONFIGURATION = f"""\
[service]
number = "+79086228779"

[[modem]]
device = "{MODEM}"
"""
OLD, SPARE = "old", "spare"
PHONE = "+79161234567"


def steps() -> dict[int, tuple[str, str]]:
    """Return the numbered lines of the first table: where each is typed, and what. Nobody asks for ``sudo`` as root."""
    rows = re.findall(r"^\| (\d) \| (\w+) \| (.*) \|$", GUIDE.read_text("utf-8"), flags=re.MULTILINE)
    return {
        int(number): (where, " && ".join(re.findall(r"`([^`]+)`", what)).replace("sudo ", ""))
        for number, where, what in rows
    }


def by_the_dead_host() -> str:
    """Return the lines for a host that is dead, as one command of the shell."""
    section = GUIDE.read_text("utf-8").partition("## The old host is dead")[2]
    return section.split("```")[1].removeprefix("sh\n").replace("sudo ", "")


@pytest.fixture(scope="module")
def image(debian: Root, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Debian on which step 1 was done."""
    where, command = steps()[1]
    assert where == SPARE
    debian.run("apt-get update -qq; apt-get install -y -q systemd")
    debian.run(f"cd /opt && mv smsd.deb smsd_0_amd64.deb && {command} -y -q")
    made = tmp_path_factory.mktemp("image") / "installed.tar"
    subprocess.run(["tar", "-cf", made, "-C", debian.path, "--exclude=./dev/*", "."], check=True)
    yield made
    made.unlink()


@pytest.fixture(scope="module")
def safe(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was carried away from the old host: steps 2 and 3, while a message waits for its modem."""
    path = tmp_path_factory.mktemp("old") / "root"
    with Booted(path, image) as old:
        (path / "etc/smsd/smsd.toml").write_text(CONFIGURATION, "utf-8")
        (path / "media/safe").mkdir()
        old.run("systemctl enable --now smsd")
        old.run("echo k7-Quartz | smsd client add " + PHONE + " --code 7 --login anna --password-stdin")
        old.run(f"smsd send {PHONE} waiting")
        for number in (2, 3):
            where, command = steps()[number]
            assert where == OLD
            old.run(command)
        assert "masked" in old.run("systemctl start smsd", code=1)
        carried = tmp_path_factory.mktemp("safe") / "safe"
        shutil.copytree(path / "media/safe", carried)
    return carried


@pytest.fixture
def spare(image: Path, safe: Path, tmp_path: Path) -> Iterator[Booted]:
    """The spare host, with what was carried there and the modem not yet plugged in."""
    with Booted(tmp_path / "root", image) as host:
        shutil.copytree(safe, tmp_path / "root/media/safe")
        units = tmp_path / "root/etc/systemd/system"
        (units / "simulated.service").write_text(SIMULATED, "ascii")
        (units / "plugged.target").write_text(PLUGGED, "ascii")
        host.run("systemctl daemon-reload")
        yield host


def plug(host: Booted) -> None:
    """Do step 7; there is no udev here: a target stands in for the modem's device, which wants the service."""
    host.run("systemctl start simulated && systemctl start plugged.target && systemctl start smsd")
    host.until('smsd modem list --json | grep -q \'"state": "ready"\'', seconds=60)


def messages(host: Booted) -> list[tuple[str, str, int]]:
    rows = json.loads(host.run("smsd outbox list --json"))
    return [(row["text"], row["state"], row["attempts"]) for row in rows]


def test_what_waited_leaves_once_from_the_new_host(spare: Booted) -> None:
    began = time.monotonic()
    for number in (4, 5, 6):
        where, command = steps()[number]
        assert where == SPARE
        spare.run(command)
    plug(spare)
    spare.until("smsd outbox list --json | grep -q '\"attempts\": 1'")
    assert [(text, attempts) for text, _, attempts in messages(spare)] == [("waiting", 1)]
    for command in steps()[8][1].split(" && "):
        spare.run(command, code=None)
    assert "k7-Quartz" in spare.run(f"smsd client show {PHONE} --reveal")
    as_admin = "setpriv --reuid=nobody --regid=nogroup --groups=" + spare.run("getent group smsd-admin").split(":")[2]
    spare.run(f"{as_admin} smsd send {PHONE} again")
    took = time.monotonic() - began
    print(f"moved to another host in {took:.0f} s of the machine's time")
    assert took < QUARTER


def test_of_a_dead_host_nothing_leaves_by_itself_and_all_is_shown(spare: Booted) -> None:
    for number in (4, 5):
        spare.run(steps()[number][1])
    assert "held: 1 message" in spare.run(by_the_dead_host())
    plug(spare)
    spare.run(f"smsd send {PHONE} new")
    spare.until("smsd outbox list --json | grep -q '\"attempts\": 1'")
    assert [(text, state == "in_doubt", attempts) for text, state, attempts in messages(spare)] == [
        ("new", False, 1), ("waiting", True, 0),
    ]  # fmt: skip
