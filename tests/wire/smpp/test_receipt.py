"""Receipts as operators write them: TLVs first, text second, nothing guessed."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.errors import PduError
from smsd.wire.address import Address
from smsd.wire.smpp.pdu import ShortMessage
from smsd.wire.smpp.receipt import Receipt, is_receipt, read_receipt
from smsd.wire.smpp.tables import Tag, Tlvs

MOSCOW = timezone(timedelta(hours=3))
TEXT = b"id:0042 sub:001 dlvrd:001 submit date:2611221015 done date:2611221016 stat:DELIVRD err:000 text:id:7 stat:X"


def receipt(text: bytes = b"", *tlvs: tuple[int, bytes], esm_class: int = 0x04, coding: int = 0) -> ShortMessage:
    source, us = Address("79161234567", 1, 1), Address("SCSERV", 5, 0)
    return ShortMessage(source, us, text, esm_class=esm_class, data_coding=coding, tlvs=tlvs)


def read(message: ShortMessage) -> Receipt:
    return read_receipt(message, MOSCOW)


def test_the_text_of_appendix_b_is_read() -> None:
    """What it quotes of the message itself is not taken for its own."""
    assert read(receipt(TEXT)) == Receipt(
        "0042",
        "DELIVRD",
        "000",
        datetime(2026, 11, 22, 10, 15, tzinfo=MOSCOW),
        datetime(2026, 11, 22, 10, 16, tzinfo=MOSCOW),
    )


def test_tlvs_are_believed_before_the_text() -> None:
    tlvs: Tlvs = (
        (Tag.RECEIPTED_MESSAGE_ID, b"2A\0"),
        (Tag.MESSAGE_STATE, b"\x05"),
        (Tag.NETWORK_ERROR_CODE, b"\x03\x00\xfe"),
        (Tag.USER_MESSAGE_REFERENCE, b"\x30\x39"),
    )
    told = read(receipt(TEXT, *tlvs))
    assert (told.message_id, told.state, told.error, told.status_class) == ("2A", "UNDELIV", "254", "failed")
    assert told.user_message_reference == 12345


@pytest.mark.parametrize(
    ("octets", "error"),
    [(b"\x03\x00\xdb", "219"), (b"\x03\x00\x00", "254"), (b"", "254"), (b"\xdb", "254"), (b"\x00\x00\x00\xdb", "254")],
)
def test_a_tlv_without_an_error_leaves_the_word_to_the_text(octets: bytes, error: str) -> None:
    """Some centres fill the TLV with zeros, or wrongly, and say in the text that the name is blocked."""
    assert read(receipt(b"id:7 stat:UNDELIV err:254, text:", (Tag.NETWORK_ERROR_CODE, octets))).error == error


@pytest.mark.parametrize(
    ("told", "written", "errors"),
    [
        (b"\x03\x00\x05", b"219", ("5", "219")),
        (b"\x03\x00\xdb", b"005", ("219", "005")),
        (b"\x03\x00\xdb", b"0219", ("219", "")),
        (b"\x03\x00\x05", b"000", ("5", "")),
        (b"\x03\x00\x00", b"219", ("219", "")),
    ],
)
def test_where_tlv_and_text_tell_two_errors_both_are_heard(
    told: bytes, written: bytes, errors: tuple[str, str]
) -> None:
    """The one is the network's, the other the centre's own: either may say that the SIM was replaced."""
    found = read(receipt(b"id:7 stat:UNDELIV err:" + written + b" text:", (Tag.NETWORK_ERROR_CODE, told)))
    assert (found.error, found.error_too) == errors


def test_an_error_of_nothing_is_nothing() -> None:
    assert read(receipt(b"id:7 stat:DELIVRD", (Tag.NETWORK_ERROR_CODE, b"\x03\x00\x00"))).error == "0"


def test_tlvs_alone_are_a_receipt() -> None:
    told = read(receipt(b"", (Tag.RECEIPTED_MESSAGE_ID, b"42\0"), (Tag.MESSAGE_STATE, b"\x02")))
    assert (told.message_id, told.status_class, told.submitted_at) == ("42", "delivered", None)


def test_a_mark_that_comes_back_says_which_message_is_meant() -> None:
    told = read(receipt(b"stat:DELIVRD", (Tag.USER_MESSAGE_REFERENCE, b"\x00\x07")))
    assert (told.message_id, told.user_message_reference) == ("", 7)


def test_dates_have_seconds_or_not_or_cannot_be() -> None:
    with_seconds = TEXT.replace(b"2611221015", b"261122101533").replace(b"2611221016", b"9999999999")
    told = read(receipt(with_seconds))
    assert told.submitted_at == datetime(2026, 11, 22, 7, 15, 33, tzinfo=UTC)
    assert told.done_at is None


FORMS = {10: "%Y%m%d%H%M", 12: "%Y%m%d%H%M%S", 14: "%Y%m%d%H%M%S"}
"""How the library reads a date once its century is written."""
DATES = st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2099-12-31")).flatmap(
    lambda moment: st.sampled_from(("%y%m%d%H%M", "%y%m%d%H%M%S", "%Y%m%d%H%M%S")).map(moment.strftime)
)


@given(st.one_of(DATES, st.text("0123", min_size=10, max_size=14)))
def test_dates_are_read_as_the_library_reads_them(digits: str) -> None:
    told = read(receipt(TEXT.replace(b"2611221015", digits.encode()))).submitted_at
    try:
        written = digits if len(digits) == 14 else f"20{digits}"
        expected = datetime.strptime(written, FORMS[len(digits)]).replace(tzinfo=MOSCOW)
    except (KeyError, ValueError):
        expected = None
    assert told == expected


@pytest.mark.parametrize("error", ["00B", "254", "-1", "S.7"])
def test_an_error_is_any_string(error: str) -> None:
    assert read(receipt(TEXT.replace(b"err:000", b"err:" + error.encode()))).error == error


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("DELIVRD", "delivered"),
        ("DELIVERED", "delivered"),
        ("delivrd", "delivered"),
        ("UNDELIV", "failed"),
        ("EXPIRED", "failed"),
        ("DELETED", "failed"),
        ("REJECTD", "failed"),
        ("ENROUTE", "trying"),
        ("ACCEPTD", "trying"),
        ("UNKNOWN", "trying"),
        ("BUFFERED", "trying"),
    ],
)
def test_a_state_means_an_end_or_nothing(state: str, meaning: str) -> None:
    assert read(receipt(TEXT.replace(b"DELIVRD", state.encode()))).status_class == meaning


def test_a_number_of_a_state_that_nobody_knows_settles_nothing() -> None:
    told = read(receipt(TEXT, (Tag.MESSAGE_STATE, b"\x63")))
    assert (told.state, told.status_class) == ("STATE 99", "trying")


def test_an_intermediate_notification_ends_nothing() -> None:
    told = read(receipt(TEXT.replace(b"DELIVRD", b"UNDELIV"), esm_class=0x20))
    assert (told.intermediate, told.status_class) == (True, "trying")


@pytest.mark.parametrize("coding", [0x00, 0x03, 0xF1, 0xFF])
def test_the_text_is_read_whatever_its_coding_says(coding: int) -> None:
    text = TEXT.replace(b"text:", "text:Привет".encode())
    assert read(receipt(text, coding=coding)).message_id == "0042"


def test_a_receipt_in_ucs2_is_read() -> None:
    assert read(receipt(TEXT.decode().encode("utf-16-be"), coding=8)).message_id == "0042"


def test_a_receipt_in_message_payload_is_read() -> None:
    assert read(receipt(b"", (Tag.MESSAGE_PAYLOAD, TEXT))).message_id == "0042"


@pytest.mark.parametrize("text", [b"", b"delivered, thank you", b"id: stat:DELIVRD"[:4], b"id:42 sub:001"])
def test_what_does_not_say_what_became_of_which_message_is_refused(text: bytes) -> None:
    with pytest.raises(PduError, match="receipt"):
        read(receipt(text))


@pytest.mark.parametrize(
    ("esm_class", "is_one"),
    [(0x00, False), (0x03, False), (0x40, False), (0x04, True), (0x44, True), (0x07, True), (0x08, True), (0x20, True),
     (0x10, False), (0x18, False)],
)  # fmt: skip
def test_esm_class_tells_receipts_from_messages(esm_class: int, is_one: bool) -> None:
    assert is_receipt(receipt(b"hello", esm_class=esm_class)) is is_one


def test_a_tlv_that_only_receipts_have_makes_one() -> None:
    assert is_receipt(receipt(b"", (Tag.RECEIPTED_MESSAGE_ID, b"1"), esm_class=0))


@given(st.binary(max_size=120), st.integers(0, 255), st.binary(max_size=4))
def test_any_octets_are_read_or_refused(text: bytes, coding: int, value: bytes) -> None:
    message = receipt(text, (Tag.MESSAGE_STATE, value), (Tag.NETWORK_ERROR_CODE, value), coding=coding)
    with contextlib.suppress(PduError):
        read(message)
