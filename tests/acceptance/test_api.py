"""The client-support system's whole way: a request by the UNIX socket, a message on a phone, a signed event back."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from smsd.simulator.modem import SimulatedModem
from smsd.simulator.network import Network
from smsd.store import Store
from tests.acceptance.conftest import CLIENT, SERVICE
from tests.api.test_hooks import Listener

SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four octets and more").decode()
TEMPLATE = "# {order}: 1733\nЗаказ {order} готов.\n"


class Host:
    """A host with a modem, a daemon in a process of its own, and a client-support system that listens."""

    def __init__(self, folder: Path, network: Network, listener: Listener) -> None:
        self.folder = folder
        self.network = network
        self.listener = listener
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "templates").mkdir()
        (folder / "templates" / "order-ready.txt").write_text(TEMPLATE, "utf-8")
        (folder / "hook").write_text(SECRET + "\n")
        (folder / "hook").chmod(0o600)
        (folder / "smsd.toml").write_text(
            f"""
            [database]
            url = "sqlite:///{folder}/smsd.db"
            [api]
            socket = "{folder}/api.sock"
            [templates]
            directory = "templates"
            [[webhook]]
            name = "ccs"
            url = "{listener.url}"
            secret_file = "hook"
            [[modem]]
            name = "modem0"
            device = "{folder}/modem"
            poll_seconds = 1
            settle_seconds = 1
            """,
            "utf-8",
        )

    async def start(self) -> httpx.AsyncClient:
        """Start the daemon; return a client of its API once that answers."""
        self.process = self._spawn()
        client = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(self.folder / "api.sock")), base_url="http://smsd", timeout=60.0
        )
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    await client.get("/v1/templates")
                    return client
                assert self.process.poll() is None, (self.folder / "log").read_text()
                await asyncio.sleep(0.05)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        words = [sys.executable, "-m", "smsd", "--config", str(self.folder / "smsd.toml"), "run"]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(words, stderr=log)

    def kill(self) -> None:
        """End the daemon as nothing can prevent."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    """A host on which no daemon runs yet."""
    network, listener = Network(), Listener()
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0)
    listener.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    async with SimulatedModem(network, SERVICE, link=tmp_path / "modem"):
        made = Host(tmp_path, network, listener)
        try:
            yield made
        finally:
            made.kill()
            server.close()


def types(listener: Listener) -> list[tuple[str, str | None]]:
    """Return what was told about which key, each once, in order."""
    told = {headers["webhook-id"]: (body["type"], body["data"].get("key")) for headers, body in listener.told}
    return list(told.values())


async def until(condition: Any, seconds: float = 60.0) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  a phone and a listener have no event in common
            await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_from_the_request_to_the_phone_and_back_over_two_kills(host: Host) -> None:
    """Killed right after each answer: what was answered 202 arrives once, and what happened is told, once for an id."""
    host.listener.answers = ["503 Not yet"]
    client = await host.start()
    body = {"to": CLIENT, "template": "order-ready", "values": {"order": "17"}}
    first = await client.post("/v1/notifications", json=body, headers={"Idempotency-Key": "order-17"})
    host.kill()
    assert first.status_code == 202
    await client.aclose()

    client = await host.start()
    again = await client.post("/v1/notifications", json=body, headers={"Idempotency-Key": "order-17"})
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    phone = host.network.phone(CLIENT)
    await until(lambda: phone.screen)
    async with asyncio.timeout(60):
        # Killed before the network's answer is on disk it would be in doubt, and rest for a person to decide; killed
        # before its report is, the report might be lost: the modem says it once.
        while not (await client.get("/v1/notifications?key=order-17")).json()["final"]:  # noqa: ASYNC110  as above
            await asyncio.sleep(0.01)
    host.kill()
    await client.aclose()

    client = await host.start()
    other = {"to": CLIENT, "text": "второе"}
    await client.post("/v1/notifications", json=other, headers={"Idempotency-Key": "second"})
    happened = {(f"notification.{what}", key) for what in ("submitted", "delivered") for key in ("order-17", "second")}
    await until(lambda: happened <= set(types(host.listener)))  # each by a connection of its own, in any order
    assert [shown.text for shown in phone.screen] == ["Заказ 17 готов.", "второе"]
    status = (await client.get("/v1/notifications?key=order-17")).json()
    assert (status["id"], status["state"], status["final"]) == (first.json()["id"], "delivered", True)
    await client.aclose()

    for headers, told in host.listener.told:
        octets = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + octets
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{mac}"
        assert "Заказ" not in octets.decode(), "no text leaves by a webhook"

    with contextlib.closing(Store(host.folder / "smsd.db", time.time)) as store:
        await until(lambda: not store.events.recent(limit=1))
        assert {row["who"] for row in store.audit.recent(limit=0)} == {
            f"{pwd.getpwuid(os.getuid()).pw_name} (API socket)"
        }
    log = (host.folder / "log").read_text("utf-8")
    assert "Заказ" not in log
    assert CLIENT not in log


@pytest.mark.slow
async def test_what_was_answered_is_there_whenever_the_daemon_is_killed(host: Host) -> None:
    """Killed while many ask at once; whoever had no answer asks again under his key. Nothing is lost or doubled."""
    answered: dict[str, int] = {}
    killed_after = 0

    async def ask(client: httpx.AsyncClient, number: int) -> None:
        key = f"order-{number}"
        body = {"to": f"+7916{number:07}", "text": f"Заказ {number} готов."}
        with contextlib.suppress(httpx.TransportError):
            answer = await client.post("/v1/notifications", json=body, headers={"Idempotency-Key": key})
            assert answer.status_code == 202, answer.text
            assert answered.setdefault(key, answer.json()["id"]) == answer.json()["id"]
            if len(answered) >= killed_after:
                host.kill()

    for killed_after in (1, 30, 90):
        client = await host.start()
        await asyncio.gather(*(ask(client, number) for number in range(150)))
        await client.aclose()
        assert host.process is not None
        assert host.process.returncode == -signal.SIGKILL
        assert len(answered) >= killed_after
    killed_after = 1000
    client = await host.start()
    await asyncio.gather(*(ask(client, number) for number in range(150)))
    await client.aclose()
    host.kill()
    with contextlib.closing(Store(host.folder / "smsd.db", time.time)) as store:
        kept = {row["id"]: row["recipient"] for row in store.outbox.recent(limit=0)}
    assert len(answered) == len(kept) == len(set(kept.values())) == 150
    assert set(answered.values()) == set(kept)
