"""A line to a simulator that runs by itself: one request a line, one line of JSON back.

A request is a verb and its words (``text +79161234567 CLIENT info``) or, for programs, the same as a JSON array. Knows
what a person or a test may do to network and modem from outside; refuses to know how it is done. ``help`` lists the
verbs.
"""

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import fields
from typing import Any, get_type_hints

from smsd.simulator.faults import Fault, Kind, Place
from smsd.simulator.modem import SimulatedModem
from smsd.simulator.network import Message, Submission
from smsd.simulator.sim import Status
from smsd.simulator.smsc import SimulatedSmsc
from smsd.simulator.troubles import Injected, Trouble

__all__ = ["Control"]

WAIT_SECONDS = 10.0
_TROUBLE: dict[str, Callable[[str], Any]] = {
    "times": lambda text: _within(int(text), 1_000_000, "times"),
    "code": lambda text: _within(int(text, 0), 0xFFFFFFFF, "code"),
    "seconds": lambda text: _within(float(text), 86_400.0, "seconds"),
}
"""What a trouble is told, and how it is read."""


class Control:
    """What may be asked of ``modem``, its network and ``centre``, the operator's SMPP, if there is one.

    ``stopped`` is set by ``quit``.
    """

    def __init__(self, modem: SimulatedModem, centre: SimulatedSmsc | None = None) -> None:
        self.modem = modem
        self.centre = centre
        self._away = False
        self.stopped = asyncio.Event()
        self._verbs: dict[str, Callable[..., Any]] = {
            name.removeprefix("do_"): getattr(self, name) for name in dir(self) if name.startswith("do_")
        }

    # --- what may be asked --------------------------------------------------------------------------------------------

    def do_text(self, number: str, body: str) -> None:
        """Send BODY from the phone NUMBER to the service."""
        self.modem.network.phone(number).text(body)

    def do_screen(self, number: str) -> list[dict[str, object]]:
        """Show the screen of the phone NUMBER."""
        return [_message(message) for message in self.modem.network.phone(number).screen]

    async def do_wait(self, number: str, messages: str, seconds: str = str(WAIT_SECONDS)) -> list[dict[str, object]]:
        """Wait until the phone NUMBER shows so many MESSAGES."""
        shown = await self.modem.network.phone(number).wait_for(int(messages), float(seconds))
        return [_message(message) for message in shown]

    def do_reachable(self, number: str, yes: str) -> None:
        """Switch the phone NUMBER on (1) or off (0)."""
        self.modem.network.phone(number).reachable = yes == "1"

    def do_sent(self) -> list[dict[str, object]]:
        """List every part the network took, in order."""
        return [_submission(submission) for submission in self.modem.network.submissions]

    async def do_wait_sent(self, parts: str, seconds: str = str(WAIT_SECONDS)) -> list[dict[str, object]]:
        """Wait until the network took so many PARTS."""
        taken = await self.modem.network.wait_for_submissions(int(parts), float(seconds))
        return [_submission(submission) for submission in taken]

    def do_count(self) -> dict[str, int]:
        """Count the parts that were taken, are in the air, wait for a free slot."""
        network = self.modem.network
        return {
            "sent": len(network.submissions),
            "in_air": self.modem.in_air,
            "most_in_air": self.modem.most_in_air,
            "waiting": network.waiting(self.modem.sim.number),
        }

    def do_typed(self) -> list[dict[str, str]]:
        """List every command line a program typed."""
        return [{"at": typed.at.isoformat(), "line": typed.line} for typed in self.modem.typed]

    def do_sim(self) -> dict[str, object]:
        """Show what is on the SIM and in the modem's memories."""
        modem = self.modem
        return {
            "state": modem.sim.state,
            "last_reference": modem.sim.last_reference,
            "pin_tries": modem.sim.pin_tries,
            "memories": {
                name: {index: [int(kept.status), kept.octets.hex().upper()] for index, kept in memory.stored.items()}
                for name, memory in modem.memories.items()
            },
        }

    def do_store(self, memory: str, pdu: str, status: str = "0") -> int | None:
        """Put a PDU into a MEMORY as it is and say its index."""
        return self.modem.memories[memory].put(bytes.fromhex(pdu), Status(int(status)))

    def do_inject(self, kind: str, *parameters: str) -> None:
        """Let a fault of this KIND happen: at=+CMGS times=1 place=result code=38 seconds=0.5 octets=TEXT."""
        hints = get_type_hints(Fault)
        values: dict[str, Any] = {}
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name not in {field.name for field in fields(Fault)}:
                raise ValueError(f"a fault has no {name}")
            values[name] = value.encode("utf-8", "surrogateescape") if hints[name] is bytes else hints[name](value)
        if "place" in values:
            values["place"] = Place(values["place"])
        self.modem.inject(Fault(Kind(kind), **values))

    def do_clear(self) -> None:
        """Forget all faults and troubles, and let the network deliver again."""
        self.modem.faults.clear()
        self.modem.network.report_status = self.modem.network.name_status = 0
        if self.centre is not None:
            self.centre.troubles.cure()

    async def do_operator(self, state: str) -> None:
        """Take the operator's service centre away, bring it back, or let it take everything and say nothing (mute)."""
        centre = self._operator()
        if state not in ("away", "back", "mute"):
            raise ValueError("an operator is away, back or mute")
        centre.mute = state == "mute"
        if state == "away":
            await centre.kill()
        elif self._away:
            await centre.start()
        self._away = state == "away"

    def do_trouble(self, kind: str, *parameters: str) -> None:
        """Let the operator's next submit fare so: status code=0x0A (refused), no_answer, late seconds=40; times=1."""
        values: dict[str, Any] = {}
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name not in _TROUBLE:
                raise ValueError(f"a trouble has no {name}; it has {', '.join(_TROUBLE)}")
            values[name] = _TROUBLE[name](value)
        if kind not in set(Trouble):
            raise ValueError(f"an operator has no trouble {kind!r}; there are {', '.join(Trouble)}")
        self._operator().troubles.inject(Injected(Trouble(kind), **values))

    def do_report(self, status: str) -> None:
        """Let the network report every later part so: 0 delivered, from 64 on never (and on no phone)."""
        self.modem.network.report_status = _octet(status)

    def do_block(self, code: str) -> None:
        """Let the operator take what comes under a name and report it so, 254 or 219 (and on no phone); 0: no more."""
        self.modem.network.name_status = _octet(code)

    def _operator(self) -> SimulatedSmsc:
        if self.centre is None:
            raise ValueError("there is no operator here: start the simulator with --smsc PORT")
        return self.centre

    def do_unplug(self, seconds: str = "") -> None:
        """Pull the modem out; it is back after SECONDS, if given."""
        self.modem.unplug(returns_after=float(seconds) if seconds else None)

    def do_plug(self, link: str = "") -> str:
        """Plug the modem in again, under the same link or another, and say where."""
        self.modem.plug(link or None)
        return self.modem.path

    def do_registration(self, stat: str) -> None:
        """Set <stat> of +CREG."""
        self.modem.registration = int(stat)

    def do_radio(self, seconds: str) -> None:
        """Set how long a part is in the air."""
        self.modem.radio_seconds = float(seconds)

    def do_say(self, line: str) -> None:
        """Let the modem say a LINE of its own accord."""
        self.modem.unsolicited(line)

    def do_path(self) -> str:
        """Say where the modem is."""
        return self.modem.path

    def do_quit(self) -> None:
        """End the simulator."""
        self.stopped.set()

    def do_help(self) -> dict[str, str]:
        """Say this."""
        return {name: f"{inspect.signature(verb)} {verb.__doc__}" for name, verb in self._verbs.items()}

    # --- the line -----------------------------------------------------------------------------------------------------

    async def answer(self, line: str) -> str:
        """Carry out one request; whatever is wrong with it comes back as ``{"error": …}``."""
        try:
            verb, *words = self._words(line)
            self._see_that_it_fits(verb, words)
            result = self._verbs[verb](*words)
            if inspect.isawaitable(result):
                result = await result
        except KeyError as error:
            return json.dumps({"error": f"{error}: say help for what can be asked"})
        except (ValueError, TypeError, TimeoutError, OSError) as error:
            return json.dumps({"error": f"{type(error).__name__}: {error}"}, ensure_ascii=False)
        return json.dumps(result, ensure_ascii=False)

    def _see_that_it_fits(self, verb: str, words: list[str]) -> None:
        """Raise ``ValueError`` with what a verb wants where the words are too few or too many."""
        signature = inspect.signature(self._verbs[verb])
        try:
            signature.bind(*words)
        except TypeError:
            wanted = " ".join(name.upper() for name in signature.parameters)
            raise ValueError(f"write {verb} {wanted}".rstrip() + f": {self._verbs[verb].__doc__}") from None

    def _words(self, line: str) -> list[str]:
        if line.startswith("["):
            return [str(word) for word in json.loads(line)]
        verb = line.split(None, 1)[0]
        parameters = len(inspect.signature(self._verbs[verb]).parameters) if verb in self._verbs else 0
        if parameters and verb not in ("inject", "trouble"):
            # The last parameter takes the rest of the line, so that a text may hold spaces.
            return line.split(None, parameters)
        return line.split()

    async def converse(self, reader: asyncio.StreamReader, write: Callable[[bytes], Awaitable[None]]) -> None:
        """Answer line by line until the other side has enough."""
        while not self.stopped.is_set() and (line := await reader.readline()):
            if text := line.decode("utf-8", "surrogateescape").strip():
                with suppress(ConnectionError):
                    await write((await self.answer(text)).encode("utf-8", "surrogateescape") + b"\n")


def _within(value: Any, most: Any, name: str) -> Any:
    if not 0 <= value <= most:
        raise ValueError(f"{name} is from 0 to {most}, not {value}")
    return value


def _octet(text: str) -> int:
    value = int(text, 0)
    if not 0 <= value <= 255:
        raise ValueError("one octet: 0 to 255")
    return value


def _message(message: Message) -> dict[str, object]:
    return {"sender": message.sender, "text": message.text, "at": message.at.isoformat(), "parts": message.parts}


def _submission(submission: Submission) -> dict[str, object]:
    place = submission.user_data.concatenation
    return {
        "number": submission.number,
        "at": submission.at.isoformat(),
        "sender": submission.sender,
        "recipient": submission.recipient,
        "text": submission.user_data.text,
        "reference": submission.reference,
        "concatenation": None if place is None else place.reference,
        "part": 1 if place is None else place.sequence,
        "total": 1 if place is None else place.total,
    }
