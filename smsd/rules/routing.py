"""Which route a message may leave by, and when it may leave under another sender than it should.

Knows the order of the routes, that a bind carries the service's name and a SIM only its own number, and whom a change
of sender is worth: somebody who waits for an answer. Refuses to know queues and clocks: how routes are, and what time
it is, is handed in.

A route asks for work; ``permits`` says which messages of each class it may have: all of them, none, or those that have
waited since a moment. What has been diverted to a route by name (``diverts``) it may always have.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from smsd.rules.outbox import MessageClass

__all__ = [
    "ANSWER_PATIENCE",
    "FALLS_BACK",
    "OWN_SECONDS",
    "REPORTED",
    "STUCK_SECONDS",
    "Block",
    "Kind",
    "Left",
    "View",
    "diverts",
    "heeded",
    "leaves",
    "permits",
    "put_off_too_long",
    "refused_at_once",
    "sim_for",
    "stand_in",
    "substitute",
]

ANSWER_PATIENCE = 75.0
"""Seconds after which an answer leaves by any route that is up: two minutes are promised, and sending takes time."""

STUCK_SECONDS = 10.0
"""A route that is up and takes nothing for less than this is only busy, however soon a dead one is passed over."""

OWN_SECONDS = 15.0
"""For how long an answer is left to the SIM that its client wrote to, while that one is up: he knows that number. Not
for longer, for it may be busy with others."""

FALLS_BACK = frozenset({MessageClass.ACK, MessageClass.RESULT, MessageClass.ADMIN, MessageClass.MANUAL})
"""Classes somebody waits for: they leave by the SIM when the binds have been down for long enough. A notification waits
for its route until its deadline, an alert waits unless an admin allowed otherwise for that alert."""

ANSWERS = frozenset({MessageClass.ACK, MessageClass.RESULT})
"""What a client waits for: only these are sent again by the SIM after the operator had taken them."""


class Kind(StrEnum):
    """What a route is to its reader: a name, or a number."""

    BIND = "bind"
    SIM = "sim"


class Block(StrEnum):
    """What is blocked, or has failed, where it is said."""

    SENDER = "sender"
    """The sender's name, or this kind of traffic under it."""
    RECIPIENT = "recipient"
    """This recipient: no other sender changes that."""
    TEXT = "text"
    """This text: no other sender changes that."""
    SIM_SWAPPED = "sim swapped"
    """The recipient's SIM has just been replaced: no secret may follow, by any route, until a person says so."""
    ROUTE = "route"
    """Nothing of the message: the route itself has failed (no money, a wrong state), and another may carry it."""


REPORTED = (Block.SENDER, Block.RECIPIENT, Block.TEXT, Block.SIM_SWAPPED)
"""What may be said of a message that had been taken: no failure of the route makes that undone."""


def heeded(block: Block | None, *, failed: bool) -> Block | None:
    """Return what a report says is blocked, as far as it is heeded.

    Of what is on its way, or has arrived, only a SIM that is another's matters.
    """
    return block if failed or block is Block.SIM_SWAPPED else None


@dataclass(frozen=True, slots=True)
class View:
    """How a route is.

    ``down_for`` counts the seconds it has not been up (0.0 while it is), ``stuck_for`` those in which it was up, had no
    room and took nothing: it is beyond its rate, or its window is full and nobody answers.
    """

    name: str
    kind: Kind
    down_for: float = 0.0
    stuck_for: float = 0.0

    @property
    def up(self) -> bool:
        """Whether it is there; it may be stuck all the same."""
        return self.down_for <= 0.0

    @property
    def out_for(self) -> float:
        """For how many seconds it has taken nothing because it could not; a short wait for its turn is none."""
        return max(self.down_for, self.stuck_for if self.stuck_for >= STUCK_SECONDS else 0.0)


def permits(
    route: str,
    order: Sequence[View],
    *,
    now: float,
    fallback_after: float,
    by_class: Mapping[MessageClass, Sequence[str]],
) -> dict[MessageClass, float]:
    """Say for each class which messages ``route`` may take: those made before the moment told (Unix seconds).

    ``math.inf``: all; ``-math.inf``: none but those diverted to it. ``order`` lists every route, the first to be tried
    first; ``by_class`` names another order for a class, whose other routes then never carry it. A route that has been
    stuck for ``fallback_after`` counts as down for as long: a rate is passed over where it starves an answer, and not
    where it makes one wait for its turn.
    """
    return {each: _permit(each, route, _order_of(each, order, by_class), now, fallback_after) for each in MessageClass}


def _order_of(
    message_class: MessageClass, order: Sequence[View], by_class: Mapping[MessageClass, Sequence[str]]
) -> list[View]:
    names = by_class.get(message_class)
    return list(order) if names is None else [view for name in names for view in order if view.name == name]


def _permit(message_class: MessageClass, route: str, order: Sequence[View], now: float, fallback_after: float) -> float:
    mine = next((view for view in order if view.name == route), None)
    if mine is None:
        return -math.inf
    earlier = order[: order.index(mine)]
    alike = [view for view in earlier if view.kind is mine.kind]
    others = [view for view in earlier if view.kind is not mine.kind]
    # Two SIMs share the work; a second bind is a spare, wherever SIMs stand between the two.
    fit = [view for view in alike if view.up and view.out_for <= fallback_after]
    turn = math.inf if mine.kind is Kind.SIM or not fit else -math.inf
    if not others:
        return turn
    if message_class not in FALLS_BACK:
        return turn if mine.kind is order[0].kind else -math.inf
    if all(view.out_for > 0.0 and view.out_for >= fallback_after for view in others) and turn > 0.0:
        return math.inf
    return now - ANSWER_PATIENCE if message_class in ANSWERS else -math.inf


@dataclass(frozen=True, slots=True)
class Left:
    """Answers that a SIM leaves to others: those to whoever wrote to one of ``routes``, made after a moment."""

    routes: frozenset[str]
    made_after: float


def leaves(
    route: str,
    order: Sequence[View],
    *,
    now: float,
    fallback_after: float,
    by_class: Mapping[MessageClass, Sequence[str]],
) -> dict[MessageClass, Left]:
    """Say for each class of answers which of them ``route`` leaves to the SIM that the client wrote to.

    Only a SIM does, and only for ``OWN_SECONDS`` from the moment in which a SIM may carry the answer at all, to one
    that is up and not stuck; an answer as old as ``ANSWER_PATIENCE`` is left to nobody. The other arguments are those
    of ``permits``.
    """
    found: dict[MessageClass, Left] = {}
    for each in ANSWERS:
        views = _order_of(each, order, by_class)
        mine = next((view for view in views if view.name == route), None)
        if mine is None or mine.kind is not Kind.SIM:
            continue
        names = [view.name for view in views if view.kind is Kind.SIM and view is not mine and view.out_for <= 0.0]
        binds = [view.out_for for view in views[: views.index(mine)] if view.kind is Kind.BIND]
        since = min(binds, default=math.inf) - fallback_after
        if names:
            made_after = now - (OWN_SECONDS if since >= OWN_SECONDS else ANSWER_PATIENCE)
            found[each] = Left(frozenset(names), made_after)
    return found


def refused_at_once(message_class: MessageClass, block: Block | None, *, allowed: bool = False) -> bool:
    """Tell whether a message whose submit was refused falls back at once, for this message only.

    Where it was the sender's name that was refused, or the route that has failed; never for a refused recipient or
    text. An alert waits for its route unless a person ``allowed`` it to fall back, a notification for one that failed:
    that one will be back, while a name refused is refused for good.
    """
    if message_class is MessageClass.ALERT and not allowed:
        return False
    if block is Block.ROUTE:
        return message_class is not MessageClass.NOTIFICATION
    return block is Block.SENDER


def put_off_too_long(message_class: MessageClass, age: float) -> bool:
    """Tell whether an answer that a route puts off would be older than it may be when that route is tried again.

    ``age`` is how many seconds after it was made that is; infinite: it is not tried there again.
    """
    return message_class in ANSWERS and age > ANSWER_PATIENCE


def stand_in(
    message_class: MessageClass,
    block: Block,
    refused_by: str,
    order: Sequence[View],
    by_class: Mapping[MessageClass, Sequence[str]],
    written_to: str | None = None,
) -> str | None:
    """Name the route that takes over what another refused: the next in the order that is up, else a SIM.

    Of several SIMs it is the one ``written_to`` by the client whom the message answers. Only what comes after the one
    that refused is asked, so that none is asked twice; a SIM stands in wherever it is named. Where the name was refused
    a SIM that is down is waited for: by name the message would pass nowhere. What a failed route refused is not tied to
    a route that is down, too: whichever is up first carries it.
    """
    views = _order_of(message_class, order, by_class)
    place = next((number for number, view in enumerate(views) if view.name == refused_by), len(views))
    sims = [view for view in views if view.kind is Kind.SIM and view.name != refused_by]
    found = [view for view in (*views[place + 1 :], *sims) if view.up]
    if not found and block is Block.SENDER:
        found = sims
    if found and found[0].kind is Kind.SIM:
        found.sort(key=lambda view: view.kind is not Kind.SIM or view.name != written_to)
    return found[0].name if found else None


def sim_for(
    message_class: MessageClass,
    order: Sequence[View],
    by_class: Mapping[MessageClass, Sequence[str]],
    written_to: str | None,
) -> View | None:
    """Choose the SIM that carries a message: one that is up, the one ``written_to``, the first in the order."""
    sims = [view for view in _order_of(message_class, order, by_class) if view.kind is Kind.SIM]
    return min(sims, key=lambda view: (not view.up, view.name != written_to), default=None)


def substitute(
    order: Sequence[View], *, fallback_after: float, by_class: Mapping[MessageClass, Sequence[str]]
) -> str | None:
    """Name the SIM that carries alerts which may fall back: the first in their order that is up.

    ``None`` while a bind may yet carry them: one that is stuck will, and one that is down is waited for as long as by
    whatever else falls back. The arguments are those of ``permits``.
    """
    views = _order_of(MessageClass.ALERT, order, by_class)
    binds = [view for view in views if view.kind is Kind.BIND]
    if not binds or any(view.up or view.down_for < fallback_after for view in binds):
        return None
    return next((view.name for view in views if view.kind is Kind.SIM and view.up), None)


def diverts(message_class: MessageClass, block: Block | None, *, diverted: bool) -> bool:
    """Tell whether a message that had been accepted, and then came to nothing, is sent by the SIM after all.

    Once, only an answer, and only where the final receipt says that the sender or this kind of traffic is blocked.
    """
    return not diverted and block is Block.SENDER and message_class in ANSWERS
