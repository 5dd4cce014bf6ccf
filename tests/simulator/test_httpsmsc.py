"""The simulated operator's HTTP gateway, driven by nothing but a socket."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from smsd.simulator.httpsmsc import HttpTrouble, SimulatedHttpSmsc
from smsd.simulator.network import Network

PHONE = "+79161234567"


@pytest.fixture
async def smsc() -> AsyncIterator[SimulatedHttpSmsc]:
    async with SimulatedHttpSmsc(Network(), idempotent=True) as gateway:
        yield gateway


async def ask(smsc: SimulatedHttpSmsc, method: str, target: str, body: Any = None, password: str = "secret") -> bytes:
    """Ask, and return all that comes back until the connection ends."""
    octets = b"" if body is None else json.dumps(body).encode()
    account = base64.b64encode(f"scserv:{password}".encode()).decode()
    head = f"{method} {target} HTTP/1.1\r\nAuthorization: Basic {account}\r\nContent-Length: {len(octets)}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", smsc.port)
    writer.write(head.encode() + octets)
    async with asyncio.timeout(60):
        answer = await reader.read()
    writer.close()
    return answer


def message(text: str = "привет", key: str = "k1") -> dict[str, str]:
    return {"from": "SCSERV", "to": PHONE[1:], "text": text, "key": key}


async def test_a_text_is_shown_and_its_state_told(smsc: SimulatedHttpSmsc) -> None:
    assert b'{"id": "m-000001"}' in await ask(smsc, "POST", "/messages", message("д" * 100))
    [shown] = await smsc.network.phone(PHONE).wait_for(1)
    assert (shown.sender, shown.text, shown.parts) == ("SCSERV", "д" * 100, 2)
    await smsc.until(lambda: smsc.taken["m-000001"].state == "delivered")
    assert b'"state": "delivered"' in await ask(smsc, "GET", "/messages/m-000001")
    assert b'"id": "m-000001"' in await ask(smsc, "GET", "/messages?key=k1")
    assert b'"state": "unknown"' in await ask(smsc, "GET", "/messages?key=k2")


async def test_the_same_key_is_the_same_message(smsc: SimulatedHttpSmsc) -> None:
    first, second = [await ask(smsc, "POST", "/messages", message()) for _ in range(2)]
    assert first == second
    assert len(smsc.taken) == 1


async def test_a_stranger_is_refused(smsc: SimulatedHttpSmsc) -> None:
    assert b" 401 " in await ask(smsc, "POST", "/messages", message(), password="guess")
    assert smsc.taken == {}


async def test_an_undeliverable_message_fails(smsc: SimulatedHttpSmsc) -> None:
    smsc.network.report_status = 0x46
    await ask(smsc, "POST", "/messages", message())
    await smsc.until(lambda: smsc.taken["m-000001"].state == "failed")
    assert smsc.taken["m-000001"].error == "70"


@pytest.mark.parametrize(
    ("trouble", "answer", "taken"),
    [
        (HttpTrouble.LOSE, b"", 1),
        (HttpTrouble.DROP, b"", 0),
        (HttpTrouble.HALF, b"HTTP/1.1 200 OK", 1),
        (HttpTrouble.PAGE, b"log in", 1),
        (HttpTrouble.NAMELESS, b"{}", 1),
        (HttpTrouble.BROKEN, b" 500 ", 1),
        (HttpTrouble.BUSY, b" 503 ", 0),
        (HttpTrouble.REFUSE, b'"code": "17"', 0),
        (HttpTrouble.REDIRECT, b"Location: ", 0),
        (HttpTrouble.SLOW, b"m-000001", 1),
    ],
)
async def test_what_goes_wrong(smsc: SimulatedHttpSmsc, trouble: HttpTrouble, answer: bytes, taken: int) -> None:
    smsc.inject(trouble, code="17", seconds=0.01)
    found = await ask(smsc, "POST", "/messages", message())
    assert answer in found if answer else found == b""
    assert len(smsc.taken) == taken


async def test_a_receiver_is_told(smsc: SimulatedHttpSmsc) -> None:
    heard: list[bytes] = []

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heard.append(head.split(b"\r\n")[0] + await reader.readexactly(int(head.split(b"Content-Length: ")[1])))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(receive, "127.0.0.1", 0)
    smsc.receiver = (server.sockets[0].getsockname()[1], "/hook")
    await ask(smsc, "POST", "/messages", message())
    await smsc.until(lambda: smsc.posted == [200])
    assert heard == [b'POST /hook HTTP/1.1{"id": "m-000001", "state": "delivered", "error": ""}']
    server.close()
    await server.wait_closed()
    smsc.become(smsc.taken["m-000001"], "failed")
    await smsc.until(lambda: smsc.posted[1:] == [0])
