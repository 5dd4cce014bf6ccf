"""Starts gateways for the tests of this folder."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from smsd.gateway import Gateway, Settings
from smsd.gateway.alarms import AlarmSettings
from smsd.rules.outbox import MessageClass
from smsd.rules.replies import Replies
from smsd.rules.retention import Keep
from smsd.store import Store
from smsd.store.thread import StoreThread
from smsd.vault import Vault
from tests.gateway.house import Clock, House, ScriptedDirectory, ScriptedRoute, Start


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a gateway; it ends with the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def started(
            *routes: ScriptedRoute,
            directory: ScriptedDirectory | None = None,
            prefix: str = "",
            order: tuple[str, ...] = (),
            by_class: dict[MessageClass, tuple[str, ...]] | None = None,
            keep: Keep | None = None,
            alarms: AlarmSettings | None = None,
        ) -> House:
            clock = Clock()
            thread = StoreThread(Store(tmp_path / "smsd.db", clock))
            stack.callback(thread.close)
            # The test looks through a connection of its own, as the command line does.
            store = Store(tmp_path / "smsd.db", clock)
            stack.callback(store.close)
            used = list(routes) or [ScriptedRoute()]
            directory = directory or ScriptedDirectory()
            lifetimes = dict.fromkeys(MessageClass, timedelta(days=1))
            settings = Settings(
                Replies(),
                lifetimes=lifetimes,
                fallback_prefix=prefix,
                order=order,
                by_class=by_class or {},
                keep=keep or Keep(),
            )
            gateway = Gateway(thread, used, directory, Vault.generate(), settings, clock, alarms)
            task = asyncio.create_task(gateway.run())

            async def end() -> None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

            stack.push_async_callback(end)
            house = House(gateway, store, clock, used, directory)
            # What a test turns the clock from is what the gateway has seen.
            await house.until(lambda: bool(gateway._supervisors))
            await asyncio.sleep(0)
            return house

        yield started
