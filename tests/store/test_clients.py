"""The local directory, the wishes of numbers, and what the store remembers for others."""

import pytest

from smsd.errors import NotFoundError, StoreError
from smsd.sms import RouteStatus
from smsd.store.clients import Client
from tests.store.house import OTHER, PHONE, House

IVAN = Client(PHONE, "77", "ivan", b"sealed", "Иван")


def test_a_client_is_added_and_replaced_and_keeps_a_password_that_is_not_told(house: House) -> None:
    assert house.store.clients.put([IVAN], cause="test") == 1
    house.now += 5
    house.store.clients.put([Client(PHONE, "78", "ivan2", None)], cause="test")
    assert house.store.clients.show(PHONE) == {
        "phone": PHONE,
        "code": "78",
        "login": "ivan2",
        "password": b"sealed",
        "name": "",
        "changed_at": house.now,
        "subscribed": 1,
    }
    assert house.store.clients.count() == 1


def test_clients_are_put_all_or_none(house: House) -> None:
    with pytest.raises(StoreError):
        house.store.clients.put([IVAN, Client(OTHER, None, "x", None)], cause="test")  # type: ignore[arg-type]
    assert house.store.clients.count() == 0


def test_a_stop_survives_import_and_removal(house: House) -> None:
    house.store.clients.put([IVAN], cause="test")
    house.text("CLIENT sms stop")
    house.store.clients.put([Client(PHONE, "77", "ivan", None, subscribed=True)], cause="import")
    assert not house.store.clients.subscribed(PHONE)
    house.store.clients.remove(PHONE)
    assert house.store.clients.get(PHONE) is None
    assert not house.store.clients.subscribed(PHONE)
    house.store.clients.put([IVAN], cause="import")
    assert house.store.clients.show(PHONE)["subscribed"] == 0


def test_a_number_without_a_wish_takes_notifications(house: House) -> None:
    assert house.store.clients.subscribed(OTHER)


def test_the_list_hides_passwords_and_is_newest_first(house: House) -> None:
    house.store.clients.put([IVAN], cause="test")
    house.now += 1
    house.store.clients.put([Client(OTHER, "1", "olga", None)], cause="test")
    rows = house.store.clients.recent(limit=0)
    assert [(row["phone"], row["has_password"]) for row in rows] == [(OTHER, 0), (PHONE, 1)]
    assert all("password" not in row for row in rows)
    assert len(house.store.clients.recent(limit=1)) == 1


def test_a_client_who_is_not_there_is_not_found_and_not_named(house: House) -> None:
    for verb in (house.store.clients.show, house.store.clients.remove):
        with pytest.raises(NotFoundError, match="smsd client list") as caught:
            verb(PHONE)
        assert PHONE not in str(caught.value)


def test_facts_and_memories_survive_a_restart(house: House) -> None:
    house.store.put_fact("key", "a")
    house.store.put_fact("key", "b")
    house.store.remember("modem0", "pin", "refused")
    house.crash()
    assert (house.store.fact("key"), house.store.fact("other")) == ("b", None)
    assert (house.store.recall("modem0", "pin"), house.store.recall("modem1", "pin")) == ("refused", None)
    house.store.remember("modem0", "pin", None)
    assert house.store.recall("modem0", "pin") is None


def test_a_route_tells_since_when_it_is_as_it_is(house: House) -> None:
    began = house.now
    for state, up in (("searching", False), ("searching", False), ("ready", True)):
        house.store.put_route("modem0", RouteStatus(up, state, "detail", {"signal": 17, "operator": "Мегафон"}))
        house.now += 10
    [row] = house.store.routes()
    assert (row["state"], row["up"], row["since"], row["changed_at"]) == ("ready", 1, began + 20, began + 20)
    assert row["facts"] == {"signal": 17, "operator": "Мегафон"}
    house.store.put_route("modem0", RouteStatus(up=True, state="ready"))
    assert house.store.routes()[0]["since"] == began + 20


def test_a_route_that_is_tried_again_has_been_away_all_along(house: House) -> None:
    """An operator who is away for an hour is tried every minute: a person must see the hour."""
    house.store.put_route("operator", RouteStatus(up=True, state="ready"))
    house.now += 100
    lost = house.now
    for state in ("away", "connecting", "away", "connecting", "away"):
        house.store.put_route("operator", RouteStatus(up=False, state=state))
        house.now += 60
    assert house.store.routes()[0]["since"] == lost


def test_routes_that_are_not_configured_are_forgotten(house: House) -> None:
    for name in ("modem0", "modem1"):
        house.store.put_route(name, RouteStatus(up=True, state="ready"))
    house.store.keep_routes(["modem1"])
    assert [row["name"] for row in house.store.routes()] == ["modem1"]
    house.store.keep_routes([])
    assert house.store.routes() == []


def test_a_stop_that_others_know_of_is_heeded_only_where_the_number_said_nothing(house: House) -> None:
    assert house.store.clients.heed_stop(PHONE, "the client-support system")
    assert not house.store.clients.subscribed(PHONE)
    house.store.clients.set_wish(OTHER, subscribed=True, cause="by hand")
    assert not house.store.clients.heed_stop(OTHER, "the client-support system")
    assert house.store.clients.subscribed(OTHER)


def test_what_the_number_says_later_goes_before_what_was_set_by_hand(house: House) -> None:
    house.store.clients.set_wish(PHONE, subscribed=True, cause="by hand")
    house.now += 60
    house.text("CLIENT sms stop")
    assert not house.store.clients.subscribed(PHONE)
    assert [row["cause"] for row in house.store.clients.wishes(limit=0, stopped_only=True)] == ["SMS, inbox 1"]
