"""A gateway under test, its network, and the inbound of a route to it."""

from collections.abc import AsyncIterator

import pytest

from smsd.simulator.httpsmsc import SimulatedHttpSmsc
from smsd.simulator.network import Network
from tests.routes.house import Ledger


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
async def smsc() -> AsyncIterator[SimulatedHttpSmsc]:
    async with SimulatedHttpSmsc(Network(service_number="+79086228779")) as gateway:
        yield gateway
