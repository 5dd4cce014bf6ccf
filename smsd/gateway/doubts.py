"""Doubts: parts that may have left, and what becomes of them.

Knows the order: evidence first, as long as it may come; then the policy of the message's class. Refuses to judge
evidence, which is the route's, and to say what a class's policy is, which is ``rules.outbox``.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager

import structlog

from smsd.gateway.route import Bells, Route
from smsd.routes.rest import heard
from smsd.rules.outbox import DoubtPolicy
from smsd.rules.routing import Kind
from smsd.sms import Doubt, Outcome
from smsd.store.thread import StoreThread

__all__ = ["Doubts"]

FRESH_SECONDS = 2.0
"""How often the evidence of fresh doubts is asked for."""
HELD_SECONDS = 60.0
"""How often the evidence of doubts is asked for that are held for a person."""

log = structlog.get_logger("smsd.gateway")


class Doubts:
    """The doubts of all routes. ``record`` records an end however long the store takes to take it.

    ``quiet`` holds back what a route would send, and begins when nothing of it is in the air: what is sent between two
    looks, one at the store and one at the SIM, would be taken for the part in doubt. An operator's word is about one
    message, whatever else is sent: nothing waits for that, and it may come slowly.
    """

    def __init__(
        self,
        thread: StoreThread,
        routes: Collection[Route],
        clock: Callable[[], float],
        bells: Bells,
        record: Callable[[int, Outcome], Awaitable[None]],
        quiet: Callable[[str], AbstractAsyncContextManager[None]],
    ) -> None:
        self._thread = thread
        self._routes = routes
        self._clock = clock
        self._bells = bells
        self._record = record
        self._quiet = quiet
        self._held: set[int] = set()
        self._seen: dict[int, float] = {}

    async def run(self, route: Route) -> None:
        """Look after the doubts of one route for ever."""
        bell = self._bells.doubts[route.name]
        while True:
            await heard(bell)
            bell.clear()
            if await self._list(route):
                async with self._quiet(route.name) if _is_counted(route) else contextlib.nullcontext():
                    doubts = await self._list(route)
                    # Those that somebody waits for first: each may cost a question.
                    for doubt in sorted(doubts, key=lambda doubt: doubt.attempt_id in self._held):
                        await self._settle(route, doubt)
                fresh = any(doubt.attempt_id not in self._held for doubt in doubts)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FRESH_SECONDS if fresh else HELD_SECONDS):
                        await bell.wait()
                bell.set()

    async def survey(self, route: Route) -> float:
        """Settle what evidence settles now of a route that has just come up and sends nothing yet.

        Return until when (Unix seconds) nothing new is to be sent, because it would spoil what may settle the rest.
        """
        until = 0.0
        if not _is_counted(route):
            return until
        for doubt in await self._list(route):
            if not await self._by_evidence(route, doubt):
                left = route.evidence_seconds - self._age(doubt)
                until = max(until, self._clock() + left if left > 0 else 0.0)
        return until

    async def _list(self, route: Route) -> list[Doubt]:
        return await self._thread.call(self._thread.store.outbox.doubts, route.name)

    def _age(self, doubt: Doubt) -> float:
        """Return how old a doubt is, in seconds: by the clock, or, if that went back, since it was first looked at."""
        now = asyncio.get_running_loop().time()
        return max(self._clock() - doubt.started_at.timestamp(), now - self._seen.setdefault(doubt.attempt_id, now))

    async def _by_evidence(self, route: Route, doubt: Doubt) -> bool:
        outcome = await route.settle(doubt, self._age(doubt)) if route.status.up else None
        if outcome is None:
            return False
        await self._record(doubt.attempt_id, outcome)
        log.info(
            "doubt_settled",
            message_id=doubt.message_id,
            attempt_id=doubt.attempt_id,
            route=route.name,
            end=type(outcome).__name__,
            evidence=getattr(outcome, "evidence", None),
        )
        self._held.discard(doubt.attempt_id)
        self._seen.pop(doubt.attempt_id, None)
        self._bells.ring()
        return True

    async def _settle(self, route: Route, doubt: Doubt) -> None:
        """Settle one doubt by evidence, or by its class's policy once none can come."""
        if await self._by_evidence(route, doubt) or self._age(doubt) < route.settle_seconds:
            return
        if not any(other.status.up for other in self._routes):
            return  # nothing could be sent now: the evidence may as well be waited for
        policy = await self._thread.call(self._thread.store.outbox.apply_policy, doubt.attempt_id)
        told = log.bind(message_id=doubt.message_id, attempt_id=doubt.attempt_id, route=route.name)
        if policy is DoubtPolicy.RESEND_ONCE:
            told.warning("sent_once_more", why="no evidence came and somebody waits")
            self._bells.ring()
        elif policy is DoubtPolicy.HOLD and doubt.attempt_id not in self._held:
            self._held.add(doubt.attempt_id)
            told.warning("held_in_doubt", why="no evidence came; 'smsd outbox retry' or 'cancel' decides")


def _is_counted(route: Route) -> bool:
    """Tell whether evidence is a count, as a SIM's, which each further message moves."""
    return route.kind is Kind.SIM
