"""Webhooks: what happens is told, signed, until it is heard; nobody else waits for it."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from smsd.api import hooks
from smsd.api.hookclient import HookClient
from smsd.api.hooks import HookTerms, Teller
from smsd.config import parse
from smsd.daemon.hooks import key_of
from smsd.errors import ConfigError
from smsd.rules.webhooks import signature
from smsd.store.thread import StoreThread
from tests.store.house import PHONE, House

KEY = b"k" * 32
TERMS = HookTerms("ccs", lambda: KEY, timedelta(hours=1), timedelta(days=1), 1000)


@dataclass
class Listener:
    """Somebody who is told: he keeps what he was told, and answers what he is bid."""

    url: str = ""
    told: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """What is answered next; afterwards 204. Nothing ("") is no answer at all."""
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                self.told.append((headers, json.loads(body)))
                answer = self.answers.pop(0) if self.answers else "204 No Content"
                if answer:
                    writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())
                    await writer.drain()
                self.heard.set()
                if not answer:
                    break
        writer.close()

    async def until(self, count: int) -> list[str]:
        """Wait until so many events were told; return their types."""
        async with asyncio.timeout(60):
            while len(self.told) < count:
                self.heard.clear()
                await self.heard.wait()
        return [body["type"] for _, body in self.told]


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """Listen on a port of this host."""
    made = Listener()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks?token=hidden"
    yield made
    server.close()


class LivingHouse(House):
    """A store whose clock goes."""

    def clock(self) -> float:
        """Return the time it is."""
        return time.time()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A store whose happenings are told."""
    house = LivingHouse(tmp_path, now=time.time())
    house.store.events.listeners({"ccs": ["delivery", "opt-out", "request"]})
    yield house
    house.store.close()


@contextlib.asynccontextmanager
async def telling(house: House, url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StoreThread]:
    """Tell from the house's store, quickly."""
    monkeypatch.setattr(hooks, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(hooks, "delay", lambda tries, draw: 0.02)
    thread = StoreThread(house.store)
    async with HookClient(url, 60.0) as client:
        task = asyncio.create_task(Teller(TERMS, client, thread, time.time, lambda: 0.5).run())
        try:
            yield thread
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            # What it had asked the store is under way all the same: closed beneath it, SQLite would end the process.
            thread.close()


async def emptied(house: House, thread: StoreThread) -> None:
    """Wait until nothing waits to be told."""
    async with asyncio.timeout(60):
        while True:
            if not await thread.call(house.store.events.recent, limit=1):
                return
            await asyncio.sleep(0.01)


async def test_what_happened_is_told_and_signed(
    house: House, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.text("CLIENT sms stop")
    async with telling(house, listener.url, monkeypatch) as thread:
        assert sorted(await listener.until(2)) == ["request.accepted", "subscription.stopped"]
        await emptied(house, thread)
    for headers, body in listener.told:
        assert body["data"]["phone"] == PHONE
        octets = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
        signed = signature(KEY, headers["webhook-id"], int(headers["webhook-timestamp"]), octets)
        assert headers["webhook-signature"] == signed
    assert len({headers["webhook-id"] for headers, _ in listener.told}) == 2


@pytest.mark.parametrize("answer", ["500 Oops", "429 Slowly", "404 No", "302 Elsewhere", ""])
async def test_what_was_not_heard_is_told_again_under_its_id(
    house: House, listener: Listener, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    listener.answers = [answer]
    with house.store.engine.write() as tx:
        tx.run("event_of_wish", phone=PHONE, word="stopped", reason="by hand", now=house.now)
    async with telling(house, listener.url, monkeypatch) as thread:
        await listener.until(2)
        await emptied(house, thread)
    assert len({headers["webhook-id"] for headers, _ in listener.told}) == 1


async def test_while_nobody_is_at_home_one_knocks(
    house: House, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house.store.engine.write() as tx:
        for _ in range(40):
            tx.run("event_of_wish", phone=PHONE, word="stopped", reason="by hand", now=house.now)
    listener.answers = ["503 Later"] * (hooks.AT_A_TIME + 5)
    async with telling(house, listener.url, monkeypatch) as thread:
        await listener.until(40 + hooks.AT_A_TIME + 5)
        await emptied(house, thread)
    ids = [headers["webhook-id"] for headers, _ in listener.told]
    assert len(set(ids)) == 40
    assert len(set(ids[hooks.AT_A_TIME : hooks.AT_A_TIME + 5])) <= 5


async def test_an_event_that_provokes_trouble_holds_no_other_up(
    house: House, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house.store.engine.write() as tx:
        for number in range(3):
            tx.run("event_of_wish", phone=PHONE, word="stopped", reason=f"{number}", now=house.now)
    listener.answers = ["500 Oops", "204 Fine", "204 Fine", "500 Oops"]
    async with telling(house, listener.url, monkeypatch) as thread:
        await emptied(house, thread)
    causes = [body["data"]["cause"] for _, body in listener.told]
    assert sorted(causes[:3]) == ["0", "1", "2"]
    assert len(causes) == 5


async def test_a_listener_who_asks_to_be_left_alone_is(
    house: House, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For as long as he says, and no longer than anybody who is not at home."""
    rests: list[float] = []
    with house.store.engine.write() as tx:
        for number in range(20):
            tx.run("event_of_wish", phone=PHONE, word="stopped", reason=f"{number}", now=house.now)
    monkeypatch.setattr(hooks, "delay", lambda tries, draw: 0.02)
    thread = StoreThread(house.store)
    async with HookClient(listener.url, 60.0) as client:
        teller = Teller(TERMS, client, thread, time.time, lambda: 0.5)
        for wish in ("20", "3600", "soon"):
            listener.answers = [f"429 Slowly\r\nRetry-After: {wish}"] * hooks.AT_A_TIME
            rests.append(await teller._round())
            with house.store.engine.write() as tx:
                tx.run("event_retry", id=1, now=house.now)
    thread.close()
    assert rests == [20.0, hooks.LONGEST_REST, 0.02]


async def test_why_it_was_not_heard_is_kept_without_the_address(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with house.store.engine.write() as tx:
        tx.run("event_of_wish", phone=PHONE, word="stopped", reason="by hand", now=house.now)
    async with telling(house, "http://127.0.0.1:1/hooks?token=hidden", monkeypatch) as thread, asyncio.timeout(60):
        while True:
            [row] = await thread.call(house.store.events.recent, limit=1)
            if row["error"]:
                break
            await asyncio.sleep(0.01)
    assert row["error"].startswith("127.0.0.1:1: ConnectError")
    assert "hidden" not in row["error"] + capsys.readouterr().out


async def test_a_fault_of_the_store_ends_nothing(
    house: House, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    due, broken = house.store.events.due, [OSError("no"), KeyError("no")]

    def sometimes(*args: Any) -> Any:
        if broken:
            raise broken.pop()
        return due(*args)

    monkeypatch.setattr(house.store.events, "due", sometimes)
    monkeypatch.setattr(hooks, "TROUBLE_SECONDS", 0.01)
    house.text("CLIENT sms stop")
    async with telling(house, listener.url, monkeypatch):
        await listener.until(2)


def test_a_secret_that_is_none_is_refused_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "hook").write_text("short\n")
    (tmp_path / "hook").chmod(0o600)
    text = '[[webhook]]\nname = "ccs"\nurl = "http://127.0.0.1:9/"\nsecret_file = "hook"\n'
    [hook] = parse(text, tmp_path / "smsd.toml").webhooks
    with pytest.raises(ConfigError, match="hook: the secret has 5 characters; 24 at least"):
        key_of(hook)
