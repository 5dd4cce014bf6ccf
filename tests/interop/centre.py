"""A service centre that somebody else wrote, as a program that says what it has read; and a bind to it."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from smsd.routes.smpp import SmppRoute, SmppSettings
from smsd.sms import Submit, segments
from tests.routes.house import Ledger, Notebook

CLIENT = "+79161234567"

SINGLE = "Привет, мир!"
THREE_PARTS = "Ваша заявка принята. " * 9
EMOJI = "Я" * 66 + "🙂" + "ю" * 10
"""The pair stands across the end of the first part."""
LATIN = "Your code is 4711."


class Centre:
    """A running program; ``read`` gives what it said of the next submit."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.port = port
        self._process = process

    async def read(self) -> dict[str, Any]:
        """Wait for the next line."""
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            line = await self._process.stdout.readline()
        assert line, "the service centre has ended"
        said: dict[str, Any] = json.loads(line)
        return said


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[Centre]:
    """Run a service centre for as long as the test needs it."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    centre = Centre(process, 0)
    try:
        centre.port = (await centre.read())["port"]
        yield centre
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@asynccontextmanager
async def bound(centre: Centre, ledger: Ledger) -> AsyncIterator[SmppRoute]:
    """Bind to it."""
    route = SmppRoute(
        "operator",
        SmppSettings("127.0.0.1", centre.port, system_id="scserv", rate=0.0),
        memory=Notebook(),
        clock=asyncio.get_running_loop().time,
        chance=random.Random(1).random,  # noqa: S311  chance, seeded
        password=lambda: "secret",
    )
    task = asyncio.create_task(route.run(ledger))
    try:
        await ledger.until(lambda: route.status.up)
        yield route
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def parts(text: str, first_attempt: int = 1) -> list[Submit]:
    """A text as the gateway hands it over."""
    cut = segments(text, 0x5A)
    return [
        Submit(first_attempt + place, 1, CLIENT, user_data, place + 1, len(cut)) for place, user_data in enumerate(cut)
    ]
