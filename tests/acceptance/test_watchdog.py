"""systemd's watchdog is fed while the daemon is alive, whatever its modem does, and starves when it is not."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from smsd.config import parse
from smsd.daemon import Daemon
from smsd.errors import SmsdError
from smsd.gateway import Gateway
from smsd.routes.modem import ModemRoute
from tests.acceptance.conftest import QUICK

ALLOWED_SECONDS = 0.2


class Manager:
    """A service manager that listens to one daemon without any modem."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(folder / "notify"))
        environ = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": str(int(ALLOWED_SECONDS * 1e6))}
        config = parse(
            f"[database]\nurl = 'sqlite:///{folder}/smsd.db'\n[[modem]]\ndevice = '{folder}/no-modem'",
            folder / "smsd.toml",
        )
        self.daemon = Daemon(config, environ, timings=QUICK)

    async def told(self, seconds: float = 60.0) -> list[str]:
        """Return the lines of the next datagram that says more than how the service is: that is no sign of life."""
        async with asyncio.timeout(seconds):
            while True:
                told = (await asyncio.get_running_loop().sock_recv(self._socket, 4096)).decode().splitlines()
                if not all(line.startswith("STATUS=") for line in told):
                    return told

    async def starves(self) -> bool:
        """Tell whether nothing comes for as long as systemd would wait, what is under way left out."""
        try:
            await self.told(ALLOWED_SECONDS)
            await self.told(ALLOWED_SECONDS)
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


@pytest.fixture
async def manager(tmp_path: Path) -> AsyncIterator[Manager]:
    """Give a manager whose daemon runs."""
    made = Manager(tmp_path)
    task = asyncio.create_task(made.daemon.run())
    assert "READY=1" in await made.told()
    yield made
    made.daemon.stop()
    await task
    made.close()


async def test_a_daemon_without_its_modem_is_alive(manager: Manager) -> None:
    for _ in range(5):
        assert await manager.told() == ["WATCHDOG=1"]


async def test_a_store_that_does_not_answer_is_not_alive(manager: Manager) -> None:
    go_on = threading.Event()
    stuck = asyncio.create_task(manager.daemon._thread.call(go_on.wait))
    assert await manager.starves()
    go_on.set()
    await stuck
    assert await manager.told() == ["WATCHDOG=1"]


async def test_a_supervisor_that_has_ended_is_not_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancellation that comes from within ends a task without a word: nothing else would ever notice."""

    async def cancelled_from_within(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(ModemRoute, "run", cancelled_from_within)
    manager = Manager(tmp_path)
    with capture_logs() as events:
        task = asyncio.create_task(manager.daemon.run())
        assert "READY=1" in await manager.told()
        async with asyncio.timeout(60):
            while not any(event["event"] == "supervisor_ended" for event in events):  # noqa: ASYNC110  a log is no event
                await asyncio.sleep(0.01)
        assert await manager.starves()
        manager.daemon.stop()
        await task
    manager.close()
    assert ["route modem0"] in [event["tasks"] for event in events if event["event"] == "supervisor_ended"]


async def test_a_daemon_that_ends_without_being_told_to_says_so_by_its_exit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An end that looks like a clean one would not be followed by a restart."""

    async def cancelled_from_within(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(Gateway, "run", cancelled_from_within)
    manager = Manager(tmp_path)
    with pytest.raises(SmsdError, match="gateway"):
        await manager.daemon.run()
    manager.close()
