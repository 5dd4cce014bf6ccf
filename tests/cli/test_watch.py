"""The live screen: what fits on it, what it draws, and that the terminal is given back."""

import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from fcntl import ioctl
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from smsd.cli.output import Clock
from smsd.cli.snapshot import Snapshot
from smsd.cli.watch import BARS, ENTER, LEAVE, PLAIN_BARS, History, _bars, plot, screen
from smsd.rules.alarms import Condition, Standing
from smsd.store.figures import Rates
from tests.store.house import House

NOW = 1_800_000_000.0
SIZE = {"columns": 80, "lines": 24}


def route(name: str = "modem0", *, signal: int | None = -71, up: bool = True, **values: Any) -> dict[str, Any]:
    """Return a route as the store lists it."""
    facts = {"signal": signal, "operator": "25002", "slots_used": 3, "slots_total": 20}
    return {"name": name, "up": up, "state": "ready", "detail": "", "since": NOW - 60, "facts": facts, **values}


def snapshot(**values: Any) -> Snapshot:
    """Return a quiet service."""
    quiet: dict[str, Any] = {
        "daemon": "smsd run, process 7, since 2026-03-01T10:00:00+03:00",
        "routes": [route()], "queue": [], "requests": [], "inbox": {},
        "oldest_ack": None, "free_octets": 10**12, "alerts": [], "alarms": [], "rates": Rates(12, 340, 1, 20),
        "last_errors": [], "held": [],
    }  # fmt: skip
    return Snapshot(**{**quiet, **values})


def drawn(seen: Snapshot, history: History | None = None, **values: Any) -> list[str]:
    """Draw the screen."""
    options = {**SIZE, "number": "+79086228779", "bars": BARS, **values}
    return screen(seen, history or History(), Clock(UTC, NOW), NOW, **options)


def test_a_quiet_service_fits_and_says_all_there_is() -> None:
    lines = drawn(snapshot())
    text = "\n".join(lines)
    for words in (
        "+79086228779",
        "process 7, since 2026-03-01 07:00:00; ",
        "ready for 1 min, 25002, SIM 3/20",
        "queue: empty",
        "sent 12 parts/min",
    ):
        assert words in text
    assert "last errors" not in text


def test_whatever_there_is_no_line_is_too_wide_and_none_too_many() -> None:
    error = {"started_at": NOW, "message_id": 1, "route": "modem0", "outcome": "not_sent", "code": "CMS 38"}
    seen = snapshot(
        daemon=None,
        routes=[route(f"modem{number}", detail="я" * 200) for number in range(20)],
        queue=[{"class": "alert", "state": "queued", "count": 10**6, "oldest": NOW} for _ in range(20)],
        last_errors=[{**error, "reason": "no \x1b[2J network\n" * 20}] * 5,
        inbox={"ignored": 10**9},
    )
    for columns, height in ((80, 24), (40, 10), (200, 60), (10, 3)):
        lines = drawn(seen, columns=columns, lines=height)
        assert len(lines) <= height
        assert all(len(line) <= columns for line in lines)
        assert not any("\x1b" in line for line in lines)
    assert "… and 14 routes more" in "\n".join(drawn(seen, lines=60))
    assert "… and 12000000 messages more" in "\n".join(drawn(seen, lines=60))


def test_what_needs_a_person_stands_above_everything_else() -> None:
    lines = drawn(snapshot(daemon=None, oldest_ack=NOW - 100))
    assert lines.index("routes") > next(at for at, line in enumerate(lines) if "NOTHING CAN BE SENT" in line)
    assert any("an acknowledgement has been waiting" in line for line in lines[:6])


def test_alerts_that_are_open_are_shown() -> None:
    row = {"id": 3, "state": "paused", "counts": {"delivered": 30}, "recipients": 100}
    text = "\n".join(drawn(snapshot(alerts=[(row, None)] * 5)))
    assert text.count("  3     paused   70 to go") == 3
    assert "alerts" not in "\n".join(drawn(snapshot()))


def test_the_last_errors_take_the_room_that_is_left() -> None:
    error = {
        "started_at": NOW,
        "message_id": 42,
        "route": "modem0",
        "outcome": "in_doubt",
        "code": None,
        "reason": None,
    }
    lines = drawn(snapshot(last_errors=[error] * 5))
    assert lines[-1] == "  08:00:00 message 42 by modem0: in doubt"
    assert sum("message 42" in line for line in lines) == 5
    assert sum("message 42" in line for line in drawn(snapshot(last_errors=[error] * 5), lines=10)) == 2


def test_the_signal_is_drawn_over_time_with_gaps() -> None:
    history = History()
    for signal, up in ((-113, True), (-82, True), (-51, True), (-71, False)):
        history.note([route(signal=signal, up=up), {**route("operator"), "facts": {}}])
    assert list(history.signals) == ["modem0"]
    assert plot(history.signals["modem0"], 80) == "▁▅█ "
    assert plot(history.signals["modem0"], 2) == "█ "
    assert plot([-113, -51], 80, PLAIN_BARS) == ".#"
    assert plot([-200, 0], 80) == "▁█"
    assert plot([-80], 0) == ""
    assert "no signal" in "\n".join(drawn(snapshot(), history))


@pytest.mark.parametrize(("encoding", "bars"), [("utf-8", BARS), ("koi8-r", PLAIN_BARS), (None, PLAIN_BARS)])
def test_an_old_locale_gets_plain_bars(encoding: str | None, bars: str) -> None:
    assert _bars(encoding) == bars


# --- the terminal -----------------------------------------------------------------------------------------------------


def read_until(descriptor: int, wanted: bytes, seconds: float = 60.0) -> bytes:
    """Read a terminal until something stands there."""
    heard, until = b"", time.monotonic() + seconds
    while wanted not in heard:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
        assert ready, heard
        heard += os.read(descriptor, 4096)
    return heard


@pytest.mark.parametrize("key", [b"q", b"\x03"])
def test_it_draws_until_a_key_and_gives_the_terminal_back(config: Path, house: House, key: bytes) -> None:
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(theirs)
    command = [sys.executable, "-m", "smsd", "--config", str(config), "status", "--watch", "--every", "0.5"]
    environ = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    environ.pop("COLUMNS", None)
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, start_new_session=True,
        preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  so that Ctrl-C is the terminal's
    ) as process:  # fmt: skip
        assert ENTER.encode() in read_until(ours, b"NOTHING CAN BE SENT")
        read_until(ours, b"NOTHING CAN BE SENT")  # drawn again
        os.write(ours, key)
        read_until(ours, LEAVE.encode())
        assert process.wait(60) == 0
    after = termios.tcgetattr(theirs)
    os.close(ours)
    os.close(theirs)
    assert after[3] == before[3]


def test_without_a_terminal_it_is_refused(smsd: Callable[..., Result]) -> None:
    result = smsd("status", "--watch")
    assert (result.exit_code, "needs a terminal" in result.stderr) == (2, True)
    assert smsd("status", "--watch", "--json").exit_code == 2


def test_an_alarm_that_stands_is_on_the_screen() -> None:
    away = Standing(Condition.MODEM_AWAY, "modem1", NOW - 60, raised_at=NOW)
    assert "ALARM: modem_away modem1" in drawn(snapshot(alarms=[away]))
    back = replace(away, gone_at=NOW - 40)
    assert any(line.startswith("ALARM: modem_away modem1 (gone for 40 s") for line in drawn(snapshot(alarms=[back])))
