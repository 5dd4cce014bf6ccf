"""The network delivers, keeps what cannot be delivered, reports and remembers."""

import asyncio
from collections.abc import Callable

import pytest

from smsd.simulator import Network
from smsd.simulator.network import Report, Transfer
from smsd.wire import userdata
from smsd.wire.userdata import UserData
from tests.simulator.conftest import CLIENT, SERVICE


class Shelf:
    """A terminal with room for so many parts."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.taken: list[Transfer] = []

    def receive(self, transfer: Transfer) -> int | None:
        if len(self.taken) >= self.room:
            return 22
        self.taken.append(transfer)
        return None


async def test_a_text_comes_to_the_first_terminal_attached(network: Network) -> None:
    shelf = Shelf(10)
    network.attach(SERVICE, shelf.receive)
    network.phone(CLIENT).text("CLIENT info")
    assert [(part.sender, part.user_data.text) for part in shelf.taken] == [(CLIENT, "CLIENT info")]


async def test_what_does_not_fit_waits_in_order_until_there_is_room(network: Network) -> None:
    shelf = Shelf(1)
    network.attach(SERVICE, shelf.receive)
    for body in ("one", "two", "three"):
        network.phone(CLIENT).text(body)
    assert network.waiting() == 2
    shelf.room = 3
    network.memory_available(SERVICE)
    assert [part.user_data.text for part in shelf.taken] == ["one", "two", "three"]
    assert network.waiting() == 0


async def test_what_comes_while_a_terminal_is_away_waits_for_its_return(network: Network) -> None:
    shelf = Shelf(10)
    network.attach(SERVICE, shelf.receive)
    network.detach(SERVICE)
    network.phone(CLIENT).text("late")
    assert network.waiting() == 1
    network.attach(SERVICE, shelf.receive)
    assert [part.user_data.text for part in shelf.taken] == ["late"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 1, 0, 2)])
async def test_a_screen_shows_a_long_message_once_and_whole(network: Network, order: tuple[int, ...]) -> None:
    text = "Длинное сообщение в трёх частях. " * 5
    parts = userdata.split(text, reference=7)
    for place in order:
        network.submit(SERVICE, CLIENT, parts[place], "1")
    (message,) = network.phone(CLIENT).screen
    assert (message.text, message.parts, message.sender) == (text, 3, SERVICE)


async def test_a_doubled_message_is_seen_twice(network: Network) -> None:
    for _ in range(2):
        network.submit(SERVICE, CLIENT, UserData.of_text("twice"), "1")
    assert [message.text for message in network.phone(CLIENT).screen] == ["twice", "twice"]
    assert [submission.number for submission in network.submissions] == [1, 2]


async def test_a_refused_part_leaves_no_trace(network: Network) -> None:
    network.refusals.append(38)
    assert network.submit(SERVICE, CLIENT, UserData.of_text("no"), "1") == 38
    assert network.submissions == []
    assert network.phone(CLIENT).screen == []


async def reports_of(act: Callable[[Callable[[Report], None]], None], count: int) -> list[int]:
    """Give the statuses of the first ``count`` reports about what ``act`` submits."""
    came: asyncio.Queue[Report] = asyncio.Queue()
    act(came.put_nowait)
    async with asyncio.timeout(60):
        return [(await came.get()).status for _ in range(count)]


async def test_a_report_tells_what_became_of_a_part(network: Network) -> None:
    network.report_status = 0x46
    statuses = await reports_of(lambda tell: _submit(network, tell), 1)
    assert statuses == [0x46]
    assert network.phone(CLIENT).screen == []


async def test_a_phone_switched_off_is_reported_so_and_gets_it_later(network: Network) -> None:
    phone = network.phone(CLIENT)
    phone.reachable = False

    def act(tell: Callable[[Report], None]) -> None:
        _submit(network, tell)
        assert phone.screen == []
        phone.reachable = True

    assert await reports_of(act, 2) == [0x30, 0x00]
    assert len(phone.screen) == 1


def _submit(network: Network, tell: Callable[[Report], None]) -> None:
    network.submit(SERVICE, CLIENT, UserData.of_text("text"), "1", tell)


async def test_waiting_for_a_message_ends_with_it_or_in_time(network: Network) -> None:
    phone = network.phone(CLIENT)
    with pytest.raises(TimeoutError):
        await phone.wait_for(1, timeout=0.01)
    waiting = asyncio.ensure_future(phone.wait_for(1))
    await asyncio.sleep(0)
    _submit(network, lambda _: None)
    assert len(await waiting) == 1


async def test_phones_text_each_other(network: Network) -> None:
    other = network.phone("+79160000001")
    network.phone(CLIENT).text("hello", to=other.number)
    assert [(message.sender, message.text) for message in other.screen] == [(CLIENT, "hello")]


async def test_what_a_terminal_sends_to_itself_comes_back(network: Network) -> None:
    """Its own number is one like any other; the report follows."""
    shelf = Shelf(10)
    network.attach(SERVICE, shelf.receive)
    reports: asyncio.Queue[Report] = asyncio.Queue()
    [part] = userdata.split("to myself", reference=0)
    assert network.submit(SERVICE, SERVICE, part, "1", reports.put_nowait) is None
    async with asyncio.timeout(60):
        assert (await reports.get()).status == 0
    assert [(part.sender, part.user_data.text) for part in shelf.taken] == [(SERVICE, "to myself")]
