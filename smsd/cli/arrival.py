"""The life of a message that came in, told in sentences.

Knows how rows of the inbox are read aloud, and why each state is what it is. Refuses to guess: it says what is
recorded, and of a near miss which command it resembles, by the same rule that found it to be one.
"""

from datetime import timedelta
from typing import Any

from smsd.cli.output import Clock, age, plural
from smsd.rules.commands import resembles
from smsd.rules.reception import InboxState

__all__ = ["arrival_life", "resemblance"]

LATE_SECONDS = 60.0
"""A message that the service centre had for longer than this was held up on its way."""


def arrival_life(row: dict[str, Any], clock: Clock, *, incomplete: timedelta, lenient: bool) -> list[str]:
    """Tell the life of a message, as ``Inbox.show`` returns it; its request, if it made one, as ``row["request"]``.

    ``incomplete`` is how long a missing part is waited for; ``lenient`` whether near misses are carried out.
    """
    sender = row["sender"] or "somebody whose number could not be read"
    life = [f"{clock.full(row['received_at'])}: it came from {sender} by {row['route']}{_way(row)}."]
    life += _parts(row, clock)
    life += _judgement(row, clock, incomplete=incomplete, lenient=lenient)
    if row["request_id"] is not None:
        life += _request(row)
    return life


def resemblance(row: dict[str, Any]) -> str | None:
    """Return the command a message nearly is, as its sender should have written it; ``None`` for any other state."""
    if row["state"] != InboxState.LOOKALIKE or row["text"] is None:
        return None
    found = resembles(row["text"])
    return None if found is None else f"CLIENT {found.value}"


def _way(row: dict[str, Any]) -> str:
    """Tell how long it had been on its way, where that is worth a word."""
    centre = f", through the service centre {row['service_centre']}" if row["service_centre"] else ""
    if row["sent_at"] is None:
        return centre
    seconds = row["received_at"] - row["sent_at"]
    if seconds > LATE_SECONDS:
        return f"{centre}; the service centre had had it for {age(seconds)}"
    if seconds < -LATE_SECONDS:
        return f"{centre}; by the service centre's clock it was sent {age(-seconds)} later than that: 'smsd doctor'"
    return centre


def _parts(row: dict[str, Any], clock: Clock) -> list[str]:
    """Tell which parts came when, and what was odd about them."""
    told = []
    if row["total"] > 1:
        here = {pdu["sequence"] for pdu in row["pdu_list"]}
        missing = [str(number) for number in range(1, row["total"] + 1) if number not in here]
        came = ", ".join(f"{pdu['sequence']} {clock.day(pdu['received_at'])}" for pdu in row["pdu_list"])
        lacks = f"; missing: {', '.join(missing)}" if missing else "; all of them"
        told.append(f"It has {row['total']} parts. Came: {came}{lacks}.")
    told += [
        f"Part {pdu['sequence']} was read with forbearance: {pdu['note']}." for pdu in row["pdu_list"] if pdu["note"]
    ]
    return told if row["state"] != InboxState.QUARANTINED else []


def _judgement(row: dict[str, Any], clock: Clock, *, incomplete: timedelta, lenient: bool) -> list[str]:
    reason = row["reason"] or ""
    match InboxState(row["state"]):
        case InboxState.RECEIVED:
            return ["It has not been judged yet."]
        case InboxState.WAITING_PARTS:
            until = clock.full(row["received_at"] + incomplete.total_seconds())
            return [f"It waits for the rest until {until}; then what is here is kept, and not answered."]
        case InboxState.COMMAND:
            return [f"It is the command '{row['command']}', so it was acknowledged and carried out."]
        case InboxState.IGNORED:
            return [f"It is not answered: {reason or 'not a command'}."]
        case InboxState.LOOKALIKE:
            return _near_miss(row, lenient=lenient)
        case InboxState.ROBOT:
            return [f"It is a command and yet not answered: {reason}. No telephone of a client sends so."]
        case InboxState.FLOOD:
            return [f"It is the command '{row['command']}', and too many had come: {reason}. It is not acknowledged."]
        case InboxState.QUARANTINED:
            return [
                f"Its octets could not be read: {reason or 'no reason is recorded'}.",
                f"They are kept as they came: 'smsd inbox show {row['id']}'. Nothing else was held up by it.",
            ]


def _near_miss(row: dict[str, Any], *, lenient: bool) -> list[str]:
    meant = resemblance(row)
    like = f" It resembles '{meant}'." if meant else ""
    now = "are carried out now" if lenient else "are carried out only with service.lenient_commands = true"
    return [
        f"It is nearly a command and not one, so it is not answered.{like}",
        f"Texts like it {now}; tell the sender how the command is written.",
    ]


def _request(row: dict[str, Any]) -> list[str]:
    number, request = row["request_id"], row.get("request")
    if request is None:
        return [f"It belongs to request {number}, which has been forgotten since."]
    joined = request["inbox_id"] != row["id"]
    made = "It joined request" if joined else "It made request"
    stands = request["state"].replace("_", " ")
    answers = plural(len(request["messages"]), "answer")
    return [f"{made} {number}, which is {stands}, with {answers}; 'smsd request why {number}' tells its life."]
