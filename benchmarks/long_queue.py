"""A queue of a million rows: what a claim with its record costs, against a queue of a thousand."""

import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, progress
from benchmarks.rig import message, phone
from smsd.rules.outbox import MessageClass
from smsd.sms import Sent
from smsd.store import Claimant, Store

NAME = "queue"
LONG = 1_000_000
SHORT = 1_000
BATCH = 5_000
CLAIMS = 200
CLAIMANT = Claimant("modem0", "+79086228779", None, {})


def filled(path: Path, rows: int) -> Store:
    """Make a store with so many alerts in its queue."""
    store = Store(path, time.time, migrate=True)
    alert = message(phone(0), "Плановые работы.", MessageClass.ALERT)
    numbers: Iterator[int] = iter(range(rows))
    while batch := list(itertools.islice(numbers, BATCH)):
        store.outbox.enqueue_all(
            type(alert)(alert.message_class, phone(each % 5_000_000), alert.parts, text=alert.text) for each in batch
        )
    return store


def claim(store: Store) -> tuple[float, float]:
    """Claim a part and record that it was sent; return the seconds of each."""
    started = time.perf_counter()
    (claimed,) = store.outbox.claim(CLAIMANT, 1)
    between = time.perf_counter()
    store.outbox.record([(claimed.attempt_id, Sent("1"))])
    return between - started, time.perf_counter() - between


def measure() -> list[Figure]:
    """Measure, the two queues in turn so that a noisy moment hits both."""
    with tempfile.TemporaryDirectory(prefix="smsd-bench-") as directory:
        progress(f"  filling {LONG} rows")
        long = filled(Path(directory) / "long.db", LONG)
        short = filled(Path(directory) / "short.db", SHORT)
        pairs = [(claim(long), claim(short)) for _ in range(CLAIMS)]
        long.close()
        short.close()
    claims = [statistics.median(pair[side][0] for pair in pairs) for side in (0, 1)]
    records = [statistics.median(pair[side][1] for pair in pairs) for side in (0, 1)]
    note = (
        f"median claim {claims[0] * 1000:.2f} ms against {claims[1] * 1000:.2f} ms, "
        f"record {records[0] * 1000:.2f} ms against {records[1] * 1000:.2f} ms, {CLAIMS} each"
    )
    step = CLAIMS // 5
    ratios = tuple(
        statistics.median(long[0] for long, _ in pairs[start : start + step])
        / statistics.median(short[0] for _, short in pairs[start : start + step])
        for start in range(0, CLAIMS, step)
    )
    return [Figure("time to claim, queue of 1,000,000 rows against 1,000", "x", ratios, 2, note=note)]
