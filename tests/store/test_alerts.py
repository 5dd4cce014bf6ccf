"""Alerts in the store: whole or not at all, fed as they are needed, held by one update."""

from datetime import UTC, time
from zoneinfo import ZoneInfo

import pytest

from smsd.errors import NotFoundError, StoreError, UsageError
from smsd.rules.alerts import Drop, Recipient, Summary
from smsd.rules.limits import LimitTable
from smsd.rules.outbox import MessageClass
from smsd.sms import InDoubt, NotSent, Sent, Verdict
from smsd.store import Claim, NewAlert
from smsd.store.alerts import ABANDONED_SECONDS, FEED_BATCH, IN_OUTBOX
from tests.store.house import PHONE, House, claimant


def phone(number: int) -> str:
    return f"+7916{number:07d}"


def alert(house: House, count: int = 3, *, key: str | None = None, text: str = "Работы.", **values: object) -> int:
    """Queue an alert to so many people, all with the alert's own text."""
    values.setdefault("starts_at", house.now)
    alert_id = house.store.alerts.prepare(NewAlert(text, **values))  # type: ignore[arg-type]
    house.store.alerts.append(alert_id, 1, [Recipient(phone(each), None, 1, None) for each in range(count)])
    return house.store.alerts.publish(alert_id, Summary(recipients=count, parts=count), key)


def feed(house: House) -> int:
    """Feed the outbox until it is full; return how many messages were made."""
    made = 0
    while more := house.store.alerts.feed().messages:
        made += more
    return made


def claims(house: House, limit: int = 1000) -> list[Claim]:
    return house.store.outbox.claim(claimant(), limit)


def counts(house: House, alert_id: int) -> dict[str, int]:
    found: dict[str, int] = house.store.alerts.show(alert_id)["counts"]
    return found


# --- into the store ---------------------------------------------------------------------------------------------------


def test_what_is_being_prepared_does_not_exist(house: House) -> None:
    """Nobody sees it, and nothing of it is sent."""
    alert_id = house.store.alerts.prepare(NewAlert("Работы.", house.now))
    house.store.alerts.append(alert_id, 1, [Recipient(PHONE, None, 1, None)])
    assert house.store.alerts.recent(limit=0) == []
    with pytest.raises(NotFoundError):
        house.store.alerts.show(alert_id)
    assert not house.store.alerts.feed().running
    assert claims(house) == []


def test_what_a_dead_process_was_preparing_is_swept_away(house: House) -> None:
    house.store.alerts.append(house.store.alerts.prepare(NewAlert("Работы.", house.now)), 1, [
        Recipient(phone(each), None, 1, None) for each in range(3)
    ])  # fmt: skip
    house.crash()
    assert not house.store.alerts.sweep()
    house.now += ABANDONED_SECONDS + 1
    while house.store.alerts.sweep():
        pass
    assert house.rows("SELECT * FROM alert_recipient") == house.rows("SELECT * FROM alert") == []


def test_whoever_was_taken_for_dead_is_told(house: House) -> None:
    """The next batch, and the last update, fail: there is never half an alert."""
    alert_id = house.store.alerts.prepare(NewAlert("Работы.", house.now))
    house.now += ABANDONED_SECONDS + 1
    house.store.alerts.sweep()
    with pytest.raises(StoreError, match="given up"):
        house.store.alerts.append(alert_id, 1, [Recipient(PHONE, None, 1, None)])
    with pytest.raises(StoreError, match="given up"):
        house.store.alerts.publish(alert_id, Summary(recipients=1))


def test_a_slow_preparation_that_goes_on_is_not_swept_away(house: House) -> None:
    alert_id = house.store.alerts.prepare(NewAlert("Работы.", house.now))
    for first in (1, 2, 3):
        house.now += ABANDONED_SECONDS - 1
        house.store.alerts.append(alert_id, first, [Recipient(phone(first), None, 1, None)])
        assert not house.store.alerts.sweep()


def test_of_two_alerts_with_one_key_the_second_is_the_first(house: House) -> None:
    """Even when both were being written at the same time: the last update decides."""
    first = alert(house, key="march")
    assert alert(house, key="march") == first
    assert house.store.alerts.by_key("march") == {"id": first, "text": "Работы.", "fingerprint": None}
    assert [row["id"] for row in house.store.alerts.recent(limit=0)] == [first]


# --- out of it --------------------------------------------------------------------------------------------------------


def test_the_outbox_never_holds_more_than_a_few_hundred_of_an_alert(house: House) -> None:
    alert(house, 1000)
    assert feed(house) == IN_OUTBOX
    for claim in claims(house, 50):
        house.store.outbox.record([(claim.attempt_id, Sent("1"))])
    assert feed(house) == 50


def test_one_transaction_makes_a_batch_only(house: House) -> None:
    alert(house, 1000)
    assert house.store.alerts.feed().messages == FEED_BATCH


def test_everybody_gets_one_message_and_the_alert_ends(house: House) -> None:
    """Through crashes between any two steps as well."""
    alert_id = alert(house, 7)
    while made := house.store.alerts.feed():
        house.crash()
        for claim in claims(house, 3):
            house.store.outbox.record([(claim.attempt_id, Sent(str(claim.attempt_id)))])
        if made.ended:
            break
    sent = house.rows("SELECT recipient FROM message ORDER BY recipient")
    assert sent == [(phone(each),) for each in range(7)]
    row = house.store.alerts.show(alert_id)
    assert (row["state"], row["counts"], row["done_at"]) == ("done", {"submitted": 7}, house.now)


def test_two_alerts_share_the_outbox(house: House) -> None:
    """A short one does not wait for a long one to end."""
    alert(house, 1000)
    short = alert(house, 60)
    feed(house)
    assert house.store.alerts.show(short)["fed"] == 60


def test_an_alert_starts_when_it_is_to(house: House) -> None:
    alert(house, 3, starts_at=house.now + 100)
    fed = house.store.alerts.feed()
    assert (fed.messages, fed.running) == (0, True)
    house.now += 100
    assert feed(house) == 3


def test_what_is_too_late_expires_with_those_whose_turn_never_came(house: House) -> None:
    alert_id = alert(house, 1000, expires_at=house.now + 100)
    feed(house)
    house.now += 100
    assert house.store.alerts.feed().messages == 0
    house.store.outbox.expire()
    assert house.store.alerts.feed().ended == (alert_id,)
    assert counts(house, alert_id) == {"expired": 1000}
    assert {row["state"] for row in house.store.alerts.recipients(alert_id)} == {"expired"}


def test_the_opt_out_is_looked_at_again_at_the_moment_of_sending(house: House) -> None:
    alert_id = alert(house, 3)
    feed(house)
    house.text("CLIENT sms stop", sender=phone(1))
    sent = {claim.recipient for claim in claims(house) if claim.message_class is MessageClass.ALERT}
    assert sent == {phone(0), phone(2)}
    assert counts(house, alert_id)["suppressed"] == 1


def test_a_kind_that_overrides_the_opt_out_is_sent_and_recorded(house: House) -> None:
    house.text("CLIENT sms stop", sender=phone(1))
    alert_id = alert(house, 3, overrides="outage")
    feed(house)
    house.text("CLIENT sms stop", sender=phone(2))
    sent = [claim.recipient for claim in claims(house) if claim.message_class is MessageClass.ALERT]
    assert sent == [phone(0), phone(1), phone(2)]
    row = house.store.alerts.show(alert_id)
    assert (row["overrides"], row["overrode"]) == ("outage", 1)
    assert [each["overrode"] for each in house.store.alerts.recipients(alert_id)] == [0, 1, 0]


def test_a_reader_in_another_zone_is_not_woken(house: House) -> None:
    """Noon of UTC is nine in the evening in Yakutsk, where it is quiet until nine in the morning: twelve hours."""
    house.store.outbox.limits = LimitTable({}, {}, {}, (time(21), time(9)), UTC)
    alert_id = house.store.alerts.prepare(NewAlert("Работы.", house.now))
    people = [
        Recipient(phone(0), None, 1, None, timezone="Asia/Yakutsk"),
        Recipient(phone(1), None, 1, None, timezone="Europe/Moscow"),
        Recipient(phone(2), None, 1, None),
    ]
    house.store.alerts.append(alert_id, 1, people)
    house.store.alerts.publish(alert_id, Summary(recipients=3, parts=3))
    feed(house)
    assert [claim.recipient for claim in claims(house)] == [phone(1), phone(2)]
    assert house.store.outbox.next_due("modem0") == house.now + 12 * 3600
    house.now += 12 * 3600
    house.store.outbox.limits = LimitTable({}, {}, {}, (time(21), time(9)), ZoneInfo("Asia/Yakutsk"))
    assert [claim.recipient for claim in claims(house)] == [phone(0)]


def test_recipients_have_their_own_words_and_the_dropped_their_reason(house: House) -> None:
    alert_id = house.store.alerts.prepare(NewAlert("{name}, привет", house.now))
    house.store.alerts.append(alert_id, 1, [
        Recipient(phone(0), "Оля, привет", 1, None, "2026-01-05", "договор"),
        Recipient("???", None, 0, Drop.INVALID),
    ])  # fmt: skip
    summary = Summary(recipients=1, parts=1)
    summary.dropped[Drop.INVALID] = 1
    house.store.alerts.publish(alert_id, summary)
    assert feed(house) == 1
    assert claims(house)[0].text == "Оля, привет"
    row = house.store.alerts.show(alert_id)
    assert (row["dropped"], row["drops"]) == (1, {"invalid": 1})
    listed = list(house.store.alerts.recipients(alert_id))
    assert [(each["phone"], each["state"], each["consent_source"]) for each in listed] == [
        (phone(0), "submitting", "договор"),
        ("???", "invalid", None),
    ]


# --- pause, resume, cancel --------------------------------------------------------------------------------------------


def test_nothing_of_a_paused_alert_leaves_until_it_goes_on(house: House) -> None:
    alert_id = alert(house, 1000)
    feed(house)
    house.store.alerts.pause(alert_id)
    assert claims(house) == []
    assert house.store.outbox.next_due("modem0") is None
    assert house.store.alerts.feed().messages == 0
    assert counts(house, alert_id) == {"queued": 1000}
    house.store.alerts.resume(alert_id)
    assert len(claims(house)) == IN_OUTBOX


def test_what_comes_back_from_the_air_of_a_paused_alert_stays(house: House) -> None:
    """It was being sent when the alert was paused, and the network would not take it yet."""
    alert_id = alert(house, 1)
    feed(house)
    [claim] = claims(house)
    house.store.alerts.pause(alert_id)
    house.store.outbox.record([(claim.attempt_id, NotSent(Verdict.SOON, "CMS 500"))])
    house.now += 3600
    assert claims(house) == []
    house.store.alerts.resume(alert_id)
    assert [each.message_id for each in claims(house)] == [claim.message_id]


def test_what_comes_back_from_the_air_of_a_cancelled_alert_is_withdrawn(house: House) -> None:
    alert_id = alert(house, 1)
    feed(house)
    [claim] = claims(house)
    house.store.alerts.cancel(alert_id)
    house.store.outbox.record([(claim.attempt_id, NotSent(Verdict.SOON, "CMS 500"))])
    house.now += 3600
    assert claims(house) == []
    assert house.state(claim.message_id) == "cancelled"


def test_a_long_message_that_has_begun_goes_on_to_its_last_part(house: House) -> None:
    alert_id = house.store.alerts.prepare(NewAlert("Работы.", house.now))
    house.store.alerts.append(alert_id, 1, [Recipient(PHONE, "ы" * 100, 2, None)])
    house.store.alerts.publish(alert_id, Summary(recipients=1, parts=2))
    feed(house)
    [first] = claims(house)
    house.store.alerts.cancel(alert_id)
    house.store.outbox.record([(first.attempt_id, Sent("1"))])
    [second] = claims(house)
    assert (second.message_id, second.part) == (first.message_id, 2)


def test_a_cancelled_alert_withdraws_what_has_not_left_and_keeps_what_has(house: House) -> None:
    alert_id = alert(house, 1000)
    feed(house)
    sent, doubtful, flying = claims(house, 3)
    house.store.outbox.record([(sent.attempt_id, Sent("1")), (doubtful.attempt_id, InDoubt("no answer"))])
    house.store.alerts.cancel(alert_id)
    assert counts(house, alert_id) == {"submitted": 1, "in_doubt": 1, "submitting": 1, "cancelled": 997}
    assert house.state(flying.message_id) == "submitting"
    assert claims(house) == []


def test_pausing_and_cancelling_do_not_grow_with_the_alert(house: House) -> None:
    """The recipients whose turn has not come are not touched at all."""
    alert_id = alert(house, 3000)
    feed(house)
    before = house.store.engine._connection.total_changes
    house.store.alerts.pause(alert_id)
    house.store.alerts.resume(alert_id)
    house.store.alerts.cancel(alert_id)
    assert house.store.engine._connection.total_changes - before <= 3 * (IN_OUTBOX + 1)


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        (("resume",), "is not paused"),
        (("pause", "pause"), "is paused: there is nothing to pause"),
        (("cancel", "resume"), "is not paused"),
        (("cancel", "pause"), "is cancelled"),
        (("cancel", "cancel"), "is cancelled"),
    ],
)
def test_what_makes_no_sense_is_refused(house: House, steps: tuple[str, ...], why: str) -> None:
    alert_id = alert(house)
    *before, last = steps
    for step in before:
        getattr(house.store.alerts, step)(alert_id)
    with pytest.raises(UsageError, match=why):
        getattr(house.store.alerts, last)(alert_id)
    with pytest.raises(NotFoundError):
        getattr(house.store.alerts, last)(99)


# --- standing in ------------------------------------------------------------------------------------------------------


def test_a_sim_carries_only_alerts_that_may_fall_back_and_gives_them_back(house: House) -> None:
    strict, lenient = alert(house, 5), alert(house, 5, may_fall_back=True)
    feed(house)
    assert house.store.alerts.stand_in("sim", 3) == 3
    assert house.store.alerts.stand_in("sim", 3) == 0
    bound = house.rows("SELECT alert_id FROM message WHERE route = 'sim'")
    assert bound == [(lenient,)] * 3
    assert house.store.alerts.stand_down("sim") == 3
    assert house.rows("SELECT count(*) FROM message WHERE route IS NULL AND diverted IS NULL") == [(10,)]
    assert counts(house, strict) == counts(house, lenient) == {"queued": 5}


def test_what_a_sim_carries_for_the_binds_is_known_by_its_column_and_not_by_the_reason(house: House) -> None:
    """Whoever words the reason anew does not leave messages with a SIM that is gone."""
    alert(house, 5, may_fall_back=True)
    feed(house)
    assert house.store.alerts.stand_in("sim", 3) == 3
    house.store.engine._connection.execute("UPDATE message SET diverted = 'other words' WHERE diverted IS NOT NULL")
    assert house.store.alerts.stand_in("sim", 3) == 0
    assert house.store.alerts.stand_down("sim") == 3


def test_an_alert_that_one_sim_stands_in_for_waits_for_no_sim_that_is_down(house: House) -> None:
    alert(house, 5, may_fall_back=True)
    feed(house)
    house.store.alerts.stand_in("sim", 3)
    assert house.store.outbox.let_go("sim") == 3
    assert house.rows("SELECT count(*) FROM message WHERE route IS NULL AND stands_in = 0") == [(5,)]


# --- what is over -----------------------------------------------------------------------------------------------------


def test_an_alert_is_forgotten_after_its_messages(house: House) -> None:
    alert_id = alert(house, 2)
    feed(house)
    for claim in claims(house):
        house.store.outbox.record([(claim.attempt_id, NotSent(Verdict.NEVER, "CMS 1"))])
    house.store.alerts.feed()
    house.now += 1000
    assert not house.store.alerts.sweep(house.now)
    house.store.retention.outbox({"alert": house.now}, 0, 100)
    assert counts(house, alert_id) == {"forgotten": 2}
    while house.store.alerts.sweep(house.now):
        pass
    assert house.rows("SELECT * FROM alert_recipient") == house.rows("SELECT * FROM alert") == []


def test_failures_are_grouped_by_their_cause(house: House) -> None:
    alert_id = alert(house, 3)
    feed(house)
    for claim, code in zip(claims(house), ("CMS 1", "CMS 38", "CMS 1"), strict=True):
        house.store.outbox.record([(claim.attempt_id, NotSent(Verdict.NEVER, code))])
    assert house.store.alerts.show(alert_id)["causes"] == [
        {"state": "rejected", "error": "CMS 1", "count": 2},
        {"state": "rejected", "error": "CMS 38", "count": 1},
    ]


def test_the_rate_of_a_young_alert_is_taken_over_the_time_it_has_had(house: House) -> None:
    alert_id = alert(house, 3)
    feed(house)
    for claim in claims(house):
        house.store.outbox.record([(claim.attempt_id, Sent("1"))])
    house.now += 30
    span = house.store.alerts.show(alert_id)["span"]
    assert (span["lately"], span["seconds"]) == (3, 30.0)
    house.now += 1000
    span = house.store.alerts.show(alert_id)["span"]
    assert (span["lately"], span["seconds"]) == (0, 300.0)
