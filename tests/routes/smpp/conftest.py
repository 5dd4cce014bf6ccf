"""The inbound of a bind under test."""

import pytest

from tests.routes.house import Ledger


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()
