"""How a service centre says what became of a message: a receipt (SMPP 3.4 appendix B), and what real ones make of it.

Knows the text of a receipt and the ``troubles`` that spoil it. Refuses to know connections, and when a receipt comes.
"""

from dataclasses import replace

from smsd.simulator.network import Report
from smsd.simulator.troubles import Injected, Trouble
from smsd.wire.smpp.pdu import ShortMessage
from smsd.wire.smpp.receipt import state_name
from smsd.wire.smpp.tables import Command, MessageState, Tag, Tlvs, tlv

__all__ = ["receipt", "state_of"]

RECEIPT = 0x04
"""Of esm_class (SMPP 3.4 §5.2.12): a delivery receipt."""
VENDOR_TLV = (0x1403, b"\xde\xad\xbe\xef")


def receipt(
    taken: ShortMessage, report: Report, shown: str, injected: Injected | None, *, echo: bool
) -> tuple[ShortMessage, Command]:
    """Write the receipt of a message that was ``taken`` under the id ``shown``, and say in which command it comes.

    ``echo``: whether it gives user_message_reference back.
    """
    trouble = injected.trouble if injected is not None else None
    code = injected.code if injected is not None else 0
    state = state_of(report.status)
    message = _written(taken, report, shown, trouble, echo=echo)
    if trouble is Trouble.RECEIPT_TLVS:
        error = b"\x03" + code.to_bytes(2, "big")
        tlvs = (*message.tlvs, (Tag.NETWORK_ERROR_CODE, error), *_told(shown, state))
        message = replace(message, short_message=b"", tlvs=tlvs)
    elif trouble is Trouble.RECEIPT_CODING:
        message = replace(message, data_coding=code, short_message=message.short_message + "Привет".encode())
    elif trouble is Trouble.RECEIPT_MALFORMED:
        message = replace(message, short_message=b"delivered, thank you", tlvs=())
    return message, Command.DATA_SM if trouble is Trouble.RECEIPT_DATA_SM else Command.DELIVER_SM


def state_of(tp_st: int) -> int:
    """Say a TP-ST (23.040 §9.2.3.15) as message_state (SMPP 3.4 §5.2.28)."""
    if tp_st <= 0x1F:
        return MessageState.DELIVERED
    if tp_st <= 0x3F:
        return MessageState.ENROUTE
    return MessageState.EXPIRED if tp_st == 0x46 else MessageState.UNDELIVERABLE


def _written(taken: ShortMessage, report: Report, shown: str, trouble: Trouble | None, *, echo: bool) -> ShortMessage:
    form = "%y%m%d%H%M%S" if trouble is Trouble.RECEIPT_SECONDS else "%y%m%d%H%M"
    error = "00B" if trouble is Trouble.RECEIPT_LETTERS else f"{report.status:03}"
    text = (
        f"id:{shown} sub:001 dlvrd:001 submit date:{report.submission.at:{form}} done date:{report.at:{form}} "
        f"stat:{state_name(state_of(report.status))} err:{error} text:"
    )
    tlvs: Tlvs = (VENDOR_TLV,) if trouble is Trouble.RECEIPT_VENDOR else ()
    mark = tlv(taken.tlvs, Tag.USER_MESSAGE_REFERENCE)
    if mark is not None and echo:
        tlvs = (*tlvs, (Tag.USER_MESSAGE_REFERENCE, mark))
    return ShortMessage(taken.destination, taken.source, text.encode(), esm_class=RECEIPT, tlvs=tlvs)


def _told(message_id: str, state: int) -> Tlvs:
    """Write id and state as TLVs."""
    return (Tag.RECEIPTED_MESSAGE_ID, message_id.encode() + b"\0"), (Tag.MESSAGE_STATE, bytes((state,)))
