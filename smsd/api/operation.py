"""What an operation of the API is: its way, who may, what it takes and gives, and the verb behind it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from smsd.api.caller import Caller
from smsd.api.offices import Offices
from smsd.api.problem import Problem
from smsd.api.shapes import Shape
from smsd.desk import LONGEST_KEY
from smsd.desk.access import Scope

__all__ = ["KEY_HEADER", "Answer", "Call", "Operation", "Query", "bare_key"]

KEY_HEADER = "Idempotency-Key"
LARGEST = 2**63 - 1
"""SQLite's largest integer."""
LONGEST = 20
"""Digits a number may have here."""
KIB = 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: a status, an object, perhaps headers."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One request that has been let in, its body checked against the operation's shape; ``key`` is as written."""

    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, str]
    key: str | None
    body: Any

    def number(self) -> int:
        """Return the number in the path; raise ``Problem`` where it is none."""
        written = self.path["id"]
        if not (written.isascii() and written.isdigit() and len(written) < LONGEST and int(written) <= LARGEST):
            raise Problem(404, "not-found", f"{written[:40]!r} is no number", "id")
        return int(written)

    def idempotency_key(self) -> str | None:
        """Return the key under which a repeat is harmless, ``None`` without one; raise ``Problem`` where it is none."""
        if self.key is None:
            return None
        key = bare_key(self.key)
        if not 1 <= len(key) <= LONGEST_KEY:
            raise Problem(422, "invalid", f"the key has {len(key)} characters", KEY_HEADER, f"1 to {LONGEST_KEY}")
        return key


def bare_key(written: str) -> str:
    """Return a key without its quotes: a string of RFC 8941 stands in them, and many leave them out."""
    return written[1:-1] if len(written) > 1 and written[0] == written[-1] == '"' else written


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of an operation's query, and how many characters it may have."""

    name: str
    about: str
    longest: int


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. ``takes`` ``None``: no body; ``keyed``: a repeat with the same key is harmless.

    ``answers`` are the good ones: status, sentence and shape. ``largest`` is how many octets a body may have.
    """

    name: str
    method: str
    path: str
    scope: Scope | None
    about: str
    verb: Callable[[Offices, Call], Awaitable[Answer]]
    answers: tuple[tuple[int, str, Shape], ...]
    takes: Shape | None = None
    queries: tuple[Query, ...] = ()
    keyed: bool = False
    largest: int = 64 * KIB
    problems: tuple[int, ...] = ()
