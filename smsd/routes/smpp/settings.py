"""Everything a bind can be told: one table, every knob with its unit, its default and the reason for it.

Operators differ in almost all of it (``profiles`` holds what some of them publish), so nothing of this is written into
the code that binds. Follows SMPP 3.4; the defaults are the standard's own forms where operators do not agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Final

from smsd.routes.operator import Patience
from smsd.rules.routing import Block
from smsd.wire.smpp.content import DefaultAlphabet, LongForm
from smsd.wire.smpp.session import Timers

__all__ = ["ACTIONS", "Action", "BindAs", "SmppSettings", "Timings"]


class Action(StrEnum):
    """What a command_status means for the message, or for the bind."""

    RETRY = "retry"
    """Passing trouble: the same again, ever more seldom, not for ever."""
    THROTTLE = "throttle"
    """Too fast: slower, and the same message again, unharmed and uncounted."""
    SENDER = "sender"
    """The sender's name is refused: this message will not pass here, another route may carry it."""
    RECIPIENT = "recipient"
    """The recipient is refused, and would be everywhere."""
    TEXT = "text"
    """The text, or the way it is written, is refused."""
    ROUTE = "route"
    """The bind's own trouble (no money, wrong state): no message passes here for a while, this one goes by another."""
    SIM_SWAPPED = "sim swapped"
    """The recipient's SIM was replaced: refused, and passwords to that number are held."""


ACTIONS: Final[Mapping[int, Action]] = {
    0x01: Action.TEXT,
    0x02: Action.TEXT,
    0x03: Action.ROUTE,
    0x04: Action.ROUTE,
    0x05: Action.ROUTE,
    0x08: Action.RETRY,
    0x0A: Action.SENDER,
    0x0B: Action.RECIPIENT,
    0x0D: Action.ROUTE,
    0x0E: Action.ROUTE,
    0x0F: Action.ROUTE,
    0x14: Action.THROTTLE,
    0x15: Action.ROUTE,
    0x43: Action.TEXT,
    0x45: Action.RETRY,
    0x48: Action.SENDER,
    0x49: Action.SENDER,
    0x50: Action.RECIPIENT,
    0x51: Action.RECIPIENT,
    0x53: Action.ROUTE,
    0x58: Action.THROTTLE,
    0x64: Action.RETRY,
    0xFE: Action.RETRY,
    0xFF: Action.RETRY,
}
"""What a status of submit_sm_resp means unless the bind says otherwise. One that is not here is tried once more: it may
be anything, and an answer that a client waits for must not wait for hours to find out."""


class BindAs(StrEnum):
    """With how many connections."""

    TRANSCEIVER = "transceiver"
    """One for both directions."""
    PAIR = "pair"
    """A transmitter and a receiver, for service centres older than 3.4 in their ways."""


@dataclass(frozen=True, slots=True)
class Timings(Patience):
    """All in seconds. A round of all the hosts is what is tried again, a host what may refuse.

    ``settle_after`` counts from the submit, and is longer than an answer may take: else an overdue one would have no
    time to be late, nor a receipt that echoes our mark to come.
    """

    connect: float = 10.0
    """Until a connection, TLS included, stands: a host that is away must not hold up its spare."""
    session: Timers = field(default_factory=Timers)
    """The timers of the session itself."""
    drain: float = 5.0
    """For answers still awaited when we unbind: each one that comes is one doubt less."""
    overdue: float = 60.0
    """Between two rounds of asking (query_sm) after receipts that should have come by now."""
    redelivery: float = 600.0
    """How long a receipt told again is known for the same one."""
    open: float = 120.0
    """Of links, for which a message may come again that was answered just before one was lost. A centre delivers again
    at once what it has no answer to; whoever writes the same later writes once more, and is answered."""


@dataclass(frozen=True, slots=True)
class SmppSettings:
    """One bind."""

    host: str
    """Name or address (IPv4, IPv6) of the service centre."""
    port: int = 2775
    """Its TCP port; 2775 is registered for SMPP."""
    spare: tuple[tuple[str, int], ...] = ()
    """Further (host, port), tried in order when the first does not let us in."""
    system_id: str = "smsd"
    """Who we are: at most 15 characters."""
    system_type: str = ""
    """What kind of system we are; few ask."""
    bind_as: BindAs = BindAs.TRANSCEIVER
    """One connection or two."""
    tls: bool = False
    """Whether by TLS; the certificate and its host name are verified, always."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    tls_name: str = ""
    """The name the certificate must bear where it is not ``host``: a tunnel, an address."""

    window: int = 10
    """How many submits may be without an answer: also the most that can be in doubt after a lost link."""
    rate: float = 30.0
    """Submits a second by the contract; 0: no limit. 30 is what most contracts say."""

    source_ton: int = 5
    """Type of number of the sender: 5 is alphanumeric."""
    source_npi: int = 0
    """Numbering plan of the sender: 0 for a name, by the standard; several operators want another."""
    destination_ton: int = 1
    """Type of number of an international recipient."""
    destination_npi: int = 1
    """Numbering plan of a recipient: 1 is that of telephone numbers."""
    service_type: str = ""
    """What kind of service; empty: the centre's default."""
    long_form: LongForm = LongForm.UDH
    """How a part says that it is one of several: what phones understand, unless the operator wants otherwise."""
    default_alphabet: DefaultAlphabet = DefaultAlphabet.GSM7
    """What data_coding 0 stands for at this service centre."""
    receipts: bool = True
    """Whether receipts are asked for; without them what was submitted has nothing overdue, and is not asked after."""
    validity: bool = True
    """Whether the centre is told how long a message is worth delivering."""
    more_messages: bool = False
    """Whether more_messages_to_send is said of a part that another follows: some refuse TLVs they do not expect."""

    statuses: Mapping[int, Action] = field(default_factory=dict)
    """What statuses mean on this bind, before ``ACTIONS`` is asked."""
    receipt_errors: Mapping[str, Block] = field(default_factory=dict)
    """What error codes in failed receipts say is blocked; a code not here says *not delivered* and nothing more."""
    zone: tzinfo = UTC
    """The time zone of the centre's clock: the dates in receipts do not say."""
    inbound_most: int = 1000
    """Messages being stored at a time; beyond it the centre is told that the queue is full and tries again. More
    than a window of any centre's: one that gives up after a few tries is not to lose receipts by a burst of them."""

    timings: Timings = field(default_factory=Timings)
    """How long what may take."""

    @property
    def hosts(self) -> tuple[tuple[str, int], ...]:
        """Where to connect to, in order."""
        return ((self.host, self.port), *self.spare)

    def block(self, *errors: str) -> Block | None:
        """Return what the error codes of a receipt say is blocked; ``045`` and ``45`` are one code.

        Where they differ the first that says anything counts, but a replaced SIM counts wherever it stands.
        """
        told = [block for error in errors if (block := self._block(error)) is not None]
        return Block.SIM_SWAPPED if Block.SIM_SWAPPED in told else next(iter(told), None)

    def _block(self, error: str) -> Block | None:
        known = self.receipt_errors
        return known.get(error) or next((known[code] for code in known if _plain(code) == _plain(error)), None)

    def action(self, status: int) -> Action | None:
        """Return what a refusing status means; ``None``: nobody knows."""
        return self.statuses.get(status) or ACTIONS.get(status)


def _plain(error: str) -> str:
    """Write an error code in its shortest form: the text of a receipt fills it up with zeros, a TLV is a number."""
    return error.strip().lstrip("0").casefold()
