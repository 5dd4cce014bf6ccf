"""A bind judged: refused, unreachable, held back by the daemon's own unit, or fine."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from smsd.config import Smpp
from smsd.doctor.bind import judge_route, look, missing
from smsd.doctor.finding import Check, Severity
from smsd.simulator.network import Network
from smsd.simulator.smsc import SimulatedSmsc


@pytest.fixture
async def smsc() -> AsyncIterator[SimulatedSmsc]:
    async with SimulatedSmsc(Network()) as simulated:
        yield simulated


def bind(smsc: SimulatedSmsc, system_id: str = "scserv") -> Smpp:
    """Return a bind to a service centre as it is configured."""
    return Smpp(name="operator", host=smsc.host, port=smsc.port, system_id=system_id)


def row(state: str, detail: str = "") -> dict[str, Any]:
    """Return a route as the store lists it."""
    return {"name": "operator", "up": int(state == "ready"), "state": state, "detail": detail, "facts": {}}


async def test_a_bind_that_is_let_in_is_fine_and_leaves_again(smsc: SimulatedSmsc) -> None:
    finding = await look(bind(smsc), asyncio.get_running_loop().time)
    assert (finding.check, finding.severity) == (Check.BIND, Severity.OK)
    await smsc.until(lambda: not smsc.connections)
    assert len(smsc.binds) == 1


async def test_a_refused_bind_is_told_with_the_centres_reason(smsc: SimulatedSmsc) -> None:
    finding = await look(bind(smsc, "stranger"), asyncio.get_running_loop().time)
    assert finding.severity is Severity.ERROR
    assert "refuses us: SMPP 0x0" in finding.what
    assert "password_file" in finding.cure


async def test_a_centre_that_is_not_reached_is_told(smsc: SimulatedSmsc) -> None:
    await smsc.kill()
    finding = await look(bind(smsc), asyncio.get_running_loop().time)
    assert finding.severity is Severity.ERROR
    assert finding.what.startswith("not reached")
    assert str(smsc.port) in finding.cure


async def test_a_route_that_is_up_is_fine(smsc: SimulatedSmsc) -> None:
    assert (await judge_route(row("ready"), bind(smsc))).severity is Severity.OK


async def test_what_the_daemon_was_told_is_not_asked_again(smsc: SimulatedSmsc) -> None:
    finding = await judge_route(row("refused", "SMPP 0x0E: invalid password"), bind(smsc))
    assert "invalid password" in finding.what
    assert not smsc.binds


async def test_a_silent_network_that_only_the_daemon_sees_is_its_units(smsc: SimulatedSmsc) -> None:
    finding = await judge_route(row("away", "smsc:2775: no connection within 10 s"), bind(smsc))
    assert finding.severity is Severity.ERROR
    assert "IPAddressAllow=127.0.0.1" in finding.cure
    passing = await judge_route(row("away", "the other side closed the connection"), bind(smsc))
    assert passing.severity is Severity.WARNING
    await smsc.kill()
    assert (await judge_route(row("away"), bind(smsc))).what.startswith("not reached")


def test_a_bind_the_daemon_does_not_know_wants_a_restart() -> None:
    assert "restart" in missing(Smpp(name="operator", host="x")).cure
