"""A host with our service on it, as an admin and as udev see it; and the clients' phones."""

import itertools
import json
import time
from typing import Any

from tests.hotplug.guest import GATEWAY, Guest
from tests.hotplug.stick import Stick

__all__ = ["ANSWER_SECONDS", "IMEI", "ONE_MODEM", "OTHER_IMEI", "Host", "answered", "new_phone"]

ANSWER_SECONDS = 60.0
_numbers = itertools.count(1)

CONFIGURATION = """\
[service]
number = "+79086228779"

{routes}
"""
IMEI = "860000000000017"
OTHER_IMEI = "860000000000025"
ONE_MODEM = '[[modem]]\ndevice = "/dev/smsd/modem"\n'


class Host:
    """``guest`` with our service on it."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.run = guest.run
        self.wait = guest.wait

    def show(self, what: str) -> str:
        """Return one property of the unit."""
        return self.run(f"systemctl show --property {what} --value smsd")

    def stopped(self) -> float:
        """Wait until the service has stopped of its own accord and say how long that took."""
        began = time.monotonic()
        self.wait('test "$(systemctl show --property ActiveState --value smsd)" = inactive')
        assert self.show("Result") == "success"
        return time.monotonic() - began

    def down(self, route: str) -> None:
        """Wait until a route is up no longer."""
        until = time.monotonic() + ANSWER_SECONDS
        while True:
            # 69, with nothing that could send, is an answer too.
            seen = json.loads(self.run("smsd status --json", code=None))["routes"]
            if not any(row["up"] for row in seen if row["name"] == route):
                return
            assert time.monotonic() < until, f"{route} is up: {seen}"

    def told(self, *words: str) -> Any:
        """Ask the command line for JSON."""
        return json.loads(self.run(" ".join(["smsd", *words, "--json"])))

    def configure(self, routes: str = ONE_MODEM) -> None:
        """Write the configuration; who runs keeps the old one until it is restarted."""
        text = CONFIGURATION.format(routes=routes)
        self.run(f"cat > /etc/smsd/smsd.toml <<'END'\n{text}END\n")

    def drop_in(self, name: str, *lines: str) -> None:
        """Add lines to the unit's section [Service]."""
        folder = "/etc/systemd/system/smsd.service.d"
        told = "\\n".join(["[Service]", *lines, ""])
        self.run(f"mkdir -p {folder} && printf '{told}' > {folder}/{name}.conf && systemctl daemon-reload")

    def operator(self, port: int) -> str:
        """Open the way to a service centre on the machine this runs on; return its part of the configuration."""
        self.drop_in("remote-smsc", f"IPAddressAllow={GATEWAY}")
        return f'[[smpp]]\nname = "operator"\nhost = "{GATEWAY}"\nport = {port}\nsystem_id = "scserv"\n\n'


def new_phone() -> str:
    """Return the number of somebody who has never written."""
    return f"+7916{next(_numbers):07d}"


def answered(stick: Stick, phone: str | None = None, *, messages: int = 1) -> float:
    """Let a client ask, wait until her phone shows the answer, say how long that took.

    So is known that the modem is ready: a start of the command line to ask for it takes longer, under emulation.
    """
    number = phone or new_phone()
    began = time.monotonic()
    stick.ask("text", number, "CLIENT info")
    stick.ask("wait", number, messages, ANSWER_SECONDS)
    return time.monotonic() - began
