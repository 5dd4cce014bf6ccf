"""What cures a sick modem: for each trouble the rungs of a ladder, when each may be climbed, and when none.

Knows the troubles, the order of the cures, their spacing and how often each may be taken in an hour. Refuses to know
how a cure is done, and the clock: moments are handed in, in seconds of any clock that never goes back.

A cure must not harm what it cannot help. Whatever resets the modem waits while a part is in the air (which would end in
doubt) and while the port has only just appeared (a modem that starts is mute for a minute, and one that is reset for
being mute never starts); it is left out where the card would ask for a PIN that cannot be given.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

__all__ = [
    "AGAIN",
    "BY_SIGNS",
    "HOUR",
    "LADDERS",
    "PER_HOUR",
    "RESETS",
    "SETTLING",
    "UNSTEADY",
    "Case",
    "Circumstances",
    "Cure",
    "Rung",
    "Step",
    "Trouble",
    "next_step",
]  # fmt: skip


class Trouble(StrEnum):
    """What may be wrong with a modem for longer than a moment."""

    SILENT = "silent"
    STUCK = "stuck"
    NO_PDU_MODE = "no-pdu-mode"
    FAULTS = "faults"
    NOT_REGISTERED = "not-registered"
    SIM_BUSY = "sim-busy"
    SIM_ABSENT = "sim-absent"
    SIM_FULL = "sim-full"
    STORAGE_LOST = "storage-lost"
    HINTS_LOST = "hints-lost"
    NOT_DELIVERING = "not-delivering"
    UNSTEADY = "unsteady"


class Cure(StrEnum):
    """What may be done about it, from the mildest to the last."""

    INITIALISE = "initialise"
    RADIO = "radio"
    RESTART = "restart"
    REOPEN = "reopen"
    USB = "usb"
    ALARM = "alarm"


RESETS = frozenset({Cure.RADIO, Cure.RESTART, Cure.USB})
"""What interrupts the modem's work: never with a part in the air, nor with a PIN at stake, nor just after a start."""
SETTLING = 90.0
"""How long a port that has just appeared is left to start up before anything is reset."""
HOUR = 3600.0
BY_SIGNS = frozenset({Trouble.FAULTS, Trouble.NOT_DELIVERING})
"""These show only when something is tried: the next rung waits for a new sign after the last."""
PER_HOUR = 3
"""So often in an hour each of the resets may be taken, whatever the trouble."""
UNSTEADY = 5
"""So often within an hour a modem has gone by itself, and a person is called: no cure mends a cable."""
AGAIN = 3600.0
"""After the alarm: until the resets are tried anew. The trouble may have been the network's all along."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A cure, and how many seconds the trouble must have lasted since the rung before (the first: since it began)."""

    cure: Cure
    after: float


LADDERS: dict[Trouble, tuple[Rung, ...]] = {
    # The driver has probed for half a minute when this begins.
    Trouble.SILENT: (
        Rung(Cure.REOPEN, 0.0), Rung(Cure.RESTART, 30.0), Rung(Cure.USB, 60.0), Rung(Cure.ALARM, 60.0),
    ),
    # It takes whatever is typed for the text of a message and ESC for nothing: Ctrl-Z would send that text to somebody.
    Trouble.STUCK: (Rung(Cure.REOPEN, 0.0), Rung(Cure.USB, 30.0), Rung(Cure.ALARM, 60.0)),
    # Some firmware comes up confused; one that knows text mode alone needs another modem.
    Trouble.NO_PDU_MODE: (
        Rung(Cure.REOPEN, 0.0), Rung(Cure.RESTART, 30.0), Rung(Cure.USB, 60.0), Rung(Cure.ALARM, 60.0),
    ),
    Trouble.FAULTS: (
        Rung(Cure.INITIALISE, 0.0), Rung(Cure.RADIO, 30.0), Rung(Cure.RESTART, 60.0), Rung(Cure.USB, 120.0),
        Rung(Cure.ALARM, 120.0),
    ),
    Trouble.NOT_REGISTERED: (
        Rung(Cure.INITIALISE, 60.0), Rung(Cure.RADIO, 120.0), Rung(Cure.RESTART, 300.0), Rung(Cure.USB, 600.0),
        Rung(Cure.ALARM, 300.0),
    ),
    # The card has had a minute to start when this begins.
    Trouble.SIM_BUSY: (
        Rung(Cure.RADIO, 30.0), Rung(Cure.RESTART, 120.0), Rung(Cure.USB, 300.0), Rung(Cure.ALARM, 120.0),
    ),
    # Some modems look for a card only when they start.
    Trouble.SIM_ABSENT: (Rung(Cure.RADIO, 30.0), Rung(Cure.RESTART, 120.0), Rung(Cure.ALARM, 60.0)),
    Trouble.SIM_FULL: (Rung(Cure.INITIALISE, 0.0), Rung(Cure.ALARM, 60.0)),
    Trouble.STORAGE_LOST: (
        Rung(Cure.INITIALISE, 0.0), Rung(Cure.RADIO, 60.0), Rung(Cure.RESTART, 120.0), Rung(Cure.USB, 300.0),
        Rung(Cure.ALARM, 120.0),
    ),
    # Meanwhile messages are found by the regular sweep.
    Trouble.HINTS_LOST: (
        Rung(Cure.INITIALISE, 0.0), Rung(Cure.INITIALISE, 120.0), Rung(Cure.RESTART, 600.0), Rung(Cure.ALARM, 120.0),
    ),
    # It restarts by itself, or its plug is loose: each time it is well before anybody would be told that it was away.
    Trouble.UNSTEADY: (Rung(Cure.ALARM, 0.0),),
    # Nothing the modem says shows this: a self-test does.
    Trouble.NOT_DELIVERING: (
        Rung(Cure.INITIALISE, 0.0), Rung(Cure.RADIO, 120.0), Rung(Cure.RESTART, 300.0), Rung(Cure.USB, 600.0),
        Rung(Cure.ALARM, 300.0),
    ),
}  # fmt: skip
"""What is done about each trouble, in this order, until it is over."""


@dataclass(frozen=True, slots=True)
class Case:
    """One trouble from its beginning, ``seen`` when it was last: how many rungs were climbed, and when the last one."""

    trouble: Trouble
    why: str
    began: float
    seen: float
    climbed: int = 0
    last: float | None = None

    @property
    def exhausted(self) -> bool:
        """Whether every rung has been tried."""
        return self.climbed >= len(LADDERS[self.trouble])


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What speaks against a cure just now.

    ``appeared`` is when the port was there again; ``in_air``: a part may be on its way; ``pin_at_stake``: a reset would
    make the card ask for a PIN that cannot be given; ``possible`` are the cures that this modem and this host know.
    """

    now: float
    appeared: float
    in_air: bool = False
    pin_at_stake: bool = False
    possible: Collection[Cure] = frozenset(Cure)


@dataclass(frozen=True, slots=True)
class Step:
    """The next cure of a case and from when on it may be taken; ``hindrance`` says what else it waits for.

    ``case`` is as it will be when the step has been taken, but for the time.
    """

    cure: Cure
    at: float
    case: Case
    hindrance: str = ""


def next_step(case: Case, taken: Sequence[tuple[Cure, float]], now: Circumstances, *, pace: float = 1.0) -> Step:
    """Return what is to be done next about a case; ``taken`` are the cures of the last hour, each with its moment.

    ``pace`` stretches every span of this module.
    """
    ladder = LADDERS[case.trouble]
    climbed, since = case.climbed, case.began if case.last is None else case.last
    if case.exhausted:
        climbed = next((place for place, rung in enumerate(ladder) if rung.cure in RESETS), 0)

    def due(rung: Rung) -> float:
        return since + (AGAIN if case.exhausted else rung.after) * pace

    def spent(rung: Rung, following: Rung) -> bool:
        # What waits longer for its turn than the next would wait after it is passed over: a person is called in time.
        allowed = _allowed(rung.cure, taken, pace) if rung.cure in RESETS else 0.0
        return allowed > max(due(rung), now.now) + following.after * pace

    while climbed < len(ladder) - 1 and (
        _left_out(ladder[climbed].cure, now) or spent(ladder[climbed], ladder[climbed + 1])
    ):
        climbed += 1
    rung = ladder[climbed]
    at = due(rung)
    seen = case.trouble not in BY_SIGNS or case.last is None or case.seen > case.last or rung.cure is Cure.ALARM
    hindrance = "" if seen else "no new sign of it"
    if rung.cure in RESETS:
        at = max(at, now.appeared + SETTLING * pace, _allowed(rung.cure, taken, pace))
        hindrance = "a part is in the air" if now.in_air else hindrance
    return Step(rung.cure, at, replace(case, climbed=climbed + 1), hindrance)


def _left_out(cure: Cure, now: Circumstances) -> bool:
    return cure not in now.possible or (cure in RESETS and now.pin_at_stake)


def _allowed(cure: Cure, taken: Sequence[tuple[Cure, float]], pace: float) -> float:
    """Return from when on one more would not be more than an hour allows."""
    times = sorted(moment for each, moment in taken if each is cure)
    return times[-PER_HOUR] + HOUR * pace if len(times) >= PER_HOUR else 0.0
