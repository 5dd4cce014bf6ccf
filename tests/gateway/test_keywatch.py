"""A private key that was replaced is an alarm as long as there are passwords it does not open."""

import pytest

from smsd.rules.alarms import Condition
from smsd.store import Client
from smsd.vault import PublicKey, Vault, seal
from tests.gateway.house import House, Start

FORMER = Vault.generate().public


def client(number: int, key: PublicKey | None) -> Client:
    return Client(f"+7916123456{number}", "1", "ivanov", seal(key, "password") if key else None)


def raised(house: House) -> list[str]:
    ledger = house.store.alarms.ledger().values()
    return [each.figure for each in ledger if each.condition is Condition.KEY_REPLACED and each.gone_at is None]


async def test_it_stands_until_the_clients_have_been_imported_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smsd.gateway.keywatch.LOOK_SECONDS", 0.01)
    house = await start()
    present = house.gateway._vault.public
    house.store.clients.put([client(1, FORMER), client(2, FORMER), client(3, present), client(4, None)], cause="test")
    await house.until(lambda: raised(house) == ["2"])
    house.store.clients.put([client(1, present)], cause="test")
    await house.until(lambda: raised(house) == ["1"])
    house.store.clients.put([client(2, present)], cause="test")
    await house.until(lambda: raised(house) == [])
