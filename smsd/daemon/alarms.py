"""How alarms leave the house beside messages: to the journal, and to a command.

Knows the journal's fields, and how a command is started so that it can do no harm: in a process group of its own, with
the event as JSON on its standard input and nothing of it in its arguments, without our secrets in its environment, for
so many seconds, and with as much of its output as fits on a line.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import structlog

from smsd.config import Config
from smsd.gateway.alarms import AlarmSettings
from smsd.log import mask_phones
from smsd.rules.alarms import ALARMS, TEST_MESSAGE_ID, Change, Severity, say
from smsd.rules.conditions import Marks
from smsd.store.alarms import Told
from smsd.systemd import Journal

__all__ = ["alarm_settings", "command_input", "journal_fields", "run_command"]

PRIORITY = {Severity.WARNING: 4, Severity.ERROR: 3, Severity.CRITICAL: 2}
"""syslog's severities."""
OVER = frozenset({Change.CLEARED, Change.TEST})
"""What is good news."""
SAID = 200
"""Characters of a command's output that are kept."""
KEPT = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "HOME"})
"""What a command is told of our environment."""
STDIN = 0
LINGERS = 0.5
"""Seconds that output may come after a command's end: a child of its own may hold the pipe for ever."""

log = structlog.get_logger("smsd.daemon")


def alarm_settings(config: Config, environ: Mapping[str, str], journal: Journal | None = None) -> AlarmSettings:
    """Gather what the configuration decides for alarms."""
    alarms = config.alarms
    writer = JournalWriter(journal or Journal(), ours="JOURNAL_STREAM" in environ)
    return AlarmSettings(
        phones=alarms.phones,
        least=Severity(alarms.minimum),
        repeat_after=timedelta(hours=alarms.repeat_hours),
        per_hour=alarms.messages_per_hour,
        marks=Marks(queue_seconds=60.0 * alarms.queue_minutes, disk_octets=alarms.disk_octets),
        journal=writer,
        command=_command(alarms.command, environ, float(alarms.command_timeout_seconds)) if alarms.command else None,
    )


# --- the journal ------------------------------------------------------------------------------------------------------


class JournalWriter:
    """Tells the journal; where there is none, or our log is not read by it (not ``ours``), the log has a line."""

    def __init__(self, journal: Journal, *, ours: bool) -> None:
        self._journal = journal
        self._ours = ours

    def __call__(self, told: Told) -> None:
        """Tell an event."""
        if self._journal.send(journal_fields(told)) and self._ours:
            return
        event = told.event
        about = {
            "change": event.change.value,
            "condition": event.condition and event.condition.value,
            "about": event.about or None,
            "severity": event.severity.value,
            "why": event.detail or None,
            "event_id": told.id or None,
        }
        if event.change in OVER:
            log.info("alarm", **about)
        elif event.severity is Severity.WARNING:
            log.warning("alarm", **about)
        else:
            log.error("alarm", **about)


def journal_fields(told: Told) -> dict[str, str]:
    """Return an event as fields of the journal (systemd.journal-fields(7)); no whole number is in them."""
    event = told.event
    over = event.change in OVER
    fields = {
        "MESSAGE": " ".join(filter(None, (event.change.value, event.condition or "alarm", event.about, event.detail))),
        "MESSAGE_ID": ALARMS[event.condition].message_id if event.condition is not None else TEST_MESSAGE_ID,
        "PRIORITY": str(5 if over else PRIORITY[event.severity]),
        "SYSLOG_IDENTIFIER": "smsd",
        "SMSD_CONDITION": event.condition or "",
        "SMSD_CHANGE": event.change.value,
        "SMSD_SEVERITY": event.severity.value,
        "SMSD_ABOUT": event.about,
        "SMSD_DETAIL": event.detail,
        "SMSD_FIGURE": event.figure,
        "SMSD_EVENT": str(told.id),
    }
    return {name: mask_phones(value) if name in {"MESSAGE", "SMSD_DETAIL"} else value for name, value in fields.items()}


# --- the command ------------------------------------------------------------------------------------------------------


def command_input(told: Told) -> bytes:
    """Return what a command reads: one JSON object, in UTF-8, and a line's end."""
    event = told.event
    alarm = ALARMS[event.condition] if event.condition is not None else None
    value = {
        "event_id": told.id,
        "host": os.uname().nodename,
        "at": _iso(event.at),
        "change": event.change.value,
        "condition": event.condition and event.condition.value,
        "about": event.about,
        "severity": event.severity.value,
        "since": _iso(event.since),
        "detail": mask_phones(event.detail),
        "figure": event.figure,
        "text": say(event),
        "meaning": alarm.meaning if alarm else "a test: nothing is wrong",
        "cure": alarm.cure if alarm else "",
    }
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _command(command: Sequence[str], environ: Mapping[str, str], seconds: float) -> Callable[[Told], Awaitable[str]]:
    kept = {name: value for name, value in environ.items() if name in KEPT}

    async def carry(told: Told) -> str:
        return await run_command(command, command_input(told), seconds, kept)

    return carry


async def run_command(command: Sequence[str], octets: bytes, seconds: float, environ: Mapping[str, str]) -> str:
    """Run a command with ``octets`` on its standard input and say in one line how it ended. Raises nothing."""
    carrying = _Carrying()
    try:
        transport, _ = await asyncio.get_running_loop().subprocess_exec(
            lambda: carrying,
            *command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(environ),
            cwd="/",
        )
    except (OSError, ValueError) as error:
        return f"could not be started: {getattr(error, 'strerror', None) or error}"
    try:
        end = await _end(transport, carrying, octets, seconds)
    finally:
        if transport.get_returncode() is None:
            _kill(transport.get_pid())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(carrying.over.wait(), LINGERS)
        # A child of its own may hold the other ends for ever: nothing of ours is held for that.
        stdin = cast("asyncio.WriteTransport", transport.get_pipe_transport(STDIN))
        if stdin.get_write_buffer_size():
            stdin.abort()
        transport.close()
    line = mask_phones(_line(bytes(carrying.said)))[:SAID]
    return f"{end}: {line}" if line else end


async def _end(transport: asyncio.SubprocessTransport, carrying: "_Carrying", octets: bytes, seconds: float) -> str:
    """Hand the event to a command that runs, and say how it ended within its time."""
    stdin = cast("asyncio.WriteTransport", transport.get_pipe_transport(STDIN))
    stdin.write(octets)
    stdin.write_eof()
    try:
        async with asyncio.timeout(seconds):
            await carrying.over.wait()
    except TimeoutError:
        return f"killed after {seconds:g} s"
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(carrying.silent.wait(), LINGERS)
    code = transport.get_returncode() or 0
    return f"exit {code}" if code >= 0 else f"killed by signal {-code}"


class _Carrying(asyncio.SubprocessProtocol):
    """What is heard of a command: its end, which asyncio's own ``wait`` tells only when every pipe is closed too."""

    def __init__(self) -> None:
        self.said = bytearray()
        self.over = asyncio.Event()
        self.silent = asyncio.Event()

    def pipe_data_received(self, _fd: int, data: bytes) -> None:
        """Keep the beginning of what it prints and let the rest of it go."""
        if len(self.said) < 4 * SAID:
            self.said += data[: 4 * SAID]

    def pipe_connection_lost(self, fd: int, _error: Exception | None) -> None:
        """Hear that it, and all that it started, print no more."""
        if fd != STDIN:
            self.silent.set()

    def process_exited(self) -> None:
        """Hear that it has ended."""
        self.over.set()


def _line(said: bytes) -> str:
    """Return what was printed as one line that a terminal may be sent."""
    text = "".join(each if each.isprintable() else " " for each in said.decode("utf-8", "replace"))
    return " ".join(text.split())


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
