"""A service centre that speaks SMPP 3.4, behind the simulated network: binds, message ids, receipts and faults.

Knows the server's side of the standard and how the ``troubles`` of real centres are done. What ESMEs submit reaches the
network's phones under the sender they chose; what phones send to ``number`` is delivered over a bound receiver, again
and again until it is acknowledged. Refuses to know the daemon: any ESME is a stranger here.
"""

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final, Self

from smsd.errors import PduError
from smsd.simulator.network import Network, Report, Transfer
from smsd.simulator.place import hold
from smsd.simulator.receipts import receipt, state_of
from smsd.simulator.troubles import ON_ANSWER, ON_RECEIPT, Injected, Trouble, Troubles
from smsd.wire.address import INTERNATIONAL, Address
from smsd.wire.smpp.content import read_content, write_content
from smsd.wire.smpp.pdu import (
    Bind,
    BindResp,
    DataSm,
    Framer,
    MessageId,
    Outbind,
    Pdu,
    QuerySm,
    QuerySmResp,
    ShortMessage,
)
from smsd.wire.smpp.tables import RESPONSE, Command, MessageState, Status, Tag, Tlvs
from smsd.wire.userdata import Concatenation, UserData

__all__ = ["SimulatedSmsc"]

BINDS: Final = frozenset({Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER})
FIRST_ID: Final = 0xA0000
"""Ids have letters in hexadecimal from the beginning."""


@dataclass(slots=True)
class _Taken:
    """A message this centre has taken."""

    message: ShortMessage
    state: int = MessageState.ENROUTE


class SimulatedSmsc:
    """A service centre on ``host`` and ``port`` (0: any free one), in ``network``.

    ``number`` is what phones write to in order to reach its ESMEs. ``hexadecimal`` says how answers write message ids,
    ``receipts_hexadecimal`` how receipts do. ``latency`` is seconds before each answer to a submit, ``limit`` how many
    submits a second it takes before it says 0x58; ``echo`` whether receipts give user_message_reference back.
    """

    def __init__(
        self,
        network: Network,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        system_id: str = "scserv",
        password: str = "",
        number: str | None = None,
        hexadecimal: bool = False,
        receipts_hexadecimal: bool = False,
        latency: float = 0.0,
        limit: int = 0,
        echo: bool = True,
        retry_seconds: float = 0.05,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.network = network
        self.host = host
        self.port = port
        self.mute = False
        """Whether it takes connections and octets and never says anything."""
        self.latency = latency
        self.limit = limit
        self.submits: list[ShortMessage] = []
        """Every submit_sm that came, taken or not."""
        self.binds: list[tuple[int, Bind]] = []
        """Every bind that was accepted."""
        self.heard: list[Pdu] = []
        """Every PDU that came, submits excepted."""
        self.refused = 0
        """How many submits were refused for their speed."""
        self.most_outstanding = 0
        self._account = (system_id, password)
        self._number = number
        self._hexadecimal, self._receipts_hexadecimal = hexadecimal, receipts_hexadecimal
        self._echo, self._retry_seconds = echo, retry_seconds
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._place: socket.socket | None = None
        self.connections: list[_Connection] = []
        self.troubles = Troubles()
        self._taken: dict[str, _Taken] = {}
        self._ids = FIRST_ID
        self._to_deliver: deque[tuple[int, bytes]] = deque()
        self._second = (0.0, 0)
        self._news = asyncio.Event()

    # --- life ---------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()
        if self._place is not None:
            self._place.close()
            self._place = None

    async def start(self) -> None:
        """Listen; the port stays the same when it is started again, and nobody else gets it meanwhile."""
        if self._place is None:
            self._place = hold(self.host, self.port)
            self.port = self._place.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), self.host, self.port, ssl=self._tls)
        if self._number is not None:
            self.network.attach(self._number, self._receive)

    async def kill(self) -> None:
        """Vanish without a word, as a process that is killed: connections are reset, what it took is kept."""
        if self._server is None:
            return
        if self._number is not None:
            self.network.detach(self._number)
        self._server.close()
        for connection in list(self.connections):
            connection.abort()
        await self._server.wait_closed()
        self._server = None
        await self.until(lambda: not self.connections)

    def inject(self, trouble: Trouble, *, times: int = 1, code: int = 0, seconds: float = 0.0) -> None:
        """Let something go wrong ``times`` times (0: from now on)."""
        self.troubles.inject(Injected(trouble, times, code, seconds))

    async def until(self, what: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait until ``what`` is true, looking whenever something came; raises ``TimeoutError``."""
        async with asyncio.timeout(seconds):
            while not what():
                self._news.clear()
                await self._news.wait()

    def unbind(self) -> None:
        """Ask every ESME to go."""
        for connection in self.connections:
            connection.request(Command.UNBIND)

    def enquire(self) -> None:
        """Ask every ESME whether it lives."""
        for connection in self.connections:
            connection.request(Command.ENQUIRE_LINK)

    def outbind(self) -> None:
        """Ask every ESME to bind, which is none of a bound one's business."""
        for connection in self.connections:
            connection.request(Command.OUTBIND, Outbind("smsc", "secret").encode())

    def deliver(self, message: ShortMessage, command: Command = Command.DELIVER_SM) -> None:
        """Deliver a message to an ESME, now or when one is bound."""
        body = message.encode() if command is Command.DELIVER_SM else _as_data(message).encode()
        self.deliver_octets(command, body)

    def deliver_octets(self, command: int, body: bytes) -> None:
        """Deliver a body as it is."""
        self._to_deliver.append((command, body))
        self.pump()

    # --- for connections ----------------------------------------------------------------------------------------------

    def news(self) -> None:
        """Wake whoever waits for something to happen."""
        self._news.set()

    def admits(self, bind: Bind) -> int:
        """Return the status of a bind."""
        if bind.system_id != self._account[0]:
            return Status.INVALID_SYSTEM_ID
        return Status.OK if bind.password == self._account[1] else Status.INVALID_PASSWORD

    def too_fast(self) -> bool:
        """Count one submit in this second and tell whether it is one too many."""
        if not self.limit:
            return False
        now = asyncio.get_running_loop().time()
        began, count = self._second
        self._second = (now, 1) if now - began >= 1 else (began, count + 1)
        self.refused += self._second[1] > self.limit
        return self._second[1] > self.limit

    def submit(self, message: ShortMessage) -> tuple[int, str]:
        """Take a submit; return its status and message id."""
        self._ids += 1
        number = self._ids
        message_id = f"{number:X}" if self._hexadecimal else str(number)
        wanted = bool(message.registered_delivery & 0x03)
        taken = _Taken(message)
        cause = self.network.submit(
            _text(message.source),
            _text(message.destination),
            _user_data(message),
            message_id,
            (lambda report: self._report(report, taken, number)) if wanted else None,
        )
        if cause is not None:
            return (Status.INVALID_DESTINATION_ADDRESS if cause == 1 else Status.SYSTEM_ERROR), ""
        self._taken[message_id] = taken
        return Status.OK, message_id

    def query(self, query: QuerySm) -> QuerySmResp | None:
        """Say what became of a message; ``None``: it is not known here."""
        taken = self._taken.get(query.message_id)
        return None if taken is None else QuerySmResp(query.message_id, "", taken.state, 0)

    def pump(self) -> None:
        """Deliver what waits, where somebody is bound to take it."""
        receiver = next((each for each in reversed(self.connections) if each.receives), None)
        while receiver is not None and self._to_deliver:
            command, body = self._to_deliver.popleft()
            receiver.deliver(command, body)

    def again(self, command: int, body: bytes, *, soon: bool) -> None:
        """Keep a delivery that was not acknowledged, and try again."""
        if soon:
            self._to_deliver.appendleft((command, body))
        else:
            asyncio.get_running_loop().call_later(self._retry_seconds, self.deliver_octets, command, body)

    # --- towards ESMEs ------------------------------------------------------------------------------------------------

    def _receive(self, transfer: Transfer) -> int | None:
        esm_class, coding, octets, tlvs = write_content(transfer.user_data)
        number = transfer.sender.startswith("+")
        source = Address(transfer.sender.lstrip("+"), INTERNATIONAL if number else 5, 1 if number else 0)
        us = Address((self._number or "").lstrip("+"), INTERNATIONAL, 1)
        self.deliver(ShortMessage(source, us, octets, esm_class=esm_class, data_coding=coding, tlvs=tlvs))
        return None

    def _report(self, report: Report, taken: _Taken, number: int) -> None:
        taken.state = state_of(report.status)
        shown = f"{number:X}" if self._receipts_hexadecimal else str(number)
        self.deliver(*receipt(taken.message, report, shown, self.troubles.take(*ON_RECEIPT), echo=self._echo))


class _Connection(asyncio.Protocol):
    """One connection of an ESME."""

    def __init__(self, smsc: SimulatedSmsc) -> None:
        self._smsc = smsc
        self._framer = Framer()
        self._transport: asyncio.Transport | None = None
        self._bound_as: int | None = None
        self._sequence = 0
        self._delivering: dict[int, tuple[int, bytes]] = {}
        self._held = b""
        self._blocked: bytearray | None = None
        self._outstanding = 0

    @property
    def receives(self) -> bool:
        """Whether an ESME takes messages here."""
        return self._bound_as in {Command.BIND_RECEIVER, Command.BIND_TRANSCEIVER}

    # --- the socket ---------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  a server makes no other
        self._transport = transport
        self._smsc.connections.append(self)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002  asyncio's protocol
        if self in self._smsc.connections:
            self._smsc.connections.remove(self)
        for command, body in reversed(self._delivering.values()):
            self._smsc.again(command, body, soon=True)
        self._smsc.pump()
        self._smsc.news()

    def data_received(self, octets: bytes) -> None:
        with contextlib.suppress(PduError):
            for pdu in self._framer.feed(octets):
                self._hear(pdu)
        self._smsc.news()

    def abort(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    def write(self, pdu: Pdu) -> None:
        """Say something, unless mute."""
        self._write(pdu.octets)

    def _write(self, octets: bytes) -> None:
        if self._blocked is not None:
            self._blocked += octets
        elif self._transport is not None and not self._transport.is_closing() and not self._smsc.mute:
            self._transport.write(self._held + octets)
            self._held = b""

    def _write_slowly(self, octets: bytes, piece: int, seconds: float) -> None:
        """Write ``octets``, and whatever is to be written meanwhile, in pieces with a pause after each."""
        if self._blocked is not None:
            self._blocked += octets
            return
        self._write(octets[:piece])
        self._blocked = bytearray(octets[piece:])

        def go_on() -> None:
            rest, self._blocked = bytes(self._blocked or b""), None
            if len(rest) > piece and piece == 1:
                self._write_slowly(rest, piece, seconds)
            else:
                self._write(rest)

        asyncio.get_running_loop().call_later(seconds, go_on)

    # --- away from us -------------------------------------------------------------------------------------------------

    def request(self, command: int, body: bytes = b"") -> int:
        """Ask something and return its number."""
        self._sequence += 1
        self.write(Pdu(command, Status.OK, self._sequence, body))
        return self._sequence

    def deliver(self, command: int, body: bytes) -> None:
        """Deliver a message, kept until it is acknowledged."""
        self._delivering[self.request(command, body)] = (command, body)

    # --- towards us ---------------------------------------------------------------------------------------------------

    def _hear(self, pdu: Pdu) -> None:
        if pdu.command_id == Command.SUBMIT_SM and self._bound_as is not None:
            self._submitted(pdu)
            return
        self._smsc.heard.append(pdu)
        if pdu.command_id in BINDS:
            self._bind(pdu)
        elif pdu.command_id == Command.ENQUIRE_LINK:
            self._respond(pdu)
        elif pdu.command_id == Command.UNBIND:
            self._respond(pdu)
            self._bound_as = None
            if self._transport is not None and not self._smsc.mute:
                self._transport.close()
        elif pdu.command_id == Command.QUERY_SM:
            told = self._smsc.query(QuerySm.decode(pdu.body))
            self._respond(pdu, Status.OK if told else Status.QUERY_FAILED, told.encode() if told else b"")
        elif pdu.command_id & RESPONSE:
            self._acknowledged(pdu)
        else:
            self._respond(pdu, Status.INCORRECT_BIND_STATUS)

    def _respond(self, pdu: Pdu, status: int = Status.OK, body: bytes = b"") -> None:
        self.write(Pdu(pdu.command_id | RESPONSE, status, pdu.sequence_number, body))

    def _bind(self, pdu: Pdu) -> None:
        bind = Bind.decode(pdu.body)
        trouble = self._smsc.troubles.take(Trouble.REFUSE_BIND)
        status = trouble.code if trouble is not None else self._smsc.admits(bind)
        if status != Status.OK:
            self._respond(pdu, status)
            return
        if not self._smsc.mute:
            self._bound_as = pdu.command_id
            self._smsc.binds.append((pdu.command_id, bind))
        self._respond(pdu, Status.OK, BindResp("SIMULATED", ((Tag.SC_INTERFACE_VERSION, b"\x34"),)).encode())
        self._smsc.pump()

    def _acknowledged(self, pdu: Pdu) -> None:
        delivered = self._delivering.pop(pdu.sequence_number, None)
        if delivered is not None and pdu.command_status != Status.OK:
            self._smsc.again(*delivered, soon=False)

    def _submitted(self, pdu: Pdu) -> None:
        smsc = self._smsc
        message = ShortMessage.decode(pdu.body)
        smsc.submits.append(message)
        refusal = smsc.troubles.take(Trouble.STATUS, Trouble.NACK)
        if refusal is not None:
            command = Command.GENERIC_NACK if refusal.trouble is Trouble.NACK else Command.SUBMIT_SM_RESP
            refused = Pdu(command, refusal.code, pdu.sequence_number)
            asyncio.get_running_loop().call_later(refusal.seconds, self.write, refused)
            return
        if smsc.too_fast():
            self._respond(pdu, Status.THROTTLED)
            return
        status, message_id = smsc.submit(message)
        body = MessageId(message_id).encode() if status == Status.OK else b""
        answer = Pdu(Command.SUBMIT_SM_RESP, status, pdu.sequence_number, body)
        self._outstanding += 1
        smsc.most_outstanding = max(smsc.most_outstanding, self._outstanding)
        if smsc.latency:
            asyncio.get_running_loop().call_later(smsc.latency, self._answer, answer)
        else:
            self._answer(answer)

    def _answer(self, answer: Pdu) -> None:
        """Answer a submit that was taken, if nothing goes wrong with that."""
        self._outstanding -= 1
        injected = self._smsc.troubles.take(*ON_ANSWER)
        octets, seconds = answer.octets, injected.seconds if injected is not None else 0.0
        match injected.trouble if injected is not None else None:
            case None:
                self.write(answer)
            case Trouble.NO_ID:
                self.write(replace(answer, body=b""))
            case Trouble.LATE:
                asyncio.get_running_loop().call_later(seconds, self.write, answer)
            case Trouble.HANG_UP:
                self.abort()
            case Trouble.SPLIT | Trouble.DRIP as trouble:
                self._write_slowly(octets, 1 if trouble is Trouble.DRIP else 7, seconds)
            case Trouble.GLUE:
                self._held += octets
            case Trouble.SHORT_LENGTH | Trouble.LONG_LENGTH as trouble:
                self._write((8 if trouble is Trouble.SHORT_LENGTH else 0x7FFFFFFF).to_bytes(4, "big") + octets[4:])
            case Trouble.UNKNOWN_COMMAND:
                self.request(0x00007777, b"whatever")
                self.write(answer)


def _text(address: Address) -> str:
    """Write an address as phones show it."""
    if address.ton == INTERNATIONAL:
        return f"+{address.digits.lstrip('+')}"
    return address.digits


def _user_data(message: ShortMessage) -> UserData:
    """Give what the message holds as phones know it: with a header where TLVs said which part it is."""
    content = read_content(message)
    data, place = content.user_data, content.place
    if place is None or data.concatenation is not None:
        return data
    element = Concatenation(place.reference & 0xFF, place.total, place.sequence).element
    return UserData(data.alphabet, None, data.data, (*data.header, element))


def _as_data(message: ShortMessage) -> DataSm:
    """Say a deliver_sm as data_sm."""
    payload: Tlvs = ((Tag.MESSAGE_PAYLOAD, message.short_message),) if message.short_message else ()
    return DataSm(
        message.source,
        message.destination,
        esm_class=message.esm_class,
        data_coding=message.data_coding,
        tlvs=(*message.tlvs, *payload),
    )
