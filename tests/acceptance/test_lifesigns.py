"""The watchdog starves of a supervisor that waits for ever, whichever it is, and of no long wait that has a reason.

In hours that pass by themselves: the whole daemon, with a modem, a bind, an operator by HTTP and everything beside.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

import smsd.gateway
from smsd.config import parse
from smsd.daemon import Daemon
from smsd.daemon import routes as daemon_routes
from smsd.errors import PortBusyError
from smsd.gateway.pulse import STILL_SECONDS
from smsd.routes.http.client import Client
from smsd.routes.modem import ModemRoute, Timings
from smsd.routes.modem.port import Port
from smsd.routes.smpp.link import Link
from smsd.rules.outbox import MessageClass
from smsd.sms import Outcome, RouteStatus, Submit
from smsd.store import NewMessage, Store
from smsd.wire.smpp.tables import Status
from tests.acceptance.hours import HoursLoop, counted

ALLOWED_SECONDS = 60
HOUR = 3600.0
BEGAN = 1_800_000_000.0
CONFIGURATION = """
[database]
url = "sqlite:///{folder}/smsd.db"
[[modem]]
device = "{folder}/modem"
[[smpp]]
name = "operator"
host = "192.0.2.1"
[[http]]
name = "web"
profile = "smsc-ru"
[selftest]
hours = 6
[[sim]]
name = "modem0"
balance_ussd = "*100#"
"""
SUPERVISORS = (
    "route modem0", "pump modem0", "doubts modem0", "route operator", "pump operator", "doubts operator", "route web",
    "pump web", "doubts web", "requests", "alerts", "statuses", "care", "retention", "alarms", "alarms' command",
    "key", "status line", "self-tests", "SIMs' lives",
)  # fmt: skip


SELDOM = (
    "pump.POLL_SECONDS", "alerts.POLL_SECONDS", "answers.POLL_SECONDS", "alarms.LOOK_SECONDS", "selftest.LOOK_SECONDS",
    "simlife.LOOK_SECONDS", "CARE_SECONDS",
)  # fmt: skip
"""What is looked at more often than matters here: each look is a turn of two threads, long on a busy machine."""


class Watched:
    """A daemon in a loop of its own, and the service manager that it speaks to."""

    def __init__(self, folder: Path, loop: HoursLoop) -> None:
        self._loop = loop
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(folder / "notify"))
        environ = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": str(ALLOWED_SECONDS * 1_000_000)}
        self.database = folder / "smsd.db"
        self.daemon = Daemon(
            parse(CONFIGURATION.format(folder=folder), folder / "smsd.toml"),
            environ,
            clock=lambda: BEGAN + loop.time(),
            timings=Timings(away=50.0, busy=50.0),
        )

    async def fed(self, seconds: float) -> list[float]:
        """Let ``seconds`` pass; return when the watchdog was fed."""
        moments = []
        until = self._loop.time() + seconds
        while self._loop.time() < until:
            await asyncio.sleep(10.0)
            try:
                while True:
                    if b"WATCHDOG=1" in self._socket.recv(4096).splitlines():
                        moments.append(self._loop.time())
            except BlockingIOError:
                pass
        return moments

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


Live = Callable[[Callable[[Watched], Awaitable[None]]], list[dict[str, Any]]]


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    """Run a daemon while something is looked at; return what it logged."""

    def lived(look: Callable[[Watched], Awaitable[None]]) -> list[dict[str, Any]]:
        with asyncio.Runner(loop_factory=HoursLoop) as runner:
            loop = runner.get_loop()
            assert isinstance(loop, HoursLoop)
            monkeypatch.setattr(daemon_routes, "time", SimpleNamespace(monotonic=loop.time))
            watched = Watched(tmp_path, loop)

            async def both() -> None:
                task = asyncio.create_task(watched.daemon.run())
                try:
                    await look(watched)
                finally:
                    watched.daemon.stop()
                    await task
                    watched.close()

            with counted(loop), capture_logs() as events:
                runner.run(both())
        return [dict(event) for event in events]

    async def refused(*_: object) -> int:
        return Status.BIND_FAILED

    async def opened(settings: Any, _host: str, _port: int, clock: Any, **hears: Any) -> Link:
        return Link(settings, clock, **hears)

    async def absent(_client: Client) -> str:
        return "nobody is there"

    for place in SELDOM:
        monkeypatch.setattr(f"smsd.gateway.{place}", 50.0)
    monkeypatch.setattr(Link, "open", opened)
    monkeypatch.setattr(Link, "bind", refused)
    monkeypatch.setattr(Client, "absent", absent)
    return lived


def hangs(events: list[dict[str, Any]]) -> set[str]:
    return {task for event in events if event["event"] == "supervisor_hangs" for task in event["tasks"]}


async def for_ever(*_: object, **__: object) -> Any:
    await asyncio.Event().wait()


# --- what starves it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SUPERVISORS)
def test_whoever_waits_for_ever_is_seen(live: Live, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    supervised = smsd.gateway._supervised

    async def hanging(what: str, work: Callable[..., Awaitable[None]], *args: object) -> None:
        await (for_ever() if what == name else supervised(what, work, *args))

    monkeypatch.setattr(smsd.gateway, "_supervised", hanging)

    async def look(watched: Watched) -> None:
        fed = await watched.fed(STILL_SECONDS + 6 * ALLOWED_SECONDS)
        assert fed
        assert max(fed) < STILL_SECONDS + 2 * ALLOWED_SECONDS

    [told] = hangs(live(look))
    assert told.startswith(f"{name}: ")
    assert told.endswith("for_ever > Event.wait")


def test_these_are_all_supervisors(live: Live) -> None:
    names: set[str] = set()

    async def look(watched: Watched) -> None:
        await watched.fed(5.0)
        names.update(task.get_name() for task in asyncio.all_tasks())

    live(look)
    assert {*SUPERVISORS} <= names
    ours = {"gateway", "watchdog", "stop"}
    assert {name for name in names if not name.startswith("Task-")} - ours == {*SUPERVISORS}


def test_a_part_that_never_ends_is_seen(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pump goes on looking, and nothing ever leaves: the window is full."""
    monkeypatch.setattr(ModemRoute, "status", RouteStatus(True, "ready", "", {}))
    submits: list[Submit] = []

    async def submit(_route: ModemRoute, part: Submit) -> Outcome:
        submits.append(part)
        return await for_ever()  # type: ignore[no-any-return]

    monkeypatch.setattr(ModemRoute, "submit", submit)

    async def look(watched: Watched) -> None:
        await watched.fed(10.0)
        with contextlib.closing(Store(watched.database, lambda: BEGAN)) as store:
            store.outbox.enqueue(NewMessage(MessageClass.RESULT, "+79161234567", 1, text="hello"))
        fed = await watched.fed(1.2 * HOUR)
        assert submits
        assert max(fed) < HOUR + 6 * ALLOWED_SECONDS

    assert "submit modem0" in hangs(live(look))


# --- and what does not ------------------------------------------------------------------------------------------------


async def hours(watched: Watched) -> None:
    fed = await watched.fed(1.5 * HOUR)
    assert max(after - before for before, after in pairwise(fed)) < ALLOWED_SECONDS
    assert len(fed) > 1.5 * HOUR / ALLOWED_SECONDS


def test_no_modem_no_operator_and_a_refused_bind_for_hours_starve_nobody(live: Live) -> None:
    events = live(hours)
    assert hangs(events) == set()
    assert "bind_refused" in {event["event"] for event in events}


def test_a_port_that_another_program_holds_for_hours_starves_nobody(
    live: Live, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def held(*_: object, **__: object) -> Port:
        raise PortBusyError("another program holds it")

    (tmp_path / "modem").touch()
    monkeypatch.setattr(Port, "open", held)
    events = live(hours)
    assert hangs(events) == set()
    assert "busy-port" in {event.get("state") for event in events}


def test_a_bind_that_stands_for_hours_starves_nobody(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    async def bound(*_: object) -> int:
        return Status.OK

    monkeypatch.setattr(Link, "bind", bound)
    events = live(hours)
    assert hangs(events) == set()
    assert "ready" in {event.get("state") for event in events}
