"""A simulated modem in a network, a route to it, and the house behind the route."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from smsd.routes.modem import ModemRoute, ModemSettings
from smsd.simulator import Network, SimulatedModem
from tests.routes.house import QUICK, Ledger, Notebook

NUMBER = "+79086228779"
HANDED_IN = ("memory", "pin", "seeker", "reset_usb")
"""What a route is given beside what is configured."""


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
        at = str(tmp_path / "modem") if device is None else device
        handed = {name: settings.pop(name) for name in HANDED_IN if name in settings}
        return ModemRoute(
            "modem0",
            ModemSettings(**{"device": at, "timings": QUICK, **settings}),
            clock=lambda: asyncio.get_running_loop().time(),
            **{"memory": notebook, **handed},
        )

    return make


@pytest.fixture
def route(modem: SimulatedModem, make_route: MakeRoute) -> ModemRoute:
    """A route to the modem."""
    return make_route()
