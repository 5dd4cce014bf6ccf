"""Between the standard's words and the house's: what a modem holds becomes ``sms.Received``, ``sms.Submit`` a PDU.

Knows both vocabularies and decides nothing. Octets that cannot be understood are passed on with their fault: whoever
keeps them decides what they are worth.
"""

from smsd import sms
from smsd.errors import PduError
from smsd.wire import tpdu
from smsd.wire.address import Address
from smsd.wire.alphabet import Alphabet

__all__ = ["received", "submission"]


def received(route: str, pdu: str | None, sim: str | None) -> sms.Received:
    """Read one PDU line, forgiving what can be forgiven; ``None`` is a line that never came."""
    if pdu is None:
        return sms.Received(route, b"", None, "the modem announced a message and did not show it", (), sim)
    try:
        octets = bytes.fromhex(pdu)
    except ValueError:
        return sms.Received(route, pdu.encode("latin-1"), None, "not hexadecimal digits in pairs", (), sim)
    try:
        frame = tpdu.decode(octets, lenient=True)
        value = _value(frame)
    except PduError as error:
        return sms.Received(route, octets, None, str(error), (), sim)
    return sms.Received(route, octets, value, None, frame.warnings, sim)


def submission(submit: sms.Submit, *, want_report: bool, service_centre: str = "") -> tuple[str, int]:
    """Return the PDU line for AT+CMGS and the length it announces. Raises ``PduError``.

    Without a ``service_centre`` the SIM's own is used.
    """
    octets, length = tpdu.encode(
        tpdu.Submit(
            tp_da=Address.of_number(submit.recipient),
            user_data=submit.user_data,
            tp_vp=submit.validity,
            tp_srr=want_report,
        ),
        Address.of_number(service_centre) if service_centre else None,
    )
    return octets.hex().upper(), length


def _value(frame: tpdu.Frame) -> sms.Deliver | sms.StatusReport:
    match frame.tpdu:
        case tpdu.Deliver():
            return _deliver(frame.tpdu, frame.smsc)
        case tpdu.StatusReport():
            return _status_report(frame.tpdu)
        case _:
            raise PduError("TP-MTI", "a message of our own among those received")


def _deliver(deliver: tpdu.Deliver, smsc: Address | None) -> sms.Deliver:
    place = deliver.user_data.concatenation
    return sms.Deliver(
        sender=deliver.tp_oa.text,
        text=deliver.user_data.text or "",
        sent_at=deliver.tp_scts,
        sender_is_number=deliver.tp_oa.is_number,
        service_centre=smsc.text if smsc is not None else None,
        reference=place.reference if place else 0,
        total=place.total if place else 1,
        sequence=place.sequence if place else 1,
        coding=deliver.tp_dcs.raw,
        message_class=deliver.tp_dcs.message_class,
        protocol=deliver.tp_pid,
        data=deliver.user_data.data if deliver.user_data.text is None else None,
        ports=deliver.user_data.ports,
        body=deliver.user_data.data if deliver.user_data.alphabet is Alphabet.UCS2 else None,
    )


def _status_report(report: tpdu.StatusReport) -> sms.StatusReport:
    return sms.StatusReport(
        reference=str(report.tp_mr),
        recipient=report.tp_ra.text,
        submitted_at=report.tp_scts,
        discharged_at=report.tp_dt,
        report_class=sms.ReportClass(tpdu.status_class(report.tp_st)),
        code="no TP-ST" if report.tp_st is None else f"ST 0x{report.tp_st:02X}",
    )
