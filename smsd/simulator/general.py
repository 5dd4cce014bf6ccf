"""The commands about the modem itself: V.250 and 27.007, with the vendors' words for the same things.

Knows identity, PIN, registration, signal, functionality, files of the SIM. Refuses to know short messages. A verb that
says no raises ``Refusal``.
"""

import asyncio
from datetime import UTC

from smsd.simulator.commands import CME_NO_SIM, Call, Form, Lines, Verb
from smsd.simulator.equipment import Equipment
from smsd.simulator.faults import Kind, Remedy
from smsd.simulator.sim import EF_SMSS
from smsd.simulator.terminal import Refusal
from smsd.wire.alphabet import text_of, unpack

__all__ = ["COMMANDS"]

CME_NOT_ALLOWED = 3
CME_WRONG_PASSWORD = 16
CME_PARAMETERS = 50

READ_BINARY = 176
STATUS = 242
SW_DONE = "144,0"
SW_NO_FILE = "106,130"
SW_NO_INSTRUCTION = "109,0"

RESET = 16
"""<fun> that some makers restart by."""
LAST_WORDS_SECONDS = 0.1
"""From the OK of AT+CFUN=1,1 to the hang-up, which takes with it whatever has not been read."""


# --- V.250 ------------------------------------------------------------------------------------------------------------


async def echo(modem: Equipment, call: Call) -> Lines:
    """ATE0, ATE1."""
    if call.number(0, 0) or not modem.faults.take(Kind.ECHO_STAYS):
        modem.terminal.echo = bool(call.number(0, 0))
    return []


async def words(modem: Equipment, call: Call) -> Lines:
    """ATV0, ATV1."""
    modem.terminal.words = bool(call.number(0, 0))
    return []


async def quiet(modem: Equipment, call: Call) -> Lines:
    """ATQ0, ATQ1."""
    modem.terminal.quiet = bool(call.number(0, 0))
    return []


async def factory(modem: Equipment, _call: Call) -> Lines:
    """ATZ, AT&F: echo on again, +CNMI and all the rest forgotten."""
    modem.terminal.echo = modem.terminal.words = True
    modem.terminal.quiet = False
    modem.terminal.errors = 0
    modem.reset()
    return []


async def accepted(_modem: Equipment, _call: Call) -> Lines:
    """Take what means nothing here (ATX4, AT&C1, AT+IPR=115200, AT^CURC=0)."""
    return []


async def identify(modem: Equipment, _call: Call) -> Lines:
    """ATI."""
    family = modem.family
    return [f"Manufacturer: {family.manufacturer}", f"Model: {family.model}", f"Revision: {family.revision}"]


def said(what: str) -> Verb:
    """Make a command that says one thing about the modem, and nothing when asked whether it exists."""

    async def verb(modem: Equipment, call: Call) -> Lines:
        if call.form is Form.TEST:
            return []
        family, sim = modem.family, modem.sim
        return [
            what.format(
                manufacturer=family.manufacturer,
                model=family.model,
                revision=family.revision,
                imei=modem.imei,
                imsi=sim.imsi,
                iccid=sim.iccid,
                signal=modem.signal,
            )
        ]

    return verb


# --- 27.007 -----------------------------------------------------------------------------------------------------------


async def errors(modem: Equipment, call: Call) -> Lines:
    """AT+CMEE."""
    if call.form is Form.TEST:
        return ["+CMEE: (0-2)"]
    if call.form is Form.READ:
        return [f"+CMEE: {modem.terminal.errors}"]
    if call.number(0) not in range(3):
        raise Refusal(cme=CME_PARAMETERS)
    modem.terminal.errors = call.number(0)
    return []


async def pin(modem: Equipment, call: Call) -> Lines:
    """AT+CPIN: state, PIN, or PUK and a new PIN."""
    sim = modem.sim
    if call.form is Form.TEST:
        return []
    if call.form is Form.READ:
        if not sim.state:
            raise Refusal(cme=CME_NO_SIM)
        return [f"+CPIN: {sim.state}"]
    if sim.ready:
        raise Refusal(cme=CME_NOT_ALLOWED)
    if sim.state == "SIM PIN":
        right = sim.enter_pin(call.values[0])
    else:
        right = len(call.values) > 1 and sim.unblock(call.values[0], call.values[1])
    if not right:
        raise Refusal(cme=CME_WRONG_PASSWORD)
    modem.attach()
    return []


def tries(form: str) -> Verb:
    """Make a command that tells the tries left, in one vendor's words."""

    async def verb(modem: Equipment, _call: Call) -> Lines:
        sim = modem.sim
        return form.format(state=sim.state, pin=sim.pin_tries, puk=sim.puk_tries).split("\n")

    return verb


def registered(name: str) -> Verb:
    """Make one of +CREG, +CGREG, +CEREG."""

    async def verb(modem: Equipment, call: Call) -> Lines:
        if call.form is Form.TEST:
            return [f"{name}: (0-2)"]
        wanted = modem.settings.registration_urcs
        if call.form is Form.SET:
            wanted[name] = call.number(0)
            return []
        place = ',"00C3","0012AB34"' if wanted.get(name) == 2 and modem.registration else ""
        return [f"{name}: {wanted.get(name, 0)},{modem.registration}{place}"]

    return verb


async def operator(modem: Equipment, call: Call) -> Lines:
    """AT+COPS: the operator, its name in the form asked for; choosing one is taken and means nothing."""
    settings = modem.settings
    if call.form is Form.TEST:
        return [f'+COPS: (2,"{modem.operator}","{modem.operator}","{modem.operator_code}"),,(0-4),(0-2)']
    if call.form is Form.SET:
        if call.number(0) == 3:
            settings.operator_format = call.number(1)
        return []
    if not modem.registration:
        return ["+COPS: 0"]
    name = modem.operator_code if settings.operator_format == 2 else modem.operator
    return [f'+COPS: 0,{settings.operator_format},"{name}"']


async def functionality(modem: Equipment, call: Call) -> Lines:
    """AT+CFUN: radio on and off; with a second parameter the modem goes away and comes back."""
    settings = modem.settings
    if call.form is Form.TEST:
        return ["+CFUN: (0,1,4),(0,1)"]
    if call.form is Form.READ:
        return [f"+CFUN: {settings.functionality}"]
    if call.number(1, 0) == 1 or call.number(0) == RESET:
        modem.background(_reboot(modem))
        return []
    if call.number(0) == 1 != settings.functionality:
        modem.faults.heal(Remedy.RADIO)
    settings.functionality = call.number(0)
    modem.attach()
    return []


async def reset(modem: Equipment, _call: Call) -> Lines:
    """AT^RESET: as AT+CFUN=1,1."""
    modem.background(_reboot(modem))
    return []


async def _reboot(modem: Equipment) -> None:
    life = modem.terminal
    await asyncio.sleep(LAST_WORDS_SECONDS)
    if modem.terminal is not life or not modem.plugged:
        return  # it was pulled out meanwhile: what it had in mind went with its power
    modem.unplug(returns_after=modem.reboot_seconds, remedy=Remedy.RESTART)


async def character_set(modem: Equipment, call: Call) -> Lines:
    """AT+CSCS: means something in text mode only."""
    if call.form is Form.TEST:
        return ['+CSCS: ("IRA","GSM","UCS2","HEX")']
    if call.form is Form.READ:
        return [f'+CSCS: "{modem.settings.character_set}"']
    if call.values[0].upper() not in {"IRA", "GSM", "UCS2", "HEX"}:
        raise Refusal(cme=CME_PARAMETERS)
    modem.settings.character_set = call.values[0].upper()
    return []


async def restricted_sim(modem: Equipment, call: Call) -> Lines:
    """AT+CRSM: READ BINARY and STATUS of the files this card has (27.007 §8.18)."""
    if call.form is not Form.SET:
        return []
    instruction = call.number(0)
    if instruction == STATUS:
        return [f"+CRSM: {SW_DONE}"]
    octets = modem.sim.read_binary(call.number(1, EF_SMSS))
    if instruction != READ_BINARY:
        return [f"+CRSM: {SW_NO_INSTRUCTION}"]
    if octets is None:
        return [f"+CRSM: {SW_NO_FILE}"]
    start = call.number(2, 0) << 8 | call.number(3, 0)
    length = call.number(4, 0) or len(octets)
    return [f'+CRSM: {SW_DONE},"{octets[start : start + length].hex().upper()}"']


async def listed(modem: Equipment, _call: Call) -> Lines:
    """AT+CLAC: every command there is."""
    return sorted(f"AT{name}" for name in modem.commands)


async def dialled(modem: Equipment, call: Call) -> Lines:
    """AT+CUSD: a balance is asked for with ``*100#`` and told in +CUSD, by the time of OK or later."""
    if call.form is Form.TEST:
        return ["+CUSD: (0-2)"]
    if call.form is not Form.SET or len(call.values) < 2:
        return []
    code = call.values[1].strip('"')
    if modem.dials_packed:
        try:
            octets = bytes.fromhex(code)
        except ValueError:
            raise Refusal(cme=CME_NOT_ALLOWED) from None
        code = text_of(unpack(octets, len(octets) * 8 // 7)).rstrip("\r@")
    told = modem.codes.get(code, "4")
    if told is not None and modem.dial_seconds:
        asyncio.get_running_loop().call_later(modem.dial_seconds, modem.unsolicited, f"+CUSD: {told}")
    elif told is not None:
        modem.unsolicited(f"+CUSD: {told}")
    return []


async def clock(modem: Equipment, call: Call) -> Lines:
    """AT+CCLK: the network's time, in UTC; setting it is taken and means nothing."""
    if call.form is not Form.READ:
        return []
    return [f'+CCLK: "{modem.network.clock().astimezone(UTC):%y/%m/%d,%H:%M:%S}+00"']


async def own_number(modem: Equipment, call: Call) -> Lines:
    """AT+CNUM."""
    return [] if call.form is Form.TEST else [f'+CNUM: "","{modem.sim.number}",145']


COMMANDS: dict[str, Verb] = {
    "E": echo,
    "V": words,
    "Q": quiet,
    "Z": factory,
    "&F": factory,
    "I": identify,
    **dict.fromkeys(("S", "X", "L", "M", "H", "&C", "&D", "&K", "&W", "&S"), accepted),
    **dict.fromkeys(
        ("+IPR", "+ICF", "+IFC", "+CRC", "+CLIP", "+CCWA", "+CSSN", "+CTZR", "^CURC", "^PORTSEL"), accepted
    ),
    **dict.fromkeys(("+CGMI", "+GMI"), said("{manufacturer}")),
    **dict.fromkeys(("+CGMM", "+GMM"), said("{model}")),
    **dict.fromkeys(("+CGMR", "+GMR"), said("{revision}")),
    **dict.fromkeys(("+CGSN", "+GSN"), said("{imei}")),
    "+GCAP": said("+GCAP: +CGSM"),
    "+CIMI": said("{imsi}"),
    "+CCID": said('+CCID: "{iccid}"'),
    "+ICCID": said("+ICCID: {iccid}"),
    "^ICCID": said("^ICCID: {iccid}"),
    "+QCCID": said("+QCCID: {iccid}"),
    "+CSQ": said("+CSQ: {signal},99"),
    "+CMEE": errors,
    "+CPIN": pin,
    "+CPINR": tries("+CPINR: SIM PIN,{pin},3\n+CPINR: SIM PUK,{puk},10"),
    "^CPIN": tries("^CPIN: {state},,{puk},{pin},10,3"),
    "+QPINC": tries('+QPINC: "SC",{pin},{puk}'),
    "+SPIC": tries("+SPIC: {pin},{puk},3,10"),
    "+ZPINPUK": tries("+ZPINPUK: {pin},{puk}"),
    "+CREG": registered("+CREG"),
    "+CGREG": registered("+CGREG"),
    "+CEREG": registered("+CEREG"),
    "+COPS": operator,
    "+CFUN": functionality,
    "^RESET": reset,
    "+CSCS": character_set,
    "+CRSM": restricted_sim,
    "+CLAC": listed,
    "+CLCC": accepted,
    "+CUSD": dialled,
    "+CNUM": own_number,
    "+CCLK": clock,
}
"""Every command of this module by name."""
