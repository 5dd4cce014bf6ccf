"""A stop outlives the person: kept as a mark, found again by whoever writes to the number."""

from smsd.rules.outbox import MessageClass
from smsd.store import Client
from smsd.store.wishes import keep_as_mark, recognise, stopped, wish_of
from tests.store.house import OTHER, PHONE, House, claimant

KEY = bytes(range(32))


def stop(house: House, phone: str = PHONE) -> None:
    """Let a number stop everything, by SMS."""
    house.text("CLIENT sms stop", sender=phone)


def mark(house: House, phone: str = PHONE, key: bytes = KEY) -> bool:
    """Keep of a number's wish what outlives its person."""
    with house.store.engine.write() as tx:
        return keep_as_mark(tx, phone, key)


def phones(house: House) -> list[str]:
    """Return what stands in the table for numbers."""
    return [row[0] for row in house.rows("SELECT phone FROM subscription ORDER BY phone")]


def test_a_stop_becomes_a_mark_that_is_found_by_its_number_alone(house: House) -> None:
    stop(house)
    assert mark(house)
    [kept] = phones(house)
    assert kept.startswith("erased:")
    assert PHONE not in kept
    assert house.store.clients.subscribed(PHONE) is False
    assert house.store.clients.subscribed(OTHER) is True
    with house.store.engine.read() as tx:
        wish = wish_of(tx, PHONE)
    assert wish is not None
    assert (wish["subscribed"], wish["cause"], wish["decided_at"]) == (0, "before an erasure", house.now)


def test_a_wish_to_be_written_to_is_not_kept(house: House) -> None:
    house.text("CLIENT sms start")
    assert mark(house) is False
    assert phones(house) == []
    assert mark(house, OTHER) is False


def test_one_key_marks_all(house: House) -> None:
    stop(house)
    stop(house, OTHER)
    mark(house)
    mark(house, OTHER, bytes(32))
    assert house.store.fact("erasure_key") == KEY.hex()
    assert house.store.clients.subscribed(OTHER) is False


def test_a_number_that_comes_back_has_its_stop_again(house: House) -> None:
    stop(house)
    mark(house)
    with house.store.engine.write() as tx:
        recognise(tx, [OTHER, PHONE])
    assert phones(house) == [PHONE]
    with house.store.engine.write() as tx:
        recognise(tx, [PHONE])
    assert phones(house) == [PHONE]


def test_a_notification_to_an_erased_number_is_suppressed(house: House) -> None:
    stop(house)
    mark(house)
    message_id = house.queue(MessageClass.NOTIFICATION)
    assert len(house.store.outbox.claim(claimant(), 5)) == 1  # the acknowledgement of the stop
    assert house.state(message_id) == "suppressed"


def test_an_import_of_an_erased_client_does_not_lift_his_stop(house: House) -> None:
    stop(house)
    mark(house)
    house.store.clients.put([Client(PHONE, "1733", "ivanov", None, subscribed=True)], cause="import")
    assert house.store.clients.show(PHONE)["subscribed"] == 0
    assert phones(house) == [PHONE]


def test_a_start_by_sms_lifts_the_stop_of_an_erased_number(house: House) -> None:
    stop(house)
    mark(house)
    house.now += 60
    house.text("CLIENT sms start")
    assert house.store.clients.subscribed(PHONE) is True
    assert phones(house) == [PHONE]


def test_who_is_dropped_from_an_alert_is_found_by_mark_as_well(house: House) -> None:
    stop(house)
    stop(house, OTHER)
    mark(house)
    with house.store.engine.read() as tx:
        numbers = stopped(tx)
    assert PHONE in numbers
    assert OTHER in numbers
    assert "+79160000003" not in numbers
