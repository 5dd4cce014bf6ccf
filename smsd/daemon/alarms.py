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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

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
        marks=Marks(queue_seconds=60.0 * alarms.queue_minutes, disk_octets=alarms.disk_megabytes * 1_000_000),
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
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            env=dict(environ),
            cwd="/",
        )
    except (OSError, ValueError) as error:
        return f"could not be started: {getattr(error, 'strerror', None) or error}"
    said = bytearray()
    reading = asyncio.create_task(_read(process.stdout, said))
    writing = asyncio.create_task(_write(process.stdin, octets))
    try:
        async with asyncio.timeout(seconds):
            code = await process.wait()
        await asyncio.wait({reading}, timeout=LINGERS)
        end = f"exit {code}" if code >= 0 else f"killed by signal {-code}"
    except TimeoutError:
        end = f"killed after {seconds:g} s"
    finally:
        for task in (reading, writing):
            task.cancel()
        if process.returncode is None:
            _kill(process.pid)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), LINGERS)
    line = mask_phones(" ".join(said.decode("utf-8", "replace").split()))[:SAID]
    return f"{end}: {line}" if line else end


async def _read(stream: asyncio.StreamReader | None, said: bytearray) -> None:
    """Keep the beginning of a stream and let the rest of it go."""
    assert stream is not None  # noqa: S101  a pipe was asked for
    while octets := await stream.read(4096):
        if len(said) < 4 * SAID:
            said += octets


async def _write(stream: asyncio.StreamWriter | None, octets: bytes) -> None:
    assert stream is not None  # noqa: S101  a pipe was asked for
    with contextlib.suppress(OSError):  # it need not read
        stream.write(octets)
        await stream.drain()
    stream.close()


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
