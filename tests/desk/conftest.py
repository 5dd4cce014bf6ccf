"""A store for every test of the desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A store at noon."""
    house = House(tmp_path)
    yield house
    house.store.close()
