"""Which alarms are the case: from how the service is now to a list of findings.

Knows what each state of a route means to a person, and the marks beyond which a number is trouble. Refuses to know how
the numbers were got, and whether anybody is told (``rules.alarms``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from smsd.rules.alarms import Condition, Finding
from smsd.rules.cures import Trouble
from smsd.rules.routing import Kind

__all__ = ["ACKNOWLEDGEMENT_LATE", "LEAST_OCTETS", "Marks", "RouteLook", "Situation", "observe"]

ACKNOWLEDGEMENT_LATE = 90.0
"""Seconds after which an acknowledgement that waits is trouble: two minutes are promised."""
LEAST_OCTETS = 1_000_000
"""With less free space than this nothing is sent: an attempt could not be written down."""

OF_MODEM: Mapping[str, Condition] = {
    "away": Condition.MODEM_AWAY,
    "busy-port": Condition.MODEM_BUSY,
    "foreign-modem": Condition.MODEM_FOREIGN,
    "foreign-sim": Condition.MODEM_FOREIGN,
    "sim-absent": Condition.SIM_ABSENT,
    "sim-busy": Condition.SIM_ABSENT,
    "pin-needed": Condition.SIM_PIN,
    "not-registered": Condition.NOT_REGISTERED,
    "suspended": Condition.SIM_SUSPENDED,
    "waiting-for-store": Condition.STORE_TROUBLE,
}
"""What a modem's state is to a person; any other in which it is not up: it does not work."""
OF_BIND: Mapping[str, Condition] = {
    "refused": Condition.BIND_REFUSED,
    "waiting-for-store": Condition.STORE_TROUBLE,
}
"""The same of a bind, or of an operator reached by HTTP."""


TOLD_OTHERWISE = frozenset({Trouble.SIM_FULL.value, Trouble.NOT_DELIVERING.value})
"""Troubles of a modem that is up whose alarm has another name: by its slots, by the self-test that found it."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Where numbers begin to be trouble."""

    acknowledgement_seconds: float = ACKNOWLEDGEMENT_LATE
    queue_seconds: float = 3600.0
    requests_seconds: float = 600.0
    slots_percent: int = 80
    disk_octets: int = 200 * 1000 * 1000
    clock_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class RouteLook:
    """How a route is now."""

    name: str
    kind: Kind
    up: bool
    state: str
    detail: str = ""
    facts: Mapping[str, str | int | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Situation:
    """How the service is now; ages in seconds, ``None`` where there is none.

    ``queue``: how old the oldest message of a class is that waits. ``held``: messages in doubt for a person.
    ``stuck``: for how long the oldest request waits for a directory that could not be asked, and why.
    ``clock_off``: by how much the network's clock is ahead. ``swapped``: clients whose SIM was replaced, as people may
    see them. ``others``: what was found elsewhere: self-tests, balances.
    """

    routes: Sequence[RouteLook] = ()
    acknowledgement: float | None = None
    queue: Mapping[str, float] = field(default_factory=dict)
    held: int = 0
    stuck: tuple[float, str] | None = None
    free_octets: int | None = None
    store_error: str | None = None
    clock_off: float | None = None
    swapped: Sequence[str] = ()
    others: Sequence[Finding] = ()


def observe(situation: Situation, marks: Marks) -> list[Finding]:
    """List what is the case; one finding for each condition and what it is about."""
    findings = [*_of_routes(situation.routes, marks), *_of_queue(situation, marks), *_of_host(situation, marks)]
    return list({finding.key: finding for finding in [*findings, *situation.others]}.values())


def _of_routes(routes: Sequence[RouteLook], marks: Marks) -> Iterator[Finding]:
    if routes and not any(route.up for route in routes):
        yield Finding(Condition.NOTHING_LEAVES, detail=", ".join(f"{route.name}: {route.state}" for route in routes))
    for route in routes:
        sim = route.kind is Kind.SIM
        if not route.up:
            condition = (OF_MODEM if sim else OF_BIND).get(
                route.state, Condition.MODEM_DEAD if sim else Condition.ROUTE_DOWN
            )
            about = "" if condition is Condition.STORE_TROUBLE else route.name
            yield Finding(condition, about, f"{route.state}: {route.detail}" if route.detail else route.state)
        elif uncured := str(route.facts.get("alarm") or ""):
            trouble = uncured.partition(":")[0]
            if trouble not in TOLD_OTHERWISE:
                yield Finding(Condition.MODEM_UNCURED, route.name, uncured)
        used, total = route.facts.get("slots_used"), route.facts.get("slots_total")
        if isinstance(used, int) and isinstance(total, int) and total > 0 and 100 * used >= marks.slots_percent * total:
            yield Finding(Condition.SIM_FULL, route.name, f"{used} of {total} slots used", str(100 * used // total))


def _of_queue(situation: Situation, marks: Marks) -> Iterator[Finding]:
    waited = situation.acknowledgement
    if waited is not None and waited > marks.acknowledgement_seconds:
        yield Finding(Condition.ACKNOWLEDGEMENT_LATE, "", f"it has waited for {waited:.0f} s", f"{waited:.0f}")
    for name, age in situation.queue.items():
        if age > marks.queue_seconds:
            yield Finding(Condition.QUEUE_OLD, name, f"the oldest has waited for {age:.0f} s", f"{age / 60:.0f}")
    if situation.stuck is not None and situation.stuck[0] > marks.requests_seconds:
        age, why = situation.stuck
        yield Finding(Condition.REQUESTS_WAIT, "", why, f"{age / 60:.0f}")
    for client in situation.swapped:
        yield Finding(Condition.SIM_SWAPPED, client, "what holds a password is held")
    if situation.held:
        yield Finding(Condition.DOUBTS_HELD, "", f"messages: {situation.held}", str(situation.held))


def _of_host(situation: Situation, marks: Marks) -> Iterator[Finding]:
    free = situation.free_octets
    if free is not None and free < marks.disk_octets:
        yield Finding(Condition.DISK_LOW, "", f"{free} octets are free", str(free // 1_000_000))
    if situation.store_error is not None:
        yield Finding(Condition.STORE_TROUBLE, "", situation.store_error)
    off = situation.clock_off
    if off is not None and abs(off) > marks.clock_seconds:
        yield Finding(Condition.CLOCK_OFF, "", f"the network's clock is {off:+.0f} s ahead", f"{abs(off):.0f}")
