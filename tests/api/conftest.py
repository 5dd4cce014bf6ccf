"""The API on a store in a directory of its own, without a daemon: what is queued stays queued."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.house import Face, served


@pytest.fixture
async def face(tmp_path: Path) -> AsyncIterator[Face]:
    """Serve the API on a UNIX socket and on a loopback port."""
    async with served(tmp_path) as made:
        yield made
