"""A mobile network small enough to look into: subscribers' phones with screens, a service centre, its bookkeeping.

Knows who is attached under which number, what waits for whom, what was submitted and when, and what phones show.
Refuses to know modems and protocols: whatever attaches (a simulated modem, a simulated SMSC's client) is a *terminal*,
told of a ``Transfer`` and answering with an RP cause or nothing. Follows the transfer model of 23.040 §3.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from smsd.wire import userdata
from smsd.wire.alphabet import Alphabet
from smsd.wire.userdata import UserData

__all__ = ["Message", "Network", "Phone", "Report", "Submission", "Transfer"]

RP_UNASSIGNED_NUMBER = 1
"""24.011 table 8.4."""

TP_ST_RECEIVED = 0x00
"""23.040 §9.2.3.15: received by the SME."""
TP_ST_TRYING = 0x30
"""No response from the SME, the service centre is still trying."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One part on its way to a terminal: from ``sender`` (a number with ``+``, or letters), at the centre's time."""

    sender: str
    user_data: UserData
    at: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """One part that the network took: the record by which a test counts what was doubled.

    ``number`` counts from 1 over the whole network; ``reference`` is the terminal's own (TP-MR as text, a message id).
    """

    number: int
    at: datetime
    sender: str
    recipient: str
    user_data: UserData
    reference: str
    report_wanted: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What the service centre has to say about a submission, ``status`` as TP-ST."""

    submission: Submission
    status: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One whole message on a phone's screen; ``parts`` counts those it came in."""

    sender: str
    text: str
    at: datetime
    parts: int = 1


def text_of(parts: list[UserData]) -> str:
    """Say what a phone shows of ``parts``: their text, or hexadecimal digits for 8-bit data."""
    if any(part.alphabet is Alphabet.OCTETS for part in parts):
        return b"".join(part.data for part in parts).hex()
    return userdata.join(parts)


class Phone:
    """A subscriber's phone: types messages, shows those that came, whole ones only and in their order of arrival.

    ``reachable`` is false while the phone is switched off: what is sent to it waits in the network.
    """

    def __init__(self, network: "Network", number: str) -> None:
        self.number = number
        self.screen: list[Message] = []
        self._network = network
        self._reachable = True
        self._parts: dict[tuple[str, int, int], dict[int, UserData]] = {}
        self._missed: list[tuple[Submission, Callable[[Report], None] | None]] = []
        self._references = count(1)
        self._arrival = asyncio.Event()

    @property
    def reachable(self) -> bool:
        """Whether the phone is switched on and in coverage."""
        return self._reachable

    @reachable.setter
    def reachable(self, reachable: bool) -> None:
        """Switch the phone on or off; on, it gets what it missed."""
        self._reachable = reachable
        if reachable:
            missed, self._missed = self._missed, []
            for submission, on_report in missed:
                self._network.hand_over(submission, on_report)

    def text(self, body: str, to: str | None = None) -> None:
        """Send ``body`` to the service number, or to ``to``, in as many parts as it needs."""
        for part in userdata.split(body, reference=next(self._references) % 256):
            self._network.send(self.number, part, to)

    async def wait_for(self, messages: int, timeout: float = 60.0) -> list[Message]:  # noqa: ASYNC109  seconds, as promised
        """Wait until the screen shows ``messages`` messages and return all of them; raises ``TimeoutError``."""
        async with asyncio.timeout(timeout):
            while len(self.screen) < messages:
                self._arrival.clear()
                await self._arrival.wait()
        return list(self.screen)

    def receive(self, sender: str, user_data: UserData, at: datetime) -> None:
        """Take one part; show the message once all its parts are here (23.040 §9.2.3.24.1)."""
        place = user_data.concatenation
        if place is None:
            self._show(Message(sender, text_of([user_data]), at))
            return
        parts = self._parts.setdefault((sender, place.reference, place.total), {})
        parts[place.sequence] = user_data
        if len(parts) == place.total:
            del self._parts[sender, place.reference, place.total]
            whole = [parts[sequence] for sequence in sorted(parts)]
            self._show(Message(sender, text_of(whole), at, parts=len(whole)))

    def miss(self, submission: Submission, on_report: Callable[[Report], None] | None) -> None:
        """Leave ``submission`` in the network until the phone is reachable again."""
        self._missed.append((submission, on_report))

    def _show(self, message: Message) -> None:
        self.screen.append(message)
        self._arrival.set()


@dataclass(slots=True)
class Attachment:
    """A terminal in the network: ``receive`` returns the RP cause of its refusal, or ``None``."""

    receive: Callable[[Transfer], int | None]
    waiting: deque[Transfer] = field(default_factory=deque)


class Network:
    """The network, its service centre and the phones in it.

    ``clock`` gives the wall time with a zone. ``service_number`` is where phones send to unless told otherwise: the
    number of the first terminal attached, when not given. ``report_status`` (TP-ST) and ``report_delay`` (seconds of
    the loop) say what becomes of submissions for which a report is wanted; ``name_status``, if not 0, of those whose
    sender is a name, as where an operator blocks it; ``refusals`` is a queue of RP causes, each of which answers one
    submission.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        service_number: str | None = None,
        report_status: int = TP_ST_RECEIVED,
        report_delay: float = 0.0,
    ) -> None:
        self.clock = clock
        self.service_number = service_number
        self.report_status = report_status
        self.report_delay = report_delay
        self.name_status = TP_ST_RECEIVED
        self.refusals: deque[int] = deque()
        self.submissions: list[Submission] = []
        self.phones: dict[str, Phone] = {}
        self._attached: dict[str, Attachment] = {}
        self._undelivered: dict[str, deque[Transfer]] = {}
        self._submitted = asyncio.Event()

    def phone(self, number: str) -> Phone:
        """Find the phone with this number; there is one as soon as somebody asks."""
        if number not in self.phones:
            self.phones[number] = Phone(self, number)
        return self.phones[number]

    # --- terminals ----------------------------------------------------------------------------------------------------

    def attach(self, number: str, receive: Callable[[Transfer], int | None]) -> None:
        """Attach a terminal under ``number``; what waited for it is offered at once."""
        if self.service_number is None:
            self.service_number = number
        self._attached[number] = Attachment(receive, self._undelivered.pop(number, deque()))
        self.memory_available(number)

    def detach(self, number: str) -> None:
        """Switch the terminal off: what is sent to it waits."""
        attachment = self._attached.pop(number, None)
        if attachment is not None and attachment.waiting:
            self._undelivered[number] = attachment.waiting

    def memory_available(self, number: str) -> None:
        """Offer what waits for ``number`` again (RP-SMMA, 24.011 §7.3.1.1), until the terminal refuses."""
        attachment = self._attached.get(number)
        while attachment is not None and attachment.waiting:
            if attachment.receive(attachment.waiting[0]) is not None:
                return
            attachment.waiting.popleft()

    def waiting(self, number: str | None = None) -> int:
        """How many parts wait for this terminal (``None``: for the service number) to take them."""
        key = number or self.service_number or ""
        attachment = self._attached.get(key)
        return len(attachment.waiting if attachment is not None else self._undelivered.get(key, ()))

    # --- messages -----------------------------------------------------------------------------------------------------

    def send(self, sender: str, user_data: UserData, to: str | None = None) -> None:
        """Bring one part to the terminal ``to`` (default: the service number), or to a phone of that number.

        Parts keep their order: while one waits, the later ones wait behind it.
        """
        number = to or self.service_number or ""
        if number in self.phones and number not in self._attached:
            self.phones[number].receive(sender, user_data, self.clock())
            return
        transfer = Transfer(sender, user_data, self.clock())
        attachment = self._attached.get(number)
        if attachment is None:
            self._undelivered.setdefault(number, deque()).append(transfer)
            return
        attachment.waiting.append(transfer)
        self.memory_available(number)

    def submit(
        self,
        sender: str,
        recipient: str,
        user_data: UserData,
        reference: str,
        on_report: Callable[[Report], None] | None = None,
    ) -> int | None:
        """Take one part from a terminal: ``None`` when taken, else the RP cause of the refusal.

        ``on_report`` is called with each status report about it, where one is wanted.
        """
        if self.refusals:
            return self.refusals.popleft()
        if not recipient:
            return RP_UNASSIGNED_NUMBER
        number = len(self.submissions) + 1
        wanted = on_report is not None
        submission = Submission(number, self.clock(), sender, recipient, user_data, reference, wanted)
        self.submissions.append(submission)
        self._submitted.set()
        self.hand_over(submission, on_report)
        return None

    async def wait_for_submissions(self, parts: int, timeout: float = 60.0) -> list[Submission]:  # noqa: ASYNC109
        """Wait until ``parts`` parts have been taken and return all of them; raises ``TimeoutError``."""
        async with asyncio.timeout(timeout):
            while len(self.submissions) < parts:
                self._submitted.clear()
                await self._submitted.wait()
        return list(self.submissions)

    def hand_over(self, submission: Submission, on_report: Callable[[Report], None] | None) -> None:
        """Bring a submission to its phone and let the report follow; an unreachable phone's waits, reported so.

        What is sent to a terminal that is attached comes to that terminal, be it the sender's own.
        """
        if submission.recipient in self._attached:
            self.send(submission.sender, submission.user_data, submission.recipient)
            if on_report is not None:
                asyncio.get_running_loop().call_later(
                    self.report_delay, self._report, submission, TP_ST_RECEIVED, on_report
                )
            return
        phone = self.phone(submission.recipient)
        named = not submission.sender.removeprefix("+").isdigit()
        status = self.name_status if named and self.name_status else self.report_status
        if not phone.reachable:
            phone.miss(submission, on_report)
            status = TP_ST_TRYING
        elif status <= 0x1F:
            phone.receive(submission.sender, submission.user_data, submission.at)
        if on_report is not None:
            asyncio.get_running_loop().call_later(self.report_delay, self._report, submission, status, on_report)

    def _report(self, submission: Submission, status: int, on_report: Callable[[Report], None]) -> None:
        on_report(Report(submission, status, self.clock()))
