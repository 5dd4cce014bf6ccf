"""Whether the modem is in a network that takes short messages, and how well it hears it.

Knows +CREG, +CGREG and +CEREG (27.007 §7.2, §10.1), +CSQ and +COPS. An LTE stick may be unregistered in one domain and
send through another, so that any good one will do. Refuses to choose an operator: it only asks for automatic choice,
once.
"""

import re
from collections.abc import Callable, Mapping

from smsd.routes.modem.driver import Channel
from smsd.routes.modem.timings import Timings
from smsd.wire.at import Command
from smsd.wire.information import fields, numbers

__all__ = ["Network"]

DOMAINS = ("+CREG", "+CGREG", "+CEREG")
GOOD = frozenset({1, 5, 6, 7, 9, 10})
"""Home, roaming, and the same for SMS only and for CSFB not preferred."""
WORDS = {
    0: "not registered and not searching",
    1: "home",
    2: "searching",
    3: "denied: SIM or subscription",
    4: "unknown: out of coverage?",
    5: "roaming",
    6: "home, SMS only",
    7: "roaming, SMS only",
    8: "emergency calls only",
    9: "home, CSFB not preferred",
    10: "roaming, CSFB not preferred",
    11: "restricted local operator only",
}
UNKNOWN_SIGNAL = 99
_READ = re.compile(r"\+C\w*REG:\s*\d,\s*(\d{1,2})\s*(?:,|$)")


class Network:
    """The registration as last seen. ``choose``: automatic choice may be asked for."""

    def __init__(self, channel: Channel, timings: Timings, clock: Callable[[], float], *, choose: bool = True) -> None:
        self.due = clock()
        self._channel = channel
        self._timings = timings
        self._clock = clock
        self._stats: dict[str, int] = {}
        self._signal: int | None = None
        self._operator = ""
        self._asked_for_one = not choose

    @property
    def registered(self) -> bool:
        """Whether sending is worth a try."""
        return any(stat in GOOD for stat in self._stats.values())

    @property
    def asked(self) -> bool:
        """Whether the modem has been asked, and has answered."""
        return bool(self._stats)

    @property
    def detail(self) -> str:
        """The best that any domain says, in words."""
        stats = [stat for stat in self._stats.values() if stat in GOOD] or [*self._stats.values()]
        return WORDS.get(stats[0], f"stat {stats[0]}") if stats else "not asked yet"

    @property
    def facts(self) -> Mapping[str, str | int | bool | None]:
        """Registration in words, operator as its number (MCC and MNC), signal in dBm."""
        return {"registration": self.detail, "operator": self._operator, "signal": self._signal}

    def doubt(self) -> None:
        """Take back what was seen: a message was refused for want of a network."""
        self._stats.clear()
        self.due = self._clock()

    def hear(self, text: str) -> None:
        """Take an unsolicited line about registration: a reason to look, unless it says it all."""
        name = text.split(":", 1)[0]
        values = numbers(text)
        if name in DOMAINS and values and values[0] is not None:
            self._stats[name] = values[0]
        self.due = self._clock()

    async def look_if_due(self) -> None:
        """Ask the modem when it is time."""
        if self._clock() < self.due:
            return
        for name in DOMAINS:
            stat = _stat(await self._lines(f"{name}?", f"{name}:"))
            if stat is None:
                self._stats.pop(name, None)
            else:
                self._stats[name] = stat
        await self._look_at_signal()
        if not self.registered and self._stats.get("+CREG") == 0 and not self._asked_for_one:
            self._asked_for_one = True
            await self._channel.accepts("AT+COPS=0", self._timings.operator)
        self.due = self._clock() + (self._timings.network if self.registered else self._timings.registration)

    async def _look_at_signal(self) -> None:
        values = [number for line in await self._lines("+CSQ", "+CSQ:") for number in numbers(line)]
        strength = values[0] if values else None
        self._signal = None if strength is None or strength >= UNKNOWN_SIGNAL else 2 * strength - 113
        said = [fields(line) for line in await self._lines("+COPS?", "+COPS:")]
        self._operator = said[-1][2] if said and len(said[-1]) > 2 and said[-1][2].isdigit() else ""

    async def _lines(self, text: str, prefix: str) -> list[str]:
        answer = await self._channel.ask(Command(f"AT{text}", (prefix,)), self._timings.setting)
        return [line.text for line in answer.lines] if answer.result.ok else []


def _stat(lines: list[str]) -> int | None:
    """Return <stat> of a read command's answer, ``<n>,<stat>[,...]``.

    A change told meanwhile, ``<stat>[,<lac>,...]``, has the same prefix and comes among the lines, too.
    """
    for line in lines:
        answer = _READ.match(line)
        if answer:
            return int(answer[1])
    return None
