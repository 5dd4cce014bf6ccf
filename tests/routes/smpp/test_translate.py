"""The house's words in the standard's and back; what goes over a whole bind is in test_route and test_inbound."""

import pytest

from smsd.errors import PduError
from smsd.routes.smpp.settings import SmppSettings
from smsd.routes.smpp.translate import code, deliver, message_of, octets, outcome, source, status_report
from smsd.rules.routing import Block
from smsd.sms import NotSent, Sent, Verdict
from smsd.wire.address import Address
from smsd.wire.smpp.pdu import MessageId, Pdu, ShortMessage
from smsd.wire.smpp.tables import Command, Tag

SETTINGS = SmppSettings("smsc.example.net")
THEM, US = Address("79161234567", 1, 1), Address("SCSERV", 5, 0)


@pytest.mark.parametrize("name", ["SCSERV", "A", "ELEVEN CHAR", "Ünïted"[:5]])
def test_a_name_of_eleven_gsm_characters_is_a_sender(name: str) -> None:
    if name.isascii():
        assert source(name, SETTINGS) == Address(name, 5, 0)
    else:
        with pytest.raises(PduError):
            source(name, SETTINGS)


def test_a_number_can_be_a_sender_with_its_own_type() -> None:
    assert source("+79086228779", SmppSettings("h", source_ton=1, source_npi=1)) == Address("79086228779", 1, 1)
    assert source("7878", SmppSettings("h", source_ton=3, source_npi=0)) == Address("7878", 3, 0)


@pytest.mark.parametrize(
    ("address", "sender", "is_number"),
    [
        (Address("79161234567", 1, 1), "+79161234567", True),
        (Address("+79161234567", 1, 1), "+79161234567", True),
        (Address("79161234567", 0, 1), "79161234567", True),
        (Address("7878", 3, 0), "7878", True),
        (Address("Bank", 5, 0), "Bank", False),
    ],
)
def test_a_sender_is_as_the_network_said(address: Address, sender: str, is_number: bool) -> None:
    value, _ = deliver(ShortMessage(address, US, b"a"), SETTINGS)
    assert (value.sender, value.sender_is_number, value.sent_at) == (sender, is_number, None)


@pytest.mark.parametrize(
    ("address", "recipient"),
    [
        (Address("79161234567", 1, 1), "+79161234567"),
        (Address("+79161234567", 0, 0), "+79161234567"),
        (Address("79161234567", 0, 1), "+79161234567"),
        (Address("89161234567", 0, 1), ""),
        (Address("SCSERV", 5, 0), ""),
        (Address("7878", 0, 0), ""),
    ],
)
def test_a_receipt_names_its_recipient_or_nobody(address: Address, recipient: str) -> None:
    """A number that cannot be told for certain is left out: it would match nothing."""
    message = ShortMessage(address, US, b"id:1 stat:DELIVRD", esm_class=4)
    assert status_report(message, SETTINGS).recipient == recipient


def test_octets_of_a_part_are_kept_for_joining() -> None:
    value, _ = deliver(ShortMessage(THEM, US, b"\xd8\x3d", data_coding=8), SETTINGS)
    assert (value.text, value.body) == ("�", b"\xd8\x3d")
    data, _ = deliver(ShortMessage(THEM, US, b"\xff", data_coding=4), SETTINGS)
    assert (data.text, data.data, data.body) == ("", b"\xff", None)


def test_a_flash_message_is_known_as_one() -> None:
    assert deliver(ShortMessage(THEM, US, b"a", data_coding=0x10), SETTINGS)[0].message_class == 0
    assert deliver(ShortMessage(THEM, US, b"a", data_coding=0x03), SETTINGS)[0].message_class is None


def test_what_is_kept_bears_the_messages_number_and_not_the_lines() -> None:
    first, again = Pdu(Command.DELIVER_SM, 0, 7, b"body"), Pdu(Command.DELIVER_SM, 0, 9, b"body")
    assert octets(first, 3) == octets(again, 3) == Pdu(Command.DELIVER_SM, 0, 3, b"body").octets


def test_an_answer_is_an_end() -> None:
    taken = Pdu(Command.SUBMIT_SM_RESP, 0, 1, MessageId("42").encode())
    assert outcome(taken, SETTINGS, "late answer") == Sent("42", "late answer")
    refused = outcome(Pdu(Command.SUBMIT_SM_RESP, 0x0A, 1), SETTINGS)
    assert refused == NotSent(Verdict.NEVER, "SMPP 0x0A", "invalid source address", refused="sender")


@pytest.mark.parametrize(
    ("text", "code", "refused", "told"),
    [
        (b"id:7 stat:UNDELIV err:219", 5, "sim swapped", "UNDELIV 5/219"),
        (b"id:7 stat:UNDELIV err:005", 219, "sim swapped", "UNDELIV 219/005"),
        (b"id:7 stat:UNDELIV err:254", 219, "sim swapped", "UNDELIV 219/254"),
        (b"id:7 stat:UNDELIV err:254", 5, "sender", "UNDELIV 5/254"),
        (b"id:7 stat:ENROUTE err:219", 0, "sim swapped", "ENROUTE 219"),
        (b"id:7 stat:DELIVRD err:000", 219, "sim swapped", "DELIVRD 219"),
        (b"id:7 stat:ENROUTE err:254", 0, None, "ENROUTE 254"),
    ],
)
def test_a_replaced_sim_is_heard_of_wherever_it_is_told(text: bytes, code: int, refused: str | None, told: str) -> None:
    """By the TLV or by the text, of what has failed, is on its way, or has arrived: the next message is held."""
    settings = SmppSettings("a", receipt_errors={"219": Block.SIM_SWAPPED, "254": Block.SENDER})
    tlvs = ((Tag.NETWORK_ERROR_CODE, b"\x03" + code.to_bytes(2, "big")),)
    report = status_report(ShortMessage(THEM, US, text, esm_class=4, tlvs=tlvs), settings)
    assert (report.refused, report.code) == (refused, told)


def test_a_replaced_sim_is_heard_of_in_a_refusal_too() -> None:
    settings = SmppSettings("a", receipt_errors={"219": Block.SIM_SWAPPED})
    body = MessageId("", ((Tag.NETWORK_ERROR_CODE, b"\x03\x00\xdb"),)).encode()
    for status in (0x0A, 0x45, 0x433):
        end = outcome(Pdu(Command.SUBMIT_SM_RESP, status, 1, body), settings)
        assert isinstance(end, NotSent)
        assert (end.verdict, end.refused) == (Verdict.NEVER, Block.SIM_SWAPPED)


def test_a_status_has_a_name_to_search_for() -> None:
    assert (code(0x0A), code(0x401)) == ("SMPP 0x0A", "SMPP 0x401")


def test_a_message_by_data_sm_is_read_as_one() -> None:
    with pytest.raises(PduError):
        message_of(Pdu(Command.DATA_SM, 0, 1, b"\0"))
    with pytest.raises(PduError):
        message_of(Pdu(Command.DELIVER_SM, 0, 1, b"\0"))


def test_a_mark_alone_tells_which_message_is_meant() -> None:
    message = ShortMessage(THEM, US, b"stat:DELIVRD", esm_class=4, tlvs=((Tag.USER_MESSAGE_REFERENCE, b"\x00\x09"),))
    report = status_report(message, SETTINGS)
    assert (report.reference, report.echo) == ("", 9)
