"""The very package on a real Debian 12, with real plugs: udev, the kernel's own driver, systemd, and a modem of Python.

One machine goes through all of it, in the order of this file.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hotplug.host import ANSWER_SECONDS, IMEI, ONE_MODEM, OTHER_IMEI, Host, answered, new_phone
from tests.hotplug.proof import Proof
from tests.hotplug.stick import Stick

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

README = Path(__file__).parents[2] / "README.md"
INSTALLED_SECONDS = 120.0
FLAPS = 10
LOOK_SECONDS = 0.1
PLUGGED_SECONDS = 10.0
WATCHDOG_SECONDS = 10
NAME = "SCSERV"
TEXT = "Уважаемые клиенты! " * 14
"""Four parts."""
PARTS = 4


@pytest.mark.timeout(600)  # the images are made within it
def test_what_the_readme_says_makes_a_service_of_a_bare_debian(host: Host, stick: Stick, proof: Proof) -> None:
    """The package's file and a modem. The client has asked before there was anybody to answer."""
    (command,) = re.findall(
        r"^sudo (apt-get install) \./build/(smsd_\*\.deb)$", README.read_text("utf-8"), re.MULTILINE
    )
    proof.tell("a bare Debian 12 boots", host.guest.booted_in)
    client = new_phone()
    stick.ask("text", client, "CLIENT info")
    stick.plug()
    began = time.monotonic()
    host.run(f"{command[0]} -y -q ./{command[1]}", seconds=2 * INSTALLED_SECONDS)
    installed = time.monotonic() - began
    stick.ask("wait", client, 1, ANSWER_SECONDS)
    proof.tell(
        "bare Debian with a modem to the first answer: `apt-get install ./smsd_*.deb`",
        time.monotonic() - began,
        bar=INSTALLED_SECONDS,
        remark=f"installed after {installed:.0f} s",
    )
    assert host.run("systemctl is-enabled smsd", code=1) == "disabled"
    assert host.run("systemctl --failed --no-legend --plain") == ""
    assert host.run("stat -L -c '%U %G %a' /dev/smsd/modem") == "root smsd 660"
    assert stick.sockets["host"].data.heard == 0, "the data port was touched"


def test_plug_to_first_answer_and_pull_to_stopped(host: Host, stick: Stick, proof: Proof) -> None:
    stopping, answering = [], []
    for _ in range(3):
        stick.pull()
        stopping.append(host.stopped())
        client = new_phone()
        stick.ask("text", client, "CLIENT info")  # the network keeps it
        began = time.monotonic()
        stick.plug()
        stick.ask("wait", client, 1, ANSWER_SECONDS)
        answering.append(time.monotonic() - began)
    proof.tell("plugged in, to the first answer to `CLIENT info`", answering, bar=PLUGGED_SECONDS)
    proof.tell("not enabled: pulled out, to stopped", stopping, bar=5.0)


@pytest.fixture
def ready(stick: Stick) -> None:
    """The one modem is plugged in and answers, whatever went before."""
    stick.plug()
    answered(stick, messages=2)  # what the SIM counts is evidence once it was seen to count


@pytest.fixture
def cable(host: Host) -> Iterator[None]:
    """Something else takes the first of the names the modem had."""
    yield
    host.guest.control("device_del", id="cable")


@pytest.mark.usefixtures("ready", "cable")
def test_pulled_in_mid_send_and_back_under_another_name(host: Host, stick: Stick, proof: Proof) -> None:
    phone = new_phone()
    name = host.run("readlink -f /dev/smsd/modem")
    sent = len(stick.ask("sent"))
    stick.ask("radio", 1)
    # The first part is in the air when the stick goes; the network takes it, and no answer ever comes.
    stick.ask("inject", "unplug", "at=+CMGS", "place=result", "times=1")
    queued = host.told("send", phone, f"'{TEXT}'")["id"]
    host.stopped()
    plugged = {"always-plugged": "on"}
    host.guest.control("device_add", driver="usb-serial", chardev="cable", id="cable", bus="usb.0", **plugged)
    host.wait("test -e /dev/ttyUSB0")
    client = new_phone()
    stick.ask("text", client, "CLIENT info")
    began = time.monotonic()
    stick.plug()
    # A minute more where the SIM's count proves nothing until `settle_seconds` have passed, as on a busy machine.
    stick.ask("wait", phone, 1, 2 * ANSWER_SECONDS)
    took = time.monotonic() - began
    stick.ask("radio", 0)
    stick.ask("wait", client, 2, ANSWER_SECONDS)
    assert host.run("readlink -f /dev/smsd/modem") != name
    taken = [part for part in stick.ask("sent")[sent:] if part["recipient"] == phone]
    assert [part["part"] for part in taken] == [1, 2, 3, 4], "a part was lost or doubled"
    assert len({part["concatenation"] for part in taken}) == 1
    assert [message["text"] for message in stick.ask("screen", phone)] == [TEXT]
    host.wait(f'smsd outbox show {queued} --json | grep -q \'"state": "delivered"\'')
    proof.tell(
        "pulled out in mid-send, back under another tty: back, to the whole message on the phone",
        took,
        remark=f"{PARTS} parts, each once; the part in the air was settled by the SIM's count",
    )


def by_operator(stick: Stick) -> None:
    """Let clients ask until the operator carries the answer: then modem and bind are up."""
    until = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < until:
        client = new_phone()
        answered(stick, client)
        if stick.ask("screen", client)[0]["sender"] == NAME:
            return
    raise AssertionError("no answer came by the operator")


@pytest.mark.usefixtures("ready")
def test_enabled_it_goes_on_by_the_operator(host: Host, stick: Stick, operator: int, proof: Proof) -> None:
    """Without the drop-in the service centre would not be reached: the unit allows loopback only."""
    host.configure(host.operator(operator) + ONE_MODEM)
    host.run("systemctl enable --quiet smsd && systemctl restart smsd")
    by_operator(stick)
    process = host.show("MainPID")
    stick.pull()
    host.wait("! test -e /dev/smsd/modem")
    phone = new_phone()
    began = time.monotonic()
    host.run(f"smsd send {phone} 'Без модема'")
    stick.ask("wait", phone, 1, ANSWER_SECONDS)
    proof.tell("enabled: without its modem, a message by the operator's route", time.monotonic() - began)
    assert [message["sender"] for message in stick.ask("screen", phone)] == [NAME]
    client = new_phone()
    stick.ask("text", client, "CLIENT info")
    began = time.monotonic()
    stick.plug()
    stick.ask("wait", client, 1, ANSWER_SECONDS)
    proof.tell("enabled: plugged in again, to the answer of the same process", time.monotonic() - began)
    assert host.show("MainPID") == process
    host.configure()
    host.run("systemctl disable --quiet smsd")
    stick.pull()
    host.stopped()


def test_ten_flaps(host: Host, stick: Stick, proof: Proof) -> None:
    """Each time as soon as the host has seen the last: the service is starting, or stopping, or neither."""
    stick.plug()
    host.wait("test -e /dev/smsd/modem")
    began = time.monotonic()
    for _ in range(FLAPS):
        stick.pull()
        host.wait("! test -e /dev/smsd/modem")
        stick.plug()
        host.wait("test -e /dev/smsd/modem")
    flapped = time.monotonic() - began
    proof.tell("after ten pulls and plugs, to an answer", answered(stick), remark=f"all ten in {flapped:.1f} s")
    assert host.run("systemctl --failed --no-legend --plain") == ""


@pytest.fixture(scope="module")
def watched(host: Host) -> Iterator[None]:
    """The watchdog of the unit as it is waits a minute; from the next start on, here, it waits ten seconds."""
    host.drop_in("watchdog", f"WatchdogSec={WATCHDOG_SECONDS}")
    yield
    host.run("rm /etc/systemd/system/smsd.service.d/watchdog.conf && systemctl daemon-reload")


@pytest.mark.usefixtures("ready", "watched")
def test_killed_it_is_started_again(host: Host, stick: Stick, proof: Proof) -> None:
    restarts = int(host.show("NRestarts"))
    host.run("systemctl kill --signal=KILL smsd")
    proof.tell("`kill -9`, to an answer", answered(stick))
    assert int(host.show("NRestarts")) == restarts + 1


@pytest.mark.usefixtures("watched")
def test_stopped_dead_it_is_started_again(host: Host, stick: Stick, proof: Proof) -> None:
    """Follows a start that knows the shorter watchdog."""
    restarts = int(host.show("NRestarts"))
    host.run("systemctl kill --signal=STOP smsd")
    proof.tell("`kill -STOP`, to an answer", answered(stick), remark=f"WatchdogSec={WATCHDOG_SECONDS} instead of 60")
    assert int(host.show("NRestarts")) == restarts + 1
    assert "Watchdog timeout" in host.run("journalctl -b -u smsd -o cat -n 200")


def asked_each(*sticks: Stick) -> float:
    """Let a client write to each SIM, wait until all have an answer, say how long that took.

    SIMs of one service share the work, so that any may answer; each stick has a network of its own.
    """
    began = time.monotonic()
    for asked in sticks:
        client = new_phone()
        asked.ask("text", client, "CLIENT info")
        while not any(each.ask("screen", client) for each in sticks):
            assert time.monotonic() < began + ANSWER_SECONDS, "nobody has answered"
            time.sleep(LOOK_SECONDS)
    return time.monotonic() - began


def test_two_modems_and_one_is_pulled(host: Host, stick: Stick, other: Stick, proof: Proof) -> None:
    """Each is known by its IMEI, whatever its port is called."""
    names = {"first": IMEI, "second": OTHER_IMEI}
    host.configure("".join(f'[[modem]]\nname = "{n}"\nidentity = {{ imei = "{i}" }}\n\n' for n, i in names.items()))
    other.plug()
    host.run("systemctl restart smsd")
    asked_each(stick, other)
    process = host.show("MainPID")
    stick.pull()
    host.down("first")
    proof.tell("two modems, one pulled: to an answer by the other", answered(other), bar=5.0)
    stick.plug()
    proof.tell(
        "two modems: the pulled one is plugged in again, to an answer to who writes there", asked_each(stick, other)
    )
    assert host.show("MainPID") == process
    assert host.run("systemctl --failed --no-legend --plain") == ""
