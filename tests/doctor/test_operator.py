"""An operator by HTTP judged: reached or not, and what the daemon was told by it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from smsd.config import Http
from smsd.doctor.finding import Check, Severity
from smsd.doctor.operator import judge_operator, look_at_operator, unknown_operator


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A port where somebody listens."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def http(port: int) -> Http:
    """Return an operator as it is configured."""
    return Http(name="mts", profile="mts-exolve", url=f"http://127.0.0.1:{port}")


def row(state: str, detail: str = "") -> dict[str, Any]:
    """Return a route as the store lists it."""
    return {"name": "mts", "up": int(state == "ready"), "state": state, "detail": detail, "facts": {"host": "api.x"}}


async def test_an_operator_that_is_reached_is_fine(port: int) -> None:
    finding = await look_at_operator(http(port))
    assert (finding.check, finding.severity) == (Check.OPERATOR, Severity.OK)


async def test_an_operator_that_is_not_reached_is_told() -> None:
    finding = await look_at_operator(http(1))
    assert (finding.severity, finding.what.startswith("not reached: 127.0.0.1:1")) == (Severity.ERROR, True)


async def test_what_the_daemon_was_told_is_passed_on(port: int) -> None:
    assert (await judge_operator(row("ready"), http(port))).what == "api.x takes messages"
    assert (await judge_operator(row("away", "not asked yet"), http(port))).severity is Severity.WARNING
    refused = await judge_operator(row("refused", "HTTP 401: the account is refused"), http(port))
    assert (refused.severity, refused.what) == (Severity.ERROR, "refused: HTTP 401: the account is refused")
    assert (await judge_operator(row("away", "gone"), http(1))).what.startswith("not reached")


async def test_a_profile_without_a_place_is_a_mistake_of_the_configuration() -> None:
    finding = await look_at_operator(Http(name="mts", profile="nonsense"))
    assert finding.check is Check.CONFIGURATION


def test_an_operator_the_daemon_does_not_know_wants_a_restart() -> None:
    assert "restart" in unknown_operator(http(1)).cure
