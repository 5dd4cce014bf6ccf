"""``smsd demo``: the whole service on a simulated modem and a simulated operator, in two acts.

First a client is answered under the service's name, through a bind to the operator; then the operator goes, and the
answer comes from the SIM's number. Everything but the radio is real: the daemon, its database, the AT commands on a
serial line, the SMPP on a socket. Nothing is left behind.
"""

import asyncio
import io
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path

import click

from smsd import log
from smsd.cli.outbox import print_messages
from smsd.cli.output import Clock, plural
from smsd.config import Config, Database, Modem, Routing, Smpp
from smsd.daemon import Daemon
from smsd.desk import Desk, NewClient, Terms
from smsd.desk.keys import ensure_key
from smsd.rules.replies import Replies
from smsd.simulator import Message, Network, Phone, SimulatedModem
from smsd.simulator.smsc import SimulatedSmsc
from smsd.speech import N_, _
from smsd.store import Store

__all__ = ["show"]

SECONDS = 30.0
"""How long the answers may take."""
LOOK_SECONDS = 0.05
RADIO_SECONDS = 0.7
"""How long a part is in the air; a real network takes two to five seconds."""

CLIENT = NewClient(phone="+79990001733", code="1733", login="ivanov", password="k7-Quartz-31", name="И. Иванов")  # noqa: S106  invented
INFO, START = "CLIENT info", "CLIENT sms start"
ANSWERS = (N_("the acknowledgement"), N_("the result"))
FALLBACK_SECONDS = 2
"""How long an answer waits here for an operator who has gone; 30 seconds unless configured otherwise."""


def show(*, verbose: bool) -> list[str]:
    """Show the whole service; return what did not happen. The daemon's log is printed then, or as it comes."""
    kept = io.StringIO()
    log.setup(level="info", stream=sys.stderr if verbose else kept)
    with tempfile.TemporaryDirectory(prefix="smsd-demo-") as directory:
        missing = asyncio.run(_Demo(Path(directory)).run())
    if missing:
        click.echo(kept.getvalue(), err=True, nl=False)
    return missing


class _Demo:
    """One showing, in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._config = Config()
        self._began = 0.0

    async def run(self) -> list[str]:
        """Show everything; return what did not happen."""
        network = Network()
        link = self._directory / "modem"
        number = self._config.service.number
        async with (
            SimulatedModem(network, number, link=link, radio_seconds=RADIO_SECONDS),
            SimulatedSmsc(network, system_id="demo") as operator,
        ):
            self._config = Config(
                path=self._directory / "smsd.toml",
                database=Database(url=f"sqlite:///{self._directory / 'smsd.db'}"),
                modems=(Modem(name="modem0", device=link),),
                smpp=(Smpp(name="operator", host=operator.host, port=operator.port, system_id="demo"),),
                routing=Routing(fallback_after_seconds=FALLBACK_SECONDS),
            )
            with self._store() as store:
                self._add_client(store)
                told = _(
                    "a simulated modem with the number {number} and a simulated operator who knows the name\n"
                    "{sender}, a real daemon between them, a client {phone}\n"
                )
                click.echo(told.format(number=number, sender=self._config.service.sender, phone=CLIENT.phone))
                async with self._daemon():
                    missing = await self._acts(network, operator, store)
                self._summary(store)
        return missing

    async def _acts(self, network: Network, operator: SimulatedSmsc, store: Store) -> list[str]:
        self._began = time.monotonic()
        if not await self._until(lambda: _up(store) == len(self._config.route_order)):
            return [_("modem and operator were not ready within {n} s").format(n=int(SECONDS))]
        click.echo(_("both are ready after {time}").format(time=self._elapsed) + "\n")
        replies = Replies()
        result = replies.info(code=CLIENT.code, login=CLIENT.login, password=CLIENT.password or "")
        phone = network.phone(CLIENT.phone)
        sender, number = self._config.service.sender, self._config.service.number
        missing = await self._act(phone, store, INFO, sender, (replies.accepted, result))
        if missing:
            return missing
        await operator.kill()
        told = _("the operator is gone; what a client waits for leaves by the SIM after {n} s")
        click.echo(told.format(n=FALLBACK_SECONDS) + "\n")
        return await self._act(phone, store, START, number, (replies.accepted, replies.start))

    async def _act(self, phone: Phone, store: Store, command: str, sender: str, promised: tuple[str, str]) -> list[str]:
        """Let the client write a command and show what comes; return what did not happen."""
        before, delivered = len(phone.screen), _delivered(store)
        self._began = time.monotonic()
        phone.text(command)
        told = _("{phone} writes to {number}:")
        click.echo(told.format(phone=CLIENT.phone, number=self._config.service.number))
        _bubble(command)
        for count in (1, 2):
            if not await self._until(partial(_shows, phone, before + count)):
                lacking = _("{answer} of {command} did not come within {n} s")
                return [lacking.format(answer=_(ANSWERS[count - 1]), command=command, n=int(SECONDS))]
            self._tell(phone.screen[before + count - 1])
        shown = phone.screen[before:]
        missing = _differences([message.text for message in shown], promised)
        other = _("an answer came from {other}, not {sender}")
        missing += [other.format(other=each.sender, sender=sender) for each in shown if each.sender != sender]
        if not await self._until(lambda: _delivered(store) == delivered + len(ANSWERS)):
            lacking = _("{n} of {all} answers were reported delivered")
            return [*missing, lacking.format(n=_delivered(store) - delivered, all=len(ANSWERS))]
        click.echo(_("the network reported both delivered after {time}").format(time=self._elapsed) + "\n")
        return missing

    def _tell(self, message: Message) -> None:
        parts = f", {plural(message.parts, 'part')}" if message.parts > 1 else ""
        told = _("after {time} the phone shows, from {sender}{parts}:")
        click.echo(told.format(time=self._elapsed, sender=message.sender, parts=parts))
        _bubble(message.text)

    def _summary(self, store: Store) -> None:
        print_messages(store.outbox.recent(limit=0), Clock(self._config.service.zone, time.time()))

    # --- the parts of the stage ---------------------------------------------------------------------------------------

    @contextmanager
    def _store(self) -> Iterator[Store]:
        with closing(Store(self._config.database.path, time.time)) as store:
            yield store

    def _add_client(self, store: Store) -> None:
        desk = Desk(
            store,
            Terms(),
            clock=time.time,
            public_key=lambda: ensure_key(store, self._config.key_file),
            ring=lambda: None,
        )
        desk.add_client(CLIENT)

    @asynccontextmanager
    async def _daemon(self) -> AsyncIterator[None]:
        """Run the daemon beside the showing; what ends it early ends the showing."""
        daemon = Daemon(self._config, {})
        self._task = asyncio.create_task(daemon.run())
        try:
            yield
        finally:
            daemon.stop()
            await self._task

    async def _until(self, there: Callable[[], bool]) -> bool:
        """Wait until something is there; ``False`` when it takes too long or the daemon has ended."""
        while not there():
            if time.monotonic() - self._began > SECONDS or self._task.done():
                return False
            await asyncio.sleep(LOOK_SECONDS)
        return True

    @property
    def _elapsed(self) -> str:
        return _("{n} s").format(n=f"{time.monotonic() - self._began:.1f}")


def _differences(shown: list[str], promised: tuple[str, str]) -> list[str]:
    """Name the answers that are not the promised texts."""
    return [
        _("{answer} is not the promised text").format(answer=_(name))
        for name, text, wanted in zip(ANSWERS, shown, promised, strict=False)
        if text != wanted
    ]


def _up(store: Store) -> int:
    return sum(bool(row["up"]) for row in store.routes())


def _delivered(store: Store) -> int:
    return len(store.outbox.recent(limit=0, state="delivered"))


def _shows(phone: Phone, messages: int) -> bool:
    return len(phone.screen) >= messages


def _bubble(text: str) -> None:
    for line in text.splitlines():
        click.echo(f"  | {line}")
    click.echo()
