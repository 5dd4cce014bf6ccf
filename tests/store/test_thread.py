"""Verbs that share a transaction: each is undone alone, all are on disk together, and a crash takes all or none."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from smsd.errors import NotFoundError, StoreError
from smsd.store import Store
from smsd.store.thread import JOINED, StoreThread
from tests.store.house import new


@pytest.fixture
def thread(tmp_path: Path) -> Iterator[StoreThread]:
    """A store on its thread."""
    made = StoreThread(Store(tmp_path / "smsd.db", lambda: 1.0))
    yield made
    made.close()


def commits(thread: StoreThread) -> list[str]:
    """Return a list that grows with every commit."""
    found: list[str] = []
    thread.store.engine._connection.set_trace_callback(lambda sql: found.append(sql) if sql == "COMMIT" else None)
    return found


async def test_what_waits_meanwhile_shares_a_commit(thread: StoreThread) -> None:
    found, gate = commits(thread), threading.Event()
    first = asyncio.create_task(thread.call(lambda: gate.wait(60)))
    rest = [asyncio.create_task(thread.join(lambda: thread.store.outbox.enqueue(new()))) for _ in range(40)]
    await asyncio.sleep(0)
    gate.set()
    ids = [message_id for message_id, _ in await asyncio.gather(*rest)]
    await first
    assert len(set(ids)) == 40
    assert len(found) == 1


async def test_more_than_one_transaction_may_hold_go_in_the_next(thread: StoreThread) -> None:
    found, gate = commits(thread), threading.Event()
    first = asyncio.create_task(thread.call(lambda: gate.wait(60)))
    rest = [asyncio.create_task(thread.join(lambda: thread.store.outbox.enqueue(new()))) for _ in range(JOINED + 1)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *rest)
    assert len(found) == 2


async def test_what_fails_is_undone_alone(thread: StoreThread) -> None:
    def half() -> None:
        thread.store.outbox.enqueue(new(text="half"))
        with thread.store.engine.write() as tx:
            tx.run("message_hasten", id=1)
            raise NotFoundError("no")

    def whole() -> int:
        return thread.store.outbox.enqueue(new())[0]

    ends = await asyncio.gather(thread.join(whole), thread.join(half), thread.join(whole), return_exceptions=True)
    assert [type(end) for end in ends] == [int, NotFoundError, int]
    assert len(thread.store.outbox.recent(limit=0)) == 3, "each write is undone alone"


async def test_what_is_asked_for_while_others_run_is_taken_along(thread: StoreThread) -> None:
    """One commit for both, and the second need not wait for the first one's."""
    begun, gate = threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        gate.wait(60)
        return thread.store.outbox.enqueue(new())[0]

    commits: list[str] = []
    thread.store.engine._connection.set_trace_callback(
        lambda statement: commits.append(statement) if statement == "COMMIT" else None
    )
    first = asyncio.create_task(thread.join(slow))
    await asyncio.to_thread(begun.wait, 60)
    second = asyncio.create_task(thread.join(lambda: thread.store.outbox.enqueue(new())))
    await asyncio.sleep(0)
    gate.set()
    assert (await first, (await second)[0]) == (1, 2)
    assert len(commits) == 1


async def test_a_commit_that_fails_fails_for_all(thread: StoreThread) -> None:
    def undone() -> None:
        thread.store.outbox.enqueue(new())
        thread.store.engine._connection.execute("ROLLBACK")  # as SQLite does by itself when the disk is full

    def whole() -> int:
        return thread.store.outbox.enqueue(new())[0]

    gate = threading.Event()
    first = asyncio.create_task(thread.call(lambda: gate.wait(60)))
    tasks = [asyncio.create_task(thread.join(verb)) for verb in (whole, undone, whole)]
    await asyncio.sleep(0)
    gate.set()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    await first
    assert all(isinstance(end, StoreError) for end in ends), ends
    assert thread.store.outbox.recent(limit=0) == []
    assert await thread.join(whole), "and the next works again"


async def test_who_no_longer_waits_is_not_waited_for(thread: StoreThread) -> None:
    gate = threading.Event()
    first = asyncio.create_task(thread.call(lambda: gate.wait(60)))
    gone = asyncio.create_task(thread.join(lambda: thread.store.outbox.enqueue(new())))
    await asyncio.sleep(0)
    gone.cancel()
    gate.set()
    await first
    message_id, _ = await thread.join(lambda: thread.store.outbox.enqueue(new()))
    assert message_id == 2, "what was asked for is done all the same"


async def test_what_only_waits_at_the_end_is_never_begun(thread: StoreThread) -> None:
    begun, gate = threading.Event(), threading.Event()

    def held() -> bool:
        begun.set()
        return gate.wait(60)

    first = asyncio.create_task(thread.join(held))
    assert await asyncio.to_thread(begun.wait, 60)
    late = asyncio.create_task(thread.join(lambda: thread.store.outbox.enqueue(new())))
    await asyncio.sleep(0)
    closing = asyncio.create_task(asyncio.to_thread(thread.close))
    async with asyncio.timeout(60):
        while not thread._closed:  # noqa: ASYNC110  another thread gives no event
            await asyncio.sleep(0.001)
    gate.set()
    await closing
    assert await first
    with pytest.raises(asyncio.CancelledError):
        await late
