"""PDUs of SMPP 3.4: each field in its place, whatever stands in it, however the octets are cut."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.errors import PduError
from smsd.wire.address import Address
from smsd.wire.smpp.pdu import (
    Bind,
    BindResp,
    DataSm,
    Framer,
    MessageId,
    Outbind,
    Pdu,
    QuerySm,
    QuerySmResp,
    ShortMessage,
)
from smsd.wire.smpp.tables import Command, Tag, tlv

SCSERV = Address("SCSERV", 5, 0)
CLIENT = Address("79161234567", 1, 1)

GOLDEN = (
    "0000004a 00000004 00000000 00000003"  # 74 octets, submit_sm, no status, the third request
    "00"  # service_type: none
    "0500 534353455256 00"  # source: alphanumeric, unknown plan, SCSERV
    "0101 3739313631323334353637 00"  # destination: international, ISDN
    "00 00 00"  # esm_class, protocol_id, priority_flag
    "00 00"  # neither scheduled nor limited in validity
    "01 00 08 00"  # a receipt is wanted, nothing replaced, UCS2, no canned message
    "18 041f04400438043204350442002c0020043c043804400021"  # 24 octets
)
"""What every service centre that was asked reads as ``Привет, мир!`` from SCSERV."""


def test_a_submit_is_written_octet_by_octet_as_service_centres_read_it() -> None:
    message = ShortMessage(SCSERV, CLIENT, "Привет, мир!".encode("utf-16-be"), registered_delivery=1, data_coding=8)
    assert Pdu(Command.SUBMIT_SM, 0, 3, message.encode()).octets == bytes.fromhex(GOLDEN)


def test_the_same_octets_are_read_back() -> None:
    (pdu,) = Framer().feed(bytes.fromhex(GOLDEN))
    message = ShortMessage.decode(pdu.body)
    assert (pdu.command_id, pdu.command_status, pdu.sequence_number) == (Command.SUBMIT_SM, 0, 3)
    assert (message.source, message.destination) == (SCSERV, CLIENT)
    assert message.short_message.decode("utf-16-be") == "Привет, мир!"
    assert message.warnings == ()


octet = st.integers(0, 255)
name = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=5)
addresses = st.builds(Address, name, octet, octet)
tlvs = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=20)), max_size=4).map(tuple)
bodies = st.one_of(
    st.builds(Bind, name, name, name, octet, addresses),
    st.builds(Outbind, name, name),
    st.builds(BindResp, name, tlvs),
    st.builds(
        ShortMessage, addresses, addresses, st.binary(max_size=254), name, octet, octet, octet, name, name,
        octet, octet, octet, octet, tlvs,
    ),
    st.builds(DataSm, addresses, addresses, name, octet, octet, octet, tlvs),
    st.builds(MessageId, name, tlvs),
    st.builds(QuerySm, name, addresses),
    st.builds(QuerySmResp, name, name, octet, octet),
)  # fmt: skip


@given(bodies)
def test_what_is_written_is_read_back(body: Bind | ShortMessage) -> None:
    """Both sides' bodies, with any number in any field."""
    assert type(body).decode(body.encode()) == body


@given(bodies, st.data())
def test_a_body_cut_short_is_read_or_refused(body: Bind | ShortMessage, data: st.DataObject) -> None:
    """One error and nothing else, wherever the octets end."""
    octets = body.encode()
    with contextlib.suppress(PduError):
        type(body).decode(octets[: data.draw(st.integers(0, len(octets)))])


@given(st.binary(max_size=60))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    for kind in (Bind, Outbind, BindResp, ShortMessage, DataSm, MessageId, QuerySm, QuerySmResp):
        with contextlib.suppress(PduError):
            kind.decode(octets)


pdus = st.builds(
    Pdu, st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF), st.binary(max_size=40)
)


@given(st.lists(pdus, max_size=5), st.data())
def test_however_the_octets_are_cut_the_pdus_are_the_same(sent: list[Pdu], data: st.DataObject) -> None:
    octets = b"".join(pdu.octets for pdu in sent)
    glued = list(Framer().feed(octets))
    framer = Framer()
    one_by_one = [pdu for each in octets for pdu in framer.feed(bytes((each,)))]
    cut = data.draw(st.integers(0, len(octets)))
    framer = Framer()
    halves = [*framer.feed(octets[:cut]), *framer.feed(octets[cut:])]
    assert glued == one_by_one == halves == sent


@pytest.mark.parametrize("length", [0, 8, 15, 70_001, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_length_that_cannot_be_is_refused_at_once(length: int) -> None:
    """Not one octet of the body is waited for, and what came before is told first."""
    told = Framer().feed(Pdu(Command.ENQUIRE_LINK, 0, 1).octets + struct.pack(">IIII", length, 0x15, 0, 2))
    assert next(told).sequence_number == 1
    with pytest.raises(PduError, match="command_length"):
        next(told)


def test_the_longest_believable_pdu_is_believed() -> None:
    pdu = Pdu(Command.DATA_SM, 0, 1, bytes(70_000 - 16))
    assert list(Framer().feed(pdu.octets)) == [pdu]


def test_an_answer_without_a_body_has_no_message_id() -> None:
    assert MessageId.decode(b"") == MessageId("")
    assert MessageId.decode(b"42") == MessageId("42"), "nor does a missing end matter"
    assert BindResp.decode(b"") == BindResp("")


def test_a_tlv_longer_than_the_pdu_is_passed_over_and_told() -> None:
    octets = ShortMessage(SCSERV, CLIENT, tlvs=((Tag.MESSAGE_STATE, b"\x02"),)).encode()
    message = ShortMessage.decode(octets + struct.pack(">HH", 0x1403, 9) + b"abc")
    assert message.tlvs == ((Tag.MESSAGE_STATE, b"\x02"),)
    assert message.warnings == ("TLV 0x1403: 9 octets announced, 3 present",)
    assert ShortMessage.decode(octets + b"\0\0").warnings == ("2 octets behind the last TLV",)


def test_a_vendors_tlv_stays_with_its_octets() -> None:
    message = ShortMessage.decode(ShortMessage(SCSERV, CLIENT, tlvs=((0x1403, b"\xff\x00"),)).encode())
    assert tlv(message.tlvs, 0x1403) == b"\xff\x00"


def test_message_payload_stands_for_a_short_message() -> None:
    assert ShortMessage(SCSERV, CLIENT, tlvs=((Tag.MESSAGE_PAYLOAD, b"abc"),)).payload == b"abc"
    assert ShortMessage(SCSERV, CLIENT, b"xyz", tlvs=((Tag.MESSAGE_PAYLOAD, b"abc"),)).payload == b"xyz"
    assert DataSm(SCSERV, CLIENT, data_coding=8, tlvs=((Tag.MESSAGE_PAYLOAD, b"abc"),)).message.payload == b"abc"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (Bind("s" * 16), "system_id"),
        (Bind("s", "p" * 65), "password"),
        (Bind("сервис"), "system_id"),
        (Bind("a\0b"), "system_id"),
        (Bind("s", interface_version=256), "interface_version"),
        (ShortMessage(SCSERV, CLIENT, bytes(255)), "short_message"),
        (ShortMessage(Address("1" * 21, 1, 1), CLIENT), "source_addr"),
        (ShortMessage(SCSERV, Address("1", 256, 1)), "ton"),
        (ShortMessage(SCSERV, CLIENT, tlvs=((0x10000, b""),)), "TLV 0x10000"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(body: Bind | ShortMessage, field: str) -> None:
    """Nothing is cut to fit: a cut password or address is a wrong one."""
    with pytest.raises(PduError) as caught:
        body.encode()
    assert caught.value.field == field


def test_a_password_longer_than_the_standard_allows_is_written_whole() -> None:
    assert b"\0correct-horse\0" in Bind("scserv", "correct-horse").encode()


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Bind("scserv", "secret"))
