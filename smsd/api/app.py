"""From a request to an answer: who asks, what he sends, the verb, and what went wrong in one shape.

Knows HTTP as Starlette has it, time limits and sizes. Every fault is ``problem+json``; nothing that is not one of our
errors is ever told to a caller, and none of his texts is ever told to the log.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from email.utils import formatdate
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from smsd.api import alerts, notifications
from smsd.api.caller import Caller, Gate
from smsd.api.document import document
from smsd.api.offices import Offices
from smsd.api.operation import KEY_HEADER, Answer, Call, Operation
from smsd.api.problem import MEDIA_TYPE, Problem, problem_of
from smsd.api.shapes import Shape, check, decode
from smsd.errors import SmsdError

__all__ = ["OPERATIONS", "Way", "make_app"]

DOCUMENT_HINT = "see GET /v1/openapi.json"
BODY_SECONDS = 10.0
"""How long the whole of a body may take to come."""

AT_ONCE = 64 * 1024
"""Octets that are looked at at once; more would hold the loop up, which the modem needs."""

log = structlog.get_logger("smsd.api")


async def _document(offices: Offices, call: Call) -> Answer:  # noqa: ARG001  as every verb
    return Answer(200, document(OPERATIONS))


OPERATIONS: tuple[Operation, ...] = (
    *notifications.OPERATIONS,
    *alerts.OPERATIONS,
    Operation(
        "showDocument", "GET", "/v1/openapi.json", None, "This document.",
        _document, ((200, "OpenAPI 3.1.", {"type": "object"}),),
    ),
)  # fmt: skip
"""Every operation there is: routes and document are made of this."""


def make_app(offices: Offices, gate: Gate, more: Sequence[BaseRoute] = ()) -> Starlette:
    """Return the application; ``more`` are routes that others serve beside it, such as metrics."""
    ways: dict[str, dict[str, Endpoint]] = {}
    for each in OPERATIONS:
        ways.setdefault(each.path, {})[each.method] = _endpoint(each, offices, gate)
    routes = [Route(path, Way(by_method)) for path, by_method in ways.items()]
    made = Starlette(routes=[*routes, *more], exception_handlers={HTTPException: _no_such_way})
    # A path with a slash too many is nobody's: a redirect would be followed without the body by some.
    made.router.redirect_slashes = False
    return made


Endpoint = Callable[[Request], Awaitable[Response]]


class Way:
    """One path with all its methods, so that another method is told which there are (RFC 9110, 15.5.6)."""

    def __init__(self, by_method: Mapping[str, Endpoint]) -> None:
        self._by_method = {**by_method, **({"HEAD": by_method["GET"]} if "GET" in by_method else {})}
        self.methods = sorted(self._by_method)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        endpoint = self._by_method.get(scope["method"])
        answer = self._refused() if endpoint is None else await endpoint(Request(scope, receive, send))
        await answer(scope, receive, send)

    def _refused(self) -> Response:
        allowed = {"Allow": ", ".join(self.methods)}
        return _problem(
            Problem(405, "no-such-method", "there is no such method here", cure=DOCUMENT_HINT, headers=allowed)
        )


def _endpoint(operation: Operation, offices: Offices, gate: Gate) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            peer: Caller | None = getattr(request.state, "peer", None)
            caller = await gate.admit(peer, request.headers.get("authorization"), operation.scope)
            body = await _body(request, operation)
            key = _key(request) if operation.keyed else None
            call = Call(caller or NOBODY, request.path_params, request.query_params, key, body)
            answer = await operation.verb(offices, call)
        except Problem as problem:
            return _problem(problem)
        except SmsdError as error:
            found = problem_of(error)
            if found.status >= 500:
                log.warning("api_refused", operation=operation.name, error=str(error))
            return _problem(found)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:  # noqa: BLE001  the last resort: a caller is told nothing of it
            # Its words may hold what a caller sent; its kind and place do not.
            log.error("api_fault", operation=operation.name, kind=type(error).__name__, place=_place(error))
            return _problem(Problem(500, "broken", "a fault of this program; the daemon's log says where"))
        return _json(answer.status, answer.body, "application/json", dict(answer.headers))

    return endpoint


NOBODY = Caller("anybody", frozenset())


def _key(request: Request) -> str | None:
    """Return the key as it is written, in UTF-8; ``None`` where there is none. Two of them would be nobody's guess."""
    found = [value for name, value in request.headers.raw if name == KEY_HEADER.lower().encode()]
    if len(found) > 1:
        raise Problem(422, "invalid", "there is more than one key", KEY_HEADER, "send one")
    try:
        return found[0].decode("utf-8") if found else None
    except UnicodeDecodeError:
        raise Problem(422, "invalid", "the key is not UTF-8", KEY_HEADER, "send UTF-8, best ASCII") from None


async def _body(request: Request, operation: Operation) -> Any:
    """Return the body, checked; ``None`` where the operation takes none."""
    if operation.takes is None:
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "no-json", f"the body is {kind or 'of no type'}", "Content-Type", "send application/json")
    octets = await _octets(request, operation.largest)
    if len(octets) > AT_ONCE:
        return await asyncio.to_thread(_understood, operation.takes, octets)
    return _understood(operation.takes, octets)


def _understood(shape: Shape, octets: bytes) -> Any:
    value = decode(octets)
    check(shape, value)
    return value


async def _octets(request: Request, largest: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > largest:
        raise _too_large(largest)
    octets = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                octets += chunk
                if len(octets) > largest:
                    raise _too_large(largest)
    except TimeoutError:
        raise Problem(
            408, "too-slow", f"the body had not come after {BODY_SECONDS:.0f} s", headers={"Connection": "close"}
        ) from None
    return bytes(octets)


def _too_large(largest: int) -> Problem:
    # The connection stays open: the rest is taken and thrown away, so that its sender comes to read this.
    return Problem(413, "too-large", f"the body has more than {largest} octets", cure="send less at a time")


async def _no_such_way(request: Request, error: Exception) -> Response:  # noqa: ARG001  as Starlette calls it
    status = error.status_code if isinstance(error, HTTPException) else 500
    name = "not-found" if status == 404 else "broken"
    return _problem(Problem(status, name, "there is nothing here", cure=DOCUMENT_HINT))


def _problem(problem: Problem) -> Response:
    return _json(problem.status, problem.body(), MEDIA_TYPE, problem.headers)


def _json(status: int, body: Any, media_type: str, headers: dict[str, str]) -> Response:
    # A lone surrogate that came as an escape goes as a question mark: it is no text in UTF-8.
    octets = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    fixed = {"Cache-Control": "no-store", "Date": formatdate(usegmt=True)}
    return Response(octets, status, {**fixed, **headers}, media_type)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
