"""Alerts (СМС-оповещения): who is written to, in what words, and what that makes.

Knows which candidates are dropped and why, how the columns of a file become words of a text, and the states of an
alert. Refuses to know where candidates come from, who has opted out (it is told) and when anything leaves
(``rules.limits``). Candidates pass one by one: nothing here grows with them but the set of numbers already seen.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from smsd.errors import PduError, UsageError
from smsd.rules.phones import country, e164, is_mobile
from smsd.sms import segments
from smsd.wire.alphabet import outside_gsm7, septet_length

__all__ = [
    "TRANSITIONS",
    "AlertState",
    "Audience",
    "Candidate",
    "Drop",
    "NumberPolicy",
    "Recipient",
    "Summary",
    "Template",
    "Treatment",
    "count_parts",
    "is_date",
    "may",
    "says_how_to_stop",
]

LONGEST_WRITTEN = 40
"""Characters that are kept of a number that is none."""


class AlertState(StrEnum):
    """Where an alert stands."""

    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


TRANSITIONS: dict[AlertState, dict[AlertState, str]] = {
    AlertState.PREPARING: {AlertState.RUNNING: "all its recipients are on disk: from this moment it exists"},
    AlertState.RUNNING: {
        AlertState.PAUSED: "a person pauses it",
        AlertState.DONE: "nothing of it waits to be sent any more",
        AlertState.CANCELLED: "a person withdraws what has not left",
    },
    AlertState.PAUSED: {
        AlertState.RUNNING: "a person resumes it",
        AlertState.CANCELLED: "a person withdraws what has not left",
    },
    AlertState.DONE: {},
    AlertState.CANCELLED: {},
}
"""From each state to each that may follow, with the reason in words. One left in ``preparing`` is deleted instead."""


def may(before: AlertState, after: AlertState) -> bool:
    """Tell whether ``after`` may follow ``before``."""
    return after in TRANSITIONS[before]


class Drop(StrEnum):
    """Why a candidate is not written to."""

    OPTED_OUT = "opted_out"
    DUPLICATE = "duplicate"
    INVALID = "invalid"
    NOT_MOBILE = "not_mobile"
    FOREIGN = "foreign"
    NO_CONSENT = "no_consent"
    NO_VALUE = "no_value"
    TOO_LONG = "too_long"


NO_MISTAKES = frozenset({Drop.OPTED_OUT, Drop.DUPLICATE})
"""Why somebody is dropped though the list is right."""
EXAMPLES = 3
"""So many numbers of each mistake are shown."""


class Treatment(StrEnum):
    """What is done with a number that is probably a mistake."""

    REFUSE = "refuse"
    WARN = "warn"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class NumberPolicy:
    """What is done with a number that no mobile has, and with one of another country than ``region``."""

    region: str = "RU"
    not_mobile: Treatment = Treatment.REFUSE
    foreign: Treatment = Treatment.WARN

    def doubts(self, phone: str) -> dict[Drop, Treatment]:
        """Say what is odd about a number in E.164 and what is to be done about it."""
        odd: dict[Drop, Treatment] = {}
        if self.foreign is not Treatment.ACCEPT and country(phone) != self.region:
            odd[Drop.FOREIGN] = self.foreign
        if self.not_mobile is not Treatment.ACCEPT and not is_mobile(phone):
            odd[Drop.NOT_MOBILE] = self.not_mobile
        return odd


# --- words ------------------------------------------------------------------------------------------------------------

_DATE = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})(?:[ T].*)?", re.ASCII)
_RUSSIAN_DATE = re.compile(r"(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})\.(?P<year>[0-9]{4})(?: .*)?", re.ASCII)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_HOW_TO_STOP = re.compile(r"sms\s+stop|отписа|\bотказ(?:аться)?\b", re.IGNORECASE)


def says_how_to_stop(text: str) -> bool:
    """Tell whether a text says how its reader gets no more of them."""
    return _HOW_TO_STOP.search(text) is not None


def is_date(written: str) -> bool:
    """Tell whether a text begins with a date, as ISO 8601 has it (``2024-02-01``) or as spreadsheets here have it
    (``1.02.2024``).
    """  # noqa: D205  the summary is one thought of two lines
    found = _DATE.fullmatch(written) or _RUSSIAN_DATE.fullmatch(written)
    if found is None:
        return False
    try:
        date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return False
    return True


def count_parts(text: str) -> int:
    """Count the parts of a text as ``sms.segments`` cuts it, without cutting where arithmetic will do."""
    if outside_gsm7(text) is None:
        length = septet_length(text)
        whole, piece, simple = 160, 153, length == len(text)
    else:
        length = len(text.encode("utf-16-be", "surrogatepass")) // 2
        whole, piece, simple = 70, 67, length == len(text)
    if length <= whole:
        return 1
    return math.ceil(length / piece) if simple else len(segments(text, 0))


class Template:
    """A text with ``{column}`` in it.

    Raises ``UsageError`` for a text that is empty, a brace that belongs to no placeholder, and a placeholder that
    ``columns`` does not have.
    """

    def __init__(self, text: str, columns: Collection[str] = ()) -> None:
        if not text.strip():
            raise UsageError("an empty text cannot be sent")
        if any(unicodedata.category(character) == "Cs" for character in text):
            raise UsageError("the text is not valid Unicode: write it in UTF-8")
        self.text = text
        self.names = frozenset(_PLACEHOLDER.findall(text))
        if brace := re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
            raise UsageError(f"a {brace[0]!r} in the text belongs to no placeholder: write it like {{name}}")
        if strange := sorted(self.names - set(columns)):
            known = ", ".join(f"{{{each}}}" for each in columns) or "none"
            raise UsageError(f"{{{strange[0]}}} is no column; there are: {known}")

    def fill(self, values: Mapping[str, str]) -> str | None:
        """Return the text with the values in it, or ``None`` where one is empty or would break the text."""
        if not self.names:
            return self.text
        words = {name: values.get(name, "").strip() for name in self.names}
        if not all(words.values()) or any(_breaks(word) for word in words.values()):
            return None
        # One pass: what a value brings along is never looked at again.
        return _PLACEHOLDER.sub(lambda found: words[found[1]], self.text)


def _breaks(word: str) -> bool:
    return not word.isprintable() and any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in word)


# --- people -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be written to: his number as it was written, the values for his text, the proof of consent.

    A consent is proved by a source and a date (see ``is_date``): "yes" says nothing of when. ``timezone``
    (tz database) is his own, where his quiet hours are to count too.
    """

    phone: str
    values: Mapping[str, str] = field(default_factory=dict)
    consent_at: str = ""
    consent_source: str = ""
    timezone: str = ""

    @property
    def consented(self) -> bool:
        """Whether his consent is proved."""
        return is_date(self.consent_at.strip()) and bool(self.consent_source.strip())


@dataclass(frozen=True, slots=True)
class Recipient:
    """A candidate who has been judged. ``text`` is ``None`` where it is the alert's own, and for whom is dropped."""

    phone: str
    text: str | None
    parts: int
    dropped: Drop | None
    consent_at: str = ""
    consent_source: str = ""
    timezone: str = ""


@dataclass(slots=True)
class Summary:
    """What an audience makes: counts. ``character`` is the first one that forced UCS2, ``sample`` a whole text.

    ``overridden`` have opted out and are written to all the same. ``examples`` are the first numbers of each mistake in
    the list, by which a person finds it there.
    """

    recipients: int = 0
    parts: int = 0
    dropped: Counter[Drop] = field(default_factory=Counter)
    examples: dict[Drop, list[str]] = field(default_factory=dict)
    warned: Counter[Drop] = field(default_factory=Counter)
    by_parts: Counter[int] = field(default_factory=Counter)
    ucs2: int = 0
    character: str | None = None
    consented: int = 0
    overridden: int = 0
    sample: str = ""

    @property
    def dropped_count(self) -> int:
        """How many are not written to."""
        return self.dropped.total()


class Audience:
    """Judges the candidates of one alert, one after another, and counts."""

    def __init__(
        self,
        template: Template,
        policy: NumberPolicy,
        *,
        opted_out: Callable[[str], bool],
        overrides: bool = False,
        require_consent: bool = False,
        max_parts: int = 10,
    ) -> None:
        self._template = template
        self._policy = policy
        self._opted_out = opted_out
        self._overrides = overrides
        self._require_consent = require_consent
        self._max_parts = max_parts
        self._seen: set[int] = set()
        self._own = None if template.names else self._measure(template.text)
        self.summary = Summary()
        if self._own is not None and self._own[0] > max_parts:
            raise UsageError(f"the text makes {_many(self._own[0])} parts; at most {max_parts} are sent")

    def admit(self, candidate: Candidate) -> Recipient:
        """Judge a candidate; a number that is none is kept as it was written, so that it can be found."""
        try:
            phone = e164(candidate.phone, self._policy.region)
        except UsageError:
            return self._drop(candidate, candidate.phone.strip()[:LONGEST_WRITTEN], Drop.INVALID)
        number = int(phone[1:])
        if number in self._seen:
            return self._drop(candidate, phone, Drop.DUPLICATE)
        self._seen.add(number)
        odd = self._policy.doubts(phone)
        if refused := [what for what, treatment in odd.items() if treatment is Treatment.REFUSE]:
            return self._drop(candidate, phone, refused[0])
        opted_out = self._opted_out(phone)
        if opted_out and not self._overrides:
            return self._drop(candidate, phone, Drop.OPTED_OUT)
        if self._require_consent and not candidate.consented:
            return self._drop(candidate, phone, Drop.NO_CONSENT)
        taken = self._take(candidate, phone, odd)
        self.summary.overridden += opted_out and taken.dropped is None
        return taken

    def _take(self, candidate: Candidate, phone: str, odd: Collection[Drop]) -> Recipient:
        text = None
        if self._own is not None:
            parts, character = self._own
        else:
            text = self._template.fill(candidate.values)
            if text is None:
                return self._drop(candidate, phone, Drop.NO_VALUE)
            parts, character = self._measure(text)
            if parts > self._max_parts:
                return self._drop(candidate, phone, Drop.TOO_LONG)
        summary = self.summary
        summary.recipients += 1
        summary.parts += parts
        summary.by_parts[parts] += 1
        if odd:
            summary.warned.update(list(odd))
        summary.consented += candidate.consented
        if character is not None:
            summary.ucs2 += 1
            summary.character = summary.character or character
        summary.sample = summary.sample or (self._template.text if text is None else text)
        consent_at, consent_source = candidate.consent_at.strip(), candidate.consent_source.strip()
        return Recipient(phone, text, parts, None, consent_at, consent_source, candidate.timezone)

    def _drop(self, candidate: Candidate, phone: str, why: Drop) -> Recipient:
        self.summary.dropped[why] += 1
        if why not in NO_MISTAKES and len(found := self.summary.examples.setdefault(why, [])) < EXAMPLES:
            found.append(phone)
        return Recipient(phone, None, 0, why, candidate.consent_at.strip(), candidate.consent_source.strip())

    @staticmethod
    def _measure(text: str) -> tuple[int, str | None]:
        """Return the parts of a text, more than 255 as 256, and the character that forces UCS2."""
        try:
            return count_parts(text), outside_gsm7(text)
        except PduError:
            return 256, outside_gsm7(text)


def _many(parts: int) -> str:
    return "more than 255" if parts > 255 else str(parts)
