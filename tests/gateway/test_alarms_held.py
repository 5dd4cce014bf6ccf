"""What the limit of an hour kept from the administrators is told them when there is room."""

from smsd.rules.alarms import ALARMS, Condition, Finding
from tests.gateway.house import Start
from tests.gateway.test_alarms import ADMIN, Carrier, messages


async def test_the_next_message_says_how_many_an_hour_kept_back(start: Start) -> None:
    carrier = Carrier()
    house = await start(alarms=carrier.settings(per_hour=2))
    for number in range(4):
        house.gateway.alarms.found(Finding(Condition.BALANCE_LOW, str(number)))
    await house.until(lambda: len(carrier.commanded) == 4)
    async with house.gateway.alarms._turn:  # no look sees one of the two alone
        house.clock.now += 3601
        house.gateway.alarms.found(Finding(Condition.BALANCE_LOW, "5", figure="7"))
    await house.until(lambda: len(messages(house)) == 3)
    assert messages(house)[-1] == "ТРЕВОГА: модем 5: баланс 7 (ещё 2 не отправлено)"
    for _ in range(3):
        await house.gateway.alarms._judge()
    assert len(messages(house)) == 3


async def test_what_an_hour_kept_back_is_told_when_it_is_over_though_nothing_else_happens(start: Start) -> None:
    """Else it would be told when it is repeated: a day later."""
    carrier = Carrier()
    house = await start(alarms=carrier.settings(per_hour=2))
    for number in range(4):
        house.gateway.alarms.found(Finding(Condition.BALANCE_LOW, str(number)))
    house.gateway.alarms.found(Finding(Condition.QUEUE_OLD, "manual", figure="90"))
    await house.until(lambda: len(carrier.commanded) == 4)
    house.clock.now += ALARMS[Condition.QUEUE_OLD].after
    await house.until(lambda: len(carrier.commanded) == 5)
    assert len(messages(house)) == 2
    house.clock.now += 3601
    await house.until(lambda: len(messages(house)) == 3)
    assert messages(house)[-1] == "ТРЕВОГА: очередь manual стоит 90 мин (ещё 2 не отправлено)"
    for _ in range(3):
        await house.gateway.alarms._judge()
    assert len(messages(house)) == 3
    assert house.store.outbox.recent(limit=1)[0]["recipient"] == ADMIN
