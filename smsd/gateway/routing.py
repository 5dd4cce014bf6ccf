"""Which way a message leaves: ``rules.routing`` asked with how the routes are.

Knows the order of the routes and for how long each has been down, and puts what the rules decide into the words of the
store (a ``Diversion``, with its reason for people). Refuses to decide, to know how a route is made to work, and what is
in the outbox. What the store asks (``ways``) it asks on its own thread, inside the transaction that moves the message.
"""

from collections.abc import Callable, Mapping, Sequence

from smsd.gateway.route import Route, Settings
from smsd.rules.outbox import MessageClass
from smsd.rules.routing import (
    Block,
    Kind,
    Left,
    View,
    diverts,
    leaves,
    permits,
    put_off_too_long,
    refused_at_once,
    sim_for,
    stand_in,
    substitute,
)
from smsd.sms import NotSent, StatusReport
from smsd.store import Diversion, Ways

__all__ = ["Routing", "block_of"]


class Routing:
    """The ``routes`` of one gateway by name, in their order. ``clock`` returns Unix seconds."""

    def __init__(self, routes: Sequence[Route], settings: Settings, clock: Callable[[], float]) -> None:
        self.routes = {route.name: route for route in _in_order(routes, settings.order)}
        self.fallback_after = settings.fallback_after.total_seconds()
        """Seconds for which all binds must have been down before the SIM stands in for them."""
        self.ways = Ways(self._refused, self._reported, self._put_off)
        self._by_class = settings.by_class
        self._named = settings.order or tuple(self.routes)
        self._clock = clock
        self._down_since: dict[str, float | None] = dict.fromkeys(self.routes, clock())

    def changed(self, name: str) -> None:
        """Look at a route again: it may have come up or gone down."""
        if self.routes[name].status.up:
            self._down_since[name] = None
        elif self._down_since[name] is None:
            self._down_since[name] = self._clock()

    def down_for(self, route: Route, now: float) -> float:
        """Return for how many seconds a route has been down; 0.0: it is up."""
        since = self._down_since[route.name]
        if route.status.up:
            return 0.0
        if since is not None and now < since:
            # The clock went back: as far as it can tell, the route has gone down just now.
            since = self._down_since[route.name] = now
        # Down, however short: never the 0.0 that means up.
        return max(now - since, 0.001) if since is not None else 0.001

    def permits(self, route: str, stuck: Mapping[str, float]) -> Mapping[MessageClass, float]:
        """Say what a route may take now; ``stuck``: for how many seconds each was up and took nothing."""
        now = self._clock()
        return permits(
            route, self._views(now, stuck), now=now, fallback_after=self.fallback_after, by_class=self._by_class
        )

    def leaves(self, route: str, stuck: Mapping[str, float]) -> Mapping[MessageClass, Left]:
        """Say which answers among those a SIM leaves to another one."""
        now = self._clock()
        return leaves(
            route, self._views(now, stuck), now=now, fallback_after=self.fallback_after, by_class=self._by_class
        )

    def substitute(self) -> str | None:
        """Name the SIM that carries alerts which may fall back; ``None``: a bind may yet carry them, or none is up."""
        views = self._views(self._clock(), {})
        return substitute(views, fallback_after=self.fallback_after, by_class=self._by_class)

    def rescue(self, message_class: MessageClass, written_to: str | None) -> Diversion | None:
        """Choose the SIM by which an answer begins anew whose bind died under it; ``None``: none is up."""
        sim = sim_for(message_class, self._views(self._clock(), {}), self._by_class, written_to)
        return Diversion(sim.name, "the bind died in the middle of the message") if sim is not None and sim.up else None

    def stands_in(self, route: Route) -> bool:
        """Tell whether what leaves by a route leaves by a number in place of the name: a SIM where there is a bind."""
        return route.kind is Kind.SIM and any(each.kind is Kind.BIND for each in self.routes.values())

    def _views(self, now: float, stuck: Mapping[str, float]) -> list[View]:
        """Say how the routes are that the order names, in its order."""
        return [
            View(name, route.kind, self.down_for(route, now), stuck.get(name, 0.0))
            for name, route in self.routes.items()
            if name in self._named
        ]

    def _stand_in(self, message_class: MessageClass, block: Block, route: str, written_to: str | None) -> str | None:
        return stand_in(message_class, block, route, self._views(self._clock(), {}), self._by_class, written_to)

    # --- what the store asks ------------------------------------------------------------------------------------------

    def _refused(
        self,
        message_class: MessageClass,
        route: str,
        refusal: NotSent,
        allowed: bool,  # noqa: FBT001
        written_to: str | None,
    ) -> Diversion | None:
        block = block_of(refusal.refused)
        if block is None or not refused_at_once(message_class, block, allowed=allowed):
            return None
        other = self._stand_in(message_class, block, route, written_to)
        if other is None:
            return None
        if block is Block.ROUTE:
            return Diversion(other, f"{route} itself failed ({refusal.code})", stands_in=True)
        return Diversion(other, f"the sender's name was refused ({refusal.code})")

    def _reported(
        self,
        message_class: MessageClass,
        report: StatusReport,
        diverted: bool,  # noqa: FBT001
        written_to: str | None,
    ) -> Diversion | None:
        if not diverts(message_class, block_of(report.refused), diverted=diverted):
            return None
        sim = sim_for(message_class, self._views(self._clock(), {}), self._by_class, written_to)
        return None if sim is None else Diversion(sim.name, f"the operator blocks the sender's name ({report.code})")

    def _put_off(
        self, message_class: MessageClass, route: str, refusal: NotSent, age: float, written_to: str | None
    ) -> Diversion | None:
        if not put_off_too_long(message_class, age):
            return None
        other = self._stand_in(message_class, Block.ROUTE, route, written_to)
        if other is None:
            return None
        return Diversion(other, f"{route} puts it off ({refusal.code}), and it cannot wait", stands_in=True)


def block_of(refused: str | None) -> Block | None:
    """Return what was refused, as the rules name it; ``None`` where the route does not know."""
    return None if refused is None else Block(refused)


def _in_order(routes: Sequence[Route], order: Sequence[str]) -> list[Route]:
    """Put routes into their order; those it does not name come last, as they are."""
    return sorted(routes, key=lambda route: order.index(route.name) if route.name in order else len(order))
