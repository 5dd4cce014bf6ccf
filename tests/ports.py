"""Ports of this host that nobody else gets, until a server of ours listens there and for as long as a test lasts."""

import contextlib
from collections.abc import Iterator

from smsd.simulator.place import hold

__all__ = ["reserved_port"]


@contextlib.contextmanager
def reserved_port() -> Iterator[int]:
    """Reserve a port of loopback: whoever lets addresses be used again may listen there, and nobody is given it.

    A port that was merely free a moment ago may by now be the near end of anybody's connection.
    """
    with hold("127.0.0.1", 0) as held:
        yield int(held.getsockname()[1])
