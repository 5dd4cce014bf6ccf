"""A simulator that runs by itself, and how another process starts one and talks to it.

Crash tests kill the daemon and keep the modem, so the modem has to live elsewhere. ``serve`` is the whole program;
``Simulator`` starts it as a child and asks over its pipes.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from smsd.simulator.control import Control
from smsd.simulator.equipment import IMEI
from smsd.simulator.modem import SimulatedModem
from smsd.simulator.network import Network
from smsd.simulator.sim import ICCID, Sim, Smss
from smsd.simulator.smsc import SimulatedSmsc

__all__ = ["STDIO", "Simulator", "serve"]

STDIO = "-"
"""The control channel on standard input and output; the simulator ends with its input."""


async def serve(
    link: Path | str,
    *,
    number: str = "+79086228779",
    imei: str = IMEI,
    iccid: str = ICCID,
    family: str = "generic",
    slots: int = 20,
    pin: str | None = None,
    radio_seconds: float = 0.0,
    report_delay: float = 0.0,
    smss: Smss | str = Smss.RIGHT,
    log: Path | str | None = None,
    control: Path | str | None = None,
    smsc: int | None = None,
    ready: Callable[[SimulatedModem, int | None], None] | None = None,
) -> None:
    """Run a simulated modem under ``link`` until SIGTERM, cancellation, ``quit`` or the end of standard input.

    ``control`` is a path for a unix socket, or ``STDIO``; ``log`` a file for every octet, a line a piece, with the wall
    time. ``smsc`` is a port of the loopback (0: any free one) on which the network's service centre takes binds, too.
    ``ready`` is called with modem and port once both can be opened. Raises ``UsageError`` when the link's path is
    taken, ``OSError`` when socket or log cannot be made.
    """
    network = Network(report_delay=report_delay)
    sim = Sim(number, slots=slots, pin=pin, iccid=iccid)
    with Log(log, network) as tell:
        modem = SimulatedModem(
            network,
            link=link,
            sim=sim,
            imei=imei,
            family=family,
            radio_seconds=radio_seconds,
            smss=Smss(smss),
            log=tell,
        )
        async with modem:
            centre = None if smsc is None else SimulatedSmsc(network, port=smsc)
            channel = Control(modem, centre)
            with suppress(ValueError, RuntimeError):  # another thread than the main one has no signals
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, channel.stopped.set)
            async with centre or nullcontext(), _listening(channel, control):
                if ready is not None:
                    ready(modem, None if centre is None else centre.port)
                await channel.stopped.wait()


PATIENCE_SECONDS = 10.0


class Log:
    """A file of everything that crossed the port: time, direction, octets as Python would write them."""

    def __init__(self, path: Path | str | None, network: Network) -> None:
        self._file = None if path is None else Path(path).open("a", encoding="ascii", buffering=1)  # noqa: SIM115
        self._network = network

    def __enter__(self) -> Callable[[str, bytes], None] | None:
        return None if self._file is None else self._tell

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def _tell(self, mark: str, octets: bytes) -> None:
        if self._file is not None and not self._file.closed:
            self._file.write(f"{self._network.clock().isoformat()} {mark} {octets!r}\n")


@asynccontextmanager
async def _listening(channel: Control, control: Path | str | None) -> AsyncIterator[None]:
    """Answer requests while the modem runs, each conversation a task of its own."""
    if control is None:
        yield
    elif str(control) == STDIO:
        task = asyncio.get_running_loop().create_task(_stdio(channel))
        try:
            with _ending_with_parent(channel.stopped):
                yield
        finally:
            task.cancel()
    else:

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            async def write(octets: bytes) -> None:
                writer.write(octets)
                await writer.drain()

            # Python 3.11 prints a conversation that ends cancelled, with the simulator, as a fault.
            with suppress(asyncio.CancelledError):
                await channel.converse(reader, write)
            writer.close()

        server = await asyncio.start_unix_server(client, control)
        try:
            yield
        finally:
            server.close()
            await asyncio.to_thread(Path(control).unlink, missing_ok=True)


@contextmanager
def _ending_with_parent(stopped: asyncio.Event) -> Iterator[None]:
    """Set ``stopped`` when the process that started this one ends: a request that waits does not see its input end."""
    try:
        parent = os.pidfd_open(os.getppid())
    except OSError:  # it has ended, and so has the input; or it is the first process of a container, and has none
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_reader(parent, stopped.set)
    try:
        yield
    finally:
        loop.remove_reader(parent)
        os.close(parent)


async def _stdio(channel: Control) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def write(octets: bytes) -> None:
        await asyncio.to_thread(_print, octets)

    await channel.converse(reader, write)
    channel.stopped.set()


def _print(octets: bytes) -> None:
    sys.stdout.buffer.write(octets)
    sys.stdout.buffer.flush()


class Simulator:
    """A simulator in a child process, asked synchronously; ``options`` are those of ``python -m smsd.simulator``.

    Used as a context manager. It lives as long as this object, whatever happens to the programs on its modem.
    """

    def __init__(self, link: Path | str, *options: str) -> None:
        self.link = Path(link)
        self._command = [sys.executable, "-m", "smsd.simulator", "--link", str(link), "--control", STDIO, *options]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        self.ask("path")  # it answers when the modem can be opened
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def ask(self, *words: object) -> Any:
        """Carry out one request of ``Control``; raises ``RuntimeError`` with what it complains about."""
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the simulator has no pipes")
        process.stdin.write(json.dumps([str(word) for word in words]).encode() + b"\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline() or b'{"error": "the simulator has ended"}')
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(f"simulator: {answer['error']}")
        return answer
