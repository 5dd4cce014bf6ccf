"""What comes in: repeats, parts in any order, what is answered and what is not, and one transaction for all of it."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsd.errors import NotFoundError
from smsd.rules.reception import InboxState
from smsd.sms import Deliver, ReportClass
from smsd.store.engine import Transaction
from tests.store.house import INCOMPLETE, OTHER, PHONE, House, at, delivered, new

INFO, STOP, START = "CLIENT info", "CLIENT sms stop", "CLIENT sms start"


def piece(house: House, text: str, sequence: int, total: int, **values: Any) -> Any:
    """Receive one part of a long text in UCS2."""
    reference = values.pop("reference", 7)
    body = values.pop("body", text.encode("utf-16-be"))
    return house.text(text, reference=reference, total=total, sequence=sequence, body=body, **values)


def test_a_command_makes_a_request_and_its_acknowledgement(house: House) -> None:
    receipt = house.text(INFO)
    assert receipt.state is InboxState.COMMAND
    inbox = house.store.inbox.show(receipt.inbox_id)
    assert (inbox["state"], inbox["command"], inbox["request_id"]) == ("command", "info", receipt.request_id)
    request = house.store.requests.show(receipt.request_id)
    assert (request["phone"], request["command"], request["state"]) == (PHONE, "info", "accepted")
    assert [(row["id"], row["class"]) for row in request["messages"]] == [(receipt.message_id, "ack")]


def test_a_copy_is_known_for_one_whatever_people_read_of_it(house: House) -> None:
    """Each original has one copy at most: the second text by the operator is a message of its own."""
    first = house.text(INFO)
    copy = house.receive(Deliver(PHONE, INFO, None), route="operator", sim=None)
    with house.store.engine.write() as tx:
        tx.run("inbox_give_up", id=copy.inbox_id, reason="worded anew", text=INFO)
    again = house.receive(Deliver(PHONE, INFO, None), route="operator", sim=None)
    assert (first.state, again.state) == (InboxState.COMMAND, InboxState.COMMAND)


def test_the_same_octets_again_change_nothing(house: House) -> None:
    house.text(INFO, octets=b"pdu")
    before = house.dump()
    house.crash()
    assert house.text(INFO, octets=b"pdu").repeated
    assert house.dump() == before


@pytest.mark.parametrize("written", [PHONE, PHONE[1:], "8" + PHONE[2:], PHONE[2:]])
def test_the_same_words_by_another_route_within_two_minutes_are_one_message(house: House, written: str) -> None:
    """An operator delivers to the long number by SMPP as well; however it writes the sender."""
    first = house.text(INFO)
    house.now += 119
    value = Deliver(written, INFO, None)
    second = house.receive(value, route="operator", sim=None)
    assert (second.state, second.message_id) == (InboxState.IGNORED, None)
    assert house.store.inbox.show(second.inbox_id)["reason"] == "the same message had come by modem0"
    assert [row["id"] for row in house.store.requests.recent(limit=0)] == [first.request_id]
    house.now += 2
    third = house.receive(value, route="operator", sim=None)
    assert third.state is InboxState.COMMAND, "two minutes after the first it is another"


def test_who_writes_the_same_twice_has_written_two_messages(house: House) -> None:
    """Each comes by both routes, in either order: two commands, two copies."""
    states = [
        house.receive(Deliver(PHONE, STOP, None), route=route, sim=None).state
        for route in ("modem0", "operator", "modem0", "operator", "operator", "modem0")
    ]
    assert states == [
        InboxState.COMMAND, InboxState.IGNORED, InboxState.COMMAND, InboxState.IGNORED,
        InboxState.COMMAND, InboxState.IGNORED,
    ]  # fmt: skip


def test_other_words_and_other_senders_are_no_copies(house: House) -> None:
    house.text(INFO)
    assert house.receive(Deliver(PHONE, START, None), route="operator", sim=None).state is InboxState.COMMAND
    assert house.receive(Deliver(OTHER, INFO, None), route="operator", sim=None).state is InboxState.COMMAND


def test_any_other_text_is_kept_and_not_answered(house: House) -> None:
    receipt = house.text("Здравствуйте")
    assert (receipt.state, receipt.request_id) == (InboxState.IGNORED, None)
    assert house.store.inbox.show(receipt.inbox_id)["text"] == "Здравствуйте"
    assert house.store.outbox.recent(limit=0) == house.store.requests.recent(limit=0) == []


def test_a_lookalike_and_a_robot_are_kept_apart_and_not_answered(house: House) -> None:
    assert house.text("CLIENT infos").state is InboxState.LOOKALIKE
    assert house.text(INFO, sender="BANK", sender_is_number=False).state is InboxState.ROBOT
    assert house.text(STOP, sender="900").state is InboxState.ROBOT
    assert house.text(STOP, service_centre="+380501234567").state is InboxState.ROBOT
    assert house.store.clients.subscribed(PHONE)
    assert house.store.outbox.recent(limit=0) == house.store.requests.recent(limit=0) == []


def test_what_cannot_be_read_is_quarantined_with_its_octets(house: House) -> None:
    receipt = house.receive(None, octets=b"\xff\x00", fault="TP-OA at octet 3: too long")
    assert receipt.state is InboxState.QUARANTINED
    shown = house.store.inbox.show(receipt.inbox_id)
    assert (shown["state"], shown["reason"]) == ("quarantined", "TP-OA at octet 3: too long")
    assert [pdu["octets"] for pdu in shown["pdu_list"]] == [b"\xff\x00"]


def test_an_inbox_row_that_is_not_there_says_where_to_look(house: House) -> None:
    with pytest.raises(NotFoundError, match="smsd inbox list"):
        house.store.inbox.show(1)


def test_the_list_is_newest_first_and_can_be_narrowed(house: House) -> None:
    ids = [house.text("x").inbox_id, house.text(INFO).inbox_id, house.text("y", sender=OTHER).inbox_id]
    inbox = house.store.inbox
    assert [row["id"] for row in inbox.recent(limit=0)] == ids[::-1]
    assert [row["id"] for row in inbox.recent(limit=1)] == ids[2:]
    assert [row["id"] for row in inbox.recent(limit=0, state="command")] == [ids[1]]
    assert [row["id"] for row in inbox.recent(limit=0, phone=OTHER)] == [ids[2]]
    assert inbox.counts(house.now - 1) == {"ignored": 2, "command": 1}
    assert inbox.counts(house.now) == {}


# --- parts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_parts_are_joined_in_any_order(house: House, order: tuple[int, ...]) -> None:
    texts = {1: "CLIENT ", 2: "sms ", 3: "stop"}
    receipts = [piece(house, texts[n], n, 3) for n in order]
    assert [receipt.state for receipt in receipts[:2]] == [InboxState.WAITING_PARTS] * 2
    assert receipts[2].state is InboxState.COMMAND
    assert not house.store.clients.subscribed(PHONE)
    assert len(house.store.inbox.recent(limit=0)) == 1


def test_a_part_sent_twice_does_not_stand_for_the_missing_one(house: House) -> None:
    first = piece(house, "one ", 1, 2)
    piece(house, "one ", 1, 2)
    last = piece(house, "two", 2, 2)
    assert (last.inbox_id, last.state) == (first.inbox_id, InboxState.IGNORED)
    assert house.store.inbox.show(first.inbox_id)["text"] == "one two"


def test_two_messages_of_one_sender_are_told_apart_by_reference_and_number_of_parts(house: House) -> None:
    piece(house, "a1 ", 1, 2, reference=1)
    piece(house, "b1 ", 1, 2, reference=2)
    piece(house, "c1 ", 1, 3, reference=1)
    ends = [piece(house, f"{name}2", 2, 2, reference=n) for name, n in (("b", 2), ("a", 1))]
    assert [house.store.inbox.show(end.inbox_id)["text"] for end in ends] == ["b1 b2", "a1 a2"]


def test_two_senders_with_one_reference_are_told_apart(house: House) -> None:
    piece(house, "a1 ", 1, 2)
    end = piece(house, "b2", 2, 2, sender=OTHER)
    assert end.state is InboxState.WAITING_PARTS


def test_a_surrogate_pair_cut_between_two_parts_is_one_character(house: House) -> None:
    octets = "🙂".encode("utf-16-be")
    piece(house, "�", 1, 2, body=octets[:2])
    end = piece(house, "�", 2, 2, body=octets[2:])
    assert house.store.inbox.show(end.inbox_id)["text"] == "🙂"


def test_parts_in_different_alphabets_are_joined(house: House) -> None:
    house.text("CLIENT ", reference=7, total=2, sequence=1)
    assert piece(house, "info", 2, 2).state is InboxState.COMMAND


def test_what_stays_incomplete_is_kept_as_ignored(house: House) -> None:
    receipt = piece(house, "stop", 3, 3)
    piece(house, "CLIENT ", 1, 3)
    assert house.store.inbox.give_up_incomplete(INCOMPLETE) == []
    house.now += INCOMPLETE.total_seconds()
    assert house.store.inbox.give_up_incomplete(INCOMPLETE) == [receipt.inbox_id]
    shown = house.store.inbox.show(receipt.inbox_id)
    assert (shown["state"], shown["text"], shown["reason"]) == (
        "ignored",
        "CLIENT stop",
        "a part never came: 2 are here",
    )
    assert piece(house, "sms ", 2, 3).state is InboxState.WAITING_PARTS
    assert house.store.inbox.give_up_incomplete(INCOMPLETE) == []


def test_a_part_that_comes_too_late_does_not_complete_an_old_message(house: House) -> None:
    piece(house, "CLIENT ", 1, 2)
    house.now += INCOMPLETE.total_seconds()
    assert piece(house, "info", 2, 2).state is InboxState.WAITING_PARTS


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), texts=st.lists(st.text(min_size=2, max_size=30), min_size=1, max_size=3))
def test_interleaved_messages_come_out_whole(house: House, data: st.DataObject, texts: list[str]) -> None:
    """Texts cut anywhere, their parts mixed at will, each with a reference of its own."""
    sender = f"+7916{data.draw(st.integers(0, 10**7)):07}{house.store.outbox.enqueue(new())[0]}"
    parts = []
    for reference, text in enumerate(texts):
        body = text.encode("utf-16-be", "surrogatepass")
        cut = 2 * data.draw(st.integers(0, len(body) // 2))
        parts += [(reference, 1, body[:cut]), (reference, 2, body[cut:])]
    ends = {}
    for reference, sequence, body in data.draw(st.permutations(parts)):
        receipt = piece(house, "", sequence, 2, reference=reference, body=body, sender=sender)
        if receipt.state is not InboxState.WAITING_PARTS:
            ends[reference] = house.store.inbox.show(receipt.inbox_id)["text"]
    assert [ends[n] for n in range(len(texts))] == texts


# --- floods and wishes ------------------------------------------------------------------------------------------------


def test_beyond_the_limit_a_repeat_joins_the_open_request_unanswered(house: House) -> None:
    receipts = [house.text(INFO) for _ in range(10)]
    eleventh = house.text(INFO)
    assert (eleventh.state, eleventh.message_id) == (InboxState.FLOOD, None)
    assert eleventh.request_id == receipts[0].request_id
    assert house.text(INFO, sender=OTHER).state is InboxState.COMMAND
    house.now += 3601
    assert house.text(INFO).state is InboxState.COMMAND


def test_in_a_flood_stop_is_answered_and_start_is_obeyed_in_silence(house: House) -> None:
    for _ in range(10):
        house.text(INFO)
    stop = house.text(STOP)
    assert stop.state is InboxState.COMMAND
    assert stop.message_id is not None
    assert not house.store.clients.subscribed(PHONE)
    start = house.text(START)
    assert (start.state, start.request_id, start.message_id) == (InboxState.FLOOD, None, None)
    assert house.store.clients.subscribed(PHONE)


@pytest.mark.parametrize(("first", "second", "subscribed"), [(STOP, START, False), (START, STOP, True)])
def test_of_competing_wishes_the_later_at_the_service_centre_holds(
    house: House, first: str, second: str, subscribed: bool
) -> None:
    """The second to arrive was sent first."""
    house.text(first, sent_at=house.now - 10)
    house.text(second, sent_at=house.now - 20)
    assert house.store.clients.subscribed(PHONE) is subscribed


def test_the_service_centres_zone_does_not_change_the_order_of_wishes(house: House) -> None:
    """09:00 at +05:00 is earlier than 08:00 at +03:00."""
    east, west = timezone(timedelta(hours=5)), timezone(timedelta(hours=3))
    house.receive(Deliver(PHONE, START, datetime(2026, 3, 1, 8, 0, tzinfo=west)))
    house.receive(Deliver(PHONE, STOP, datetime(2026, 3, 1, 9, 0, tzinfo=east)))
    assert house.store.clients.subscribed(PHONE)


def test_a_service_centres_clock_far_ahead_makes_no_wish_irrevocable(house: House) -> None:
    house.text(STOP, sent_at=house.now + 10 * 365 * 86400)
    house.now += 60
    house.text(START)
    assert house.store.clients.subscribed(PHONE)


def test_a_wish_without_a_time_counts_from_its_arrival(house: House) -> None:
    house.receive(Deliver(PHONE, STOP, None))
    house.text(START, sent_at=house.now - 10)
    assert not house.store.clients.subscribed(PHONE)


# --- one transaction --------------------------------------------------------------------------------------------------


class CutError(Exception):
    """The process dies here."""


def nothing(_: House) -> None:
    """Prepare nothing."""


def one_part(house: House) -> None:
    """Have one part of a command here."""
    piece(house, "CLIENT ", 1, 2, octets=b"first")


def one_sent(house: House) -> None:
    """Have a message sent."""
    house.queue()
    house.send("17")


THINGS: dict[str, tuple[Callable[[House], None], Callable[[House], Any]]] = {
    "a command": (nothing, lambda house: house.text(STOP, sent_at=0, octets=b"x")),
    "the last part": (one_part, lambda house: piece(house, "sms stop", 2, 2, octets=b"x", sent_at=0)),
    "something unreadable": (nothing, lambda house: house.receive(None, octets=b"x", fault="broken")),
    "a report": (one_sent, lambda house: house.receive(delivered("17", submitted_at=house.now), octets=b"x")),
    "a report of failure": (
        one_sent,
        lambda house: house.receive(
            delivered("17", submitted_at=house.now, report_class=ReportClass.FAILED), octets=b"x"
        ),
    ),
}


@pytest.mark.parametrize("name", THINGS)
def test_a_failure_after_any_statement_leaves_nothing_and_the_repeat_succeeds(
    house: House, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction is cut after its first, second, ... statement, until it is long enough to end."""
    prepare, receive = THINGS[name]
    prepare(house)
    before = house.dump()
    left = 0

    def counting(method: Callable[..., Any]) -> Callable[..., Any]:
        def run(tx: Transaction, query: str, **values: Any) -> Any:
            nonlocal left
            result = method(tx, query, **values)
            left -= 1
            if left == 0:
                raise CutError(query)
            return result

        return run

    for method in ("run", "insert", "all"):
        monkeypatch.setattr(Transaction, method, counting(getattr(Transaction, method)))
    cuts = 0
    while True:
        left = cuts + 1
        try:
            receipt = receive(house)
        except CutError:
            cuts += 1
            left = 0
            assert house.dump() == before
        else:
            break
    assert cuts >= 3
    assert not receipt.repeated
    assert house.dump() != before
    left = 0
    assert receive(house).repeated


def test_times_are_kept_as_moments(house: House) -> None:
    receipt = house.receive(Deliver(PHONE, "x", at(house.now - 5).astimezone(timezone(timedelta(hours=7)))))
    shown = house.store.inbox.show(receipt.inbox_id)
    assert (shown["sent_at"], shown["received_at"]) == (house.now - 5, house.now)
