"""Alerts over HTTP: looked at, wholly there or not at all, and moved about."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from smsd.api import alerts, app
from smsd.store import Client
from tests.api.house import OTHER, PHONE, Face

TEXT = "Завтра мы не работаем. Отказ: CLIENT sms stop"
ALERT = {"text": TEXT, "recipients": [{"to": PHONE}, {"to": OTHER}, {"to": PHONE}]}


async def test_an_alert_is_looked_at_first(face: Face) -> None:
    looked = (await face.post("/v1/alerts/preview", ALERT)).json()
    assert (looked["recipients"], looked["drops"], looked["parts"]) == (2, {"duplicate": 1}, 2)
    assert (looked["alphabet"], looked["forced_by"], looked["route"]) == ("UCS2", "З", "modem0")
    assert face.store.alerts.recent(limit=0) == []


async def test_an_alert_is_there_when_it_is_answered_and_once_for_a_key(face: Face) -> None:
    first = await face.post("/v1/alerts", ALERT, key="holiday")
    assert (first.status_code, first.json()["recipients"]) == (202, 2)
    again = await face.post("/v1/alerts", ALERT, key="holiday")
    assert (again.json()["id"], again.headers["idempotent-replayed"]) == (first.json()["id"], "true")
    shown = await face.get(first.headers["location"])
    assert (shown["state"], shown["counts"], shown["key"]) == ("running", {"queued": 2}, "holiday")
    assert face.store.audit.recent(limit=1)[0]["what"] == "api alert"


async def test_a_key_stands_for_the_whole_of_an_alert(face: Face) -> None:
    first = await face.post("/v1/alerts", ALERT, key="holiday")
    for other in (ALERT | {"text": "Другой текст"}, ALERT | {"recipients": [{"to": PHONE}]}):
        refused = await face.post("/v1/alerts", other, key="holiday")
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:smsd:problem:key-taken")
    assert [row["id"] for row in face.store.alerts.recent(limit=0)] == [first.json()["id"]]


async def test_many_recipients_are_looked_at_beside_the_loop(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop has a modem to look after."""
    names: list[str] = []

    def witnessed(verb: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any) -> Any:
            names.append(threading.current_thread().name)
            return verb(*args)

        return called

    monkeypatch.setattr(app, "_understood", witnessed(app._understood))
    monkeypatch.setattr(alerts, "_order_of", witnessed(alerts._order_of))
    recipients = [{"to": f"+7916{number:07}"} for number in range(20_000)]
    answer = await face.post("/v1/alerts", {"text": TEXT, "recipients": recipients})
    assert (answer.status_code, answer.json()["recipients"]) == (202, 20_000)
    assert len(names) == 2
    assert threading.main_thread().name not in names


async def test_many_recipients_hold_the_interpreter_for_one_at_a_time(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread is no help against one long call into C: an answer to a client waits for its end."""
    longest = 0

    class Witness:
        def encode(self, value: Any) -> str:
            nonlocal longest
            written = json.dumps(value, sort_keys=True)
            longest = max(longest, len(written))
            return written

    monkeypatch.setattr(alerts, "_WRITTEN", Witness())
    recipients = [{"to": f"+7916{number:07}"} for number in range(2000)]
    first = await face.post("/v1/alerts", {"text": TEXT, "recipients": recipients}, key="many")
    again = await face.post("/v1/alerts", {"recipients": recipients, "text": TEXT}, key="many")
    assert again.json()["id"] == first.json()["id"]
    recipients[1999]["to"] = "+79169999999"
    other = await face.post("/v1/alerts", {"text": TEXT, "recipients": recipients}, key="many")
    assert other.status_code == 422
    assert 0 < longest < 500


async def test_an_alert_is_paused_resumed_and_withdrawn(face: Face) -> None:
    way = (await face.post("/v1/alerts", ALERT)).headers["location"]
    for verb, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        assert (await face.post(f"{way}/{verb}")).json()["state"] == state
    refused = await face.post(f"{way}/resume")
    assert (refused.status_code, refused.json()["field"]) == (422, "id")
    assert (await face.near.get("/v1/alerts/999")).status_code == 404


async def test_values_are_put_into_the_text(face: Face) -> None:
    body = {"text": "Счёт {sum} руб. Отказ: CLIENT sms stop", "recipients": [{"to": PHONE, "values": {"sum": "5"}}]}
    assert (await face.post("/v1/alerts/preview", body)).json()["sample"] == "Счёт 5 руб. Отказ: CLIENT sms stop"
    assert (await face.post("/v1/alerts", body)).status_code == 202


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"recipients": None}, "/recipients"),
        ({"everybody": True}, "/recipients"),
        ({"recipients": []}, "/text"),
        ({"recipients": [{"to": "12"}]}, "/text"),
        ({"text": "{name}"}, "/text"),
        ({"starts_at": "tomorrow"}, "/starts_at"),
        ({"starts_at": "2030-01-01T00:00:00"}, "/starts_at"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"starts_at": "2020-01-01T00:00:00Z"}, "/starts_at"),
        ({"recipients": [{"to": PHONE, "timezone": "Mars/Base"}]}, "/recipients/0/timezone"),
        ({"recipients": [{"to": PHONE, "values": {"a/b~": 5}}]}, "/recipients/0/values/a~1b~0"),
        ({"override": "outage"}, "/override"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_place(face: Face, more: dict[str, Any], field: str) -> None:
    answer = await face.post("/v1/alerts", ALERT | more)
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert face.store.alerts.recent(limit=0) == []


@pytest.mark.parametrize("name", ["starts_at", "expires_at"])
async def test_a_moment_beyond_all_calendars_is_refused_before_anything_is_written(face: Face, name: str) -> None:
    for way in ("/v1/alerts/preview", "/v1/alerts"):
        answer = await face.post(way, ALERT | {name: "9999-12-31T23:59:59-23:59"})
        assert (answer.status_code, answer.json()["field"]) == (422, f"/{name}"), answer.text
    assert face.store.alerts.recent(limit=0) == []


async def test_a_look_at_everybody_shows_no_clients_data(face: Face) -> None:
    face.store.clients.put([Client(PHONE, "777", "ivanov", None, "Иван Иванович", None)], cause="by hand")
    body = {"text": "Здравствуйте, {name}: {login} {code}", "everybody": True}
    answer = await face.post("/v1/alerts/preview", body)
    assert answer.json()["recipients"] == 1
    assert answer.json()["sample"] == body["text"]
    assert "ivanov" not in answer.text


@pytest.mark.parametrize("place", ["to", "consent_at", "consent_source", "timezone", "values"])
async def test_half_a_character_is_refused_wherever_it_stands(face: Face, place: str) -> None:
    """Written as an escape it passes every decoder, and nothing can keep it."""
    for value in ({"a": "\ud800"}, {"\udfff": "a"}) if place == "values" else ("\ud800",):
        body = {"text": "Привет", "recipients": [{"to": PHONE, place: value}]}
        answer = await face.post("/v1/alerts", body)
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:smsd:problem:invalid"), answer.text
    assert face.store.alerts.recent(limit=0) == []
