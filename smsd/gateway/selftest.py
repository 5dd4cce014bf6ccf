"""Self-tests: a message to ourselves now and then, by each route that is to be tested, and whether it came back.

Knows when to begin one and whom to tell: the alarms, and the route itself, which may try its cures. Refuses to send: a
test is a message like others, of class ``admin``, bound to its route, counted against its quotas, and never answered,
for it is no command. A route that is down is not tested: that has an alarm of its own.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import structlog

from smsd.gateway.alarms import Alarms
from smsd.gateway.route import Route
from smsd.rules.alarms import Condition, Finding
from smsd.rules.selftest import ALARMING, TEXT, next_at
from smsd.store import NewMessage
from smsd.store.selftests import Ended
from smsd.store.thread import StoreThread

__all__ = ["SelfTestSettings", "SelfTests"]

LOOK_SECONDS = 5.0
"""How often it is looked whether a test came back, or one is due."""

log = structlog.get_logger("smsd.gateway")


@dataclass(frozen=True, slots=True)
class SelfTestSettings:
    """What the configuration decides: each route that is tested with the number its tests go to; times in seconds."""

    numbers: Mapping[str, str] = field(default_factory=dict)
    period: float = 0.0
    timeout: float = 300.0


class SelfTests:
    """The self-tests of one service.

    ``token`` makes a word nobody can guess; ``message`` a message of class ``admin`` to a phone; ``ring`` wakes whoever
    sends; ``measured`` hears each round trip in seconds.
    """

    def __init__(
        self,
        thread: StoreThread,
        routes: Collection[Route],
        settings: SelfTestSettings,
        clock: Callable[[], float],
        alarms: Alarms,
        *,
        token: Callable[[], str],
        message: Callable[[str, str], NewMessage],
        ring: Callable[[], None],
        measured: Callable[[str, float], None] = lambda _route, _seconds: None,
    ) -> None:
        self._thread = thread
        self._store = thread.store.selftests
        self._routes = {route.name: route for route in routes if route.name in settings.numbers}
        self._settings = settings
        self._clock = clock
        self._alarms = alarms
        self._token = token
        self._message = message
        self._ring = ring
        self._measured = measured
        self._started_at = clock()

    async def run(self) -> None:
        """Test for ever."""
        while True:
            for ended in await self._thread.call(self._store.judge):
                self._tell(ended)
            for name, route in self._routes.items():
                await self._look(name, route)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, name: str, route: Route) -> None:
        """Say how a route's tests went, and begin the next one when it is due."""
        past = await self._thread.call(self._store.past, name)
        key = (Condition.SELF_TEST_FAILED, name)
        if past.failures >= ALARMING:
            self._alarms.found(Finding(*key, f"{past.failures} in a row: {past.reason}", str(past.failures)))
        else:
            self._alarms.over(key)
        if self._settings.period <= 0 or not route.status.up:
            return
        due = next_at(
            ended_at=past.ended_at, failures=past.failures, started_at=self._started_at, period=self._settings.period
        )
        under_way = {row["route"] for row in await self._thread.call(self._store.under_way)}
        ahead = past.ended_at is not None and past.ended_at > self._clock()  # the clock was set back since
        if (self._clock() >= due or ahead) and name not in under_way:
            await self._begin(name)

    async def _begin(self, name: str) -> None:
        text = TEXT.format(token=self._token())
        deadline = self._clock() + self._settings.timeout
        message = replace(self._message(self._settings.numbers[name], text), expires_at=deadline)
        number = await self._thread.call(self._store.begin, name, text, deadline, message)
        log.info("self_test", route=name, self_test_id=number)
        self._ring()

    def _tell(self, ended: Ended) -> None:
        route = self._routes.get(ended.route)
        if ended.ok:
            log.info("self_test_came_back", route=ended.route, seconds=round(ended.round_trip or 0.0, 1))
            self._measured(ended.route, ended.round_trip or 0.0)
            _call(route, "delivers")
        else:
            log.warning("self_test_failed", route=ended.route, why=ended.reason)
            if ended.left:
                _call(route, "suspect", f"a self-test failed: {ended.reason}")


def _call(route: Route | None, verb: str, *words: str) -> None:
    """Tell a route that can hear it: a bind has nothing to cure."""
    heard = getattr(route, verb, None)
    if callable(heard):
        heard(*words)
