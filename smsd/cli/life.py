"""The life of a message, and of a request, told in sentences.

Knows how rows of the store are read aloud. Refuses to guess: it says what is recorded, its codes in the words of
``codes``.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from smsd.cli.codes import explain, spell
from smsd.cli.output import Clock, age, plural
from smsd.rules.outbox import DOUBT_POLICY, OBEYS_OPT_OUT, DoubtPolicy, MessageClass, PartState, State
from smsd.rules.requests import RequestState

__all__ = ["message_life", "request_life"]

PURPOSES = {
    MessageClass.ACK: "an acknowledgement of a client's command",
    MessageClass.RESULT: "the result of a client's command",
    MessageClass.ADMIN: "an alarm to the administrators, or a self-test",
    MessageClass.MANUAL: "a message sent by hand",
    MessageClass.NOTIFICATION: "a notification",
    MessageClass.ALERT: "an alert",
}
EVIDENCE = {
    "EF_SMSS": "the SIM's count of what it sent says so",
    "TP-MR gap": "the SIM counted it between its neighbours",
    "status report": "a status report says so",
    "late answer": "the answer came late",
}
NO_DOUBT = frozenset({None, "answer"})
"""Evidence of attempts that were never in doubt."""
ENDS = {
    State.UNDELIVERABLE: "The network says that it will never arrive.",
    State.REJECTED: "It was refused for good, and is not tried again.",
    State.FAILED: "Its tries are used up.",
    State.EXPIRED: "Its deadline passed before it had left.",
    State.SUPPRESSED: "It was not sent: its reader has opted out of notifications and alerts.",
    State.CANCELLED: "A person withdrew it.",
}
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
) -> list[str]:
    """Tell the life of a message, as ``Outbox.show`` returns it.

    ``subscribed``: whether its reader wants notifications now; ``daemon``: whether one runs; ``order``: the routes as
    they are configured, the first to be tried first; ``wish``: the reader's own, as ``Clients.wish`` returns it.
    """
    purpose = PURPOSES[MessageClass(row["class"])]
    to = f"to {row['recipient']} in {plural(row['parts'], 'part')}"
    life = [f"{clock.full(row['created_at'])}: queued as {purpose}, {to}."]
    if row["request_id"] is not None:
        life.append(
            f"It belongs to request {row['request_id']}; 'smsd request why {row['request_id']}' tells its life."
        )
    if row["alert_id"] is not None:
        life.append(f"It is one of alert {row['alert_id']}; 'smsd alert show {row['alert_id']}' tells of all.")
    told = [(each["started_at"], sentence) for each, sentence in _attempts(row, clock)]
    told += [(each["received_at"], _report(each, row, clock)) for each in row["report_list"]]
    life += [sentence for _, sentence in sorted(told, key=lambda pair: pair[0])]
    life += _way(row, order)
    life += _now(row, clock, subscribed=subscribed, daemon=daemon)
    if wish is not None and MessageClass(row["class"]) in OBEYS_OPT_OUT:
        verb = "asked for them again" if wish["subscribed"] else "stopped notifications and alerts"
        life.append(f"{clock.full(wish['decided_at'])}: its reader {verb} ({wish['cause']}).")
    if row["secret"] and not row["sealed"]:
        life.append("Its text held a password and has been wiped.")
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
            sentence += " No evidence came, so it was sent once more and may have arrived twice."
        yield attempt, sentence


def _attempt(attempt: dict[str, Any], row: dict[str, Any], clock: Clock) -> str:
    """Tell one attempt and its end."""
    began = f"{clock.full(attempt['started_at'])}: {_part(attempt, row)} was given to {attempt['route']}"
    doubted = attempt["evidence"] not in NO_DOUBT
    proved = _proof(attempt) if doubted else ""
    match attempt["outcome"]:
        case "sent":
            return f"{began}; the network took it, reference {attempt['reference']}{proved}."
        case "not_sent":
            why = ": ".join(filter(None, (attempt["code"], attempt["reason"])))
            return f"{began}; it did not leave{proved}" + (f": {why}." if why and not doubted else ".")
        case "in_doubt":
            return f"{began}; whether it left is not known: {attempt['reason'] or 'no answer came'}."
    return f"{began}; the answer has not come yet."


def _proof(attempt: dict[str, Any]) -> str:
    """Say by what, and how long after, a doubt was settled."""
    proof = EVIDENCE.get(attempt["evidence"], attempt["evidence"])
    after = age(attempt["settled_at"] - attempt["started_at"])
    return f" ({proof}; it was in doubt for {after})"


def _way(row: dict[str, Any], order: Sequence[str]) -> list[str]:
    """Tell why it goes by another route than the first, and what sender its reader sees."""
    told = []
    if row["diverted"]:
        told.append(f"It goes by {row['route']} instead, from its first part on, because {row['diverted']}.")
    elif row["attempt_list"] and row["route"] in order[1:]:
        told.append(f"{order[0]} comes first: it was down then, at a limit, or does not carry this class of message.")
    if told and row["sender"]:
        told.append(f"Its reader sees it come from {row['sender']}.")
    return told


def _report(report: dict[str, Any], row: dict[str, Any], clock: Clock) -> str:
    """Tell what the network said about a part, its code in words."""
    words = spell(report["code"])
    return f"{clock.full(report['received_at'])}: the network reported on {_part(report, row)}: {words}."


def _part(of: dict[str, Any], row: dict[str, Any]) -> str:
    return "it" if row["parts"] == 1 or not of["sequence"] else f"part {of['sequence']}"


def _both_try(attempt: dict[str, Any], later: dict[str, Any]) -> bool:
    """Tell whether two attempts were at the same part; one without a part was at all of them."""
    return not attempt["sequence"] or not later["sequence"] or bool(later["sequence"] == attempt["sequence"])


def _now(row: dict[str, Any], clock: Clock, *, subscribed: bool, daemon: bool) -> list[str]:
    """Tell how a message stands now, what it waits for, and what a person can do."""
    state = State(row["state"])
    if state in (State.QUEUED, State.SUBMITTING):
        return _waiting(row, clock, subscribed=subscribed, daemon=daemon)
    if state is State.SUBMITTED:
        return ["The network has all of it; no report of its delivery has come."]
    if state is State.DELIVERED:
        return [f"{clock.full(row['delivered_at'])}: delivered."]
    if state is State.IN_DOUBT:
        return [_doubt(MessageClass(row["class"]), row["id"])]
    last = row["error"] if state in (State.REJECTED, State.FAILED, State.UNDELIVERABLE) else None
    life = [ENDS[state] + (f" The last word was {spell(last)}." if last else "")]
    if left := sum(part["state"] in LEFT for part in row["part_list"]):
        life.append(f"{left} of {plural(row['parts'], 'part')} had left." if row["parts"] > 1 else "It had left.")
    if state in AGAIN and not (row["secret"] and not row["sealed"]):
        life.append(f"'smsd outbox retry {row['id']}' sends it again.")
    return life


def _waiting(row: dict[str, Any], clock: Clock, *, subscribed: bool, daemon: bool) -> list[str]:
    life = []
    if row["due_at"] is None:
        life.append("A part of it is in the air.")
    elif row["error"]:
        life.append(f"It will be tried again; the last word was {spell(row['error'])}.")
    elif row["after_id"] is not None and not row["attempts"]:
        life.append(f"It waits for its turn, behind message {row['after_id']}.")
    else:
        life.append("It waits for its turn.")
    if row["due_at"] is not None and (ahead := clock.until(row["due_at"])):
        life.append(f"It is due in {ahead}.")
    if not daemon:
        life.append("No daemon runs: nothing leaves until one is started.")
    if not subscribed and MessageClass(row["class"]) in OBEYS_OPT_OUT:
        life.append("Its reader has opted out: unless that changes it will be suppressed, not sent.")
    if row["expires_at"] is not None:
        life.append(f"It expires {clock.full(row['expires_at'])}.")
    return life


def _doubt(message_class: MessageClass, message_id: int) -> str:
    choice = f"'smsd outbox retry {message_id}' sends it again, 'smsd outbox cancel {message_id}' gives it up"
    if DOUBT_POLICY[message_class] is DoubtPolicy.RESEND_ONCE:
        return f"Whether it left is not known: where no evidence comes it is sent once more, then held. {choice}."
    return f"Whether it left is not known: it is held for evidence or a person, lest it arrive twice. {choice}."


# --- requests ---------------------------------------------------------------------------------------------------------


def request_life(row: dict[str, Any], clock: Clock, *, daemon: bool) -> list[str]:
    """Tell the life of a request, as ``Requests.show`` returns it; ``daemon``: whether one runs."""
    by = f" (message {row['inbox_id']} of the inbox)" if row["inbox_id"] is not None else ""
    life = [f"{clock.full(row['received_at'])}: {row['phone']} asked for '{row['command']}'{by}."]
    life += [_answer(each, clock) for each in row["messages"]]
    asked = f" The directory has been asked {plural(row['asked'], 'time')}." if row["asked"] > 1 else ""
    why = f" {row['error'][:1].upper()}{row['error'][1:]}." if row["error"] else ""
    match RequestState(row["state"]):
        case RequestState.ACCEPTED:
            life.append(f"It waits to be carried out.{why}{asked}")
            if ahead := clock.until(row["due_at"]):
                life.append(f"The directory is asked again in {ahead}.")
        case RequestState.IN_PROGRESS:
            life.append(f"It is being carried out.{asked}")
        case RequestState.DONE:
            life.append(f"{clock.full(row['done_at'])}: done.{asked}")
        case RequestState.FAILED:
            life.append(f"{clock.full(row['done_at'])}: it could not be carried out.{why}{asked}")
            life.append(f"'smsd request retry {row['id']}' has it carried out again.")
    if row["done_at"] is None and not daemon:
        life.append("No daemon runs: nothing is carried out until one is started.")
    return life


def _answer(message: dict[str, Any], clock: Clock) -> str:
    """Tell of one message of a request."""
    what = {"ack": "the acknowledgement", "result": "the result"}.get(
        message["class"], f"a message ({message['class']})"
    )
    state = State(message["state"])
    end = f"is {state.value.replace('_', ' ')}"
    if state is State.DELIVERED:
        end = f"was delivered {clock.full(message['delivered_at'])}"
    return f"{clock.full(message['created_at'])}: {what} was queued as message {message['id']}; it {end}."
