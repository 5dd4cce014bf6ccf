"""A simulated modem in a network, a route to it, and the house behind the route."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from smsd.routes.modem import ModemRoute
from smsd.simulator import Network, SimulatedModem
from tests.routes.house import QUICK, Ledger, Notebook

NUMBER = "+79086228779"


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def network() -> Network:
    return Network(service_number=NUMBER)


@pytest.fixture
async def modem(network: Network, tmp_path: Path) -> AsyncIterator[SimulatedModem]:
    async with SimulatedModem(network, NUMBER, link=tmp_path / "modem") as simulated:
        yield simulated


MakeRoute = Callable[..., ModemRoute]


@pytest.fixture
def make_route(notebook: Notebook, tmp_path: Path) -> MakeRoute:
    def make(device: str | None = None, **settings: Any) -> ModemRoute:
        options: dict[str, Any] = {"poll_seconds": 30.0, "timings": QUICK, "memory": notebook, **settings}
        return ModemRoute(
            "modem0",
            str(tmp_path / "modem") if device is None else device,
            clock=lambda: asyncio.get_running_loop().time(),
            **options,
        )

    return make


@pytest.fixture
def route(modem: SimulatedModem, make_route: MakeRoute) -> ModemRoute:
    """A route to the modem."""
    return make_route()
