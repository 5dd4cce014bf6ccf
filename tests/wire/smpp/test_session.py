"""An ESME's session: what it says, what it makes of what it hears, and what ends it."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.wire.address import Address
from smsd.wire.smpp.pdu import Bind, BindResp, Framer, MessageId, Outbind, Pdu, QuerySm, ShortMessage
from smsd.wire.smpp.session import (
    LAST_SEQUENCE,
    Answered,
    Asked,
    Bound,
    Ended,
    Event,
    Late,
    Lost,
    Overdue,
    Refused,
    Session,
    State,
    Stray,
    Timers,
)
from smsd.wire.smpp.tables import RESPONSE, Command, Status

MESSAGE = ShortMessage(Address("SCSERV", 5, 0), Address("79161234567", 1, 1), b"hello")
TIMERS = Timers(bind=10, response=30, enquire=40, enquire_answer=10, unbind=5)


def said(session: Session) -> list[Pdu]:
    return list(Framer().feed(session.outgoing()))


def answer(asked: Pdu, status: int = 0, body: bytes = b"") -> Pdu:
    return Pdu(asked.command_id | RESPONSE, status, asked.sequence_number, body)


def bound(**options: int) -> Session:
    """A session that has been let in at time 0."""
    session = Session(TIMERS, **options)
    session.bind(Command.BIND_TRANSCEIVER, Bind("scserv", "secret"), 0)
    (asked,) = said(session)
    (event,) = session.feed(answer(asked, body=BindResp("SMSC").encode()).octets, 0)
    assert isinstance(event, Bound)
    return session


def submitted(session: Session, *tags: int, now: float = 0) -> list[Pdu]:
    for tag in tags:
        session.submit(MESSAGE, tag, now)
    return said(session)


def test_a_bind_that_is_accepted_opens_the_window() -> None:
    session = Session(TIMERS, window=3)
    assert (session.state, session.room) == (State.UNBOUND, 0)
    session.bind(Command.BIND_TRANSMITTER, Bind("scserv"), 0)
    assert (session.state, session.room) == (State.BINDING, 0)
    (asked,) = said(session)
    assert asked.command_id == Command.BIND_TRANSMITTER
    session.feed(answer(asked).octets, 0)
    assert (session.state, session.room) == (State.BOUND, 3)


def test_a_bind_refused_by_a_header_alone_keeps_its_status() -> None:
    session = Session(TIMERS)
    session.bind(Command.BIND_TRANSCEIVER, Bind("scserv"), 0)
    refusal = answer(said(session)[0], Status.INVALID_PASSWORD)
    assert session.feed(refusal.octets, 0) == [Refused(refusal)]
    assert session.state is State.UNBOUND


def test_a_bind_answered_with_generic_nack_is_refused() -> None:
    session = Session(TIMERS)
    session.bind(Command.BIND_TRANSCEIVER, Bind("scserv"), 0)
    (asked,) = said(session)
    (event,) = session.feed(Pdu(Command.GENERIC_NACK, 0, asked.sequence_number).octets, 0)
    assert isinstance(event, Refused)


def test_a_bind_that_nobody_answers_ends_the_session() -> None:
    session = Session(TIMERS)
    session.bind(Command.BIND_TRANSCEIVER, Bind("scserv"), 0)
    assert session.deadline == 10
    assert session.tick(9.9) == []
    assert session.tick(10) == [Ended("bind_transceiver was not answered in time")]


def test_a_request_is_known_before_an_octet_of_it_can_leave() -> None:
    """The answer may be faster than anything here."""
    session = bound()
    session.submit(MESSAGE, 8, 0)
    answered = Pdu(Command.SUBMIT_SM_RESP, 0, 2, MessageId("1").encode())
    assert session.feed(answered.octets, 0) == [Answered(8, Command.SUBMIT_SM, answered)]
    assert [pdu.sequence_number for pdu in said(session)] == [2]


def test_a_pdu_may_take_longer_than_any_timer() -> None:
    """The rest of it is waited for; only what was asked has its time."""
    session = bound()
    (asked,) = submitted(session, 1)
    octets = answer(asked, 0, MessageId("42").encode()).octets
    assert session.feed(octets[:9], 1) == []
    assert session.tick(31) == [Overdue(1, Command.SUBMIT_SM)]
    assert [type(event) for event in session.feed(octets[9:], 35)] == [Late]


def test_answers_in_any_order_find_their_requests() -> None:
    session = bound()
    first, second = submitted(session, 71, 72)
    late, early = answer(first, 0, MessageId("a").encode()), answer(second, 0x0A)
    assert session.feed(early.octets + late.octets, 1) == [
        Answered(72, Command.SUBMIT_SM, early),
        Answered(71, Command.SUBMIT_SM, late),
    ]
    assert session.in_flight == 0


@pytest.mark.parametrize("status", [0x00, 0x0A, 0x58, 0x401, 0x500, 0xFFFFFFFF])
def test_any_status_is_a_value(status: int) -> None:
    """A vendor's number drops no link and fails no other request."""
    session = bound()
    first, second = submitted(session, 1, 2)
    refusal = answer(first, status)
    assert session.feed(refusal.octets, 0) == [Answered(1, Command.SUBMIT_SM, refusal)]
    assert session.feed(answer(second).octets, 0) == [Answered(2, Command.SUBMIT_SM, answer(second))]


def test_a_generic_nack_answers_the_request_of_its_number() -> None:
    session = bound()
    (asked,) = submitted(session, 5)
    nack = Pdu(Command.GENERIC_NACK, Status.INVALID_COMMAND_LENGTH, asked.sequence_number)
    assert session.feed(nack.octets, 0) == [Answered(5, Command.SUBMIT_SM, nack)]
    assert session.state is State.BOUND


def test_the_window_closes_and_opens() -> None:
    session = bound(window=2)
    first, _ = submitted(session, 1, 2)
    assert session.room == 0
    with pytest.raises(RuntimeError, match="2 in flight"):
        session.submit(MESSAGE, 3, 0)
    session.feed(answer(first).octets, 0)
    assert session.room == 1


def test_an_overdue_submit_frees_its_place_and_its_late_answer_is_told() -> None:
    session = bound(window=1)
    (asked,) = submitted(session, 7, now=1)
    assert session.deadline == 31
    assert session.tick(31) == [Overdue(7, Command.SUBMIT_SM)]
    assert session.room == 1
    late = answer(asked, 0, MessageId("42").encode())
    assert session.feed(late.octets, 35) == [Late(7, Command.SUBMIT_SM, late)]
    assert session.feed(late.octets, 36) == [Stray(late, "an answer to nothing that was asked")]


def test_an_answer_of_another_kind_settles_nothing() -> None:
    session = bound()
    (asked,) = submitted(session, 1)
    wrong = Pdu(Command.QUERY_SM_RESP, 0, asked.sequence_number)
    (event,) = session.feed(wrong.octets, 0)
    assert isinstance(event, Stray)
    assert session.in_flight == 1


def test_a_lost_connection_loses_every_request_at_once() -> None:
    session = bound()
    submitted(session, 1, 2)
    session.query(QuerySm("42", MESSAGE.source), 9, 0)
    assert session.lost("reset by peer") == [
        Lost(1, Command.SUBMIT_SM),
        Lost(2, Command.SUBMIT_SM),
        Lost(9, Command.QUERY_SM),
        Ended("reset by peer"),
    ]
    assert session.lost("again") == []
    assert session.feed(Pdu(Command.ENQUIRE_LINK, 0, 1).octets, 0) == []


def test_an_unbind_from_the_service_centre_is_answered_and_ends_the_session() -> None:
    session = bound()
    submitted(session, 1)
    unbind = Pdu(Command.UNBIND, 0, 900)
    assert session.feed(unbind.octets, 0) == [Lost(1, Command.SUBMIT_SM), Ended("the service centre unbinds")]
    assert said(session) == [answer(unbind)]


def test_our_unbind_awaits_its_answer_and_still_hears_the_others() -> None:
    session = bound()
    (asked,) = submitted(session, 1)
    session.unbind(0)
    (unbind,) = said(session)
    assert (unbind.command_id, session.room) == (Command.UNBIND, 0)
    assert session.feed(answer(asked).octets + answer(unbind).octets, 1) == [
        Answered(1, Command.SUBMIT_SM, answer(asked)),
        Ended("unbound"),
    ]


def test_an_unbind_that_is_not_answered_ends_all_the_same() -> None:
    session = bound()
    session.unbind(0)
    assert session.tick(5) == [Ended("unbind was not answered in time")]


def test_the_line_is_asked_whether_it_lives_whatever_else_goes_over_it() -> None:
    session = bound()
    (asked,) = submitted(session, 1, now=39)
    session.feed(answer(asked).octets, 39.5)
    session.tick(40)
    (enquire,) = said(session)
    assert enquire.command_id == Command.ENQUIRE_LINK
    assert session.feed(answer(enquire).octets, 41) == []
    session.tick(79.9)
    assert said(session) == []
    session.tick(80)
    assert [pdu.command_id for pdu in said(session)] == [Command.ENQUIRE_LINK]


def test_the_line_is_asked_soon_where_an_answer_is_to_be_confirmed_but_not_too_often() -> None:
    session = bound()
    session.confirm(1)
    assert session.deadline == 1
    session.tick(1)
    (enquire,) = said(session)
    session.feed(answer(enquire).octets, 1)
    session.confirm(3)
    session.tick(10.9)
    assert (said(session), session.deadline) == ([], 11)
    session.tick(11)
    assert [pdu.command_id for pdu in said(session)] == [Command.ENQUIRE_LINK]


def test_a_mute_service_centre_is_noticed_ten_seconds_after_it_was_asked() -> None:
    session = bound()
    submitted(session, 1, now=39)
    session.tick(40)
    assert session.deadline == 50
    assert session.tick(50) == [Lost(1, Command.SUBMIT_SM), Ended("enquire_link was not answered in time")]


def test_an_enquiry_of_the_other_side_is_answered_at_any_time() -> None:
    session = Session(TIMERS)
    enquire = Pdu(Command.ENQUIRE_LINK, 0, 33)
    assert session.feed(enquire.octets, 0) == []
    assert said(session) == [answer(enquire)]


@pytest.mark.parametrize("command", [Command.DELIVER_SM, Command.DATA_SM])
def test_a_message_is_answered_when_somebody_says_so(command: Command) -> None:
    session = bound()
    asked = Pdu(command, 0, 77, b"whatever stands in it")
    assert session.feed(asked.octets, 0) == [Asked(asked)]
    assert said(session) == []
    session.answer(asked, Status.TEMPORARY_APPLICATION_ERROR)
    assert said(session) == [answer(asked, 0x64, b"\0")]


def test_an_alert_notification_takes_no_answer() -> None:
    session = bound()
    asked = Pdu(Command.ALERT_NOTIFICATION, 0, 5)
    assert session.feed(asked.octets, 0) == [Asked(asked)]
    session.answer(asked)
    assert said(session) == []


def test_a_message_before_the_bind_is_refused() -> None:
    session = Session(TIMERS)
    (event,) = session.feed(Pdu(Command.DELIVER_SM, 0, 1).octets, 0)
    assert isinstance(event, Stray)
    assert said(session) == [Pdu(Command.DELIVER_SM_RESP, Status.INCORRECT_BIND_STATUS, 1)]


def test_outbind_is_refused_and_the_session_goes_on() -> None:
    session = bound()
    (event,) = session.feed(Pdu(Command.OUTBIND, 0, 4, Outbind("smsc", "secret").encode()).octets, 0)
    assert isinstance(event, Stray)
    assert said(session) == [Pdu(Command.GENERIC_NACK, Status.INCORRECT_BIND_STATUS, 4)]
    assert session.state is State.BOUND


@pytest.mark.parametrize("command", [0x7777, 0x00010203, Command.SUBMIT_SM, Command.BIND_TRANSCEIVER])
def test_a_command_not_for_us_is_answered_with_generic_nack(command: int) -> None:
    session = bound()
    (event,) = session.feed(Pdu(command, 0, 4).octets, 0)
    assert isinstance(event, Stray)
    assert said(session) == [Pdu(Command.GENERIC_NACK, Status.INVALID_COMMAND_ID, 4)]
    assert session.state is State.BOUND


@pytest.mark.parametrize("command", [0x80007777, Command.SUBMIT_SM_RESP, Command.GENERIC_NACK])
def test_an_answer_to_nothing_is_told_and_not_answered(command: int) -> None:
    session = bound()
    (event,) = session.feed(Pdu(command, 0, 4444).octets, 0)
    assert isinstance(event, Stray)
    assert said(session) == []


@pytest.mark.parametrize("length", [8, 0x7FFFFFFF])
def test_a_broken_header_is_the_one_thing_that_ends_a_session(length: int) -> None:
    session = bound()
    (asked,) = submitted(session, 1)
    events = session.feed(answer(asked).octets + struct.pack(">IIII", length, 0x15, 0, 2), 0)
    assert isinstance(events[0], Answered)
    assert isinstance(events[-1], Ended)
    assert session.state is State.CLOSED


def test_sequence_numbers_begin_again_and_pass_over_those_in_use() -> None:
    session = Session(TIMERS, window=5, first_sequence=LAST_SEQUENCE - 1)
    session.bind(Command.BIND_TRANSCEIVER, Bind("scserv"), 0)
    session.feed(answer(said(session)[0]).octets, 0)
    numbers = [pdu.sequence_number for pdu in submitted(session, 1, 2, 3)]
    assert numbers == [LAST_SEQUENCE, 1, 2]
    again = bound(window=5)
    held = submitted(again, 1)[0].sequence_number
    again._next = held
    assert submitted(again, 2)[0].sequence_number == held + 1


def test_an_answer_proves_that_everything_before_its_request_was_read() -> None:
    session = bound()
    assert (session.made, session.heard) == (1, 1)
    first, second = submitted(session, 1, 2)
    session.feed(answer(second).octets, 0)
    assert (session.made, session.heard) == (3, 3)
    session.feed(answer(first).octets, 0)
    assert session.heard == 3


heard = st.lists(
    st.builds(
        Pdu,
        st.one_of(st.sampled_from(list(Command)), st.integers(0, 0xFFFFFFFF)),
        st.sampled_from([0, 0x0A, 0x58, 0x401]),
        st.integers(0, 6),
        st.binary(max_size=12),
    ),
    max_size=6,
)


@given(heard, st.booleans())
def test_glued_and_octet_by_octet_say_the_same(pdus: list[Pdu], broken: bool) -> None:
    """Whatever comes, neither raises, and both sessions end in the same state having said the same."""
    octets = b"".join(pdu.octets for pdu in pdus) + (struct.pack(">IIII", 8, 0, 0, 0) if broken else b"")
    glued, dripped = bound(), bound()
    for session in (glued, dripped):
        submitted(session, 1, 2, 3)
    at_once = glued.feed(octets, 1)
    drop_by_drop: list[Event] = [event for each in octets for event in dripped.feed(bytes((each,)), 1)]
    assert at_once == drop_by_drop
    assert glued.state == dripped.state
    assert glued.outgoing() == dripped.outgoing()
