"""What is done with a message that came in: the whole of the decision, and none of the doing.

Knows the order of the questions: is the text a command, is the sender a person, is he flooding us. Refuses to know the
database: what must be counted is handed in as ``Facts``, counted in the same transaction that will carry the decision
out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from smsd.rules.commands import Command, Kind, classify, is_robot

__all__ = ["Decision", "Facts", "InboxState", "Incoming", "command_of", "copy_of", "judge"]


class InboxState(StrEnum):
    """What became of a message that came in."""

    RECEIVED = "received"
    WAITING_PARTS = "waiting_parts"
    COMMAND = "command"
    IGNORED = "ignored"
    LOOKALIKE = "lookalike"
    ROBOT = "robot"
    FLOOD = "flood"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A whole message: ``phone`` is the sender as E.164, ``None`` where nobody could be answered."""

    sender: str
    sender_is_number: bool
    phone: str | None
    text: str
    service_centre: str | None
    sent_at: datetime | None


def copy_of(route: str, others: Sequence[tuple[str, bool]]) -> str | None:
    """Name the route by which a message had come before; ``None``: it is a message of its own.

    ``others`` are the same words of the same sender of late, oldest first: by which route each came, and whether it was
    taken for a copy. An operator delivers each message both ways, so that each original has one copy at most: a client
    who writes the same twice has written two.
    """
    originals = [other for other, copied in others if other != route and not copied]
    copies = sum(copied for other, copied in others if other == route)
    return originals[copies] if len(originals) > copies else None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store counted: this phone's commands within the last hour, and its open request of this command."""

    commands_last_hour: int
    open_request: int | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do: ``answer`` makes a request and its acknowledgement; ``joins`` names the request it repeats.

    ``subscribe`` is what the client wishes of notifications and alerts, ``None`` where he said nothing of it.
    """

    state: InboxState
    reason: str = ""
    command: Command | None = None
    answer: bool = False
    joins: int | None = None
    subscribe: bool | None = None


def command_of(incoming: Incoming, *, lenient: bool) -> Command | None:
    """Return the command a text is, before anything is asked of the sender."""
    found = classify(incoming.text, lenient=lenient)
    return found if isinstance(found, Command) else None


def judge(incoming: Incoming, facts: Facts, *, commands_per_hour: int, lenient: bool) -> Decision:
    """Decide what a message means and whether it is answered.

    Beyond ``commands_per_hour`` a repeat joins the open request and is not acknowledged, lest two robots talk for
    ever; ``sms stop`` is always carried out and acknowledged, and a wish to start is obeyed in silence.
    """
    found = classify(incoming.text, lenient=lenient)
    if found is Kind.LOOKALIKE:
        return Decision(InboxState.LOOKALIKE, "nearly a command, but not one")
    if not isinstance(found, Command):
        return Decision(InboxState.IGNORED, "not a command")
    if robot := is_robot(incoming.sender, incoming.sender_is_number, incoming.service_centre):
        return Decision(InboxState.ROBOT, robot)
    if incoming.phone is None:
        return Decision(InboxState.ROBOT, "nobody can be answered at the sender's address")
    subscribe = {Command.STOP: False, Command.START: True}.get(found)
    if facts.commands_last_hour >= commands_per_hour and found is not Command.STOP:
        return Decision(
            InboxState.FLOOD,
            f"more than {commands_per_hour} commands within an hour",
            command=found,
            joins=facts.open_request,
            subscribe=subscribe,
        )
    return Decision(InboxState.COMMAND, command=found, answer=True, subscribe=subscribe)
