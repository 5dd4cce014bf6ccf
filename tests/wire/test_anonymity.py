"""Nothing that names anybody is left of a conversation, and what is left is one still."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.wire import tpdu
from smsd.wire.address import Address
from smsd.wire.anonymity import Anonymiser
from smsd.wire.transcript import Line, Transcript, lines_of
from smsd.wire.userdata import UserData

IMEI, IMSI, ICCID, PHONE = "867459040123456", "250020123456789", "8970102345678901234", "79161234567"
AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def anonymous(*said: str, command: str = "AT+CMGL=4") -> list[str]:
    lines = [Line(">", f"{command}\r".encode()), *(Line("<", f"{each}\r\n".encode("latin-1")) for each in said)]
    return [line.octets.decode("latin-1").rstrip() for line in Anonymiser().lines(lines)[1:]]


def deliver(text: str, sender: str = f"+{PHONE}") -> str:
    address = Address.of_number(sender) if sender.lstrip("+").isdigit() else Address.of_name(sender)
    message = tpdu.Deliver(tp_oa=address, tp_scts=AT, user_data=UserData.of_text(text))
    return tpdu.encode(message, Address.of_number("+79168999100"))[0].hex().upper()


@pytest.mark.parametrize(
    ("command", "said", "kept", "gone"),
    [
        ("AT+CGSN", IMEI, IMEI[:8], IMEI[8:]),
        ("ATI", f"IMEI: {IMEI}", f"IMEI: {IMEI[:8]}", IMEI[8:]),
        ("AT+CIMI", IMSI, IMSI[:5], IMSI[5:]),
        ("AT+CCID", f'+CCID: "{ICCID}"', f'+CCID: "{ICCID[:6]}', ICCID[6:]),
        ("AT+CSCA?", '+CSCA: "+79168999100",145', '+CSCA: "+7', "9168999100"),
        ("AT+CREG?", '+CREG: 2,1,"00C3","0012AB34",7', '+CREG: 2,1,"0000","00000000",', "12AB"),
        ("AT", f'+CLIP: "+{PHONE}",145', '+CLIP: "+7', PHONE[1:]),
        ("AT+CMGL=4", '+CMGL: 0,1,"Ivan",27', '+CMGL: 0,1,"Xxxx",27', "Ivan"),
        ("AT+CSCA?", '+CSCA: "002B00370039003100360031",145', '+CSCA: "0000', "0031"),
    ],
)  # fmt: skip
def test_what_names_somebody_is_replaced_by_the_same_length(command: str, said: str, kept: str, gone: str) -> None:
    [told] = anonymous(said, command=command)
    assert len(told) == len(said)
    assert told.startswith(kept)
    assert gone not in told


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("AT+CGMR", "11.126.16.00.00"),
        ("AT+CGMR", "EC25EFAR06A01M4G 20190503"),
        ("AT+CPMS?", '+CPMS: "SM",1,20,"ME",0,255,"ME",0,255'),
        ("AT+CNMI?", "+CNMI: 2,1,0,1,0"),
        ("AT+COPS?", '+COPS: 0,2,"25002",7'),
        ("AT+CSQ", "+CSQ: 21,99"),
        ("AT+CRSM=176,28483,0,0,2", '+CRSM: 144,0,"1BFF"'),
        ("AT+CMGS", "+CMS ERROR: 500"),
    ],
)
def test_what_names_nobody_is_kept(command: str, said: str) -> None:
    assert anonymous(said, command=command) == [said]


def test_the_same_is_replaced_by_the_same_wherever_it_stands() -> None:
    swapped = "".join((ICCID + "F")[at + 1] + (ICCID + "F")[at] for at in range(0, 20, 2))
    lines = lines_of([
        (">", b"AT+CRSM=176,12258,0,0,10\r"), ("<", f'\r\n+CRSM: 144,0,"{swapped}"\r\n\r\nOK\r\n'.encode()),
        (">", b"AT+CCID\r"), ("<", f"\r\n+CCID: {ICCID}\r\n\r\nOK\r\n".encode()),
    ])  # fmt: skip
    told = b"".join(line.octets for line in Anonymiser().lines(lines)).decode()
    [number] = [line.removeprefix("+CCID: ") for line in told.splitlines() if line.startswith("+CCID")]
    padded = number + "F"
    assert f'"{"".join(padded[at + 1] + padded[at] for at in range(0, 20, 2))}"' in told
    assert ICCID not in told
    assert swapped not in told


@pytest.mark.parametrize("text", ["CLIENT info 42", "Пароль: 1a2b, Иван!", "€[x]", "😀 hi", ""])
def test_a_message_still_decodes_and_says_nothing(text: str) -> None:
    pdu = deliver(text)
    told = anonymous(f"+CMGL: 0,1,,{(len(pdu) // 2) - 8}", pdu)[1]
    frame = tpdu.decode(told)
    assert isinstance(frame.tpdu, tpdu.Deliver)
    assert len(told) == len(pdu)
    assert frame.tpdu.tp_oa.ton == 1
    assert frame.tpdu.tp_oa.digits != PHONE
    assert frame.tpdu.tp_scts is not None
    assert frame.tpdu.tp_scts.date() != AT.date()
    shown = frame.tpdu.user_data.text or ""
    assert len(shown) == len(text)
    assert {character for character in shown if character.isalnum()} <= set("xXжЖ0")


def test_a_name_of_a_sender_is_replaced() -> None:
    told = tpdu.decode(anonymous("+CMT: ,30", deliver("x", "MegaFon"))[1]).tpdu
    assert isinstance(told, tpdu.Deliver)
    assert told.tp_oa.text == "XxxxXxx"


def test_what_cannot_be_read_becomes_zeros() -> None:
    anonymiser = Anonymiser()
    lines = [Line("<", b"+CMGL: 0,1,,9\r\n"), Line("<", b"07919761980614\r\n")]
    assert anonymiser.lines(lines)[1].octets == b"00000000000000\r\n"
    assert anonymiser.blanked == 1


@given(st.binary(min_size=1, max_size=170))
def test_whatever_is_shown_as_a_pdu_keeps_its_length_and_decodes_or_is_blank(octets: bytes) -> None:
    told = anonymous("+CMGL: 0,1,,9", octets.hex().upper())[1]
    assert len(told) == 2 * len(octets)
    if told.strip("0"):
        tpdu.decode(told, lenient=True)


# --- the file ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from("<>"), st.binary(min_size=1))))
def test_a_transcript_that_is_written_is_read_as_it_was(pieces: list[tuple[str, bytes]]) -> None:
    lines = lines_of(pieces)
    assert b"".join(line.octets for line in lines) == b"".join(octets for _, octets in pieces)
    made = Transcript({"modem": "a b"}, lines)
    assert Transcript.read(made.write()) == made


@pytest.mark.parametrize("text", ["", "# something else", "# smsd transcript 1\nAT", "# smsd transcript 1\n< é"])
def test_what_is_no_transcript_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="transcript"):
        Transcript.read(text)
