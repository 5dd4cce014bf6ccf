"""Who is told by webhooks: the tellers of the configuration, each a task of its own.

Imported only where one is configured.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

from smsd import config as configuration
from smsd.api.hookclient import HookClient
from smsd.api.hooks import HookTerms, Teller
from smsd.config import Config, read_secret
from smsd.errors import ConfigError, UsageError
from smsd.rules.webhooks import secret_of
from smsd.store.thread import StoreThread

__all__ = ["telling"]


@contextlib.asynccontextmanager
async def telling(config: Config, thread: StoreThread, clock: Callable[[], float]) -> AsyncIterator[None]:
    """Tell what happens while the body runs. Raises ``ConfigError`` for certificates that cannot be read.

    A secret that is none stops its webhook alone, until it is one: clients are answered meanwhile.
    """
    async with contextlib.AsyncExitStack() as opened:
        tasks = []
        for hook in config.webhooks:
            client = await opened.enter_async_context(HookClient(hook.url, float(hook.timeout_seconds), hook.ca_file))
            teller = Teller(_terms(hook), client, thread, clock, random.random)
            tasks.append(asyncio.create_task(teller.run(), name=f"webhook {hook.name}"))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def key_of(hook: configuration.Webhook) -> bytes:
    """Return the key a webhook's events are signed by; raises ``ConfigError`` naming the file."""
    if hook.secret_file is None:
        raise ConfigError(f"[[webhook]] {hook.name} secret_file: missing")
    try:
        return secret_of(read_secret(hook.secret_file))
    except UsageError as error:
        raise ConfigError(f"{hook.secret_file}: {error}") from None


def _terms(hook: configuration.Webhook) -> HookTerms:
    return HookTerms(
        name=hook.name,
        secret=lambda: key_of(hook),
        give_up=timedelta(hours=hook.give_up_hours),
        keep=timedelta(days=hook.keep_days),
        most_waiting=hook.most_waiting,
    )
