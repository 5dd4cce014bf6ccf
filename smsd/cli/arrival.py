"""The life of a message that came in, told in sentences.

Knows how rows of the inbox are read aloud, and why each state is what it is. Refuses to guess: it says what is
recorded, and of a near miss which command it resembles, by the same rule that found it to be one.
"""

from datetime import timedelta
from typing import Any

from smsd.cli.output import Clock, age, plural
from smsd.rules.commands import resembles
from smsd.rules.reception import InboxState
from smsd.rules.requests import RequestState
from smsd.speech import N_, _, said

__all__ = ["arrival_life", "resemblance"]

REQUESTS = {
    RequestState.ACCEPTED: N_("accepted"),
    RequestState.IN_PROGRESS: N_("in progress"),
    RequestState.DONE: N_("done"),
    RequestState.FAILED: N_("failed"),
}
LATE_SECONDS = 60.0
"""A message that the service centre had for longer than this was held up on its way."""


def arrival_life(row: dict[str, Any], clock: Clock, *, incomplete: timedelta, lenient: bool) -> list[str]:
    """Tell the life of a message, as ``Inbox.show`` returns it; its request, if it made one, as ``row["request"]``.

    ``incomplete`` is how long a missing part is waited for; ``lenient`` whether near misses are carried out.
    """
    came = _("{time}: it came from {sender} by {route}{way}.").format(
        time=clock.full(row["received_at"]),
        sender=row["sender"] or _("somebody whose number could not be read"),
        route=row["route"],
        way=_way(row),
    )
    life = [came]
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
    centre = ""
    if row["service_centre"]:
        centre = _(", through the service centre {number}").format(number=row["service_centre"])
    if row["sent_at"] is None:
        return centre
    seconds = row["received_at"] - row["sent_at"]
    if seconds > LATE_SECONDS:
        return centre + _("; the service centre had had it for {age}").format(age=age(seconds))
    if seconds < -LATE_SECONDS:
        ahead = _("; by the service centre's clock it was sent {age} later than that: 'smsd doctor'")
        return centre + ahead.format(age=age(-seconds))
    return centre


def _parts(row: dict[str, Any], clock: Clock) -> list[str]:
    """Tell which parts came when, and what was odd about them."""
    told = []
    if row["total"] > 1:
        here = {pdu["sequence"] for pdu in row["pdu_list"]}
        missing = [str(number) for number in range(1, row["total"] + 1) if number not in here]
        came = ", ".join(f"{pdu['sequence']} {clock.day(pdu['received_at'])}" for pdu in row["pdu_list"])
        if missing:
            parts = _("It has {n} parts. Came: {came}; missing: {missing}.")
        else:
            parts = _("It has {n} parts. Came: {came}; all of them.")
        told.append(parts.format(n=row["total"], came=came, missing=", ".join(missing)))
    noted = _("Part {n} was read with forbearance: {note}.")
    told += [noted.format(n=pdu["sequence"], note=said(pdu["note"])) for pdu in row["pdu_list"] if pdu["note"]]
    return told if row["state"] != InboxState.QUARANTINED else []


def _judgement(row: dict[str, Any], clock: Clock, *, incomplete: timedelta, lenient: bool) -> list[str]:
    reason = said(row["reason"] or "")
    match InboxState(row["state"]):
        case InboxState.RECEIVED:
            return [_("It has not been judged yet.")]
        case InboxState.WAITING_PARTS:
            until = clock.full(row["received_at"] + incomplete.total_seconds())
            told = _("It waits for the rest until {time}; then what is here is kept, and not answered.")
            return [told.format(time=until)]
        case InboxState.COMMAND:
            told = _("It is the command '{command}', so it was acknowledged and carried out.")
            return [told.format(command=row["command"])]
        case InboxState.IGNORED:
            return [_("It is not answered: {why}.").format(why=reason or _("not a command"))]
        case InboxState.LOOKALIKE:
            return _near_miss(row, lenient=lenient)
        case InboxState.ROBOT:
            told = _("It is a command and yet not answered: {why}. No telephone of a client sends so.")
            return [told.format(why=reason)]
        case InboxState.FLOOD:
            told = _("It is the command '{command}', and too many had come: {why}. It is not acknowledged.")
            return [told.format(command=row["command"], why=reason)]
        case InboxState.QUARANTINED:
            return [
                _("Its octets could not be read: {why}.").format(why=reason or _("no reason is recorded")),
                _("They are kept as they came: 'smsd inbox show {id}'. Nothing else was held up by it.").format(
                    id=row["id"]
                ),
            ]


def _near_miss(row: dict[str, Any], *, lenient: bool) -> list[str]:
    meant = resemblance(row)
    told = [_("It is nearly a command and not one, so it is not answered.")]
    if meant:
        told[0] += " " + _("It resembles '{command}'.").format(command=meant)
    if lenient:
        told.append(_("Texts like it are carried out now; tell the sender how the command is written."))
    else:
        told.append(
            _(
                "Texts like it are carried out only with service.lenient_commands = true; "
                "tell the sender how the command is written."
            )
        )
    return told


def _request(row: dict[str, Any]) -> list[str]:
    number, request = row["request_id"], row.get("request")
    if request is None:
        return [_("It belongs to request {id}, which has been forgotten since.").format(id=number)]
    if request["inbox_id"] != row["id"]:
        told = _("It joined request {id}, which is {state}, with {answers}; 'smsd request why {id}' tells its life.")
    else:
        told = _("It made request {id}, which is {state}, with {answers}; 'smsd request why {id}' tells its life.")
    stands = _(REQUESTS[RequestState(request["state"])])
    return [told.format(id=number, state=stands, answers=plural(len(request["messages"]), "answer"))]
