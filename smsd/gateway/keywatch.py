"""Whether clients' passwords can still be opened: a private key that was lost was replaced by a new one at the start.

Knows that what is sealed bears the id of its key. Refuses to open anything, and to tell people (``gateway.alarms``).
"""

import asyncio

from smsd.gateway.alarms import Alarms
from smsd.rules.alarms import Condition, Finding
from smsd.store.thread import StoreThread

__all__ = ["KeyWatch"]

LOOK_SECONDS = 600.0
"""How often it is counted: a table of clients is read for it, and only a person changes the answer."""


class KeyWatch:
    """Counts the clients whose passwords are sealed to another key than ``key_id``; that is an alarm."""

    def __init__(self, thread: StoreThread, key_id: bytes, alarms: Alarms) -> None:
        self._thread = thread
        self._key_id = key_id
        self._alarms = alarms

    async def run(self) -> None:
        """Look for ever."""
        while True:
            count = await self._thread.call(self._thread.store.clients.sealed_otherwise, self._key_id)
            if count:
                detail = f"passwords sealed to another key than this one: {count}"
                self._alarms.found(Finding(Condition.KEY_REPLACED, "", detail, str(count)))
            else:
                self._alarms.over((Condition.KEY_REPLACED, ""))
            await asyncio.sleep(LOOK_SECONDS)
