"""How much is too much: quiet hours, an operator's limits, the day's budget.

Knows how many parts more of a class a route may begin, and why it may not. Refuses to know clocks and counters: what
has been spent, and whether it is quiet now, is handed in. A limit holds a message, it never fails one.

What nobody waits for (``BULK``) leaves a reserve of every limit to the answers, is alone held by the budget, and alerts
are alone held by the quiet hours. A message that has begun goes on to its last part: half a message is worse than one
part too many.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta, tzinfo

from smsd.rules.outbox import MessageClass
from smsd.rules.routing import Kind

__all__ = [
    "BULK", "NO_LIMITS", "LimitTable", "Limits", "Spent", "estimate_end", "fitting", "hold", "in_the_way",
    "quiet_until", "room",
]  # fmt: skip

BULK = frozenset({MessageClass.NOTIFICATION, MessageClass.ALERT})
"""What nobody waits for with the telephone in his hand."""

Span = tuple[time, time]
"""Hours of the day: the first is in it, the last is not; it may go over midnight."""

DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one route may do; 0: no limit. Prices are in kopecks a part; ``quiet_until`` in Unix seconds while it is."""

    per_minute: int = 0
    per_hour: int = 0
    per_day: int = 0
    recipients_per_day: int = 0
    alerts_per_day: int = 0
    reserve_percent: int = 0
    budget_per_day: int = 0
    quiet_until: float | None = None

    @property
    def any(self) -> bool:
        """Whether there is anything to count."""
        return self != NO_LIMITS


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class LimitTable:
    """The limits of all routes, as the configuration has them.

    ``kinds`` names the routes; ``by_kind`` has the limits of a SIM and of a bind, ``price`` what a part costs by them,
    in kopecks; ``quiet`` the hours without alerts in ``zone``; ``by_route`` the limits of routes that have their own.
    """

    kinds: Mapping[str, Kind]
    by_kind: Mapping[Kind, Limits]
    price: Mapping[Kind, int]
    quiet: Span | None = None
    zone: tzinfo | None = None
    by_route: Mapping[str, Limits] = field(default_factory=dict)

    def of(self, route: str, now: float) -> Limits:
        """Return the limits of a route as they are at a moment."""
        kind = self.kinds.get(route)
        of_kind = NO_LIMITS if kind is None else self.by_kind.get(kind, NO_LIMITS)
        limits = self.by_route.get(route, of_kind)
        until = self.quiet_until(now)
        return limits if until is None else replace(limits, quiet_until=until)

    def quiet_until(self, now: float) -> float | None:
        """Say when the quiet hours end that a moment lies in; ``None``: it lies in none."""
        return None if self.zone is None else quiet_until(self.quiet, self.zone, now)

    def price_of(self, route: str) -> int:
        """Return what a part costs by a route, in kopecks."""
        kind = self.kinds.get(route)
        return 0 if kind is None else self.price.get(kind, 0)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a route has sent: parts in this minute, the last hour and the last 24, alerts and recipients among them.

    ``money`` is what all routes have cost in the last 24 hours, in kopecks. ``owed`` are the parts that have not begun
    of messages that have: they leave at a limit too, and so count towards it already.
    """

    minute: int = 0
    hour: int = 0
    day: int = 0
    alerts: int = 0
    recipients: int = 0
    money: int = 0
    owed: int = 0


def room(limits: Limits, spent: Spent, message_class: MessageClass, price: int = 0) -> float:
    """Say how many parts of a class may begin now; ``math.inf``: as many as there are. ``price``: kopecks a part."""
    return min((left for _, left in _bounds(limits, spent, message_class, price)), default=math.inf)


def hold(limits: Limits, spent: Spent, message_class: MessageClass, price: int = 0) -> str | None:
    """Say in words what holds a message that has not begun, or ``None``: where one part may leave, all of it may."""
    return next((why for why, left in _bounds(limits, spent, message_class, price) if left < 1), None)


def fitting(costs: Iterable[int], left: float) -> int:
    """Say how many messages of so many parts each may begin in turn while ``left`` parts may: only the last may exceed
    it.
    """  # noqa: D205  the summary is one thought of two lines
    count = 0
    for cost in costs:
        if left < 1:
            break
        left -= cost
        count += 1
    return count


def _bounds(limits: Limits, spent: Spent, message_class: MessageClass, price: int) -> list[tuple[str, float]]:
    """List what bounds a class: in words, with how many parts are left."""
    bounds: list[tuple[str, float]] = []
    owed = spent.owed
    alert, bulk = message_class is MessageClass.ALERT, message_class in BULK
    if alert and limits.quiet_until is not None:
        bounds.append(("quiet hours", 0))
    kept = limits.reserve_percent if bulk else 0
    for what, limit, used in (
        ("parts in this minute", limits.per_minute, spent.minute + owed),
        ("parts in an hour", limits.per_hour, spent.hour + owed),
        ("parts in 24 hours", limits.per_day, spent.day + owed),
        ("recipients in 24 hours", limits.recipients_per_day, spent.recipients),
    ):
        if limit:
            # Of a tiny limit a reserve must not leave nothing.
            mine = max(1, limit * (100 - kept) // 100)
            words = f"{used} of {limit} {what}"
            if mine < limit:
                reserved = limit - mine
                words = f"{used} of {limit} {what}, the last {reserved} kept for answers"
            bounds.append((words, max(0, mine - used)))
    if alert and limits.alerts_per_day:
        used = spent.alerts + owed
        words = f"{used} of {limits.alerts_per_day} parts of alerts in 24 hours"
        bounds.append((words, max(0, limits.alerts_per_day - used)))
    if bulk and limits.budget_per_day and price:
        money = spent.money + owed * price
        words = f"{money / 100:.2f} of {limits.budget_per_day / 100:.2f} roubles in 24 hours"
        bounds.append((words, max(0, limits.budget_per_day - money) // price))
    return bounds


# --- time -------------------------------------------------------------------------------------------------------------


def quiet_until(span: Span | None, zone: tzinfo, now: float) -> float | None:
    """Say when the quiet hours end that a moment lies in, in Unix seconds; ``None``: it lies in none."""
    if span is None:
        return None
    first, last = span
    local = datetime.fromtimestamp(now, zone)
    at = local.time()
    if not (first <= at < last if first < last else at >= first or at < last):
        return None
    tomorrow = first > last and at >= first
    return datetime.combine(local.date() + timedelta(days=tomorrow), last, zone).timestamp()


def in_the_way(
    starts_at: float, parts: int, others: Iterable[tuple[float, int]], ends: Callable[[float, float], float], ready: int
) -> int:
    """Say about how many parts of other alerts leave before the last of one that starts at a moment.

    ``others``: when each of them starts and how many parts are left of it. ``ends(moment, parts)`` says when so many
    would have left. Alerts at work share the way equally, past the ``ready`` parts that wait in the outbox before it.
    """
    busy, free_at, later = 0, -math.inf, []
    for begins, left in sorted(others):
        if begins > starts_at:
            later.append((begins, left))
            continue
        busy = busy + 1 if begins < free_at else 1
        free_at = ends(max(begins, free_at), left)
    ahead = min(_left_at(starts_at, free_at, ends), busy * parts + ready) if free_at > starts_at else 0
    for begins, left in later:
        if begins < ends(starts_at, parts + ahead):
            ahead += min(left, parts)
    return ahead


def _left_at(moment: float, free_at: float, ends: Callable[[float, float], float]) -> int:
    """Say how many parts take from one moment to another."""
    least, most = 0, 1
    while ends(moment, most) < free_at:
        least, most = most, most * 2
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if ends(moment, middle) < free_at else (least, middle)
    return most


def _quiet_from(span: Span | None, zone: tzinfo, now: float) -> float:
    """Say when the next quiet hours begin after a moment outside them."""
    if span is None:
        return math.inf
    local = datetime.fromtimestamp(now, zone)
    begins = datetime.combine(local.date(), span[0], zone)
    if begins <= local:
        begins = datetime.combine(local.date() + timedelta(days=1), span[0], zone)
    return begins.timestamp()


def estimate_end(
    starts_at: float, parts: float, *, per_minute: float, per_day: float, span: Span | None, zone: tzinfo
) -> tuple[float, float]:
    """Say when the first of so many parts would leave and when the last, at a rate and at most so many in 24 hours.

    ``per_day`` may be ``math.inf``. After ten years of it, the moment reached by then.
    """
    now = first = quiet_until(span, zone, starts_at) or starts_at
    left, day_ends, today = float(parts), first + DAY, per_day
    while left > 0 and now < first + 3650 * DAY:
        if (quiet_ends := quiet_until(span, zone, now)) is not None:
            now = quiet_ends
        elif now >= day_ends:
            day_ends, today = now + DAY, per_day
        elif today < 1:
            now = day_ends
        else:
            until = min(_quiet_from(span, zone, now), day_ends)
            takes = min(left, today, per_minute * (until - now) / 60)
            left, today = left - takes, today - takes
            # What did not fit before the quiet hours goes on after them, to the second.
            now = until if takes >= per_minute * (until - now) / 60 else now + takes / per_minute * 60
    return first, now
