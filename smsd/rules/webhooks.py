"""What the client-support system is told, in what words, signed how, and when it is told again.

Knows the kinds of events, the body of one, the signature (Standard Webhooks 1.0: HMAC-SHA256 over id, time and body)
and the delays between tries. Refuses to know who is told and how he is reached. No event holds a text or a password.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from smsd.errors import UsageError
from smsd.rules.outbox import FINAL, State

__all__ = [
    "TOLD",
    "EventState",
    "Hearing",
    "Kind",
    "body_of",
    "delay",
    "event_id",
    "hearing",
    "secret_of",
    "signature",
]

SHORTEST_SECRET = 24
"""Characters of a secret that is no Base64; of one that is, 24 octets (Standard Webhooks)."""
PREFIX = "whsec_"
LONGEST_DELAY = 3600.0


class Kind(StrEnum):
    """What an event is about."""

    DELIVERY = "delivery"
    OPT_OUT = "opt-out"
    REQUEST = "request"


class EventState(StrEnum):
    """Where an event stands. One that was heard is deleted."""

    WAITING = "waiting"
    GIVEN_UP = "given_up"


class Hearing(StrEnum):
    """What an answer to an event means."""

    HEARD = "heard"
    REFUSED = "refused"
    DEAF = "deaf"


TOLD = FINAL | {State.SUBMITTED, State.IN_DOUBT}
"""States of a notification that are told."""

_TYPES = {Kind.DELIVERY: "notification", Kind.OPT_OUT: "subscription", Kind.REQUEST: "request"}


def event_id(event: Mapping[str, Any]) -> str:
    """Return what an event is known by, at every try: after a backup was restored numbers begin again, times do not."""
    return f"evt_{event['id']}_{int(event['at'] * 1000)}"


def body_of(event: Mapping[str, Any]) -> bytes:
    """Return the body of an event: JSON, always the same octets for the same event."""
    kind = Kind(event["kind"])
    told = {"number": event["id"], "phone": event["phone"]}
    match kind:
        case Kind.DELIVERY:
            told |= {"id": event["subject_id"], "state": event["word"], "error": event["reason"], "key": event["note"]}
        case Kind.OPT_OUT:
            told |= {"subscribed": event["word"] == "started", "cause": event["reason"]}
        case Kind.REQUEST:
            told |= {"id": event["subject_id"], "command": event["note"], "state": event["word"]}
            told |= {"error": event["reason"]}
    at = datetime.fromtimestamp(event["at"], UTC).isoformat(timespec="milliseconds")
    whole = {"type": f"{_TYPES[kind]}.{event['word']}", "timestamp": at, "data": told}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def secret_of(written: str) -> bytes:
    """Return the key that a written secret means; raise ``UsageError`` for one that is none, or too short."""
    if not written.startswith(PREFIX):
        if len(written) < SHORTEST_SECRET:
            raise UsageError(f"the secret has {len(written)} characters; {SHORTEST_SECRET} at least")
        return written.encode()
    try:
        key = base64.b64decode(written.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise UsageError(f"what follows {PREFIX} in the secret is not Base64") from None
    if len(key) < SHORTEST_SECRET:
        raise UsageError(f"the secret has {len(key)} octets; {SHORTEST_SECRET} at least")
    return key


def signature(key: bytes, identity: str, timestamp: int, body: bytes) -> str:
    """Sign an event: ``v1,`` and the HMAC of id, time and body, in Base64."""
    signed = b".".join((identity.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def hearing(status: int) -> Hearing:
    """Say what an answer's status means: nobody is at home with 5xx, 429 and 408; others mean this event alone."""
    if 200 <= status < 300:
        return Hearing.HEARD
    return Hearing.DEAF if status >= 500 or status in (408, 425, 429) else Hearing.REFUSED


def delay(tries: int, draw: float) -> float:
    """Return the seconds until the next try after so many; ``draw`` (0 to 1) spreads them out."""
    longest = min(LONGEST_DELAY, 2.0 ** min(tries, 20))
    return longest * (0.5 + draw / 2)
