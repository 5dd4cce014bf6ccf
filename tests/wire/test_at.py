"""The terminal's end of an AT channel: whose line is whose, however the octets are cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsd.wire.at import (
    LINE_LIMIT,
    Answer,
    Command,
    Engine,
    Event,
    LateReference,
    LateRefusal,
    Line,
    Prompt,
    Recovered,
    Result,
    StrayPrompt,
    Unsolicited,
)
from smsd.wire.information import fields, groups, information, numbers

CSQ = Command("AT+CSQ", ("+CSQ:",))
CGSN = Command("AT+CGSN", ("+CGSN:",), bare=True)
CMGL = Command("AT+CMGL=4", ("+CMGL:",), with_pdu=True)
CMGS = Command("AT+CMGS=14", ("+CMGS:",), payload="0001000B91")
DELIVER = "00040B919761214365F70000621101512300210161"
"""SMSC octet and 20 octets of a TPDU: what a header of length 20 announces."""
OK = Result("OK")


def engine_with(command: Command) -> Engine:
    engine = Engine()
    engine.begin(command)
    return engine


def sending() -> Engine:
    """An engine whose payload is written."""
    engine = engine_with(CMGS)
    assert engine.feed(b"\r\n> ") == [Prompt()]
    engine.payload()
    return engine


def lines_of(events: list[Event]) -> list[str]:
    return [line.text for event in events if isinstance(event, Answer) for line in event.lines]


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("octets", "result"),
    [
        (b"\r\nOK\r\n", OK),
        (b"OK\n", OK),
        (b"\r\r\nOK\r\r\n", OK),
        (b"0\r", OK),
        (b"4\r", Result("ERROR")),
        (b"\r\nERROR\r\n", Result("ERROR")),
        (b"\r\nCOMMAND NOT SUPPORT\r\n", Result("ERROR", None, "COMMAND NOT SUPPORT")),
        (b"\r\n+CMS ERROR: 500\r\n", Result("CMS", 500)),
        (b"\r\n+CMS ERROR:38\r\n", Result("CMS", 38)),
        (b"\r\n+CME ERROR: SIM busy\r\n", Result("CME", None, "SIM busy")),
        (b"\r\n+CMS ERROR: Network timeout\r\n", Result("CMS", None, "Network timeout")),
    ],
)
def test_a_final_result_in_any_spelling_and_with_any_line_end(octets: bytes, result: Result) -> None:
    command = Command("AT+CMGF=0")
    assert engine_with(command).feed(octets) == [Answer(command, result)]


def test_begin_says_the_command_with_a_carriage_return() -> None:
    assert Engine().begin(CSQ) == b"AT+CSQ\r"


def test_one_command_at_a_time() -> None:
    with pytest.raises(RuntimeError, match="busy"):
        engine_with(CSQ).begin(CGSN)


def test_a_hint_before_the_answer_is_neither_lost_nor_taken_for_it() -> None:
    events = engine_with(CGSN).feed(b'\r\n+CMTI: "SM",7\r\n\r\n861234567890123\r\n\r\nOK\r\n')
    assert events == [Unsolicited('+CMTI: "SM",7'), Answer(CGSN, OK, (Line("861234567890123"),))]


@pytest.mark.parametrize("line", ["RING", "+CRING: VOICE", "^RSSI:21", "NO CARRIER", "+CREG: 1", "*EMRDY: 1"])
def test_what_nobody_asked_for_is_never_a_bare_answer(line: str) -> None:
    events = engine_with(CGSN).feed(f"\r\n{line}\r\n\r\n861234567890123\r\n\r\nOK\r\n".encode())
    assert events == [Unsolicited(line), Answer(CGSN, OK, (Line("861234567890123"),))]


def test_a_line_that_only_begins_with_ok_is_information() -> None:
    command = Command("AT+CGMR", ("+CGMR:",), bare=True)
    assert lines_of(engine_with(command).feed(b"\r\nOKI-7.1 build\r\n\r\nOK\r\n")) == ["OKI-7.1 build"]


def test_a_stray_result_without_a_command_says_nothing() -> None:
    engine = Engine()
    assert engine.feed(b"\r\nOK\r\n") == []
    assert list(engine.junk) == ["OK"]


@pytest.mark.parametrize("echo", [b"AT+CSQ\r", b"AT+CSQ\r\r\n", b"AT+CSQ"])
def test_an_echo_that_stays_on_is_not_an_answer_even_when_glued(echo: bytes) -> None:
    assert lines_of(engine_with(CSQ).feed(echo + b"+CSQ: 20,99\r\n\r\nOK\r\n")) == ["+CSQ: 20,99"]


def test_an_echoed_payload_is_not_an_answer() -> None:
    events = sending().feed(b"0001000B91\x1a\r\n+CMGS: 7\r\n\r\nOK\r\n")
    assert events == [Answer(CMGS, OK, (Line("+CMGS: 7"),))]


# --- PDU lines --------------------------------------------------------------------------------------------------------


def test_a_listing_keeps_each_header_with_its_pdu_and_lets_hints_through() -> None:
    events = engine_with(CMGL).feed(
        f'+CMGL: 0,1,,20\r\n^RSSI:21\r\n{DELIVER}\r\n+CMTI: "SM",3\r\n+CMGL: 2,0,,20\r\n{DELIVER}\r\nOK\r\n'.encode()
    )
    assert events == [
        Unsolicited("^RSSI:21"),
        Unsolicited('+CMTI: "SM",3'),
        Answer(CMGL, OK, (Line("+CMGL: 0,1,,20", DELIVER), Line("+CMGL: 2,0,,20", DELIVER))),
    ]


def test_a_header_without_its_pdu_is_told_without_one() -> None:
    events = engine_with(CMGL).feed(f"+CMGL: 0,1,,20\r\n+CMGL: 1,1,,20\r\n{DELIVER}\r\nOK\r\n".encode())
    assert events == [Answer(CMGL, OK, (Line("+CMGL: 0,1,,20"), Line("+CMGL: 1,1,,20", DELIVER)))]


def test_a_damaged_pdu_line_stays_with_its_header() -> None:
    events = engine_with(CMGL).feed(b"+CMGL: 0,1,,20\r\n0004\xff0B91\r\nOK\r\n")
    assert events == [Answer(CMGL, OK, (Line("+CMGL: 0,1,,20", "0004\xff0B91"),))]


def test_a_report_inside_a_listing_gets_its_own_pdu_by_its_length() -> None:
    report = "00" + "06" * 26
    events = engine_with(CMGL).feed(f"+CMGL: 0,1,,20\r\n+CDS: 26\r\n{DELIVER}\r\n{report}\r\nOK\r\n".encode())
    assert events == [Unsolicited("+CDS: 26", report), Answer(CMGL, OK, (Line("+CMGL: 0,1,,20", DELIVER),))]


def test_two_reports_in_one_read_are_two() -> None:
    report = "00" + "06" * 26
    assert Engine().feed(f"\r\n+CDS: 26\r\n{report}\r\n\r\n+CDS: 26\r\n{report}\r\n".encode()) == [
        Unsolicited("+CDS: 26", report),
        Unsolicited("+CDS: 26", report),
    ]


def test_digits_that_answer_a_bare_command_are_not_a_waiting_report() -> None:
    engine = Engine()
    engine.feed(b"\r\n+CDS: 26\r\n")
    engine.begin(Command("AT+CCID", bare=True))
    assert lines_of(engine.feed(b"89701012345678901234\r\nOK\r\n")) == ["89701012345678901234"]


# --- the prompt -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", [b"> ", b">", b"\r\n> ", b"\r\n>", b"AT+CMGS=14\r\r\n> "])
def test_a_prompt_with_or_without_its_space(prompt: bytes) -> None:
    engine = engine_with(CMGS)
    assert engine.feed(prompt) == [Prompt()]
    assert engine.payload() == b"0001000B91\x1a"


def test_a_hint_glued_to_the_prompt_is_heard() -> None:
    assert engine_with(CMGS).feed(b'\r\n> +CMTI: "SM",1\r\n') == [Prompt(), Unsolicited('+CMTI: "SM",1')]


def test_a_prompt_that_nobody_waits_for_is_none() -> None:
    assert engine_with(CSQ).feed(b"> ") == []


def test_ok_before_the_payload_cannot_be_its_result() -> None:
    engine = engine_with(CMGS)
    assert engine.feed(b"\r\nOK\r\n> ") == [Prompt()]


# --- noise ------------------------------------------------------------------------------------------------------------


def test_octets_that_are_no_text_harm_nothing() -> None:
    engine = engine_with(CSQ)
    assert lines_of(engine.feed(b"\xff\xfe\x00\r\n\x80\x81\r\n+CSQ: 20,99\r\nOK\r\n")) == ["+CSQ: 20,99"]


def test_an_endless_line_is_dropped_and_the_next_one_heard() -> None:
    engine = engine_with(CSQ)
    assert lines_of(engine.feed(b"x" * (LINE_LIMIT + 1) + b"\r\n+CSQ: 20,99\r\nOK\r\n")) == ["+CSQ: 20,99"]
    assert len(engine.junk[0]) <= 80


def test_a_hint_with_noise_glued_before_it_is_still_a_hint() -> None:
    assert Engine().feed(b'\x7fzz~+CMTI: "SM",3\r\n') == [Unsolicited('+CMTI: "SM",3')]


def test_only_the_last_lines_of_junk_are_kept() -> None:
    engine = Engine()
    engine.feed(b"".join(b"line %d\r\n" % number for number in range(60)))
    assert len(engine.junk) == 50
    assert engine.junk[-1] == "line 59"


# --- late answers -----------------------------------------------------------------------------------------------------


def test_a_late_answer_never_becomes_the_next_commands() -> None:
    engine = engine_with(CSQ)
    assert engine.give_up() == b""
    assert engine.dirty
    assert engine.probe() == b"AT+CMEE?\r"
    assert engine.feed(b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n") == [Unsolicited("+CSQ: 20,99")]
    assert engine.feed(b"\r\n+CMEE: 1\r\n\r\nOK\r\n") == [Recovered()]
    engine.begin(CGSN)
    assert lines_of(engine.feed(b"861234567890123\r\nOK\r\n")) == ["861234567890123"]


def test_nothing_may_be_said_on_a_dirty_channel() -> None:
    engine = engine_with(CSQ)
    engine.give_up()
    with pytest.raises(RuntimeError, match="dirty"):
        engine.begin(CGSN)


def test_a_late_reference_is_credited() -> None:
    engine = sending()
    assert engine.give_up() == b""
    engine.probe()
    assert engine.feed(b"\r\n+CMGS: 17\r\n\r\nOK\r\n+CMEE: 1\r\nOK\r\n") == [LateReference(17), Recovered()]


def test_a_late_reference_is_credited_even_after_the_probe() -> None:
    """Its OK must not end the command that is in flight by then."""
    engine = sending()
    engine.give_up()
    engine.probe()
    engine.feed(b"\r\n+CMEE: 1\r\nOK\r\n")
    engine.begin(CSQ)
    events = engine.feed(b"\r\n+CMGS: 17\r\n\r\nOK\r\n+CSQ: 20,99\r\nOK\r\n")
    assert events == [LateReference(17), Answer(CSQ, OK, (Line("+CSQ: 20,99"),))]


def test_a_late_reference_before_the_next_payload_is_the_old_messages() -> None:
    engine = sending()
    engine.give_up()
    engine.probe()
    engine.feed(b"+CMEE: 1\r\nOK\r\n")
    engine.begin(CMGS)
    assert engine.feed(b"+CMGS: 17\r\nOK\r\n> ") == [LateReference(17), Prompt()]
    engine.payload()
    assert engine.feed(b"+CMGS: 18\r\nOK\r\n") == [Answer(CMGS, OK, (Line("+CMGS: 18"),))]


def test_a_reference_is_never_late_where_nothing_was_in_doubt() -> None:
    assert Engine().feed(b"\r\n+CMGS: 17\r\n") == [Unsolicited("+CMGS: 17")]


def test_a_late_refusal_is_told_unless_an_escape_may_have_caused_it() -> None:
    engine = sending()
    engine.give_up()
    engine.probe()
    assert engine.feed(b"+CMS ERROR: 38\r\n") == [LateRefusal(Result("CMS", 38))]
    engine = sending()
    engine.give_up()
    engine.probe()
    assert engine.probe() == b"\x1bAT+CMEE?\r"
    assert engine.feed(b"+CMS ERROR: 38\r\n") == []


def test_without_a_prompt_an_escape_leads_out() -> None:
    engine = engine_with(CMGS)
    assert engine.give_up() == b"\x1b"
    assert engine.probe() == b"\x1bAT+CMEE?\r"


def test_a_payload_whose_end_never_left_is_taken_back() -> None:
    engine = sending()
    assert engine.give_up(payload_left=False) == b"\x1b"
    engine.probe()
    assert LateReference(17) not in engine.feed(b"+CMGS: 17\r\nOK\r\n")


def test_a_prompt_that_comes_late_is_told_so_that_it_can_be_escaped() -> None:
    engine = engine_with(CMGS)
    engine.give_up()
    engine.probe()
    assert engine.feed(b"\r\n> ") == [StrayPrompt()]
    engine.probe()
    assert engine.feed(b"\r\n+CMEE: 1\r\nOK\r\n") == [Recovered()]


def test_an_earlier_probe_answered_late_does_not_end_a_command() -> None:
    engine = engine_with(CSQ)
    engine.give_up()
    engine.probe()
    engine.probe()
    assert engine.feed(b"+CMEE: 1\r\nOK\r\n") == [Recovered()]
    engine.begin(CSQ)
    events = engine.feed(b"+CMEE: 1\r\nOK\r\n+CSQ: 20,99\r\nOK\r\n")
    assert events == [Answer(CSQ, OK, (Line("+CSQ: 20,99"),))]


# --- however it is cut ------------------------------------------------------------------------------------------------

SCRIPT: tuple[bytes, ...] = (
    b"\r\nOK\r\n",
    b"OK\n",
    b"\r\nERROR\r\n",
    b"\r\n+CMS ERROR: 38\r\n",
    b"\r\n> ",
    b">",
    b'\r\n+CMTI: "SM",1\r\n',
    b"\r\n+CDS: 20\r\n",
    DELIVER.encode() + b"\r\n",
    b"\r\n+CMGL: 1,1,,20\r\n",
    b"\r\n+CMGS: 5\r\n",
    b"\r\n+CMEE: 1\r\n",
    b"\xff\xfe",
    b"861234567890123\r\n",
    b"AT+CSQ",
    b"+CSQ: 20,99\r\n",
    b"\r\r\n",
    b" ",
)


def hear(chunks: list[bytes], command: Command | None, *, given_up: bool) -> list[Event]:
    """What an engine tells that answers a prompt as soon as it is due."""
    engine = Engine()
    if command is not None:
        engine.begin(command)
    if given_up:
        engine.give_up()
        if engine.dirty:
            engine.probe()
    events: list[Event] = []
    for chunk in chunks:
        events += engine.feed(chunk)
    return events


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(SCRIPT) | st.binary(max_size=8), max_size=14),
    st.sampled_from([None, CSQ, CGSN, CMGL, CMGS]),
    st.booleans(),
    st.lists(st.integers(0, 200), max_size=4),
)
def test_octet_by_octet_or_glued_the_events_are_the_same(
    pieces: list[bytes], command: Command | None, given_up: bool, cuts: list[int]
) -> None:
    whole = b"".join(pieces)
    ends = sorted(min(cut, len(whole)) for cut in cuts)
    cut = [whole[start:end] for start, end in zip([0, *ends], [*ends, len(whole)], strict=True)]
    glued = hear([whole], command, given_up=given_up)
    assert hear([bytes([octet]) for octet in whole], command, given_up=given_up) == glued
    assert hear(cut, command, given_up=given_up) == glued


# --- values -----------------------------------------------------------------------------------------------------------


def test_values_of_information_lines() -> None:
    assert information("+CSQ: 20,99") == "20,99"
    assert information("M590") == "M590"
    assert fields('+CPMS: "SM",3,20,"ME",0,50') == ["SM", "3", "20", "ME", "0", "50"]
    assert fields('+COPS: 0,2,"25,02"') == ["0", "2", "25,02"]
    assert fields("+CMGL: 1,1,,24") == ["1", "1", "", "24"]
    assert numbers('+CMTI: "SM",0') == [None, 0]
    assert groups("+CNMI: (0-2),(0,1),(2),(),0") == [["0", "1", "2"], ["0", "1"], ["2"], [""], ["0"]]
    assert groups('+CPMS: ("SM","ME"),("SM"),("SM","MT")') == [["SM", "ME"], ["SM"], ["SM", "MT"]]
