"""A port that is held is nobody else's, refuses connections, and is there for a server of ours."""

import asyncio
import socket

import pytest

from smsd.simulator.network import Network
from smsd.simulator.place import hold
from smsd.simulator.smsc import SimulatedSmsc


async def test_nobody_else_is_given_it_while_the_operator_is_away() -> None:
    async with SimulatedSmsc(Network()) as smsc:
        port = smsc.port
        await smsc.kill()
        with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
            stranger.bind((smsc.host, port))
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(smsc.host, port)
        await smsc.start()
        _, writer = await asyncio.open_connection(smsc.host, port)
        writer.close()


def test_a_port_that_somebody_listens_on_is_not_held() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(OSError, match="in use"):
        hold("127.0.0.1", server.getsockname()[1])
