"""Directories for the tests of this folder: quick ones, and a place that makes what each needs."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from smsd.directory.breaker import Pauses
from smsd.directory.http import HttpDirectory, HttpSettings

PHONE, OTHER = "+79160000001", "+79160000002"


@asynccontextmanager
async def asking(
    url: str,
    *,
    token: str = "token",
    ca_file: Path | None = None,
    clock: Callable[[], float] | None = None,
    **settings: Any,
) -> AsyncIterator[HttpDirectory]:
    """Give a directory that asks ``url`` and waits for an answer as long as a busy machine takes."""
    known: dict[str, Any] = {"connect": 60.0, "answer": 60.0, "attempts": 1, "back_off": 0.01, **settings}
    known.setdefault("pauses", Pauses(failures=1000))
    directory = HttpDirectory(
        HttpSettings(url, ca_file, **known),
        token=lambda: token,
        clock=clock or asyncio.get_running_loop().time,
        chance=random.Random(7).random,  # noqa: S311  chance, seeded
    )
    try:
        yield directory
    finally:
        await directory.close()
