"""Which message is the same one once more: told by what the centre has heard, over restarts and lost links."""

import asyncio

import pytest

from smsd.errors import StoreError
from smsd.routes.smpp.redelivery import Redelivery, digest
from smsd.wire.smpp.pdu import Pdu
from smsd.wire.smpp.tables import Command
from tests.routes.house import Notebook

INFO = digest(Pdu(Command.DELIVER_SM, 0, 1, b"CLIENT info"))


async def recalled(notebook: Notebook, name: str = "operator") -> Redelivery:
    redelivery = Redelivery(name, notebook, 120.0)
    await redelivery.recall()
    return redelivery


async def recalled_number(notebook: Notebook) -> int:
    """The number that another process would give ``INFO``."""
    return await (await recalled(notebook)).number(INFO)


def test_a_transmissions_number_is_no_part_of_a_message() -> None:
    assert digest(Pdu(Command.DELIVER_SM, 0, 2, b"CLIENT info")) == INFO
    assert digest(Pdu(Command.DELIVER_SM, 0, 1, b"CLIENT sms stop")) != INFO
    assert digest(Pdu(Command.DATA_SM, 0, 1, b"CLIENT info")) != INFO


async def test_until_our_answer_was_heard_the_same_words_are_the_same_message() -> None:
    redelivery = await recalled(Notebook())
    first = await redelivery.number(INFO)
    assert await redelivery.number(INFO) == first
    await redelivery.heard([INFO])
    second = await redelivery.number(INFO)
    assert second != first
    assert 0 <= second <= 0x7FFFFFFF


async def test_what_is_open_survives_a_crash() -> None:
    """The row was committed and the answer never left: the repeat must be known."""
    notebook = Notebook()
    first = await (await recalled(notebook)).number(INFO)
    assert await (await recalled(notebook)).number(INFO) == first


async def test_what_was_closed_stays_closed_after_a_crash() -> None:
    notebook = Notebook()
    redelivery = await recalled(notebook)
    first = await redelivery.number(INFO)
    await redelivery.heard([INFO])
    assert await (await recalled(notebook)).number(INFO) != first


async def test_what_never_came_again_is_given_up() -> None:
    """The centre had heard us after all: the next such text is a new one."""
    notebook = Notebook()
    redelivery = await recalled(notebook)
    first, other = await redelivery.number(INFO), await redelivery.number("other")
    redelivery.begin(1000.0)
    assert redelivery.give_up_at() == 1120.0
    assert await redelivery.number("other") == other
    await redelivery.give_up_old(1119.0)
    assert await recalled_number(notebook) == first
    await redelivery.give_up_old(1120.0)
    assert redelivery.give_up_at() is None
    assert await redelivery.number("other") == other, "it came again, and its answer is still to be heard"
    assert await redelivery.number(INFO) != first


async def test_a_line_that_is_lost_again_and_again_keeps_nothing_open_for_ever() -> None:
    """The client who writes the same an hour later is answered; what counts is for how long a link was there."""
    redelivery = await recalled(Notebook())
    first = await redelivery.number(INFO)
    for moment in (1000.0, 2000.0):
        redelivery.begin(moment)
        await redelivery.give_up_old(moment + 50)
        redelivery.end(moment + 50)
    redelivery.begin(3000.0)
    assert redelivery.give_up_at() == 3020.0
    await redelivery.give_up_old(3020.0)
    assert await redelivery.number(INFO) != first


async def test_what_came_again_has_all_its_time_once_more() -> None:
    redelivery = await recalled(Notebook())
    first = await redelivery.number(INFO)
    redelivery.begin(1000.0)
    redelivery.end(1100.0)
    redelivery.begin(2000.0)
    assert await redelivery.number(INFO) == first
    redelivery.end(2001.0)
    redelivery.begin(3000.0)
    assert redelivery.give_up_at() == 3120.0


async def test_a_number_that_cannot_be_kept_is_not_given() -> None:
    notebook = Notebook()
    redelivery = await recalled(notebook)
    notebook.full = True
    with pytest.raises(StoreError):
        await redelivery.number(INFO)
    with pytest.raises(StoreError):
        await redelivery.number(INFO)
    notebook.full = False
    number = await redelivery.number(INFO)
    assert await (await recalled(notebook)).number(INFO) == number


async def test_a_closing_that_cannot_be_kept_is_done_again() -> None:
    notebook = Notebook()
    redelivery = await recalled(notebook)
    first = await redelivery.number(INFO)
    notebook.full = True
    with pytest.raises(StoreError):
        await redelivery.heard([INFO])
    notebook.full = False
    assert await redelivery.number(INFO) == first


async def test_two_binds_never_give_one_message_the_same_number() -> None:
    first, second = await recalled(Notebook(), "one"), await recalled(Notebook(), "two")
    assert await first.number(INFO) != await second.number(INFO)


class SlowNotebook(Notebook):
    """Memory that writes when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()

    async def remember(self, key: str, value: str | None) -> None:
        await self.let.wait()
        await super().remember(key, value)


async def test_messages_that_come_together_share_their_writings() -> None:
    notebook = SlowNotebook()
    redelivery = await recalled(notebook)
    marks = [f"text {each}" for each in range(50)]
    asked = [asyncio.create_task(redelivery.number(mark)) for mark in marks]
    await asyncio.sleep(0)
    notebook.let.set()
    numbers = await asyncio.gather(*asked)
    assert len(set(numbers)) == len(marks)
    assert len(notebook.written) <= 2
    again = await recalled(notebook)
    assert [await again.number(mark) for mark in marks] == numbers
    notebook.let.clear()
    closed = [asyncio.create_task(again.heard([mark])) for mark in marks]
    await asyncio.sleep(0)
    notebook.let.set()
    await asyncio.gather(*closed)
    assert len(notebook.written) <= 4


async def test_no_transmission_of_a_message_is_answered_before_its_number_is_on_disk() -> None:
    """Not the second either, which finds the number given."""
    notebook = SlowNotebook()
    redelivery = await recalled(notebook)
    both = [asyncio.create_task(redelivery.number(INFO)) for _ in range(2)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(each.done() for each in both)
    notebook.let.set()
    first, second = await asyncio.gather(*both)
    assert first == second


async def test_whoever_waited_for_a_writing_that_failed_tries_it_himself() -> None:
    notebook = SlowNotebook()
    notebook.full = True
    redelivery = await recalled(notebook)
    asked = [asyncio.create_task(redelivery.number(f"text {each}")) for each in range(3)]
    await asyncio.sleep(0)
    notebook.let.set()
    with pytest.raises(StoreError):
        await asked[0]
    notebook.full = False
    numbers = [await redelivery.number("text 0"), *(await asyncio.gather(*asked[1:], return_exceptions=True))]
    again = await recalled(notebook)
    kept = [await again.number(f"text {each}") for each in range(3)]
    assert all(number in (kept[place], number) for place, number in enumerate(numbers))
    assert numbers[0] == kept[0]
