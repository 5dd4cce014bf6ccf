"""The commands about short messages: 27.005.

Knows memories, listing, prompts, PDU lengths and indications; text mode as far as strangers need it to be content.
Refuses to know radio and network: a part is given to the modem to transmit. A verb that says no raises ``Refusal``.
"""

import asyncio

from smsd.errors import PduError
from smsd.simulator.commands import Call, Form, Lines, Verb
from smsd.simulator.equipment import Equipment
from smsd.simulator.faults import Kind
from smsd.simulator.sim import Memory, Smss, Status, Stored
from smsd.simulator.terminal import Answer, Refusal
from smsd.wire import tpdu
from smsd.wire.address import Address
from smsd.wire.userdata import UserData

__all__ = ["COMMANDS", "tpdu_length"]

CMS_NOT_ALLOWED = 302
CMS_NOT_SUPPORTED = 303
CMS_INVALID_PDU = 304
CMS_INVALID_TEXT = 305
CMS_INVALID_INDEX = 321
CMS_MEMORY_FULL = 322
CMS_NO_ACKNOWLEDGEMENT_EXPECTED = 340

STATUS_WORDS = {
    Status.UNREAD: "REC UNREAD",
    Status.READ: "REC READ",
    Status.UNSENT: "STO UNSENT",
    Status.SENT: "STO SENT",
    Status.ALL: "ALL",
}
"""<stat> in text mode (27.005 §3.1)."""

DELETED_BY_FLAG = {
    1: (Status.READ,),
    2: (Status.READ, Status.SENT),
    3: (Status.READ, Status.SENT, Status.UNSENT),
    4: tuple(Status),
}
"""<delflag> of +CMGD (27.005 §3.5.4)."""


# --- settings ---------------------------------------------------------------------------------------------------------


async def text_mode(modem: Equipment, call: Call) -> Lines:
    """AT+CMGF."""
    if call.form is Form.TEST:
        return ["+CMGF: (0,1)"]
    if call.form is Form.READ:
        return [f"+CMGF: {int(modem.settings.text_mode)}"]
    modem.settings.text_mode = bool(call.number(0, 0))
    return []


async def service(modem: Equipment, call: Call) -> Lines:
    """AT+CSMS: with 1, whatever is routed to the program must be acknowledged by +CNMA."""
    if call.form is Form.TEST:
        return ["+CSMS: (0,1)"]
    if call.form is Form.READ:
        return [f"+CSMS: {modem.settings.service},1,1,1"]
    if call.number(0) not in {0, 1}:
        raise Refusal(cms=CMS_NOT_SUPPORTED)
    modem.settings.service = call.number(0)
    return ["+CSMS: 1,1,1"]


async def memories(modem: Equipment, call: Call) -> Lines:
    """AT+CPMS: which memory is read and deleted, written and sent, received into."""
    chosen = modem.settings.memories
    storing = [name for name in modem.memories if name != "SR"]
    if call.form is Form.TEST:
        reading, writing = (",".join(f'"{name}"' for name in names) for names in (modem.memories, storing))
        return [f"+CPMS: ({reading}),({writing}),({writing})"]
    if call.form is Form.SET:
        wanted = [value.upper() for value in call.values] + chosen[len(call.values) :]
        if len(wanted) > 3 or wanted[0] not in modem.memories or not set(wanted[1:]) <= set(storing):
            raise Refusal(cms=CMS_NOT_ALLOWED)
        modem.settings.memories = wanted
    counts = [(modem.memories[name], name) for name in modem.settings.memories]
    if call.form is Form.SET:
        return ["+CPMS: " + ",".join(f"{len(memory.stored)},{memory.slots}" for memory, _ in counts)]
    return ["+CPMS: " + ",".join(f'"{name}",{len(memory.stored)},{memory.slots}' for memory, name in counts)]


async def indications(modem: Equipment, call: Call) -> Lines:
    """AT+CNMI: how incoming messages and reports are announced."""
    settings = modem.settings
    reports = modem.family.report_modes
    if call.form is Form.TEST:
        return [f"+CNMI: (0,1,2,3),(0,1,2,3),(0,2),({','.join(map(str, reports))}),(0,1)"]
    if call.form is Form.READ:
        return ["+CNMI: " + ",".join(map(str, settings.indications))]
    wanted = [call.number(place, settings.indications[place]) for place in range(5)]
    if any(value > limit for value, limit in zip(wanted, (3, 3, 3, 2, 1), strict=True)) or wanted[3] not in reports:
        raise Refusal(cms=CMS_NOT_SUPPORTED)
    settings.indications = wanted
    modem.arrivals.say_reports()
    return []


async def acknowledge(modem: Equipment, call: Call) -> Lines:
    """AT+CNMA: what was routed to the program has arrived."""
    if call.form is Form.TEST:
        return ["+CNMA: (0-2)"]
    if not modem.arrivals.acknowledged():
        raise Refusal(cms=CMS_NO_ACKNOWLEDGEMENT_EXPECTED)
    return []


async def service_centre(modem: Equipment, call: Call) -> Lines:
    """AT+CSCA: the service centre's number on the SIM."""
    if call.form is Form.TEST:
        return []
    if call.form is Form.SET:
        modem.sim.service_centre = call.values[0]
        return []
    return [f'+CSCA: "{modem.sim.service_centre}",145']


async def more_messages(modem: Equipment, call: Call) -> Lines:
    """AT+CMMS: keep the relay link between parts."""
    if call.form is Form.TEST:
        return ["+CMMS: (0-2)"]
    if call.form is Form.READ:
        return [f"+CMMS: {modem.settings.more_messages}"]
    modem.settings.more_messages = call.number(0)
    return []


async def ignored(_modem: Equipment, _call: Call) -> Lines:
    """Take what only text mode on a real modem needs: AT+CSMP, AT+CSDH, AT+CSCB."""
    return []


# --- the memories -----------------------------------------------------------------------------------------------------


def tpdu_length(octets: bytes) -> int:
    """How many octets of ``octets`` are TPDU: all but the service centre's address (27.005 §3.1, <length>)."""
    return len(octets) - 1 - octets[0]


async def listing(modem: Equipment, call: Call) -> Lines:
    """AT+CMGL: the messages of <mem1> with this status; those unread are read from now on."""
    if call.form is Form.TEST:
        return ["+CMGL: (0-4)"] if not modem.settings.text_mode else ['+CMGL: ("REC UNREAD","REC READ","ALL")']
    wanted = _status(call, modem)
    lines = []
    for index, stored in sorted(_read_memory(modem).stored.items()):
        if wanted not in {Status.ALL, stored.status}:
            continue
        slow = modem.faults.take(Kind.SLOW_LIST, call.text)
        if slow is not None:
            await asyncio.sleep(slow.seconds)
        lines += _shown(modem, f"+CMGL: {index},", stored)
        _mark_read(stored)
    return lines


async def reading(modem: Equipment, call: Call) -> Lines:
    """AT+CMGR."""
    stored = _read_memory(modem).stored.get(call.number(0))
    if stored is None:
        if modem.faults.take(Kind.EMPTY_SLOT_OK, call.text):
            return []
        raise Refusal(cms=CMS_INVALID_INDEX)
    lines = _shown(modem, "+CMGR: ", stored)
    _mark_read(stored)
    return lines


async def deleting(modem: Equipment, call: Call) -> Lines:
    """AT+CMGD: one slot, or all of some statuses."""
    memory = _read_memory(modem)
    if call.form is Form.TEST:
        return [f"+CMGD: ({','.join(map(str, sorted(memory.stored)))}),(0-4)"]
    flag = call.number(1, 0)
    if flag:
        doomed = DELETED_BY_FLAG.get(flag, ())
        memory.remove([index for index, stored in memory.stored.items() if stored.status in doomed])
        return []
    if not memory.first <= call.number(0) < memory.first + memory.slots:
        raise Refusal(cms=CMS_INVALID_INDEX)
    memory.remove([call.number(0)])
    return []


def _read_memory(modem: Equipment) -> Memory:
    return modem.memories[modem.settings.memories[0]]


def _status(call: Call, modem: Equipment) -> Status:
    if modem.settings.text_mode:
        wanted = call.values[0].upper() if call.values else "REC UNREAD"
        return next((status for status, words in STATUS_WORDS.items() if words == wanted), Status.ALL)
    number = call.number(0, 0)
    if number > Status.ALL:
        raise Refusal(cms=CMS_NOT_ALLOWED)
    return Status(number)


def _mark_read(stored: Stored) -> None:
    if stored.status is Status.UNREAD:
        stored.status = Status.READ


def _shown(modem: Equipment, head: str, stored: Stored) -> list[str]:
    """One message as +CMGL and +CMGR show it: a header and its PDU, or its text in text mode."""
    if not modem.settings.text_mode:
        return [f"{head}{int(stored.status)},,{tpdu_length(stored.octets)}", stored.octets.hex().upper()]
    outgoing = stored.status in {Status.UNSENT, Status.SENT}
    message = tpdu.decode(stored.octets, outgoing=outgoing, lenient=True).tpdu
    words = STATUS_WORDS[stored.status]
    if isinstance(message, tpdu.StatusReport):
        return [f'{head}"{words}",6,{message.tp_mr},"{message.tp_ra.text}",145,,,{message.tp_st}']
    address = message.tp_oa if isinstance(message, tpdu.Deliver) else message.tp_da
    at = (
        message.tp_scts.strftime("%y/%m/%d,%H:%M:%S+00")
        if isinstance(message, tpdu.Deliver) and message.tp_scts
        else ""
    )
    return [f'{head}"{words}","{address.text}",,"{at}"', _in_character_set(modem, message.user_data.text or "")]


def _in_character_set(modem: Equipment, text: str) -> str:
    if modem.settings.character_set in {"UCS2", "HEX"}:
        return text.encode("utf-16-be").hex().upper()
    return text


def _from_character_set(modem: Equipment, typed: str) -> str:
    if modem.settings.character_set in {"UCS2", "HEX"}:
        return bytes.fromhex(typed).decode("utf-16-be", "replace")
    return typed


# --- sending ----------------------------------------------------------------------------------------------------------


async def sending(modem: Equipment, call: Call) -> Lines:
    """AT+CMGS: a length (or a number in text mode), a prompt, a PDU (or a text), and into the air."""
    if call.form is Form.TEST:
        return []
    typed = await modem.ask_for_text(call.text)
    if typed is None:
        return []
    if modem.faults.take(Kind.NO_RESULT, call.text):
        return None
    return await _transmit(modem, call, _submit_of(_octets_typed(modem, call, typed)))


async def writing(modem: Equipment, call: Call) -> Lines:
    """AT+CMGW: store a message to be sent later."""
    if call.form is Form.TEST:
        return []
    typed = await modem.ask_for_text(call.text)
    if typed is None:
        return []
    status = Status(call.number(1, Status.UNSENT)) if not modem.settings.text_mode else Status.UNSENT
    index = modem.memories[modem.settings.memories[1]].put(_octets_typed(modem, call, typed), status)
    if index is None:
        raise Refusal(cms=CMS_MEMORY_FULL)
    return [f"+CMGW: {index}"]


async def sending_stored(modem: Equipment, call: Call) -> Lines:
    """AT+CMSS: send what +CMGW stored."""
    if call.form is Form.TEST:
        return []
    stored = modem.memories[modem.settings.memories[1]].stored.get(call.number(0))
    if stored is None or stored.status not in {Status.UNSENT, Status.SENT}:
        raise Refusal(cms=CMS_INVALID_INDEX)
    lines = await _transmit(modem, call, _submit_of(stored.octets))
    stored.status = Status.SENT
    return lines


def _octets_typed(modem: Equipment, call: Call, typed: bytes) -> bytes:
    """Read the octets that were typed after the prompt, checked against the length announced."""
    text = typed.decode("ascii", "replace").strip()
    if modem.settings.text_mode:
        return _octets_of_text(_from_character_set(modem, call.values[0]), _from_character_set(modem, text))
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        raise Refusal(cms=CMS_INVALID_PDU) from None
    if not octets or tpdu_length(octets) != call.number(0):
        raise Refusal(cms=CMS_INVALID_PDU)
    return octets


def _octets_of_text(number: str, text: str) -> bytes:
    try:
        submit = tpdu.Submit(tp_da=Address.of_number(number), user_data=UserData.of_text(text))
        return tpdu.encode(submit)[0]
    except PduError:
        raise Refusal(cms=CMS_INVALID_TEXT) from None


def _submit_of(octets: bytes) -> tpdu.Submit:
    try:
        message = tpdu.decode(octets, outgoing=True).tpdu
    except PduError:
        raise Refusal(cms=CMS_INVALID_PDU) from None
    if not isinstance(message, tpdu.Submit):
        raise Refusal(cms=CMS_INVALID_PDU)
    return message


async def _transmit(modem: Equipment, call: Call, submit: tpdu.Submit) -> Lines:
    if modem.smss is Smss.MID_AIR:
        # The line is free for other commands at once; the answer comes when the part has landed.
        modem.background(_answer_when_landed(modem, call, submit))
        return None
    reference = await modem.transmit(call.text, submit)
    return None if reference is None else [f"{call.name}: {reference}"]


async def _answer_when_landed(modem: Equipment, call: Call, submit: tpdu.Submit) -> None:
    terminal = modem.terminal
    try:
        reference = await modem.transmit(call.text, submit)
        answer = Answer(() if reference is None else (f"{call.name}: {reference}",), said=reference is not None)
    except Refusal as refusal:
        answer = Answer(refusal=refusal)
    if answer.said and modem.terminal is terminal:
        await terminal.answer(call.text, answer)
    terminal.free()


COMMANDS: dict[str, Verb] = {
    "+CMGF": text_mode,
    "+CSMS": service,
    "+CPMS": memories,
    "+CNMI": indications,
    "+CNMA": acknowledge,
    "+CSCA": service_centre,
    "+CMMS": more_messages,
    "+CSMP": ignored,
    "+CSDH": ignored,
    "+CSCB": ignored,
    "+CMGL": listing,
    "+CMGR": reading,
    "+CMGD": deleting,
    "+CMGS": sending,
    "+CMGW": writing,
    "+CMSS": sending_stored,
}
"""Every command of this module by name."""
