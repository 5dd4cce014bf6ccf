"""A webhook whose secret is not there is that webhook's trouble: clients are answered, it is told when it has one."""

import asyncio
import dataclasses

import pytest
from structlog.testing import capture_logs

from smsd.api import hooks
from smsd.config import Webhook
from tests.acceptance.conftest import ACCEPTED, Service


async def test_the_service_starts_without_the_secret_and_tells_once_it_is_there(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "TROUBLE_SECONDS", 0.05)
    monkeypatch.setattr(hooks, "POLL_SECONDS", 0.05)
    told = asyncio.Event()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        told.set()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    secret = service.directory / "secret"
    hook = Webhook(name="ccs", url=f"http://127.0.0.1:{port}/hook", secret_file=secret)
    service.config = dataclasses.replace(service.config, webhooks=(hook,))
    with capture_logs() as events:
        await service.start()
        service.phone().text("CLIENT info")
        screen = await service.phone().wait_for(2)
        assert screen[0].text == ACCEPTED
        assert not told.is_set()
        await service.until(lambda: any(event["event"] == "webhook_trouble" for event in events))
    assert {event["webhook"] for event in events if event["event"] == "webhook_trouble"} == {"ccs"}
    secret.write_text("thirty-two characters that sign.", "ascii")
    secret.chmod(0o600)
    async with asyncio.timeout(60):
        await told.wait()
    await service.stop()
    server.close()
    await server.wait_closed()
