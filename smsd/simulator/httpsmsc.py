"""An operator's HTTP gateway behind the simulated network: takes whole texts, says what became of them, goes wrong.

Knows one interface, made up and much like the real ones: ``POST /messages`` with Basic credentials and
``{"from", "to", "text", "key"}`` is answered ``{"id"}`` or ``{"error": {"code", "text"}}``; ``GET /messages/ID`` and
``GET /messages?key=K`` with ``{"state", "id", "error"}``; where a receiver is named, states are posted to it as they
change. Refuses to know the daemon: any client is a stranger here. Whoever wants another interface writes a profile.
"""

import asyncio
import base64
import contextlib
import json
import socket
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

from smsd.simulator.network import TP_ST_RECEIVED, Network, Report
from smsd.simulator.place import hold
from smsd.wire import userdata

__all__ = ["HttpTrouble", "SimulatedHttpSmsc", "Taken"]

LONGEST: Final = 1 << 16


class HttpTrouble(StrEnum):
    """What may go wrong with one ``POST /messages``."""

    LOSE = "lose"
    """It is taken, and the connection closed without an answer."""
    DROP = "drop"
    """It is not taken, and the connection closed without an answer: nobody outside can tell the two apart."""
    MUTE = "mute"
    """It is taken, and no answer ever comes."""
    HALF = "half"
    """It is taken, and half an answer comes."""
    TRICKLE = "trickle"
    """It is taken, and the answer comes an octet at a time, for ever."""
    SLOW = "slow"
    """It is taken, and the answer comes ``seconds`` later."""
    PAGE = "page"
    """It is taken, and a proxy's page is the answer, with 200."""
    NAMELESS = "nameless"
    """It is taken, and the answer has no id."""
    BROKEN = "broken"
    """It is taken, and the answer is 500."""
    BUSY = "busy"
    """It is not taken, and the answer is 503."""
    REFUSE = "refuse"
    """It is not taken, and the answer is an error with ``code`` (and the status of HTTP given)."""
    REDIRECT = "redirect"
    """It is not taken, and the answer sends the client elsewhere."""
    HUGE = "huge"
    """It is taken, and the answer does not end within a megabyte."""


_NOT_TAKEN: Final = frozenset({HttpTrouble.DROP, HttpTrouble.BUSY, HttpTrouble.REFUSE, HttpTrouble.REDIRECT})


@dataclass(frozen=True, slots=True)
class _Injected:
    trouble: HttpTrouble
    code: str
    status: int
    seconds: float


@dataclass(slots=True)
class Taken:
    """A message this gateway has taken."""

    id: str
    key: str
    sender: str
    recipient: str
    text: str
    parts: int
    arrived: int = 0
    state: str = "queued"
    error: str = ""
    reports: list[int] = field(default_factory=list)


class SimulatedHttpSmsc:
    """A gateway on 127.0.0.1 and ``port`` (0: any free one), in ``network``.

    ``idempotent``: a second request with the same key takes nothing and is answered as the first. ``receiver`` is the
    (port, path) on 127.0.0.1 that states are posted to. ``silent_after`` keeps what arrived to itself: states stay
    *queued*.
    """

    def __init__(
        self,
        network: Network,
        *,
        port: int = 0,
        login: str = "scserv",
        password: str = "secret",  # noqa: S107  a simulator's
        idempotent: bool = False,
        receiver: tuple[int, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.network = network
        self.port = port
        self.receiver = receiver
        self.mute = False
        """Whether it takes connections and octets and never says anything, whatever is asked."""
        self.taken: dict[str, Taken] = {}
        self.requests: list[dict[str, Any]] = []
        """The body of every ``POST /messages`` that came, taken or not."""
        self.asked: list[str] = []
        """The target of every ``GET /messages``."""
        self.posted: list[int] = []
        """With which status the receiver answered."""
        self.most_at_a_time = 0
        self._at_a_time = 0
        self._account = base64.b64encode(f"{login}:{password}".encode()).decode()
        self._idempotent = idempotent
        self._tls = tls
        self._troubles: deque[_Injected] = deque()
        self._server: asyncio.Server | None = None
        self._place: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()

    # --- life ---------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()
        if self._place is not None:
            self._place.close()
            self._place = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen; the port stays the same when it is started again, and nobody else gets it meanwhile."""
        if self._place is None:
            self._place = hold("127.0.0.1", self.port)
            self.port = self._place.getsockname()[1]
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, ssl=self._tls)

    async def kill(self) -> None:
        """Vanish without a word; what it took is kept."""
        if self._server is None:
            return
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._server.wait_closed()
        self._server = None

    def inject(
        self, trouble: HttpTrouble, *, times: int = 1, code: str = "", status: int = 200, seconds: float = 0.0
    ) -> None:
        """Let something go wrong with the next ``times`` messages."""
        self._troubles.extend([_Injected(trouble, code, status, seconds)] * times)

    async def until(self, what: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait until ``what`` is true, looking whenever something came; raises ``TimeoutError``."""
        async with asyncio.timeout(seconds):
            while not what():
                self._news.clear()
                await self._news.wait()

    def become(self, taken: Taken, state: str, error: str = "") -> None:
        """Let a message come into a state; the receiver is told."""
        taken.state, taken.error = state, error
        if self.receiver is not None:
            told = {"id": taken.id, "state": state, "error": error}
            self._spawn(self._post(*self.receiver, json.dumps(told).encode()))
        self._news.set()

    # --- requests -----------------------------------------------------------------------------------------------------

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._spawn(self._serve(reader, writer))

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._at_a_time += 1
        self.most_at_a_time = max(self.most_at_a_time, self._at_a_time)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                line, *fields = head.split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in fields)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                if self.mute:
                    await asyncio.Event().wait()
                method, target, _ = line.split(" ")
                await self._answer(writer, method, target, headers, body)
        finally:
            self._at_a_time -= 1
            writer.transport.abort() if self.mute else writer.close()
            self._news.set()

    async def _answer(
        self, writer: asyncio.StreamWriter, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> None:
        if method == "HEAD":
            await _write(writer, 404, b"")
        elif headers.get("authorization") != f"Basic {self._account}":
            await _write(writer, 401, b'{"error": {"code": "auth", "text": "who are you?"}}')
        elif method == "GET":
            self.asked.append(target)
            await _write(writer, *self._state(target))
        else:
            await self._submit(writer, json.loads(body))

    def _state(self, target: str) -> tuple[int, bytes]:
        parts = urlsplit(target)
        key = parse_qs(parts.query).get("key", [""])[0]
        name = parts.path.removeprefix("/messages").strip("/")
        found = next((each for each in self.taken.values() if (each.key == key if key else each.id == name)), None)
        if found is None:
            return 200, b'{"state": "unknown"}'
        return 200, json.dumps({"id": found.id, "state": found.state, "error": found.error}).encode()

    async def _submit(self, writer: asyncio.StreamWriter, request: dict[str, Any]) -> None:
        self.requests.append(request)
        injected = self._troubles.popleft() if self._troubles else None
        trouble = injected.trouble if injected else None
        taken = None if trouble in _NOT_TAKEN else self._take(request)
        self._news.set()
        if injected is None or taken is None or trouble is None:
            await self._refuse_or_answer(writer, injected, taken)
            return
        answer = json.dumps({"id": taken.id}).encode()
        match trouble:
            case HttpTrouble.MUTE:
                await asyncio.Event().wait()
            case HttpTrouble.HALF:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + answer[:5])
            case HttpTrouble.TRICKLE:
                await _trickle(writer)
            case HttpTrouble.SLOW:
                await asyncio.sleep(injected.seconds)
                await _write(writer, 200, answer)
            case HttpTrouble.PAGE:
                await _write(writer, 200, b"<html>Please log in</html>")
            case HttpTrouble.NAMELESS:
                await _write(writer, 200, b"{}")
            case HttpTrouble.BROKEN:
                await _write(writer, 500, b"oops")
            case HttpTrouble.HUGE:
                await _write(writer, 200, b" " * (1 << 21))

    async def _refuse_or_answer(
        self, writer: asyncio.StreamWriter, injected: _Injected | None, taken: Taken | None
    ) -> None:
        if taken is not None:
            await _write(writer, 200, json.dumps({"id": taken.id}).encode())
        elif injected is not None and injected.trouble is HttpTrouble.REFUSE:
            told = {"error": {"code": injected.code, "text": f"refused: {injected.code}"}} if injected.code else {}
            await _write(writer, injected.status, json.dumps(told).encode())
        elif injected is not None and injected.trouble is HttpTrouble.BUSY:
            await _write(writer, 503, b"busy")
        elif injected is not None and injected.trouble is HttpTrouble.REDIRECT:
            await _write(writer, 302, b"", "Location: https://127.0.0.1:1/login\r\n")

    def _take(self, request: dict[str, Any]) -> Taken:
        key = str(request.get("key", ""))
        if self._idempotent and key:
            known = next((each for each in self.taken.values() if each.key == key), None)
            if known is not None:
                return known
        number = len(self.taken) + 1
        parts = userdata.split(request["text"], reference=number % 256)
        taken = Taken(f"m-{number:06}", key, request["from"], f"+{request['to']}", request["text"], len(parts))
        self.taken[taken.id] = taken
        for part in parts:
            self.network.submit(
                taken.sender, taken.recipient, part, taken.id, lambda report: self._reported(taken, report)
            )
        return taken

    def _reported(self, taken: Taken, report: Report) -> None:
        taken.reports.append(report.status)
        if report.status > TP_ST_RECEIVED + 0x1F:
            if report.status >= 0x40 and taken.state == "queued":
                self.become(taken, "failed", str(report.status))
            return
        taken.arrived += 1
        if taken.arrived == taken.parts and taken.state == "queued":
            self.become(taken, "delivered")

    async def _post(self, port: int, path: str, body: bytes) -> None:
        """Post a state to the receiver."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            self.posted.append(0)
            self._news.set()
            return
        try:
            writer.write(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            status = await reader.readline()
            self.posted.append(int(status.split(b" ")[1]) if status else 0)
        finally:
            writer.close()
            self._news.set()


async def _write(writer: asyncio.StreamWriter, status: int, body: bytes, headers: str = "") -> None:
    head = f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def _trickle(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)
