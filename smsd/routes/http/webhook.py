"""The ear for an operator that tells by itself what became of messages: a small server on 127.0.0.1, behind a proxy.

Knows just enough HTTP/1.1 (by h11) to take one request and answer it: 200 once what it told is on disk, 503 when that
could not be, so that the operator tries again; 404 to whoever does not know the token at the end of the path. Refuses
to listen to the world: TLS and the outside are a proxy's, ``docs/how-to/http-route.md`` shows how.
"""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import h11
import structlog

from smsd.errors import RouteError, StoreError

__all__ = ["Webhook"]

LONGEST: Final = 1 << 16
"""Octets of a request."""
PATIENCE: Final = 10.0
"""Seconds until a request is here as a whole."""
AT_A_TIME: Final = 20

log = structlog.get_logger()


class Webhook:
    """Listens on ``port`` of 127.0.0.1 (0: any free one); ``take`` gets the octets of each receipt and what they say.

    ``take`` returns once it is on disk, or raises ``StoreError``.
    """

    def __init__(self, port: int, token: str, take: Callable[[bytes, Any], Awaitable[None]]) -> None:
        self.port = port
        self._token = token.encode()
        self._take = take
        self._room = asyncio.Semaphore(AT_A_TIME)
        self.listening = asyncio.Event()
        """Set once ``port`` is open."""

    async def run(self) -> None:
        """Listen until cancelled. Raises ``RouteError`` when the port cannot be had."""
        try:
            server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=LONGEST)
        except OSError as error:
            raise RouteError(f"127.0.0.1:{self.port}: receipts cannot be listened for: {error.strerror}") from None
        self.port = server.sockets[0].getsockname()[1]
        self.listening.set()
        async with server:
            await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST)
        try:
            async with self._room, asyncio.timeout(PATIENCE):
                try:
                    status = await self._answer(*await _request(connection, reader))
                except h11.RemoteProtocolError as error:
                    status = error.error_status_hint
                await _respond(connection, writer, status)
        except (OSError, TimeoutError, h11.ProtocolError):
            pass  # whoever it was does not wait for an answer
        finally:
            writer.close()

    async def _answer(self, request: h11.Request, body: bytes) -> int:
        """Take a receipt and return the status of the answer."""
        target = urlsplit(request.target.decode("ascii", "replace"))
        token = target.path.rstrip("/").rpartition("/")[2].encode()
        if not hmac.compare_digest(token, self._token):
            return 404
        if request.method not in (b"POST", b"GET"):
            return 405
        told = _told(body) if body else dict(parse_qsl(target.query))
        if told is None:
            return 400
        try:
            await self._take(body or target.query.encode(), told)
        except StoreError as error:
            log.warning("message_not_kept", error=str(error))
            return 503
        return 200


async def _request(connection: h11.Connection, reader: asyncio.StreamReader) -> tuple[h11.Request, bytes]:
    """Read a whole request. Raises ``h11.RemoteProtocolError``."""
    request, body = None, bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(LONGEST))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > LONGEST:
                raise h11.RemoteProtocolError("too long", error_status_hint=413)
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request, bytes(body)
        else:
            raise h11.RemoteProtocolError("the connection ended before the request")


async def _respond(connection: h11.Connection, writer: asyncio.StreamWriter, status: int) -> None:
    headers = [("Content-Length", "0"), ("Connection", "close")]
    octets = connection.send(h11.Response(status_code=status, headers=headers))
    writer.write((octets or b"") + (connection.send(h11.EndOfMessage()) or b""))
    await writer.drain()


def _told(body: bytes) -> Any:
    """Read what was posted: JSON, or a form; ``None`` when it is neither."""
    try:
        text = body.decode()
        return json.loads(text) if text.lstrip()[:1] in ("{", "[") else dict(parse_qsl(text, strict_parsing=True))
    except (ValueError, RecursionError):
        return None
