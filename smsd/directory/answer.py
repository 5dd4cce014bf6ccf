"""What the client-support system says about a client, understood or refused by the name of the field.

Knows the JSON of ``docs/reference/directory-api.md`` and nothing else; it is pure. A complaint names the field and what
is wrong with it and never quotes a value: any of them may be a password.
"""

import json
from collections.abc import Mapping
from typing import Any

from smsd.directory import Registration
from smsd.errors import DirectoryError

__all__ = ["UNKNOWN", "NotJsonError", "parse", "registration", "says_unknown"]

UNKNOWN = "no such client"
"""The word of the field ``error`` by which the system says that a number is no client's."""
LONGEST = 160
"""Characters of a code, a login, a password or a name."""
_KINDS = {str: "a string", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}


class NotJsonError(DirectoryError):
    """The body is no JSON object at all: cut off, a page for people, garbage."""


def parse(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object that a body is. Raises ``NotJsonError``."""
    try:
        value = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise NotJsonError(f"the answer is not UTF-8 at octet {error.start}") from None
    except ValueError as error:
        where = getattr(error, "pos", 0)
        raise NotJsonError(f"the answer of {len(body)} octets is not JSON at character {where}") from None
    except RecursionError:
        raise NotJsonError("the answer is nested too deep to be read") from None
    if not isinstance(value, dict):
        raise NotJsonError(f"the answer is {_kind(value)}, not an object")
    return value


def says_unknown(answer: Mapping[str, Any]) -> bool:
    """Tell whether the system says that the number is no client's, and not that it has nothing at this address."""
    return bool(answer.get("error") == UNKNOWN)


def registration(answer: Mapping[str, Any], phone: str) -> Registration:
    """Return a client's data. Raises ``DirectoryError`` naming the field that is not as documented.

    The number must be the one that was asked for: another client's data, from a cache or a slip of a query, are
    never sent to this one.
    """
    if _text(answer, "phone") != phone:
        raise DirectoryError("field phone: is not the number that was asked for")
    return Registration(
        code=_text(answer, "code"),
        login=_text(answer, "login"),
        password=_text(answer, "password") if answer.get("password") is not None else None,
        name=_text(answer, "name", empty=True) if answer.get("name") is not None else "",
        subscribed=_flag(answer, "subscribed"),
    )


def _text(answer: Mapping[str, Any], field: str, *, empty: bool = False) -> str:
    if field not in answer:
        raise DirectoryError(f"field {field}: missing")
    value = answer[field]
    if not isinstance(value, str):
        raise DirectoryError(f"field {field}: must be a string, not {_kind(value)}")
    if not value.strip() and not empty:
        raise DirectoryError(f"field {field}: is empty")
    if len(value) > LONGEST:
        raise DirectoryError(f"field {field}: has {len(value)} characters, at most {LONGEST} are taken")
    if not value.isprintable():
        raise DirectoryError(f"field {field}: holds a character that no phone can show")
    return value


def _flag(answer: Mapping[str, Any], field: str) -> bool | None:
    value = answer.get(field)
    if value is not None and not isinstance(value, bool):
        raise DirectoryError(f"field {field}: must be true or false, not {_kind(value)}")
    return value


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "null")
