"""Between the standard's words and the house's: a ``sms.Submit`` becomes submit_sm, a deliver_sm ``sms.Received``.

Knows both vocabularies and decides nothing but what a status means by the bind's own table. Octets that cannot be
understood are passed on with their fault: whoever keeps them decides what they are worth.
"""

from collections.abc import Mapping

from smsd import sms
from smsd.errors import PduError, RouteError
from smsd.routes.operator import REFUSALS
from smsd.routes.smpp.settings import Action, SmppSettings
from smsd.rules.routing import Block, heeded
from smsd.sms import NotSent, Outcome, Sent, Verdict
from smsd.wire.address import ALPHANUMERIC, INTERNATIONAL, Address
from smsd.wire.alphabet import Alphabet, DataCoding
from smsd.wire.smpp.content import read_content, relative_time, write_content
from smsd.wire.smpp.pdu import Bind, DataSm, MessageId, Pdu, ShortMessage
from smsd.wire.smpp.receipt import Receipt, network_error, read_receipt
from smsd.wire.smpp.tables import Command, Status, Tag, status_text

__all__ = [
    "bind_of",
    "code",
    "deliver",
    "message_of",
    "octets",
    "outcome",
    "report_of",
    "source",
    "status_report",
    "submission",
    "unwritable",
]

_MEANINGS: Mapping[str, tuple[Verdict, Block | None]] = {
    **REFUSALS,
    Action.RETRY: (Verdict.SOON, None),
    Action.THROTTLE: (Verdict.ROUTE, None),
}
"""What becomes of the message, and what is blocked."""


# --- away from us -----------------------------------------------------------------------------------------------------


def source(sender: str, settings: SmppSettings) -> Address:
    """Give the address a client sees. Raises ``PduError`` for a name longer than 11 GSM characters, or outside GSM."""
    if settings.source_ton == INTERNATIONAL:
        return Address(sender.lstrip("+"), INTERNATIONAL, settings.source_npi)
    if not sender.lstrip("+").isdigit():
        Address.of_name(sender)
    return Address(sender, settings.source_ton, settings.source_npi)


def bind_of(settings: SmppSettings, password: str) -> Bind:
    """Give the bind, so that nobody is called with one that cannot be written: ``RouteError``."""
    bind = Bind(settings.system_id, password, settings.system_type)
    try:
        bind.encode()
    except PduError as error:
        raise RouteError(f"the bind cannot be written: {error}") from None
    return bind


def submission(submit: sms.Submit, sender: Address, settings: SmppSettings) -> ShortMessage:
    """Write one part. Raises ``PduError``: ``field`` is ``address`` when it is the recipient who cannot be written."""
    esm_class, coding, short_message, tlvs = write_content(
        submit.user_data, settings.long_form, settings.default_alphabet
    )
    tlvs = ((Tag.USER_MESSAGE_REFERENCE, (submit.attempt_id & 0xFFFF).to_bytes(2, "big")), *tlvs)
    if submit.more_to_come and settings.more_messages:
        tlvs = (*tlvs, (Tag.MORE_MESSAGES_TO_SEND, b"\x01"))
    limited = settings.validity and submit.validity is not None
    return ShortMessage(
        sender,
        _destination(submit.recipient, settings),
        short_message,
        service_type=settings.service_type,
        esm_class=esm_class,
        validity_period=relative_time(submit.validity) if limited and submit.validity is not None else "",
        registered_delivery=1 if settings.receipts and submit.want_report else 0,
        data_coding=coding,
        tlvs=tlvs,
    )


def unwritable(error: PduError) -> NotSent:
    """Say of a part that it can never be sent, and whether that is its recipient's fault."""
    block = Block.RECIPIENT if error.field in {"address", "destination_addr"} else Block.TEXT
    return NotSent(Verdict.NEVER, error.field, error.problem, refused=block)


def _destination(recipient: str, settings: SmppSettings) -> Address:
    address = Address.of_number(recipient)
    ton = settings.destination_ton if address.ton == INTERNATIONAL else address.ton
    if (address.ton, address.npi) == (ton, settings.destination_npi):
        return address
    return Address(address.digits, ton, settings.destination_npi)


def code(status: int) -> str:
    """Name a command_status as people search for it."""
    return f"SMPP 0x{status:02X}"


def outcome(answer: Pdu, settings: SmppSettings, evidence: str = "answer") -> Outcome:
    """Say what an answer to submit_sm means for the part."""
    status = answer.command_status
    if answer.command_id == Command.GENERIC_NACK and status == Status.OK:
        # A refusal without a reason is a refusal.
        status = Status.INVALID_COMMAND_ID
    elif status == Status.OK:
        return Sent(MessageId.decode(answer.body).message_id, evidence)
    action = settings.action(status)
    if settings.block(network_error(MessageId.decode(answer.body).tlvs) or "") is Block.SIM_SWAPPED:
        action = Action.SIM_SWAPPED
    verdict, refused = (Verdict.ONCE_MORE, None) if action is None else _MEANINGS[action]
    return NotSent(verdict, code(status), status_text(status), evidence, refused)


# --- towards us -------------------------------------------------------------------------------------------------------


def message_of(pdu: Pdu) -> ShortMessage:
    """Read deliver_sm or data_sm. Raises ``PduError``."""
    if pdu.command_id == Command.DATA_SM:
        return DataSm.decode(pdu.body).message
    return ShortMessage.decode(pdu.body)


def octets(pdu: Pdu, number: int) -> bytes:
    """Give the octets to keep: the PDU as it came, with ``number`` for the sequence number of this transmission."""
    return Pdu(pdu.command_id, Status.OK, number, pdu.body).octets


def deliver(message: ShortMessage, settings: SmppSettings) -> tuple[sms.Deliver, tuple[str, ...]]:
    """Read what somebody sent to us; the second value tells what was forgiven."""
    content = read_content(message, settings.default_alphabet)
    user_data, place = content.user_data, content.place
    ucs2 = user_data.alphabet is Alphabet.UCS2
    return sms.Deliver(
        sender=_phone(message.source),
        text=user_data.text or "",
        sent_at=None,
        sender_is_number=message.source.is_number,
        reference=place.reference if place else 0,
        total=place.total if place else 1,
        sequence=place.sequence if place else 1,
        coding=message.data_coding,
        message_class=DataCoding(message.data_coding).message_class if message.data_coding >= 0x10 else None,
        protocol=message.protocol_id,
        data=user_data.data if user_data.text is None else None,
        ports=content.ports,
        body=user_data.data if ucs2 else None,
    ), content.warnings


def status_report(message: ShortMessage, settings: SmppSettings) -> sms.StatusReport:
    """Read a receipt. Raises ``PduError`` when it does not say what became of which message."""
    return report_of(read_receipt(message, settings.zone), _recipient(message.source), settings)


def report_of(receipt: Receipt, recipient: str, settings: SmppSettings) -> sms.StatusReport:
    """Say a receipt in the words of the house."""
    block = settings.block(receipt.error, receipt.error_too)
    error = "/".join(filter(None, (receipt.error, receipt.error_too)))
    return sms.StatusReport(
        reference=receipt.message_id,
        recipient=recipient,
        submitted_at=receipt.submitted_at,
        discharged_at=receipt.done_at,
        report_class=sms.ReportClass(receipt.status_class),
        code=f"{receipt.state} {error}".rstrip(),
        echo=receipt.user_message_reference,
        refused=heeded(block, failed=receipt.status_class == "failed"),
    )


def _phone(address: Address) -> str:
    if address.ton == INTERNATIONAL:
        return f"+{address.digits.lstrip('+')}"
    return address.digits


def _recipient(address: Address) -> str:
    """Give the recipient's number where a receipt tells it; its type of number there is not to be trusted."""
    digits = address.digits.lstrip("+")
    if address.ton == ALPHANUMERIC or not digits.isdigit():
        return ""
    international = address.ton == INTERNATIONAL or (len(digits) >= 11 and digits[0] not in "08")
    return f"+{digits}" if international else ""
