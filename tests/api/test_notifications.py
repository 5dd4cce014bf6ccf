"""Notifications over HTTP: queued when answered, once for a key, seen afterwards, and never shown to others."""

import json

import httpx
import pytest

from smsd.desk.access import Scope
from tests.api.house import OTHER, PHONE, Face


async def test_a_notification_is_on_disk_when_it_is_answered(face: Face) -> None:
    answer = await face.post("/v1/notifications", {"to": "8 (916) 000-00-01", "text": "Ваш заказ готов."})
    assert answer.status_code == 202
    told = answer.json()
    assert told == {"id": told["id"], "to": PHONE, "parts": 1, "odd": []}
    assert answer.headers["location"] == f"/v1/notifications/{told['id']}"
    row = face.store.outbox.show(told["id"])
    assert (row["class"], row["recipient"], row["text"]) == ("notification", PHONE, "Ваш заказ готов.")
    assert len(face.rung) == 1
    status = await face.get(answer.headers["location"])
    assert (status["state"], status["final"], status["to"]) == ("queued", False, PHONE)
    assert "text" not in status


async def test_a_template_is_filled(face: Face) -> None:
    body = {"to": PHONE, "template": "order-ready", "values": {"order": "17", "sum": "90"}}
    preview = (await face.post("/v1/notifications/preview", body)).json()
    assert preview["text"] == "Заказ 17 готов. К оплате 90 руб."
    assert face.store.outbox.recent(limit=0) == []
    answer = await face.post("/v1/notifications", body)
    assert face.store.outbox.show(answer.json()["id"])["text"] == preview["text"]
    listed = (await face.get("/v1/templates"))["templates"]
    assert [each["name"] for each in listed] == ["order-ready"]
    assert (await face.get("/v1/templates/order-ready"))["variables"] == ["order", "sum"]


async def test_a_key_makes_a_repeat_harmless(face: Face) -> None:
    body = {"to": PHONE, "text": "text"}
    first = await face.post("/v1/notifications", body, key="order-17")
    again = await face.post("/v1/notifications", {**body, "to": "89160000001"}, key='"order-17"')
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    for other in ({"to": OTHER, "text": "text"}, {"to": PHONE, "text": "another"}):
        refused = await face.post("/v1/notifications", other, key="order-17")
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:smsd:problem:key-taken")
        assert refused.headers["content-type"] == "application/problem+json"
    assert len(face.store.outbox.recent(limit=0)) == 1
    assert (await face.get("/v1/notifications?key=order-17"))["id"] == first.json()["id"]


async def test_a_key_is_read_as_it_was_written(face: Face) -> None:
    """In UTF-8, with or without its quotes; two keys, or octets that are no text, are nobody's guess."""
    body = json.dumps({"to": PHONE, "text": "text"}).encode()

    async def ask(*keys: bytes) -> httpx.Response:
        headers = [(b"Content-Type", b"application/json"), *((b"Idempotency-Key", key) for key in keys)]
        return await face.near.post("/v1/notifications", content=body, headers=headers)

    number = (await ask("заказ-1".encode())).json()["id"]
    assert (await face.get("/v1/notifications?key=заказ-1"))["key"] == "заказ-1"
    assert (await ask('"заказ-1"'.encode())).json()["id"] == number
    assert (await face.get('/v1/notifications?key="заказ-1"'))["id"] == number
    for refused in (await ask(b"a", b"b"), await ask(b"\xff"), await ask(b""), await ask(b'""')):
        assert (refused.status_code, refused.json()["field"]) == (422, "Idempotency-Key"), refused.text
    assert len(face.store.outbox.recent(limit=0)) == 1


async def test_a_withdrawn_one_is_final(face: Face) -> None:
    number = (await face.post("/v1/notifications", {"to": PHONE, "text": "text"})).json()["id"]
    cancelled = await face.post(f"/v1/notifications/{number}/cancel")
    assert (cancelled.json()["state"], cancelled.json()["final"]) == ("cancelled", True)
    again = await face.post(f"/v1/notifications/{number}/cancel")
    assert (again.status_code, again.json()["field"]) == (422, "id")


async def test_what_others_sent_is_nobodys_business(face: Face) -> None:
    from smsd.rules.outbox import MessageClass
    from smsd.store import NewMessage

    number, _ = face.store.outbox.enqueue(NewMessage(MessageClass.RESULT, PHONE, 1, text="secret"))
    for way in (f"/v1/notifications/{number}", "/v1/notifications/999", "/v1/notifications/x"):
        answer = await face.near.get(way)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:smsd:problem:not-found")
    assert (await face.post(f"/v1/notifications/{number}/cancel")).status_code == 404


async def test_who_did_it_stands_in_the_audit_trail(face: Face) -> None:
    await face.post("/v1/notifications", {"to": PHONE, "text": "text"})
    headers = face.token(Scope.NOTIFY)
    answer = await face.far.post("/v1/notifications", json={"to": OTHER, "text": "text"}, headers=headers)
    assert answer.status_code == 202
    far, near = face.store.audit.recent(limit=2)
    assert (far["who"], far["what"]) == ("token ccs", "api notify")
    assert near["who"].endswith("(API socket)")
    assert PHONE not in near["about"]


async def test_what_a_number_wishes_is_told(face: Face) -> None:
    from smsd.store.inbox import subscribe

    assert (await face.get(f"/v1/subscriptions/{PHONE}"))["subscribed"]
    with face.store.engine.write() as tx:
        subscribe(tx, PHONE, subscribed=False, decided_at=1.0, cause="SMS, inbox 1", now=1.0)
    told = await face.get(f"/v1/subscriptions/{PHONE}")
    assert (told["subscribed"], told["cause"]) == (False, "SMS, inbox 1")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"to": "12", "text": "text"}, "/to"),
        ({"to": PHONE, "text": " "}, "/text"),
        ({"to": PHONE}, "/text"),
        ({"to": PHONE, "text": "ы" * 3000}, "/text"),
        ({"to": PHONE, "text": "a\ud800"}, "/text"),
        ({"text": "text"}, "/to"),
        ({"to": 79160000001, "text": "text"}, "/to"),
        ({"to": PHONE, "text": None}, "/text"),
        ({"to": PHONE, "text": "x" * 4001}, "/text"),
        ({"to": PHONE, "txt": "text"}, "/txt"),
        ({"to": PHONE, "template": "order-ready", "values": {"order": "17"}}, "/values"),
        ({"to": PHONE, "template": "order-ready", "values": {"order": "17", "sum": 90}}, "/values/sum"),
        ({"to": PHONE, "template": "nothing"}, "/template"),
        ({"to": "+74959811210", "text": "text"}, "/to"),
        ([], "/"),
        ("text", "/"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_place(face: Face, body: object, field: str) -> None:
    answer = await face.post("/v1/notifications", body)
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert answer.json()["status"] == 422
    assert face.store.outbox.recent(limit=0) == []
