"""The cures of one modem over all its lives: which troubles it has, what was done about them, what comes next.

Knows ``rules.cures`` and keeps the case histories that it decides by: they outlive a connection, as most cures end one,
and do not outlive the process, after whose start a port counts as one that has just appeared. Each step is logged,
counted and shown among the route's facts. Refuses to carry a cure out: ``session`` and ``route`` do.

Where a ``kill -9`` leaves the client: a step changes nothing that the house keeps. At worst the radio stays off, which
the next start mends.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from smsd.errors import SmsdError
from smsd.routes.modem.quirks import GENERIC, Quirks
from smsd.routes.modem.timings import Timings
from smsd.rules.conditions import TOLD_OTHERWISE
from smsd.rules.cures import HOUR, RESETS, UNSTEADY, Case, Circumstances, Cure, Step, Trouble, next_step

__all__ = ["Recovery"]

log = structlog.get_logger()


class Recovery:
    """``pin`` gives the PIN, if there is one; ``changed`` is called when there is something new to tell."""

    def __init__(
        self,
        route: str,
        timings: Timings,
        clock: Callable[[], float],
        pin: Callable[[], str | None],
        changed: Callable[[], None],
    ) -> None:
        self.quirks: Quirks = GENERIC
        """The row of the modem that was here last: a mute one does not say who it is."""
        self.locked = False
        """Whether the card asks for a PIN now."""
        self.unlocked = False
        """Whether the card has asked for its PIN and got it."""
        self.trusted = False
        """Whether the modem is known to be ours: no other is reset."""
        self.taken: Counter[str] = Counter()
        """How often each cure has been taken since the start."""
        self._route = route
        self._timings = timings
        self._clock = clock
        self._pin = pin
        self.usb = False
        """Whether the modem is a USB device that can be reset from here."""
        self._changed = changed
        self._cases: dict[Trouble, Case] = {}
        # Apart from the cases: an hour later a case climbs anew, and a person is needed as before.
        self._alarms: dict[Trouble, str] = {}
        self._lately: list[tuple[Cure, float]] = []
        self._appeared: float | None = None
        self._reset = False
        self._departures: list[float] = []
        self._in_air_until = 0.0

    # --- what is known ------------------------------------------------------------------------------------------------

    def appeared(self) -> None:
        """Note that the port is there again, or for the first time."""
        if self._appeared is not None and not self._reset:
            self._departures.append(self._clock())
        self._appeared, self._reset = self._clock(), False
        if self._gone_lately >= UNSTEADY:
            self.suspect(Trouble.UNSTEADY, f"it has gone by itself {self._gone_lately} times within an hour")

    def stays(self) -> None:
        """Note that the port has stayed: an hour of it, and what came and went so often is steady."""
        if self._gone_lately < UNSTEADY:
            self.well(Trouble.UNSTEADY)

    @property
    def _gone_lately(self) -> int:
        since = self._clock() - HOUR * self._timings.cure_pace
        self._departures = [moment for moment in self._departures if moment > since]
        return len(self._departures)

    def doubted(self) -> None:
        """Note that a part ended in doubt: for a while it may be in the air still."""
        self._in_air_until = self._clock() + self._timings.settle_after

    def suspect(self, trouble: Trouble, why: str) -> None:
        """Note that something is wrong; a trouble that is known goes on."""
        if trouble in self._cases:
            self._cases[trouble] = replace(self._cases[trouble], why=why, seen=self._clock())
            return
        self._cases[trouble] = Case(trouble, why, self._clock(), self._clock())
        log.warning("modem_trouble", route=self._route, trouble=trouble.value, why=why)
        self._changed()

    def well(self, *troubles: Trouble) -> None:
        """Note that these troubles are over."""
        known, alarmed = len(self._cases), bool(self._alarms)
        for trouble in troubles:
            self._alarms.pop(trouble, None)
            case = self._cases.pop(trouble, None)
            if case is not None:
                log.info(
                    "modem_cured", route=self._route, trouble=trouble.value, rungs=case.climbed,
                    seconds=round(self._clock() - case.began, 1),
                )  # fmt: skip
        if alarmed and not self._alarms:
            log.info("modem_all_clear", route=self._route)
        if len(self._cases) < known:
            self._changed()

    def answers(self) -> None:
        """Note that the modem answers: all that it was asked to get ready, or what only a person can change.

        That it says who it is would not do: one that does, and then falls silent each time, would begin its ladder
        anew each time, and never be restarted.
        """
        self.well(Trouble.SILENT, Trouble.STUCK, Trouble.NO_PDU_MODE)

    def has(self, trouble: Trouble) -> bool:
        """Tell whether a trouble is known."""
        return trouble in self._cases

    # --- what is to be done -------------------------------------------------------------------------------------------

    def due(self, *, in_air: bool, of: Trouble | None = None) -> Step | None:
        """Return the step that is due now, if any: ``of`` one trouble, or of that which has waited longest."""
        now = self._clock()
        steps = [step for step in self._steps(in_air=in_air) if step.at <= now and not step.hindrance]
        steps = [step for step in steps if of is None or step.case.trouble is of]
        return min(steps, key=lambda step: step.at, default=None)

    def next_at(self, *, in_air: bool) -> float | None:
        """Return when to ask again what is due; ``None``: when there is news."""
        return min((step.at for step in self._steps(in_air=in_air) if not step.hindrance), default=None)

    def took(self, step: Step) -> None:
        """Note that a step is being taken."""
        now = self._clock()
        self._cases[step.case.trouble] = replace(step.case, last=now)
        self._lately = [each for each in self._lately if now - each[1] < HOUR * self._timings.cure_pace]
        self._lately.append((step.cure, now))
        self.taken[step.cure.value] += 1
        told = log.bind(route=self._route, trouble=step.case.trouble.value, why=step.case.why)
        if step.cure is Cure.ALARM:
            self._alarms[step.case.trouble] = f"{step.case.trouble.value}: {step.case.why}"
            told.error("modem_alarm", tried=self._tried)
            self._changed()
            return
        if step.cure in RESETS:
            self._appeared, self._reset = now, True
        told.warning("modem_cure", cure=step.cure.value, count=self.taken[step.cure.value])
        self._changed()

    def _steps(self, *, in_air: bool) -> list[Step]:
        if not self._cases:
            return []
        now = self._clock()
        circumstances = Circumstances(
            now,
            self._appeared or 0.0,
            in_air=in_air or now < self._in_air_until,
            pin_at_stake=self._pin_at_stake,
            possible=self._possible,
        )
        pace = self._timings.cure_pace
        return [next_step(case, self._lately, circumstances, pace=pace) for case in self._cases.values()]

    @property
    def _pin_at_stake(self) -> bool:
        """Whether the card would ask for a PIN after a reset, and none could be given."""
        if not self.unlocked:
            return self.locked
        try:
            return self.locked or not self._pin()
        except SmsdError:
            return True

    @property
    def _possible(self) -> frozenset[Cure]:
        missing = {Cure.RADIO} if not self.quirks.radio_off else set()
        if not self.quirks.restart:
            missing.add(Cure.RESTART)
        if not self.trusted:
            missing |= {Cure.RESTART, Cure.USB}
        if not self.usb:
            missing.add(Cure.USB)
        return frozenset(Cure) - missing

    # --- for people ---------------------------------------------------------------------------------------------------

    @property
    def told(self) -> str:
        """Say in one line what is wrong, what was tried and what comes next; empty: all is well."""
        if not self._cases:
            return ""
        case = min(self._cases.values(), key=lambda case: case.began)
        tried = f"; tried: {self._tried}" if case.climbed and self._tried else ""
        ahead = "a person is called" if case.exhausted else f"next: {self._next(case)}"
        return f"{case.trouble.value}: {case.why}{tried}; {ahead}"

    @property
    def alarm(self) -> str:
        """What a person is called for; empty: nothing. Of several first one that is told by this alone."""
        foremost = min(self._alarms, key=lambda trouble: trouble.value in TOLD_OTHERWISE, default=None)
        return "" if foremost is None else self._alarms[foremost]

    @property
    def facts(self) -> Mapping[str, str | int | bool | None]:
        """The troubles, the cures taken since the start and what is next."""
        if not self._cases and not self.taken:
            return {}
        return {
            "troubles": ", ".join(sorted(case.value for case in self._cases)),
            "cures": self._tried,
            "next_cure": self._next(min(self._cases.values(), key=lambda case: case.began)) if self._cases else "",
            "alarm": self.alarm,
        }

    @property
    def _tried(self) -> str:
        order = [cure.value for cure in Cure if cure is not Cure.ALARM]
        return ", ".join(f"{cure} {self.taken[cure]}" for cure in order if self.taken[cure])

    def _next(self, case: Case) -> str:
        circumstances = Circumstances(0.0, 0.0, pin_at_stake=self.locked, possible=self._possible)
        return next_step(case, (), circumstances).cure.value
