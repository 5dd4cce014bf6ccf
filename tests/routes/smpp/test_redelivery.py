"""Which message is the same one once more: told by what the centre has heard, over restarts and lost links."""

import pytest

from smsd.errors import StoreError
from smsd.routes.smpp.redelivery import Redelivery, digest
from smsd.wire.smpp.pdu import Pdu
from smsd.wire.smpp.tables import Command
from tests.routes.house import Notebook

INFO = digest(Pdu(Command.DELIVER_SM, 0, 1, b"CLIENT info"))


async def recalled(notebook: Notebook, name: str = "operator") -> Redelivery:
    redelivery = Redelivery(name, notebook)
    await redelivery.recall()
    return redelivery


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
    redelivery = await recalled(Notebook())
    first, other = await redelivery.number(INFO), await redelivery.number("other")
    redelivery.begin()
    assert await redelivery.number("other") == other
    await redelivery.give_up_old()
    assert await redelivery.number("other") == other, "it came again, and its answer is still to be heard"
    assert await redelivery.number(INFO) != first


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
