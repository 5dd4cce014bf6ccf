"""Mistakes that PDU codecs have been seen to make, each as one input; none of them may be made here.

They were found by comparing published codecs (docs/decisions/0003-own-pdu-codec.md). Service centre, sender and time
are the same everywhere, so that each line shows only what matters.
"""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from smsd.errors import PduError
from smsd.wire.address import Address
from smsd.wire.alphabet import Alphabet, DataCoding
from smsd.wire.tpdu import Deliver, EnhancedValidity, StatusReport, Submit, decode, encode
from smsd.wire.userdata import Concatenation, InformationElement, UserData, join, split

P = "07919761989901F0"
OA = "0B919761214365F7"
TS = "62110151230021"
PHONE = Address.of_number("+79161234567")


def deliver(pdu: str, *, lenient: bool = False) -> Deliver:
    tpdu = decode(pdu, lenient=lenient).tpdu
    assert isinstance(tpdu, Deliver)
    return tpdu


def submit(tpdu: Submit, smsc: Address | None = None) -> Submit:
    read = decode(encode(tpdu, smsc)[0], outgoing=True).tpdu
    assert isinstance(read, Submit)
    return read


# --- reading: the wrong text ------------------------------------------------------------------------------------------

TEXTS = [
    # DCS, UDHI, TP-UDL and TP-UD, text
    pytest.param("00", True, "0D060804012C0201C8329BFD06", "Hello", id="a letter lost behind a 16-bit reference"),
    pytest.param("08", False, "0A004F006B0020D83DDE00", "Ok 😀", id="a surrogate pair left in halves"),
    pytest.param("00", False, "015F", "§", id="a grave accent in place of the section sign"),
    pytest.param("00", False, "0861F1985C369F01", "abcdefg@", id="the eighth septet lost when it is @"),
    pytest.param("00", False, "0731D98C56B3DD1A", "1234567", id="padding read as a carriage return"),
    pytest.param("00", False, "05E8329BFD06FFFFFFFF", "hello", id="octets behind the end read as text"),
    pytest.param("08", True, "0A050003070201041F0440FFFFFFFF", "Пр", id="UCS2 length without its header"),
    pytest.param("E0", False, "02042F", "Я", id="a waiting indication in UCS2 read as septets"),
    pytest.param("00", False, "07E14D50BC518C01", "aAb\fc", id="an unknown escape or a form feed dropped"),
    pytest.param("00", True, "0C0325010D4097D9EC376800", "hello ٻ", id="a locking shift ignored"),
    pytest.param("00", True, "0D0324010D4097D9EC3768B302", "hello ؏", id="a single shift ignored"),
    pytest.param("00", False, "02E10D", "a ", id="an escape at the very end"),
]


@pytest.mark.parametrize(("dcs", "header", "content", "text"), TEXTS)
def test_texts(dcs: str, header: bool, content: str, text: str) -> None:
    assert deliver(f"{P}{44 if header else '04'}{OA}00{dcs}{TS}{content}").user_data.text == text


@pytest.mark.parametrize("dcs", ["04", "F4", "F5", "F6", "F7"])
def test_octets_are_neither_text_nor_septets(dcs: str) -> None:
    user_data = deliver(f"{P}04{OA}00{dcs}{TS}0462009B03FF").user_data
    assert (user_data.alphabet, user_data.text) == (Alphabet.OCTETS, None)
    assert user_data.data == bytes.fromhex("62009B03")


def test_class_indication_and_type_of_sender_are_told_apart() -> None:
    flash = deliver(f"{P}04{OA}0010{TS}0161")
    assert flash.tp_dcs.message_class == 0
    waiting = deliver(f"{P}04{OA}00C8{TS}00")
    assert waiting.tp_dcs.indication is not None
    letters = deliver(f"{P}0407D04A33340000{TS}0161".replace("4A3334", "CDB2FC05"))
    assert not letters.tp_oa.is_number
    assert deliver(f"{P}04038109F00000{TS}0161").tp_oa == Address("900", 0, 1)


def test_the_enhanced_validity_period_does_not_swallow_the_text() -> None:
    frame = decode("0009000B919761214365F7000042030000000000" + "0161", outgoing=True)
    assert isinstance(frame.tpdu, Submit)
    assert frame.tpdu.user_data.text == "a"
    assert frame.tpdu.tp_vp == EnhancedValidity(bytes.fromhex("42030000000000"))


def test_stars_and_hashes_are_not_letters() -> None:
    assert deliver(f"{P}040481A1B00000{TS}0161").tp_oa.text == "1*0#"


def test_what_a_status_report_carries_beyond_its_status() -> None:
    tpdu = decode(f"0006050B919761214365F7{TS}{TS}000700080204" + "2F").tpdu
    assert isinstance(tpdu, StatusReport)
    assert tpdu.tp_pid == 0
    assert tpdu.user_data is not None
    assert tpdu.user_data.text == "Я"


def test_no_message_is_of_the_last_century() -> None:
    assert deliver(f"{P}04{OA}000089212221140100" + "0161").tp_scts == datetime(2098, 12, 22, 12, 41, 10, tzinfo=UTC)


# --- reading: another exception than the one --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pdu",
    [
        pytest.param(f"{P}040B9197612143", id="cut inside the sender"),
        pytest.param("0006050B919761214365F7621101512300", id="cut inside a time"),
        pytest.param(f"0006050B919761214365F7{TS}0000000000000030", id="a discharge time of zeros"),
        pytest.param(f"{P}04{OA}0000{TS}0BE8329BFD4697D9EC37", id="text shorter than announced"),
        pytest.param(f"{P}44{OA}0000{TS}03" + "0A0003", id="a header longer than the user data"),
        pytest.param(f"{P}04{OA}0004{TS}8D" + "00" * 141, id="user data longer than a message"),
        pytest.param(f"{P}04{OA}0000{TS}A1" + "00" * 141, id="more septets than a message holds"),
    ],
)
def test_damage_is_refused_with_the_one_error(pdu: str) -> None:
    with pytest.raises(PduError):
        decode(pdu)


def test_a_report_with_a_discharge_time_of_zeros_is_not_lost() -> None:
    tpdu = decode(f"0006050B919761214365F7{TS}0000000000000030", lenient=True).tpdu
    assert isinstance(tpdu, StatusReport)
    assert (tpdu.tp_mr, tpdu.tp_dt, tpdu.tp_st) == (5, None, 0x30)


def test_an_empty_address_still_has_its_type_octet() -> None:
    tpdu = deliver(f"{P}0400800000{TS}0161")
    assert (tpdu.tp_oa.text, tpdu.user_data.text) == ("", "a")


def test_a_service_centre_of_one_octet() -> None:
    frame = decode(f"018104{OA}0000{TS}0161")
    assert frame.smsc is None


def test_a_filler_inside_a_number_shifts_nothing() -> None:
    tpdu = deliver(f"{P}040C919761F14365F70000{TS}0161")
    assert (tpdu.tp_oa.text, tpdu.user_data.text) == ("+7916134567", "a")


@pytest.mark.parametrize("iei", ["00", "08"])
def test_a_concatenation_of_the_wrong_length_is_none(iei: str) -> None:
    tpdu = deliver(f"{P}44{OA}0000{TS}0704{iei}020502E001")
    assert tpdu.user_data.concatenation is None


# --- writing ----------------------------------------------------------------------------------------------------------


def test_an_emoji_can_be_sent_and_is_counted_in_utf_16_units() -> None:
    (part,) = split("Привет 😀")
    assert len(part.data) == 18
    assert submit(Submit(tp_da=PHONE, user_data=part)).user_data.text == "Привет 😀"
    assert len(split("😀" * 36)) == 2


@pytest.mark.parametrize(
    ("text", "alphabet"),
    [
        ("ÿ", Alphabet.UCS2),
        ("`", Alphabet.UCS2),
        ("§", Alphabet.GSM7),
        ("a\fb", Alphabet.GSM7),
        ("a\x1be", Alphabet.UCS2),
    ],
)
def test_characters_at_the_edge_of_the_alphabet(text: str, alphabet: Alphabet) -> None:
    (part,) = split(text)
    assert part.alphabet is alphabet
    assert submit(Submit(tp_da=PHONE, user_data=part)).user_data.text == text


@pytest.mark.parametrize("reference", [0, 255, 256, 65535])
def test_references_of_both_widths(reference: int) -> None:
    width = 8 if reference < 256 else 16
    parts = split("x" * 200, reference=reference, width=width)
    assert parts[1].concatenation == Concatenation(reference, 2, 2, width)
    assert [submit(Submit(tp_da=PHONE, user_data=part)).user_data for part in parts] == list(parts)
    assert len(parts[0].data) == (153 if width == 8 else 152)


def test_the_length_for_the_modem_does_not_count_the_service_centre() -> None:
    tpdu = Submit(tp_da=PHONE, user_data=UserData(Alphabet.GSM7, "a"))
    assert encode(tpdu)[1] == encode(tpdu, Address.of_number("+79168999100"))[1] == 14


@pytest.mark.parametrize(("number", "octets"), [("900", "038109F0"), ("89161234567", "0B819861214365F7")])
def test_short_and_trunk_numbers_are_of_unknown_type(number: str, octets: str) -> None:
    tpdu = Submit(tp_da=Address.of_number(number), user_data=UserData(Alphabet.GSM7, "a"))
    assert encode(tpdu)[0][3:].hex().upper().startswith(octets)


def test_a_service_code_is_a_number_and_a_number_with_spaces_is_nothing() -> None:
    assert (
        submit(Submit(tp_da=Address.of_number("*100#"), user_data=UserData(Alphabet.GSM7, "a"))).tp_da.text == "*100#"
    )
    for number in ("+7 916 123-45-67", "", "1" * 21):
        with pytest.raises(PduError):
            Address.of_number(number)


def test_the_length_of_a_name_counts_useful_semi_octets() -> None:
    assert Address.of_name("Megafon").encode()[0] == 0x0D
    with pytest.raises(PduError):
        Address.of_name("twelve chars")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (timedelta(minutes=1), timedelta(minutes=5)),
        (timedelta(hours=36), timedelta(days=2)),
        (timedelta(days=31), timedelta(weeks=5)),
        (timedelta(days=1), timedelta(days=1)),
    ],
)
def test_a_validity_period_is_rounded_up(asked: timedelta, said: timedelta) -> None:
    assert submit(Submit(tp_da=PHONE, user_data=UserData(Alphabet.GSM7, "a"), tp_vp=asked)).tp_vp == said


def test_a_report_is_asked_for_only_when_told() -> None:
    assert not submit(Submit(tp_da=PHONE, user_data=UserData(Alphabet.GSM7, "a"))).tp_srr


def test_more_than_255_parts_are_a_clear_error() -> None:
    with pytest.raises(PduError, match="255 at most"):
        split("ж" * (67 * 255 + 1))


def test_class_protocol_ports_and_alphabet_can_be_chosen() -> None:
    content = UserData(Alphabet.OCTETS, data=b"\x01", header=(InformationElement(5, bytes.fromhex("0B8423F0")),))
    tpdu = submit(Submit(tp_da=PHONE, user_data=content, tp_pid=0x41, tp_dcs=DataCoding(0xF6)))
    assert (tpdu.tp_pid, tpdu.tp_dcs.message_class, tpdu.user_data.ports) == (0x41, 2, (2948, 9200))


def test_a_pair_cut_between_two_parts_by_their_sender_is_whole_again() -> None:
    first = deliver(f"{P}44{OA}0008{TS}08050003070201D83D").user_data
    second = deliver(f"{P}44{OA}0008{TS}08050003070202DE00").user_data
    assert (first.text, second.text) == ("\ufffd", "\ufffd")
    assert join([first, second]) == "😀"


def test_zones_of_both_signs() -> None:
    west = deliver(f"{P}04{OA}000062110151230029" + "0161").tp_scts
    assert west == datetime(2026, 11, 10, 15, 32, 0, tzinfo=timezone(timedelta(hours=-3)))
