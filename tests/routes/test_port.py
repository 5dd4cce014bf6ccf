"""A serial port under the loop: nothing stalls, nothing spins, and a loss is told once."""

import asyncio
import contextlib
import os
import pty
import threading
import time
import tty
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import pytest
from structlog.testing import capture_logs

from smsd.errors import PortBusyError, PortGoneError, RouteError
from smsd.routes.modem import port as modem_port
from smsd.routes.modem.port import Port


class Peer:
    """The other end of a pty."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave

    def hang_up(self) -> None:
        for descriptor in (self.master, self._slave):
            with suppress(OSError):
                os.close(descriptor)


class Listener:
    def __init__(self) -> None:
        self.octets = b""
        self.losses: list[PortGoneError] = []
        self.event = asyncio.Event()

    def data(self, octets: bytes) -> None:
        self.octets += octets
        self.event.set()

    def lost(self, error: PortGoneError) -> None:
        self.losses.append(error)
        self.event.set()

    async def next(self) -> None:
        async with asyncio.timeout(60):
            await self.event.wait()
        self.event.clear()


@pytest.fixture
def peer() -> Iterator[Peer]:
    end = Peer()
    yield end
    end.hang_up()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
async def port(peer: Peer, listener: Listener) -> AsyncIterator[Port]:
    opened = await Port.open(peer.path)
    opened.listen(listener.data, listener.lost)
    yield opened
    await opened.close()


async def test_octets_go_both_ways(peer: Peer, port: Port, listener: Listener) -> None:
    port.write(b"AT\r")
    assert os.read(peer.master, 100) == b"AT\r"
    os.write(peer.master, b"\r\nOK\r\n")
    await listener.next()
    assert listener.octets == b"\r\nOK\r\n"


async def test_a_peer_that_does_not_read_stalls_nobody_and_nothing_is_dropped(
    peer: Peer, port: Port, listener: Listener
) -> None:
    started = time.monotonic()
    for _ in range(100):
        port.write(b"x" * 1000)
    assert time.monotonic() - started < 100
    assert port.unwritten > 0
    received = 0
    os.set_blocking(peer.master, False)
    async with asyncio.timeout(60):
        while received < 100_000:
            with contextlib.suppress(BlockingIOError):
                received += len(os.read(peer.master, 65536))
            await asyncio.sleep(0)
    assert port.unwritten == 0


async def test_what_was_not_taken_can_be_taken_back(peer: Peer, port: Port) -> None:
    for _ in range(100):
        port.write(b"x" * 1000)
    port.abandon()
    assert port.unwritten == 0


async def test_a_hang_up_is_told_once_and_ends_everything(peer: Peer, port: Port, listener: Listener) -> None:
    peer.hang_up()
    await listener.next()
    port.write(b"AT\r")
    for _ in range(50):
        await asyncio.sleep(0)
    await port.close()
    assert [str(error) for error in listener.losses] == [str(port.lost)]
    assert peer.path in str(port.lost)


async def test_octets_pending_at_a_hang_up_are_known_not_to_have_left(
    peer: Peer, port: Port, listener: Listener
) -> None:
    for _ in range(100):
        port.write(b"x" * 1000)
    peer.hang_up()
    await listener.next()
    assert port.unwritten > 0


async def test_closing_wakes_whoever_waits(port: Port, listener: Listener) -> None:
    await port.close()
    assert len(listener.losses) == 1


async def test_a_port_is_held_by_one(peer: Peer, port: Port) -> None:
    with pytest.raises(PortBusyError, match="another program"):
        await Port.open(peer.path)
    await port.close()
    await (await Port.open(peer.path)).close()


@pytest.mark.parametrize(("path", "error"), [("/dev/nowhere", PortGoneError), ("/dev/null", RouteError)])
async def test_what_cannot_be_opened_says_why(path: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=path):
        await Port.open(path)


async def test_an_opening_that_nobody_waits_for_any_more_is_closed(peer: Peer) -> None:
    opening = asyncio.create_task(Port.open(peer.path))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    async with asyncio.timeout(60):
        while True:
            with suppress(PortBusyError):
                await (await Port.open(peer.path)).close()
                break
            await asyncio.sleep(0.01)


async def test_a_driver_that_does_not_return_holds_nobody_up_for_ever_and_no_second_thread(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The supervisor would wait with it, and be taken for dead: the healthy routes beside it would be restarted."""
    monkeypatch.setattr(modem_port, "DRIVER_SECONDS", 0.05)
    returns, asked, real = threading.Event(), [], modem_port._open

    def stuck(path: str, baud: int, rtscts: bool) -> Any:
        asked.append(path)
        returns.wait()
        return real(path, baud, rtscts)

    monkeypatch.setattr(modem_port, "_open", stuck)
    with pytest.raises(RouteError, match="has not opened it within"):
        await Port.open(peer.path)
    with pytest.raises(RouteError, match="has not returned"):
        await Port.open(peer.path)
    assert asked == [peer.path]
    monkeypatch.setattr(modem_port, "DRIVER_SECONDS", 60.0)
    returns.set()
    await (await Port.open(peer.path)).close()  # what it opened too late was given back


async def test_a_driver_that_does_not_let_go_is_left_behind(
    port: Port, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modem_port, "DRIVER_SECONDS", 0.05)
    returns, real = threading.Event(), modem_port._close
    monkeypatch.setattr(modem_port, "_close", lambda line: (returns.wait(), real(line)))
    with capture_logs() as events:
        await port.close()
    assert [event["event"] for event in events] == ["port_not_closed"]
    with pytest.raises(RouteError, match="has not returned"):
        await Port.open(peer.path)
    monkeypatch.setattr(modem_port, "DRIVER_SECONDS", 60.0)
    monkeypatch.setattr(modem_port, "_close", real)
    returns.set()
    await (await Port.open(peer.path)).close()
