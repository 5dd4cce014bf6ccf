"""The OpenAPI document is what is served: every route, every method, every scope, every shape."""

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from smsd.api.app import OPERATIONS, Way, make_app
from smsd.api.document import document
from smsd.desk.access import Scope
from tests.api.house import PHONE, Face

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"


def test_the_document_that_is_kept_is_the_one_that_is_served() -> None:
    assert json.loads(PAGE.read_text("utf-8")) == document(OPERATIONS), "run make docs"


def test_the_document_has_every_route_and_no_other() -> None:
    routes = make_app(None, None).routes  # type: ignore[arg-type]
    ways = [(route.path, route.endpoint) for route in routes if isinstance(route, Route)]
    served = {(path, method.lower()) for path, way in ways if isinstance(way, Way)
              for method in way.methods if method != "HEAD"}  # fmt: skip
    written = {(path, method) for path, each in document(OPERATIONS)["paths"].items() for method in each}
    assert served == written


def test_what_writes_needs_more_than_view() -> None:
    for each in OPERATIONS:
        if each.method != "GET":
            assert each.scope in (Scope.NOTIFY, Scope.ALERT), each.name
        assert each.scope is not None or each.name == "showDocument"


def keywords(shape: Any) -> set[str]:
    """Return every keyword of a schema."""
    if not isinstance(shape, dict):
        return set()
    found = set(shape)
    for name in ("properties",):
        for each in shape.get(name, {}).values():
            found |= keywords(each)
    for name in ("items", "additionalProperties"):
        found |= keywords(shape.get(name))
    return found


CHECKED = {
    "type", "description", "properties", "required", "additionalProperties", "items", "enum", "minLength", "maxLength",
    "minItems", "maxItems", "maxProperties",
}  # fmt: skip


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.takes is not None], ids=lambda each: each.name
)
def test_nothing_is_promised_of_a_body_that_is_not_checked(operation: Any) -> None:
    assert keywords(operation.takes) <= CHECKED


async def test_answers_have_the_members_that_are_promised(face: Face) -> None:
    """Every good answer, asked for once, against its shape."""
    sent = await face.post("/v1/notifications", {"to": PHONE, "text": "text"}, key="k")
    number = sent.json()["id"]
    alert = {"text": "text", "recipients": [{"to": PHONE}]}
    alert_id = (await face.post("/v1/alerts", alert)).json()["id"]
    bodies = {"notify": {"to": PHONE, "text": "text"}, "previewNotification": {"to": PHONE, "text": "text"},
              "previewAlert": alert, "sendAlert": alert}  # fmt: skip
    for each in OPERATIONS:
        path = each.path.replace("{phone}", PHONE).replace("{name}", "order-ready")
        path = path.replace("{id}", str(alert_id if "/alerts/" in path else number))
        path += "?key=k" if each.queries else ""
        answer = await face.near.request(each.method, path, json=bodies.get(each.name))
        [(status, _, shape)] = each.answers
        assert answer.status_code == status, (each.name, answer.text)
        told = answer.json()
        if "properties" in shape:
            assert set(shape.get("required", ())) <= set(told) <= set(shape["properties"]), each.name
