"""PDUs of SMPP 3.4: the header (§3.2), the bodies both sides speak (§4), optional parameters (§3.2.4).

Knows where each field stands. Bodies are values: whatever number stands in a field stays that number, a TLV nobody
knows stays with its octets. A body that is cut short in its mandatory part raises ``PduError``; optional parameters
that contradict their own length are passed over and told in ``warnings``. Refuses to know what a text is (``content``),
what a receipt says (``receipt``) and who may send what when (``session``).

Strings are read as Latin-1, so that any octet has a character: names and ids are ASCII where all is well.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Self

from smsd.errors import PduError
from smsd.wire.address import Address
from smsd.wire.smpp.tables import Tag, Tlvs, tlv

__all__ = [
    "HEADER_OCTETS",
    "LONGEST",
    "Bind",
    "BindResp",
    "DataSm",
    "Framer",
    "MessageId",
    "Outbind",
    "Pdu",
    "QuerySm",
    "QuerySmResp",
    "ShortMessage",
]

HEADER_OCTETS: Final = 16
LONGEST: Final = 70_000
"""The longest command_length believed: a message_payload of 64 KiB and everything else a PDU can hold."""
_ANYBODY: Final = Address("", 0, 0)
LONGEST_SHORT_MESSAGE: Final = 254
LONGEST_PASSWORD: Final = 64
"""The standard allows 8; operators hand out longer ones, and a cut one is a wrong one."""

_HEADER = struct.Struct(">IIII")
_TLV = struct.Struct(">HH")


@dataclass(frozen=True, slots=True)
class Pdu:
    """A header and the octets of its body, not looked into."""

    command_id: int
    command_status: int
    sequence_number: int
    body: bytes = b""

    @property
    def octets(self) -> bytes:
        """The whole PDU as it stands on the wire."""
        body = self.body
        length = HEADER_OCTETS + len(body)
        return _HEADER.pack(length, self.command_id, self.command_status, self.sequence_number) + body


class Framer:
    """Cuts a stream of octets into PDUs, however they come."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def feed(self, octets: bytes) -> Iterator[Pdu]:
        """Yield every PDU that ``octets`` complete.

        Raises ``PduError`` at a command_length that cannot be (below 16, above ``LONGEST``): where the next PDU begins
        is then not known any more, and nothing but a new connection helps.
        """
        waiting = self._octets
        waiting += octets
        at, size = 0, len(waiting)
        try:
            while size - at >= HEADER_OCTETS:
                length, command_id, status, sequence = _HEADER.unpack_from(waiting, at)
                if not HEADER_OCTETS <= length <= LONGEST:
                    raise PduError("command_length", f"{length} is outside {HEADER_OCTETS}..{LONGEST}", octet=0)
                if size - at < length:
                    return
                start, at = at, at + length
                yield Pdu(command_id, status, sequence, bytes(waiting[start + HEADER_OCTETS : at]))
        finally:
            del waiting[:at]


# --- fields -----------------------------------------------------------------------------------------------------------


class _Fields:
    """A place in the octets of a body."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def text(self, name: str) -> str:
        """Read a C-octet string."""
        end = self._octets.find(0, self._at)
        if end < 0:
            raise PduError(name, "the PDU ends inside it", octet=HEADER_OCTETS + self._at)
        text = self._octets[self._at : end].decode("latin-1")
        self._at = end + 1
        return text

    def text_if_any(self) -> str:
        """Read a C-octet string that may be missing, or miss its end: answers come so."""
        end = self._octets.find(0, self._at)
        end = len(self._octets) if end < 0 else end
        text = self._octets[self._at : end].decode("latin-1")
        self._at = min(end + 1, len(self._octets))
        return text

    def number(self, name: str) -> int:
        """Read one octet."""
        if self._at >= len(self._octets):
            raise PduError(name, "the PDU ends before it", octet=HEADER_OCTETS + self._at)
        self._at += 1
        return self._octets[self._at - 1]

    def octets(self, name: str, length: int) -> bytes:
        """Read ``length`` octets."""
        taken = self._octets[self._at : self._at + length]
        if len(taken) < length:
            raise PduError(name, f"{length} octets announced, {len(taken)} present", octet=HEADER_OCTETS + self._at)
        self._at += length
        return taken

    def address(self, name: str) -> Address:
        """Read type of number, numbering plan and address."""
        ton, npi = self.number(f"{name}_ton"), self.number(f"{name}_npi")
        return Address(self.text(name), ton, npi)

    def tlvs(self) -> tuple[Tlvs, tuple[str, ...]]:
        """Read what is left as optional parameters; the second value tells what was passed over."""
        found: list[tuple[int, bytes]] = []
        octets, at, size = self._octets, self._at, len(self._octets)
        while size - at >= _TLV.size:
            tag, length = _TLV.unpack_from(octets, at)
            if size - at - _TLV.size < length:
                return tuple(found), (f"TLV 0x{tag:04X}: {length} octets announced, {size - at - _TLV.size} present",)
            at += _TLV.size
            found.append((tag, octets[at : at + length]))
            at += length
        return tuple(found), (f"{size - at} octets behind the last TLV",) if at < size else ()


def _text(name: str, text: str, most: int) -> bytes:
    """Write a C-octet string of at most ``most`` characters."""
    if not text:
        return b"\0"
    if len(text) > most:
        raise PduError(name, f"{len(text)} characters: {most} at most")
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise PduError(name, f"a character at {error.start} that is not Latin-1") from None
    if b"\0" in octets:
        raise PduError(name, "a NUL inside a string")
    return octets + b"\0"


def _numbers(names: str, *values: int) -> bytes:
    """Write octets; ``names`` are theirs, in this order."""
    try:
        return bytes(values)
    except ValueError:
        named = zip(names.split(), values, strict=True)
        name, value = next((name, value) for name, value in named if value not in range(256))
        raise PduError(name, f"{value} does not fit an octet") from None


def _address(name: str, address: Address, most: int) -> bytes:
    return _numbers("ton npi", address.ton, address.npi) + _text(name, address.digits, most)


def _tlvs(tlvs: Tlvs) -> bytes:
    written = []
    for tag, value in tlvs:
        if not 0 <= tag <= 0xFFFF or len(value) > 0xFFFF:
            raise PduError(f"TLV 0x{tag:04X}", f"{len(value)} octets: 65,535 at most, tags of two octets")
        written.append(_TLV.pack(tag, len(value)) + value)
    return b"".join(written)


# --- bodies -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bind:
    """bind_transmitter, bind_receiver, bind_transceiver (§4.1)."""

    system_id: str
    password: str = field(default="", repr=False)
    system_type: str = ""
    interface_version: int = 0x34
    address_range: Address = _ANYBODY

    def encode(self) -> bytes:
        """Give the octets. Raises ``PduError`` for what does not fit."""
        return (
            _text("system_id", self.system_id, 15)
            + _text("password", self.password, LONGEST_PASSWORD)
            + _text("system_type", self.system_type, 12)
            + _numbers("interface_version", self.interface_version)
            + _address("address_range", self.address_range, 40)
        )

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Read the body. Raises ``PduError`` when it is cut short."""
        fields = _Fields(octets)
        return cls(
            fields.text("system_id"),
            fields.text("password"),
            fields.text("system_type"),
            fields.number("interface_version"),
            fields.address("address_range"),
        )


@dataclass(frozen=True, slots=True)
class BindResp:
    """The answer to a bind (§4.1.2); a refusal may have no body at all."""

    system_id: str = ""
    tlvs: Tlvs = ()

    def encode(self) -> bytes:
        """Give the octets. Raises ``PduError`` for what does not fit."""
        return _text("system_id", self.system_id, 15) + _tlvs(self.tlvs)

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Read the body, or what there is of it."""
        fields = _Fields(octets)
        return cls(fields.text_if_any(), fields.tlvs()[0])


@dataclass(frozen=True, slots=True)
class Outbind:
    """A service centre's wish that we bind (§4.1.7)."""

    system_id: str
    password: str = field(default="", repr=False)

    def encode(self) -> bytes:
        """Give the octets. Raises ``PduError`` for what does not fit."""
        return _text("system_id", self.system_id, 15) + _text("password", self.password, LONGEST_PASSWORD)

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Read the body. Raises ``PduError`` when it is cut short."""
        fields = _Fields(octets)
        return cls(fields.text("system_id"), fields.text("password"))


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """submit_sm (§4.4.1) and deliver_sm (§4.6.1): one layout for both directions.

    ``validity_period`` and ``schedule_delivery_time`` are the standard's own 16 characters, or empty.
    """

    source: Address
    destination: Address
    short_message: bytes = b""
    service_type: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    tlvs: Tlvs = ()
    warnings: tuple[str, ...] = ()

    @property
    def payload(self) -> bytes:
        """The user data: short_message, or the message_payload that stands for it."""
        return self.short_message or tlv(self.tlvs, Tag.MESSAGE_PAYLOAD) or b""

    def encode(self) -> bytes:
        """Give the octets. Raises ``PduError`` for what does not fit."""
        if len(self.short_message) > LONGEST_SHORT_MESSAGE:
            raise PduError("short_message", f"{len(self.short_message)} octets: {LONGEST_SHORT_MESSAGE} at most")
        return b"".join(
            (
                _text("service_type", self.service_type, 5),
                _address("source_addr", self.source, 20),
                _address("destination_addr", self.destination, 20),
                _numbers("esm_class protocol_id priority_flag", self.esm_class, self.protocol_id, self.priority_flag),
                _text("schedule_delivery_time", self.schedule_delivery_time, 16),
                _text("validity_period", self.validity_period, 16),
                _numbers(
                    "registered_delivery replace_if_present_flag data_coding sm_default_msg_id sm_length",
                    self.registered_delivery,
                    self.replace_if_present,
                    self.data_coding,
                    self.sm_default_msg_id,
                    len(self.short_message),
                ),
                self.short_message,
                _tlvs(self.tlvs),
            )
        )

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Read the body. Raises ``PduError`` when its mandatory part is cut short."""
        fields = _Fields(octets)
        service_type = fields.text("service_type")
        source, destination = fields.address("source_addr"), fields.address("destination_addr")
        esm_class, protocol, priority = fields.octets("esm_class", 3)
        scheduled, validity = fields.text("schedule_delivery_time"), fields.text("validity_period")
        registered, replace, coding, default_id = fields.octets("registered_delivery", 4)
        short_message = fields.octets("short_message", fields.number("sm_length"))
        tlvs, warnings = fields.tlvs()
        return cls(
            source, destination, short_message, service_type, esm_class, protocol, priority, scheduled, validity,
            registered, replace, coding, default_id, tlvs, warnings,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DataSm:
    """data_sm (§4.7.1): its text is in message_payload."""

    source: Address
    destination: Address
    service_type: str = ""
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0
    tlvs: Tlvs = ()
    warnings: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """Give the octets. Raises ``PduError`` for what does not fit."""
        return (
            _text("service_type", self.service_type, 5)
            + _address("source_addr", self.source, 64)
            + _address("destination_addr", self.destination, 64)
            + _numbers(
                "esm_class registered_delivery data_coding",
                self.esm_class,
                self.registered_delivery,
                self.data_coding,
            )
            + _tlvs(self.tlvs)
        )

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Read the body. Raises ``PduError`` when its mandatory part is cut short."""
        fields = _Fields(octets)
        service_type = fields.text("service_type")
        source, destination = fields.address("source_addr"), fields.address("destination_addr")
        esm_class, registered, coding = fields.octets("esm_class", 3)
        return cls(source, destination, service_type, esm_class, registered, coding, *fields.tlvs())

    @property
    def message(self) -> ShortMessage:
        """The same said in the words of deliver_sm."""
        return ShortMessage(
            self.source,
            self.destination,
            service_type=self.service_type,
            esm_class=self.esm_class,
            registered_delivery=self.registered_delivery,
            data_coding=self.data_coding,
            tlvs=self.tlvs,
            warnings=self.warnings,
        )


@dataclass(frozen=True, slots=True)
class MessageId:
    """submit_sm_resp, deliver_sm_resp, data_sm_resp (§4.4.2): a refusal, and some acceptances, have no body."""

    message_id: str = ""
    tlvs: Tlvs = ()

    def encode(self) -> bytes:
        """Give the octets. Raises ``PduError`` for what does not fit."""
        return _text("message_id", self.message_id, 64) + _tlvs(self.tlvs)

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Read the body, or what there is of it."""
        if octets.find(0) == len(octets) - 1:
            # No TLV behind it, as nearly always: an answer comes for each message that is sent.
            return cls(octets[:-1].decode("latin-1"))
        fields = _Fields(octets)
        return cls(fields.text_if_any(), fields.tlvs()[0])


@dataclass(frozen=True, slots=True)
class QuerySm:
    """query_sm (§4.8.1): what became of a message; ``source`` must be the one it was submitted with."""

    message_id: str
    source: Address

    def encode(self) -> bytes:
        """Give the octets. Raises ``PduError`` for what does not fit."""
        return _text("message_id", self.message_id, 64) + _address("source_addr", self.source, 20)

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Read the body. Raises ``PduError`` when it is cut short."""
        fields = _Fields(octets)
        return cls(fields.text("message_id"), fields.address("source_addr"))


@dataclass(frozen=True, slots=True)
class QuerySmResp:
    """query_sm_resp (§4.8.2)."""

    message_id: str
    final_date: str
    message_state: int
    error_code: int

    def encode(self) -> bytes:
        """Give the octets. Raises ``PduError`` for what does not fit."""
        return (
            _text("message_id", self.message_id, 64)
            + _text("final_date", self.final_date, 16)
            + _numbers("message_state error_code", self.message_state, self.error_code)
        )

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Read the body. Raises ``PduError`` when it is cut short."""
        fields = _Fields(octets)
        message_id, final_date = fields.text("message_id"), fields.text("final_date")
        return cls(message_id, final_date, fields.number("message_state"), fields.number("error_code"))
