"""The OpenAPI 3.1 document, made of the table of operations: what is served is what is written down."""

from collections.abc import Sequence
from typing import Any

from smsd import __version__
from smsd.api.operation import KEY_HEADER, Operation
from smsd.api.problem import MEDIA_TYPE
from smsd.desk import LONGEST_KEY

__all__ = ["document"]

ALWAYS = {
    "400": "The body cannot be read.",
    "401": "There is no token, or none that holds.",
    "403": "The token is not for this.",
    "503": "Try again: the database is busy, or the disk full.",
}
WORDS = {
    404: "There is no such thing.",
    408: "The body came too slowly.",
    413: "The body is too large.",
    415: "The body is no JSON.",
    422: "It cannot be done as asked.",
}
_PLACES = {
    "id": {"type": "integer", "minimum": 0},
    "name": {"type": "string"},
    "phone": {"type": "string", "example": "+79161234567"},
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457: what went wrong, where, and what would be right.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "urn:smsd:problem: and a name that programs may count on."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {
            "type": "string",
            "description": "A JSON Pointer into the body, or a header, or a place of the path.",
        },
        "cure": {"type": "string"},
    },
}


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the document."""
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "smsd",
            "version": __version__,
            "description": "Notifications and alerts by SMS. By the UNIX socket no token is needed: its file mode says "
            "who may ask; by TCP every operation needs a token of the scope it names.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": _PROBLEM},
        },
    }


def _operation(each: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {"operationId": each.name, "description": each.about}
    if parameters := _parameters(each):
        told["parameters"] = parameters
    if each.takes is not None:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": each.takes}}}
    told["responses"] = {
        str(status): {"description": about, "content": {"application/json": {"schema": shape}}}
        for status, about, shape in each.answers
    }
    if each.scope is not None:
        told["security"] = [{"token": []}, {}]
        told["x-scope"] = each.scope.value
        told["responses"] |= _problems(each)
    return told


def _parameters(each: Operation) -> list[dict[str, Any]]:
    places = [part[1:-1] for part in each.path.split("/") if part.startswith("{")]
    found = [{"name": name, "in": "path", "required": True, "schema": _PLACES[name]} for name in places]
    found += [
        {
            "name": query.name,
            "in": "query",
            "required": True,
            "description": query.about,
            "schema": {"type": "string", "minLength": 1, "maxLength": query.longest},
        }
        for query in each.queries
    ]
    if each.keyed:
        about = "A repeat with the same key adds nothing; the same key with another body is refused (422)."
        shape = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY}
        found.append({"name": KEY_HEADER, "in": "header", "description": about, "schema": shape})
    return found


def _problems(each: Operation) -> dict[str, Any]:
    statuses = set(each.problems) | ({408, 413, 415, 422} if each.takes is not None else set())
    words = ALWAYS | {str(status): WORDS[status] for status in statuses}
    if each.takes is None:
        del words["400"]
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": about, "content": content} for status, about in sorted(words.items())}
