"""What is to leave, and the claim of it: the rows that a message, its parts and its attempts begin with.

Knows that an attempt is written before anything leaves, at one part or, for a route that takes no parts, at all that is
unsent. Refuses to know how attempts end: that is ``attempts``. Every function works inside a transaction that its
caller has begun and will commit.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from smsd.errors import NotFoundError, StoreError
from smsd.rules.outbox import OBEYS_OPT_OUT, PRIORITY, MessageClass, PartState
from smsd.rules.routing import Left
from smsd.sms import NotSent, StatusReport, Witness
from smsd.store.engine import Row, Transaction
from smsd.store.wishes import recognise

__all__ = [
    "NO_OTHER_WAY",
    "WHOLE",
    "Claim",
    "Claimant",
    "Diversion",
    "NewMessage",
    "Ways",
    "begin",
    "claim_of",
    "get_message",
    "insert_message",
    "written_to",
]

WHOLE = 0
"""The sequence of an attempt at a whole message: parts are counted from 1."""
AT_ONCE = 0.0
"""Due since ever: a message queued while the clock was ahead does not wait until the clock has come there again."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be queued. Exactly one of ``text`` and ``sealed`` is set; times are Unix seconds.

    ``timezone`` (tz database) is the reader's own: an alert waits for his quiet hours, too. ``fingerprint`` is a hash
    of what was asked for under its ``key``.
    """

    message_class: MessageClass
    recipient: str
    parts: int
    text: str | None = None
    sealed: bytes | None = None
    due_at: float | None = None
    expires_at: float | None = None
    after_id: int | None = None
    request_id: int | None = None
    alert_id: int | None = None
    timezone: str | None = None
    key: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Claimant:
    """A route that asks for work: its name, the sender a client will see, its subscription and what it knows now.

    ``permits`` says for each class which messages that no route is bound to it may have: those made before the moment
    told (Unix seconds); ``None``: all. ``leaves`` says which answers among them it leaves to others. ``whole``: it
    takes messages as a whole, and no parts of them.
    """

    route: str
    sender: str
    sim: str | None
    witness: Witness
    permits: Mapping[MessageClass, float] | None = None
    whole: bool = False
    leaves: Mapping[MessageClass, Left] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Diversion:
    """That a message goes by another route than it should, from its first part on, and why (for people).

    ``stands_in``: only because the route it should go by failed or puts it off. Should this one be down, too, any may
    take it.
    """

    route: str
    reason: str
    stands_in: bool = False


@dataclass(frozen=True, slots=True)
class Ways:
    """The rules as they are asked which other way a message goes; pure, and asked inside the transaction that moves it.

    ``refused`` is asked of a message that a route refused: its class, the route, the refusal, and whether a person
    allowed its alert to fall back. ``reported`` of one that had been accepted and is reported undeliverable: its class,
    the report, and whether it has been diverted before. ``put_off`` of one that a route refused for the moment and that
    was not diverted before: its class, the route, the refusal, and how many seconds old it is when it is tried again.
    Each is told last by which route the command came that the message answers, if it answers one. ``None``: no other
    way.
    """

    refused: Callable[[MessageClass, str, NotSent, bool, str | None], Diversion | None]
    reported: Callable[[MessageClass, StatusReport, bool, str | None], Diversion | None]
    put_off: Callable[[MessageClass, str, NotSent, float, str | None], Diversion | None] = lambda *_: None


NO_OTHER_WAY = Ways(lambda *_: None, lambda *_: None)


@dataclass(frozen=True, slots=True)
class Claim:
    """One part that a route may now send, or the ``whole`` message of several: the attempt is on disk."""

    attempt_id: int
    message_id: int
    message_class: MessageClass
    recipient: str
    text: str | None
    sealed: bytes | None
    part: int
    parts: int
    reference: int
    expires_at: float | None
    diverted: bool = False
    whole: bool = False

    @property
    def place(self) -> str:
        """Which part of how many, for people."""
        return f"{'all' if self.whole else self.part}/{self.parts}"


def insert_message(tx: Transaction, new: NewMessage, now: float) -> tuple[int, bool]:
    """Queue a message inside a transaction; return its id and whether it is new (its key may already stand for one)."""
    if new.message_class in OBEYS_OPT_OUT:
        recognise(tx, [new.recipient])
    row = tx.first(
        "message_insert",
        created_at=now,
        **{"class": new.message_class.value},
        priority=PRIORITY[new.message_class],
        recipient=new.recipient,
        text=new.text,
        sealed=new.sealed,
        secret=int(new.sealed is not None),
        due_at=AT_ONCE if new.due_at is None else new.due_at,
        expires_at=new.expires_at,
        parts=new.parts,
        after_id=new.after_id,
        request_id=new.request_id,
        alert_id=new.alert_id,
        timezone=new.timezone,
        key=new.key,
        fingerprint=new.fingerprint,
    )
    if row is not None:
        return int(row["id"]), True
    found = tx.one("message_by_key", **{"class": new.message_class.value}, key=new.key)
    return int(found["id"]), False


def get_message(tx: Transaction, message_id: int) -> Row:
    """Return what is needed to move a message on; raise ``NotFoundError`` with a hint for a person."""
    row = tx.first("message_state", id=message_id)
    if row is None:
        raise NotFoundError(f"no message {message_id} in the outbox; 'smsd outbox list' shows what there is")
    return row


def written_to(tx: Transaction, message_id: int) -> str | None:
    """Name the route by which the command came that a message answers; ``None``: it answers none."""
    row = tx.first("message_written_to", id=message_id)
    return None if row is None else str(row["route"])


def begin(tx: Transaction, message: Row, claimant: Claimant, now: float) -> Claim:
    """Put the next unsent part of a message into the air, or for a route that takes no parts all of them.

    Should a part have left by another route meanwhile, the whole text is sent all the same: a phone shows no fragment.
    """
    message_id, total = message["id"], message["parts"]
    whole = claimant.whole and total > 1
    if message["made"]:
        sequence = _lift(tx, message_id, total, whole=whole)
    else:
        sequence = _make_parts(tx, message_id, total, whole=whole)
    reference = message["reference"]
    if reference is None and total > 1:
        # Any first value does, as long as two messages in a row differ.
        reference = tx.one("concatenation_next", recipient=message["recipient"], first=message_id % 256)["reference"]
    attempt_id = tx.insert(
        "attempt_insert",
        message_id=message_id,
        sequence=sequence,
        recipient=message["recipient"],
        route=claimant.route,
        sim=claimant.sim,
        witness=json.dumps(dict(claimant.witness)),
        now=now,
    )
    tx.run("message_begin", id=message_id, route=claimant.route, sender=claimant.sender, reference=reference)
    return claim_of(message, attempt_id, part=sequence or 1, reference=reference or 0, whole=whole)


def claim_of(message: Row, attempt_id: int, *, part: int, reference: int = 0, whole: bool = False) -> Claim:
    """Say of which message, and what of it, an attempt is."""
    return Claim(
        attempt_id=attempt_id,
        message_id=message["id"],
        message_class=MessageClass(message["class"]),
        recipient=message["recipient"],
        text=message["text"],
        sealed=message["sealed"],
        part=part,
        parts=message["parts"],
        reference=reference,
        expires_at=message["expires_at"],
        diverted=message["diverted"] is not None,
        whole=whole,
    )


def _make_parts(tx: Transaction, message_id: int, total: int, *, whole: bool) -> int:
    """Make the parts of a message that is claimed for the first time, the first of them (or all) in the air."""
    for sequence in range(1, total + 1):
        state = PartState.IN_AIR if whole or sequence == 1 else PartState.UNSENT
        tx.run("part_insert", message_id=message_id, sequence=sequence, state=state)
    return WHOLE if whole else 1


def _lift(tx: Transaction, message_id: int, total: int, *, whole: bool) -> int:
    """Put the next unsent part (or all) of a message that has begun into the air."""
    if whole and tx.run("part_lift", message_id=message_id):
        return WHOLE
    sequence = tx.one("part_next", message_id=message_id)["sequence"]
    if sequence is None:
        raise StoreError(f"message {message_id} is due but none of its {total} parts is to be sent")
    tx.run(
        "part_move", message_id=message_id, sequence=sequence, state=PartState.IN_AIR, refused=0, resent=0, sent_at=None
    )
    return int(sequence)
