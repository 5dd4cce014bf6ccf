"""A service centre in a process of its own, which can be killed, and the record of what it was given, which stays.

Node's ``smpp`` where node is there, else our own simulated service centre. Knows how each is started and what it writes
down: the moment and the recipient of every submit_sm, before it is answered.
"""

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Self

from smsd.simulator.network import Network
from smsd.simulator.smsc import SimulatedSmsc
from smsd.wire.smpp.pdu import ShortMessage

__all__ = ["Centre", "Taken", "centre_name", "has_node"]

ROOT = Path(__file__).parents[1]
NODE_MODULE = ROOT / ".venv" / "node" / "node_modules" / "smpp"


def has_node() -> bool:
    """Tell whether node and its smpp are here (the interop tests fetch it)."""
    return shutil.which("node") is not None and NODE_MODULE.exists()


def centre_name() -> str:
    """Say whose service centre stands in the measurements."""
    if has_node():
        return "node's smpp"
    return "our own simulated one, for node's smpp is not here (npm install --prefix .venv/node smpp@0.5.1)"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a service centre was given: a moment (Unix seconds) and a recipient for each submit_sm."""

    submits: tuple[tuple[float, str], ...]

    @property
    def recipients(self) -> Counter[str]:
        """How often each recipient was submitted to, as numbers with ``+``."""
        return Counter(f"+{recipient.lstrip('+')}" for _, recipient in self.submits)

    @property
    def rate(self) -> float:
        """Submits a second from the first to the last."""
        return (len(self.submits) - 1) / (self.submits[-1][0] - self.submits[0][0])


class Centre:
    """A service centre on one port: ``start`` it, let it die, start it again. ``latency`` is in seconds."""

    def __init__(self, directory: Path, *, latency: float = 0.0) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._log = directory / "submits"
        self._log.touch()
        self._latency = latency
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self, die_after: int = 0) -> Self:
        """Listen; with ``die_after`` it kills itself when it has taken so many submits."""
        words = (str(self.port), str(round(self._latency * 1000)), str(die_after), str(self._log))
        if has_node():
            command = ["node", str(Path(__file__).with_name("centre.js")), str(NODE_MODULE), *words]
        else:
            command = [sys.executable, "-m", "benchmarks.centre", *words]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def wait_dead(self, seconds: float) -> None:
        """Wait until it has killed itself; raises ``TimeoutExpired``."""
        assert self._process is not None
        self._process.wait(seconds)

    def __enter__(self) -> Self:
        return self.start() if self._process is None else self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def taken(self) -> Taken:
        """Return what it was given so far, in all its lives."""
        lines = self._log.read_text("ascii").splitlines()
        return Taken(tuple((float(at), who) for at, who in (line.split() for line in lines)))

    def count(self) -> int:
        """Count what it was given so far."""
        return self._log.read_bytes().count(b"\n")


class _Writing(SimulatedSmsc):
    """Our simulated centre with the same record and the same death."""

    def __init__(self, port: int, latency: float, die_after: int, log: TextIOWrapper) -> None:
        super().__init__(Network(), port=port, latency=latency)
        self._log, self._left = log, die_after

    def submit(self, message: ShortMessage) -> tuple[int, str]:
        """Write it down, then take it."""
        self._log.write(f"{time.time()} {message.destination.digits}\n")
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().submit(message)


async def _serve(port: int, latency: float, die_after: int, log: Path) -> None:
    """Be the service centre until standard input ends."""
    with log.open("a", encoding="ascii", buffering=1) as lines:
        async with _Writing(port, latency, die_after, lines) as centre:
            sys.stdout.write(f"{centre.port}\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("latency", type=int)
    parser.add_argument("die_after", type=int)
    parser.add_argument("log", type=Path)
    options = parser.parse_args()
    asyncio.run(_serve(options.port, options.latency / 1000, options.die_after, options.log))
