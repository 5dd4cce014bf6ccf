"""The operations on notifications, their templates, and what a number wishes.

Knows how a request becomes a verb of the desk and a row an answer. Refuses to show texts: whoever sent one has it, and
nobody else needs it.
"""

from collections.abc import Mapping
from typing import Any

from smsd.api import shapes
from smsd.api.offices import Offices
from smsd.api.operation import Answer, Call, Operation, Query, bare_key
from smsd.api.problem import Problem, placed
from smsd.desk import LONGEST_KEY, Draft, Queued
from smsd.desk.access import Scope
from smsd.errors import NotFoundError
from smsd.rules.outbox import FINAL, MessageClass, State
from smsd.rules.phones import mask
from smsd.rules.templates import LONGEST_VALUE, NotificationTemplate
from smsd.store import Row

__all__ = ["OPERATIONS"]

REPLAYED = {"Idempotent-Replayed": "true"}

_ID = {"type": "integer", "description": "The number of the message."}
_ODD = shapes.listing("What is strange about the number, in words.", {"type": "string"}, most=2)
_NOTIFICATION = shapes.record(
    "A notification: either `text`, or `template` with its `values`.",
    ["to"],
    to=shapes.PHONE,
    text=shapes.text("The text.", longest=4000),
    template=shapes.text("The name of a template.", longest=64),
    values=shapes.mapping(
        "What stands in the template's braces.", shapes.text("A value.", longest=LONGEST_VALUE, shortest=0), most=50
    ),
)
_ACCEPTED = shapes.record(
    "A notification that is on disk.",
    ["id", "to", "parts", "odd"],
    id=_ID,
    to=shapes.PHONE,
    parts={"type": "integer", "description": "How many short messages it makes."},
    odd=_ODD,
)
_DRAFT = shapes.record(
    "What a notification would be; nothing is written.",
    ["to", "text", "parts", "odd", "opted_out"],
    to=shapes.PHONE,
    text={"type": "string", "description": "The text, with the values in it."},
    parts={"type": "integer", "description": "How many short messages it makes."},
    odd=_ODD,
    opted_out={"type": "boolean", "description": "Whether the number wants no notifications: it would be suppressed."},
)
_STATUS = shapes.record(
    "What has become of a notification.",
    ["id", "state", "final"],
    id=_ID,
    to=shapes.PHONE,
    key=shapes.maybe(shapes.text("The key it was sent under.", longest=LONGEST_KEY)),
    state=shapes.either("Where it stands; docs/reference/states.md explains each.", *State),
    final={"type": "boolean", "description": "Whether nothing more will happen to it by itself."},
    created_at=shapes.TIME,
    expires_at=shapes.maybe(shapes.TIME),
    sent_at=shapes.maybe(shapes.TIME),
    delivered_at=shapes.maybe(shapes.TIME),
    parts={"type": "integer", "description": "How many short messages it makes."},
    attempts={"type": "integer", "description": "How often a part of it was tried."},
    route={"type": ["string", "null"], "description": "The way it left, or is to leave by."},
    sender={"type": ["string", "null"], "description": "What its reader sees as the sender."},
    error={"type": ["string", "null"], "description": "Why it did not leave, or not yet, or did not arrive."},
)
_TEMPLATE = shapes.record(
    "A template of notifications.",
    ["name", "variables", "parts"],
    name={"type": "string", "description": "Its name."},
    about={"type": "string", "description": "The first line of its comment."},
    text={"type": "string", "description": "Its text, with the places of its values in braces."},
    variables=shapes.listing("The values it needs.", {"type": "string"}, most=50),
    parts={"type": "integer", "description": "How many short messages it makes with typical values."},
)
_WISH = shapes.record(
    "What a number wishes of notifications and alerts.",
    ["to", "subscribed"],
    to=shapes.PHONE,
    subscribed={"type": "boolean", "description": "Whether it takes them; a number that never said anything does."},
    decided_at=shapes.maybe(shapes.TIME),
    cause={"type": ["string", "null"], "description": "How that is known."},
)


# --- notifications ----------------------------------------------------------------------------------------------------


async def notify(offices: Offices, call: Call) -> Answer:
    """Queue a notification."""
    body, key = call.body, call.idempotency_key()
    phone = _phone(offices, body)

    def verb() -> Queued:
        return placed(
            _field(body, offices),
            lambda: offices.desk.notify(
                phone, body.get("text"), template=body.get("template"), values=body.get("values"), key=key
            ),
        )

    queued = await offices.write(call.caller, "api notify", mask(phone), verb)
    told = {"id": queued.id, "to": queued.recipient, "parts": queued.parts, "odd": list(queued.odd)}
    replayed = {} if queued.new else REPLAYED
    return Answer(202, told, {"Location": f"/v1/notifications/{queued.id}", **replayed})


async def preview(offices: Offices, call: Call) -> Answer:
    """Say what a notification would be."""
    body = call.body
    phone = _phone(offices, body)

    def verb() -> Draft:
        return placed(
            _field(body, offices),
            lambda: offices.desk.draft(
                phone, body.get("text"), template=body.get("template"), values=body.get("values")
            ),
        )

    draft = await offices.thread.call(verb)
    return Answer(
        200,
        {
            "to": draft.recipient,
            "text": draft.text,
            "parts": draft.parts,
            "odd": list(draft.odd),
            "opted_out": draft.opted_out,
        },
    )


async def status(offices: Offices, call: Call) -> Answer:
    """Say what has become of a notification."""
    return Answer(200, _status(await offices.thread.call(_notification, offices, call.number()), offices))


async def find(offices: Offices, call: Call) -> Answer:
    """Say what has become of the notification that a key stands for. Raises ``Problem``, ``NotFoundError``."""
    key = bare_key(call.query.get("key", ""))
    if not key:
        raise Problem(422, "invalid", "the query has no key", "key", "ask for ?key=…")

    def verb() -> Row:
        found = offices.store.outbox.by_key(MessageClass.NOTIFICATION, key)
        if found is None:
            raise NotFoundError("no notification was sent under this key")
        return _notification(offices, found["id"])

    return Answer(200, _status(await offices.thread.call(verb), offices))


async def cancel(offices: Offices, call: Call) -> Answer:
    """Withdraw what has not left of a notification."""
    number = call.number()

    def verb() -> Row:
        _notification(offices, number)
        placed("id", lambda: offices.desk.cancel(number))
        return _notification(offices, number)

    row = await offices.write(call.caller, "api cancel", f"message {number}", verb)
    return Answer(200, _status(row, offices))


def _phone(offices: Offices, body: Mapping[str, Any]) -> str:
    """Return the number that is written to; raise ``Problem`` for one that is none, or refused."""

    def verb() -> str:
        phone = offices.desk.phone(body["to"])
        offices.desk.odd(phone)
        return phone

    return placed("/to", verb)


def _field(body: Mapping[str, Any], offices: Offices) -> str:
    """Say which member is wrong, if the number is not."""
    if "template" not in body or "text" in body:
        return "/text"
    return "/values" if body["template"] in offices.desk.templates else "/template"


def _notification(offices: Offices, number: int) -> Row:
    """Return a notification; messages of other classes are nobody's business here."""
    row = offices.store.outbox.glance(number)
    if row is None or row["class"] != MessageClass.NOTIFICATION:
        raise NotFoundError(f"no notification {number}")
    return row


def _status(row: Row, offices: Offices) -> dict[str, Any]:
    state = State(row["state"])
    told = {name: row[name] for name in ("id", "parts", "attempts", "route", "sender", "error")}
    times = {name: offices.iso(row[name]) for name in ("created_at", "expires_at", "sent_at", "delivered_at")}
    more = {"to": row["recipient"], "key": row["idempotency_key"], "state": state.value, "final": state in FINAL}
    return told | times | more


# --- templates and wishes ---------------------------------------------------------------------------------------------


async def templates(offices: Offices, call: Call) -> Answer:  # noqa: ARG001  as every verb
    """List the templates."""
    return Answer(200, {"templates": [_template(each) for each in offices.desk.templates.values()]})


async def template(offices: Offices, call: Call) -> Answer:
    """Show one template."""
    found = offices.desk.templates.get(call.path["name"])
    if found is None:
        raise Problem(404, "not-found", "there is no template of this name", "name", "see GET /v1/templates")
    return Answer(200, _template(found))


def _template(each: NotificationTemplate) -> dict[str, Any]:
    return {
        "name": each.name,
        "about": each.about,
        "text": each.text,
        "variables": list(each.variables),
        "parts": each.parts,
    }


async def wish(offices: Offices, call: Call) -> Answer:
    """Say what a number wishes of notifications and alerts."""
    phone = placed("phone", lambda: offices.desk.phone(call.path["phone"][:40]))
    row = await offices.thread.call(offices.store.clients.wish, phone)
    told = {"to": phone, "subscribed": row is None or bool(row["subscribed"])}
    decided = None if row is None else offices.iso(row["decided_at"])
    return Answer(200, told | {"decided_at": decided, "cause": None if row is None else row["cause"]})


OPERATIONS = (
    Operation(
        "notify", "POST", "/v1/notifications", Scope.NOTIFY,
        "Send a notification. It is on disk when 202 is answered, and leaves as soon as a route takes it; whether its "
        "reader has opted out is looked at in the moment of sending.",
        notify, ((202, "It is queued; or was, under the same key.", _ACCEPTED),),
        takes=_NOTIFICATION, keyed=True,
    ),
    Operation(
        "previewNotification", "POST", "/v1/notifications/preview", Scope.NOTIFY,
        "Say what a notification would be: its text, its parts, what is odd. Nothing is written.",
        preview, ((200, "What it would be.", _DRAFT),), takes=_NOTIFICATION,
    ),
    Operation(
        "findNotification", "GET", "/v1/notifications", Scope.VIEW,
        "Say what has become of the notification that was sent under a key.",
        find, ((200, "Where it stands.", _STATUS),), queries=(Query("key", "The key it was sent under.", LONGEST_KEY),),
        problems=(404, 422),
    ),
    Operation(
        "showNotification", "GET", "/v1/notifications/{id}", Scope.VIEW, "Say what has become of a notification.",
        status, ((200, "Where it stands.", _STATUS),), problems=(404,),
    ),
    Operation(
        "cancelNotification", "POST", "/v1/notifications/{id}/cancel", Scope.NOTIFY,
        "Withdraw what has not left of a notification.",
        cancel, ((200, "Where it stands now.", _STATUS),), problems=(404, 422),
    ),
    Operation(
        "listTemplates", "GET", "/v1/templates", Scope.VIEW, "List the templates of notifications.",
        templates,
        ((200, "All of them.", shapes.record(
            "The templates.", ["templates"], templates=shapes.listing("Each of them.", _TEMPLATE, most=10_000))),),
    ),
    Operation(
        "showTemplate", "GET", "/v1/templates/{name}", Scope.VIEW, "Show one template.",
        template, ((200, "It.", _TEMPLATE),), problems=(404,),
    ),
    Operation(
        "showSubscription", "GET", "/v1/subscriptions/{phone}", Scope.VIEW,
        "Say whether a number takes notifications and alerts, since when and why. It decides itself, by SMS.",
        wish, ((200, "What it wishes.", _WISH),), problems=(422,),
    ),
)  # fmt: skip
"""The operations, in the order of the document."""
