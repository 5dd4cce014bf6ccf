"""A SIM's life: its balance asked for on a schedule, its operator's texts forwarded, a message now and then to keep it.

Knows when and what; dials only when nothing of the route is in the air. Refuses to dial by itself (the route does), to
judge texts (``rules.simlife``) and to write rows (``store.simlife``).
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol, cast

import structlog

from smsd.errors import PduError, RouteError
from smsd.gateway.alarms import Alarms
from smsd.gateway.route import Route
from smsd.rules.alarms import Condition, Finding
from smsd.rules.simlife import UNKNOWN_AFTER, balance_of, due, from_operator, shortened
from smsd.store import NewMessage
from smsd.store.selftests import OURS
from smsd.store.simlife import Balance
from smsd.store.thread import StoreThread

__all__ = ["SimLife", "SimSettings"]

LOOK_SECONDS = 30.0
"""How often it is looked whether something is due, or has come in."""
FORWARDED_A_DAY = 10
"""Texts of operators that are forwarded within a day; the rest is in the inbox."""
DAY = 86_400.0
KEEP_ALIVE = "SMSD keep-alive"

log = structlog.get_logger("smsd.gateway")


class Dialling(Protocol):
    """A route that dials codes."""

    async def dial(self, code: str) -> str:
        """Dial a code and return the answer. Raises ``RouteError``."""


@dataclass(frozen=True, slots=True)
class SimSettings:
    """What the configuration decides for one SIM."""

    number: str = ""
    code: str = ""
    pattern: str = ""
    period: float = DAY
    low: float = 0.0
    keep_alive: timedelta | None = None
    keep_alive_number: str = ""
    senders: tuple[str, ...] = ()


class SimLife:
    """The lives of the SIMs of one service, by the names of their routes.

    ``busy`` tells whether a part of a route is in the air; ``message`` makes a message of class ``admin`` to a phone.
    """

    def __init__(
        self,
        thread: StoreThread,
        routes: Collection[Route],
        settings: Mapping[str, SimSettings],
        phones: Sequence[str],
        clock: Callable[[], float],
        alarms: Alarms,
        *,
        busy: Callable[[str], bool],
        message: Callable[[str, str], NewMessage],
        ring: Callable[[], None],
    ) -> None:
        self._thread = thread
        self._store = thread.store.simlife
        self._routes = {route.name: route for route in routes if route.name in settings}
        self._settings = settings
        self._phones = phones
        self._clock = clock
        self._alarms = alarms
        self._busy = busy
        self._message = message
        self._ring = ring

    async def run(self) -> None:
        """Look for ever."""
        while True:
            for name, route in self._routes.items():
                sim = self._settings[name]
                await self._ask(name, route, sim)
                await self._forward(name, sim)
                await self._keep_alive(name, route, sim)
            await asyncio.sleep(LOOK_SECONDS)

    # --- the balance --------------------------------------------------------------------------------------------------

    async def _ask(self, name: str, route: Route, sim: SimSettings) -> None:
        """Ask for the balance when that is due and nothing else is to be done, and say what follows from it."""
        if not sim.code:
            return
        known = await self._thread.call(self._store.balance, name)
        now = self._clock()
        at = due(asked_at=known.asked_at, failures=known.failures, period=sim.period)
        ahead = known.asked_at is not None and known.asked_at > now
        if (now >= at or ahead) and route.status.up and not self._busy(name) and hasattr(route, "dial"):
            known = await self._dial(name, cast("Dialling", route), sim, known)
            await self._thread.call(self._store.put_balance, name, known)
        self._judge(name, sim, known)

    async def _dial(self, name: str, route: Dialling, sim: SimSettings, known: Balance) -> Balance:
        known = replace(known, asked_at=self._clock())
        try:
            text = await route.dial(sim.code)
        except (RouteError, PduError) as error:
            text, value, trouble = known.text, None, str(error)
        else:
            value, trouble = balance_of(text, sim.pattern), "the answer has no number where the pattern looks"
        if value is not None:
            log.info("balance", route=name, value=value)
            return Balance(known.asked_at, self._clock(), text, value)
        log.warning("balance_not_told", route=name, why=trouble)
        since = known.asked_at if known.failing_since is None else known.failing_since
        return replace(known, text=text, failures=known.failures + 1, failing_since=since, trouble=trouble)

    def _judge(self, name: str, sim: SimSettings, known: Balance) -> None:
        """Say whether the balance is low, or has been unknown for too long."""
        low, unknown = (Condition.BALANCE_LOW, name), (Condition.BALANCE_UNKNOWN, name)
        if known.value is not None and known.value < sim.low:
            self._alarms.found(Finding(*low, f"below {sim.low:g}", f"{known.value:g}"))
        else:
            self._alarms.over(low)
        if known.failing_since is not None and self._clock() - known.failing_since > UNKNOWN_AFTER:
            self._alarms.found(Finding(*unknown, known.trouble))
        else:
            self._alarms.over(unknown)

    # --- what its operator writes -------------------------------------------------------------------------------------

    async def _forward(self, name: str, sim: SimSettings) -> None:
        """Forward new texts of the operator to the administrators, a few a day."""
        if not sim.senders or not self._phones:
            return
        news = await self._thread.call(self._store.news, name)
        if not news:
            return
        own = {*self._phones, sim.number, *(each.number for each in self._settings.values())}
        wanted = [
            row for row in news if row["reason"] != OURS and from_operator(row["sender"], sim.senders, own)
        ]  # fmt: skip
        sent = await self._thread.call(self._store.forwarded_since, self._clock() - DAY)
        room = max(0, FORWARDED_A_DAY - sent // max(1, len(self._phones)))
        messages = [
            replace(self._message(phone, shortened(row["sender"], row["text"])), key=f"forward {row['id']} {phone}")
            for row in wanted[:room]
            for phone in self._phones
        ]
        count = await self._thread.call(self._store.forward, name, news[-1]["id"], messages)
        if count:
            log.info("forwarded", route=name, count=count)
            self._ring()
        if len(wanted) > room:
            log.warning("not_forwarded", route=name, count=len(wanted) - room, why=f"{FORWARDED_A_DAY} a day at most")

    # --- keeping it alive ---------------------------------------------------------------------------------------------

    async def _keep_alive(self, name: str, route: Route, sim: SimSettings) -> None:
        """Send something when nothing has left for so long that the operator might cut the SIM off."""
        if sim.keep_alive is None or not sim.keep_alive_number or not route.status.up:
            return
        last = await self._thread.call(self._store.last_sent, name)
        if self._clock() - last < sim.keep_alive.total_seconds():
            return
        if not await self._thread.call(self._store.keep_alive, name, self._message(sim.keep_alive_number, KEEP_ALIVE)):
            return
        log.info("kept_alive", route=name, days=round((self._clock() - last) / DAY))
        self._ring()
