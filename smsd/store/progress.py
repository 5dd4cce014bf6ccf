"""How a message moves on: its parts and itself from state to state, and from one route to another.

Knows the rows of messages and parts, and keeps them consistent. Refuses to decide which state follows, which is
``rules.outbox``, and to know how an attempt ends: that is ``attempts``. Every function works inside a transaction that
its caller has begun and will commit.
"""

from datetime import timedelta
from typing import Any

from smsd.errors import StoreError
from smsd.rules.outbox import FINAL, WAITING, MessageClass, PartState, State, may, state_of
from smsd.store.claims import WHOLE, Diversion
from smsd.store.engine import Row, Transaction
from smsd.store.events import tell_message

__all__ = ["advance", "divert", "follow", "go_on", "move", "move_parts", "outdated"]

BEFORE_ITS_EQUALS = -1.0
"""Due even earlier: the rest of a message whose first part has left."""


def advance(
    tx: Transaction,
    message_id: int,
    now: float,
    *,
    delay: timedelta = timedelta(0),
    error: str | None = None,
    only_part: PartState | None = None,
    message: Row | None = None,
) -> None:
    """Let a message's state follow from its parts. What a person or a refusal brought to rest stays at rest.

    ``only_part`` is the state its part is in by now if it has no other, ``message`` what ``attempt_get`` knows of it.
    Both save the asking, for this is done for each part that is sent.
    """
    if message is None or message["parts"] > 1 or message["diverts_to"] is not None:
        message = tx.one("message_state", id=message_id)
    if State(message["state"]) in FINAL:
        return
    if only_part is not None and message["parts"] == 1:
        parts = [only_part]
    else:
        parts = [PartState(part["state"]) for part in tx.all("part_list", message_id=message_id)]
    after = state_of(parts)
    if message["diverts_to"] is not None and not message["in_air"]:
        diversion = Diversion(message["diverts_to"], message["diverted"], stands_in=bool(message["stands_in"]))
        divert(tx, message_id, diversion, now)
        return
    due_at = None
    if after in WAITING and not message["in_air"]:
        # A message that has begun goes before its equals: its reader is waiting for the rest.
        begun = any(part in (PartState.SENT, PartState.DELIVERED) for part in parts)
        due_at = BEFORE_ITS_EQUALS if begun and not delay else now + delay.total_seconds()
        if not begun:
            tx.run("message_unbind", id=message_id)
    _move_on(tx, message, after, now, due_at=due_at, error=error)


def go_on(tx: Transaction, message_id: int, now: float) -> None:
    """Let the next part follow where the last attempt ended after its part had been settled by other news."""
    message = tx.one("message_state", id=message_id)
    if State(message["state"]) in WAITING and message["due_at"] is None:
        advance(tx, message_id, now)


def move(
    tx: Transaction, message_id: int, after: State, now: float, *, due_at: float | None = None, error: str | None = None
) -> None:
    """Put a message into a state that may follow, wipe what must not outlive it, release what waited for it."""
    _move_on(tx, tx.one("message_state", id=message_id), after, now, due_at=due_at, error=error)


def _move_on(
    tx: Transaction, message: Row, after: State, now: float, *, due_at: float | None, error: str | None
) -> None:
    message_id = message["message_id"]
    before = State(message["state"])
    if not may(before, after):
        raise StoreError(f"message {message_id} cannot go from {before.value} to {after.value}")
    left = after in (State.SUBMITTED, State.DELIVERED)
    tx.run(
        "message_move",
        id=message_id,
        state=after,
        due_at=due_at,
        error=error,
        sent_at=now if left else None,
        delivered_at=now if after is State.DELIVERED else None,
    )
    if after is not before:
        tell_message(tx, message, after, error, now)
    if after in FINAL and message["sealed"] is not None:
        tx.run("message_wipe", id=message_id)
    if message["class"] == MessageClass.ACK and (after in FINAL or after is State.SUBMITTED):
        tx.run("message_release", id=message_id, now=now)


def move_parts(
    tx: Transaction,
    parts: list[Row],
    state: PartState,
    *,
    refused: int = 0,
    resent: int = 0,
    sent_at: float | None = None,
) -> None:
    """Put parts into a state; ``refused`` and ``resent`` are added to what was counted of each."""
    for part in parts:
        tx.run(
            "part_move",
            message_id=part["message_id"],
            sequence=part["sequence"],
            state=state,
            refused=refused,
            resent=resent,
            sent_at=sent_at,
        )


# --- one way or another -----------------------------------------------------------------------------------------------


def divert(tx: Transaction, message_id: int, diversion: Diversion, now: float) -> None:
    """Send a message by another route from its first part on, unless it has come to rest meanwhile.

    While another part of it is in the air it is only noted; ``advance`` comes back to it when that part has landed.
    """
    message = tx.one("message_state", id=message_id)
    if State(message["state"]) in FINAL:
        return
    if message["in_air"]:
        tx.run("message_divert_later", id=message_id, **_told(diversion))
        return
    tx.run("part_reset", message_id=message_id)
    tx.run("message_divert", id=message_id, **_told(diversion))
    move(tx, message_id, State.QUEUED, now, due_at=now, error=diversion.reason)


def _told(diversion: Diversion) -> dict[str, Any]:
    return {"route": diversion.route, "reason": diversion.reason, "stands_in": int(diversion.stands_in)}


def follow(tx: Transaction, attempt: Row) -> None:
    """Have the rest of a message follow, by the same route, a part of which it is known only now that it has left."""
    if attempt["parts"] > 1 and attempt["attempted"] != WHOLE:
        tx.run("message_bind", id=attempt["message_id"], route=attempt["route"])


def outdated(attempt: Row) -> bool:
    """Tell whether an attempt was at one part of a message of several that goes by another route since, as a whole.

    What becomes of that part is no matter of the message any more: a phone puts parts together by their sender, so the
    part that has left under the one does not stand in for the one that is to come under the other. A route that takes
    no parts sends the whole text whatever has left.
    """
    return (
        attempt["parts"] > 1
        and attempt["attempted"] != WHOLE
        and not attempt["goes_whole"]
        and attempt["message_route"] not in (None, attempt["route"])
    )
