"""Whom the gateway asks about clients: the local table, or the client-support system over HTTP.

Only who asks over HTTP pays for it: the module is imported where the configuration names an address.
"""

import contextlib
import random
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from smsd import config as configuration
from smsd.config import Config
from smsd.directory import Directory
from smsd.directory.local import LocalDirectory
from smsd.store.thread import StoreThread
from smsd.vault import Vault

if TYPE_CHECKING:
    from smsd.directory.http import HttpDirectory

__all__ = ["directory_of", "http_directory"]


@contextlib.asynccontextmanager
async def directory_of(config: Config, thread: StoreThread, vault: Vault) -> AsyncIterator[Directory]:
    """Give the directory of a configuration; it is closed in the end."""
    if not config.directory.url:
        yield LocalDirectory(lambda phone: thread.call(thread.store.clients.get, phone), vault)
        return
    async with http_directory(config) as asked:
        yield asked


@contextlib.asynccontextmanager
async def http_directory(config: Config) -> "AsyncIterator[HttpDirectory]":
    """Give the directory that asks the client-support system."""
    from smsd.directory.breaker import Pauses  # noqa: PLC0415  only who asks over HTTP pays for it
    from smsd.directory.http import HttpDirectory, HttpSettings  # noqa: PLC0415

    keys = config.directory
    file = keys.token_file
    settings = HttpSettings(
        keys.url,
        keys.ca_file,
        connect=float(keys.connect_seconds),
        answer=float(keys.timeout_seconds),
        attempts=keys.attempts,
        pauses=Pauses(keys.breaker_failures, float(keys.breaker_seconds), float(keys.breaker_most_seconds)),
    )
    asked = HttpDirectory(
        settings,
        # Read anew at each question: the file may be replaced while the daemon runs.
        token=lambda: "" if file is None else configuration.read_secret(file),
        clock=time.monotonic,
        chance=random.random,
    )
    try:
        yield asked
    finally:
        await asked.close()
