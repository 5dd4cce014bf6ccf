"""Limits, obeyed in the transaction that claims, counted without a scan."""

from datetime import UTC, time

import pytest

from smsd.rules.limits import Limits, LimitTable
from smsd.rules.outbox import MessageClass
from smsd.rules.routing import Kind
from smsd.sms import InDoubt, NotSent, Sent, Verdict
from tests.store.house import House, claimant

DAY = 86400.0


def limit(house: House, limits: Limits, *, price: int = 0, quiet: tuple[time, time] | None = None) -> None:
    """Limit the house's modem."""
    house.store.outbox.limits = LimitTable(
        {"modem0": Kind.SIM, "operator": Kind.BIND},
        {Kind.SIM: limits, Kind.BIND: limits},
        {Kind.SIM: price, Kind.BIND: price},
        quiet,
        UTC,
    )


def queue(house: House, count: int, message_class: MessageClass = MessageClass.ALERT, **values: object) -> None:
    for number in range(count):
        house.queue(message_class, recipient=f"+7916{number:07d}", **values)


def taken(house: House, room: int = 100) -> list[str]:
    """Have the modem take what it may, and get it away; return the classes."""
    claims = house.store.outbox.claim(claimant(), room)
    house.store.outbox.record([(claim.attempt_id, Sent(str(claim.attempt_id))) for claim in claims])
    return [claim.message_class.value for claim in claims]


def test_alerts_beyond_the_days_number_wait_a_day(house: House) -> None:
    """Held, not failed, over a restart as well; whatever else is queued goes on."""
    limit(house, Limits(alerts_per_day=5))
    queue(house, 8)
    assert taken(house) == ["alert"] * 5
    house.crash()
    limit(house, Limits(alerts_per_day=5))
    queue(house, 1, MessageClass.NOTIFICATION)
    assert taken(house) == ["notification"]
    assert house.store.outbox.next_due("modem0") is None
    house.now += DAY + 60
    assert house.store.outbox.next_due("modem0") is not None
    assert taken(house) == ["alert"] * 3


def test_a_limit_is_each_routes_own(house: House) -> None:
    limit(house, Limits(alerts_per_day=1))
    queue(house, 3)
    assert taken(house) == ["alert"]
    assert len(house.store.outbox.claim(claimant("operator"), 10)) == 1


@pytest.mark.parametrize("step", [1, 3, 100])
def test_a_minute_an_hour_and_a_day_hold_whatever_the_window(house: House, step: int) -> None:
    limit(house, Limits(per_minute=4, per_hour=6, per_day=9))
    queue(house, 20, MessageClass.MANUAL)

    def rush() -> int:
        return sum(len(taken(house, step)) for _ in range(20))

    house.now = house.now // 60 * 60
    assert rush() == 4
    house.now += 60
    assert rush() == 2
    house.now += 3660
    assert rush() == 3
    house.now += 3660
    assert rush() == 0
    house.now += DAY
    assert rush() == 4


def test_the_reserve_is_for_answers(house: House) -> None:
    limit(house, Limits(per_day=10, reserve_percent=20))
    queue(house, 20)
    assert len(taken(house)) == 8
    queue(house, 5, MessageClass.ACK)
    assert taken(house) == ["ack"] * 2


def test_recipients_are_counted_once(house: House) -> None:
    limit(house, Limits(recipients_per_day=2))
    for number in (1, 1, 1, 2, 3):
        house.queue(MessageClass.NOTIFICATION, recipient=f"+7916000000{number}")
        taken(house, 1)
    left = house.rows("SELECT recipient FROM message WHERE state = 'queued'")
    assert left == [("+79160000003",)]


def test_the_budget_counts_all_routes_and_holds_what_nobody_waits_for(house: House) -> None:
    limit(house, Limits(budget_per_day=1000), price=300)
    house.queue(MessageClass.NOTIFICATION)
    assert len(house.store.outbox.claim(claimant("operator"))) == 1
    queue(house, 5)
    assert taken(house) == ["alert"] * 2
    queue(house, 2, MessageClass.ACK)
    assert taken(house) == ["ack"] * 2


def test_quiet_hours_hold_alerts_alone_even_those_bound_to_the_route(house: House) -> None:
    """The house's clock stands at noon."""
    limit(house, Limits(), quiet=(time(11), time(13)))
    queue(house, 2)
    queue(house, 1, MessageClass.NOTIFICATION)
    house.store.engine._connection.execute("UPDATE message SET route = 'modem0' WHERE id = 1")
    assert taken(house) == ["notification"]
    assert house.store.outbox.next_due("modem0") is None
    house.now += 3600
    assert taken(house) == ["alert"] * 2


@pytest.mark.parametrize("landing", ["together", "one by one"])
@pytest.mark.parametrize("window", [1, 4, 10])
def test_long_messages_begin_only_where_all_their_parts_have_room(house: House, window: int, landing: str) -> None:
    """Eight parts of ten are not for answers: two messages of four; what has begun is counted to its last part."""
    limit(house, Limits(per_minute=10, reserve_percent=20))
    house.now = house.now // 60 * 60
    queue(house, 20, parts=4)
    left = 0
    for _ in range(60):
        claims = house.store.outbox.claim(claimant("operator"), window)
        for batch in [claims] if landing == "together" else [[claim] for claim in claims]:
            house.store.outbox.record([(claim.attempt_id, Sent(str(claim.attempt_id))) for claim in batch])
        left += len(claims)
    assert left == 8
    assert house.rows("SELECT sum(parts) FROM tally") == [(8,)]


def test_a_message_longer_than_its_limit_leaves_all_the_same_alone(house: House) -> None:
    limit(house, Limits(per_minute=5, reserve_percent=20))
    house.now = house.now // 60 * 60
    queue(house, 4, parts=7)
    assert sum(len(taken(house, 10)) for _ in range(40)) == 7
    house.now += 60
    assert sum(len(taken(house, 10)) for _ in range(40)) == 7


def test_a_message_that_has_begun_goes_on_to_its_last_part(house: House) -> None:
    """Half a message is worse than one part too many."""
    limit(house, Limits(per_day=1))
    house.queue(MessageClass.MANUAL, text="ы" * 200, parts=3)
    queue(house, 1, MessageClass.MANUAL)
    assert [len(taken(house, 1)) for _ in range(4)] == [1, 1, 1, 0]
    assert [row["state"] for row in house.store.outbox.recent(limit=0)] == ["queued", "submitted"]


def test_what_certainly_did_not_leave_does_not_count(house: House) -> None:
    """A modem without a network would use a day's number up; what may have left counts."""
    limit(house, Limits(alerts_per_day=2))
    queue(house, 3)
    for _ in range(5):
        [claim] = house.store.outbox.claim(claimant(), 1)
        house.store.outbox.record([(claim.attempt_id, NotSent(Verdict.ROUTE, "CMS 331"))])
        house.now += 5
    [claim] = house.store.outbox.claim(claimant(), 1)
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer"))])
    assert taken(house) == ["alert"]
    assert taken(house) == []


def test_counts_are_kept_for_a_day(house: House) -> None:
    limit(house, Limits(recipients_per_day=9))
    queue(house, 2)
    taken(house)
    house.store.alerts.forget_tally()
    assert house.rows("SELECT sum(parts) FROM tally") == [(2,)]
    house.now += DAY + 60
    house.store.alerts.forget_tally()
    assert house.rows("SELECT * FROM tally") == house.rows("SELECT * FROM tally_recipient") == []
