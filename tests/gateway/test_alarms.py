"""Alarms over a real store: told by every way, once, also when the store or the command is itself the trouble."""

import asyncio
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from smsd.directory import Registration
from smsd.errors import DirectoryDownError, StoreError, StoreFullError
from smsd.gateway import Gateway, Settings
from smsd.gateway.alarms import AlarmSettings, _apart
from smsd.rules.alarms import ALARMS, CLEAR_AFTER, Condition, Finding, Key, Severity, Standing
from smsd.rules.replies import Replies
from smsd.sms import InDoubt, Received, ReportClass, StatusReport
from smsd.store import Store
from smsd.store.alarms import Alarms, Told
from smsd.store.thread import StoreThread
from smsd.vault import Vault
from tests.gateway.house import PHONE, Clock, House, ScriptedDirectory, ScriptedRoute, Start

ADMIN = "+79990000001"
SECOND = "+79990000002"
SWAPPED = "sim swapped"


class Carrier:
    """A journal and a command that remember; the command can be held."""

    def __init__(self) -> None:
        self.journal: list[Told] = []
        self.commanded: list[Told] = []
        self.free = asyncio.Event()
        self.free.set()

    async def command(self, told: Told) -> str:
        await self.free.wait()
        self.commanded.append(told)
        return "exit 0"

    def settings(self, **values: Any) -> AlarmSettings:
        defaults: dict[str, Any] = {"phones": (ADMIN,), "journal": self.journal.append, "command": self.command}
        return AlarmSettings(**defaults | values)

    def changes(self) -> list[tuple[str, str]]:
        return [(told.event.change.value, told.event.condition or "") for told in self.journal]


def messages(house: House, phone: str = ADMIN) -> list[str]:
    """Return the texts of the alarms that were queued for a phone, oldest first."""
    rows = house.store.outbox.recent(limit=0, message_class="admin", recipient=phone)
    return [row["text"] for row in reversed(rows)]


async def raised(house: House, carrier: Carrier) -> None:
    """Have the one modem be away until the alarm is told."""
    for _ in range(2):
        await house.until(lambda: True)
    await house.until(lambda: bool(house.store.alarms.ledger()))
    house.clock.now += ALARMS[Condition.MODEM_AWAY].after
    await house.until(lambda: ("raised", "modem_away") in carrier.changes())


async def test_an_alarm_reaches_every_admin_the_journal_and_the_command(start: Start) -> None:
    carrier = Carrier()
    dead = ScriptedRoute(name="modem1", up=False)
    house = await start(ScriptedRoute(), dead, alarms=carrier.settings(phones=(ADMIN, SECOND)))
    await raised(house, carrier)
    await house.until(lambda: house.store.alarms.recent(limit=1)[0]["carried_at"] is not None)
    assert messages(house) == messages(house, SECOND) == ["ТРЕВОГА: модем modem1 отключён: устройства нет"]
    await house.until(lambda: len(house.route.submits) == 2)
    [row] = house.store.alarms.recent(limit=0)
    assert (row["change"], row["condition"], row["about"], row["outcome"]) == (
        "raised", "modem_away", "modem1", "exit 0",
    )  # fmt: skip
    assert [told.id for told in carrier.commanded] == [row["id"]]


async def test_the_all_clear_is_told_the_same_ways(start: Start) -> None:
    carrier = Carrier()
    house = await start(ScriptedRoute(), ScriptedRoute(name="modem1", up=False), alarms=carrier.settings())
    await raised(house, carrier)
    house.routes[1].up = True
    house.gateway.changed("modem1")
    await house.until(lambda: any(each.gone_at is not None for each in house.store.alarms.ledger().values()))
    house.clock.now += CLEAR_AFTER
    await house.until(lambda: len(carrier.commanded) == 2)
    assert carrier.changes() == [("raised", "modem_away"), ("cleared", "modem_away")]
    assert messages(house)[-1].startswith("ОТБОЙ: модем modem1")


@pytest.fixture
def twice(tmp_path: Path) -> Iterator[Any]:
    """Start a gateway by hand, so that a test may end it and begin another on the same store."""
    clock = Clock()
    threads: list[StoreThread] = []

    def make(settings: AlarmSettings, *routes: ScriptedRoute) -> tuple[House, Gateway]:
        thread = StoreThread(Store(tmp_path / "smsd.db", clock))
        threads.append(thread)
        store = Store(tmp_path / "smsd.db", clock)
        gateway = Gateway(
            thread, routes, ScriptedDirectory(), Vault.generate(), Settings(Replies()), clock, settings
        )  # fmt: skip
        return House(gateway, store, clock, list(routes), ScriptedDirectory()), gateway

    yield make
    for thread in threads:
        thread.close()


async def end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait([task])


async def test_a_restart_neither_repeats_nor_forgets(twice: Any) -> None:
    for expected in (["raised"], [], ["cleared"]):
        carrier = Carrier()
        route = ScriptedRoute(name="modem1", up=expected == ["cleared"])
        house, gateway = twice(carrier.settings(phones=()), ScriptedRoute(), route)
        task = asyncio.create_task(gateway.run())
        if expected == ["raised"]:
            await raised(house, carrier)
        elif expected == ["cleared"]:
            await house.until(lambda house=house: any(e.gone_at for e in house.store.alarms.ledger().values()))
            house.clock.now += CLEAR_AFTER
            await house.until(lambda carrier=carrier: bool(carrier.commanded))
        else:
            house.clock.now += 3600
            for _ in range(5):
                gateway.look()
                await asyncio.sleep(0.01)
        assert [change for change, _ in carrier.changes()] == expected
        await end(task)
        house.store.close()


async def test_what_a_dead_process_had_not_carried_the_next_one_carries(twice: Any) -> None:
    first = Carrier()
    first.free.clear()  # its command hangs when the process dies
    house, gateway = twice(first.settings(), ScriptedRoute(), ScriptedRoute(name="modem1", up=False))
    task = asyncio.create_task(gateway.run())
    await raised(house, first)
    await end(task)
    assert first.commanded == []
    house.store.close()
    second = Carrier()
    house, gateway = twice(second.settings(), ScriptedRoute(), ScriptedRoute(name="modem1", up=False))
    task = asyncio.create_task(gateway.run())
    await house.until(lambda: len(second.commanded) == 1)
    await house.until(lambda: house.store.alarms.recent(limit=1)[0]["carried_at"] is not None)
    assert len(messages(house)) == 1, "its message was queued with it, and is not queued again"
    await end(task)
    house.store.close()


async def test_a_command_that_hangs_stops_nothing(start: Start) -> None:
    carrier = Carrier()
    carrier.free.clear()
    house = await start(ScriptedRoute(), ScriptedRoute(name="modem1", up=False), alarms=carrier.settings())
    await raised(house, carrier)
    await house.until(lambda: len(house.route.submits) == 1)
    house.gateway.alarms.found(Finding(Condition.BALANCE_LOW, "17"))
    await house.until(lambda: len(messages(house)) == 2)
    assert carrier.commanded == []
    carrier.free.set()
    await house.until(lambda: len(carrier.commanded) == 2)


async def test_while_the_store_takes_nothing_journal_and_command_have_it(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The messages follow when the store takes them, and nothing is told twice."""
    carrier = Carrier()
    house = await start(alarms=carrier.settings())
    alarms = house.gateway._store.alarms
    tell = alarms.tell

    def full(*_: Any, **__: Any) -> Any:
        raise StoreFullError("no room left on the disk")

    monkeypatch.setattr(alarms, "tell", full)
    house.gateway.alarms.found(Finding(Condition.BALANCE_LOW, "17"))
    await house.until(lambda: len(carrier.commanded) == 1)
    await house.until(lambda: (Condition.STORE_TROUBLE, "") in house.gateway.alarms._ledger)
    house.clock.now += 60
    await house.until(lambda: ("raised", "store_trouble") in carrier.changes())
    assert messages(house) == []
    monkeypatch.setattr(alarms, "tell", tell)
    await house.until(lambda: len(messages(house)) == 2)
    assert [row["carried_at"] is not None for row in house.store.alarms.recent(limit=0)] == [True, True]
    assert len(carrier.journal) == 2


def unreadable(monkeypatch: pytest.MonkeyPatch, known: Standing, why: str) -> Callable[[], None]:
    """Let nobody read the ledger, in which ``known`` stands, until what is returned has been called."""
    read, broken = Alarms.ledger, [True]

    def ledger(alarms: Alarms) -> dict[Key, Standing]:
        if broken:
            raise StoreError(why)
        return read(alarms) | {known.key: known}

    monkeypatch.setattr(Alarms, "ledger", ledger)
    return broken.clear


async def test_a_store_that_cannot_be_read_from_the_start_is_told_all_the_same(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Damage is found at the first look of a process; what stood before is known again when it can be read."""
    carrier = Carrier()
    known = Standing(Condition.BALANCE_LOW, "scripted", 1.0, raised_at=1_799_999_000.0, told_at=1_799_999_000.0)
    mend = unreadable(monkeypatch, known, "database disk image is malformed")
    house = await start(ScriptedRoute(), ScriptedRoute(name="modem1", up=False), alarms=carrier.settings(phones=()))
    await house.until(lambda: bool(house.gateway.alarms._ledger))
    house.clock.now += 60
    await house.until(lambda: ("raised", "store_trouble") in carrier.changes())
    await house.until(lambda: ("raised", "modem_away") in carrier.changes())
    mend()
    # Not found before it is known again: a look that had begun while nothing could be read would tell it.
    await house.until(lambda: known.key in house.gateway.alarms._ledger)
    house.gateway.alarms.found(Finding(Condition.BALANCE_LOW, "scripted"))

    def later() -> bool:
        # A look must see that the trouble is gone before the time runs after which it is over.
        house.clock.now += CLEAR_AFTER
        return ("cleared", "store_trouble") in carrier.changes()

    await house.until(later)
    assert ("raised", "balance_low") not in carrier.changes(), "it stood, and had been told"


async def test_what_had_been_told_is_not_told_anew_because_it_was_found_before_it_could_be_read(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier = Carrier()
    known = Standing(Condition.MODEM_AWAY, "modem1", 1.0, raised_at=1_799_999_000.0, told_at=1_799_999_000.0)
    mend = unreadable(monkeypatch, known, "database is locked")
    house = await start(ScriptedRoute(), ScriptedRoute(name="modem1", up=False), alarms=carrier.settings(phones=()))
    await house.until(lambda: known.key in house.gateway.alarms._ledger)
    mend()
    await house.until(lambda: house.gateway.alarms._begun)
    house.clock.now += ALARMS[Condition.MODEM_AWAY].after
    await house.gateway.alarms._judge()
    assert carrier.changes() == []


async def test_that_it_was_looked_is_written_down_also_while_an_alarm_changes_at_each_look(start: Start) -> None:
    """Otherwise whoever watches from outside takes a long trouble for a dead daemon."""
    carrier = Carrier()
    house = await start(ScriptedRoute(up=False), alarms=carrier.settings(phones=()))
    house.enqueue("one")
    house.clock.now += 2 * 3600
    await house.until(
        lambda: any(each.condition is Condition.QUEUE_OLD for each in house.store.alarms.ledger().values())
    )
    for _ in range(40):
        house.clock.now += 10
        await house.gateway.alarms._judge()
    looked_at = house.store.fact("alarms_looked_at")
    assert looked_at is not None
    assert house.clock.now - float(looked_at) < 300


async def test_a_full_disk_is_told_before_it_is_full(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    carrier = Carrier()
    room = os.statvfs("/")
    small = os.statvfs_result((4096, 4096, 10**6, 10_000, 10_000, *tuple(room)[5:]))
    monkeypatch.setattr("smsd.gateway.alarms.os.statvfs", lambda _: small)
    house = await start(alarms=carrier.settings())
    await house.until(lambda: bool(house.store.alarms.ledger()))
    house.clock.now += 60
    await house.until(lambda: messages(house) == ["ТРЕВОГА: на диске осталось 40 МБ"])


async def test_only_what_is_bad_enough_becomes_a_message(start: Start) -> None:
    carrier = Carrier()
    house = await start(alarms=carrier.settings(least=Severity.CRITICAL))
    house.gateway.alarms.found(Finding(Condition.BALANCE_LOW, "17"))
    await house.until(lambda: len(carrier.commanded) == 1)
    assert messages(house) == []


async def test_more_than_so_many_an_hour_go_by_the_other_ways_only(start: Start) -> None:
    carrier = Carrier()
    house = await start(alarms=carrier.settings(per_hour=2))
    for number in range(4):
        house.gateway.alarms.found(Finding(Condition.BALANCE_LOW, str(number)))
    await house.until(lambda: len(carrier.commanded) == 4)
    assert len(messages(house)) == 2
    async with house.gateway.alarms._turn:  # no look sees one of the two alone
        house.clock.now += 3601
        house.gateway.alarms.found(Finding(Condition.BALANCE_LOW, "5"))
    await house.until(lambda: len(messages(house)) == 3)


async def test_what_is_silenced_is_in_the_journal_only(start: Start) -> None:
    carrier = Carrier()
    house = await start(ScriptedRoute(), ScriptedRoute(name="modem1", up=False), alarms=carrier.settings())
    house.store.alarms.silence(Condition.MODEM_AWAY, "*", house.clock.now + 3600)
    await raised(house, carrier)
    await house.until(lambda: house.store.alarms.recent(limit=1)[0]["carried_at"] is not None)
    assert (messages(house), carrier.commanded) == ([], [])
    assert house.store.alarms.recent(limit=1)[0]["quiet"] == 1


@pytest.mark.parametrize("hours", [1, 0])
async def test_what_stands_when_its_silence_ends_is_told_then(start: Start, hours: int) -> None:
    """Planned work is over and something is still wrong: that is not known a day later."""
    carrier = Carrier()
    house = await start(ScriptedRoute(), ScriptedRoute(name="modem1", up=False), alarms=carrier.settings())
    house.store.alarms.silence(Condition.MODEM_AWAY, "modem1", house.clock.now + 3600)
    await raised(house, carrier)
    if hours:
        house.clock.now += 3600
    else:
        house.store.alarms.silence(Condition.MODEM_AWAY, "modem1", house.clock.now)
    await house.until(lambda: messages(house) == ["ВСЁ ЕЩЁ: модем modem1 отключён: устройства нет"])
    house.clock.now += 3600
    for _ in range(5):
        await house.gateway.alarms._judge()
    assert len(messages(house)) == 1
    assert carrier.changes() == [("raised", "modem_away"), ("repeated", "modem_away")]


async def test_the_end_of_a_silence_says_nothing_of_what_is_gone_until_it_comes_back(start: Start) -> None:
    """The modem is in again, the planned work is over: "still unplugged" would be a lie."""
    carrier = Carrier()
    house = await start(ScriptedRoute(), ScriptedRoute(name="modem1", up=False), alarms=carrier.settings())
    house.store.alarms.silence(Condition.MODEM_AWAY, "*", house.clock.now + 3600)
    await raised(house, carrier)
    async with house.gateway.alarms._turn:  # no look sees one of the two alone
        house.routes[1].up = True
        house.clock.now += 3600
    await house.gateway.alarms._judge()
    house.clock.now += 30
    await house.gateway.alarms._judge()
    assert (messages(house), house.store.alarms.over()) == ([], [])
    house.routes[1].up = False
    await house.gateway.alarms._judge()
    assert messages(house) == ["ВСЁ ЕЩЁ: модем modem1 отключён: устройства нет"]
    house.clock.now += 600
    await house.gateway.alarms._judge()
    assert len(messages(house)) == 1


async def test_the_end_of_a_silence_is_told_once_also_when_the_store_takes_nothing(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier = Carrier()
    house = await start(ScriptedRoute(), ScriptedRoute(name="modem1", up=False), alarms=carrier.settings())
    house.store.alarms.silence(Condition.MODEM_AWAY, "*", house.clock.now + 3600)
    await raised(house, carrier)
    alarms = house.gateway._store.alarms
    tell = alarms.tell

    def full(*_: Any, **__: Any) -> Any:
        raise StoreFullError("no room left on the disk")

    monkeypatch.setattr(alarms, "tell", full)
    house.clock.now += 3600
    for _ in range(3):
        await house.gateway.alarms._judge()
    assert carrier.changes().count(("repeated", "modem_away")) == 1
    monkeypatch.setattr(alarms, "tell", tell)
    for _ in range(3):
        await house.gateway.alarms._judge()
    assert messages(house) == ["ВСЁ ЕЩЁ: модем modem1 отключён: устройства нет"]
    assert house.store.alarms.over() == []


async def test_warnings_do_not_use_up_what_is_kept_for_what_is_critical(start: Start) -> None:
    carrier = Carrier()
    house = await start(alarms=carrier.settings(per_hour=6))
    for number in range(6):
        house.gateway.alarms.found(Finding(Condition.BALANCE_LOW, str(number)))
    await house.until(lambda: len(carrier.commanded) == 6)
    assert len(messages(house)) == 4
    for number in range(3):
        house.gateway.alarms.found(Finding(Condition.SELF_TEST_FAILED, str(number)))
    await house.until(lambda: len(carrier.commanded) == 9)
    assert len(messages(house)) == 6


async def test_a_clock_that_was_ahead_does_not_use_up_the_messages_of_an_hour(start: Start) -> None:
    carrier = Carrier()
    house = await start(alarms=carrier.settings(per_hour=1))
    house.clock.now += 365 * 86_400
    house.gateway.alarms.found(Finding(Condition.BALANCE_LOW, "1"))
    await house.until(lambda: len(messages(house)) == 1)
    house.clock.now -= 365 * 86_400
    house.gateway.alarms.found(Finding(Condition.BALANCE_LOW, "2"))
    await house.until(lambda: len(messages(house)) == 2)


async def test_a_replaced_sim_is_told_once_and_until_a_person_releases_it(start: Start) -> None:
    carrier = Carrier()
    house = await start(alarms=carrier.settings())
    message = house.enqueue("secret")
    await house.until(lambda: house.store.outbox.show(message)["state"] == "submitted")
    reference = str(house.route.submits[0].attempt_id % 256)
    now = datetime.fromtimestamp(house.clock.now, UTC)
    report = StatusReport(reference, PHONE, now, now, ReportClass.FAILED, "219", refused=SWAPPED)
    for _ in range(2):
        await house.gateway.received(Received("scripted", b"receipt", report, sim="sim"))
    await house.until(lambda: len(messages(house)) == 1)
    assert "сменилась SIM" in messages(house)[0]
    assert PHONE not in str(house.store.alarms.recent(limit=0))
    house.store.swaps.release(PHONE)
    await house.until(lambda: any(each.gone_at for each in house.store.alarms.ledger().values()))
    house.clock.now += CLEAR_AFTER
    await house.until(lambda: len(messages(house)) == 2)


def test_numbers_that_look_alike_are_two() -> None:
    assert _apart(["+7916•••67", "+7916•••68", "+7916•••67"]) == ["+7916•••67", "+7916•••68", "+7916•••67 (2)"]


async def test_a_doubt_that_nobody_settles_asks_for_a_person(start: Start) -> None:
    carrier = Carrier()
    house = await start(ScriptedRoute(answer=lambda _: InDoubt("no answer")), alarms=carrier.settings(phones=()))
    message = house.enqueue("one")
    await house.until(lambda: house.store.outbox.show(message)["state"] == "in_doubt")
    house.clock.now += 601
    await house.until(lambda: ("raised", "doubts_held") in carrier.changes())


async def test_an_acknowledgement_that_a_person_decides_on_is_no_late_one(start: Start) -> None:
    """It was sent twice and nobody knows: nothing is gained by calling it late, at night, for ever."""
    carrier = Carrier()
    house = await start(ScriptedRoute(answer=lambda _: InDoubt("no answer")), alarms=carrier.settings(phones=()))
    await house.text("CLIENT sms stop")
    await house.until(lambda: ("ack", "in_doubt") in house.states())
    house.clock.now += 100
    await house.until(lambda: ("raised", "acknowledgement_late") in carrier.changes())

    def tried_twice() -> bool:
        house.clock.now += 5
        return len(house.route.submits) == 4 and house.states() == [("ack", "in_doubt"), ("result", "in_doubt")]

    await house.until(tried_twice)
    house.clock.now += 601
    await house.until(lambda: ("raised", "doubts_held") in carrier.changes())
    await house.until(lambda: any(each.gone_at for each in house.store.alarms.ledger().values()))
    house.clock.now += CLEAR_AFTER
    await house.until(lambda: ("cleared", "acknowledgement_late") in carrier.changes())


async def test_requests_that_wait_for_their_directory_are_an_alarm_and_an_all_clear(start: Start) -> None:
    def down(_: str) -> Registration | None:
        raise DirectoryDownError("ssk: answers 500", again_in=60.0)

    carrier, directory = Carrier(), ScriptedDirectory(answer=down)
    house = await start(directory=directory, alarms=carrier.settings(phones=()))
    await house.text("CLIENT info")
    await house.until(lambda: house.request() == ("accepted", 1))
    house.clock.now += 601
    await house.until(lambda: ("raised", "requests_wait") in carrier.changes())
    directory.answer = lambda _: Registration("1", "ivanov", "secret")
    house.clock.now += 61
    await house.until(lambda: house.request()[0] == "done")
    await house.until(lambda: any(each.gone_at for each in house.store.alarms.ledger().values()))
    house.clock.now += 600
    await house.until(lambda: ("cleared", "requests_wait") in carrier.changes())


async def test_a_test_from_the_command_line_is_carried(start: Start) -> None:
    carrier = Carrier()
    settings = carrier.settings()
    house = await start(alarms=settings)
    house.gateway.alarms.found(Finding(Condition.BALANCE_LOW, "1"))
    await house.until(lambda: len(carrier.commanded) == 1)
    house.store.alarms.test(lambda event, number: settings.words(house.gateway.to_admin, event, number))
    await house.until(lambda: len(carrier.commanded) == 2)
    assert carrier.changes()[-1] == ("test", "")
    assert messages(house)[-1].startswith("ПРОВЕРКА")


async def test_what_still_stands_is_told_again(start: Start) -> None:
    carrier = Carrier()
    house = await start(
        ScriptedRoute(), ScriptedRoute(name="modem1", up=False),
        alarms=carrier.settings(repeat_after=timedelta(hours=2)),
    )  # fmt: skip
    await raised(house, carrier)
    house.clock.now += 7200
    await house.until(lambda: len(messages(house)) == 2)
    assert messages(house)[1].startswith("ВСЁ ЕЩЁ: модем modem1")
