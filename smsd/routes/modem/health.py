"""Whose fault a row of refusals is: the message's, the SIM's or the modem's.

Knows only counts of refusals in a row, by the table in ``results``. A single refusal may be the message's own; the same
one again and again, of different messages, is the route's, and then costs no message an attempt. Refuses to know time.
"""

from smsd.routes.modem.results import Action, Refusal

__all__ = ["Health"]


class Health:
    """The refusals since the last message that was sent."""

    def __init__(self) -> None:
        self._row: list[tuple[str, str]] = []
        self.modem_faults = 0
        """How often in a row the modem itself was to blame: the reset ladder's rung."""

    def sent(self) -> None:
        """Forget all refusals: a message left."""
        self._row.clear()
        self.modem_faults = 0

    def silent(self) -> Action:
        """Count a message that the modem would not even take."""
        self._row.clear()
        self.modem_faults += 1
        return Action.MODEM

    def refused(self, code: str, refusal: Refusal, recipient: str) -> Action:
        """Count a refusal and return what the route has to do about itself, ``NONE`` while it may be the message's."""
        if self._row and self._row[-1][0] != code:
            self._row.clear()
        self._row.append((code, recipient))
        count = len({number for _, number in self._row}) if refusal.distinct else len(self._row)
        if refusal.action is Action.NONE or count < refusal.after:
            return Action.NONE
        self._row.clear()
        if refusal.action is Action.MODEM:
            self.modem_faults += 1
        return refusal.action
