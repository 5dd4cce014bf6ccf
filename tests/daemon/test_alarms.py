"""What leaves the house beside messages: entries of the journal, and a command that can do no harm."""

import asyncio
import json
import os
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from smsd.config import parse
from smsd.daemon.alarms import JournalWriter, alarm_settings, command_input, journal_fields, run_command
from smsd.errors import ConfigError
from smsd.rules.alarms import ALARMS, TEST_MESSAGE_ID, Change, Condition, Event, Severity
from smsd.store.alarms import Told
from smsd.systemd import Journal

AWAY = Told(
    Event(Change.RAISED, 1_800_000_060.0, Condition.MODEM_AWAY, "modem0", 1_800_000_000.0, "gone; tell +79086228779"), 7
)
CLEARED = Told(Event(Change.CLEARED, 1_800_000_060.0, Condition.MODEM_AWAY, "modem0", 1_800_000_000.0), 8)
TEST = Told(Event(Change.TEST, 1_800_000_060.0), 9)
MODEM = '[[modem]]\ndevice = "/dev/smsd/modem"\n'


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], list[str]]:
    """Return what writes a Python program and says how to run it."""

    def written(text: str) -> list[str]:
        file = tmp_path / "command.py"
        file.write_text(text, "utf-8")
        return [sys.executable, str(file)]

    return written


# --- the command ------------------------------------------------------------------------------------------------------


async def test_a_command_reads_the_event_and_has_nothing_of_it_in_its_arguments(
    script: Callable[[str], list[str]], tmp_path: Path
) -> None:
    command = script(
        "import json, os, sys\n"
        "event = json.load(sys.stdin)\n"
        f"json.dump([event, sys.argv[1:], dict(os.environ), os.getcwd()], open({str(tmp_path / 'heard')!r}, 'w'))\n"
        "print('thank you')\n"
    )
    outcome = await run_command([*command, "--to", "me"], command_input(AWAY), 100.0, {"PATH": os.defpath})
    assert outcome == "exit 0: thank you"
    event, arguments, environ, directory = json.loads((tmp_path / "heard").read_text("utf-8"))
    assert (arguments, directory) == (["--to", "me"], "/")
    assert set(environ) <= {"PATH", "LC_CTYPE"}
    assert (event["event_id"], event["change"], event["condition"], event["about"]) == (
        7, "raised", "modem_away", "modem0",
    )  # fmt: skip
    assert event["at"] == "2027-01-15T08:01:00+00:00"
    assert event["text"].startswith("ТРЕВОГА: ")
    assert event["severity"] == "error"
    assert event["meaning"]
    assert event["cure"]
    assert "+79086228779" not in str(event)


async def test_a_command_that_hangs_is_killed_with_its_children(
    script: Callable[[str], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = script(
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('wait', flush=True)\n"
        f"open({str(tmp_path / 'new')!r}, 'w').write(str(child.pid))\n"
        f"os.rename({str(tmp_path / 'new')!r}, {str(tmp_path / 'child')!r})\n"
        "time.sleep(600)\n"
    )
    running = asyncio.create_task(run_command(command, b"{}", 300.0, {}))
    async with asyncio.timeout(60):
        while not (tmp_path / "child").exists():  # noqa: ASYNC110  another process gives no event
            await asyncio.sleep(0.01)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: time.monotonic() + 300.0)  # its time is over
    assert await running == "killed after 300 s: wait"
    child = int((tmp_path / "child").read_text())
    await _end_of(child)


async def _end_of(pid: int) -> None:
    async with asyncio.timeout(60):
        while _lives(pid):  # noqa: ASYNC110  another process gives no event
            await asyncio.sleep(0.01)


def _lives(pid: int) -> bool:
    """Tell whether a process is there and is no zombie that waits for its (dead) parent's reaper."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


async def test_a_command_that_leaves_a_child_behind_is_over_when_it_ends(script: Callable[[str], list[str]]) -> None:
    """Its child keeps the pipe: that is not waited for."""
    command = script(
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True)\n"
        "os._exit(0)\n"
    )
    outcome = await run_command(command, b"{}", 100.0, {})
    assert outcome.startswith("exit 0: ")
    child = int(outcome.rpartition(" ")[2])
    os.kill(child, signal.SIGKILL)
    await _end_of(child)


def descriptors() -> int:
    """Count what this process holds open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_a_command_that_leaves_children_behind_is_over_at_once_and_holds_nothing_of_ours() -> None:
    """However its end and that of its pipes fall together; a descriptor for each alarm would end the daemon."""
    before, began = descriptors(), time.monotonic()
    children = []
    for _ in range(5):
        outcome = await run_command(["/bin/sh", "-c", "sleep 600 & echo $!"], b"{}", 60.0, {"PATH": os.defpath})
        assert outcome.startswith("exit 0: ")
        children.append(int(outcome.rpartition(" ")[2]))
    assert time.monotonic() - began < 50
    await asyncio.sleep(0)
    assert descriptors() <= before
    for child in children:
        os.kill(child, signal.SIGKILL)


async def test_what_a_command_prints_cannot_play_with_a_terminal() -> None:
    outcome = await run_command(
        ["/bin/sh", "-c", r"printf '\033[2Jgone\007\r\nnext'"], b"{}", 100.0, {"PATH": os.defpath}
    )
    assert outcome == "exit 0: [2Jgone next"


async def test_a_flood_of_output_is_cut_and_numbers_in_it_are_masked(script: Callable[[str], list[str]]) -> None:
    command = script("import sys\nprint('failed for +79086228779')\nsys.stdout.write('x' * 10_000_000)\nsys.exit(3)\n")
    outcome = await run_command(command, b"{}", 100.0, {})
    assert outcome.startswith("exit 3: failed for +7908•••79 xxx")
    assert len(outcome) < 300


async def test_a_command_that_reads_nothing_is_no_trouble(script: Callable[[str], list[str]]) -> None:
    assert await run_command(script("raise SystemExit(0)"), b"x" * 1_000_000, 100.0, {}) == "exit 0"
    assert await run_command(script("import os; os.kill(os.getpid(), 9)"), b"", 100.0, {}) == "killed by signal 9"


async def test_a_command_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    assert "No such file" in await run_command([str(tmp_path / "absent")], b"", 5.0, {})
    plain = tmp_path / "plain"
    plain.touch()
    plain.chmod(stat.S_IRUSR)
    assert "could not be started" in await run_command([str(plain)], b"", 5.0, {})


# --- the journal ------------------------------------------------------------------------------------------------------


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[tuple[socket.socket, Journal]]:
    """Return a journal's socket, and who writes to it."""
    path = tmp_path / "journal"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.settimeout(60)
        yield listening, Journal(path)


def heard(listening: socket.socket) -> dict[str, str]:
    """Return the fields of the next entry."""
    return dict(line.split("=", 1) for line in listening.recv(65536).decode().splitlines())


def test_an_entry_has_its_message_id_and_no_whole_number(journald: tuple[socket.socket, Journal]) -> None:
    listening, journal = journald
    with capture_logs() as logs:
        JournalWriter(journal, ours=True)(AWAY)
    fields = heard(listening)
    assert fields["MESSAGE_ID"] == ALARMS[Condition.MODEM_AWAY].message_id
    assert fields["MESSAGE"] == "raised modem_away modem0 gone; tell +7908•••79"
    assert (fields["PRIORITY"], fields["SMSD_CONDITION"], fields["SMSD_EVENT"]) == ("3", "modem_away", "7")
    assert logs == [], "our log is read by the same journal: it would be told twice"


@pytest.mark.parametrize(("told", "priority"), [(CLEARED, "5"), (TEST, "5")])
def test_good_news_is_no_error(told: Told, priority: str) -> None:
    fields = journal_fields(told)
    assert fields["PRIORITY"] == priority
    assert journal_fields(TEST)["MESSAGE_ID"] == TEST_MESSAGE_ID


@pytest.mark.parametrize(("told", "level"), [(AWAY, "error"), (CLEARED, "info"), (TEST, "info")])
def test_where_no_journal_listens_the_log_has_a_line(tmp_path: Path, told: Told, level: str) -> None:
    with capture_logs() as logs:
        JournalWriter(Journal(tmp_path / "absent"), ours=True)(told)
    [entry] = logs
    assert (entry["event"], entry["log_level"], entry["change"]) == ("alarm", level, told.event.change.value)


# --- the configuration ------------------------------------------------------------------------------------------------


def test_what_is_configured_is_obeyed() -> None:
    config = parse(
        '[alarms]\nphones = ["8 999 000-00-01"]\nminimum = "critical"\nrepeat_hours = 2\nqueue_minutes = 5\n'
        'disk_megabytes = 7\nmessages_per_hour = 3\ncommand = ["/bin/true", "x"]\n' + MODEM
    )
    settings = alarm_settings(config, {})
    assert settings.phones == ("+79990000001",)
    assert (settings.least, settings.per_hour) == (Severity.CRITICAL, 3)
    assert settings.repeat_after.total_seconds() == 7200
    assert (settings.marks.queue_seconds, settings.marks.disk_octets) == (300.0, 7_000_000)
    assert settings.command is not None
    assert alarm_settings(parse(MODEM), {}).command is None


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('phones = ["12"]', r"\[alarms\] phones: "),
        ('phones = "8999"', "must be a list"),
        ('minimum = "bad"', "is not one of warning, error, critical"),
        ("repeat_hours = -1", "out of range"),
        ('command = ["relative"]', "must begin with /"),
        ("command = []\nspeed = 1", "unknown key"),
    ],
)
def test_a_mistake_is_one_line(line: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        parse(f"[alarms]\n{line}\n{MODEM}")
    assert "\n" not in str(caught.value)
