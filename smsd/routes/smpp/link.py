"""One connection to a service centre: the session of ``smsd.wire.smpp`` with a socket, a clock and those who wait.

Knows how to connect (TLS, host name, either IP), writes what the session has to say once per turn of the loop, looks at
the clock when the session wants to, and tells each waiting submit its end. Refuses to know what a message means, and to
connect again: that is ``route``.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Self

import structlog

from smsd.asking import trust
from smsd.errors import RouteError
from smsd.routes.smpp.settings import SmppSettings
from smsd.sms import InDoubt
from smsd.wire.smpp.pdu import Bind, Pdu, QuerySm, ShortMessage
from smsd.wire.smpp.session import (
    Answered,
    Asked,
    Bound,
    Ended,
    Event,
    Late,
    Lost,
    Overdue,
    Refused,
    Session,
    State,
    Stray,
)
from smsd.wire.smpp.tables import Command

__all__ = ["Link"]

EYEBALLS_SECONDS = 0.25
"""Before the next address of a host is tried beside one that does not answer (RFC 8305)."""
ASLEEP_SECONDS = 60.0
"""So long after a moment of its own a session has surely slept through it."""
HANG_UP_SECONDS = 1.0
"""For the other side to hear that we hang up, TLS's own good-bye included."""

log = structlog.get_logger()


class Link(asyncio.Protocol):
    """One connection. ``asked`` is called with each message that wants an answer, ``answered`` with the answer to each
    submit, however late, or with the doubt, and ``heard`` when the centre has surely heard our answer to some of the
    messages (``heard_marks``).
    """  # noqa: D205  the summary is one thought of two lines

    def __init__(
        self,
        settings: SmppSettings,
        clock: Callable[[], float],
        *,
        asked: Callable[["Link", Pdu], None],
        answered: Callable[["Link", int, Pdu | InDoubt], None],
        heard: Callable[["Link"], None],
    ) -> None:
        self._clock = clock
        self._asked = asked
        self._answered = answered
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._session = Session(settings.timings.session, window=settings.window)
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = float("inf")
        self._flushing = False
        self._entered: asyncio.Future[Pdu | None] = self._loop.create_future()
        self._queries: dict[int, asyncio.Future[Pdu | None]] = {}
        self._moved = asyncio.Event()
        self._reason = ""
        self._gone = asyncio.Event()
        self.ended = asyncio.Event()
        """Set once the session is over; ``reason`` then says why."""
        self.open_marks: dict[str, int] = {}
        """Messages answered here that the centre may not have heard our answer to, with ``made`` at that moment."""

    @classmethod
    async def open(
        cls,
        settings: SmppSettings,
        host: str,
        port: int,
        clock: Callable[[], float],
        *,
        asked: Callable[["Link", Pdu], None],
        answered: Callable[["Link", int, Pdu | InDoubt], None],
        heard: Callable[["Link"], None],
    ) -> Self:
        """Connect. Raises ``RouteError`` when that cannot be."""
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        link = cls(settings, clock, asked=asked, answered=answered, heard=heard)
        context = trust(settings.ca_file, RouteError) if settings.tls else None
        name = (settings.tls_name or host) if settings.tls else None
        try:
            async with asyncio.timeout(settings.timings.connect):
                await link._loop.create_connection(
                    lambda: link, host, port, ssl=context, server_hostname=name, happy_eyeballs_delay=EYEBALLS_SECONDS
                )
        except TimeoutError:
            raise RouteError(f"{place}: no connection within {settings.timings.connect:g} s") from None
        except ssl.CertificateError as error:
            raise RouteError(f"{place}: its certificate is not to be trusted: {error.verify_message}") from None
        except OSError as error:
            if getattr(error, "reason", "") == "WRONG_VERSION_NUMBER":
                raise RouteError(f"{place}: no TLS is spoken there; is it the right port?") from None
            raise RouteError(f"{place}: {error.strerror or error}") from None
        except UnicodeError:
            raise RouteError(f"{place}: this is no name of a host") from None
        return link

    # --- what is known ------------------------------------------------------------------------------------------------

    @property
    def reason(self) -> str:
        """Why the session is over."""
        return self._reason

    @property
    def over(self) -> bool:
        """Whether the session is over."""
        return self._session.over

    @property
    def in_flight(self) -> int:
        """How many submits are without an answer."""
        return self._session.in_flight

    @property
    def has_room(self) -> bool:
        """Whether a submit may be made now."""
        return self._session.room > 0

    @property
    def asleep(self) -> bool:
        """Whether the session has slept through a moment of its own: something was to be done then, and was not."""
        return self._clock() - self._session.deadline > ASLEEP_SECONDS

    def heard_marks(self) -> list[str]:
        """Take the messages of which the centre has by now certainly heard our answer."""
        heard = [mark for mark, made in self.open_marks.items() if made < self._session.heard]
        for mark in heard:
            del self.open_marks[mark]
        return heard

    # --- away from us -------------------------------------------------------------------------------------------------

    async def bind(self, command: Command, bind: Bind) -> int:
        """Ask to be let in and return the status of the answer. Raises ``RouteError`` when there was none."""
        self._session.bind(command, bind, self._clock())
        self._flush()
        answer = await self._entered
        if answer is None:
            raise RouteError(self._reason)
        if answer.command_id == Command.GENERIC_NACK:
            raise RouteError("the service centre does not understand our bind (generic_nack)")
        return answer.command_status

    async def room(self) -> bool:
        """Wait for a place in the window; ``False``: there will be none, the session is over."""
        while not self._session.room:
            if self._session.state is not State.BOUND:
                return False
            self._moved.clear()
            await self._moved.wait()
        return True

    def submit(self, message: ShortMessage, attempt_id: int) -> None:
        """Submit now. ``answered`` is told the end of it, an answer that comes late as well.

        Raises ``PduError`` when the message cannot be written, and ``RuntimeError`` when there is no place: see
        ``has_room``.
        """
        self._session.submit(message, attempt_id, self._clock())
        self._flush_soon()

    async def query(self, query: QuerySm) -> Pdu | None:
        """Ask what became of a message; ``None``: no answer."""
        if self._session.state is not State.BOUND:
            return None
        tag = self._session.made
        self._session.query(query, tag, self._clock())
        future: asyncio.Future[Pdu | None] = self._loop.create_future()
        self._queries[tag] = future
        self._flush_soon()
        try:
            return await future
        finally:
            self._queries.pop(tag, None)

    def answer(self, asked: Pdu, status: int, mark: str | None = None) -> None:
        """Answer a message; ``mark`` is remembered until the centre has surely heard it."""
        if self._session.over:
            return
        self._session.answer(asked, status)
        if mark is not None:
            self.open_marks[mark] = self._session.made
            self._session.confirm(self._clock())
        self._flush_soon()

    async def close(self, drain_seconds: float) -> None:
        """End in order: wait for the answers still out, unbind, close. Nothing may be submitted meanwhile."""
        try:
            if not self._session.over:
                await self._drain(drain_seconds)
                self._session.unbind(self._clock())
                self._flush()
                if self._session.state is State.UNBINDING:
                    await self.ended.wait()
        finally:
            self._tell(self._session.lost("closed"))
            if self._timer is not None:
                self._timer.cancel()
            await self._hang_up()

    async def _hang_up(self) -> None:
        if self._transport is None:
            return
        self._transport.close()
        try:
            async with asyncio.timeout(HANG_UP_SECONDS):
                await self._gone.wait()
        except TimeoutError:
            self._transport.abort()

    async def _drain(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while self._session.in_flight and not self._session.over:
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            log.warning("answers_never_came", count=self._session.in_flight, seconds=seconds)

    # --- the socket ---------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  create_connection makes no other
        self._transport = transport
        self._socket = transport.get_extra_info("socket")

    def data_received(self, octets: bytes) -> None:
        """Hear what came."""
        self._acknowledge()
        self._tell(self._session.feed(octets, self._clock()))
        self._flush_soon()
        if self.open_marks and min(self.open_marks.values()) < self._session.heard:
            self._heard(self)

    def _acknowledge(self) -> None:
        """Have TCP acknowledge at once: a centre that writes its answers one by one holds the second back until then.

        (Nagle's algorithm there, RFC 896, waits for the delayed acknowledgement here, RFC 1122 §4.2.3.2: some 40 ms.)
        """
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def connection_lost(self, error: Exception | None) -> None:
        """Hear that the connection is gone."""
        self._gone.set()
        self._tell(self._session.lost(f"connection lost: {error}" if error else "the other side closed the connection"))

    def _flush_soon(self) -> None:
        """Write at the end of this turn of the loop: a whole window leaves in one piece."""
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        octets = self._session.outgoing()
        if octets and self._transport is not None:
            self._transport.write(octets)
        if self._session.over and self._transport is not None:
            self._transport.close()
        elif self._session.deadline < self._wakes_at:
            self._set_alarm()

    def _set_alarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = self._session.deadline
        self._timer = self._loop.call_later(max(0.0, self._wakes_at - self._clock()), self._tick)

    def _tick(self) -> None:
        self._wakes_at = float("inf")
        self._tell(self._session.tick(self._clock()))
        self._flush()
        if self._session.over and self._transport is not None:
            # Whoever does not answer does not read either: closing in order would wait for him.
            self._transport.abort()

    # --- those who wait -----------------------------------------------------------------------------------------------

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Answered(tag, Command.SUBMIT_SM, answer) | Late(tag, Command.SUBMIT_SM, answer):
                    self._answered(self, tag, answer)
                case Answered(tag, _, answer):
                    self._told(tag, answer)
                case Overdue(tag, Command.QUERY_SM) | Lost(tag, Command.QUERY_SM):
                    self._told(tag, None)
                case Overdue(tag, _):
                    self._answered(self, tag, InDoubt("no answer came in time"))
                case Lost(tag, _):
                    self._answered(self, tag, InDoubt("the link was lost before the answer"))
                case _:
                    self._tell_of_session(event)
        if events:
            self._moved.set()

    def _tell_of_session(self, event: Event) -> None:
        match event:
            case Asked(pdu):
                self._asked(self, pdu)
            case Bound(pdu) | Refused(pdu):
                self._enter(pdu)
            case Stray(pdu, why):
                log.debug("stray_pdu", command=f"0x{pdu.command_id:08X}", why=why)
            case Ended(reason):
                self._reason = reason
                self._enter(None)
                self.ended.set()

    def _enter(self, answer: Pdu | None) -> None:
        if not self._entered.done():
            self._entered.set_result(answer)

    def _told(self, tag: int, answer: Pdu | None) -> None:
        query = self._queries.get(tag)
        if query is not None and not query.done():
            query.set_result(answer)
