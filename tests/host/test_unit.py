"""The unit compared with what it says of: systemd's own judgement, the program, and the other files for the host."""

import asyncio
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from smsd import daemon
from smsd.cli import COMMANDS
from smsd.cli.usbreset import MARKS
from smsd.config import parse
from smsd.daemon.usbreset import REQUESTS, usb_reset
from smsd.errors import ConfigError
from smsd.systemd import watchdog_interval

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd" / "smsd.service"
REMOTE = ROOT / "systemd" / "smsd.service.d" / "remote-smsc.conf.example"
RESET = [ROOT / "systemd" / f"smsd-usb-reset.{kind}" for kind in ("path", "service")]
RULES = ROOT / "udev" / "78-smsd.rules"
with_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="the unit is not judged: systemd-analyze is not installed"
)


def lines_of(name: str, text: str | None = None) -> list[str]:
    """Return every value of a directive, in the order of the file."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text("ascii") if text is None else text, re.MULTILINE)


def one(name: str) -> str:
    """Return the value of a directive that stands once."""
    (value,) = lines_of(name)
    return value


def seconds(written: str) -> float:
    """Return a time span of systemd.time(7), as far as the unit uses it."""
    number, unit = re.fullmatch(r"(\d+)(s|min|)", written).groups()  # type: ignore[union-attr]
    return timedelta(**{"minutes" if unit == "min" else "seconds": int(number)}).total_seconds()


# --- what systemd says ------------------------------------------------------------------------------------------------


def installed(tree: Path, unit: str) -> Path:
    """Lay out a host with the unit and a program of its name."""
    program = tree / "usr/local/bin/smsd"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n", "ascii")
    program.chmod(0o755)
    place = tree / "etc/systemd/system/smsd.service"
    place.parent.mkdir(parents=True)
    place.write_text(unit, "ascii")
    for other in RESET:
        shutil.copy(other, place.with_name(other.name))
    return place


def analyze(*words: str) -> tuple[int, str]:
    """Run systemd-analyze; return its exit code and what it says."""
    done = subprocess.run(
        ["systemd-analyze", *words], check=False, capture_output=True, text=True, timeout=100, errors="replace"
    )
    return done.returncode, done.stdout + done.stderr


def verified(tree: Path, unit: str = "smsd.service") -> tuple[int, str]:
    """Let systemd read an installed unit."""
    return analyze("verify", f"--root={tree}", "--man=no", "--recursive-errors=no", unit)


@with_systemd
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    installed(tmp_path, UNIT.read_text("ascii"))
    assert verified(tmp_path) == (0, "")


@with_systemd
@pytest.mark.parametrize("unit", ["smsd-usb-reset.path", "smsd-usb-reset.service"])
def test_systemd_understands_who_resets_a_modem(tmp_path: Path, unit: str) -> None:
    installed(tmp_path, UNIT.read_text("ascii"))
    assert verified(tmp_path, unit) == (0, "")


@with_systemd
def test_who_resets_a_modem_is_exposed_to_little(tmp_path: Path) -> None:
    """It is root, and must be: what is left is that, and /sys."""
    place = installed(tmp_path, UNIT.read_text("ascii")).with_name("smsd-usb-reset.service")
    code, said = analyze("security", "--offline=true", "--no-pager", "--threshold=15", str(place))
    assert code == 0, said


@with_systemd
def test_systemd_would_say_so_if_it_did_not(tmp_path: Path) -> None:
    installed(tmp_path, UNIT.read_text("ascii").replace("ProtectHome=", "ProtectHouse="))
    code, said = verified(tmp_path)
    assert code != 0
    assert "ProtectHouse" in said


@with_systemd
@pytest.mark.parametrize(("remote", "tenths"), [(False, 11), (True, 12)], ids=["as shipped", "with a remote SMSC"])
def test_the_service_is_exposed_to_little(tmp_path: Path, remote: bool, tenths: int) -> None:
    """What is left is the job: a tty, loopback, and with the drop-in one address more."""
    place = installed(tmp_path, UNIT.read_text("ascii"))
    if remote:
        drop_in = place.with_name("smsd.service.d") / "remote-smsc.conf"
        drop_in.parent.mkdir()
        shutil.copy(REMOTE, drop_in)
    code, said = analyze("security", "--offline=true", "--no-pager", f"--threshold={tenths}", str(place))
    assert code == 0, said
    code, _ = analyze("security", "--offline=true", "--no-pager", f"--threshold={tenths - 1}", str(place))
    assert code != 0, "less is reached than is asked for: ask for more"


# --- what the program says --------------------------------------------------------------------------------------------


def test_the_command_exists() -> None:
    program, command, *rest = one("ExecStart").split()
    assert program == "smsd"
    assert command in COMMANDS
    assert rest == []


def test_systemd_waits_longer_for_the_end_than_the_daemon_does() -> None:
    assert seconds(one("TimeoutStopSec")) >= daemon.STOP_SECONDS + 10
    assert f"waits {daemon.STOP_SECONDS:.0f} s for the part in the air" in UNIT.read_text("ascii")


def test_only_what_the_configuration_cannot_cure_is_started_again() -> None:
    assert one("RestartPreventExitStatus") == str(ConfigError.exit_code)
    assert one("Restart") == "on-failure"


def test_the_watchdog_is_fed_twice_as_often_as_it_asks_for() -> None:
    allowed = seconds(one("WatchdogSec"))
    interval = watchdog_interval({"WATCHDOG_USEC": str(int(allowed * 1e6))})
    assert interval == allowed / 2
    # Other work of the store's thread comes first: one turn of the watchdog has room for a slow disk.
    assert interval >= 10


def test_a_hangup_is_not_sent_to_a_daemon_that_does_not_know_it() -> None:
    """SIGHUP would end it."""
    assert ("SIGHUP" in Path(daemon.__file__).read_text("utf-8")) == bool(lines_of("ExecReload"))


def test_the_directory_of_the_database_is_the_one_that_may_be_written() -> None:
    assert parse("").database.path.parent == Path("/var/lib") / one("StateDirectory")


@pytest.mark.parametrize("directive", ["LoadCredential", "LoadCredentialEncrypted"])
def test_the_credentials_are_those_the_configuration_finds(tmp_path: Path, directive: str) -> None:
    """A name in the configuration, relative to its directory, is the credential that systemd makes of that file."""
    name, _, folder = one(directive).partition(":")
    handed = tmp_path / "handed"
    handed.mkdir()
    files = ("pin", "operator", "webhook-token", "smsd.key")
    for file in files:
        (handed / f"{name}_{file}").touch()
    configuration = Path("/etc/smsd/smsd.toml")
    config = parse(
        f"""
        [[modem]]
        device = "/dev/smsd/modem"
        pin_file = "{name}/pin"
        [[smpp]]
        host = "192.0.2.10"
        password_file = "{name}/operator"
        [[http]]
        profile = "sms-aero"
        webhook_port = 8080
        webhook_token_file = "{name}/webhook-token"
        """,
        configuration,
        {"CREDENTIALS_DIRECTORY": str(handed)},
    )
    found = [
        config.modems[0].pin_file, config.smpp[0].password_file, config.http[0].webhook_token_file, config.key_file
    ]  # fmt: skip
    assert found == [handed / f"{name}_{file}" for file in files]
    assert configuration.parent / name == Path(folder)


def test_the_request_is_written_where_it_is_watched_for(tmp_path: Path) -> None:
    """What the daemon makes there is what the command understands, and the group may take it away."""
    path, service = (each.read_text("ascii") for each in RESET)
    [watched] = lines_of("DirectoryNotEmpty", path)
    assert watched == f"/run/{one('RuntimeDirectory')}/{REQUESTS}"
    assert lines_of("ReadWritePaths", service) == [f"-{watched}"]
    [command] = lines_of("ExecStart", service)
    assert command == f"smsd modem reset-usb --requests {watched}"
    assert lines_of("ExecStopPost", service) == ["smsd modem reset-usb --put-back"]
    assert lines_of("RuntimeDirectory", service) == [str(MARKS.relative_to("/run"))]
    assert lines_of("Group", service) == lines_of("Group")
    assert "smsd-usb-reset.path" in lines_of("Wants")
    ask = usb_reset({"RUNTIME_DIRECTORY": str(tmp_path)})
    assert ask is not None
    asyncio.run(ask("1-1.2"))  # type: ignore[arg-type]
    asyncio.run(ask("1-1.3"))  # type: ignore[arg-type]
    assert {each.name for each in (tmp_path / REQUESTS).iterdir()} == {"1-1.2", "1-1.3"}
    assert (tmp_path / REQUESTS).stat().st_mode & 0o777 == 0o770
    assert usb_reset({}) is None


# --- what the other files say -----------------------------------------------------------------------------------------


def test_user_group_and_directories_are_those_that_are_made() -> None:
    user, group = one("User"), one("Group")
    assert re.search(rf"^u {user} - ", (ROOT / "systemd/sysusers.conf").read_text("ascii"), re.MULTILINE)
    assert f'GROUP="{group}"' in RULES.read_text("ascii")
    made = re.findall(
        r"^d (\S+) +(\d+) (\S+) (\S+)$", (ROOT / "systemd/tmpfiles.conf").read_text("ascii"), re.MULTILINE
    )
    assert made == [
        ("/etc/smsd", "0750", "root", group),
        (one("LoadCredential").partition(":")[2], "0700", "root", "root"),
        (one("LoadCredentialEncrypted").partition(":")[2], "0700", "root", "root"),
        (f"/var/lib/{one('StateDirectory')}", one("StateDirectoryMode"), user, group),
    ]


def test_the_groups_that_are_let_in_are_those_that_are_made() -> None:
    made = set(re.findall(r"^g (\S+) -$", (ROOT / "systemd/sysusers.conf").read_text("ascii"), re.MULTILINE))
    named = set(re.findall(r"group:(\S+?):", (ROOT / "systemd/tmpfiles.conf").read_text("ascii")))
    assert made == named == {"smsd-view", "smsd-admin"}


def test_udev_wants_the_unit_by_its_name() -> None:
    told = re.findall(r"SYSTEMD_WANTS\}\+=\"([^\"]+)\"|--no-block start (\S+)\"", RULES.read_text("ascii"))
    assert {name for pair in told for name in pair if name} == {UNIT.name}


def test_drivers_are_loaded_before_their_devices_are_allowed() -> None:
    loaded = "modprobe@usbserial.service modprobe@cdc_acm.service"
    assert loaded in lines_of("Wants")
    assert loaded in lines_of("After")
    assert lines_of("DeviceAllow") == ["char-ttyUSB rw", "char-ttyACM rw"]


def test_every_line_of_the_service_has_its_reason() -> None:
    """A line has a comment directly above it, or follows a line that has, in one block with it."""
    explained, silent = False, []
    service = UNIT.read_text("ascii").partition("[Service]\n")[2].partition("[Install]")[0]
    for line in service.splitlines():
        if not line or line.startswith("["):
            explained = False
        elif line.startswith("#"):
            explained = True
        elif not explained:
            silent.append(line)
    assert silent == []
