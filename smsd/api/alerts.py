"""The operations on alerts: looked at, queued wholly or not at all, seen, paused, resumed, withdrawn.

Knows how a body becomes an order of the desk. All of them run in a room of their own (``offices.BulkRoom``): an alert
to a hundred thousand keeps no answer waiting.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from smsd.api import shapes
from smsd.api.offices import Offices
from smsd.api.operation import KIB, Answer, Call, Operation
from smsd.api.problem import Problem, placed
from smsd.desk.access import Scope
from smsd.desk.alerts import CLIENT_COLUMNS, AlertDesk, Made, Order, Preview, client_candidates
from smsd.rules.alerts import AlertState, Candidate
from smsd.rules.templates import LONGEST_VALUE
from smsd.store import Row, Store

__all__ = ["OPERATIONS"]

LARGEST = 8 * 1024 * KIB
MOST_RECIPIENTS = 50_000
_WRITTEN = json.JSONEncoder(sort_keys=True)
"""Writes what is equal alike."""

_COUNT = {"type": "integer"}
_RECIPIENT = shapes.record(
    "Somebody to be written to.",
    ["to"],
    to=shapes.PHONE,
    values=shapes.mapping(
        "What stands in the text's braces for him.", shapes.text("A value.", longest=LONGEST_VALUE, shortest=0), most=50
    ),
    consent_at=shapes.text("When he agreed, where proof is wanted.", longest=40, shortest=0),
    consent_source=shapes.text("Where he agreed.", longest=200, shortest=0),
    timezone=shapes.text("His own time zone (tz database): his quiet hours count, too.", longest=64, shortest=0),
)
_ALERT = shapes.record(
    "An alert: one text to many, either to `everybody` in the local directory or to `recipients`.",
    ["text"],
    text=shapes.text("The text; may have values in braces.", longest=4000),
    everybody={"type": "boolean", "description": "Whether all clients of the local directory are written to."},
    recipients=shapes.listing("Who is written to.", _RECIPIENT, most=MOST_RECIPIENTS),
    starts_at=shapes.text("Not before this moment: ISO 8601 with its zone.", longest=40),
    expires_at=shapes.text("Not after this moment.", longest=40),
    allow_fallback={"type": "boolean", "description": "Whether it may leave by a SIM while no bind is up."},
    override=shapes.text("The kind of alert that goes to those who want none (alerts.override_opt_out).", longest=64),
)
_PREVIEW = shapes.record(
    "What an alert would be; nothing is written.",
    recipients=_COUNT,
    dropped=_COUNT,
    drops=shapes.mapping("Who is not written to, by reason.", _COUNT, most=20),
    sample={
        "type": "string",
        "description": "The text as the first of the recipients reads it; to everybody, as it is written: no client's "
        "data are shown here.",
    },
    parts=_COUNT,
    alphabet=shapes.either("What it is written in.", "GSM7", "UCS2"),
    forced_by={"type": ["string", "null"], "description": "The first character that forces UCS2."},
    route={"type": ["string", "null"]},
    sender={"type": ["string", "null"]},
    price_kopecks={"type": ["integer", "null"]},
    starts_at=shapes.TIME,
    ends_at=shapes.TIME,
    expires_at=shapes.maybe(shapes.TIME),
    alert_id={"type": ["integer", "null"], "description": "The alert that the key stands for already."},
    warnings=shapes.listing("What to think of first.", {"type": "string"}, most=20),
)
_SHOWN = shapes.record(
    "An alert and how far it has come.",
    ["id", "state"],
    id=_COUNT,
    state=shapes.either("Where it stands.", *AlertState),
    created_at=shapes.TIME,
    starts_at=shapes.TIME,
    expires_at=shapes.maybe(shapes.TIME),
    done_at=shapes.maybe(shapes.TIME),
    recipients=_COUNT,
    dropped=_COUNT,
    drops=shapes.mapping("Who is not written to, by reason.", _COUNT, most=20),
    parts=_COUNT,
    counts=shapes.mapping("Its recipients, by what has become of them.", _COUNT, most=20),
    key={"type": ["string", "null"]},
    held={"type": ["string", "null"], "description": "Why nothing of it leaves just now."},
    held_until=shapes.maybe(shapes.TIME),
)


async def preview(offices: Offices, call: Call) -> Answer:
    """Say what an alert would be."""
    # Fifty thousand recipients take a second to look at: not on the loop, which the modem needs.
    order = await asyncio.to_thread(_order_of, call, call.idempotency_key())
    looked = await offices.bulk.call(lambda desk, store: placed("/text", lambda: desk.preview(order(store))))
    told = _preview(looked, offices)
    return Answer(200, told | {"sample": call.body["text"]} if call.body.get("everybody") else told)


async def send(offices: Offices, call: Call) -> Answer:
    """Queue an alert wholly, or not at all."""
    order = await asyncio.to_thread(_order_of, call, call.idempotency_key())

    def verb(desk: AlertDesk, store: Store) -> tuple[Made, dict[str, Any]]:
        made = placed("/text", lambda: desk.send(order(store)))
        return made, _shown(desk, store.alerts.show(made.id), offices)

    made, shown = await offices.write_bulk(call.caller, "api alert", _who(call.body), verb)
    replayed = {} if made.new else {"Idempotent-Replayed": "true"}
    return Answer(202, shown, {"Location": f"/v1/alerts/{made.id}", **replayed})


async def show(offices: Offices, call: Call) -> Answer:
    """Show an alert."""
    number = call.number()
    return Answer(200, await offices.bulk.call(lambda desk, store: _shown(desk, store.alerts.show(number), offices)))


def _moving(what: str, verb: Callable[[AlertDesk, int], None]) -> Callable[[Offices, Call], Any]:
    async def move(offices: Offices, call: Call) -> Answer:
        number = call.number()

        def moved(desk: AlertDesk, store: Store) -> dict[str, Any]:
            placed("id", lambda: verb(desk, number))
            return _shown(desk, store.alerts.show(number), offices)

        return Answer(200, await offices.write_bulk(call.caller, f"api alert {what}", f"alert {number}", moved))

    return move


# --- what was asked for -----------------------------------------------------------------------------------------------


def _order_of(call: Call, key: str | None) -> Callable[[Store], Order]:
    """Turn a body into an order, to be completed by the store; raise ``Problem`` where its members do not agree."""
    body = call.body
    everybody, recipients = body.get("everybody", False), body.get("recipients")
    if everybody == (recipients is not None):
        raise Problem(422, "invalid", "who is written to?", "/recipients", "give recipients, or everybody: true")
    fingerprint = _fingerprint(body)
    starts_at, expires_at = _moment(body, "starts_at"), _moment(body, "expires_at")
    candidates = [_candidate(each, number) for number, each in enumerate(recipients or ())]
    columns = CLIENT_COLUMNS if everybody else sorted({name for each in candidates for name in each.values})

    def order(store: Store) -> Order:
        def source() -> Iterator[Candidate]:
            return client_candidates(store) if everybody else iter(candidates)

        return Order(
            body["text"], source, columns, starts_at, expires_at, body.get("allow_fallback", False),
            body.get("override"), key, fingerprint,
        )  # fmt: skip

    return order


def _fingerprint(body: dict[str, Any]) -> str:
    """Hash all that was asked for, one recipient at a time.

    Fifty thousand in one go would hold the interpreter for a tenth of a second, and the loop with it, from any thread.
    """
    hashed = hashlib.blake2b(digest_size=16)
    hashed.update(_WRITTEN.encode({name: value for name, value in body.items() if name != "recipients"}).encode())
    for each in body.get("recipients") or ():
        hashed.update(_WRITTEN.encode(each).encode())
    return hashed.hexdigest()


def _candidate(each: dict[str, Any], number: int) -> Candidate:
    if zone := each.get("timezone", ""):
        try:
            ZoneInfo(zone)
        except (LookupError, ValueError, OSError):
            raise Problem(
                422, "invalid", "there is no such time zone", f"/recipients/{number}/timezone", "like Asia/Novosibirsk"
            ) from None
    return Candidate(
        each["to"], each.get("values", {}), each.get("consent_at", ""), each.get("consent_source", ""), zone
    )


def _moment(body: dict[str, Any], name: str) -> float | None:
    if name not in body:
        return None
    try:
        found = datetime.fromisoformat(body[name])
        if found.tzinfo is not None:
            return found.timestamp()
    except (ValueError, OverflowError):
        pass
    raise Problem(422, "invalid", "this is no moment with its zone", f"/{name}", "like 2026-03-01T12:00:00+03:00")


def _who(body: dict[str, Any]) -> str:
    return "all clients" if body.get("everybody") else f"{len(body['recipients'])} recipients"


# --- what is answered -------------------------------------------------------------------------------------------------


def _preview(looked: Preview, offices: Offices) -> dict[str, Any]:
    summary = looked.summary
    return {
        "recipients": summary.recipients,
        "dropped": summary.dropped_count,
        "drops": {why.value: count for why, count in summary.dropped.items()},
        "sample": summary.sample,
        "parts": summary.parts,
        "alphabet": "UCS2" if summary.ucs2 else "GSM7",
        "forced_by": summary.character,
        "route": looked.route or None,
        "sender": looked.sender or None,
        "price_kopecks": looked.price,
        "starts_at": offices.iso(looked.starts_at),
        "ends_at": offices.iso(looked.ends_at),
        "expires_at": offices.iso(looked.expires_at),
        "alert_id": looked.existing,
        "warnings": list(looked.warnings),
    }


def _shown(desk: AlertDesk, row: Row, offices: Offices) -> dict[str, Any]:
    hold = desk.hold(row)
    told = {name: row[name] for name in ("id", "state", "recipients", "dropped", "drops", "parts", "counts")}
    times = {name: offices.iso(row[name]) for name in ("created_at", "starts_at", "expires_at", "done_at")}
    held = {"held": None if hold is None else hold.reason}
    return told | times | held | {
        "held_until": None if hold is None else offices.iso(hold.until),
        "key": row["idempotency_key"],
    }  # fmt: skip


OPERATIONS = (
    Operation(
        "previewAlert", "POST", "/v1/alerts/preview", Scope.ALERT,
        "Say what an alert would be: who is dropped and why, parts, price, way and times. Nothing is written.",
        preview, ((200, "What it would be.", _PREVIEW),), takes=_ALERT, largest=LARGEST,
    ),
    Operation(
        "sendAlert", "POST", "/v1/alerts", Scope.ALERT,
        "Queue an alert, wholly or not at all. Look at its preview first: nobody is asked here.",
        send, ((202, "It is queued; or was, under the same key.", _SHOWN),),
        takes=_ALERT, keyed=True, largest=LARGEST,
    ),
    Operation(
        "showAlert", "GET", "/v1/alerts/{id}", Scope.VIEW, "Show an alert: how far it has come, and what holds it.",
        show, ((200, "How far it has come.", _SHOWN),), problems=(404,),
    ),
    Operation(
        "pauseAlert", "POST", "/v1/alerts/{id}/pause", Scope.ALERT,
        "Let nothing more of an alert begin to leave.",
        _moving("pause", AlertDesk.pause), ((200, "How it stands now.", _SHOWN),), problems=(404, 422),
    ),
    Operation(
        "resumeAlert", "POST", "/v1/alerts/{id}/resume", Scope.ALERT, "Let a paused alert go on.",
        _moving("resume", AlertDesk.resume), ((200, "How it stands now.", _SHOWN),), problems=(404, 422),
    ),
    Operation(
        "cancelAlert", "POST", "/v1/alerts/{id}/cancel", Scope.ALERT,
        "Withdraw for good what has not begun to leave of an alert.",
        _moving("cancel", AlertDesk.cancel), ((200, "How it stands now.", _SHOWN),), problems=(404, 422),
    ),
)  # fmt: skip
"""The operations, in the order of the document."""
