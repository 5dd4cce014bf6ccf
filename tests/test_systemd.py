"""What is told to systemd arrives as it defines it; where nobody listens nothing happens."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smsd.systemd import Journal, Notifier, watchdog_interval


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """Return the socket of a service manager, and what it puts into ``$NOTIFY_SOCKET``."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@smsd-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        listening.settimeout(60)
        yield listening, name


@pytest.mark.parametrize(
    ("tell", "datagram"),
    [
        (lambda it: it.ready(), b"READY=1"),
        (lambda it: it.ready("modem0: up"), b"READY=1\nSTATUS=modem0: up"),
        (lambda it: it.status("очередь: 3"), "STATUS=очередь: 3".encode()),
        (lambda it: it.status("one\nREADY=1\n"), b"STATUS=one READY=1"),
        (lambda it: it.watchdog(), b"WATCHDOG=1"),
        (lambda it: it.stopping(), b"STOPPING=1"),
    ],
)
def test_a_notification_is_one_datagram(
    manager: tuple[socket.socket, str], tell: Callable[[Notifier], None], datagram: bytes
) -> None:
    listening, name = manager
    notifier = Notifier({"NOTIFY_SOCKET": name})
    tell(notifier)
    assert listening.recv(4096) == datagram


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "@"}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_without_a_socket_nobody_is_told(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr(socket, "socket", lambda *of: opened.append(of))
    Notifier(environ).ready("up")
    assert opened == []


def test_a_manager_that_has_gone_does_no_harm(tmp_path: Path) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).watchdog()


def test_a_manager_that_does_not_read_does_not_block_us(manager: tuple[socket.socket, str]) -> None:
    """A datagram socket's queue is finite: past it a blocking send would wait for ever."""
    notifier = Notifier({"NOTIFY_SOCKET": manager[1]})
    for _ in range(2000):
        notifier.watchdog()


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_fed_twice_as_often_as_asked(environ: dict[str, str], seconds: float | None) -> None:
    assert watchdog_interval(environ) == seconds


# --- the journal ------------------------------------------------------------------------------------------------------


def test_an_entry_is_written_as_the_journal_reads_it(tmp_path: Path) -> None:
    """One line a field; where a value has line breaks, its length and its octets, so that it can forge no field."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "journal"))
        listening.settimeout(60)
        assert Journal(tmp_path / "journal").send({"MESSAGE": "плохо", "DETAIL": "a\nPRIORITY=0"})
        assert listening.recv(4096) == (
            "MESSAGE=плохо\n".encode() + b"DETAIL\n" + (12).to_bytes(8, "little") + b"a\nPRIORITY=0\n"
        )


def test_a_journal_that_is_not_there_is_told_by_the_return(tmp_path: Path) -> None:
    assert not Journal(tmp_path / "absent").send({"MESSAGE": "x"})
