"""What is remembered of a SIM outlives the process, and a crash repeats nothing that is forwarded."""

from dataclasses import replace
from typing import Any

from smsd.rules.outbox import MessageClass
from smsd.store.simlife import Balance
from tests.store.house import OTHER, PHONE, House, claimant, new


def test_a_balance_is_found_again(house: House) -> None:
    assert house.store.simlife.balance("modem0") == Balance()
    told = Balance(house.now, house.now, "Баланс 7 р", 7.0)
    house.store.simlife.put_balance("modem0", told)
    house.crash()
    assert house.store.simlife.balance("modem0") == told
    house.store.simlife.put_balance("modem0", replace(told, failures=1, trouble="no"))
    assert house.store.simlife.balances() == {"modem0": replace(told, failures=1, trouble="no")}


def test_only_what_came_since_is_news_and_once(house: House) -> None:
    house.text("old", sender="MegaFon", sender_is_number=False)
    assert house.store.simlife.news("modem0") == []
    house.text("Пополните счёт", sender="MegaFon", sender_is_number=False)
    house.text("CLIENT info")
    [row] = house.store.simlife.news("modem0")
    assert (row["sender"], row["text"]) == ("MegaFon", "Пополните счёт")
    assert house.store.simlife.news("modem1") == []
    forwards = [new(MessageClass.ADMIN, recipient=OTHER, text="x", key=f"forward {row['id']} {OTHER}")]
    assert house.store.simlife.forward("modem0", row["id"], forwards) == 1
    assert house.store.simlife.forward("modem0", row["id"], forwards) == 0
    assert house.store.simlife.news("modem0") == []
    assert house.store.simlife.forwarded_since(house.now - 1) == 1
    assert house.store.simlife.forwarded_since(house.now + 1) == 0


def test_a_sim_that_never_sent_is_counted_from_when_it_was_first_looked_at(house: House) -> None:
    first = house.store.simlife.last_sent("modem0")
    assert first == house.now
    house.now += 86_400
    assert house.store.simlife.last_sent("modem0") == first
    house.queue()
    house.send()
    assert house.store.simlife.last_sent("modem0") == house.now


def test_what_keeps_a_sim_alive_leaves_by_it_alone(house: House) -> None:
    house.store.simlife.keep_alive("modem0", new(MessageClass.ADMIN, recipient=PHONE, text="SMSD keep-alive"))
    assert house.store.outbox.claim(claimant("modem1")) == []
    assert house.claim("modem0").text == "SMSD keep-alive"


def test_a_long_text_of_the_operator_is_news_when_it_is_whole_and_not_passed_over(house: House) -> None:
    """Another text may come between its parts."""
    assert house.store.simlife.news("modem0") == []
    values: dict[str, Any] = {"sender": "MegaFon", "sender_is_number": False, "reference": 7, "total": 2}
    house.text("Ваш тариф ", **values, sequence=1)
    house.text("Акция", sender="0500")
    assert house.store.simlife.news("modem0") == []
    house.text("изменится", **values, sequence=2)
    assert [row["text"] for row in house.store.simlife.news("modem0")] == ["Ваш тариф изменится", "Акция"]


def test_what_a_person_never_finished_holds_no_news_up(house: House) -> None:
    assert house.store.simlife.news("modem0") == []
    house.text("one ", reference=7, total=2, sequence=1)
    house.text("Акция", sender="0500")
    assert [row["text"] for row in house.store.simlife.news("modem0")] == ["Акция"]
