"""The numbers of SMPP 3.4 and their names: commands (§5.1.2.1), statuses (§5.1.3), TLVs (§5.3.2), states (§5.2.28).

Knows what the standard names. Refuses to judge: a number that is not here is a number all the same, and whoever reads
one keeps it as it came.
"""

from enum import IntEnum
from typing import Final

__all__ = [
    "BIND_OF",
    "RESPONSE",
    "STATUS_NAMES",
    "Command",
    "MessageState",
    "Status",
    "Tag",
    "Tlvs",
    "status_text",
    "tlv",
]

Tlvs = tuple[tuple[int, bytes], ...]
"""Optional parameters in the order they stand, tag and value; a tag may stand twice."""

RESPONSE: Final = 0x80000000
"""The bit that makes a command's answer of its number."""


class Command(IntEnum):
    """command_id."""

    GENERIC_NACK = 0x80000000
    BIND_RECEIVER = 0x00000001
    BIND_RECEIVER_RESP = 0x80000001
    BIND_TRANSMITTER = 0x00000002
    BIND_TRANSMITTER_RESP = 0x80000002
    QUERY_SM = 0x00000003
    QUERY_SM_RESP = 0x80000003
    SUBMIT_SM = 0x00000004
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM = 0x00000005
    DELIVER_SM_RESP = 0x80000005
    UNBIND = 0x00000006
    UNBIND_RESP = 0x80000006
    REPLACE_SM = 0x00000007
    REPLACE_SM_RESP = 0x80000007
    CANCEL_SM = 0x00000008
    CANCEL_SM_RESP = 0x80000008
    BIND_TRANSCEIVER = 0x00000009
    BIND_TRANSCEIVER_RESP = 0x80000009
    OUTBIND = 0x0000000B
    ENQUIRE_LINK = 0x00000015
    ENQUIRE_LINK_RESP = 0x80000015
    SUBMIT_MULTI = 0x00000021
    SUBMIT_MULTI_RESP = 0x80000021
    ALERT_NOTIFICATION = 0x00000102
    DATA_SM = 0x00000103
    DATA_SM_RESP = 0x80000103


BIND_OF: Final = {
    "transceiver": Command.BIND_TRANSCEIVER,
    "transmitter": Command.BIND_TRANSMITTER,
    "receiver": Command.BIND_RECEIVER,
}
"""The request by which an ESME binds as what."""


class Tag(IntEnum):
    """Tags of the TLVs that anything here looks at."""

    RECEIPTED_MESSAGE_ID = 0x001E
    USER_MESSAGE_REFERENCE = 0x0204
    SOURCE_PORT = 0x020A
    DESTINATION_PORT = 0x020B
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MORE_MESSAGES_TO_SEND = 0x0426
    MESSAGE_STATE = 0x0427


class MessageState(IntEnum):
    """message_state (§5.2.28), with the two that SMPP 5.0 adds and 3.4 peers send."""

    SCHEDULED = 0
    ENROUTE = 1
    DELIVERED = 2
    EXPIRED = 3
    DELETED = 4
    UNDELIVERABLE = 5
    ACCEPTED = 6
    UNKNOWN = 7
    REJECTED = 8
    SKIPPED = 9


class Status(IntEnum):
    """The command_status values that anything here looks at by name."""

    OK = 0x00
    INVALID_COMMAND_LENGTH = 0x02
    INVALID_COMMAND_ID = 0x03
    INCORRECT_BIND_STATUS = 0x04
    ALREADY_BOUND = 0x05
    SYSTEM_ERROR = 0x08
    INVALID_SOURCE_ADDRESS = 0x0A
    INVALID_DESTINATION_ADDRESS = 0x0B
    BIND_FAILED = 0x0D
    INVALID_PASSWORD = 0x0E
    INVALID_SYSTEM_ID = 0x0F
    QUEUE_FULL = 0x14
    THROTTLED = 0x58
    TEMPORARY_APPLICATION_ERROR = 0x64
    QUERY_FAILED = 0x67


STATUS_NAMES: Final = {
    0x00: "no error",
    0x01: "message length is invalid",
    0x02: "command length is invalid",
    0x03: "invalid command id",
    0x04: "incorrect bind status for this command",
    0x05: "already bound",
    0x06: "invalid priority flag",
    0x07: "invalid registered delivery flag",
    0x08: "system error",
    0x0A: "invalid source address",
    0x0B: "invalid destination address",
    0x0C: "message id is invalid",
    0x0D: "bind failed",
    0x0E: "invalid password",
    0x0F: "invalid system id",
    0x11: "cancel failed",
    0x13: "replace failed",
    0x14: "message queue full",
    0x15: "invalid service type",
    0x33: "invalid number of destinations",
    0x34: "invalid distribution list name",
    0x40: "destination flag is invalid",
    0x42: "invalid submit with replace request",
    0x43: "invalid esm_class",
    0x44: "cannot submit to distribution list",
    0x45: "submit failed",
    0x48: "invalid source address type of number",
    0x49: "invalid source address numbering plan",
    0x50: "invalid destination address type of number",
    0x51: "invalid destination address numbering plan",
    0x53: "invalid system type",
    0x54: "invalid replace_if_present flag",
    0x55: "invalid number of messages",
    0x58: "throttling: message limits exceeded",
    0x61: "invalid scheduled delivery time",
    0x62: "invalid validity period",
    0x63: "predefined message invalid or not found",
    0x64: "receiver temporary application error",
    0x65: "receiver permanent application error",
    0x66: "receiver rejects the message",
    0x67: "query failed",
    0xC0: "error in the optional part of the PDU",
    0xC1: "optional parameter not allowed",
    0xC2: "invalid parameter length",
    0xC3: "expected optional parameter missing",
    0xC4: "invalid optional parameter value",
    0xFE: "delivery failure",
    0xFF: "unknown error",
}
"""command_status in English, for every value the standard names."""


def status_text(status: int) -> str:
    """Say a command_status in English; one the standard does not name is said by where it lies (§5.1.3)."""
    named = STATUS_NAMES.get(status)
    if named is not None:
        return named
    return "an error of the operator's own" if status >= 0x400 else "an error the standard reserves"


def tlv(tlvs: Tlvs, tag: int) -> bytes | None:
    """Return the value of the first parameter with ``tag``, ``None`` where there is none."""
    for number, value in tlvs:
        if number == tag:
            return value
    return None
