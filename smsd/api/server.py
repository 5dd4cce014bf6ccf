"""The sockets the API is served on: uvicorn's HTTP/1.1 under our own loop, with the limits it lacks.

Knows how a socket is made so that nobody else can ever open it, who is at its other end, and how long a request may
take to arrive. uvicorn's own server is not used: it takes signals and wakes ten times a second, and both are ours.

A crash leaves a socket file behind; the next start replaces it. A client that was being answered finds his connection
closed, and asks again under the same key.
"""

import asyncio
import contextlib
import grp
import http
import json
import logging
import os
import socket
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import h11
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from smsd.api.caller import peer_of
from smsd.api.problem import MEDIA_TYPE, Problem
from smsd.errors import ConfigError, SmsdError

__all__ = ["open_loopback", "open_unix", "serving"]

REQUEST_SECONDS = 15.0
"""How long a request may take to arrive, from its first octet, or the connection, to its last."""
IDLE_SECONDS = 60
"""How long a connection may lie idle between two requests."""
CONNECTIONS = 256
"""How many may be open by one socket: whoever fills loopback, where no token is needed to connect, fills no other."""
REQUEST_OCTETS = 32 * 1024 * 1024
"""What is taken of one request, most of it only to be thrown away: its sender shall read why it was refused."""
HEADER_OCTETS = 16 * 1024
STOP_SECONDS = 5.0
BACKLOG = 1024

CLOSE = {"Connection": "close"}
_TOO_SLOW = Problem(408, "too-slow", f"the request had not come after {REQUEST_SECONDS:.0f} s", headers=CLOSE)
_NO_HTTP = Problem(400, "malformed", "this is no request of HTTP/1.1", headers=CLOSE)
_CROWDED = Problem(
    503, "try-again", f"{CONNECTIONS} connections are open already", cure="keep one and use it again",
    headers={**CLOSE, "Retry-After": "5"},
)  # fmt: skip
# It would log what a caller did wrong.
logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


class _AtOnce:
    """A transport that sends what is written within one turn of the loop at once: an answer's head with its body.

    By TCP a segment costs a third of a millisecond on the way to the same host, more than all the rest of an answer.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._written: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, octets: bytes) -> None:
        """Send octets at the end of this turn."""
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(octets)

    def close(self) -> None:
        """Send what is written, then close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._written:
            self._transport.write(b"".join(self._written))
            self._written.clear()


class Connection(H11Protocol):
    """A connection that says who is at its other end, and ends when a request takes too long to arrive."""

    _deadline: asyncio.TimerHandle | None = None
    _taken = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(cast("asyncio.Transport", _AtOnce(transport, self.loop)))
        peer = peer_of(cast("socket.socket", transport.get_extra_info("socket")))
        if peer is not None:
            self.app_state = {**self.app_state, "peer": peer}
        if len(self.connections) > CONNECTIONS:
            self.app = cast("Any", _crowded)
        if len(self.connections) > 2 * CONNECTIONS:
            transport.abort()  # the daemon needs files for other things, too
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """Take octets; as long as they make no whole request, the time runs."""
        self._taken += len(data)
        if self._taken > REQUEST_OCTETS:
            self.transport.abort()
            return
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._await_request()
        else:
            self._taken = 0
            self._stop_waiting()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  as uvicorn calls it
        """Answer what is no HTTP, where nothing has been answered."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._say(_NO_HTTP)
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_SECONDS, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._say(_TOO_SLOW)
        self.transport.close()

    def _say(self, problem: Problem) -> None:
        """Answer where there is no request to answer; the end of the connection."""
        body = json.dumps(problem.body()).encode()
        headers = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), **problem.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        phrase = http.HTTPStatus(problem.status).phrase
        self.transport.write(f"HTTP/1.1 {problem.status} {phrase}\r\n{lines}\r\n".encode() + body)
        self.transport.close()


async def _crowded(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer whoever came when all places were taken."""
    answer = Response(json.dumps(_CROWDED.body()), _CROWDED.status, _CROWDED.headers, MEDIA_TYPE)
    await answer(scope, receive, send)


@contextlib.asynccontextmanager
async def serving(app: Starlette, sockets: list[socket.socket]) -> AsyncIterator[None]:
    """Serve the application on these sockets until the body ends; then let what is being answered be answered."""
    config = Config(
        cast("Any", app), http=Connection, ws="none", lifespan="off", interface="asgi3", log_config=None,
        access_log=False, proxy_headers=False, server_header=False, date_header=False, timeout_keep_alive=IDLE_SECONDS,
        h11_max_incomplete_event_size=HEADER_OCTETS,
    )  # fmt: skip
    config.load()
    loop = asyncio.get_running_loop()
    servers, states = [], []
    try:
        for each in sockets:
            states.append(state := ServerState())
            connection = partial(Connection, config=config, server_state=state, app_state={}, _loop=loop)
            if each.family == socket.AF_UNIX:
                servers.append(await loop.create_unix_server(connection, sock=each, backlog=BACKLOG))
            else:
                servers.append(await loop.create_server(connection, sock=each, backlog=BACKLOG))
        yield
    finally:
        await _end(servers, states)


async def _end(servers: list[asyncio.Server], states: list[ServerState]) -> None:
    for server in servers:
        server.close()
    for each in [each for state in states for each in state.connections]:
        each.shutdown()
    if tasks := [task for state in states for task in state.tasks]:
        await asyncio.wait(tasks, timeout=STOP_SECONDS)
    for each in [each for state in states for each in state.connections]:
        if (transport := getattr(each, "transport", None)) is not None:
            transport.abort()


# --- sockets ----------------------------------------------------------------------------------------------------------


def open_unix(path: Path, group: str) -> socket.socket:
    """Open a UNIX socket that its owner and group may use, and nobody else at any moment.

    What a dead daemon left under the name is replaced; a socket that somebody serves, and a file of another kind, is
    refused. Raises ``SmsdError``, ``ConfigError``.
    """
    _clear(path)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        former = os.umask(0o177)
        try:
            made.bind(str(path))
        finally:
            os.umask(former)
        if group and (number := _group(group)) != path.stat().st_gid:
            os.chown(path, -1, number)
        # Last: where the directory has a default access list, this lets in whom that names.
        path.chmod(0o660)
    except OSError as error:
        made.close()
        hint = "; may the daemon give files to this group? A unit may forbid it" if group else ""
        raise SmsdError(f"{path}: the API's socket cannot be made: {error.strerror or error}{hint}") from error
    except BaseException:
        made.close()
        path.unlink(missing_ok=True)
        raise
    made.settimeout(0)
    return made


def _clear(path: Path) -> None:
    try:
        if not path.is_socket():
            if path.exists():
                raise ConfigError(f"{path}: [api] socket: there is a file of another kind under this name")
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1.0)
            probe.connect(str(path))
    except ConnectionRefusedError:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SmsdError(f"{path}: {error.strerror or error}") from error
    else:
        raise SmsdError(f"{path}: another program serves this socket")


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise ConfigError(
            f"[api] socket_group: there is no group {name!r} on this host: groupadd --system {name}"
        ) from None


def open_loopback(listen: str) -> socket.socket:
    """Open a TCP socket on this host's own address. Raises ``SmsdError``."""
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, int(port)))
    except OSError as error:
        made.close()
        raise SmsdError(f"[api] listen {listen}: {error.strerror or error}; is another program there?") from error
    made.settimeout(0)
    return made
