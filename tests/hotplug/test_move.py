"""Two hosts where ModemManager runs: it keeps off, and the service moves house from the one to the other.

The move is that of docs/how-to/move-to-another-host.md, command by command, with the modem and its SIM. What the phones
show at the end is what counts: nothing twice, nothing missing, and what cannot be known is held and shown. Each check
goes on where the last has ended.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hotplug.guest import Guest
from tests.hotplug.host import ANSWER_SECONDS, Host, answered, new_phone
from tests.hotplug.image import Image
from tests.hotplug.proof import Proof
from tests.hotplug.stick import Stick

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "move-to-another-host.md"
MOVED_SECONDS = 900.0
"""Fifteen minutes, most of them the admin's own."""
CLIENT, PASSWORD = "+79165550101", "k7-Quartz-31"
SAFE = "/media/safe"
INSTALLED_SECONDS = 240.0
LOOK_SECONDS = 0.1


def steps() -> dict[int, str]:
    """Return the commands of the page's table by their numbers, as they are to be typed; root needs no sudo."""
    rows = re.findall(r"^\| (\d) \| \w+ \| `(.+?)`(?:, then `(.+)`)? \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    typed = {int(number): "; ".join(filter(None, told)).replace("sudo ", "") for number, *told in rows}
    return typed | {1: typed[1].replace("install", "install -y -q")}


def dead_steps() -> list[str]:
    """Return the commands of the page for a host that is dead."""
    _, _, section = PAGE.read_text("utf-8").partition("## The old host is dead")
    (block,) = re.findall(r"```sh\n(.+?)```", section, re.DOTALL)
    return [line.replace("sudo ", "") for line in block.splitlines()]


def mount(host: Host) -> None:
    """Put the medium in."""
    host.run(f"mkdir -p {SAFE} && mount /dev/vdb {SAFE}")


def unmount(host: Host) -> None:
    """Take it out, with all that was written."""
    host.run(f"umount {SAFE}")


def shown(stick: Stick, phone: str) -> list[str]:
    """Return what a phone shows."""
    return [message["text"] for message in stick.ask("screen", phone)]


@pytest.fixture(scope="module")
def installed(old: Host) -> Host:
    """The old host, with the package: it needs nothing from a mirror."""
    old.run(steps()[1], seconds=INSTALLED_SECONDS)
    return old


@pytest.fixture(scope="module")
def booting(folder: Path, built: Image, stick: Stick, medium: Path, installed: Host) -> Iterator[Guest]:
    """The spare host, switched on: what was typed on the old one would be typed here, so it begins with that disk."""
    twin = folder / "twin"
    installed.guest.twin(twin)
    guest = Guest(folder / "spare", built, twin, [stick.sockets["spare"].path], medium=medium)
    twin.unlink()
    guest.start()
    yield guest
    guest.kill()


@pytest.fixture(scope="module")
def spare(booting: Guest) -> Iterator[Host]:
    """The spare host, booted."""
    with booting as guest:
        yield Host(guest)


@pytest.mark.timeout(600)  # the images may be made within it
def test_modem_manager_takes_a_modem_where_the_package_is_not(old: Host, stick: Stick) -> None:
    """It types into the stick's ports, the silent ones too: at once; its journal says so after half a minute."""
    old.wait("systemctl is-active --quiet ModemManager")
    stick.plug("old")
    until = time.monotonic() + ANSWER_SECONDS
    while not stick.sockets["old"].data.heard:
        assert time.monotonic() < until, "ModemManager has typed nothing"
        time.sleep(LOOK_SECONDS)
    stick.pull()


@pytest.mark.usefixtures("booting")  # the spare host boots meanwhile
def test_modem_manager_keeps_off(installed: Host, stick: Stick, proof: Proof) -> None:
    """As soon as the package is there."""
    data = stick.sockets["old"].data
    before, since = data.heard, installed.run("date +%s")
    client = new_phone()
    stick.ask("text", client, "CLIENT info")
    began = time.monotonic()
    stick.plug()
    stick.ask("wait", client, 2, ANSWER_SECONDS)
    proof.tell("beside ModemManager: plugged in, to both answers", time.monotonic() - began)
    installed.run("systemctl is-active ModemManager")
    assert "No modems were found" in installed.run("mmcli -L", code=None)
    assert "ttyUSB" not in installed.run(f"journalctl -b -u ModemManager -o cat --since @{since}")
    assert data.heard == before, "ModemManager, or we, touched the data port"
    assert installed.run("systemctl --failed --no-legend --plain") == ""


def test_a_host_that_still_runs_moves_whole(old: Host, spare: Host, stick: Stick, proof: Proof) -> None:
    """The first command of the page, which installs the package, was typed before ``spare`` was booted."""
    told, doubted, waiting = steps(), new_phone(), new_phone()
    assert sorted(told) == [1, 2, 3, 4, 5, 6, 8]
    answered(stick, messages=2)  # what the SIM counts is evidence once it was seen to count
    old.run(f"echo {PASSWORD} | smsd client add {CLIENT} --code 1234 --login ivanov --password-stdin")
    # One message is in the air when the modem is pulled; another waits for a modem.
    stick.ask("inject", "unplug", "at=+CMGS", "place=result", "times=1")
    old.told("send", doubted, "'В воздухе'")
    old.stopped()
    old.told("send", waiting, "'Не ушло'")
    began = time.monotonic()
    mount(old)
    old.run(told[2])
    old.run(told[3])
    unmount(old)
    spare.run("systemctl is-active ModemManager")
    mount(spare)
    for number in (4, 5, 6):
        spare.run(told[number])
    unmount(spare)
    stick.plug("spare")
    for phone in (doubted, waiting):
        stick.ask("wait", phone, 1, ANSWER_SECONDS)
    answered(stick, CLIENT, messages=2)
    took = time.monotonic() - began
    assert "messages can be sent" in spare.run(told[8], code=None)
    assert (shown(stick, doubted), shown(stick, waiting)) == (["В воздухе"], ["Не ушло"])
    assert PASSWORD in shown(stick, CLIENT)[1], "the key did not come along"
    proof.tell(
        "moved to another host, commands only: from stopping the old to the client's answer from the new",
        took,
        bar=MOVED_SECONDS,
        remark="what was in the air and what waited: each once",
    )


def test_a_host_that_died_is_followed_by_its_last_backup(old: Host, spare: Host, stick: Stick, proof: Proof) -> None:
    """What waited in the backup has left since. It is held and shown, and not sent again."""
    late = new_phone()
    stick.pull()
    spare.stopped()
    message = spare.told("send", late, "'Ушло после копии'")["id"]
    mount(spare)
    spare.run(f"rm {SAFE}/smsd.db && smsd database backup {SAFE}/smsd.db")
    unmount(spare)
    stick.plug()
    stick.ask("wait", late, 1, ANSWER_SECONDS)
    stick.pull()
    spare.guest.kill()
    began = time.monotonic()
    old.run("systemctl unmask smsd")
    mount(old)
    for command in dead_steps():
        old.run(command)
    unmount(old)
    stick.plug("old")
    answered(stick, CLIENT, messages=4)
    took = time.monotonic() - began
    held = old.told("outbox", "list", "--state", "in_doubt")
    assert [each["id"] for each in held] == [message]
    assert "in doubt" in old.run("smsd status")
    assert shown(stick, late) == ["Ушло после копии"]
    proof.tell(
        "its host dead: the last backup restored, to the client's answer",
        took,
        bar=MOVED_SECONDS,
        remark="what had left since the backup is held and shown, and was not sent again",
    )


def test_removed_and_installed_again_it_serves_the_modem_that_is_there(old: Host, stick: Stick, proof: Proof) -> None:
    """Its name goes with the rule that gave it, so that the second installation is shown it as the first was."""
    old.run("apt-get remove -y -q smsd")
    old.wait("! test -e /dev/smsd/modem")
    old.run(steps()[1], seconds=INSTALLED_SECONDS)
    proof.tell("removed and installed again, the modem in its place: to an answer", answered(stick, messages=2))
