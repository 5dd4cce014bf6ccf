"""A host to examine: a directory of the database, a configuration, a store, a modem."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from smsd.config import Config, parse
from smsd.simulator import Network, SimulatedModem
from tests.store.house import NOON, House, at

SERVICE = "+79086228779"
MODEM = '[[modem]]\nname = "modem0"\ndevice = "{place}/modem"\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The database's directory, closed to others."""
    place = tmp_path / "smsd"
    place.mkdir(mode=0o750)
    return place


@pytest.fixture
def configured(place: Path) -> Callable[[str], Config]:
    """Make a configuration: one modem, unless other routes are given."""

    def make(routes: str = MODEM) -> Config:
        routes = routes.replace("{place}", str(place))
        told = '[alarms]\nphones = ["+79990000001"]\n'
        return parse(f'[database]\nurl = "sqlite:///{place}/smsd.db"\n{told}{routes}', place / "smsd.toml")

    return make


@pytest.fixture
def house(place: Path) -> Iterator[House]:
    """A store in that directory, at noon."""
    house = House(place)
    yield house
    house.store.close()


@pytest.fixture
async def modem(place: Path) -> AsyncIterator[SimulatedModem]:
    """A simulated modem at the port; its network's clock says noon as the house's does."""
    network = Network(service_number=SERVICE, clock=lambda: at(NOON))
    async with SimulatedModem(network, SERVICE, link=place / "modem") as simulated:
        yield simulated
