"""The daemon forgets what is over, class by class, and goes on with its work."""

from datetime import timedelta

from smsd.rules.outbox import MessageClass
from smsd.rules.reception import InboxState
from smsd.rules.retention import Keep
from tests.gateway.house import House, Start

DAY = timedelta(days=1)


async def test_a_sweep_forgets_what_is_old_of_each_kind(start: Start) -> None:
    keep = Keep({MessageClass.ACK: DAY}, {InboxState.IGNORED: DAY}, octets=DAY, audit=DAY)
    house = await start(keep=keep)
    await lived(house)
    house.clock.now += 2 * DAY.total_seconds()
    house.enqueue("new")
    gone = await house.gateway._forgetting.sweep()
    assert gone == {"outbox": 1, "inbox": 1, "pdus": 1, "audit": 0}
    assert sorted(name for name, _ in house.states()) == ["manual", "result"]
    assert [row["state"] for row in house.store.inbox.recent(limit=0)] == ["command"]
    assert await house.gateway._forgetting.sweep() == {"outbox": 0, "inbox": 0, "pdus": 0, "audit": 0}


async def test_what_has_no_time_is_kept(start: Start) -> None:
    house = await start(keep=Keep())
    await lived(house)
    house.clock.now += 1000 * DAY.total_seconds()
    assert not any((await house.gateway._forgetting.sweep()).values())
    assert len(house.states()) == 2


async def lived(house: House) -> None:
    """Let a client be answered, and somebody write what is no command."""
    await house.text("CLIENT sms start")
    await house.until(lambda: house.states().count(("result", "submitted")) == 1)
    await house.text("hello")
