"""Receiving in groups: one commit for many, and one bad thing spoils nothing."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smsd.errors import StoreError
from smsd.gateway.reception import GROUP, Reception
from smsd.rules.reception import InboxState
from smsd.sms import Deliver, Received
from smsd.store import Store
from smsd.store.thread import StoreThread
from tests.gateway.house import PHONE
from tests.store.house import JUDGE


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
    reception = Reception(thread, JUDGE)
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

    def refuse(arrivals: list[Received], judge: object) -> object:
        if any(arrival.octets == b"3" for arrival in arrivals):
            raise StoreError("no")
        return receive_all(arrivals, judge)  # type: ignore[arg-type]

    monkeypatch.setattr(thread.store.inbox, "receive_all", refuse)
    reception = Reception(thread, JUDGE)
    results = await asyncio.gather(*(reception.take(_arrival(number)) for number in range(6)), return_exceptions=True)
    assert [isinstance(result, StoreError) for result in results] == [number == 3 for number in range(6)]
    assert len(thread.store.inbox.recent(limit=0)) == 5
    thread.close()
