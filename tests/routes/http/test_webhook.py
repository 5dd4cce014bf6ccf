"""The ear for receipts: answered only once kept, deaf to whoever does not know the token."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from smsd.errors import RouteError, StoreFullError
from smsd.routes.http import webhook
from smsd.routes.http.webhook import Webhook


class Ear:
    """A webhook at work and what it took."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, Any]] = []
        self.full = False
        self.webhook = Webhook(0, "t0ken", self.take)

    async def take(self, octets: bytes, told: Any) -> None:
        if self.full:
            raise StoreFullError("no room")
        self.taken.append((octets, told))

    async def said(self, octets: bytes, *, close: bool = False) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.webhook.port)
        writer.write(octets)
        if close:
            writer.write_eof()
        answer = await reader.readline()
        writer.close()
        return answer

    async def post(self, body: bytes, path: str = "/receipts/t0ken", method: str = "POST") -> int:
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        return int((await self.said(head.encode() + body)).split()[1])


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    ear = Ear()
    task = asyncio.create_task(ear.webhook.run())
    async with asyncio.timeout(60):
        await ear.webhook.listening.wait()
    yield ear
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_json_a_form_and_a_query_are_understood(ear: Ear) -> None:
    assert await ear.post(b'{"id": 1, "status": 2}') == 200
    assert await ear.post(b"id=1&status=2&phone=%2B79161234567") == 200
    assert await ear.post(b"", "/receipts/t0ken?id=3&status=1", "GET") == 200
    assert ear.taken == [
        (b'{"id": 1, "status": 2}', {"id": 1, "status": 2}),
        (b"id=1&status=2&phone=%2B79161234567", {"id": "1", "status": "2", "phone": "+79161234567"}),
        (b"id=3&status=1", {"id": "3", "status": "1"}),
    ]


async def test_what_cannot_be_kept_is_to_come_again(ear: Ear) -> None:
    ear.full = True
    assert await ear.post(b'{"id": 1}') == 503


@pytest.mark.parametrize("path", ["/", "/receipts/", "/receipts/wrong", "/t0ken/more", "/receipts/t0ken1"])
async def test_without_the_token_nothing_is_heard(ear: Ear, path: str) -> None:
    assert await ear.post(b'{"id": 1}', path) == 404
    assert ear.taken == []


async def test_what_is_no_receipt_is_refused(ear: Ear) -> None:
    assert await ear.post(b"\xff\xfe") == 400
    assert await ear.post(b"{") == 400
    assert await ear.post(b"{}", method="PUT") == 405
    assert await ear.post(b"x" * (webhook.LONGEST + 1)) == 413
    assert (await ear.said(b"nonsense\r\n\r\n")).split()[1] == b"400"
    assert await ear.said(b"POST /receipts/t0ken HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", close=True)
    assert ear.taken == []


async def test_whoever_does_not_finish_is_left(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PATIENCE", 0.05)
    assert await ear.said(b"POST /receipts/t0ken HTTP/1.1\r\n") == b""
    assert await ear.post(b'{"id": 1}') == 200


async def test_only_this_host_can_reach_it(ear: Ear) -> None:
    assert ear.webhook.port != 0
    with pytest.raises(OSError, match=r".*"):
        await asyncio.open_connection("127.0.0.2", ear.webhook.port)


async def test_a_port_that_is_taken_is_said_so(ear: Ear) -> None:
    with pytest.raises(RouteError, match="receipts cannot be listened for"):
        await Webhook(ear.webhook.port, "t0ken", ear.take).run()
