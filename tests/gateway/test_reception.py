"""Receiving in groups: one commit for many, and one bad thing spoils nothing."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smsd.errors import StoreError
from smsd.gateway.reception import GROUP, Reception
from smsd.rules.reception import InboxState
from smsd.sms import Deliver, Received, Sent
from smsd.store import Ended, Judge, Receipt, Store
from smsd.store.thread import StoreThread
from tests.gateway.house import PHONE
from tests.store.house import JUDGE


def nothing_ended(_route: str) -> AbstractContextManager[list[Ended]]:
    return nullcontext([])


def _arrival(number: int) -> Received:
    return Received("modem0", b"%d" % number, Deliver(PHONE, f"text {number}", datetime.now(UTC)))


async def test_what_arrives_together_is_committed_together_and_each_hears_of_its_own(tmp_path: Path) -> None:
    """A hundred arrivals cost a few transactions."""
    thread = StoreThread(Store(tmp_path / "smsd.db", time.time))
    commits = 0

    def count(_statement: str) -> None:
        nonlocal commits
        commits += _statement == "COMMIT"

    thread.store.engine._connection.set_trace_callback(count)
    reception = Reception(thread, JUDGE, nothing_ended)
    receipts = await asyncio.gather(*(reception.take(_arrival(number)) for number in range(100)))
    thread.store.engine._connection.set_trace_callback(None)
    assert [receipt.inbox_id for receipt in receipts] == list(range(1, 101))
    assert {receipt.state for receipt in receipts} == {InboxState.IGNORED}
    assert commits <= 100 // GROUP + 2
    thread.close()


async def test_one_that_the_store_does_not_take_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its neighbours are kept; only its own route hears of the trouble."""
    thread = StoreThread(Store(tmp_path / "smsd.db", time.time))
    receive_all = thread.store.inbox.receive_all

    def refuse(arrivals: list[Received], judge: Judge, ended: Sequence[Ended] = ()) -> list[Receipt]:
        if any(arrival.octets == b"3" for arrival in arrivals):
            raise StoreError("no")
        return receive_all(arrivals, judge, ended)

    monkeypatch.setattr(thread.store.inbox, "receive_all", refuse)
    reception = Reception(thread, JUDGE, nothing_ended)
    results = await asyncio.gather(*(reception.take(_arrival(number)) for number in range(6)), return_exceptions=True)
    assert [isinstance(result, StoreError) for result in results] == [number == 3 for number in range(6)]
    assert len(thread.store.inbox.recent(limit=0)) == 5
    thread.close()


async def test_what_ended_before_is_recorded_first_and_given_back_when_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: nothing is answered, nothing counts as recorded."""
    thread = StoreThread(Store(tmp_path / "smsd.db", time.time))
    receive_all = thread.store.inbox.receive_all
    given: list[tuple[str, bool]] = []
    recorded: list[Ended] = []

    @contextmanager
    def recording(route: str) -> Iterator[list[Ended]]:
        try:
            yield [(7, Sent("4711"))]
        except StoreError:
            given.append((route, False))
            raise
        given.append((route, True))

    full = True

    def take(arrivals: list[Received], judge: Judge, ended: Sequence[Ended] = ()) -> list[Receipt]:
        if full:
            raise StoreError("no room left")
        recorded.extend(ended)
        return receive_all(arrivals, judge, ended)

    monkeypatch.setattr(thread.store.inbox, "receive_all", take)
    reception = Reception(thread, JUDGE, recording)
    with pytest.raises(StoreError):
        await reception.take(_arrival(1))
    assert (given, recorded) == ([("modem0", False)], [])
    full = False
    assert (await reception.take(_arrival(1))).inbox_id == 1
    assert (given[1:], recorded) == ([("modem0", True)], [(7, Sent("4711"))])
    thread.close()
