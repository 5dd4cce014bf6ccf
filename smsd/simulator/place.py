"""A port that a simulated peer comes back to: nobody else is given it while the peer is away.

A port that nobody listens on may at any moment become the near end of somebody's connection, and then the peer could
not come back. Bound and not listened on, it refuses connections as a port does whose server is gone.
"""

import socket

__all__ = ["hold"]


def hold(host: str, port: int) -> socket.socket:
    """Hold a port (0: any free one) for servers that let addresses be used again; closed, it is free. ``OSError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    place = socket.socket(family, socket.SOCK_STREAM)
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind((host, port))
    except BaseException:
        place.close()
        raise
    return place
