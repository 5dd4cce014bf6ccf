"""What the tests of faults share: a text as a slot holds it, an insertion, a modem with settings of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from smsd.simulator import Fault, Kind, Network, Place, SimulatedModem
from smsd.wire import tpdu
from smsd.wire.address import Address
from smsd.wire.userdata import UserData
from tests.routes.conftest import NUMBER

CLIENT = "+79160000001"
OTHER = "+79160000002"
SENT_AT = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


def deliver(text: str) -> bytes:
    """The octets of a received message, as a slot holds them."""
    message = tpdu.Deliver(tp_oa=Address.of_number(CLIENT), tp_scts=SENT_AT, user_data=UserData.of_text(text))
    return tpdu.encode(message, Address.of_number("+79168999100"))[0]


def typed(modem: SimulatedModem) -> list[str]:
    return [said.line for said in modem.typed]


def insert(text: str, at: str, place: Place = Place.ANSWER) -> Fault:
    return Fault(Kind.INSERT, at, place=place, octets=f"\r\n{text}\r\n".encode())


@asynccontextmanager
async def plugged(network: Network, link: object, **settings: Any) -> AsyncIterator[SimulatedModem]:
    async with SimulatedModem(network, NUMBER, link=str(link), **settings) as modem:
        yield modem
