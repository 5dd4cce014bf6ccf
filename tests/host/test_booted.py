"""What the unit promises, kept by a real systemd, the first process of a Debian 12: start, watchdog, end, secrets.

One container is booted for all of it; each test begins with the files as ``smsd install`` lays them, nothing running.
A modem's device unit, which needs udev, is stood in for by a target that wants the service as the device would.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smsd.config import describe
from smsd.errors import ConfigError
from smsd.rules.alarms import TEST_MESSAGE_ID
from smsd.rules.webhooks import secret_of, signature
from smsd.vault import Vault
from tests.host.booted import IMAGE, Booted, build, unable
from tests.host.witness import HTTP_PORT, SMPP_PORT
from tests.package.root import unreachable

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(unable()), reason=f"the unit is not started by a real systemd: {unable()}"),
]

MODEM = "/run/modem/modem"
PLUGGED = "[Unit]\nWants=smsd.service\n"
SIMULATED = f"""\
[Service]
User=smsd
RuntimeDirectory=modem
ExecStart=smsd simulate --link {MODEM} --control /run/modem/control --pin 4711
"""
WATCHDOG_SECONDS = 10
CONFIGURATION = f'[[modem]]\ndevice = "{MODEM}"\n'


class Host:
    """The container, and what the tests do in it again and again."""

    def __init__(self, booted: Booted) -> None:
        self.booted = booted
        self.run, self.show, self.until = booted.run, booted.show, booted.until

    def write(self, place: str, text: str) -> None:
        """Write a file in there."""
        file = self.booted.path / place.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def configure(self, text: str) -> None:
        """Write the configuration."""
        self.write("/etc/smsd/smsd.toml", text)

    def change(self, lines: str) -> None:
        """Write a drop-in for the service."""
        self.write("/etc/systemd/system/smsd.service.d/test.conf", f"[Service]\n{lines}\n")
        self.run("systemctl daemon-reload")

    def plug(self) -> None:
        """Have something need the service, as a modem's device does; the start is waited for."""
        self.run("systemctl start plugged.target && systemctl start smsd")

    def state(self) -> str:
        """Return how the unit is."""
        return self.show("smsd", "ActiveState")

    def modem(self) -> dict[str, str]:
        """Return how the daemon's modem is."""
        modems: list[dict[str, str]] = json.loads(self.run("smsd modem list --json"))
        return modems[0]

    def until_modem(self, state: str) -> None:
        """Wait until the daemon says that its modem is in a state."""
        self.until(f'smsd modem list --json | grep -q "\\"state\\": \\"{state}\\""')


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """A booted Debian with the program in it."""
    if not IMAGE.exists() and (hindrance := unreachable()):
        pytest.skip(f"no container is booted: {hindrance}")
    build()
    with Booted(tmp_path_factory.mktemp("booted") / "root") as container:
        said = container.run("smsd install", code=1)
        # There is no udev in a container; everything else of it works.
        assert said.splitlines()[-1].endswith(
            "did not work: udevadm control --reload; "
            "udevadm trigger --action=add --subsystem-match=usb --subsystem-match=tty"
        )
        yield container


@pytest.fixture
def host(booted: Booted) -> Host:
    """Return the container with nothing running, nothing configured but a modem, and nothing kept."""
    host = Host(booted)
    host.run(
        "systemctl disable --quiet smsd; systemctl stop plugged.target simulated smsd smsd-usb-reset.path heard.slice;"
        "rm -rf /etc/systemd/system/*.d /var/lib/smsd/* /etc/smsd/credentials/* /etc/smsd/encrypted/*", code=None,
    )  # fmt: skip
    host.write("/etc/systemd/system/plugged.target", PLUGGED)
    host.write("/etc/systemd/system/simulated.service", SIMULATED)
    host.run("systemctl daemon-reload; systemctl reset-failed")
    host.configure(CONFIGURATION)
    return host


# --- needed and not ---------------------------------------------------------------------------------------------------


def test_it_is_ready_without_a_modem_and_goes_when_nothing_needs_it(host: Host) -> None:
    host.plug()
    assert host.state() == "active"
    host.until("systemctl show smsd --value --property=StatusText | grep -Fx 'down: modem0 (away); queue: empty'")
    assert host.show("smsd-usb-reset.path", "ActiveState") == "active"
    host.run("systemctl stop plugged.target")
    host.until("systemctl show smsd --value --property=ActiveState | grep -q inactive")
    host.until("systemctl show smsd-usb-reset.path --value --property=ActiveState | grep -q inactive")
    assert (host.show("smsd", "Result"), host.show("smsd", "NRestarts")) == ("success", "0")


def test_enabled_it_stays_without_a_modem(host: Host) -> None:
    host.run("systemctl enable --now --quiet smsd")
    host.run("systemctl start plugged.target && systemctl stop plugged.target")
    host.run("systemctl daemon-reload")
    assert host.state() == "active"


def test_started_by_hand_with_nothing_that_needs_it_it_ends_well(host: Host) -> None:
    host.run("systemctl start smsd", code=None)
    host.until("systemctl show smsd --value --property=ActiveState | grep -q inactive")
    assert host.show("smsd", "Result") == "success"


# --- life and death ---------------------------------------------------------------------------------------------------


def test_a_daemon_without_its_modem_is_not_restarted_by_the_watchdog(host: Host) -> None:
    host.change(f"WatchdogSec={WATCHDOG_SECONDS}")
    host.plug()
    first = host.show("smsd", "WatchdogTimestampMonotonic")
    fed = f'[ "$(systemctl show smsd --value --property=WatchdogTimestampMonotonic)" -gt {first} ]'
    for _ in range(3):  # each time it has been fed once more
        host.until(fed)
        last = host.show("smsd", "WatchdogTimestampMonotonic")
        fed = f'[ "$(systemctl show smsd --value --property=WatchdogTimestampMonotonic)" -gt {last} ]'
    assert host.modem()["state"] == "away"
    assert (host.state(), host.show("smsd", "NRestarts")) == ("active", "0")


def test_a_daemon_that_hangs_is_killed_and_started_again(host: Host) -> None:
    host.change(f"WatchdogSec={WATCHDOG_SECONDS}\nTimeoutAbortSec=1")
    host.plug()
    pid = host.show("smsd", "MainPID")
    host.run(f"kill -STOP {pid}")
    host.until("[ $(systemctl show smsd --value --property=NRestarts) = 1 ]")
    host.until("systemctl is-active smsd")
    assert host.show("smsd", "MainPID") != pid
    assert "watchdog" in host.run("journalctl --unit smsd --output cat").lower()


def test_a_daemon_that_is_killed_is_started_again_and_has_its_queue(host: Host) -> None:
    host.plug()
    host.run("smsd send +79161234567 waiting")
    host.run("systemctl kill --kill-whom=main --signal=KILL smsd")
    host.until("[ $(systemctl show smsd --value --property=NRestarts) = 1 ]")
    host.until("systemctl is-active smsd")
    assert '"waiting"' in host.run("smsd outbox list --json")


def test_a_configuration_that_is_not_understood_is_not_tried_again(host: Host) -> None:
    host.configure("[[modem]]\ndevise = '/dev/null'\n")
    host.run("systemctl start plugged.target; systemctl start smsd", code=1)
    assert host.state() == "failed"
    assert host.show("smsd", "ExecMainStatus") == str(ConfigError.exit_code)
    assert host.show("smsd", "NRestarts") == "0"
    assert "devise" in host.run("journalctl --unit smsd --output cat")
    host.configure(CONFIGURATION)
    host.run("systemctl start smsd")
    assert host.state() == "active"


def test_another_program_on_the_port_is_named_as_the_unit_lets_it_be_seen(host: Host) -> None:
    host.run("systemctl start simulated")
    host.until(f"[ -e {MODEM} ]")
    holding = "import fcntl, time; held = open('/run/modem/modem', 'r+b', 0); fcntl.flock(held, 2); time.sleep(600)"
    host.write("/etc/systemd/system/held.service", f'[Service]\nExecStart=/usr/bin/python3 -c "{holding}"\n')
    host.run("systemctl daemon-reload; systemctl start held")
    host.until("grep -q FLOCK.*$(systemctl show held --value --property=MainPID) /proc/locks")
    try:
        host.plug()
        host.until_modem("busy-port")
        assert f"held by process {host.show('held', 'MainPID')}" in host.modem()["detail"]
    finally:
        host.run("systemctl stop held")


# --- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["credentials", "encrypted"])
def test_the_pin_is_a_credential_that_nobody_else_reads(host: Host, kind: str) -> None:
    host.run("systemctl start simulated")
    host.configure(f'{CONFIGURATION}pin_file = "{kind}/pin"\n')
    if kind == "encrypted":
        host.run("systemd-creds setup >/dev/null 2>&1; printf 4711 | "
                 "systemd-creds encrypt --with-key=host --name=encrypted_pin - /etc/smsd/encrypted/pin")  # fmt: skip
        assert "4711" not in (host.booted.path / "etc/smsd/encrypted/pin").read_text("ascii")
    else:
        host.run("umask 077; printf 4711 > /etc/smsd/credentials/pin")
    host.plug()
    host.until_modem("ready")
    assert "4711" not in host.run("journalctl --unit smsd --output cat")
    host.run("setpriv --reuid=smsd --regid=smsd --clear-groups cat /etc/smsd/credentials/pin", code=1)


SECRETS = {
    "pin": "4711",
    "operator": "bindword",
    "operator2": "key of the account",
    "operator2-webhook": "word-of-the-path",
    "ssk.token": "word-for-the-ccs",
    "webhook-secret": "thirty-two characters that sign.",
}
PUBLIC_KEY = """\
import sqlite3
with sqlite3.connect("/var/lib/smsd/smsd.db") as database:
    print(*database.execute("SELECT value FROM fact WHERE name = ?", ["public_key"]).fetchone())
"""
HEARD = "/var/tmp/witness"
WITNESS = f"[Service]\nExecStart=/usr/bin/python3 /opt/smsd/source/tests/host/witness.py {HEARD}\n"
EVERY_SECRET = f"""\
[[modem]]
device = "{MODEM}"
pin_file = "KIND/pin"
[[smpp]]
name = "operator"
host = "127.0.0.1"
port = {SMPP_PORT}
password_file = "KIND/operator"
[[http]]
name = "operator2"
profile = "sms-aero"
url = "http://127.0.0.1:{HTTP_PORT}"
login = "scserv"
password_file = "KIND/operator2"
webhook_port = 8081
webhook_token_file = "KIND/operator2-webhook"
[directory]
url = "http://127.0.0.1:{HTTP_PORT}/ssk"
token_file = "KIND/ssk.token"
key_file = "KIND/smsd.key"
[[webhook]]
url = "http://127.0.0.1:{HTTP_PORT}/hook"
secret_file = "KIND/webhook-secret"
"""


def heard(host: Host, path: str) -> dict[str, Any]:
    """Return the first that the witness heard at a path, once it has."""
    host.until(f'grep -q \'"path": "{path}"\' {HEARD}')
    lines = map(json.loads, host.run(f"cat {HEARD}").splitlines())
    found: dict[str, Any] = next(line for line in lines if line["path"] == path)
    return found


def tell(host: Host, path: str) -> str:
    """Tell the daemon of a receipt as the operator does; return the status of its answer."""
    asked = f"c = http.client.HTTPConnection('127.0.0.1', 8081); c.request('POST', '{path}', '{{}}')"
    return host.run(f'python3 -c "import http.client; {asked}; print(c.getresponse().status)"').strip()


@pytest.mark.parametrize("kind", ["credentials", "encrypted"])
def test_every_secret_that_can_be_configured_is_handed_over_and_used(host: Host, kind: str, tmp_path: Path) -> None:
    public = Vault.load_or_create(tmp_path / "smsd.key").public.octets
    secrets = {**SECRETS, "smsd.key": (tmp_path / "smsd.key").read_text("ascii")}
    assert len(secrets) == sum(key.secret for key in describe())
    host.run(f"rm -f {HEARD}; systemd-creds setup >/dev/null 2>&1", code=None)
    for name, secret in secrets.items():
        host.write("/var/tmp/secret", f"{secret}\n")
        host.run(
            f"install -m 0400 /var/tmp/secret /etc/smsd/credentials/{name}" if kind == "credentials" else
            f"systemd-creds encrypt --with-key=host --name=encrypted_{name} /var/tmp/secret /etc/smsd/encrypted/{name}"
        )  # fmt: skip
    host.write("/etc/systemd/system/witness.service", WITNESS)
    host.run("rm /var/tmp/secret; systemctl daemon-reload; systemctl restart simulated witness")
    host.configure(EVERY_SECRET.replace("KIND", kind))
    try:
        host.plug()
        host.until_modem("ready")
        text = "s.connect('/run/modem/control'); s.sendall(b'text +79161234567 CLIENT info\\n'); s.recv(99)"
        host.run(f'python3 -c "import socket; s = socket.socket(socket.AF_UNIX); {text}"')
        host.run("smsd send +79161234567 hello")

        assert f"\0{SECRETS['operator']}\0" in heard(host, "bind")["body"]
        account = base64.b64encode(f"scserv:{SECRETS['operator2']}".encode()).decode()
        assert heard(host, "/v2/sms/send")["headers"]["authorization"] == f"Basic {account}"
        assert heard(host, "/ssk/client")["headers"]["authorization"] == f"Bearer {SECRETS['ssk.token']}"
        event = heard(host, "/hook")
        identity, at = event["headers"]["webhook-id"], int(event["headers"]["webhook-timestamp"])
        signed = signature(secret_of(SECRETS["webhook-secret"]), identity, at, event["body"].encode())
        assert event["headers"]["webhook-signature"] == signed
        assert tell(host, f"/receipts/{SECRETS['operator2-webhook']}") == "200"
        assert tell(host, "/receipts/another-word") == "404"
        looked = json.loads(host.run("smsd doctor --all --json", code=None))["findings"]
        found = {(each["check"], each["severity"]) for each in looked}
        assert {("secret-file", "ok"), ("key", "ok"), ("directory", "ok")} <= found, looked
        assert {("secret-file", "error"), ("secret-file", "warning"), ("directory", "error")}.isdisjoint(found), looked
        assert host.run(f"python3 -c '{PUBLIC_KEY}'").strip() == base64.b64encode(public).decode()
    finally:
        host.run("systemctl stop witness")
    host.run("[ ! -e /var/lib/smsd/smsd.key ]")
    said = host.run("journalctl --unit smsd --output cat")
    assert not [name for name, secret in secrets.items() if name != "pin" and secret in said]


def test_a_key_that_is_named_and_not_there_is_a_matter_of_the_configuration(host: Host) -> None:
    """It is not made there, and not tried again every two seconds; the doctor says the same."""
    host.configure(f'{CONFIGURATION}[directory]\nkey_file = "credentials/smsd.key"\n')
    host.run("systemctl start plugged.target; systemctl start smsd", code=1)
    assert host.show("smsd", "ExecMainStatus") == str(ConfigError.exit_code)
    assert host.show("smsd", "NRestarts") == "0"
    assert "key_file" in host.run("journalctl --unit smsd --output cat --lines 20")
    looked = json.loads(host.run("smsd doctor --json", code=None))["findings"]
    [cure] = [each["cure"] for each in looked if each["check"] == "key"]
    assert "sudo mv …/smsd.key /etc/smsd/credentials/smsd.key" in cure
    host.configure(CONFIGURATION)
    host.run("systemctl start smsd; systemctl stop plugged.target smsd")
    host.run("install -m 0400 /var/lib/smsd/smsd.key /etc/smsd/credentials/ && rm /var/lib/smsd/smsd.key")
    host.configure(f'{CONFIGURATION}[directory]\nkey_file = "credentials/smsd.key"\n')
    host.plug()
    assert host.state() == "active"
    host.run("[ ! -e /var/lib/smsd/smsd.key ]")


def test_the_doctor_names_a_database_that_has_become_roots(host: Host) -> None:
    """The directory gives every file an access list; it tells as much as a mode does, and must be read like one."""
    host.plug()
    host.run("systemctl stop plugged.target smsd; chown root: /var/lib/smsd/smsd.db && chmod 600 /var/lib/smsd/smsd.db")
    assert "+" in host.run("ls -l /var/lib/smsd/smsd.db").split()[0]
    looked = json.loads(host.run("smsd doctor --json", code=None))["findings"]
    assert [each["about"] for each in looked if each["check"] == "permissions"] == ["/var/lib/smsd/smsd.db"]
    cure = next(each["cure"] for each in looked if each["check"] == "permissions")
    host.run(f"{cure.replace('sudo ', '')} && systemctl start plugged.target smsd")
    assert host.state() == "active"


# --- what it may do ---------------------------------------------------------------------------------------------------


def test_the_kernel_holds_it_to_what_the_unit_says(host: Host) -> None:
    host.plug()
    pid = host.show("smsd", "MainPID")
    status = dict(line.split(":\t", 1) for line in host.run(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    assert {name: int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == dict.fromkeys(
        ("CapPrm", "CapEff", "CapBnd", "CapAmb"), 0
    )
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    mounts = {line.split()[4]: line.split()[5] for line in host.run(f"cat /proc/{pid}/mountinfo").splitlines()}
    assert mounts["/"].startswith("ro")
    assert mounts["/var/lib/smsd"].startswith("rw")
    homes = host.run(f"nsenter --target {pid} --mount ls -A /home /root")
    assert homes.split() == ["/home:", "/root:"]


def test_the_drop_in_for_a_remote_centre_lets_its_addresses_through(host: Host, booted: Booted) -> None:
    example = (Path(__file__).parents[2] / "systemd/smsd.service.d/remote-smsc.conf.example").read_text("ascii")
    booted.run("mkdir -p /etc/systemd/system/smsd.service.d")
    host.write("/etc/systemd/system/smsd.service.d/remote-smsc.conf", example)
    host.run("systemctl daemon-reload")
    host.plug()
    allowed = host.show("smsd", "IPAddressAllow").split()
    assert {"127.0.0.0/8", "::1/128", "192.0.2.10/32", "2001:db8::10/128", "192.0.2.53/32"} <= set(allowed)
    assert set(host.show("smsd", "IPAddressDeny").split()) == {"0.0.0.0/0", "::/0"}


def invented_usb(host: Host, name: str = "1-1.2", end: str = "ttyUSB2") -> str:
    """Lay out what the kernel shows of a modem, and have the one-shot unit see it as /sys; return who takes it off."""
    usb = f"/srv/sys/devices/usb1/{name}"
    tty = f"{usb}/{name}:1.2/{end}/tty/{end}"
    host.run(f"rm -rf {usb}; mkdir -p {tty} /srv/sys/class/tty /srv/sys/bus/usb/devices /srv/sys/fs/cgroup")
    for place, value in {
        f"{usb}/idVendor": "12d1", f"{usb}/idProduct": "1001", f"{usb}/busnum": "1", f"{usb}/devnum": "7",
        f"{usb}/{name}:1.2/bInterfaceNumber": "02", f"{usb}/{name}:1.2/bInterfaceClass": "ff",
        f"{usb}/{name}:1.2/bInterfaceSubClass": "ff", f"{usb}/{name}:1.2/bInterfaceProtocol": "ff",
        f"{usb}/authorized": "before",
    }.items():  # fmt: skip
        host.write(place, f"{value}\n")
    host.run(f"ln -sfn {tty.replace('/srv/sys', '../..')} /srv/sys/class/tty/{end}")
    host.run(f"ln -sfn ../../../devices/usb1/{name} /srv/sys/bus/usb/devices/{name}")
    host.write("/etc/systemd/system/smsd-usb-reset.service.d/test.conf", "[Service]\nBindPaths=/srv/sys:/sys\n")
    host.run("systemctl daemon-reload")
    return f"{usb}/authorized"


def listened_to(host: Host, authorized: str) -> str:
    """Have everything kept that is written there, however short it stands; return where."""
    heard = f"{authorized}.heard"
    host.run(f"rm {authorized}; mkfifo {authorized}")
    host.run(f"systemd-run --quiet --slice=heard sh -c 'exec 3<>{authorized}; touch {heard}; exec cat <&3 >{heard}'")
    host.until(f"[ -e {heard} ]")
    return heard


def ask_for_reset(host: Host, usb: str) -> None:
    """Make a request as the daemon does, as its user."""
    place = "/run/smsd/usb-resets"
    made = f"mkdir -p {place}; chmod 770 {place}; touch {place}/{usb}"
    host.run(f"setpriv --reuid=smsd --regid=smsd --clear-groups sh -c 'umask 077; {made}'")


def test_a_request_of_the_daemons_has_root_reset_that_device(host: Host) -> None:
    heard = listened_to(host, invented_usb(host))
    host.plug()
    ask_for_reset(host, "1-1.2")
    host.until(f"grep -qx 01 {heard}")
    host.until("journalctl --unit smsd-usb-reset --output cat | grep -q '1-1.2: reset'")
    assert host.show("smsd-usb-reset.service", "Result") == "success"
    assert host.run("ls /run/smsd/usb-resets") == ""


def test_a_kill_in_the_middle_leaves_no_modem_off_its_bus(host: Host) -> None:
    heard = listened_to(host, invented_usb(host))
    host.plug()
    ask_for_reset(host, "1-1.2")
    host.until(f"grep -q ^0 {heard}")
    host.run("systemctl kill --signal=KILL --kill-whom=main smsd-usb-reset.service")
    host.until(f"grep -qx 01 {heard}")
    host.until("journalctl --unit smsd-usb-reset --output cat | grep -q '1-1.2: put back'")


def test_a_request_that_comes_while_another_is_granted_is_not_lost(host: Host) -> None:
    """Two sick modems: the second wishes while the first is off its bus. It is granted when the first is back."""
    heard = listened_to(host, invented_usb(host))
    other = listened_to(host, invented_usb(host, "1-1.3", "ttyUSB3"))
    host.plug()
    ask_for_reset(host, "1-1.2")
    host.until(f"grep -q ^0 {heard}")
    ask_for_reset(host, "1-1.3")
    host.until(f"grep -qx 01 {heard}")
    host.until(f"grep -qx 01 {other}")
    host.until("systemctl show smsd-usb-reset.path --value --property=SubState | grep -qx waiting")


@pytest.mark.parametrize("usb", ["usb1", "sda", "1-7"])
def test_a_request_for_anything_else_is_refused(host: Host, usb: str) -> None:
    authorized = invented_usb(host)
    host.plug()
    ask_for_reset(host, usb)
    host.until("[ $(systemctl show smsd-usb-reset.service --value --property=Result) = exit-code ]")
    assert host.run(f"cat {authorized}") == "before\n"
    assert host.state() == "active"


# --- alarms -----------------------------------------------------------------------------------------------------------

TELL = "/usr/local/bin/tell"
TOLD = "/var/lib/smsd/told"
HANGING = f"#!/bin/sh\ncat >> {TOLD}\n[ ! -e {TOLD}.hang ] || exec sleep 600\necho heard\n"


def test_an_alarm_is_in_the_journal_by_its_id_and_its_command_runs_again_after_a_kill(host: Host) -> None:
    """The command runs within the unit's restrictions; it hangs, all is killed, the next process tells it anew."""
    host.write(TELL, HANGING)
    host.configure(f'{CONFIGURATION}[alarms]\ncommand = ["{TELL}"]\n')
    host.run(f"chmod 755 {TELL} && touch {TOLD}.hang && chown smsd: {TOLD}.hang")
    host.plug()
    host.run("smsd alarm test --wait 0")
    host.until(f"grep -q test {TOLD}")
    host.run(f"rm {TOLD}.hang && systemctl kill --signal=KILL smsd")
    host.until(f"[ $(wc -l < {TOLD}) = 2 ]")
    first, second = (json.loads(line) for line in host.run(f"cat {TOLD}").splitlines())
    assert first == second
    host.until("smsd alarm list --all --json | grep -q 'exit 0: heard'")
    entries = host.run(f"journalctl --output=json MESSAGE_ID={TEST_MESSAGE_ID}").splitlines()
    found = [json.loads(entry) for entry in entries]
    assert {(each["_SYSTEMD_UNIT"], each["SMSD_CHANGE"], each["SMSD_EVENT"]) for each in found} == {
        ("smsd.service", "test", str(first["event_id"])),
    }  # fmt: skip
