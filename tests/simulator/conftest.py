"""A program on the simulated port: as plain as can be, so that nothing of the daemon's own driver is in the way."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from smsd.simulator import Network, SimulatedModem
from smsd.wire import tpdu
from smsd.wire.address import Address
from smsd.wire.userdata import UserData

SERVICE = "+79086228779"
CLIENT = "+79161234567"

FINAL = re.compile(rb"\n(OK|ERROR|\+CM[ES] ERROR: ?[^\r\n]*)\r?\n")


def final(heard: bytes) -> bool:
    return FINAL.search(heard) is not None


class Program:
    """What opens the port, types and reads; ``heard`` keeps everything since the last question."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.heard = b""
        self.gone = False
        self._news = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._fd, self._read)

    def _read(self) -> None:
        try:
            octets = os.read(self._fd, 4096)
        except OSError:
            octets = b""
        if not octets:
            self.gone = True
            asyncio.get_running_loop().remove_reader(self._fd)
        self.heard += octets
        self._news.set()

    def type(self, octets: bytes) -> None:
        os.write(self._fd, octets)

    async def until(self, what: Callable[[bytes], bool] | bytes, seconds: float = 60.0) -> str:
        """Read until ``what`` is true of everything heard, or is in it."""
        true = (lambda heard: what in heard) if isinstance(what, bytes) else what
        async with asyncio.timeout(seconds):
            while not true(self.heard):
                self._news.clear()
                await self._news.wait()
        return self.heard.decode("latin-1")

    async def until_gone(self) -> None:
        async with asyncio.timeout(60):
            while not self.gone:
                self._news.clear()
                await self._news.wait()

    async def ask(self, command: str) -> list[str]:
        """Type a command and give the lines of its answer, the final result last."""
        self.heard = b""
        self.type(f"AT{command}\r".encode())
        await self.until(final)
        return [line for line in self.heard.decode("utf-8").splitlines() if line and line != f"AT{command}"]

    async def submit(self, octets: bytes, length: int | None = None) -> list[str]:
        """Send a PDU by AT+CMGS and give the answer."""
        self.heard = b""
        self.type(f"AT+CMGS={length if length is not None else len(octets) - 1 - octets[0]}\r".encode())
        await self.until(b"> ")
        self.heard = b""
        self.type(octets.hex().upper().encode() + b"\x1a")
        await self.until(final)
        return [line for line in self.heard.decode().splitlines() if line][:2]

    def close(self) -> None:
        if not self.gone:
            asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)


def submit_pdu(text: str, to: str = CLIENT, *, report: bool = False) -> bytes:
    """Make the octets that a program types after the prompt."""
    message = tpdu.Submit(tp_da=Address.of_number(to), user_data=UserData.of_text(text), tp_srr=report)
    return tpdu.encode(message)[0]


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
async def modem(network: Network, tmp_path: Path) -> AsyncIterator[SimulatedModem]:
    async with SimulatedModem(network, SERVICE, link=tmp_path / "modem") as modem:
        yield modem


@pytest.fixture
async def program(modem: SimulatedModem) -> AsyncIterator[Program]:
    """A program that has switched the echo off."""
    program = Program(modem.path)
    await program.ask("E0")
    yield program
    program.close()
