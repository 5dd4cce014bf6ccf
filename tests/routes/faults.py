"""Modems that are sick until something is done about it: each fault with what makes it and what shows it.

Every scenario is run by ``test_modem_cures``, whose finding is the table of docs/reference/cures.md.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from smsd.routes.modem import ModemRoute
from smsd.simulator import Fault, Kind, Remedy, SimulatedModem, Status
from smsd.sms import Sent
from tests.routes.house import Ledger, part

__all__ = ["SCENARIOS", "Scenario", "Stage"]

FOR_EVER = 0
RADIO, RESTART, POWER = Remedy.RADIO, Remedy.RESTART, Remedy.POWER


@dataclass(frozen=True, slots=True)
class Stage:
    """What a scenario plays on."""

    modem: SimulatedModem
    route: ModemRoute
    ledger: Ledger

    def lasting(self, kind: Kind, at: str = "", until: int = FOR_EVER, **more: int | bytes) -> None:
        """Let something go wrong until it is cured."""
        self.modem.inject(Fault(kind, at, times=0, until=until, **more))  # type: ignore[arg-type]

    @property
    def well(self) -> bool:
        """Whether the modem is there and ready and nothing is known to be wrong.

        One that has just gone away, as a restart makes it, is called ready until the loop has heard the hang-up.
        """
        status = self.route.status
        return self.modem.plugged and status.state == "ready" and not status.facts.get("troubles")


Act = Callable[[Stage], Coroutine[Any, Any, None]]


async def nothing(_stage: Stage) -> None:
    """Do nothing: the fault shows by itself."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fault in words, what makes it (before the start, or after), and what a person or a client does then.

    ``by_hand``: what a person does after the alarm. ``harmless``: no trouble comes of it.
    """

    name: str
    make: Act
    act: Act = nothing
    at_start: bool = False
    by_hand: Act | None = None
    harmless: bool = False


def unregistered(until: int) -> Act:
    """Let the modem find no network."""

    async def make(stage: Stage) -> None:
        for name in ("+CREG", "+CGREG", "+CEREG"):
            stage.lasting(Kind.CANNED, f"{name}?", until, octets=f"{name}: 1,2".encode())
        stage.modem.unsolicited("+CREG: 2")

    return make


def card_says(code: int, until: int) -> Act:
    """Let the card be busy (14) or out (10)."""

    async def make(stage: Stage) -> None:
        stage.lasting(Kind.REFUSE, "+CPIN?", until, cme=code)

    return make


async def put_the_card_in(stage: Stage) -> None:
    """End what no cure ends, as a person does."""
    stage.modem.faults.clear()


def stores_refused(until: int) -> Act:
    """Let the modem lose its stores."""

    async def make(stage: Stage) -> None:
        stage.lasting(Kind.REFUSE, '+CPMS="', until, code=302)

    return make


def text_only(until: int) -> Act:
    """Let the modem refuse PDU mode."""

    async def make(stage: Stage) -> None:
        stage.lasting(Kind.REFUSE, "+CMGF=0", until)

    return make


async def drop_hints(stage: Stage) -> None:
    """Let the modem forget +CNMI, as some do when they change the network."""
    stage.modem.settings.indications = [0, 0, 0, 0, 0]


async def keep_dropping_hints(stage: Stage) -> None:
    """Let the modem say yes to +CNMI and keep nothing."""
    stage.lasting(Kind.CANNED, "+CNMI?", RESTART, octets=b"+CNMI: 0,0,0,0,0")


async def fill_with_drafts(stage: Stage) -> None:
    """Fill the SIM with messages that somebody stored for sending."""
    memory = stage.modem.memories["SM"]
    for _ in range(memory.slots - 2):
        memory.put(b"\x00", Status.SENT)


async def fill_with_rubbish(stage: Stage) -> None:
    """Fill the SIM with PDUs that nobody can read."""
    memory = stage.modem.memories["SM"]
    for number in range(memory.slots):
        memory.put(bytes([0, 0x04, number]))


async def empty_the_card(stage: Stage) -> None:
    """Delete the drafts, in a phone."""
    memory = stage.modem.memories["SM"]
    memory.remove(list(memory.stored))


def mute(until: int) -> Act:
    """Let the modem answer nothing."""

    async def make(stage: Stage) -> None:
        stage.lasting(Kind.SILENT, "", until)

    return make


def mute_about(command: str, until: int) -> Act:
    """Let the modem answer everything but one command, when it is asked to get ready."""

    async def make(stage: Stage) -> None:
        stage.modem.unplug(returns_after=0.05)
        stage.lasting(Kind.SILENT, command, until)

    return make


async def hang(stage: Stage) -> None:
    """Let the firmware crash: nothing is read from the port."""
    stage.modem.inject(Fault(Kind.HUNG))


async def swallow(stage: Stage) -> None:
    """Let the modem await a text, without a prompt and deaf to ESC."""
    stage.lasting(Kind.NO_PROMPT, "+CMGS", POWER)
    stage.lasting(Kind.DEAF_TO_ESC, "", POWER)


async def send_once(stage: Stage) -> None:
    """Try to send."""
    await stage.route.submit(part())


def refuse_all(until: int) -> Act:
    """Let the modem refuse every message for a fault of its own."""

    async def make(stage: Stage) -> None:
        stage.lasting(Kind.REFUSE, "+CMGS", until, code=300)

    return make


async def send_until_sent(stage: Stage) -> None:
    """Try to send until it works, as the queue does."""
    while not isinstance(await stage.route.submit(part()), Sent):  # noqa: ASYNC110  the queue has its times
        await asyncio.sleep(0.02)


def deaf(remedy: int) -> Act:
    """Let the modem answer all commands and receive nothing."""

    async def make(stage: Stage) -> None:
        stage.lasting(Kind.REFUSE, "+NEVER", remedy)  # it is there until it is cured, and does nothing itself

    return make


async def test_itself(stage: Stage) -> None:
    """Let a self-test find that nothing comes through, until it does."""
    while stage.modem.faults:
        stage.route.suspect("a text to the own number did not come back")
        await asyncio.sleep(0.02)
    stage.route.delivers()


SCENARIOS = (
    Scenario("finds no network until its radio is turned off and on", unregistered(RADIO)),
    Scenario("finds no network until it is restarted", unregistered(RESTART)),
    Scenario("finds no network until its power goes", unregistered(POWER)),
    Scenario("SIM busy until the radio is turned off and on", card_says(14, RADIO), at_start=True),
    Scenario("SIM busy until the modem is restarted", card_says(14, RESTART), at_start=True),
    Scenario("SIM put in while the modem ran, seen after a restart only", card_says(10, RESTART), at_start=True),
    Scenario("SIM out", card_says(10, FOR_EVER), at_start=True, by_hand=put_the_card_in),
    Scenario("SIM full of messages stored for sending", fill_with_drafts, at_start=True, by_hand=empty_the_card),
    Scenario("SIM full of what nobody can read", fill_with_rubbish, at_start=True, harmless=True),
    Scenario("message stores lost until the radio is turned off and on", stores_refused(RADIO)),
    Scenario("message stores lost until the modem is restarted", stores_refused(RESTART)),
    Scenario("forgets that it is to tell of new messages (+CNMI)", drop_hints),
    Scenario("forgets +CNMI whatever is said, until it is restarted", keep_dropping_hints),
    Scenario("refuses every message until its radio is turned off and on", refuse_all(RADIO), send_until_sent),
    Scenario("answers, and delivers nothing until it is restarted", deaf(RESTART), test_itself),
    Scenario("answers nothing any more, until its power goes", mute(POWER)),
    Scenario("firmware hung: takes nothing from the port", hang),
    Scenario("says who it is and nothing of its messages, until it is restarted", mute_about("+CPMS", RESTART)),
    Scenario("stuck in a prompt, deaf to ESC", swallow, send_once),
    Scenario("refuses PDU mode until it is restarted", text_only(RESTART), at_start=True),
    Scenario("knows text mode alone", text_only(FOR_EVER), at_start=True, by_hand=put_the_card_in),
)
