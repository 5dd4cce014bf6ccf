"""A modem, its SIM and its network, judged: by what the running daemon says of them, or by a look of our own.

Knows which state, or which answer, means what to a person, and what helps. Both ways of looking end in one ``View``, so
that the same trouble is told in the same words. Refuses to talk to modems.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smsd.config import Modem
from smsd.doctor.finding import Check, Finding, bad, fine, worth_a_look
from smsd.routes.modem import CardState, Examination

__all__ = ["NEARLY_FULL", "View", "judge", "of_examination", "of_route"]

NEARLY_FULL = 0.7
"""The daemon empties the store at once: when it is this full, somebody else writes to it, or nobody sweeps."""
WEAK = -105
"""dBm at which sending begins to fail (27.007 §8.5: -113 is the least that is told)."""

_SIM_STATES = {CardState.ABSENT.value, CardState.PIN_NEEDED.value, "sim-busy"}
_RECOVERING = {
    "opening": "the daemon is opening the modem",
    "initialising": "the daemon is making the modem ready",
    "recovering": "the modem failed and is being made ready again",
    "resetting": "the modem failed and is being restarted",
}


@dataclass(frozen=True, slots=True)
class View:
    """How a modem is. ``state`` is the route's own word, ``ready`` included; ``None`` stands for what is not known."""

    name: str
    state: str
    detail: str
    model: str = ""
    service_centre: str | None = None
    registered: bool | None = None
    registration: str = ""
    operator: str = ""
    signal: int | None = None
    slots: tuple[int, int] | None = None
    hints: bool | None = None
    pdu_mode: bool = True
    taken_directly: bool = False
    uncured: str = ""


def of_route(row: Mapping[str, Any]) -> View:
    """Return a modem as the daemon sees it: ``row`` is the route's, as ``Store.routes`` returns it."""
    facts = row["facts"]
    begun = bool(facts.get("registration")) and row["state"] in {"ready", "not-registered", "suspended", "recovering"}
    return View(
        name=row["name"],
        state=row["state"],
        detail=row["detail"],
        model=_model(facts.get("manufacturer"), facts.get("model")),
        service_centre=facts.get("service_centre") if begun else None,
        registered=row["state"] != "not-registered" if begun else None,
        registration=str(facts.get("registration") or ""),
        operator=str(facts.get("operator") or ""),
        signal=facts.get("signal"),
        slots=(facts["slots_used"], facts["slots_total"]) if facts.get("slots_total") else None,
        hints=facts.get("hints") if begun else None,
        uncured=str(facts.get("alarm") or ""),
    )


def of_examination(name: str, seen: Examination) -> View:
    """Return a modem as our own look found it."""
    ready = seen.card.state is CardState.READY
    state = ("ready" if seen.registered else "not-registered") if ready else seen.card.state.value
    return View(
        name=name,
        state="sim-busy" if seen.card.state is CardState.BUSY else state,
        detail=seen.card.detail or seen.registration,
        model=_model(seen.identity.manufacturer, seen.identity.model),
        service_centre=seen.service_centre,
        registered=seen.registered,
        registration=seen.registration,
        operator=seen.operator,
        signal=seen.signal,
        slots=seen.slots,
        hints=seen.hints,
        pdu_mode=seen.pdu_mode,
        taken_directly=seen.taken_directly,
    )


def judge(view: View, modem: Modem, *, live: bool) -> Iterator[Finding]:
    """Say what is wrong with a modem; ``live``: a daemon drives it."""
    if view.state in _SIM_STATES:
        yield _sim(view, modem, live=live)
        return
    if view.registered is None:
        yield _not_begun(view)
        return
    yield from _service_centre(view, modem)
    if view.registered:
        yield fine(Check.REGISTRATION, view.name, _network(view))
    else:
        yield bad(
            Check.REGISTRATION,
            view.name,
            f"in no network: {view.registration or view.detail}",
            f"move the antenna; look whether the SIM is paid for and works in a phone; smsd modem show {view.name}",
        )
    if view.signal is not None and view.signal < WEAK:
        yield worth_a_look(Check.REGISTRATION, view.name, f"a weak signal, {view.signal} dBm", "move the antenna")
    yield from _slots(view)
    yield from _mode(view, live=live)
    if view.state not in {"ready", "not-registered"}:
        yield bad(
            Check.MODEM, view.name, f"{view.state}: {view.detail}", f"smsd modem show {view.name}; journalctl -u smsd"
        )
    elif not view.pdu_mode:
        yield bad(Check.MODEM, view.name, "it has no PDU mode (AT+CMGF=0): it cannot be used", "use another modem")
    elif view.uncured:
        cure = f"smsd modem show {view.name} tells what was tried: docs/reference/cures.md"
        yield bad(Check.MODEM, view.name, f"no cure has helped: {view.uncured}", cure)
    else:
        yield fine(Check.MODEM, view.name, view.model or "answers")


def _sim(view: View, modem: Modem, *, live: bool) -> Finding:
    locked = view.state == CardState.PIN_NEEDED.value
    if locked and modem.pin_file is not None and not live and "for its PIN" in view.detail:
        return worth_a_look(
            Check.SIM, view.name, f"it asks for its PIN: the daemon enters the one in {modem.pin_file}", "smsd run"
        )
    if locked:
        key = f"[[modem]] {view.name}: pin_file"
        mend = (
            f"correct {modem.pin_file}"
            if modem.pin_file
            else f"write the PIN into a file of mode 0600 and name it as {key}"
        )
        never = "; a SIM that asks for a PUK is unlocked in a phone" if "PUK" in view.detail else ""
        return bad(Check.SIM, view.name, f"locked: {view.detail}", f"{mend}{never}")
    if view.state == CardState.ABSENT.value:
        return bad(
            Check.SIM,
            view.name,
            f"none: {view.detail}",
            "put a SIM in; some modems see it only after they are plugged in anew",
        )
    return bad(Check.SIM, view.name, f"not ready: {view.detail}", "wait a minute; then plug the modem out and in")


def _not_begun(view: View) -> Finding:
    """Tell of a modem that the daemon does not get on with far enough to know more."""
    if view.state in _RECOVERING:
        return worth_a_look(Check.MODEM, view.name, _RECOVERING[view.state], "smsd doctor, in a minute")
    if view.state.startswith("foreign-"):
        return bad(
            Check.MODEM,
            view.name,
            view.detail,
            f"is it the replacement? smsd modem adopt {view.name}; if not: unplug it",
        )
    port = view.state == "busy-port"
    cure = "sudo smsd doctor names the program" if port else "plug the modem out and in; journalctl -u smsd"
    return bad(Check.PORT if port else Check.MODEM, view.name, f"{view.state}: {view.detail}", cure)


def _service_centre(view: View, modem: Modem) -> Iterator[Finding]:
    if view.service_centre is None and not modem.smsc:
        return
    if view.service_centre or modem.smsc:
        yield fine(Check.SERVICE_CENTRE, view.name, modem.smsc or view.service_centre or "")
        return
    yield bad(
        Check.SERVICE_CENTRE,
        view.name,
        "the SIM names no service centre: nothing can be sent",
        f'ask the operator for its number and write [[modem]] {view.name}: smsc = "+7…"',
    )


def _network(view: View) -> str:
    told = [view.registration, f"operator {view.operator}" if view.operator else ""]
    told.append(f"{view.signal} dBm" if view.signal is not None else "")
    return ", ".join(filter(None, told))


def _slots(view: View) -> Iterator[Finding]:
    if view.slots is None:
        return
    used, total = view.slots
    told = f"{used} of {total} places for messages are used"
    if used / total >= NEARLY_FULL:
        yield worth_a_look(
            Check.SLOTS, view.name, f"{told}: a full store takes no more messages",
            "the daemon empties it: smsd run; if it runs, journalctl -u smsd",
        )  # fmt: skip
    else:
        yield fine(Check.SLOTS, view.name, told)


def _mode(view: View, *, live: bool) -> Iterator[Finding]:
    """Look at +CNMI: how the modem tells of new messages."""
    if view.hints is False:
        yield worth_a_look(
            Check.HINTS, view.name, "the modem does not tell of new messages: they are found every poll_seconds only",
            f"[[modem]] {view.name}: poll_seconds = 5",
        )  # fmt: skip
    elif view.taken_directly and not live:
        yield worth_a_look(
            Check.HINTS, view.name, "AT+CNMI stands at handing messages over unstored: those that come now are lost",
            "smsd run sets it to AT+CNMI=2,1,0,1,0",
        )  # fmt: skip
    elif view.hints:
        yield fine(Check.HINTS, view.name, "the modem tells of new messages")


def _model(manufacturer: object, model: object) -> str:
    return " ".join(str(each) for each in (manufacturer, model) if each)
