"""A client-support system on loopback: a real HTTP server with clients, a memory of what it was told, and faults."""

import asyncio
import json
import socket
import ssl
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Self
from urllib.parse import urlsplit

from smsd.simulator.place import hold

REASONS = {200: "OK", 204: "No Content", 301: "Moved", 401: "Unauthorized", 404: "Not Found", 500: "Oops"}


class Fault(Enum):
    """What the system does instead of answering."""

    SLOW = "no answer, ever"
    ERROR = "500"
    GARBAGE = "200 with what is no JSON"
    HALF = "half a body, then the end of the connection"
    RESET = "the end of the connection without a word"
    NOISE = "octets that are no HTTP"
    PAGE = "404 with a page for people"
    NO_PAGE = "404 and nothing"
    NO_ROUTE = "404 in JSON of what the system is made with"
    LONG = "an answer that does not end"
    DEEP = "JSON nested too deep"
    ELSEWHERE = "301"
    TOKEN = "401"
    BUSY = "429"
    EMPTY = "200 and nothing"
    NOTHING = "204 where a client's data were asked for"


@dataclass
class Ssk:
    """The system; ``async with`` runs it. ``stop`` and ``start`` take it down and bring it back on the same port."""

    token: str = "token"
    tls: ssl.SSLContext | None = None
    clients: dict[str, dict[str, Any]] = field(default_factory=dict)
    wishes: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    fault: Fault | None = None
    faults: list[Fault] = field(default_factory=list)
    """Those of the next requests, one each; then ``fault`` holds."""
    date: str = ""
    """What it says of the time; nothing: it has no clock."""
    retry_after: str = ""
    port: int = 0
    connections: int = 0
    _server: asyncio.Server | None = None
    _place: socket.socket | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/smsd/v1"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        if self._place is not None:
            self._place.close()

    async def start(self) -> None:
        """Listen, on the port it had before."""
        if self._place is None:
            self._place = hold("127.0.0.1", 0)
            self.port = self._place.getsockname()[1]
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)

    async def stop(self) -> None:
        """Be down: nobody listens, and every connection is cut."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    def add(self, phone: str, **data: Any) -> None:
        """Put a client in; the documented fields have values of their own."""
        self.clients[phone] = {"phone": phone, "code": "1234", "login": "ivanov", "password": "1a2b3c4d", **data}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            method, target, _ = line.split(" ")
            if not await self._fail(reader, writer):
                self._answer(writer, *self._reply(method, target, headers, json.loads(body)))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    def _reply(self, method: str, target: str, headers: dict[str, str], question: dict[str, Any]) -> tuple[int, bytes]:
        if headers.get("authorization") != f"Bearer {self.token}":
            return 401, b"{}"
        path = urlsplit(target).path.removeprefix("/smsd/v1")
        self.asked.append((method, path, question))
        match method, path:
            case "POST", "/client" if question["phone"] in self.clients:
                return 200, json.dumps(self.clients[question["phone"]]).encode()
            case "PUT", "/subscription":
                self.wishes[question["phone"]] = question
                return 204, b""
        return 404, b'{"error": "no such client"}'

    async def _fail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        match self.faults.pop(0) if self.faults else self.fault:
            case None:
                return False
            case Fault.SLOW:
                await reader.read()  # until the other side has lost its patience
            case Fault.HALF:
                writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"phone": "+7')
            case Fault.RESET:
                writer.transport.abort()
            case Fault.NOISE:
                writer.write(b"220 ssk ESMTP\r\n")
            case Fault.LONG:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + b" " * 200_000)
            case fault:
                self._answer(writer, *_CANNED[fault])
        return True

    def _answer(self, writer: asyncio.StreamWriter, status: int, body: bytes) -> None:
        length = f"Content-Length: {len(body)}\r\n" if status != 204 else ""
        length += f"Date: {self.date}\r\n" if self.date else ""
        length += f"Retry-After: {self.retry_after}\r\n" if self.retry_after else ""
        head = f"HTTP/1.1 {status} {REASONS.get(status, 'X')}\r\n{length}Connection: close\r\n\r\n"
        writer.write(head.encode() + body)


_CANNED = {
    Fault.ERROR: (500, b"Traceback (most recent call last)"),
    Fault.GARBAGE: (200, b"\x00\xff<html>"),
    Fault.PAGE: (404, b"<html>nginx</html>"),
    Fault.NO_PAGE: (404, b""),
    Fault.NO_ROUTE: (404, b'{"timestamp": 1800000000, "status": 404, "error": "Not Found", "path": "/client"}'),
    Fault.DEEP: (200, b"[" * 50_000),
    Fault.ELSEWHERE: (301, b""),
    Fault.TOKEN: (401, b"{}"),
    Fault.BUSY: (429, b"{}"),
    Fault.EMPTY: (200, b""),
    Fault.NOTHING: (204, b""),
}
