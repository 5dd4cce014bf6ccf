"""What a modem's refusal means: for the message, for the route, and for the question whether it may have left.

One table a family of codes: RP causes (24.011 table 8.4), TP-FCS (23.040 §9.2.3.22), the 300s and 500 (27.005 §3.2.5),
the makers' own from 256 and 512 up, +CME ERROR (27.007 §9.2). Refuses to know queues and counters; ``after`` only says
how many in a row it takes before the route itself is to blame.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from smsd.sms import Verdict
from smsd.wire.at import Result

__all__ = ["Action", "Family", "Refusal", "classify"]


class Action(Enum):
    """What the route does about itself."""

    NONE = "none"
    NETWORK = "network"
    """Ask for the registration again; nothing is sent without one."""
    CONFIGURATION = "configuration"
    """The service centre's number or our PDU is wrong: tell a person, rest."""
    SIM = "SIM"
    """The subscription cannot send: rest for long."""
    MODEM = "modem"
    """Initialise the modem again."""
    MEMORY = "memory"
    """Sweep the store: some modems do not send with a full one."""


class Family(Enum):
    """Whose private codes a modem speaks."""

    UNKNOWN = "unknown"
    WAVECOM = "Wavecom"
    CINTERION = "Cinterion"
    MEDIATEK = "MediaTek"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row: ``meaning`` in a person's words, ``verdict`` for the message, ``action`` for the route.

    The action is taken after ``after`` such refusals in a row (with ``distinct``: of different destinations), and the
    verdict is then ``ROUTE``. With ``may_be_duplicate`` the message may have left all the same.
    """

    meaning: str
    verdict: Verdict
    action: Action = Action.NONE
    after: int = 1
    distinct: bool = False
    may_be_duplicate: bool = False


SOON, LATER, ONCE_MORE, NEVER, ROUTE = Verdict.SOON, Verdict.LATER, Verdict.ONCE_MORE, Verdict.NEVER, Verdict.ROUTE

UNKNOWN = Refusal("unknown error", SOON, Action.MODEM, after=3, may_be_duplicate=True)
"""Code 500, with which Qualcomm, Huawei and ZTE say anything from no credit to stuck firmware."""
UNSPECIFIED = Refusal("protocol error, unspecified", LATER)
OURS = Refusal("the modem finds our PDU wrong", NEVER)
REINITIALISE = Refusal("modem failure", ROUTE, Action.MODEM)
BARRED_SIM = Refusal("the SIM cannot be used", ROUTE, Action.SIM)
BUSY = Refusal("busy", SOON)
FULL = Refusal("message store full", SOON, Action.MEMORY)
LOST = Refusal("the network did not answer", LATER, may_be_duplicate=True)
BARE = Refusal("refused without a reason", ONCE_MORE, Action.MODEM)


def _rows(*groups: tuple[Refusal, tuple[int, ...]]) -> dict[int, Refusal]:
    return {code: refusal for refusal, codes in groups for code in codes}


def _sim(meaning: str, after: int = 1) -> Refusal:
    return Refusal(meaning, ROUTE if after == 1 else ONCE_MORE, Action.SIM, after)


CMS: Mapping[int, Refusal] = {
    # --- RP cause, 0..127
    0: UNKNOWN,
    1: Refusal("unassigned number, or service centre unknown", NEVER, Action.CONFIGURATION, after=2, distinct=True),
    8: _sim("operator determined barring"),
    10: Refusal("call barred", ONCE_MORE, Action.SIM, after=2, distinct=True),
    11: Refusal("reserved", NEVER),
    17: Refusal("network failure", SOON),
    21: _sim("rejected by the service centre: balance, policy or address", after=3),
    22: Refusal("congestion", SOON),
    27: Refusal("destination out of service", LATER),
    28: _sim("this SIM is not known to the service centre"),
    29: _sim("facility rejected", after=3),
    30: _sim("unknown subscriber"),
    38: Refusal("network out of order", LATER, Action.MODEM, after=3),
    41: Refusal("temporary failure", SOON),
    42: Refusal("congestion", LATER),
    47: Refusal("resources unavailable", LATER),
    50: _sim("the subscription has no SMS"),
    69: Refusal("facility not implemented", ONCE_MORE),
    81: Refusal("invalid reference value", ROUTE, Action.MODEM),
    **_rows((OURS, (95, 96, 97, 99))),
    98: Refusal("not compatible with the protocol state", SOON, Action.MODEM, after=2),
    **_rows((UNSPECIFIED, (111, 127))),
    # --- TP-FCS, 128..255
    **_rows((Refusal("not supported by the service centre", NEVER), (128, 129, 130, 143, 160, 161, 175, 176))),
    **_rows((Refusal("alphabet or class not supported", ONCE_MORE), (144, 145, 159))),
    192: Refusal("service centre busy", LATER),
    193: _sim("no subscription at the service centre"),
    194: Refusal("service centre failure", LATER),
    195: Refusal("invalid address", NEVER),
    196: Refusal("destination barred", NEVER),
    197: Refusal("rejected as a duplicate", NEVER),
    **_rows((Refusal("validity period not supported", ONCE_MORE), (198, 199))),
    **_rows((FULL, (208, 211))),
    209: _sim("no message store on the SIM"),
    210: REINITIALISE,
    **_rows((BUSY, (212, 213))),
    255: UNSPECIFIED,
    # --- 27.005
    300: REINITIALISE,
    301: Refusal("the modem's SMS service is taken by another program", ROUTE, Action.MODEM),
    302: Refusal("not allowed now", ROUTE, Action.MODEM, after=3),
    303: Refusal("not supported by the modem", NEVER),
    304: Refusal("invalid PDU", ONCE_MORE, Action.MODEM),
    305: Refusal("the modem fell back to text mode", ROUTE, Action.MODEM),
    310: _sim("SIM not inserted"),
    **_rows((Refusal("SIM locked", ROUTE, Action.SIM), (311, 312, 316, 317, 318))),
    313: _sim("SIM failure"),
    314: Refusal("SIM busy", SOON),
    315: _sim("SIM wrong"),
    320: Refusal("message store failure", ROUTE, Action.MODEM),
    321: Refusal("no such slot", ROUTE),
    322: FULL,
    330: Refusal("service centre's number unknown", ROUTE, Action.CONFIGURATION),
    331: Refusal("no network", ROUTE, Action.NETWORK),
    332: Refusal("network timeout", LATER, may_be_duplicate=True),
    340: Refusal("no acknowledgement expected", ROUTE),
    341: REINITIALISE,
    342: Refusal("message too long for the modem", NEVER),
    500: UNKNOWN,
}

_WAVECOM: Mapping[int, Refusal] = {
    512: Refusal("radio link not established", SOON, may_be_duplicate=True),
    513: LOST,
    514: Refusal("congestion", SOON),
    515: Refusal("the modem is still starting or busy", ROUTE),
    531: Refusal("not among the SIM's fixed numbers", NEVER),
    **_rows((REINITIALISE, (517, 518, 519, 520, 526, 527, 528, 529, 532, 533))),
}

_CINTERION: Mapping[int, Refusal] = {
    **_rows((BUSY, (256, 258, 259, 261, 512, 522, 535, 640, 771))),
    **_rows((BARRED_SIM, (257, 262, 770, 772))),
    260: Refusal("not possible", NEVER),
    263: REINITIALISE,
    513: FULL,
    **_rows((OURS, (514, 515, 516, 517, 519, 520, 538, 549, 550, 551, 552, 553, 554))),
    521: LOST,
    532: Refusal("SIM not ready", SOON),
    **_rows((Refusal("network down", LATER), (615, 616))),
    **_rows((REINITIALISE, (767, 769))),
}

_MEDIATEK: Mapping[int, Refusal] = {
    512: BUSY,
    513: Refusal("wrong length", NEVER),
    514: Refusal("invalid request", NEVER),
    515: FULL,
    **_rows((OURS, (516, 517, 518, 519))),
    520: Refusal("too many parts at once", SOON),
    **_rows((REINITIALISE, (521, 522, 525, 526, 527))),
    528: Refusal("the kept link was lost", SOON),
    529: _sim("sending not allowed"),
    530: BUSY,
    531: FULL,
    532: Refusal("SIM refresh", SOON),
    2051: _sim("illegal mobile station"),
}

_UNKNOWN_FAMILY: Mapping[int, Refusal] = {
    code: Refusal("the maker's own code", SOON, may_be_duplicate=True) for code in (512, 513, 514, 515)
}

PRIVATE: Mapping[Family, Mapping[int, Refusal]] = {
    Family.UNKNOWN: _UNKNOWN_FAMILY,
    Family.WAVECOM: _WAVECOM,
    Family.CINTERION: _CINTERION,
    Family.MEDIATEK: _MEDIATEK,
}

CME: Mapping[int, Refusal] = {
    3: Refusal("not allowed now", ROUTE, Action.MODEM, after=3),
    4: Refusal("not supported by the modem", NEVER),
    **_rows((Refusal("SIM locked", ROUTE, Action.SIM), (5, 11, 12, 17, 18))),
    10: _sim("SIM not inserted"),
    13: _sim("SIM failure"),
    14: Refusal("SIM busy", SOON),
    15: _sim("SIM wrong"),
    16: _sim("wrong PIN"),
    20: FULL,
    **_rows((Refusal("no such slot", ROUTE), (21, 22))),
    23: REINITIALISE,
    30: Refusal("no network", ROUTE, Action.NETWORK),
    31: LOST,
    32: _sim("emergency calls only"),
    100: UNKNOWN,
    515: Refusal("the modem is still starting or busy", ROUTE),
    772: _sim("SIM powered down"),
}

_WORDS = {
    # What +CMEE=2 says instead of a number, letters only: some modems keep that setting whatever they are told.
    "nonetworkservice": ("CMS", 331),
    "networktimeout": ("CMS", 332),
    "unknownerror": ("CMS", 500),
    "unknown": ("CMS", 500),
    "mefailure": ("CMS", 300),
    "smsserviceofmereserved": ("CMS", 301),
    "operationnotallowed": ("CMS", 302),
    "operationnotsupported": ("CMS", 303),
    "invalidpdumodeparameter": ("CMS", 304),
    "invalidtextmodeparameter": ("CMS", 305),
    "simnotinserted": ("CMS", 310),
    "simpinrequired": ("CMS", 311),
    "simpinnecessary": ("CMS", 311),
    "phsimpinrequired": ("CMS", 312),
    "simfailure": ("CMS", 313),
    "simbusy": ("CMS", 314),
    "simwrong": ("CMS", 315),
    "simpukrequired": ("CMS", 316),
    "memoryfailure": ("CMS", 320),
    "invalidmemoryindex": ("CMS", 321),
    "memoryfull": ("CMS", 322),
    "smscaddressunknown": ("CMS", 330),
    "unassignedunallocatednumber": ("CMS", 1),
    "operatordeterminedbarring": ("CMS", 8),
    "callbarred": ("CMS", 10),
    "shortmessagetransferrejected": ("CMS", 21),
    "destinationoutofservice": ("CMS", 27),
    "destinationoutoforder": ("CMS", 27),
    "unidentifiedsubscriber": ("CMS", 28),
    "facilityrejected": ("CMS", 29),
    "unknownsubscriber": ("CMS", 30),
    "networkoutoforder": ("CMS", 38),
    "temporaryfailure": ("CMS", 41),
    "congestion": ("CMS", 42),
    "resourcesunavailable": ("CMS", 47),
    "requestedfacilitynotsubscribed": ("CMS", 50),
    "incorrectpassword": ("CME", 16),
    "emergencycallsonly": ("CME", 32),
}


def numbered(result: Result) -> Result:
    """Return ``result`` with the number its words stand for, where they are known."""
    if result.code is not None or not result.text:
        return result
    known = _WORDS.get(re.sub(r"[^a-z]", "", result.text.lower()))
    return Result(known[0], known[1], result.text) if known and result.kind != "ERROR" else result


def classify(result: Result, family: Family = Family.UNKNOWN) -> tuple[str, Refusal]:
    """Return the code by which people know a refusal (``CMS 38``) and what it means from a modem of ``family``."""
    said = numbered(result)
    name = str(said)
    if said.kind == "ERROR":
        return name, BARE
    if said.code is None:
        return name, replace(UNKNOWN, meaning=said.text or UNKNOWN.meaning)
    if said.kind == "CME":
        return name, CME.get(said.code, UNKNOWN)
    return name, PRIVATE[family].get(said.code) or CMS.get(said.code) or _unlisted(said.code)


def _unlisted(code: int) -> Refusal:
    """Judge a code that no table names, by the range it stands in."""
    if code < 128:
        return UNSPECIFIED
    if 224 <= code < 255:
        return Refusal("application specific", ONCE_MORE)
    if code < 256:
        return UNSPECIFIED
    if code < 512:
        return UNKNOWN
    return Refusal("the maker's own code", LATER, Action.MODEM, after=3)
