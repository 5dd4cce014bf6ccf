"""Alerts as an admin asks for them: looked at before, queued wholly or not at all, paused, resumed, withdrawn.

Knows how an audience becomes an alert, what it would cost and when it would leave, and why one is held. Refuses to know
terminals and files: candidates come as values, twice if need be, for a preview and for the alert. The store is held for
one small batch at a time, and left alone for as long between two of them.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from itertools import islice
from zoneinfo import ZoneInfo

from smsd.desk import LONGEST_KEY
from smsd.errors import KeyTakenError, UsageError
from smsd.rules.alerts import (
    AlertState,
    Audience,
    Candidate,
    Drop,
    NumberPolicy,
    Summary,
    Template,
    says_how_to_stop,
)
from smsd.rules.limits import LimitTable, estimate_end, hold, in_the_way, quiet_until
from smsd.rules.outbox import MessageClass
from smsd.rules.routing import Kind, View, permits, substitute
from smsd.store import NewAlert, Row, Store
from smsd.store.alerts import IN_OUTBOX

__all__ = [
    "CLIENT_COLUMNS",
    "AlertDesk",
    "AlertTerms",
    "Hold",
    "Made",
    "Order",
    "Preview",
    "client_candidates",
    "moment",
]

BATCH = 500
"""Recipients written in one transaction: some 10 ms, of 50 that nobody may hold the store for."""
BREATH_SECONDS = 0.005
"""How long the store is left alone between two batches, at most: whoever waits for it looks every few milliseconds."""
PARTS_PER_MINUTE = {Kind.SIM: 10.0, Kind.BIND: 600.0}
"""What a route is taken to send where no limit says less: a modem needs some six seconds for a part."""
BULK_BY_SIM = 2
"""From so many recipients on a text by a SIM may be bulk to an operator: some count ten alike, none says how many."""
CLIENT_COLUMNS = ("name", "code", "login")
"""What a text to all clients may have in braces."""
FOR_EVER = 1e9
LAST_MOMENT = datetime(9000, 1, 1, tzinfo=UTC).timestamp()
"""A later moment is a slip, and what follows from it may be beyond all calendars."""
PAST_SECONDS = 60.0
"""A start that is longer ago was not meant: a wrong year, yesterday's command repeated."""


@dataclass(frozen=True, slots=True)
class AlertTerms:
    """What the configuration decides. ``order`` names the routes, ``senders`` what a client sees by each of them.

    ``overriding`` names the kinds of alerts that go to those as well who want none.
    """

    policy: NumberPolicy = field(default_factory=NumberPolicy)
    require_consent: bool = False
    overriding: tuple[str, ...] = ()
    lifetime: timedelta | None = None
    max_parts: int = 10
    limits: LimitTable = field(default_factory=lambda: LimitTable({}, {}, {}, None, UTC))
    order: tuple[str, ...] = ()
    senders: dict[str, str] = field(default_factory=dict)

    @property
    def zone(self) -> tzinfo:
        """The zone quiet hours are meant in."""
        return self.limits.zone or UTC


@dataclass(frozen=True, slots=True)
class Order:
    """What an admin asks for. ``source`` yields the candidates anew at each call; ``columns`` their values' names.

    ``fingerprint`` is a hash of all that was asked for: with one, a repeat under the same ``key`` must have it too.
    Times are Unix seconds: ``starts_at`` ``None`` is now, ``expires_at`` ``None`` as long as an alert is worth sending,
    from the moment on at which it may leave.
    """

    text: str
    source: Callable[[], Iterable[Candidate]]
    columns: Sequence[str] = ()
    starts_at: float | None = None
    expires_at: float | None = None
    may_fall_back: bool = False
    overrides: str | None = None
    key: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What an alert would be. ``price`` in kopecks, ``None`` without a tariff; times in Unix seconds.

    ``existing`` is the alert its key already stands for. ``sender`` is empty where no route is configured.
    """

    summary: Summary
    route: str
    sender: str
    kind: Kind | None
    price: int | None
    starts_at: float
    ends_at: float
    expires_at: float | None
    warnings: tuple[str, ...]
    existing: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """An alert in the store. ``new`` is false when its key already stood for it; then ``summary`` is empty."""

    id: int
    new: bool
    summary: Summary


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing of an alert leaves just now, and until when where that is known (Unix seconds)."""

    reason: str
    until: float | None = None


class AlertDesk:
    """The verbs for alerts, over one store.

    ``ring`` tells the daemon to look; ``breathe`` waits so many seconds between two batches, so that whoever else
    writes finds the store free; ``clock`` returns Unix seconds.
    """

    def __init__(
        self,
        store: Store,
        terms: AlertTerms,
        *,
        clock: Callable[[], float],
        ring: Callable[[], None],
        breathe: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._terms = terms
        self._clock = clock
        self._ring = ring
        self._breathe = breathe

    # --- before -------------------------------------------------------------------------------------------------------

    def preview(self, order: Order, *, progress: Callable[[int], None] = lambda _: None) -> Preview:
        """Say what an alert would be; nothing is written. Raises ``UsageError`` for what cannot be sent at all."""
        audience = self._audience(order)
        existing = self._existing(order)
        for count, candidate in enumerate(order.source(), 1):
            audience.admit(candidate)
            if count % BATCH == 0:
                progress(BATCH)
        return self.foresee(order, audience.summary, existing)

    def foresee(
        self, order: Order, summary: Summary, existing: int | None = None, *, queued: int | None = None
    ) -> Preview:
        """Say what follows from a summary: way, price, time, and what a person should think of first.

        ``queued``: the id that the alert has in the store already, not to be counted as one before itself.
        """
        terms, now = self._terms, self._clock()
        route = terms.order[0] if terms.order else ""
        kind = terms.limits.kinds.get(route)
        starts_at, expires_at = self._times(order, now)
        others = [(max(now, begins), left) for begins, left in self._store.alerts.parts_ahead(queued)]
        ends = self._foretold(kind, route, now)
        ahead = in_the_way(starts_at, summary.parts, others, lambda at, parts: ends(at, parts)[1], IN_OUTBOX)
        first, last = ends(starts_at, summary.parts + ahead)
        price = terms.limits.price_of(route) * summary.parts
        return Preview(
            summary,
            route,
            terms.senders.get(route, ""),
            kind,
            price if terms.limits.price_of(route) else None,
            first,
            last,
            expires_at,
            tuple(self._warnings(order, summary, kind, last, expires_at, ahead)),
            existing,
        )

    def _foretold(self, kind: Kind | None, route: str, now: float) -> Callable[[float, float], tuple[float, float]]:
        """Return what says when so many parts begin and end that start at a moment, by rate and limits of the ways."""
        terms = self._terms
        limits = terms.limits.of(route, now)
        # SIMs share the work, a second bind is a spare.
        alike = max(1, sum(terms.limits.kinds.get(each) is kind for each in terms.order)) if kind is Kind.SIM else 1
        share = 1 - limits.reserve_percent / 100
        rates = [PARTS_PER_MINUTE.get(kind or Kind.BIND, 600.0)]
        rates += [limits.per_minute * share] if limits.per_minute else []
        rates += [limits.per_hour * share / 60] if limits.per_hour else []
        days = [limit for limit in (limits.per_day * share, limits.recipients_per_day * share) if limit]
        days += [limits.alerts_per_day] if limits.alerts_per_day else []
        price = terms.limits.price_of(route)
        days += [limits.budget_per_day / price / alike] if limits.budget_per_day and price else []
        return partial(
            estimate_end,
            per_minute=max(min(rates), 0.01) * alike,
            per_day=max(1.0, min(days, default=math.inf)) * alike,
            span=terms.limits.quiet,
            zone=terms.zone,
        )

    def _warnings(
        self, order: Order, summary: Summary, kind: Kind | None, ends_at: float, expires_at: float | None, ahead: int
    ) -> Iterator[str]:
        if not says_how_to_stop(order.text):
            yield (
                "the text does not say how to get no more of these, and nobody can reply to a name: "
                'write something like "Отказ: CLIENT sms stop на номер …"'
            )
        if kind is Kind.SIM and summary.recipients >= BULK_BY_SIM:
            yield (
                "this goes by a SIM: operators take bulk from a subscriber's SIM for spam and block the SIM, "
                "outgoing first; the way for many is a contract for bulk under a name (a bind)"
            )
        if summary.recipients and expires_at is not None and ends_at > expires_at:
            yield "not all of it can leave before its deadline: what is late will rest as expired; see --until"
        for what, count in summary.warned.items():
            names = {Drop.FOREIGN: "numbers of another country", Drop.NOT_MOBILE: "numbers that no mobile has"}
            yield f"{names[what]} are written to: {count}"
        if ahead:
            yield f"parts of other alerts that are before it or share its way: {ahead}"
        if summary.overridden:
            yield f"people who have opted out are written to all the same, as {order.overrides}: {summary.overridden}"
        if order.may_fall_back and kind is not Kind.BIND:
            yield "--allow-fallback changes nothing: no bind is the first route"

    def _times(self, order: Order, now: float) -> tuple[float, float | None]:
        """Return when an alert starts and when it is too late for it; raise ``UsageError`` when it is already."""
        starts_at = now if order.starts_at is None else order.starts_at
        if starts_at < now - PAST_SECONDS:
            raise UsageError(
                "the start is past: --at is the moment an alert begins; without it that is now", about="starts_at"
            )
        for name, at in (("starts_at", starts_at), ("expires_at", order.expires_at)):
            if at is not None and at > LAST_MOMENT:
                raise UsageError("this moment is too far away: is the year right?", about=name)
        lifetime = self._terms.lifetime
        expires_at = order.expires_at
        if expires_at is None and lifetime is not None:
            begins = max(starts_at, now)
            expires_at = (self._terms.limits.quiet_until(begins) or begins) + lifetime.total_seconds()
        if expires_at is not None and expires_at <= max(now, starts_at):
            raise UsageError(
                "the deadline is past before it starts: --until is the last moment, --at the first", about="expires_at"
            )
        return starts_at, expires_at

    def _audience(self, order: Order) -> Audience:
        if order.overrides is not None and order.overrides not in self._terms.overriding:
            known = ", ".join(self._terms.overriding) or "none"
            raise UsageError(
                f"{order.overrides!r} is no kind of alert that goes to those who want none; "
                f"alerts.override_opt_out names: {known}",
                about="override",
            )
        stopped = self._store.clients.stopped()
        return Audience(
            Template(order.text, order.columns),
            self._terms.policy,
            opted_out=stopped.__contains__,
            overrides=order.overrides is not None,
            require_consent=self._terms.require_consent,
            max_parts=self._terms.max_parts,
        )

    def _existing(self, order: Order) -> int | None:
        """Return the alert that an order's key stands for; raise ``UsageError`` when that has another text."""
        if order.key is None:
            return None
        if not 1 <= len(order.key) <= LONGEST_KEY:
            raise UsageError(f"a key has 1 to {LONGEST_KEY} characters, not {len(order.key)}")
        row = self._store.alerts.by_key(order.key)
        if row is None:
            return None
        if row["text"] != order.text:
            raise KeyTakenError(
                f"this key stands for alert {row['id']} already, which has another text: a new alert needs its own key"
            )
        if order.fingerprint is not None and order.fingerprint != row["fingerprint"]:
            raise KeyTakenError(
                f"this key stands for alert {row['id']} already, which was asked for otherwise: "
                "a new alert needs its own key"
            )
        return int(row["id"])

    # --- in -----------------------------------------------------------------------------------------------------------

    def send(
        self, order: Order, *, approved: Summary | None = None, progress: Callable[[int], None] = lambda _: None
    ) -> Made:
        """Queue an alert wholly, or not at all; a repeat with the same key adds nothing and returns the first.

        ``approved`` is what a person has said yes to: when more are written to by now, nothing is queued. Raises
        ``UsageError`` for what cannot be sent, and where nobody is left to write to.
        """
        audience = self._audience(order)
        if (existing := self._existing(order)) is not None:
            return Made(existing, new=False, summary=Summary())
        starts_at, expires_at = self._times(order, self._clock())
        while self._store.alerts.sweep():
            pass
        alert_id = self._store.alerts.prepare(
            NewAlert(order.text, starts_at, expires_at, order.may_fall_back, order.overrides, order.fingerprint)
        )
        published = alert_id
        try:
            self._write(alert_id, audience, order.source(), progress)
            _agree(audience.summary, approved)
            published = self._store.alerts.publish(alert_id, audience.summary, order.key)
        except BaseException:
            self._store.alerts.discard(alert_id)
            raise
        if published != alert_id:
            self._store.alerts.discard(alert_id)
            self._existing(order)
            return Made(published, new=False, summary=Summary())
        self._ring()
        return Made(alert_id, new=True, summary=audience.summary)

    def _write(
        self, alert_id: int, audience: Audience, candidates: Iterable[Candidate], progress: Callable[[int], None]
    ) -> None:
        recipients = (audience.admit(candidate) for candidate in candidates)
        first = 1
        while batch := list(islice(recipients, BATCH)):
            began = self._clock()
            self._store.alerts.append(alert_id, first, batch)
            self._breathe(min(BREATH_SECONDS, max(0.0, self._clock() - began)))
            first += len(batch)
            progress(len(batch))

    # --- after --------------------------------------------------------------------------------------------------------

    def pause(self, alert_id: int) -> None:
        """Let nothing more of an alert begin to leave; raises ``UsageError``, ``NotFoundError``."""
        self._store.alerts.pause(alert_id)

    def resume(self, alert_id: int) -> None:
        """Let a paused alert go on; raises ``UsageError``, ``NotFoundError``."""
        self._store.alerts.resume(alert_id)
        self._ring()

    def cancel(self, alert_id: int) -> None:
        """Withdraw what has not begun to leave of an alert; raises ``UsageError``, ``NotFoundError``."""
        self._store.alerts.cancel(alert_id)

    def hold(self, alert: Row) -> Hold | None:
        """Say why nothing of an alert leaves just now; ``None``: it is over, or nothing holds it."""
        now, limits = self._clock(), self._terms.limits
        state = AlertState(alert["state"])
        if state is AlertState.PAUSED:
            return Hold("a person has paused it")
        if state is not AlertState.RUNNING:
            return None
        if alert["starts_at"] > now:
            return Hold("its time has not come", alert["starts_at"])
        if (until := limits.quiet_until(now)) is not None:
            return Hold("quiet hours", until)
        return self._hold_of_routes(alert, now)

    def hold_message(self, message: Row, order: Sequence[str]) -> Hold | None:
        """Say why a message that is queued does not leave just now; ``order`` names the routes of its class."""
        if message["alert_id"] is not None:
            return self.hold(self._store.alerts.show(message["alert_id"])) or self._asleep(message)
        now, message_class = self._clock(), MessageClass(message["class"])
        views = self._views(order)
        ways = [
            view.name
            for view in views
            if view.up
            and message["created_at"]
            < permits(view.name, views, now=now, fallback_after=0.0, by_class={})[message_class]
        ]
        return self._hold_of_ways(ways, message_class, now) if ways else self._no_way(views)

    def _asleep(self, message: Row) -> Hold | None:
        """Say until when a message waits for the morning of its reader's own time zone."""
        zone, now = message["timezone"], self._clock()
        until = quiet_until(self._terms.limits.quiet, ZoneInfo(zone), now) if zone is not None else None
        return None if until is None else Hold(f"quiet hours where its reader is ({zone})", until)

    def _views(self, order: Sequence[str]) -> list[View]:
        up = {row["name"] for row in self._store.routes() if row["up"]}
        return [View(each, self._terms.limits.kinds[each], 0.0 if each in up else FOR_EVER) for each in order]

    def _hold_of_routes(self, alert: Row, now: float) -> Hold | None:
        views = self._views(self._terms.order)
        ways = [view.name for view in views if view.up and self._may_carry(view, views, alert, now)]
        return self._hold_of_ways(ways, MessageClass.ALERT, now) if ways else self._no_way(views)

    def _hold_of_ways(self, ways: Sequence[str], message_class: MessageClass, now: float) -> Hold | None:
        """Say what holds a class on every way it has; ``None``: one of them is free."""
        limits, reasons = self._terms.limits, []
        for name in ways:
            spent = self._store.alerts.spent(name, limits)
            why = hold(limits.of(name, now), spent, message_class, limits.price_of(name))
            if why is None:
                return None
            reasons.append(f"{name}: {why}")
        return Hold("; ".join(reasons))

    @staticmethod
    def _no_way(views: Sequence[View]) -> Hold:
        if any(view.up for view in views):
            return Hold("no bind is up, and it may not leave by a SIM (--allow-fallback)")
        return Hold("no route is up")

    @staticmethod
    def _may_carry(view: View, views: Sequence[View], alert: Row, now: float) -> bool:
        allowed = permits(view.name, views, now=now, fallback_after=0.0, by_class={})[MessageClass.ALERT]
        if allowed == math.inf:
            return True
        return bool(alert["may_fall_back"]) and view.name == substitute(views, fallback_after=0.0, by_class={})


def client_candidates(store: Store) -> Iterator[Candidate]:
    """Yield every client of the local directory, with the values of ``CLIENT_COLUMNS``."""
    for row in store.clients.everybody():
        yield Candidate(row["phone"], {name: row[name] for name in CLIENT_COLUMNS})


def moment(written: str, zone: tzinfo, now: float) -> float:
    """Return a time as a person writes it, in Unix seconds: ``2026-03-01 12:00``, or ``12:00`` for the next one.

    Raises ``UsageError``.
    """
    text = written.strip()
    local = datetime.fromtimestamp(now, zone)
    try:
        if len(text) <= len("12:00:00") and ":" in text:
            clock = datetime.fromisoformat(f"{local.date().isoformat()}T{text.zfill(5)}").replace(tzinfo=zone)
            return (clock if clock > local else clock + timedelta(days=1)).timestamp()
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no time: write 2026-03-01T12:00, or 12:00 for the next one") from None
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).timestamp()


def _agree(summary: Summary, approved: Summary | None) -> None:
    if not summary.recipients:
        reasons = ", ".join(f"{count} {why.value.replace('_', ' ')}" for why, count in summary.dropped.items())
        raise UsageError(f"nobody is left to write to: {reasons or 'the list is empty'}")
    if approved is not None and summary.recipients > approved.recipients:
        raise UsageError(
            f"{summary.recipients} would be written to by now, {approved.recipients} were agreed on: look at it again"
        )
