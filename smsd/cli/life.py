"""The life of a message, and of a request, told in sentences.

Knows how rows of the store are read aloud. Refuses to guess: it says what is recorded, its codes in the words of
``codes``.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from smsd.cli.codes import explain, spell
from smsd.cli.output import Clock, age, plural
from smsd.rules.outbox import DOUBT_POLICY, OBEYS_OPT_OUT, WAITING, DoubtPolicy, MessageClass, PartState, State
from smsd.rules.requests import RequestState
from smsd.speech import N_, _, ngettext, said

__all__ = ["message_life", "request_life"]

PURPOSES = {
    MessageClass.ACK: N_("an acknowledgement of a client's command"),
    MessageClass.RESULT: N_("the result of a client's command"),
    MessageClass.ADMIN: N_("an alarm to the administrators, or a self-test"),
    MessageClass.MANUAL: N_("a message sent by hand"),
    MessageClass.NOTIFICATION: N_("a notification"),
    MessageClass.ALERT: N_("an alert"),
}
EVIDENCE = {
    "EF_SMSS": N_("the SIM's count of what it sent says so"),
    "TP-MR gap": N_("the SIM counted it between its neighbours"),
    "status report": N_("a status report says so"),
    "late answer": N_("the answer came late"),
}
CAUSES = (N_("SMS, inbox {id}"), N_("import of {file}"), N_("by hand"))
"""Causes of wishes, as they are written down elsewhere."""
LATE_ANSWER = "late answer"
NO_DOUBT = frozenset({None, "answer"})
"""Evidence of attempts that were never in doubt."""
ENDS = {
    State.UNDELIVERABLE: N_("The network says that it will never arrive."),
    State.REJECTED: N_("It was refused for good, and is not tried again."),
    State.FAILED: N_("Its tries are used up."),
    State.EXPIRED: N_("Its deadline passed before it had left."),
    State.SUPPRESSED: N_("It was not sent: its reader has opted out of notifications and alerts."),
    State.CANCELLED: N_("A person withdrew it."),
}
STANDS = {
    State.QUEUED: N_("it is queued"),
    State.SUBMITTING: N_("it is submitting"),
    State.SUBMITTED: N_("it is submitted"),
    State.DELIVERED: N_("it was delivered {time}"),
    State.UNDELIVERABLE: N_("it is undeliverable"),
    State.REJECTED: N_("it is rejected"),
    State.FAILED: N_("it is failed"),
    State.EXPIRED: N_("it is expired"),
    State.SUPPRESSED: N_("it is suppressed"),
    State.IN_DOUBT: N_("it is in doubt"),
    State.CANCELLED: N_("it is cancelled"),
}
"""How a message stands, where it is told of among others."""
LEFT = frozenset({PartState.SENT, PartState.DELIVERED, PartState.FAILED})
AGAIN = frozenset({State.UNDELIVERABLE, State.REJECTED, State.FAILED, State.EXPIRED, State.CANCELLED})


def message_life(
    row: dict[str, Any],
    clock: Clock,
    *,
    subscribed: bool,
    daemon: bool,
    order: Sequence[str] = (),
    wish: Mapping[str, Any] | None = None,
    held: Mapping[str, Any] | None = None,
) -> list[str]:
    """Tell the life of a message, as ``Outbox.show`` returns it.

    ``subscribed``: whether its reader wants notifications now; ``daemon``: whether one runs; ``order``: the routes as
    they are configured, the first to be tried first; ``wish``: the reader's own, as ``Clients.wish`` returns it;
    ``held``: since when passwords to him are held, as ``Swaps.get`` returns it. ``waits`` in the row says what it waits
    for besides its turn, where something holds it: a limit, quiet hours, a person's pause.
    """
    queued = _("{time}: queued as {purpose}, to {recipient} in {parts}.")
    life = [
        queued.format(
            time=clock.full(row["created_at"]),
            purpose=_(PURPOSES[MessageClass(row["class"])]),
            recipient=row["recipient"],
            parts=plural(row["parts"], "part"),
        )
    ]
    if row["request_id"] is not None:
        life.append(
            _("It belongs to request {id}; 'smsd request why {id}' tells its life.").format(id=row["request_id"])
        )
    if row["alert_id"] is not None:
        life.append(_("It is one of alert {id}; 'smsd alert show {id}' tells of all.").format(id=row["alert_id"]))
    told = [(each["started_at"], sentence) for each, sentence in _attempts(row, clock)]
    told += [(each["received_at"], _report(each, row, clock)) for each in row["report_list"]]
    life += [sentence for _when, sentence in sorted(told, key=lambda pair: pair[0])]
    life += _way(row, order)
    life += _now(row, clock, subscribed=subscribed, daemon=daemon, held=held if row["sealed"] else None)
    if wish is not None and MessageClass(row["class"]) in OBEYS_OPT_OUT:
        if wish["subscribed"]:
            wished = _("{time}: its reader asked for notifications and alerts again ({cause}).")
        else:
            wished = _("{time}: its reader stopped notifications and alerts ({cause}).")
        life.append(wished.format(time=clock.full(wish["decided_at"]), cause=said(wish["cause"])))
    if row["secret"] and not row["sealed"]:
        life.append(_("Its text held a password and has been wiped."))
    return life


def _attempts(row: dict[str, Any], clock: Clock) -> Iterator[tuple[dict[str, Any], str]]:
    """Tell the attempts; a code is explained where it comes up first."""
    explained: set[str] = set()
    attempts = row["attempt_list"]
    for number, attempt in enumerate(attempts):
        sentence = _attempt(attempt, row, clock)
        code = attempt["code"] if attempt["outcome"] == "not_sent" and attempt["evidence"] in NO_DOUBT else None
        if code and code not in explained and (words := explain(code)):
            explained.add(code)
            sentence += f" ({words[:1].upper()}{words[1:]}.)"
        again = any(_both_try(attempt, later) for later in attempts[number + 1 :])
        if attempt["outcome"] == "in_doubt" and again:
            sentence += " " + _("No evidence came, so it was sent once more and may have arrived twice.")
        yield attempt, sentence


def _attempt(attempt: dict[str, Any], row: dict[str, Any], clock: Clock) -> str:
    """Tell one attempt and its end."""
    part = _part(attempt, row)
    began = _("{time}: part {part} was given to {route}") if part else _("{time}: it was given to {route}")
    began = began.format(time=clock.full(attempt["started_at"]), part=part, route=attempt["route"])
    doubted = attempt["evidence"] not in NO_DOUBT and not _overtaken(attempt)
    proved = _proof(attempt) if doubted else ""
    match attempt["outcome"]:
        case "sent":
            took = _("{began}; the network took it, reference {reference}{proof}.")
            return took.format(began=began, reference=attempt["reference"], proof=proved)
        case "not_sent":
            why = ": ".join(filter(None, (attempt["code"], said(attempt["reason"] or ""))))
            stayed = _("{began}; it did not leave{proof}").format(began=began, proof=proved)
            answered = not doubted or attempt["evidence"] == LATE_ANSWER
            return stayed + (f": {why}." if why and answered else ".")
        case "in_doubt":
            why = said(attempt["reason"] or "") or _("no answer came")
            return _("{began}; whether it left is not known: {why}.").format(began=began, why=why)
    return _("{began}; the answer has not come yet.").format(began=began)


def _overtaken(attempt: Mapping[str, Any]) -> bool:
    """Tell whether a receipt came in the same moment as the answer, and a little earlier: that is no doubt."""
    return bool(attempt["evidence"] == "status report" and attempt["settled_at"] - attempt["started_at"] < 1.0)


def _proof(attempt: dict[str, Any]) -> str:
    """Say by what, and how long after, a doubt was settled."""
    proof = _(EVIDENCE.get(attempt["evidence"], attempt["evidence"]))
    after = age(attempt["settled_at"] - attempt["started_at"])
    return " " + _("({proof}; it was in doubt for {age})").format(proof=proof, age=after)


def _way(row: dict[str, Any], order: Sequence[str]) -> list[str]:
    """Tell why it goes by another route than the first, and what sender its reader sees."""
    told = []
    if row["diverted"]:
        diverted = _("It goes by {route} instead, from its first part on, because {why}.")
        told.append(diverted.format(route=row["route"], why=said(row["diverted"])))
    elif row["attempt_list"] and row["route"] in order[1:]:
        first = _("{route} comes first: it was down then, at a limit, or does not carry this class of message.")
        told.append(first.format(route=order[0]))
    if told and row["sender"]:
        told.append(_("Its reader sees it come from {sender}.").format(sender=row["sender"]))
    return told


def _report(report: dict[str, Any], row: dict[str, Any], clock: Clock) -> str:
    """Tell what the network said about a part, its code in words."""
    part = _part(report, row)
    told = (
        _("{time}: the network reported on part {part}: {words}.")
        if part
        else _("{time}: the network reported: {words}.")
    )
    return told.format(time=clock.full(report["received_at"]), part=part, words=spell(report["code"]))


def _part(of: dict[str, Any], row: dict[str, Any]) -> str:
    """Return which part is meant; nothing where it is the whole message."""
    return "" if row["parts"] == 1 or not of["sequence"] else str(of["sequence"])


def _both_try(attempt: dict[str, Any], later: dict[str, Any]) -> bool:
    """Tell whether two attempts were at the same part; one without a part was at all of them."""
    return not attempt["sequence"] or not later["sequence"] or bool(later["sequence"] == attempt["sequence"])


def _now(
    row: dict[str, Any], clock: Clock, *, subscribed: bool, daemon: bool, held: Mapping[str, Any] | None
) -> list[str]:
    """Tell how a message stands now, what it waits for, and what a person can do."""
    state = State(row["state"])
    if state in (State.QUEUED, State.SUBMITTING):
        return _waiting(row, clock, subscribed=subscribed, daemon=daemon, held=held)
    if state is State.SUBMITTED:
        return [_("The network has all of it; no report of its delivery has come.")]
    if state is State.DELIVERED:
        return [_("{time}: delivered.").format(time=clock.full(row["delivered_at"]))]
    if state is State.IN_DOUBT:
        return [_doubt(MessageClass(row["class"]), row["id"])]
    last = row["error"] if state in (State.REJECTED, State.FAILED, State.UNDELIVERABLE) else None
    life = [_(ENDS[state]) + (" " + _("The last word was {words}.").format(words=spell(last)) if last else "")]
    if row["held"] and state is State.EXPIRED:
        life.append(_("It was held: an operator said that the SIM of this number was replaced."))
    if left := sum(part["state"] in LEFT for part in row["part_list"]):
        some = ngettext("{left} of {n} part had left.", "{left} of {n} parts had left.", row["parts"])
        life.append(some.format(left=left, n=row["parts"]) if row["parts"] > 1 else _("It had left."))
    if state in AGAIN and not (row["secret"] and not row["sealed"]):
        life.append(_("'smsd outbox retry {id}' sends it again.").format(id=row["id"]))
    return life


def _waiting(
    row: dict[str, Any], clock: Clock, *, subscribed: bool, daemon: bool, held: Mapping[str, Any] | None
) -> list[str]:
    life = _held(row, held, clock) if row["due_at"] is not None and held is not None else [_turn(row)]
    if row["due_at"] is not None and held is None and (ahead := clock.until(row["due_at"])):
        life.append(_("It is due in {age}.").format(age=ahead))
    if not daemon:
        life.append(_("No daemon runs: nothing leaves until one is started."))
    if not subscribed and MessageClass(row["class"]) in OBEYS_OPT_OUT:
        life.append(_("Its reader has opted out: unless that changes it will be suppressed, not sent."))
    if row["expires_at"] is not None:
        life.append(_("It expires {time}.").format(time=clock.full(row["expires_at"])))
    return life


def _turn(row: dict[str, Any]) -> str:
    """Tell what a message waits for."""
    waits = row.get("waits")
    if row["due_at"] is None and not (waits and row["state"] == State.QUEUED):
        return _("A part of it is in the air.")
    if row["error"]:
        return _("It will be tried again; the last word was {words}.").format(words=spell(row["error"]))
    if waits:
        return _("It waits: {why}.").format(why=waits)
    if row["after_id"] is not None and not row["attempts"]:
        return _("It waits for its turn, behind message {id}.").format(id=row["after_id"])
    return _("It waits for its turn.")


def _held(row: dict[str, Any], held: Mapping[str, Any], clock: Clock) -> list[str]:
    """Tell why a message that holds a password leaves by no route, and what a person can do."""
    since = _("It is held: {time} {route} said that the SIM of this number was replaced ({code}).")
    return [
        since.format(time=clock.full(held["since"]), route=held["route"], code=held["code"]),
        _("It holds a password, so no route sends it; at its deadline it expires and is wiped."),
        _("'smsd client release {phone}' lets it go, once the client was asked.").format(phone=row["recipient"]),
    ]


def _doubt(message_class: MessageClass, message_id: int) -> str:
    if DOUBT_POLICY[message_class] is DoubtPolicy.RESEND_ONCE:
        told = _("Whether it left is not known: where no evidence comes it is sent once more, then held.")
    else:
        told = _("Whether it left is not known: it is held for evidence or a person, lest it arrive twice.")
    choice = _("'smsd outbox retry {id}' sends it again, 'smsd outbox cancel {id}' gives it up.")
    return f"{told} {choice.format(id=message_id)}"


# --- requests ---------------------------------------------------------------------------------------------------------


def request_life(row: dict[str, Any], clock: Clock, *, daemon: bool) -> list[str]:
    """Tell the life of a request, as ``Requests.show`` returns it; ``daemon``: whether one runs."""
    began = _("{time}: {phone} asked for '{command}'.")
    if row["inbox_id"] is not None:
        began = _("{time}: {phone} asked for '{command}' (message {id} of the inbox).")
    began = began.format(
        time=clock.full(row["received_at"]), phone=row["phone"], command=row["command"], id=row["inbox_id"]
    )
    life = [began, *(_answer(each, clock) for each in row["messages"])]
    asked = ngettext("The directory has been asked {n} time.", "The directory has been asked {n} times.", row["asked"])
    asked = f" {asked.format(n=row['asked'])}" if row["asked"] > 1 else ""
    why = said(row["error"] or "")
    why = f" {why[:1].upper()}{why[1:]}." if why else ""
    match RequestState(row["state"]):
        case RequestState.ACCEPTED:
            life.append(_("It waits to be carried out.") + why + asked)
            if ahead := clock.until(row["due_at"]):
                life.append(_("The directory is asked again in {age}.").format(age=ahead))
        case RequestState.IN_PROGRESS:
            life.append(_("It is being carried out.") + asked)
        case RequestState.DONE:
            life.append(_("{time}: done.").format(time=clock.full(row["done_at"])) + asked)
        case RequestState.FAILED:
            failed = _("{time}: it could not be carried out.").format(time=clock.full(row["done_at"]))
            life.append(failed + why + asked)
            life.append(_("'smsd request retry {id}' has it carried out again.").format(id=row["id"]))
    if row["done_at"] is None and not daemon:
        life.append(_("No daemon runs: nothing is carried out until one is started."))
    return life


def _answer(message: dict[str, Any], clock: Clock) -> str:
    """Tell of one message of a request."""
    match message["class"]:
        case "ack":
            queued = _("{time}: the acknowledgement was queued as message {id}; {end}.")
        case "result":
            queued = _("{time}: the result was queued as message {id}; {end}.")
        case _:
            queued = _("{time}: a message ({class}) was queued as message {id}; {end}.")
    end = _(STANDS[State(message["state"])]).format(time=clock.full(message["delivered_at"]))
    told = queued.format(
        **{"time": clock.full(message["created_at"]), "class": message["class"], "id": message["id"], "end": end}
    )
    if message["held"] and State(message["state"]) in WAITING:
        told += " " + _("It is held: the SIM of this number was replaced; 'smsd outbox why {id}'.").format(
            id=message["id"]
        )
    elif message["held"] and message["state"] == State.EXPIRED:
        told += " " + _("It was held: an operator said that the SIM of this number was replaced.")
    return told
