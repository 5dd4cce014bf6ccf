"""The whole service in one process: a network, a modem on a pty, the daemon, and the store to look into."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from smsd.config import Config, parse
from smsd.daemon import Daemon
from smsd.directory.local import seal_context
from smsd.routes.modem import Timings
from smsd.rules.outbox import MessageClass
from smsd.simulator.modem import SimulatedModem
from smsd.simulator.network import Network, Phone
from smsd.sms import segments
from smsd.store import Client, NewMessage, Row, Store
from smsd.store.bell import ring
from smsd.vault import Vault, seal

CLIENT = "+79161234567"
SERVICE = "+79086228779"
ACCEPTED = "Ваша заявка принята. Дождитесь СМС-уведомления об исполнении запроса."
INFO = (
    "ЦЕНТР РЕГИСТРАЦИИ.\nПерсональный код: 1234.\nКЛИЕНТСКИЙ ПОРТАЛ: имя входа: ivanov, пароль: 1a2b3c4d.\n"
    "Никому не сообщайте свои регистрационные данные."
)
QUICK = Timings(drain=0.0, probe=0.2, dead=2.0, away=0.05, retry=0.1, settle_after=1.0, idle=0.1, store_retry=0.2)


@dataclass
class Service:
    """Everything a test of the whole service touches."""

    directory: Path
    config: Config
    network: Network
    modem: SimulatedModem
    store: Store
    timings: Timings = QUICK
    daemon: Daemon | None = None
    task: "asyncio.Task[None] | None" = None
    _vault: Vault | None = field(default=None, repr=False)

    async def start(self) -> None:
        """Start the daemon and wait until its modem is ready."""
        self.daemon = Daemon(self.config, {}, timings=self.timings)
        self.task = asyncio.create_task(self.daemon.run())
        await self.until(lambda: any(row["up"] for row in self.store.routes()))

    async def stop(self) -> None:
        """End the daemon as SIGTERM does."""
        assert self.daemon is not None
        assert self.task is not None
        self.daemon.stop()
        await self.task
        self.daemon = self.task = None

    async def kill(self) -> None:
        """End the daemon's tasks at once; what was under way has no outcome."""
        assert self.task is not None
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        self.daemon = self.task = None

    async def until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until a condition holds; also ends when the daemon fails."""
        async with asyncio.timeout(seconds):
            while not condition():
                if self.task is not None and self.task.done():
                    self.task.result()
                await asyncio.sleep(0.01)

    def phone(self, number: str = CLIENT) -> Phone:
        """Return a subscriber's phone."""
        return self.network.phone(number)

    def add_client(self, phone: str = CLIENT, password: str | None = "1a2b3c4d") -> None:
        """Put a client into the directory."""
        public = Vault.load_or_create(self.config.key_file).public
        sealed = None if password is None else seal(public, password, associated=seal_context(phone))
        self.store.clients.put([Client(phone, "1234", "ivanov", sealed)], cause="test")

    def enqueue(self, recipient: str, text: str, message_class: MessageClass = MessageClass.MANUAL) -> int:
        """Queue a message as the command line does."""
        parts = len(segments(text, 0))
        message_id, _ = self.store.outbox.enqueue(NewMessage(message_class, recipient, parts, text=text))
        ring(self.store.path)
        return message_id

    def message(self, message_id: int) -> Row:
        """Return a message of the outbox."""
        return self.store.outbox.show(message_id)

    def stored(self) -> int:
        """Count the messages that lie in the modem, on the SIM or beside it."""
        return sum(len(memory.stored) for memory in self.modem.memories.values())

    def states(self) -> list[tuple[str, str]]:
        """Return class and state of every message, oldest first."""
        return [(row["class"], row["state"]) for row in reversed(self.store.outbox.recent(limit=0))]


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """Give a service that has not been started."""
    link = tmp_path / "modem"
    config = parse(
        f"""
        [database]
        url = "sqlite:///{tmp_path}/smsd.db"
        [[modem]]
        name = "modem0"
        device = "{link}"
        poll_seconds = 1
        settle_seconds = 1
        """,
        tmp_path / "smsd.toml",
    )
    network = Network()
    async with SimulatedModem(network, SERVICE, link=link) as modem:
        store = Store(tmp_path / "smsd.db", time.time)
        made = Service(tmp_path, config, network, modem, store)
        try:
            yield made
        finally:
            if made.task is not None:
                await made.kill()
            store.close()
