"""An ESME's session with a service centre: SMPP 3.4 §2.2, §2.7 and §7.2, octets in and values out.

Knows sequence numbers, what waits for an answer and until when, the states of a session, and the requests it answers by
itself (enquire_link, unbind, what is not understood). Refuses to know sockets and the clock: octets come in by ``feed``
and wait to be written in ``outgoing``; the time is an argument, and ``deadline`` says when ``tick`` wants to be called.

Nothing but a broken header ends a session: an unknown command is answered with generic_nack, an unknown answer is told
as ``Stray``, and whatever stands in a body is its reader's business. What was asked when the session ends is told as
``Lost``, at once; whether it arrived, nobody can know. What was answered after its time is told as ``Late``.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from smsd.errors import PduError
from smsd.wire.smpp.pdu import Bind, Framer, MessageId, Pdu, QuerySm, ShortMessage
from smsd.wire.smpp.tables import RESPONSE, Command, Status

__all__ = [
    "LAST_SEQUENCE",
    "Answered",
    "Asked",
    "Bound",
    "Ended",
    "Event",
    "Late",
    "Lost",
    "Overdue",
    "Refused",
    "Session",
    "State",
    "Stray",
    "Timers",
]

LAST_SEQUENCE: Final = 0x7FFFFFFF
"""sequence_number runs from 1 to this (§5.1.4)."""
LATE_KEPT: Final = 10_000
"""How many requests given up are remembered in case their answers come after all."""
NEVER: Final = float("inf")

_BINDS = frozenset({Command.BIND_TRANSCEIVER, Command.BIND_TRANSMITTER, Command.BIND_RECEIVER})
_FOR_US = frozenset({Command.DELIVER_SM, Command.DATA_SM, Command.ALERT_NOTIFICATION})


class State(StrEnum):
    """Where a session stands."""

    UNBOUND = "unbound"
    BINDING = "binding"
    BOUND = "bound"
    UNBINDING = "unbinding"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Timers:
    """How long what may take, in seconds (§7.2)."""

    bind: float = 10.0
    """Until the answer to a bind."""
    response: float = 30.0
    """Until the answer to a submit or a query: then its end is not known, and its place in the window is free."""
    enquire: float = 30.0
    """Between two enquire_link, whatever else goes over the line: operators ask for between 10 s and 120 s."""
    enquire_least: float = 10.0
    """Between two of them at the least, whatever there is to ask: some operators forbid more."""
    enquire_answer: float = 9.5
    """Until the answer to it: then the link is dead, whatever TCP thinks. A silence is to be noticed 10 s after it."""
    unbind: float = 5.0
    """Until the answer to unbind."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The service centre has let us in; ``pdu`` is its answer."""

    pdu: Pdu


@dataclass(frozen=True, slots=True)
class Refused:
    """The service centre has not let us in: ``pdu.command_status`` says why."""

    pdu: Pdu


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to the request ``command_id`` that bore ``tag``: its own response, or a generic_nack."""

    tag: int
    command_id: int
    pdu: Pdu


@dataclass(frozen=True, slots=True)
class Overdue:
    """No answer has come in time; one that comes later will be told as ``Late``."""

    tag: int
    command_id: int


@dataclass(frozen=True, slots=True)
class Late:
    """The answer to a request that was ``Overdue``."""

    tag: int
    command_id: int
    pdu: Pdu


@dataclass(frozen=True, slots=True)
class Lost:
    """The session ended before the answer."""

    tag: int
    command_id: int


@dataclass(frozen=True, slots=True)
class Asked:
    """deliver_sm, data_sm (to be answered with ``Session.answer``) or alert_notification (not to be answered)."""

    pdu: Pdu


@dataclass(frozen=True, slots=True)
class Stray:
    """Something that belongs to nothing; ``why`` says what. It has been dealt with."""

    pdu: Pdu
    why: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over: write what is in ``outgoing`` and close the connection."""

    reason: str


Event = Bound | Refused | Answered | Overdue | Late | Lost | Asked | Stray | Ended


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A request on the way; ``ordinal`` is its place among all requests of this session."""

    tag: int
    command_id: int
    deadline: float
    ordinal: int


class Session:
    """One session of one connection; ``window`` is how many submits may be without an answer at a time."""

    def __init__(self, timers: Timers | None = None, *, window: int = 10, first_sequence: int = 1) -> None:
        self.state = State.UNBOUND
        self.deadline = NEVER
        """When ``tick`` wants to be called, at the latest; calling it earlier does no harm."""
        self.made = 0
        """How many requests have been made."""
        self.heard = 0
        """The last of them that was answered: the other side has read everything written before it."""
        self._timers = timers or Timers()
        self._window = window
        self._next = first_sequence
        self._framer = Framer()
        self._pending: dict[int, _Waiting] = {}
        self._late: OrderedDict[int, _Waiting] = OrderedDict()
        self._submits = 0
        self._enquire_at = self._enquired_at = NEVER
        self._outgoing = bytearray()

    # --- what is known ------------------------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """Whether the session has ended."""
        return self.state is State.CLOSED

    @property
    def room(self) -> int:
        """How many submits may be made now: none unless bound."""
        return max(0, self._window - self._submits) if self.state is State.BOUND else 0

    @property
    def in_flight(self) -> int:
        """How many submits are without an answer."""
        return self._submits

    def outgoing(self) -> bytes:
        """Take the octets that wait to be written."""
        octets = bytes(self._outgoing)
        self._outgoing.clear()
        return octets

    # --- away from us -------------------------------------------------------------------------------------------------

    def bind(self, command: Command, bind: Bind, now: float) -> None:
        """Ask to be let in as what ``command`` says. Raises ``PduError`` when the bind cannot be written."""
        self._request(command, bind.encode(), 0, now + self._timers.bind)
        self.state = State.BINDING

    def submit(self, message: ShortMessage, tag: int, now: float) -> None:
        """Submit a message; ``tag`` is handed back with what becomes of it.

        Whoever submits looks at ``room`` first. Raises ``PduError`` when the message cannot be written, and
        ``RuntimeError`` when there is no room.
        """
        if not self.room:
            raise RuntimeError(f"a submit to a session that is {self.state} with {self._submits} in flight")
        self._request(Command.SUBMIT_SM, message.encode(), tag, now + self._timers.response)
        self._submits += 1

    def query(self, query: QuerySm, tag: int, now: float) -> None:
        """Ask what became of a message. Raises ``PduError`` when its id cannot be written."""
        self._request(Command.QUERY_SM, query.encode(), tag, now + self._timers.response)

    def answer(self, asked: Pdu, status: int = Status.OK) -> None:
        """Answer a deliver_sm or data_sm; does nothing once the session is over, or for what takes no answer."""
        if self.state is State.CLOSED or asked.command_id == Command.ALERT_NOTIFICATION:
            return
        self._respond(asked, status, MessageId().encode())

    def confirm(self, now: float) -> None:
        """Ask soon, whatever else goes over the line, so that ``heard`` says of an answer that it was read."""
        if self.state is State.BOUND:
            self._enquire_at = min(self._enquire_at, max(now, self._enquired_at + self._timers.enquire_least))
            self.deadline = min(self.deadline, self._enquire_at)

    def unbind(self, now: float) -> None:
        """Say good-bye; does nothing unless bound."""
        if self.state is State.BOUND:
            self._request(Command.UNBIND, b"", 0, now + self._timers.unbind)
            self.state = State.UNBINDING

    def _request(self, command: Command, body: bytes, tag: int, deadline: float) -> None:
        while self._next in self._pending or self._next in self._late:
            self._next = self._next % LAST_SEQUENCE + 1
        sequence, self._next = self._next, self._next % LAST_SEQUENCE + 1
        # It is known before a single octet of it can leave: the answer may be faster than anything here.
        self.made += 1
        self._pending[sequence] = _Waiting(tag, command, deadline, self.made)
        self.deadline = min(self.deadline, deadline)
        self._outgoing += Pdu(command, Status.OK, sequence, body).octets

    def _respond(self, asked: Pdu, status: int, body: bytes = b"") -> None:
        self._outgoing += Pdu(asked.command_id | RESPONSE, status, asked.sequence_number, body).octets

    # --- towards us ---------------------------------------------------------------------------------------------------

    def feed(self, octets: bytes, now: float) -> list[Event]:
        """Take what came over the line and return what it says, in order."""
        events: list[Event] = []
        if self.state is State.CLOSED:
            return events
        try:
            for pdu in self._framer.feed(octets):
                events += self._response(pdu, now) if pdu.command_id & RESPONSE else self._requested(pdu)
                if self.over:
                    break
        except PduError as error:
            events += self.lost(f"a broken PDU came: {error}")
        return events

    def tick(self, now: float) -> list[Event]:
        """Look at the clock: tell what is overdue, ask whether the line is alive."""
        events: list[Event] = []
        for sequence in [number for number, waiting in self._pending.items() if waiting.deadline <= now]:
            waiting = self._pending[sequence]
            if waiting.command_id not in {Command.SUBMIT_SM, Command.QUERY_SM}:
                name = Command(waiting.command_id).name.lower()
                return [*events, *self.lost(f"{name} was not answered in time")]
            self._done(sequence)
            self._late[sequence] = waiting
            while len(self._late) > LATE_KEPT:
                self._late.popitem(last=False)
            events.append(Overdue(waiting.tag, waiting.command_id))
        if self._enquire_at <= now and self.state is State.BOUND:
            self._request(Command.ENQUIRE_LINK, b"", 0, now + self._timers.enquire_answer)
            self._enquired_at, self._enquire_at = now, now + self._timers.enquire
        self.deadline = min([self._enquire_at, *(waiting.deadline for waiting in self._pending.values())])
        return events

    def lost(self, reason: str) -> list[Event]:
        """Hear that the connection is gone, or give it up: everything asked is lost with it."""
        if self.state is State.CLOSED:
            return []
        self.state = State.CLOSED
        self.deadline = NEVER
        lost = [
            Lost(waiting.tag, waiting.command_id)
            for waiting in self._pending.values()
            if waiting.command_id in {Command.SUBMIT_SM, Command.QUERY_SM}
        ]
        self._pending.clear()
        self._submits = 0
        return [*lost, Ended(reason)]

    def _done(self, sequence: int) -> _Waiting | None:
        waiting = self._pending.pop(sequence, None)
        if waiting is not None and waiting.command_id == Command.SUBMIT_SM:
            self._submits -= 1
        return waiting

    def _response(self, pdu: Pdu, now: float) -> Iterable[Event]:
        sequence = pdu.sequence_number
        waiting = self._pending.get(sequence) or self._late.get(sequence)
        if waiting is None:
            return (Stray(pdu, "an answer to nothing that was asked"),)
        self.heard = max(self.heard, waiting.ordinal)
        if pdu.command_id not in (waiting.command_id | RESPONSE, Command.GENERIC_NACK):
            return (Stray(pdu, f"an answer of another kind than command 0x{waiting.command_id:08X} asks for"),)
        if self._late and self._late.pop(sequence, None) is not None:
            return (Late(waiting.tag, waiting.command_id, pdu),)
        self._done(sequence)
        if waiting.command_id in (Command.SUBMIT_SM, Command.QUERY_SM):
            return (Answered(waiting.tag, waiting.command_id, pdu),)
        return self._settled(waiting, pdu, now)

    def _settled(self, waiting: _Waiting, pdu: Pdu, now: float) -> Iterable[Event]:
        """Hear the answer to what the session asks for by itself."""
        if waiting.command_id in _BINDS:
            accepted = pdu.command_status == Status.OK and pdu.command_id != Command.GENERIC_NACK
            self.state = State.BOUND if accepted else State.UNBOUND
            if accepted:
                self._enquired_at, self._enquire_at = now - self._timers.enquire_least, now + self._timers.enquire
                self.deadline = self._enquire_at
            return (Bound(pdu) if accepted else Refused(pdu),)
        return self.lost("unbound") if waiting.command_id == Command.UNBIND else ()

    def _requested(self, pdu: Pdu) -> Iterator[Event]:
        command = pdu.command_id
        if command == Command.ENQUIRE_LINK:
            self._respond(pdu, Status.OK)
        elif command == Command.UNBIND:
            self._respond(pdu, Status.OK)
            yield from self.lost("the service centre unbinds")
        elif command in _FOR_US and self.state in {State.BOUND, State.UNBINDING}:
            yield Asked(pdu)
        elif command in _FOR_US:
            self._respond(pdu, Status.INCORRECT_BIND_STATUS)
            yield Stray(pdu, "a message before the bind was answered")
        elif command == Command.OUTBIND:
            self._nack(pdu, Status.INCORRECT_BIND_STATUS)
            yield Stray(pdu, "outbind: we bind to the service centre, never the other way round")
        else:
            self._nack(pdu, Status.INVALID_COMMAND_ID)
            yield Stray(pdu, f"command 0x{command:08X} is not for us")

    def _nack(self, pdu: Pdu, status: int) -> None:
        self._outgoing += Pdu(Command.GENERIC_NACK, status, pdu.sequence_number).octets
