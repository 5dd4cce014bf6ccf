"""ModemManager beside our service: it takes every modem it sees, unless it is told to keep off."""

import time

import pytest

from tests.hotplug.host import ANSWER_SECONDS, Host, new_phone
from tests.hotplug.proof import Proof
from tests.hotplug.stick import Stick

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

INSTALLED_SECONDS = 240.0


def test_modem_manager_keeps_off(spare: Host, other: Stick, proof: Proof) -> None:
    """Before the package is there it types into the stick's ports, the silent ones too; afterwards it does not."""
    data = other.sockets["spare"].data
    spare.wait("systemctl is-active --quiet ModemManager")
    other.plug("spare")
    spare.wait("journalctl -b -u ModemManager -o cat | grep -q ttyUSB")
    other.pull()
    before = data.heard
    spare.run("apt-get install -y -q ./smsd_*.deb", seconds=INSTALLED_SECONDS)  # needs nothing from a mirror
    installed = spare.run("date +%s")
    client = new_phone()
    other.ask("text", client, "CLIENT info")
    began = time.monotonic()
    other.plug()
    other.ask("wait", client, 2, ANSWER_SECONDS)
    proof.tell("beside ModemManager: plugged in, to both answers", time.monotonic() - began)
    spare.run("systemctl is-active ModemManager")
    assert "No modems were found" in spare.run("mmcli -L", code=None)
    assert "ttyUSB" not in spare.run(f"journalctl -b -u ModemManager -o cat --since @{installed}")
    assert data.heard == before, "ModemManager, or we, touched the data port"
    assert spare.run("systemctl --failed --no-legend --plain") == ""
