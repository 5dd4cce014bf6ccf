"""SMS-DELIVER, SMS-SUBMIT and SMS-STATUS-REPORT: 3GPP TS 23.040 §9.2.2, behind the service centre's address (27.005).

Knows the layout of the three; ``stamp`` knows their times and validity periods, ``status`` what a status means. Refuses
to know the modem, the queue and the clock.

Strict by default: octets that contradict the standard raise ``PduError``. Lenient, for what a modem took from the air
and nobody can send again: the message is given, with ``warnings``, as long as its sender and kind can be read. Both
pass over what the field is full of and what changes nothing: octets behind the end, a filler inside a number.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smsd.errors import PduError
from smsd.wire import userdata
from smsd.wire.address import MAX_DIGITS, Address, decode_smsc, encode_smsc
from smsd.wire.alphabet import DataCoding
from smsd.wire.stamp import (
    VPF,
    VPF_ABSOLUTE,
    VPF_ENHANCED,
    VPF_RELATIVE,
    EnhancedValidity,
    Validity,
    octets_of_time,
    octets_of_validity,
    period_of,
    time_of,
)
from smsd.wire.status import STATUS_WORDS, StatusClass, status_class, status_words
from smsd.wire.userdata import UserData

__all__ = [
    "STATUS_WORDS",
    "Deliver",
    "EnhancedValidity",
    "Frame",
    "StatusClass",
    "StatusReport",
    "Submit",
    "Tpdu",
    "Validity",
    "decode",
    "encode",
    "status_class",
    "status_words",
]

# --- the message type and the flags of the first octet (§9.2.3.1 to §9.2.3.26) ----------------------------------------

_MTI: Final = 0x03
_MTI_DELIVER: Final = 0
_MTI_SUBMIT: Final = 1
_MTI_STATUS_REPORT: Final = 2

_MMS: Final = 0x04
_RD: Final = 0x04
_LP: Final = 0x08
_REPORT: Final = 0x20
"""TP-SRI of a deliver, TP-SRR of a submit, TP-SRQ of a status report."""
_UDHI: Final = 0x40
_RP: Final = 0x80

_PI_PID: Final = 0x01
_PI_DCS: Final = 0x02
_PI_UDL: Final = 0x04
_PI_MORE: Final = 0x80

_CODING_OF_USER_DATA: Final = DataCoding(0)
"""Stands for "whatever the user data needs": told from a real 00 by identity, replaced when the TPDU is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """SMS-DELIVER: from the service centre to us (§9.2.2.1).

    ``tp_mms`` is true when more messages are waiting (the bit says the opposite). ``tp_scts`` is the service centre's
    time with its zone, ``None`` when it cannot be read.
    """

    tp_oa: Address
    tp_scts: datetime | None
    user_data: UserData
    tp_pid: int = 0
    tp_dcs: DataCoding = _CODING_OF_USER_DATA
    tp_mms: bool = False
    tp_lp: bool = False
    tp_sri: bool = False
    tp_rp: bool = False

    def __post_init__(self) -> None:
        _settle_coding(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """SMS-SUBMIT: from us to the service centre (§9.2.2.2).

    ``tp_vp`` is a period (encoded as the next longer one that can be said, 63 weeks at most), a moment with its zone,
    or ``None``: the service centre decides.
    """

    tp_da: Address
    user_data: UserData
    tp_mr: int = 0
    tp_pid: int = 0
    tp_dcs: DataCoding = _CODING_OF_USER_DATA
    tp_vp: Validity | None = None
    tp_rd: bool = False
    tp_srr: bool = False
    tp_rp: bool = False

    def __post_init__(self) -> None:
        _settle_coding(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """SMS-STATUS-REPORT: what became of a message we sent (§9.2.2.3).

    ``tp_scts`` is when the service centre took the message, ``tp_dt`` when it was delivered or last tried; ``tp_st`` is
    ``None`` when the report ends before it. ``tp_srq`` is true for the answer to a command instead of a submit. The
    last three are there only where the service centre sends them.
    """

    tp_mr: int
    tp_ra: Address
    tp_scts: datetime | None
    tp_dt: datetime | None
    tp_st: int | None
    tp_mms: bool = False
    tp_lp: bool = False
    tp_srq: bool = False
    tp_pid: int | None = None
    tp_dcs: DataCoding | None = None
    user_data: UserData | None = None


Tpdu = Deliver | Submit | StatusReport


def _settle_coding(tpdu: Deliver | Submit) -> None:
    if tpdu.tp_dcs is _CODING_OF_USER_DATA:
        object.__setattr__(tpdu, "tp_dcs", DataCoding.of(tpdu.user_data.alphabet))


@dataclass(frozen=True, slots=True)
class Frame:
    """What a modem hands over: the TPDU behind the service centre's address.

    ``tpdu_length`` counts the octets of the TPDU itself, as ``AT+CMGS=`` and ``+CMGL:`` do; ``warnings`` tell what was
    passed over, strict or lenient.
    """

    smsc: Address | None
    tpdu: Tpdu
    tpdu_length: int
    warnings: tuple[str, ...] = ()


# --- octets to values -------------------------------------------------------------------------------------------------


def decode(pdu: bytes | str, *, outgoing: bool = False, lenient: bool = False) -> Frame:
    """Read the octets (or their hex) that a modem hands over: the service centre's address, then the TPDU.

    A message of the direction towards us is a deliver or a status report; ``outgoing`` reads a submit, as a SIM keeps
    those it sent. ``lenient`` forgives what hides neither sender nor kind: user data shorter than announced, times that
    are none, a status report that ends early.

    Raises ``PduError`` and nothing else.
    """
    reader = _Reader(_octets_of(pdu), lenient=lenient)
    smsc = _read_smsc(reader)
    start = reader.at
    first = reader.octet("TP-MTI")
    read = _READERS.get((first & _MTI, outgoing))
    if read is None:
        direction = "from us" if outgoing else "towards us"
        raise PduError("TP-MTI", f"message type {first & _MTI} {direction} is not one we read", octet=start)
    tpdu = read(reader, first)
    if reader.rest:
        reader.note(f"{len(reader.rest)} octets behind the end")
    return Frame(smsc, tpdu, reader.at - start, tuple(reader.warnings))


_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})*")


def _octets_of(pdu: bytes | str) -> bytes:
    if not isinstance(pdu, str):
        return bytes(pdu)
    text = pdu.strip()
    if not _HEX.fullmatch(text):
        raise PduError("PDU", "not an even number of hexadecimal digits")
    return bytes.fromhex(text)


class _Reader:
    """Octets, how far they have been read, and what has been forgiven so far. Every length is checked here."""

    def __init__(self, octets: bytes, *, lenient: bool) -> None:
        self.octets = octets
        self.at = 0
        self.lenient = lenient
        self.warnings: list[str] = []

    @property
    def rest(self) -> bytes:
        return self.octets[self.at :]

    def take(self, count: int, field: str) -> bytes:
        taken = self.octets[self.at : self.at + count]
        if len(taken) < count:
            raise PduError(field, f"the octets end after {len(taken)} of {count}", octet=self.at)
        self.at += count
        return taken

    def octet(self, field: str) -> int:
        return self.take(1, field)[0]

    def note(self, warning: str) -> None:
        self.warnings.append(warning)

    def forgive(self, field: str, problem: str, octet: int) -> None:
        """Note what lenient reading passes over, strict reading refuses."""
        if not self.lenient:
            raise PduError(field, problem, octet=octet)
        self.note(f"{field}: {problem}")


def _read_smsc(reader: _Reader) -> Address | None:
    length = reader.octet("SMSC")
    if length > 1 + MAX_DIGITS // 2:
        reader.forgive("SMSC", f"an address of {length} octets", 0)
    smsc, notes = decode_smsc(reader.take(length, "SMSC"))
    reader.warnings += notes
    return smsc


def _read_address(reader: _Reader, field: str) -> Address:
    start = reader.at
    semi_octets = reader.octet(field)
    if semi_octets > MAX_DIGITS:
        reader.forgive(field, f"an address of {semi_octets} semi-octets", start)
    type_of_address = reader.octet(field)
    address, notes = Address.decode(type_of_address, semi_octets, reader.take((semi_octets + 1) // 2, field))
    reader.warnings += notes
    return address


def _read_deliver(reader: _Reader, first: int) -> Deliver:
    tp_oa = _read_address(reader, "TP-OA")
    tp_pid = reader.octet("TP-PID")
    tp_dcs = DataCoding(reader.octet("TP-DCS"))
    return Deliver(
        tp_oa=tp_oa,
        tp_pid=tp_pid,
        tp_dcs=tp_dcs,
        tp_scts=_read_time(reader, "TP-SCTS"),
        user_data=_read_user_data(reader, tp_dcs, header=bool(first & _UDHI)),
        tp_mms=not first & _MMS,
        tp_lp=bool(first & _LP),
        tp_sri=bool(first & _REPORT),
        tp_rp=bool(first & _RP),
    )


def _read_submit(reader: _Reader, first: int) -> Submit:
    tp_mr = reader.octet("TP-MR")
    tp_da = _read_address(reader, "TP-DA")
    tp_pid = reader.octet("TP-PID")
    tp_dcs = DataCoding(reader.octet("TP-DCS"))
    return Submit(
        tp_mr=tp_mr,
        tp_da=tp_da,
        tp_pid=tp_pid,
        tp_dcs=tp_dcs,
        tp_vp=_read_validity(reader, first & VPF),
        user_data=_read_user_data(reader, tp_dcs, header=bool(first & _UDHI)),
        tp_rd=bool(first & _RD),
        tp_srr=bool(first & _REPORT),
        tp_rp=bool(first & _RP),
    )


def _read_status_report(reader: _Reader, first: int) -> StatusReport:
    tp_mr = reader.octet("TP-MR")
    tp_ra = _read_address(reader, "TP-RA")
    tp_scts = _read_time(reader, "TP-SCTS")
    tp_dt = _read_time(reader, "TP-DT")
    tp_st = None
    if reader.rest:
        tp_st = reader.octet("TP-ST")
    else:
        reader.forgive("TP-ST", "the report ends before it", reader.at)
    tp_pid, tp_dcs, user_data = _read_options(reader, header=bool(first & _UDHI))
    return StatusReport(
        tp_mr=tp_mr,
        tp_ra=tp_ra,
        tp_scts=tp_scts,
        tp_dt=tp_dt,
        tp_st=tp_st,
        tp_mms=not first & _MMS,
        tp_lp=bool(first & _LP),
        tp_srq=bool(first & _REPORT),
        tp_pid=tp_pid,
        tp_dcs=tp_dcs,
        user_data=user_data,
    )


_READERS: Final[Mapping[tuple[int, bool], Callable[[_Reader, int], Tpdu]]] = {
    (_MTI_DELIVER, False): _read_deliver,
    (_MTI_STATUS_REPORT, False): _read_status_report,
    (_MTI_SUBMIT, True): _read_submit,
}
"""(message type, from us) -> who reads it."""


def _read_options(reader: _Reader, *, header: bool) -> tuple[int | None, DataCoding | None, UserData | None]:
    """Read what TP-PI announces (§9.2.3.27): TP-PID, TP-DCS and TP-UD, each if it is there."""
    if not reader.rest.strip(b"\xff"):  # nothing, or the unused end of a SIM's record
        return None, None, None
    indicator = last = reader.octet("TP-PI")
    while last & _PI_MORE:
        last = reader.octet("TP-PI")
    try:
        tp_pid = reader.octet("TP-PID") if indicator & _PI_PID else None
        tp_dcs = DataCoding(reader.octet("TP-DCS")) if indicator & _PI_DCS else None
        if not indicator & _PI_UDL:
            return tp_pid, tp_dcs, None
        return tp_pid, tp_dcs, _read_user_data(reader, tp_dcs or DataCoding(0), header=header)
    except PduError as error:
        reader.forgive(error.field, error.problem, reader.at)
        return None, None, None


def _read_user_data(reader: _Reader, tp_dcs: DataCoding, *, header: bool) -> UserData:
    if tp_dcs.compressed:
        raise PduError("TP-DCS", "compressed text", octet=reader.at)
    length = reader.octet("TP-UDL")
    try:
        user_data, taken, notes = userdata.decode(
            reader.rest, length, tp_dcs.alphabet, header=header, lenient=reader.lenient
        )
    except PduError as error:
        raise PduError(error.field, error.problem, octet=reader.at + (error.octet or 0)) from None
    reader.warnings += notes
    reader.take(taken, "TP-UD")
    return user_data


def _read_time(reader: _Reader, field: str) -> datetime | None:
    start = reader.at
    octets = reader.take(7, field)
    try:
        moment = time_of(octets)
    except ValueError as error:
        reader.forgive(field, f"not a time: {error}", start)
        return None
    if octets[6] >> 4 > 9:
        reader.note(f"{field}: a zone whose second semi-octet is no digit")
    return moment


def _read_validity(reader: _Reader, form: int) -> Validity | None:
    if form == VPF_RELATIVE:
        return period_of(reader.octet("TP-VP"))
    if form == VPF_ABSOLUTE:
        return _read_time(reader, "TP-VP")
    if form == VPF_ENHANCED:
        return EnhancedValidity(reader.take(7, "TP-VP"))
    return None


# --- values to octets -------------------------------------------------------------------------------------------------


def encode(tpdu: Tpdu, smsc: Address | None = None) -> tuple[bytes, int]:
    """Write a TPDU behind the service centre's address (``00``, the modem's own choice, when ``None``).

    The second value is the length of the TPDU alone, as ``AT+CMGS=`` wants it.

    Raises ``PduError`` when a value cannot be written.
    """
    match tpdu:
        case Deliver():
            octets = _deliver_octets(tpdu)
        case Submit():
            octets = _submit_octets(tpdu)
        case StatusReport():
            octets = _status_report_octets(tpdu)
    return encode_smsc(smsc) + octets, len(octets)


def _submit_octets(tpdu: Submit) -> bytes:
    form, validity = octets_of_validity(tpdu.tp_vp)
    first = (
        _MTI_SUBMIT
        | (_RD if tpdu.tp_rd else 0)
        | form
        | (_REPORT if tpdu.tp_srr else 0)
        | (_UDHI if tpdu.user_data.header else 0)
        | (_RP if tpdu.tp_rp else 0)
    )
    return b"".join(
        (
            bytes((first, _octet(tpdu.tp_mr, "TP-MR"))),
            _address_octets(tpdu.tp_da),
            bytes((_octet(tpdu.tp_pid, "TP-PID"), _octet(tpdu.tp_dcs.raw, "TP-DCS"))),
            validity,
            _user_data_octets(tpdu.user_data, tpdu.tp_dcs),
        )
    )


def _deliver_octets(tpdu: Deliver) -> bytes:
    first = (
        _MTI_DELIVER
        | (0 if tpdu.tp_mms else _MMS)
        | (_LP if tpdu.tp_lp else 0)
        | (_REPORT if tpdu.tp_sri else 0)
        | (_UDHI if tpdu.user_data.header else 0)
        | (_RP if tpdu.tp_rp else 0)
    )
    return b"".join(
        (
            bytes((first,)),
            _address_octets(tpdu.tp_oa),
            bytes((_octet(tpdu.tp_pid, "TP-PID"), _octet(tpdu.tp_dcs.raw, "TP-DCS"))),
            octets_of_time(tpdu.tp_scts, "TP-SCTS"),
            _user_data_octets(tpdu.user_data, tpdu.tp_dcs),
        )
    )


def _status_report_octets(tpdu: StatusReport) -> bytes:
    header = tpdu.user_data is not None and bool(tpdu.user_data.header)
    first = (
        _MTI_STATUS_REPORT
        | (0 if tpdu.tp_mms else _MMS)
        | (_LP if tpdu.tp_lp else 0)
        | (_REPORT if tpdu.tp_srq else 0)
        | (_UDHI if header else 0)
    )
    if tpdu.tp_st is None:
        raise PduError("TP-ST", "a status report without a status")
    return b"".join(
        (
            bytes((first, _octet(tpdu.tp_mr, "TP-MR"))),
            _address_octets(tpdu.tp_ra),
            octets_of_time(tpdu.tp_scts, "TP-SCTS"),
            octets_of_time(tpdu.tp_dt, "TP-DT"),
            bytes((_octet(tpdu.tp_st, "TP-ST"),)),
            _option_octets(tpdu),
        )
    )


def _option_octets(tpdu: StatusReport) -> bytes:
    """Write TP-PI and what it announces, or nothing when there is nothing to announce."""
    indicator = 0
    octets = b""
    if tpdu.tp_pid is not None:
        indicator |= _PI_PID
        octets += bytes((_octet(tpdu.tp_pid, "TP-PID"),))
    if tpdu.tp_dcs is not None:
        indicator |= _PI_DCS
        octets += bytes((_octet(tpdu.tp_dcs.raw, "TP-DCS"),))
    if tpdu.user_data is not None:
        indicator |= _PI_UDL
        octets += _user_data_octets(tpdu.user_data, tpdu.tp_dcs or DataCoding(0))
    return bytes((indicator,)) + octets if indicator else b""


def _octet(value: int, field: str) -> int:
    if not 0 <= value <= 0xFF:
        raise PduError(field, f"{value} is not an octet")
    return value


def _address_octets(address: Address) -> bytes:
    semi_octets, octets = address.encode()
    return bytes((semi_octets, address.type_of_address)) + octets


def _user_data_octets(user_data: UserData, tp_dcs: DataCoding) -> bytes:
    if tp_dcs.compressed or tp_dcs.alphabet is not user_data.alphabet:
        raise PduError("TP-DCS", f"{tp_dcs.raw:02X} does not say {user_data.alphabet}")
    length, octets = userdata.encode(user_data)
    return bytes((length,)) + octets
