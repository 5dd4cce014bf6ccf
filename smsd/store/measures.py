"""What metrics are made of, in one reading of the store.

Knows which rows tell how long something took. Refuses to know what a metric is.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from smsd.rules.doubts import HELD_AFTER
from smsd.store.alarms import LOOKED_AT, Alarms
from smsd.store.engine import Engine, Row
from smsd.store.outbox import Outbox
from smsd.store.requests import Requests
from smsd.store.selftests import Past, SelfTests
from smsd.store.simlife import Balance, SimLife

__all__ = ["Measures", "Reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the store is at a moment. ``landed``: rows of id, route, class, answered, queued (seconds, or ``None``)."""

    at: float
    queue: list[Row]
    requests: list[Row]
    webhooks: list[Row]
    held: int
    swapped: int
    self_tests: Mapping[str, Past]
    balances: Mapping[str, Balance]
    alarms: list[tuple[str, str]]
    looked_at: float | None
    landed: list[Row]


class Measures:
    """The measures of one store."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._outbox = Outbox(engine, clock)
        self._requests = Requests(engine, clock)
        self._alarms = Alarms(engine, clock)
        self._selftests = SelfTests(engine, clock)
        self._simlife = SimLife(engine, clock)

    def read(self, landed: Collection[int]) -> Reading:
        """Read everything; ``landed`` are the attempts that have landed since the last reading."""
        now = self._clock()
        with self._engine.read() as tx:
            webhooks = tx.all("measures_webhooks")
            rows = tx.all("measures_parts", ids=json.dumps(list(landed))) if landed else []
            looked = tx.first("fact_get", name=LOOKED_AT)
        return Reading(
            at=now,
            queue=self._outbox.counts(),
            requests=self._requests.counts(),
            webhooks=webhooks,
            held=self._alarms.held(now - HELD_AFTER),
            swapped=len(self._alarms.swapped()),
            self_tests=self._selftests.all_past(),
            balances=self._simlife.balances(),
            alarms=[
                (each.condition.value, each.about)
                for each in self._alarms.ledger().values()
                if each.raised_at is not None
            ],
            looked_at=None if looked is None else float(looked["value"]),
            landed=rows,
        )
