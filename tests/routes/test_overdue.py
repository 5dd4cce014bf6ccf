"""Asking after messages: a batch at a time, round and round, each one once a round."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from smsd.errors import StoreFullError
from smsd.routes.overdue import Asked, Poll, learned
from smsd.sms import Received, ReportClass, StatusReport

BOOKS: list[Asked] = [(number, f"r{number}", "+79161234567") for number in range(1, 6)]


class Operator:
    """Answers what the test says, and remembers what it was asked."""

    def __init__(self, known: tuple[str, ...] = ()) -> None:
        self.asked: list[str] = []
        self.told: list[bytes] = []
        self.known = known
        self.full = False
        self.news = asyncio.Event()
        self.poll = Poll(self.unreported, self.ask, self.tell, batch=2)

    async def unreported(self, after: int, limit: int) -> Sequence[Asked]:
        return [row for row in BOOKS if row[0] > after][:limit]

    async def ask(self, reference: str, recipient: str) -> Received | None:
        self.asked.append(reference)
        self.news.set()
        return Received("http", reference.encode(), None) if reference in self.known else None

    async def tell(self, received: Received) -> None:
        if self.full:
            raise StoreFullError("no room")
        self.told.append(received.octets)
        self.news.set()

    async def until(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not what():
                self.news.clear()
                await self.news.wait()


async def test_every_message_is_asked_after_before_any_is_again() -> None:
    operator = Operator()
    for _ in range(4):
        await operator.poll.round()
    assert operator.asked == ["r1", "r2", "r3", "r4", "r5", "r1", "r2"]


async def test_what_is_known_is_told() -> None:
    operator = Operator(("r2", "r3"))
    for _ in range(2):
        await operator.poll.round()
    assert operator.told == [b"r2", b"r3"]


async def test_what_cannot_be_kept_is_asked_after_again() -> None:
    operator = Operator(("r2",))
    operator.full = True
    with pytest.raises(StoreFullError):
        await operator.poll.round()
    operator.full = False
    await operator.poll.round()
    assert operator.told == [b"r2"]


async def test_it_asks_only_while_the_route_is_ready_and_survives_a_full_disk() -> None:
    operator = Operator(("r1",))
    operator.full = True
    ready = False
    task = asyncio.create_task(operator.poll.run(0.01, lambda: ready))
    await asyncio.sleep(0.05)
    assert operator.asked == []
    ready = True
    await operator.until(lambda: len(operator.asked) >= 2)
    operator.full = False
    await operator.until(lambda: operator.told)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_what_is_on_its_way_is_no_news_but_for_a_replaced_sim() -> None:
    """That one is told once, and not with every round of asking."""
    trying = StatusReport("1", "+79161234567", None, None, ReportClass.TRYING, "ENROUTE")
    swapped = replace(trying, refused="sim swapped")
    over = replace(trying, report_class=ReportClass.FAILED)
    assert learned("http", b"1", None) is None
    assert learned("http", b"1", trying) is None
    told = learned("http", b"1", swapped)
    assert told is not None
    assert (told.value, bool(told.repeats_within)) == (swapped, True)
    assert learned("http", b"1", over) == Received("http", b"1", over, repeats_within=0.0)
