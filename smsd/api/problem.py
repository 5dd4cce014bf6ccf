"""What went wrong, as RFC 9457 has it: ``application/problem+json``, naming the field and the cure where there are any.

Knows which status each of our errors is to a caller. Refuses to tell anything else: whatever is not one of ours is 500,
and its words stay in the log.
"""

import dataclasses
import http
from collections.abc import Callable
from typing import Any, TypeVar

from smsd.errors import (
    KeyTakenError,
    NotFoundError,
    SmsdError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    UsageError,
)

__all__ = ["MEDIA_TYPE", "Problem", "placed", "problem_of"]

T = TypeVar("T")

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""As RFC 9110 has them; ``http`` said otherwise before Python 3.13."""


@dataclasses.dataclass(slots=True)
class Problem(Exception):  # noqa: N818  RFC 9457's own name
    """A problem: its name among ``urn:smsd:problem:``, what is wrong, where in the request, and what would be right."""

    status: int
    name: str
    detail: str
    field: str | None = None
    cure: str | None = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the members of the answer."""
        told: dict[str, Any] = {
            "type": f"urn:smsd:problem:{self.name}",
            "title": _TITLES.get(self.status) or http.HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        return told | {name: value for name in ("field", "cure") if (value := getattr(self, name)) is not None}


def placed(where: str, verb: Callable[[], T]) -> T:
    """Run a verb; what it refuses is about a certain field, unless it names another."""
    try:
        return verb()
    except UsageError as error:
        raise problem_of(error, where if error.about is None else f"/{error.about}") from None


def problem_of(error: SmsdError, where: str | None = None) -> Problem:
    """Return what an error of ours is to a caller; ``where`` names the field that it is about, if that is known."""
    detail = str(error)
    match error:
        case KeyTakenError():
            cure = "send a new notification under a new key; repeat an old one exactly as it was"
            return Problem(422, "key-taken", detail, "Idempotency-Key", cure)
        case UsageError():
            return Problem(422, "impossible", detail, where)
        case NotFoundError():
            return Problem(404, "not-found", detail.partition(";")[0], where)
        case StoreFullError() | StoreBusyError():
            # Not in its own words: they name files of the host.
            what = "the disk is full" if isinstance(error, StoreFullError) else "the database is busy"
            return Problem(
                503, "try-again", what, cure="ask again, under the same Idempotency-Key",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )  # fmt: skip
        case StoreError():
            return Problem(500, "broken", "the database does not do what it should; the daemon's log says more")
    return Problem(500, "broken", "this cannot be done now; the daemon's log says more")
