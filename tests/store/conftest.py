"""A store of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A fresh store at noon."""
    house = House(tmp_path)
    yield house
    house.store.close()
