"""Forgetting 100,000 old messages out of 300,000: how long any batch holds the store, and how long it all takes.

The daemon's own code at its own pace, on a store of its own; each old message has a part, an attempt and a report.
"""

import asyncio
import sqlite3
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.figures import Figure, progress
from benchmarks.rig import phone
from smsd.gateway.retention import Forgetting
from smsd.rules.outbox import MessageClass
from smsd.rules.retention import HOLD_SECONDS, Keep
from smsd.store import Store
from smsd.store.retention import Step, Swept
from smsd.store.thread import StoreThread

NAME = "retention"
OLD, YOUNG = 100_000, 200_000
DAY = 86_400.0


class Watched(Forgetting):
    """Remembers how long each step held the store."""

    def __init__(self, thread: StoreThread, keep: Keep) -> None:
        super().__init__(thread, keep, time.time)
        self.holds: list[float] = []

    async def _timed(self, step: Step, after: int, limit: int) -> tuple[Swept, float]:
        swept, seconds = await super()._timed(step, after, limit)
        self.holds.append(seconds)
        return swept, seconds


def fill(path: Path) -> None:
    """Write messages that came to rest, the old ones first, and none of them by the daemon's slow way."""
    Store(path, time.time, migrate=True).close()
    database = sqlite3.connect(path)
    now = time.time()
    rows = [
        (number, now - (400 if number <= OLD else 10) * DAY, phone(number % 5_000_000))
        for number in range(1, OLD + YOUNG + 1)
    ]
    with database:
        database.executemany(
            "INSERT INTO message (id, created_at, class, priority, recipient, text, state, parts)"
            " VALUES (?, ?, 'notification', 4, ?, 'Ваша заявка исполнена.', 'delivered', 1)", rows,
        )  # fmt: skip
        database.execute("INSERT INTO part (message_id, sequence, state) SELECT id, 1, 'delivered' FROM message")
        database.execute(
            "INSERT INTO attempt (id, message_id, sequence, recipient, route, witness, started_at, outcome, reference)"
            " SELECT id, id, 1, recipient, 'modem0', '{}', created_at, 'sent', '17' FROM message"
        )
        database.execute(
            "INSERT INTO report (received_at, route, reference, recipient, class, code, attempt_id)"
            " SELECT created_at, 'modem0', '17', recipient, 'delivered', 'ST 0x00', id FROM message"
        )
    database.close()


def measure() -> list[Figure]:
    """Sweep once as the daemon does."""
    with tempfile.TemporaryDirectory(prefix="smsd-bench-") as directory:
        path = Path(directory) / "smsd.db"
        progress(f"  filling {OLD + YOUNG} rows")
        fill(path)
        thread = StoreThread(Store(path, time.time))
        keep = Keep({MessageClass.NOTIFICATION: timedelta(days=365)})
        watched = Watched(thread, keep)
        started = time.perf_counter()
        gone = asyncio.run(watched.sweep())
        seconds = time.perf_counter() - started
        thread.close()
    if gone["outbox"] != OLD:
        raise RuntimeError(f"{gone} forgotten, {OLD} were old")
    note = f"{OLD} of {OLD + YOUNG} messages with parts, attempts and reports gone in {seconds:.0f} s"
    longest = tuple(sorted(watched.holds)[-5:])
    return [Figure("longest holds of the store while forgetting", "s", longest, HOLD_SECONDS, worst=True, note=note)]
