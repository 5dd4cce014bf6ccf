"""The shapes of bodies: a part of JSON Schema 2020-12, enough for what is asked for here, and its check.

Knows types, required members, members that are not known, lengths, choices. A shape is the schema that the OpenAPI
document shows, so that what is promised and what is checked cannot differ. The first fault found is raised as a
``Problem`` that names the place as a JSON Pointer (RFC 6901).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from smsd.api.problem import Problem

__all__ = ["PHONE", "TIME", "Shape", "check", "decode", "either", "listing", "mapping", "maybe", "record", "text"]

Shape = Mapping[str, Any]

_NAMES = {str: "a string", bool: "true or false", int: "a whole number", float: "a number", list: "a list"}
_KINDS: dict[str, tuple[type, str]] = {
    "string": (str, "a string"),
    "integer": (int, "a whole number"),
    "boolean": (bool, "true or false"),
    "array": (list, "a list"),
    "object": (dict, "an object"),
}


def text(about: str, *, longest: int, shortest: int = 1, **more: Any) -> dict[str, Any]:
    """Return the shape of a text."""
    return {"type": "string", "description": about, "minLength": shortest, "maxLength": longest, **more}


PHONE = text("A phone in any usual writing; E.164 is best.", longest=40)
TIME: Shape = {"type": "string", "format": "date-time", "description": "ISO 8601 with its zone."}


def maybe(shape: Shape) -> dict[str, Any]:
    """Return the shape of what may be null; only for answers, which nothing checks here."""
    return {**shape, "type": [shape["type"], "null"]}


def either(about: str, *choices: str) -> dict[str, Any]:
    """Return the shape of one of few words."""
    return {"type": "string", "description": about, "enum": list(choices)}


def listing(about: str, of: Shape, *, most: int, least: int = 0) -> dict[str, Any]:
    """Return the shape of a list."""
    return {"type": "array", "description": about, "items": of, "minItems": least, "maxItems": most}


def mapping(about: str, of: Shape, *, most: int) -> dict[str, Any]:
    """Return the shape of an object whose names are not known beforehand."""
    return {"type": "object", "description": about, "additionalProperties": of, "maxProperties": most}


def record(about: str, required: Sequence[str] = (), /, **members: Shape) -> dict[str, Any]:
    """Return the shape of an object with these members and no others."""
    shape: dict[str, Any] = {"type": "object", "description": about, "properties": dict(members)}
    return shape | ({"required": list(required)} if required else {}) | {"additionalProperties": False}


def decode(octets: bytes) -> Any:
    """Return what a body says; raise ``Problem`` where it is no JSON."""
    try:
        return json.loads(octets.decode("utf-8"), parse_constant=_no_number, object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise Problem(400, "malformed", f"octet {error.start} of the body is not UTF-8", cure="send UTF-8") from None
    except RecursionError:
        raise Problem(400, "malformed", "the body is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Problem(
            400, "malformed", f"the body is no JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            cure='send an object like {"to": "+79161234567", "text": "…"}',
        ) from None  # fmt: skip
    except ValueError as error:
        raise Problem(400, "malformed", f"the body is no JSON: {error}") from None


def check(shape: Shape, value: Any, where: str = "") -> None:
    """Compare a value with a shape; raise ``Problem`` for the first thing that does not fit."""
    kind, name = _KINDS[shape["type"]]
    if type(value) is not kind:  # in Python true is an int, in JSON it is not
        raise _wrong(where, f"must be {name}, not {_told(value)}", f"write {name}")
    match value:
        case str():
            _check_text(shape, value, where)
        case list():
            _check_length(shape, len(value), "Items", "entries", where)
            for number, each in enumerate(value):
                check(shape["items"], each, f"{where}/{number}")
        case dict():
            _check_members(shape, value, where)


def _check_text(shape: Shape, value: str, where: str) -> None:
    _check_length(shape, len(value), "Length", "characters", where)
    _check_whole(value, where)
    if "enum" in shape and value not in shape["enum"]:
        raise _wrong(where, "is none of the words there are", f"write one of {', '.join(shape['enum'])}")


def _check_whole(value: str, where: str) -> None:
    """Refuse half a character, which JSON can write and nothing can keep: a lone surrogate (RFC 8259, 8.2)."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _wrong(where, "holds half a character", "write it in UTF-8") from None


def _check_length(shape: Shape, count: int, what: str, unit: str, where: str) -> None:
    least, most = shape.get(f"min{what}", 0), shape.get(f"max{what}")
    if count < least:
        raise _wrong(where, f"has {count} {unit}; {least} at least" if count else "is empty", "write something")
    if most is not None and count > most:
        raise _wrong(where, f"has {count} {unit}; {most} at most", "make it shorter")


def _check_members(shape: Shape, value: Mapping[str, Any], where: str) -> None:
    members, other = shape.get("properties", {}), shape.get("additionalProperties")
    _check_length(shape, len(value), "Properties", "members", where)
    for name in shape.get("required", ()):
        if name not in value:
            raise _wrong(f"{where}/{name}", "is missing", f"write {_KINDS[members[name]['type']][1]}")
    for name, each in value.items():
        _check_whole(name, where)
        inner = members.get(name, other)
        place = f"{where}/{name[:80].replace('~', '~0').replace('/', '~1')}"
        if not isinstance(inner, Mapping):
            raise _wrong(place, "is not known", f"known here: {', '.join(members)}")
        check(inner, each, place)


def _wrong(where: str, problem: str, cure: str) -> Problem:
    return Problem(422, "invalid", f"{where or 'the body'} {problem}", where or "/", cure)


def _told(value: Any) -> str:
    return "null" if value is None else "an object" if isinstance(value, dict) else _NAMES[type(value)]


def _no_number(written: str) -> None:
    raise ValueError(f"{written} is no number in JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a member stands twice in an object")
    return made
