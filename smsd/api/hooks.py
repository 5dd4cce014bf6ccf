"""Tells the client-support system what happened: from the queue of events, signed, until it is heard.

Knows the order of things: an event is deleted after it was heard, never before; while nobody is at home one event
knocks, and the others wait; what is refused alone is tried again alone. Refuses to know what events mean
(``rules.webhooks``) and how they are sent (``hookclient``). Nothing here is waited for by anything that sends messages.

Where a crash leaves the listener: before the commit that deletes an event it is told once more, under the same id.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from smsd.api.hookclient import Heard, HookClient
from smsd.errors import SmsdError
from smsd.rules.webhooks import Hearing, body_of, delay, event_id, signature
from smsd.store import Row
from smsd.store.thread import StoreThread

__all__ = ["HookTerms", "Teller"]

POLL_SECONDS = 0.5
"""How soon an event is seen, whichever process wrote it."""
CARE_SECONDS = 60.0
AT_A_TIME = 16
LONGEST_REST = 60.0
"""How long nobody knocks at most. What one event alone provokes holds the others up no longer than this."""
TROUBLE_SECONDS = 5.0

log = structlog.get_logger("smsd.api")


@dataclass(frozen=True, slots=True)
class HookTerms:
    """What the configuration decides of one webhook. ``secret`` returns the key events are signed by, read anew."""

    name: str
    secret: Callable[[], bytes]
    give_up: timedelta
    keep: timedelta
    most_waiting: int


class Teller:
    """Tells one listener. ``clock`` returns Unix seconds, ``chance`` 0 to 1."""

    def __init__(
        self,
        terms: HookTerms,
        client: HookClient,
        thread: StoreThread,
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._terms = terms
        self._client = client
        self._thread = thread
        self._events = thread.store.events
        self._clock = clock
        self._chance = chance
        self._failures = 0
        self._cared = 0.0

    async def run(self) -> None:
        """Tell until cancelled; whatever goes wrong is logged and waited out.

        A secret that is none is told at once, not when something has happened.
        """
        looked = False
        while True:
            try:
                looked = looked or bool(self._terms.secret())
                rest = await self._round()
            except SmsdError as error:
                log.error("webhook_trouble", webhook=self._terms.name, error=str(error))
                rest = TROUBLE_SECONDS
            except Exception as error:  # noqa: BLE001  a supervisor never ends
                log.error("webhook_fault", webhook=self._terms.name, kind=type(error).__name__)
                rest = TROUBLE_SECONDS
            await asyncio.sleep(rest)

    async def _round(self) -> float:
        """Tell what is due; return how long to rest."""
        await self._care()
        events = await self._thread.call(self._events.due, self._terms.name, 1 if self._failures else AT_A_TIME)
        if not events:
            return POLL_SECONDS
        key = self._terms.secret()
        ends = await asyncio.gather(*(self._tell(event, key) for event in events))
        deaf = await self._settle(events, ends)
        asked = max((end.rest for end in ends if end.hearing is Hearing.DEAF), default=0.0)
        return min(LONGEST_REST, max(asked, delay(self._failures, self._chance()))) if deaf else 0.0

    async def _tell(self, event: Row, key: bytes) -> Heard:
        identity, body, now = event_id(event), body_of(event), int(self._clock())
        headers = {
            "webhook-id": identity,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(key, identity, now, body),
        }
        return await self._client.post(body, headers)

    async def _settle(self, events: Sequence[Row], ends: Sequence[Heard]) -> bool:
        """Write down what came of it; tell whether nobody was at home."""
        heard = [event["id"] for event, end in zip(events, ends, strict=True) if end.hearing is Hearing.HEARD]
        again = {
            event["id"]: (self._rest_of(event, end), end.why)
            for event, end in zip(events, ends, strict=True)
            if end.hearing is not Hearing.HEARD
        }
        await self._thread.call(self._events.settle, heard, again)
        for event, end in zip(events, ends, strict=True):
            if end.hearing is Hearing.REFUSED:
                log.warning("webhook_refused", webhook=self._terms.name, event_id=event["id"], why=end.why)
        deaf = [end for end in ends if end.hearing is Hearing.DEAF]
        if deaf and not self._failures:
            log.warning("webhook_down", webhook=self._terms.name, why=deaf[0].why)
        if not deaf and self._failures:
            log.info("webhook_up", webhook=self._terms.name)
        self._failures = self._failures + 1 if deaf else 0
        return bool(deaf)

    def _rest_of(self, event: Row, end: Heard) -> float:
        """Say when an event is told again: behind those that were not tried yet."""
        rest = delay(event["tries"], self._chance())
        return rest if end.hearing is Hearing.REFUSED else min(LONGEST_REST, rest)

    async def _care(self) -> None:
        now, terms = self._clock(), self._terms
        if 0 <= now - self._cared < CARE_SECONDS:
            return
        self._cared = now
        given_up, more = 0, True
        while more:
            count, more = await self._thread.call(
                self._events.care,
                terms.name,
                give_up=terms.give_up.total_seconds(),
                keep=terms.keep.total_seconds(),
                most=terms.most_waiting,
            )
            given_up += count
        if given_up:
            log.error("webhook_given_up", webhook=terms.name, count=given_up, why="see smsd webhook list")
