"""Ports of this host that nobody else gets, until a server of ours listens there and for as long as a test lasts."""

import contextlib
import socket
from collections.abc import Iterator

__all__ = ["reserved_port"]


@contextlib.contextmanager
def reserved_port() -> Iterator[int]:
    """Reserve a port of loopback: whoever lets addresses be used again may listen there, and nobody is given it.

    A port that was merely free a moment ago may by now be the near end of anybody's connection.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])
