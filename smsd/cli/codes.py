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
from smsd.speech import N_, _, said
from smsd.wire.at import Result
from smsd.wire.smpp.tables import status_text
from smsd.wire.status import status_words

__all__ = ["explain", "spell"]

FUTURES: Final[Mapping[Verdict, str]] = {
    Verdict.SOON: N_("passing trouble, tried again within seconds"),
    Verdict.LATER: N_("passing trouble that may last, tried again after minutes"),
    Verdict.ONCE_MORE: N_("tried once more, then never"),
    Verdict.NEVER: N_("it does not pass this way, however often it is tried"),
    Verdict.ROUTE: N_("the route's own trouble, which costs the message no try"),
}
ACTS: Final[Mapping[Action, str]] = {
    Action.NONE: "",
    Action.NETWORK: N_("nothing is sent until there is a network again"),
    Action.CONFIGURATION: N_("look at the service centre's number: 'smsd doctor'"),
    Action.SIM: N_("the SIM or its contract is at fault: try it in a phone, ask the operator"),
    Action.MODEM: N_("the modem is made ready anew"),
    Action.MEMORY: N_("the store is emptied first"),
}
MEANINGS: Final[Mapping[Meaning, str]] = {
    Meaning.RETRY: N_("passing trouble, tried again within seconds"),
    Meaning.THROTTLE: N_("too fast for the contract: sent more slowly, which costs the message no try"),
    Meaning.SENDER: N_("the sender's name is refused: ask the operator to register it"),
    Meaning.RECIPIENT: N_("the recipient is refused, and would be everywhere"),
    Meaning.SIM_SWAPPED: N_("the recipient's SIM was replaced: passwords to that number are held, 'smsd client held'"),
    Meaning.TEXT: N_("the text, or the way it is written, is refused"),
    Meaning.ROUTE: N_("the bind's own trouble (no money, wrong state), which costs the message no try"),
}
UNKNOWN: Final = N_("tried once more, then never, unless the bind's own table says otherwise")
RECEIPTS: Final[Mapping[str, str]] = {
    "DELIV": N_("received by the recipient"),
    "UNDEL": N_("it will never arrive"),
    "EXPIR": N_("its validity period expired"),
    "DELET": N_("deleted by the service centre"),
    "REJEC": N_("rejected by the service centre or the network"),
    "ACCEP": N_("accepted on the recipient's behalf, delivery not confirmed"),
    "ENROU": N_("on its way"),
    "SCHED": N_("scheduled, not tried yet"),
    "SKIPP": N_("skipped by the service centre"),
    "UNKNO": N_("the service centre does not know"),
}
"""Words of receipts (SMPP 3.4 appendix B) by their first five letters: some write DELIVERED for DELIVRD."""
ROUTE_WORDS: Final[Mapping[str, str]] = {
    "modem": N_("the modem could not be asked at all"),
    "prompt": N_("the modem did not ask for the message: nothing of it was written"),
    "stopped": N_("the daemon was being stopped before anything was written"),
    "PDU": N_("the message cannot be written as a PDU: its number or text is at fault"),
    "text": N_("the text cannot be cut or opened: its key is gone, or it changed its length"),
    "away": N_("there was no route to send it by"),
    "not-registered": N_("there was no network: 'smsd doctor'"),
}
"""What the program says itself where no modem and no centre has said anything."""
TEN_BITS = 512
ONE_OCTET = 256
TP_FCS = 128


def spell(code: str) -> str:
    """Say the code of a status report or receipt in words, and the code itself; a code nobody knows as it is."""
    if known := re.fullmatch(r"ST 0x([0-9A-Fa-f]{2})", code):
        return f"{said(status_words(int(known[1], 16)))} ({code})"
    word = code.partition(" ")[0]
    if word.isupper() and (words := RECEIPTS.get(word[:5])):
        return f"{_(words)} ({code})"
    return said(code)


def explain(code: str | None) -> str:
    """Say who a refusal comes from and what follows from it; nothing for a code that nobody has written down."""
    if not code:
        return ""
    for form, words in _FORMS.items():
        if match := re.match(form, code):
            return words(match)
    return _(ROUTE_WORDS.get(code.partition(":")[0], ""))


def _modem(match: re.Match[str]) -> str:
    kind, number = match[1], int(match[2])
    refusal = classify(Result(kind, number))[1]
    return _joined(_origin(kind, number), _(FUTURES[refusal.verdict]), _act(refusal))


def _origin(kind: str, number: int) -> str:
    if kind == "CME":
        return _("the modem's own word (27.007)")
    if number < TP_FCS:
        return _("the network's word, RP cause {n} (24.011)").format(n=number)
    if number < ONE_OCTET:
        return _("the service centre's word, TP-FCS {code} (23.040)").format(code=f"0x{number:02X}")
    return _("the modem's own word (27.005)") if number < TEN_BITS else _("a code of the modem's maker")


def _act(refusal: Refusal) -> str:
    act = _(ACTS[refusal.action]) if ACTS[refusal.action] else ""
    if act and refusal.after > 1:
        after = (
            _("after {n} in a row to different numbers: {act}") if refusal.distinct else _("after {n} in a row: {act}")
        )
        act = after.format(n=refusal.after, act=act)
    return _joined(act, _("a message may have left all the same") if refusal.may_be_duplicate else "")


def _smpp(match: re.Match[str]) -> str:
    status = int(match[1], 16)
    meaning = ACTIONS.get(status)
    future = UNKNOWN if meaning is None else MEANINGS[meaning]
    answer = _("the service centre's answer: {words}").format(words=said(status_text(status)))
    return _joined(answer, _(future))


def _bare(_match: re.Match[str]) -> str:
    return _("the modem gives no reason; tried once more, then the modem is made ready anew")


_FORMS: Final[Mapping[str, Callable[[re.Match[str]], str]]] = {
    r"(CMS|CME) (\d{1,5})\b": _modem,
    r"SMPP 0x([0-9A-Fa-f]{1,8})\b": _smpp,
    r"ERROR\b": _bare,
}


def _joined(*words: str) -> str:
    return "; ".join(filter(None, words))
