"""What the one screen shows, seen at once, and what is wrong with it.

Knows when nothing can be sent and what a person should look at; refuses to know how it is drawn: ``status`` prints it
once, ``watch`` again and again.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smsd.cli.alarm import standing_now
from smsd.cli.app import App
from smsd.cli.output import age, plural
from smsd.cli.simlife import with_lives
from smsd.rules.conditions import ACKNOWLEDGEMENT_LATE, LEAST_OCTETS
from smsd.rules.webhooks import EventState
from smsd.speech import _, ngettext, said

if TYPE_CHECKING:
    from smsd.desk.alerts import Hold
    from smsd.rules.alarms import Standing
    from smsd.store import Store
    from smsd.store.figures import Rates

__all__ = ["Snapshot", "look", "size"]

DAY_SECONDS = 86400.0
ERRORS_SHOWN = 5
ALERTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the screen shows, as it is now; with less room on the disk than ``scarce_octets`` there is an alarm."""

    daemon: str | None
    routes: list[dict[str, Any]]
    queue: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    inbox: dict[str, int]
    oldest_ack: float | None
    free_octets: int | None
    rates: "Rates"
    last_errors: list[dict[str, Any]]
    alerts: "list[tuple[dict[str, Any], Hold | None]]"
    held: list[dict[str, Any]]
    alarms: "list[Standing]"
    stuck: dict[str, Any] | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    scarce_octets: int = 0

    @property
    def problems(self) -> list[str]:
        """Say why nothing can be sent; nothing when something can."""
        found = []
        if self.daemon is None:
            found.append(_("no daemon runs: 'smsd run', or 'systemctl start smsd', starts it"))
        elif not any(row["up"] for row in self.routes):
            found.append(_("no route is up"))
        if self.free_octets is not None and self.free_octets < LEAST_OCTETS:
            found.append(_("no room on the disk: nothing is sent until there is some"))
        return found

    def warnings(self, now: float) -> list[str]:
        """Say what a person should look at although something can be sent."""
        found = []
        if self.oldest_ack is not None and (waited := now - self.oldest_ack) > ACKNOWLEDGEMENT_LATE:
            late = _("an acknowledgement has been waiting for {age}; two minutes are promised")
            found.append(late.format(age=age(waited)))
        if self.stuck is not None:
            told = _("{requests} of clients waiting for {age}: {why}; 'smsd request list --state accepted' shows which")
            words = {"requests": plural(self.stuck["count"], "request"), "age": age(now - self.stuck["received_at"])}
            found.append(told.format(**words, why=said(self.stuck["error"])))
        if self.free_octets is not None and LEAST_OCTETS <= self.free_octets < self.scarce_octets:
            found.append(_("little room on the disk: {size} free").format(size=size(self.free_octets)))
        if doubts := self.doubts:
            told = _("{messages} in doubt: 'smsd outbox list --state in_doubt' shows which")
            found.append(told.format(messages=plural(doubts, "message")))
        if self.held:
            told = ngettext(
                "passwords to {n} number are held, its SIM was replaced: 'smsd client held' shows which",
                "passwords to {n} numbers are held, their SIMs were replaced: 'smsd client held' shows which",
                len(self.held),
            )
            found.append(told.format(n=len(self.held)))
        if unheard := sum(row["count"] for row in self.events if row["state"] == EventState.GIVEN_UP):
            told = _("{events} never heard by a webhook: 'smsd webhook list --given-up' shows which")
            found.append(told.format(events=plural(unheard, "event")))
        return found

    @property
    def doubts(self) -> int:
        """Count the messages of which it is not known whether they left."""
        return sum(row["count"] for row in self.queue if row["state"] == "in_doubt")

    @property
    def lookalikes(self) -> int:
        """Count the texts of the last day that nearly were commands."""
        return self.inbox.get("lookalike", 0)


def look(app: App, store: "Store", now: float) -> Snapshot:
    """Look at everything at once."""
    alerts = app.alert_desk(store)
    return Snapshot(
        daemon=app.daemon(),
        routes=with_lives(store, store.routes()),
        queue=store.outbox.counts(),
        requests=store.requests.counts(),
        inbox=store.inbox.counts(now - DAY_SECONDS),
        oldest_ack=store.outbox.oldest_ack(),
        free_octets=_free(app.database.parent),
        rates=store.figures.rates(),
        last_errors=store.figures.last_errors(ERRORS_SHOWN),
        alerts=[(row, alerts.hold(row)) for row in store.alerts.recent(limit=ALERTS_SHOWN, only_open=True)],
        held=store.swaps.recent(),
        alarms=standing_now(store),
        stuck=store.requests.stuck(),
        events=store.events.counts(),
        scarce_octets=app.config.alarms.disk_octets,
    )


def _free(directory: Path) -> int | None:
    try:
        room = os.statvfs(directory)
    except OSError:
        return None
    return room.f_bavail * room.f_frsize


def size(octets: int) -> str:
    """Say a number of octets in the unit that suits it."""
    value = float(octets)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.0f} TB"
