"""Figures are counted over the newest rows, and say what they were counted from."""

from smsd.sms import NotSent, Sent, Verdict
from smsd.store.figures import Rates
from tests.store.house import House, delivered


def test_rates_count_what_the_network_took_and_what_came(house: House) -> None:
    assert house.store.figures.rates() == Rates(0, 0, 0, 0)
    house.queue()
    house.send("17")
    house.text("Спасибо")
    house.now += 120
    house.queue()
    house.send("18")
    house.queue()
    house.store.outbox.record([(house.claim().attempt_id, NotSent(Verdict.LATER, "CMS 38", "network out of order"))])
    assert house.store.figures.rates() == Rates(1, 2, 0, 1)
    house.now += 3600
    assert house.store.figures.rates() == Rates(0, 0, 0, 0)


def test_the_last_errors_come_newest_first(house: House) -> None:
    for code in ("CMS 38", "CMS 42"):
        house.queue()
        house.store.outbox.record([(house.claim().attempt_id, NotSent(Verdict.NEVER, code, "why"))])
    house.queue()
    house.store.outbox.record([(house.claim().attempt_id, Sent("17"))])
    assert [row["code"] for row in house.store.figures.last_errors(5)] == ["CMS 42", "CMS 38"]
    assert len(house.store.figures.last_errors(1)) == 1


def test_the_clocks_are_compared_by_what_was_sent_rather_than_by_what_came(house: House) -> None:
    assert house.store.figures.skew(0.0) is None
    house.text("Спасибо", sent_at=house.now - 30)
    house.text("Ещё раз", sent_at=house.now - 4)
    came = house.store.figures.skew(0.0)
    assert came is not None
    assert (came.submits, came.count, came.seconds) == (False, 2, -4)
    house.queue()
    house.send("17")
    house.receive(delivered("17", submitted_at=house.now + 3))
    sent = house.store.figures.skew(0.0)
    assert sent is not None
    assert (sent.submits, sent.count, sent.seconds) == (True, 1, 3)
    assert house.store.figures.skew(house.now + 1) is None
