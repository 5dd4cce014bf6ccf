"""Long waits in short stretches, so that whoever waits for a good reason is seen to live.

Knows how long a stretch is. Refuses to know who looks and what he does about one that is not seen: that is the
gateway's. A supervisor waits by these, or for something that has a limit of its own.
"""

import asyncio
import contextlib
from collections.abc import Collection
from typing import Any

__all__ = ["BEAT_SECONDS", "any_of", "heard", "rest", "stretch"]

BEAT_SECONDS = 60.0
"""How long a stretch is at most."""


async def rest(seconds: float) -> None:
    """Sleep for ``seconds``."""
    time = asyncio.get_running_loop().time
    until = time() + seconds
    while (left := until - time()) > BEAT_SECONDS:  # noqa: ASYNC110  nothing is waited for but time
        await asyncio.sleep(BEAT_SECONDS)
    await asyncio.sleep(max(0.0, left))


async def stretch(event: asyncio.Event) -> bool:
    """Wait for ``event`` for one stretch at most; tell whether it came."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(BEAT_SECONDS):
            await event.wait()
    return event.is_set()


async def heard(event: asyncio.Event) -> None:
    """Wait for ``event``."""
    while not await stretch(event):
        pass


async def any_of(tasks: Collection[asyncio.Task[Any]]) -> bool:
    """Wait until one of ``tasks`` has ended, for one stretch at most; tell whether one has."""
    done, _ = await asyncio.wait(tasks, timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    return bool(done)
