"""submit_sm a second over one bind, window 50, no latency: our route next to smpplib, on the same server, in turns.

The server is node's smpp where node is there, else our own simulated service centre in a process of its own. smpplib
comes into a throw-away environment under ``build``; it is driven as its README does not: with a window. What is ours is
measured through ``SmppRoute.submit`` by as many tasks as the window allows, which is how the gateway uses it; the peer
has neither outcomes, timers nor pace to keep.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.figures import Figure, Peer, progress
from smsd.routes.smpp import SmppRoute, SmppSettings
from smsd.simulator.network import Network
from smsd.simulator.smsc import SimulatedSmsc
from smsd.sms import Outcome, Received, Sent, Submit, segments

NAME = "smpp_session"
MESSAGES = 5_000
WINDOW = 50
ROUNDS = 5
BAR = 10_000
ROOT = Path(__file__).parents[1]
NODE_MODULE = ROOT / ".venv" / "node" / "node_modules" / "smpp"
PEER = "smpplib==2.2.4"

SMPPLIB = """
import sys, time, logging
logging.disable(logging.CRITICAL)
import smpplib.client, smpplib.consts
port, count, window = map(int, sys.argv[1:])
client = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
answered = [0]
client.set_message_sent_handler(lambda pdu, **more: answered.__setitem__(0, answered[0] + 1))
client.connect()
client.bind_transceiver(system_id="scserv", password="")
text = "Привет, мир!".encode("utf-16-be")
started, sent = time.perf_counter(), 0
while answered[0] < count:
    while sent < count and sent - answered[0] < window:
        client.send_message(source_addr_ton=5, source_addr_npi=0, source_addr="SCSERV", dest_addr_ton=1,
            dest_addr_npi=1, destination_addr="79161234567", short_message=text, data_coding=8)
        sent += 1
    client.read_once()
print(count / (time.perf_counter() - started))
"""


class House:
    """An inbound that keeps nothing."""

    def __init__(self) -> None:
        self.news = asyncio.Event()

    async def received(self, received: Received) -> None:
        """Take it."""

    async def settled(self, attempt_id: int, outcome: Outcome) -> None:
        """Take it."""

    def changed(self, route: str) -> None:  # noqa: ARG002  the protocol's
        """Hear it."""
        self.news.set()


class Memory:
    """A memory that keeps nothing."""

    async def recall(self, key: str) -> str | None:  # noqa: ARG002  the protocol's
        """Remember nothing."""
        return None

    async def remember(self, key: str, value: str | None) -> None:
        """Keep nothing."""


async def ours(port: int) -> float:
    """Submit over one bind and return messages a second."""
    settings = SmppSettings("127.0.0.1", port, system_id="scserv", window=WINDOW, rate=0.0, receipts=False)
    route = SmppRoute("bench", settings, memory=Memory(), clock=asyncio.get_running_loop().time, chance=lambda: 0.0)
    house = House()
    running = asyncio.create_task(route.run(house))
    async with asyncio.timeout(20):
        while not route.status.up:
            house.news.clear()
            await house.news.wait()
    user_data = segments("Привет, мир!", 0)[0]
    work = iter(range(1, MESSAGES + 1))

    async def worker() -> None:
        for number in work:
            end = await route.submit(Submit(number, number, "+79161234567", user_data))
            assert isinstance(end, Sent), end

    started = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(WINDOW)))
    rate = MESSAGES / (time.perf_counter() - started)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    return rate


async def serve() -> None:
    """Be the service centre until standard input ends."""
    async with SimulatedSmsc(Network()) as smsc:
        print(json.dumps({"port": smsc.port}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    """Run the service centre in a process of its own; give its name and port."""
    if shutil.which("node") is not None and NODE_MODULE.exists():
        name, command = "node's smpp", ["node", str(ROOT / "tests/interop/smsc_node.js"), str(NODE_MODULE), "quiet"]
    else:
        name, command = "our simulated service centre", [sys.executable, "-m", "benchmarks.smpp_session", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield name, json.loads(process.stdout.readline())["port"]
        finally:
            process.kill()


def peer_python() -> str | None:
    """Make the throw-away environment with smpplib where it is not there yet; ``None``: it cannot be."""
    folder = ROOT / "build" / "smpplib"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PEER]
    return str(python) if subprocess.run(install, check=False, capture_output=True).returncode == 0 else None


def measure() -> list[Figure]:
    """Measure both in turns, so that a busy machine is busy for both."""
    python = peer_python()
    own: list[float] = []
    peer: list[float] = []
    with server() as (name, port):
        for _ in range(ROUNDS):
            own.append(asyncio.run(ours(port)))
            if python is not None:
                command = [python, "-c", SMPPLIB, str(port), str(MESSAGES), str(WINDOW)]
                peer.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        progress(f"  server: {name}, load {os.getloadavg()[0]:.1f}")
    other = Peer("smpplib", tuple(peer), "" if peer else f"{PEER} cannot be installed")
    note = f"server: {name}"
    return [Figure(f"submit_sm, window {WINDOW}", "/s", tuple(own), BAR, at_least=True, peers=(other,), note=note)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", action="store_true", help="be the service centre")
    if parser.parse_args().serve:
        asyncio.run(serve())
    else:
        for figure in measure():
            print(figure.row(), figure.peers)
