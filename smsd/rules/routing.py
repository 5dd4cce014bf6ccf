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

__all__ = ["ANSWER_PATIENCE", "FALLS_BACK", "Block", "Kind", "View", "diverts", "permits", "refused_at_once"]

ANSWER_PATIENCE = 75.0
"""Seconds after which an answer leaves by any route that is up: two minutes are promised, and sending takes time."""

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
    """What the network says that it blocks, where it says so."""

    SENDER = "sender"
    """The sender's name, or this kind of traffic under it."""
    RECIPIENT = "recipient"
    """This recipient: no other sender changes that."""
    TEXT = "text"
    """This text: no other sender changes that."""
    SIM_SWAPPED = "sim swapped"
    """The recipient's SIM has just been replaced: no secret may follow, by any route."""


@dataclass(frozen=True, slots=True)
class View:
    """How a route is: ``down_for`` counts the seconds it has not been up (0.0 while it is)."""

    name: str
    kind: Kind
    down_for: float = 0.0

    @property
    def up(self) -> bool:
        """Whether it takes messages."""
        return self.down_for <= 0.0


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
    first; ``by_class`` names another order for a class, whose other routes then never carry it.
    """
    found = {}
    for message_class in MessageClass:
        names = by_class.get(message_class)
        views = list(order) if names is None else [view for name in names for view in order if view.name == name]
        found[message_class] = _permit(message_class, route, views, now, fallback_after)
    return found


def _permit(message_class: MessageClass, route: str, order: Sequence[View], now: float, fallback_after: float) -> float:
    mine = next((view for view in order if view.name == route), None)
    if mine is None:
        return -math.inf
    earlier = order[: order.index(mine)]
    alike = [view for view in earlier if view.kind is mine.kind]
    others = [view for view in earlier if view.kind is not mine.kind]
    if not others:
        # Two SIMs share the work; a second bind is a spare.
        return math.inf if mine.kind is Kind.SIM or not any(view.up for view in alike) else -math.inf
    if message_class not in FALLS_BACK:
        return -math.inf
    if all(view.down_for >= fallback_after for view in others) and not any(view.up for view in others):
        return math.inf
    return now - ANSWER_PATIENCE if message_class in ANSWERS else -math.inf


def refused_at_once(message_class: MessageClass, block: Block | None) -> bool:
    """Tell whether a message whose submit was refused falls back at once, for this message only.

    Only where it was the sender's name that was refused; never for a refused recipient or text.
    """
    return block is Block.SENDER and message_class is not MessageClass.ALERT


def diverts(message_class: MessageClass, block: Block | None, *, diverted: bool) -> bool:
    """Tell whether a message that had been accepted, and then came to nothing, is sent by the SIM after all.

    Once, only an answer, and only where the final receipt says that the sender or this kind of traffic is blocked.
    """
    return not diverted and block is Block.SENDER and message_class in ANSWERS
