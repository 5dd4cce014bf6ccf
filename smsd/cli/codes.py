"""Codes in words: who says them, what they mean for the message, and what a person may do.

Knows that ``CMS 38`` is a modem's, ``SMPP 0x58`` a service centre's answer, ``ST 0x46`` and ``UNDELIV 001`` reports,
and asks the tables by which the program itself goes: what is said here is what it did. Refuses to guess: of a code
that nobody has written down it says nothing.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from smsd.routes.modem.results import Action, Refusal, classify
from smsd.routes.smpp.settings import ACTIONS
from smsd.routes.smpp.settings import Action as Meaning
from smsd.sms import Verdict
from smsd.wire.at import Result
from smsd.wire.smpp.tables import status_text
from smsd.wire.status import status_words

__all__ = ["explain", "spell"]

FUTURES: Final[Mapping[Verdict, str]] = {
    Verdict.SOON: "passing trouble, tried again within seconds",
    Verdict.LATER: "passing trouble that may last, tried again after minutes",
    Verdict.ONCE_MORE: "tried once more, then never",
    Verdict.NEVER: "it does not pass this way, however often it is tried",
    Verdict.ROUTE: "the route's own trouble, which costs the message no try",
}
ACTS: Final[Mapping[Action, str]] = {
    Action.NONE: "",
    Action.NETWORK: "nothing is sent until there is a network again",
    Action.CONFIGURATION: "look at the service centre's number: 'smsd doctor'",
    Action.SIM: "the SIM or its contract is at fault: try it in a phone, ask the operator",
    Action.MODEM: "the modem is made ready anew",
    Action.MEMORY: "the store is emptied first",
}
MEANINGS: Final[Mapping[Meaning, str]] = {
    Meaning.RETRY: "passing trouble, tried again within seconds",
    Meaning.THROTTLE: "too fast for the contract: sent more slowly, which costs the message no try",
    Meaning.SENDER: "the sender's name is refused: ask the operator to register it",
    Meaning.RECIPIENT: "the recipient is refused, and would be everywhere",
    Meaning.TEXT: "the text, or the way it is written, is refused",
    Meaning.ROUTE: "the bind's own trouble (no money, wrong state), which costs the message no try",
}
RECEIPTS: Final[Mapping[str, str]] = {
    "DELIV": "received by the recipient",
    "UNDEL": "it will never arrive",
    "EXPIR": "its validity period expired",
    "DELET": "deleted by the service centre",
    "REJEC": "rejected by the service centre or the network",
    "ACCEP": "accepted on the recipient's behalf, delivery not confirmed",
    "ENROU": "on its way",
    "SCHED": "scheduled, not tried yet",
    "SKIPP": "skipped by the service centre",
    "UNKNO": "the service centre does not know",
}
"""Words of receipts (SMPP 3.4 appendix B) by their first five letters: some write DELIVERED for DELIVRD."""
ROUTE_WORDS: Final[Mapping[str, str]] = {
    "modem": "the modem could not be asked at all",
    "prompt": "the modem did not ask for the message: nothing of it was written",
    "stopped": "the daemon was being stopped before anything was written",
    "PDU": "the message cannot be written as a PDU: its number or text is at fault",
    "text": "the text cannot be cut or opened: its key is gone, or it changed its length",
    "away": "there was no route to send it by",
    "not-registered": "there was no network: 'smsd doctor'",
}
"""What the program says itself where no modem and no centre has said anything."""
TEN_BITS = 512
ONE_OCTET = 256
TP_FCS = 128


def spell(code: str) -> str:
    """Say the code of a status report or receipt in words, and the code itself; a code nobody knows as it is."""
    if known := re.fullmatch(r"ST 0x([0-9A-Fa-f]{2})", code):
        return f"{status_words(int(known[1], 16))} ({code})"
    word = code.partition(" ")[0]
    if word.isupper() and (words := RECEIPTS.get(word[:5])):
        return f"{words} ({code})"
    return code


def explain(code: str | None) -> str:
    """Say who a refusal comes from and what follows from it; nothing for a code that nobody has written down."""
    if not code:
        return ""
    for form, words in _FORMS.items():
        if match := re.match(form, code):
            return words(match)
    return ROUTE_WORDS.get(code.partition(":")[0], "")


def _modem(match: re.Match[str]) -> str:
    kind, number = match[1], int(match[2])
    _, refusal = classify(Result(kind, number))
    return _joined(_origin(kind, number), FUTURES[refusal.verdict], _act(refusal))


def _origin(kind: str, number: int) -> str:
    if kind == "CME":
        return "the modem's own word (27.007)"
    if number < TP_FCS:
        return f"the network's word, RP cause {number} (24.011)"
    if number < ONE_OCTET:
        return f"the service centre's word, TP-FCS 0x{number:02X} (23.040)"
    return "the modem's own word (27.005)" if number < TEN_BITS else "a code of the modem's maker"


def _act(refusal: Refusal) -> str:
    act = ACTS[refusal.action]
    if act and refusal.after > 1:
        whose = " to different numbers" if refusal.distinct else ""
        act = f"after {refusal.after} in a row{whose}: {act}"
    return _joined(act, "a message may have left all the same" if refusal.may_be_duplicate else "")


def _smpp(match: re.Match[str]) -> str:
    status = int(match[1], 16)
    meaning = ACTIONS.get(status)
    future = "tried once more, then never" if meaning is None else MEANINGS[meaning]
    return _joined(f"the service centre's answer: {status_text(status)}", future)


def _bare(_: re.Match[str]) -> str:
    return "the modem gives no reason; tried once more, then the modem is made ready anew"


_FORMS: Final[Mapping[str, Callable[[re.Match[str]], str]]] = {
    r"(CMS|CME) (\d{1,5})\b": _modem,
    r"SMPP 0x([0-9A-Fa-f]{1,8})\b": _smpp,
    r"ERROR\b": _bare,
}


def _joined(*words: str) -> str:
    return "; ".join(filter(None, words))
