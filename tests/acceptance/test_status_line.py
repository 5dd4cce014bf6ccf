"""``systemctl status`` shows the service as it is: the line follows routes and queue, and nothing is said twice."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from smsd.daemon import Daemon
from tests.acceptance.conftest import Service


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket of a service manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as listening:
        listening.bind(str(tmp_path / "notify"))
        yield listening


async def lines(manager: socket.socket, until: Callable[[str], bool]) -> list[str]:
    """Return what was said of the status, one after another, up to a line that is waited for."""
    said: list[str] = []
    async with asyncio.timeout(60):
        while not said or not until(said[-1]):
            datagram = (await asyncio.get_running_loop().sock_recv(manager, 4096)).decode()
            said += [line.removeprefix("STATUS=") for line in datagram.splitlines() if line.startswith("STATUS=")]
    return said


async def test_the_line_follows_the_routes_and_the_queue(
    service: Service, manager: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smsd.daemon.statusline.LOOK_SECONDS", 0.02)
    monkeypatch.setattr("smsd.daemon.statusline.COUNT_SECONDS", 0.0)
    service.daemon = Daemon(service.config, {"NOTIFY_SOCKET": str(tmp_path / "notify")}, timings=service.timings)
    service.task = asyncio.create_task(service.daemon.run())
    said = await lines(manager, "up: modem0; queue: empty".__eq__)
    assert said[0] == "starting: modem0"
    service.modem.unplug()
    said += await lines(manager, "down: modem0 (away); queue: empty".__eq__)
    service.enqueue("+79161234567", "waits")
    said += await lines(manager, "down: modem0 (away); queue: 1".__eq__)
    service.modem.plug()
    said += await lines(manager, "up: modem0; queue: empty".__eq__)
    assert [line for line, after in pairwise(said) if line == after] == []
    service.daemon.stop()
    await service.task
    service.task = None


async def test_nothing_is_counted_where_nobody_listens(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsd.daemon.StatusLine", None)
    await service.start()
    await service.stop()
