"""23.040 §9.2.2: whole PDUs, written from the tables of the standard, octet by octet."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from smsd.errors import PduError
from smsd.wire.address import Address
from smsd.wire.alphabet import Alphabet, DataCoding
from smsd.wire.tpdu import (
    STATUS_WORDS,
    Deliver,
    EnhancedValidity,
    StatusReport,
    Submit,
    decode,
    encode,
    status_class,
    status_words,
)
from smsd.wire.userdata import UserData, split

SMSC = "07919701119905F2"
CENTRE = Address.of_number("+79101199502")
SENDER = "0B919780268277F9"
STAMP = "62111221000021"
MOMENT = datetime(2026, 11, 21, 12, 0, 0, tzinfo=timezone(timedelta(hours=3)))


def deliver(pdu: str, *, lenient: bool = False) -> Deliver:
    tpdu = decode(pdu, lenient=lenient).tpdu
    assert isinstance(tpdu, Deliver)
    return tpdu


def report(pdu: str, *, lenient: bool = False) -> StatusReport:
    tpdu = decode(pdu, lenient=lenient).tpdu
    assert isinstance(tpdu, StatusReport)
    return tpdu


def submit(pdu: str) -> Submit:
    tpdu = decode(pdu, outgoing=True).tpdu
    assert isinstance(tpdu, Submit)
    return tpdu


# --- deliver ----------------------------------------------------------------------------------------------------------


def test_a_deliver_field_by_field() -> None:
    frame = decode(f"{SMSC}04{SENDER}0000{STAMP}05E8329BFD06")
    assert frame.smsc == CENTRE
    assert frame.tpdu_length == 1 + 8 + 2 + 7 + 1 + 5
    assert frame.warnings == ()
    assert frame.tpdu == Deliver(
        tp_oa=Address.of_number("+79086228779"),
        tp_scts=MOMENT,
        user_data=UserData(Alphabet.GSM7, "hello"),
        tp_dcs=DataCoding(0),
    )
    assert encode(frame.tpdu, frame.smsc) == (bytes.fromhex(f"{SMSC}04{SENDER}0000{STAMP}05E8329BFD06"), 24)


@pytest.mark.parametrize(
    ("first", "flags"),
    [
        (0x04, set()),
        (0x00, {"tp_mms"}),
        (0x0C, {"tp_lp"}),
        (0x24, {"tp_sri"}),
        (0x84, {"tp_rp"}),
        (0xA8, {"tp_mms", "tp_lp", "tp_sri", "tp_rp"}),
    ],
)
def test_the_flags_of_a_deliver(first: int, flags: set[str]) -> None:
    tpdu = deliver(f"00{first:02X}{SENDER}0000{STAMP}0161")
    assert {name for name in ("tp_mms", "tp_lp", "tp_sri", "tp_rp") if getattr(tpdu, name)} == flags
    assert encode(tpdu)[0][1] == first


def test_octets_and_hex_of_either_case_are_the_same() -> None:
    pdu = f"{SMSC}04{SENDER}0008{STAMP}08D83DDE00042F0416"
    assert decode(pdu) == decode(pdu.lower()) == decode(bytes.fromhex(pdu)) == decode(f" {pdu}\r\n")
    assert deliver(pdu).user_data.text == "😀ЯЖ"


@pytest.mark.parametrize("pdu", ["", "0", "07 91", "zz", "٠٠", "00 04", "AFSD", "+CMGL: 1"])
def test_what_is_not_hex_is_refused(pdu: str) -> None:
    with pytest.raises(PduError):
        decode(pdu)


@pytest.mark.parametrize(("smsc", "text"), [("00", None), ("0181", None), ("038121F3", "123"), (SMSC, "+79101199502")])
def test_service_centres_of_all_kinds(smsc: str, text: str | None) -> None:
    frame = decode(f"{smsc}04{SENDER}0000{STAMP}0161")
    assert (frame.smsc.text if frame.smsc else None) == text
    assert frame.tpdu_length == 20


def test_a_sender_without_digits_still_has_its_type() -> None:
    assert deliver(f"000400800000{STAMP}0161").tp_oa == Address("", 0, 0)


@pytest.mark.parametrize(("outgoing", "first"), [(False, 1), (False, 3), (True, 0), (True, 2), (True, 3)])
def test_other_message_types_are_refused(outgoing: bool, first: int) -> None:
    with pytest.raises(PduError, match="TP-MTI"):
        decode(f"00{first:02X}{SENDER}0000{STAMP}0161", outgoing=outgoing)


def test_every_cut_of_a_pdu_is_refused_with_the_place() -> None:
    pdu = bytes.fromhex(f"{SMSC}04{SENDER}0000{STAMP}05E8329BFD06")
    for end in range(len(pdu)):
        with pytest.raises(PduError) as caught:
            decode(pdu[:end])
        assert caught.value.octet is not None
        assert 0 <= caught.value.octet <= end


def test_lenient_reading_gives_what_came_of_the_text() -> None:
    frame = decode(f"{SMSC}04{SENDER}0008{STAMP}0A041F04400438", lenient=True)
    assert isinstance(frame.tpdu, Deliver)
    assert frame.tpdu.user_data.text == "При"
    assert len(frame.warnings) == 1


@pytest.mark.parametrize("stamp", ["00000000000000", "62131221000021", "6F111221000021"])
def test_a_time_that_is_none_hides_a_message_only_from_the_strict(stamp: str) -> None:
    pdu = f"0004{SENDER}0000{stamp}0161"
    with pytest.raises(PduError, match="TP-SCTS"):
        decode(pdu)
    frame = decode(pdu, lenient=True)
    assert isinstance(frame.tpdu, Deliver)
    assert (frame.tpdu.tp_scts, frame.tpdu.user_data.text) == (None, "a")
    assert "TP-SCTS" in frame.warnings[0]


def test_a_zone_with_a_strange_second_digit_is_read_and_told() -> None:
    frame = decode(f"0004{SENDER}0000621112210000A00161")
    assert isinstance(frame.tpdu, Deliver)
    assert frame.tpdu.tp_scts == datetime(2026, 11, 21, 12, tzinfo=timezone(timedelta(hours=2.5)))
    assert frame.warnings


def test_a_number_of_more_than_twenty_digits_is_forgiven_only_leniently() -> None:
    pdu = f"000418911111111111111111111111110000{STAMP}0161"
    with pytest.raises(PduError, match="TP-OA"):
        decode(pdu)
    assert deliver(pdu, lenient=True).tp_oa.digits == "1" * 24


def test_compressed_text_is_refused_whatever_the_mood() -> None:
    for lenient in (False, True):
        with pytest.raises(PduError, match="compressed"):
            decode(f"0004{SENDER}0020{STAMP}0161", lenient=lenient)


def test_octets_behind_the_end_are_told_and_not_counted() -> None:
    frame = decode(f"{SMSC}04{SENDER}0000{STAMP}05E8329BFD06FFFFFF")
    assert frame.tpdu_length == 24
    assert frame.warnings == ("3 octets behind the end",)


def test_a_deliver_without_a_time_is_written_with_zeros() -> None:
    tpdu = Deliver(tp_oa=CENTRE, tp_scts=None, user_data=UserData(Alphabet.UCS2, "я"))
    assert decode(encode(tpdu)[0], lenient=True).tpdu == tpdu


# --- submit -----------------------------------------------------------------------------------------------------------


def test_the_acknowledgement_as_a_modem_gets_it() -> None:
    text = "Ваша заявка принята. Дождитесь СМС-уведомления об исполнении запроса."
    (part,) = split(text)
    octets, length = encode(Submit(tp_da=Address.of_number("+79161234567"), user_data=part, tp_srr=True))
    assert length == len(octets) - 1 == 151
    assert octets[:14].hex() == "0021000b919761214365f700088a"
    assert submit(octets.hex()).user_data.text == text


def test_a_submit_field_by_field() -> None:
    tpdu = Submit(
        tp_da=Address.of_number("900"),
        user_data=UserData(Alphabet.GSM7, "hello"),
        tp_mr=42,
        tp_vp=timedelta(days=1),
        tp_rd=True,
    )
    octets, length = encode(tpdu, CENTRE)
    assert octets.hex().upper() == f"{SMSC}152A038109F00000A705E8329BFD06"
    assert length == len(octets) - 8
    frame = decode(octets, outgoing=True)
    assert (frame.tpdu, frame.smsc, frame.tpdu_length) == (tpdu, CENTRE, length)


@pytest.mark.parametrize(
    "tp_vp",
    [
        None,
        timedelta(hours=36),
        datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
        EnhancedValidity(b"\x42\x03" + bytes(5)),
    ],
)
def test_validity_periods_of_all_formats(tp_vp: timedelta | datetime | EnhancedValidity | None) -> None:
    octets, _ = encode(Submit(tp_da=CENTRE, user_data=UserData(Alphabet.GSM7, "a"), tp_vp=tp_vp))
    expected = timedelta(days=2) if tp_vp == timedelta(hours=36) else tp_vp
    tpdu = submit(octets.hex())
    assert (tpdu.tp_vp, tpdu.user_data.text) == (expected, "a")


def test_the_coding_follows_the_user_data_unless_told() -> None:
    assert Submit(tp_da=CENTRE, user_data=UserData(Alphabet.UCS2, "я")).tp_dcs == DataCoding(0x08)
    assert Submit(tp_da=CENTRE, user_data=UserData(Alphabet.OCTETS, data=b"x")).tp_dcs == DataCoding(0x04)
    flash = Submit(tp_da=CENTRE, user_data=UserData(Alphabet.UCS2, "я"), tp_dcs=DataCoding.of(Alphabet.UCS2, 0))
    assert flash.tp_dcs == DataCoding(0x18)


@pytest.mark.parametrize("raw", [0x00, 0x28, 0x04, 0x108])
def test_a_coding_that_says_another_alphabet_is_refused(raw: int) -> None:
    with pytest.raises(PduError, match="TP-DCS"):
        encode(Submit(tp_da=CENTRE, user_data=UserData(Alphabet.UCS2, "я"), tp_dcs=DataCoding(raw)))


@pytest.mark.parametrize("field", ["tp_mr", "tp_pid"])
def test_a_number_that_is_no_octet_is_refused(field: str) -> None:
    for value in (-1, 256):
        kwargs = {field: value}
        with pytest.raises(PduError):
            encode(Submit(tp_da=CENTRE, user_data=UserData(Alphabet.GSM7, "a"), **kwargs))  # type: ignore[arg-type]


# --- status report ----------------------------------------------------------------------------------------------------

REPORT = f"0006AA{SENDER}{STAMP}6211122100302100"


def test_a_status_report_field_by_field() -> None:
    frame = decode(REPORT)
    assert frame.tpdu == StatusReport(
        tp_mr=0xAA,
        tp_ra=Address.of_number("+79086228779"),
        tp_scts=MOMENT,
        tp_dt=MOMENT + timedelta(seconds=3),
        tp_st=0,
    )
    assert encode(frame.tpdu) == (bytes.fromhex(REPORT), len(REPORT) // 2 - 1)


def test_the_rest_of_a_record_behind_a_status_report_is_not_its_options() -> None:
    frame = decode(REPORT + "FF" * 100)
    assert frame.tpdu == decode(REPORT).tpdu
    assert frame.tpdu_length == decode(REPORT).tpdu_length


@pytest.mark.parametrize(
    ("options", "tp_pid", "tp_dcs", "text"),
    [
        ("00", None, None, None),
        ("0189", 0x89, None, None),
        ("0208", None, 0x08, None),
        ("0405E8329BFD06", None, None, "hello"),
        ("07000802042F", 0, 0x08, "Я"),
        ("810089", 0x89, None, None),
    ],
)
def test_what_the_parameter_indicator_announces(
    options: str, tp_pid: int | None, tp_dcs: int | None, text: str | None
) -> None:
    tpdu = report(REPORT + options)
    assert tpdu.tp_pid == tp_pid
    assert (tpdu.tp_dcs.raw if tpdu.tp_dcs else None) == tp_dcs
    assert (tpdu.user_data.text if tpdu.user_data else None) == text
    if not options.startswith(("00", "81")):
        assert encode(tpdu)[0].hex().upper() == REPORT + options


@pytest.mark.parametrize("options", ["01", "02", "03FF", "04", "0405E8", "062001FF"])
def test_announced_and_absent_is_refused_or_passed_over(options: str) -> None:
    pdu = REPORT + options
    with pytest.raises(PduError):
        decode(pdu)
    frame = decode(pdu, lenient=True)
    assert isinstance(frame.tpdu, StatusReport)
    assert frame.tpdu.tp_st == 0
    assert frame.warnings


def test_a_status_report_that_ends_before_its_status_is_read_leniently() -> None:
    with pytest.raises(PduError, match="TP-ST"):
        decode(REPORT[:-2])
    tpdu = report(REPORT[:-2], lenient=True)
    assert (tpdu.tp_mr, tpdu.tp_st) == (0xAA, None)
    assert status_class(tpdu.tp_st) == "trying"
    with pytest.raises(PduError, match="TP-ST"):
        encode(tpdu)


def test_a_zero_discharge_time_does_not_lose_the_report() -> None:
    tpdu = report(f"0006AA{SENDER}{STAMP}0000000000000030", lenient=True)
    assert (tpdu.tp_dt, tpdu.tp_st, tpdu.tp_scts) == (None, 0x30, MOMENT)


@pytest.mark.parametrize(
    ("tp_st", "expected"),
    [(0x00, "delivered"), (0x02, "delivered"), (0x03, "failed"), (0x1F, "failed"), (0x20, "trying"), (0x3F, "trying"),
     (0x40, "failed"), (0x46, "failed"), (0x60, "failed"), (0x7F, "failed"), (0xFF, "failed"), (None, "trying")],
)  # fmt: skip
def test_the_three_ends(tp_st: int | None, expected: str) -> None:
    assert status_class(tp_st) == expected


def test_every_status_can_be_said() -> None:
    assert status_words(0x46) == "validity period expired"
    assert status_words(0x3A).startswith("still trying")
    assert status_words(None) == "no status"
    for tp_st in range(256):
        assert status_words(tp_st)
    for tp_st, words in STATUS_WORDS.items():
        assert ("still trying" in words) == (status_class(tp_st) == "trying")
