"""The HTTP API of a real daemon, every notification on disk before it is answered.

First as many as will go, by so many callers that keep their connections and wait for each answer; then half of what is
promised, each at its moment whatever became of the others (so that a stall is not hidden by callers who wait), and how
late the answers are. By the UNIX socket and, with a token, by loopback. The callers run in this process, beside the
daemon.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from benchmarks.figures import Figure, progress
from smsd.desk.access import Scope, new_token
from smsd.store import Store

NAME = "api"
CALLERS = 32
SECONDS = 8.0
PROMISED = 500
PORT = 18025
TRIES = 3

CONFIGURATION = """
[database]
url = "sqlite:///{folder}/smsd.db"
[api]
socket = "{folder}/api.sock"
listen = "127.0.0.1:{port}"
[log]
level = "warning"
[[modem]]
device = "/dev/no-such-modem"
"""


@contextmanager
def daemon(folder: Path) -> Iterator[str]:
    """Run a daemon; yield a token for its API."""
    (folder / "smsd.toml").write_text(CONFIGURATION.format(folder=folder, port=PORT), "utf-8")
    process = subprocess.Popen([sys.executable, "-m", "smsd", "--config", str(folder / "smsd.toml"), "run"])
    try:
        limit = time.monotonic() + 20
        while not (folder / "api.sock").exists():
            if process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError("the daemon does not serve its API")
            time.sleep(0.05)
        with contextlib.closing(Store(folder / "smsd.db", time.time)) as store:
            yield new_token(store, "benchmark", [Scope.NOTIFY])
    finally:
        process.terminate()
        process.wait(30)


class Caller:
    """A connection that is kept: one request after another."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader = reader
        self._writer = writer
        self._shown = f"Authorization: Bearer {token}\r\n" if token else ""

    async def notify(self, number: int) -> None:
        """Ask for one notification. Raises ``RuntimeError`` for any answer but 202."""
        body = json.dumps({"to": f"+7916{number % 10**7:07}", "text": f"Ваш заказ {number} готов."}).encode()
        head = (
            f"POST /v1/notifications HTTP/1.1\r\nHost: smsd\r\n{self._shown}Idempotency-Key: order-{number}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await self._reader.readexactly(length)
        if b" 202 " not in answer[:16]:
            raise RuntimeError(answer.decode())

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


@asynccontextmanager
async def callers(folder: Path, token: str, count: int) -> AsyncIterator[list[Caller]]:
    """Open connections: by TCP with a token, by the UNIX socket without."""
    made = []
    for _ in range(count):
        pair = (
            await asyncio.open_connection("127.0.0.1", PORT)
            if token
            else await asyncio.open_unix_connection(str(folder / "api.sock"))
        )
        made.append(Caller(*pair, token))
    try:
        yield made
    finally:
        for each in made:
            each.close()


async def flat_out(folder: Path, token: str, first: int) -> tuple[float, int]:
    """Ask as fast as answers come; return notifications a second and how many there were."""
    numbers = iter(range(first, first + 10**9))
    count, started = 0, time.perf_counter()

    async def work(caller: Caller) -> None:
        nonlocal count
        while time.perf_counter() - started < SECONDS:
            await caller.notify(next(numbers))
            count += 1

    async with callers(folder, token, CALLERS) as opened:
        started = time.perf_counter()
        await asyncio.gather(*(work(each) for each in opened))
        return count / (time.perf_counter() - started), count


async def at_half(folder: Path, token: str, first: int) -> list[float]:
    """Ask at half of the promised rate, each at its moment; return how long after it each answer came."""
    interval, total = 2 / PROMISED, int(SECONDS * PROMISED / 2)
    late: list[float] = []
    async with callers(folder, token, CALLERS) as opened:
        free: asyncio.Queue[Caller] = asyncio.Queue()
        for each in opened:
            free.put_nowait(each)
        started = time.perf_counter() + 0.1

        async def ask(number: int) -> None:
            moment = started + number * interval
            await asyncio.sleep(max(0.0, moment - time.perf_counter()))
            caller = await free.get()
            await caller.notify(first + number)
            late.append(time.perf_counter() - moment)
            free.put_nowait(caller)

        await asyncio.gather(*(ask(number) for number in range(total)))
    return sorted(late)


def measure() -> list[Figure]:
    """Measure rate and lateness by both ways."""
    figures = []
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name, daemon(Path(name)) as written:
        folder, first = Path(name), 0
        for way, token in (("UNIX socket", ""), ("loopback, token", written)):
            rates, p99s, medians = [], [], []
            for _ in range(TRIES):
                rate, count = asyncio.run(flat_out(folder, token, first))
                first += count + CALLERS
                late = asyncio.run(at_half(folder, token, first))
                first += len(late)
                rates.append(rate)
                p99s.append(late[int(len(late) * 0.99)] * 1000)
                medians.append(late[len(late) // 2] * 1000)
                progress(f"  {way}: {rate:.0f}/s, p99 {p99s[-1]:.1f} ms")
            note = f"{CALLERS} callers in the measuring process; SQLite on disk, synchronous=FULL"
            figures.append(
                Figure(f"notifications by HTTP, {way}", "/s", tuple(rates), PROMISED, at_least=True, note=note)
            )
            told = (
                f"at {PROMISED // 2}/s, each at its moment; medians {', '.join(f'{each:.1f}' for each in medians)} ms"
            )
            figures.append(Figure(f"answer by HTTP, {way}, p99", "ms", tuple(p99s), 50.0, note=told))
    return figures
