"""From a command line to an answer: V.250 §5.2 to §5.4.

Knows how a line falls into basic and extended commands, forms and parameters, which of them a locked SIM allows, and
the faults that strike a whole command. Refuses to know what a command does: that is in ``general`` and ``messages``,
each a table of verbs.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from smsd.simulator.equipment import Equipment
from smsd.simulator.faults import Kind
from smsd.simulator.terminal import Answer, Refusal

__all__ = ["CME_NO_SIM", "Call", "Form", "Lines", "Verb", "carry_out"]

CME_NO_SIM = 10
CME_PIN_REQUIRED = 11
CME_PUK_REQUIRED = 12
CMS_PIN_REQUIRED = 311
CMS_PUK_REQUIRED = 316

BASIC = re.compile(r"(?:(S)\d+=?|([&\\%]?[A-Z]))(\d*)\??", re.IGNORECASE)
EXTENDED = re.compile(r"""([+^*#$!%][A-Z0-9]*)(=\?|\?|=(?:"[^"]*"|[^";])*)?""", re.IGNORECASE)


class Form(StrEnum):
    """How an extended command is asked."""

    RUN = "run"
    READ = "read"
    TEST = "test"
    SET = "set"


@dataclass(frozen=True, slots=True)
class Call:
    """One command of a line: ``text`` is it as typed, in capitals; ``values`` are its parameters without quotes."""

    text: str
    name: str
    form: Form
    values: tuple[str, ...] = ()

    def number(self, place: int, default: int | None = None) -> int:
        """Give the parameter at ``place`` as a number; raises ``Refusal`` when it is none and there is no default."""
        value = self.values[place] if place < len(self.values) else ""
        if value.isdecimal():
            return int(value)
        if value or default is None:
            raise Refusal(cme=50)
        return default


Lines = list[str] | None
"""Information lines; ``None`` where nothing at all is to be answered now."""

Verb = Callable[[Equipment, Call], Awaitable[Lines]]

WITHOUT_SIM = frozenset(
    {
        "+CPIN",
        "+CPINR",
        "^CPIN",
        "+QPINC",
        "+SPIC",
        "+ZPINPUK",
        "+CFUN",
        "+CMEE",
        "+CGMI",
        "+CGMM",
        "+CGMR",
        "+CGSN",
        "+GMI",
        "+GMM",
        "+GMR",
        "+GSN",
        "+GCAP",
        "+CSQ",
        "+CREG",
        "+CGREG",
        "+CEREG",
        "+CLAC",
        "+CSCS",
        "+CCID",
        "+ICCID",
        "^ICCID",
        "+QCCID",
        "+IPR",
        "+ICF",
        "+IFC",
        "^CURC",
        "^PORTSEL",
    }
)
"""What is answered while the SIM waits for its PIN; the rest is refused with +CME ERROR 11 or +CMS ERROR 311."""

OF_27_005 = frozenset(
    {
        "+CMGF",
        "+CSMS",
        "+CPMS",
        "+CSCA",
        "+CNMI",
        "+CNMA",
        "+CMGL",
        "+CMGR",
        "+CMGD",
        "+CMGS",
        "+CMGW",
        "+CMSS",
        "+CMMS",
    }
)


def calls(line: str) -> list[Call]:
    """Take a command line (without AT) apart; raises ``Refusal`` where it is no command."""
    found = []
    at = 0
    while at < len(line):
        if line[at] in "; ":
            at += 1
            continue
        extended = EXTENDED.match(line, at)
        match = extended or BASIC.match(line, at)
        if match is None:
            raise Refusal
        found.append(_extended(match) if extended else _basic(match))
        at = match.end()
    return found


def _basic(match: re.Match[str]) -> Call:
    name = match.group(1) or match.group(2)
    return Call(match.group().upper(), name.upper(), Form.SET, (match.group(3),))


def _extended(match: re.Match[str]) -> Call:
    name, rest = match.group(1).upper(), match.group(2) or ""
    text = match.group().upper()
    if rest == "=?":
        return Call(text, name, Form.TEST)
    if rest == "?":
        return Call(text, name, Form.READ)
    if not rest:
        return Call(text, name, Form.RUN)
    values = re.findall(r'(?:^|,)((?:"[^"]*"|[^,])*)', rest[1:])
    return Call(text, name, Form.SET, tuple(value.strip().strip('"') for value in values))


async def carry_out(modem: Equipment, verbs: Mapping[str, Verb], line: str) -> Answer:
    """Do what a command line says, up to the first command that is refused."""
    lines: list[str] = []
    try:
        for call in calls(line):
            said = await _one(modem, verbs, call)
            if said is None:
                return Answer(said=False)
            lines += said
    except Refusal as refusal:
        return Answer(tuple(lines), refusal)
    return Answer(tuple(lines))


async def _one(modem: Equipment, verbs: Mapping[str, Verb], call: Call) -> Lines:
    fault = modem.faults.take(Kind.REFUSE, call.text)
    if fault is not None:
        raise Refusal(cms=fault.code, cme=fault.cme)
    canned = modem.faults.take(Kind.CANNED, call.text)
    if canned is not None:
        text = canned.octets.decode("utf-8", "surrogateescape")
        return text.split("\n") if text else []
    verb = verbs.get(call.name)
    if verb is None:
        raise Refusal
    _check_sim(modem.sim.state, call)
    return await verb(modem, call)


def _check_sim(state: str, call: Call) -> None:
    if state == "READY" or call.name in WITHOUT_SIM or call.name[:1] not in "+^":
        return
    if not state:
        raise Refusal(cme=CME_NO_SIM)
    if call.name in OF_27_005:
        raise Refusal(cms=CMS_PIN_REQUIRED if state == "SIM PIN" else CMS_PUK_REQUIRED)
    raise Refusal(cme=CME_PIN_REQUIRED if state == "SIM PIN" else CME_PUK_REQUIRED)
