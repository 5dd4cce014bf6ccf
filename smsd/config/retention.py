"""How long what is over is kept: a key for each class of messages and each state of what came in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar

from smsd.config import checks
from smsd.config.key import key
from smsd.rules.outbox import MessageClass
from smsd.rules.reception import InboxState
from smsd.rules.retention import Keep

__all__ = ["Retention"]

S = TypeVar("S", bound=StrEnum)
_DAYS = checks.between(0, 10**6)
QUARTER, YEAR, THREE_YEARS = 90, 365, 1095
INBOX = {
    InboxState.COMMAND: YEAR,
    InboxState.IGNORED: QUARTER,
    InboxState.LOOKALIKE: QUARTER,
    InboxState.ROBOT: QUARTER,
    InboxState.FLOOD: QUARTER,
    InboxState.QUARANTINED: YEAR,
}
OUTBOX = dict.fromkeys(MessageClass, YEAR) | {MessageClass.ACK: QUARTER}


def _inbox(state: InboxState, doc: str) -> Any:
    return key(None, doc, _DAYS, unit="d", shown=f"{INBOX[state]}, or `inbox_days`")


def _outbox(message_class: MessageClass, doc: str) -> Any:
    return key(None, doc, _DAYS, unit="d", shown=f"{OUTBOX[message_class]}, or `outbox_days`")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is over is kept, in days; 0: for ever. The daemon forgets the rest, once an hour."""

    inbox_days: int | None = key(
        None, "What came in, where its state has no key of its own.", _DAYS, unit="d", shown="by state, as below"
    )
    outbox_days: int | None = key(
        None, "Messages in a final state, where their class has no key of its own.", _DAYS, unit="d",
        shown="by class, as below",
    )  # fmt: skip
    command_days: int | None = _inbox(InboxState.COMMAND, "Commands of clients, with their requests.")
    ignored_days: int | None = _inbox(InboxState.IGNORED, "Texts that were no command.")
    lookalike_days: int | None = _inbox(InboxState.LOOKALIKE, "Texts that nearly were one.")
    robot_days: int | None = _inbox(InboxState.ROBOT, "What robots wrote.")
    flood_days: int | None = _inbox(InboxState.FLOOD, "What came too often from one number.")
    quarantined_days: int | None = _inbox(InboxState.QUARANTINED, "What could not be understood, octets and all.")
    ack_days: int | None = _outbox(MessageClass.ACK, "Acknowledgements.")
    result_days: int | None = _outbox(MessageClass.RESULT, "Results of commands.")
    admin_days: int | None = _outbox(MessageClass.ADMIN, "Alarms and self-tests.")
    manual_days: int | None = _outbox(MessageClass.MANUAL, "Messages by hand.")
    notification_days: int | None = _outbox(
        MessageClass.NOTIFICATION, "Notifications; a key is known as long as its notification is."
    )
    alert_days: int | None = _outbox(MessageClass.ALERT, "Alerts, with the lists of who they were for.")
    pdu_days: int = key(QUARTER, "The octets that messages and reports came as; at most as long as the message.", _DAYS,
                        unit="d")  # fmt: skip
    audit_days: int = key(THREE_YEARS, "What admins did.", _DAYS, unit="d")

    def keep(self) -> Keep:
        """Return how long each thing is kept, as times."""
        return Keep(
            self._spans(OUTBOX, self.outbox_days),
            self._spans(INBOX, self.inbox_days),
            _span(self.pdu_days),
            _span(self.audit_days),
        )

    def _spans(self, usual: Mapping[S, int], general: int | None) -> dict[S, timedelta]:
        """Return of each kind its own time, else the general one, else the usual one; what is kept for ever, not."""
        days = {
            each: next(days for days in (getattr(self, f"{each.value}_days"), general, usual[each]) if days is not None)
            for each in usual
        }
        return {each: span for each, count in days.items() if (span := _span(count)) is not None}


def _span(days: int) -> timedelta | None:
    return timedelta(days=days) if days else None
