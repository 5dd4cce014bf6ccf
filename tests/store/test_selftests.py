"""Self-tests as rows: bound to their route, recognised by their text alone, judged also after a crash."""

from smsd.rules.outbox import MessageClass
from smsd.sms import NotSent, Sent, Verdict
from smsd.store.selftests import Ended, Past
from tests.store.house import OTHER, House, claimant, new

TEXT = "SMSD self-test 0123456789abcdef"


def begin(house: House, route: str = "modem0", text: str = TEXT) -> None:
    message = new(MessageClass.ADMIN, recipient=OTHER, text=text, expires_at=house.now + 300)
    house.store.selftests.begin(route, text, house.now + 300, message)


def test_a_test_leaves_by_its_own_route_only(house: House) -> None:
    begin(house)
    assert house.store.outbox.claim(claimant("modem1")) == []
    claim = house.claim("modem0")
    house.store.outbox.record([(claim.attempt_id, NotSent(Verdict.ROUTE, "CMS 38", "busy"))])
    house.now += 60
    assert house.store.outbox.claim(claimant("modem1")) == []
    assert house.claim("modem0").text == TEXT


def test_a_test_that_came_back_is_measured_from_the_attempt_that_left(house: House) -> None:
    begin(house)
    house.now += 10
    house.send()
    house.now += 7
    house.text(TEXT, sender=OTHER)
    house.now += 100
    house.crash()
    assert house.store.selftests.judge() == [Ended("modem0", ok=True, round_trip=7.0)]
    assert house.store.selftests.judge() == []
    past = house.store.selftests.past("modem0")
    assert (past.last_ok_at, past.round_trip, past.failures) == (house.now, 7.0, 0)
    [row] = house.store.inbox.recent(limit=1)
    assert (row["state"], row["reason"]) == ("ignored", "our own self-test")
    assert len(house.store.outbox.recent(limit=0)) == 1, "it is not answered"


def test_a_test_that_does_not_come_back_in_time_has_failed(house: House) -> None:
    begin(house)
    house.send()
    house.now += 301
    assert house.store.selftests.judge() == [Ended("modem0", ok=False, reason="it left and did not come back in time")]
    house.text(TEXT, sender=OTHER)
    assert house.store.selftests.judge() == []
    assert house.store.selftests.past("modem0").failures == 1


def test_a_test_that_does_not_leave_says_why_and_accuses_nobody(house: House) -> None:
    begin(house)
    claim = house.claim()
    house.store.outbox.record([(claim.attempt_id, NotSent(Verdict.NEVER, "CMS 21", "rejected"))])
    house.now += 301
    [ended] = house.store.selftests.judge()
    assert not ended.left
    assert ended.reason.startswith("it did not leave in time: ")


def test_failures_are_counted_since_the_last_that_came_back(house: House) -> None:
    assert house.store.selftests.past("modem0") == Past()
    for number in range(4):
        text = f"{TEXT}{number}"
        begin(house, text=text)
        house.send(str(number))
        if number == 1:
            house.text(text, sender=OTHER)
        house.now += 301
        house.store.selftests.judge()
    assert house.store.selftests.past("modem0").failures == 2
    assert set(house.store.selftests.all_past()) == {"modem0"}


def test_another_route_s_return_is_not_this_one_s(house: House) -> None:
    begin(house)
    house.text("SMSD self-test ffffffffffffffff", sender=OTHER)
    assert house.store.selftests.judge() == []
    house.store.outbox.record([(house.claim().attempt_id, Sent("1"))])
    assert house.store.selftests.judge() == []
