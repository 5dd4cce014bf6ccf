"""Alarms: what a person must hear of, when he hears of it, how often, and in what words.

Knows the table of conditions (``ALARMS``), how long each must last before it is told, when it counts as over, and that
one which comes and goes stands: each return makes its all-clear wait twice as long. Refuses to know how a person is
reached and what time it is: what is found, and when, is handed in; what is to be told comes out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

__all__ = [
    "ALARMS",
    "ANYTHING",
    "LONGEST",
    "TEST_MESSAGE_ID",
    "Alarm",
    "Change",
    "Condition",
    "Event",
    "Finding",
    "Key",
    "Severity",
    "Silence",
    "Standing",
    "foremost",
    "judge",
    "say",
    "spoken_again",
]

LONGEST = 70
"""UTF-16 units of one part in Russian: an alarm is no longer."""
BLIP = 30.0
"""Seconds that something which is not told yet may be gone and still count as lasting."""
CLEAR_AFTER = 120.0
"""Seconds that something must be gone before the all-clear..."""
CLEAR_AFTER_MOST = 7200.0
"""...doubled by every all-clear of the last day, up to this."""
REMEMBERED = 86_400.0
"""Seconds for which it is remembered that an alarm was there, so that one which comes and goes is known again."""


class Severity(StrEnum):
    """How bad it is, the least first."""

    WARNING = "warning"
    """Will be bad if nobody acts within days."""
    ERROR = "error"
    """Something does not work; the service as a whole does."""
    CRITICAL = "critical"
    """Clients are not answered, or will not be soon."""

    @property
    def rank(self) -> int:
        """Return its place in the order."""
        return list(Severity).index(self)


class Condition(StrEnum):
    """What an alarm is about."""

    NOTHING_LEAVES = "nothing_leaves"
    ACKNOWLEDGEMENT_LATE = "acknowledgement_late"
    QUEUE_OLD = "queue_old"
    DOUBTS_HELD = "doubts_held"
    REQUESTS_WAIT = "requests_wait"
    MODEM_AWAY = "modem_away"
    MODEM_DEAD = "modem_dead"
    MODEM_BUSY = "modem_busy"
    MODEM_UNCURED = "modem_uncured"
    MODEM_FOREIGN = "modem_foreign"
    SIM_ABSENT = "sim_absent"
    SIM_PIN = "sim_pin"
    SIM_FULL = "sim_full"
    SIM_SUSPENDED = "sim_suspended"
    NOT_REGISTERED = "not_registered"
    ROUTE_DOWN = "route_down"
    BIND_REFUSED = "bind_refused"
    SIM_SWAPPED = "sim_swapped"
    DISK_LOW = "disk_low"
    STORE_TROUBLE = "store_trouble"
    KEY_REPLACED = "key_replaced"
    CLOCK_OFF = "clock_off"
    SELF_TEST_FAILED = "self_test_failed"
    BALANCE_LOW = "balance_low"
    BALANCE_UNKNOWN = "balance_unknown"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One row of the table.

    ``message_id`` is what journald knows it by (128 bits, for ever the same); ``after`` the seconds it must last before
    it is told; ``text`` what an SMS says of it (``{about}``: the route; ``{figure}``: a number).
    """

    severity: Severity
    message_id: str
    after: float
    text: str
    meaning: str
    cure: str


_W, _E, _C = Severity.WARNING, Severity.ERROR, Severity.CRITICAL

ALARMS: Mapping[Condition, Alarm] = {
    Condition.NOTHING_LEAVES: Alarm(
        _C, "e383052f512044c4bbbc6647b64fa796", 120, "ничего не отправляется: нет ни одного пути",
        "no route is up: nothing is sent at all, and this alarm itself cannot leave by SMS",
        "look at the alarms of the single routes; `smsd doctor` on the host",
    ),
    Condition.ACKNOWLEDGEMENT_LATE: Alarm(
        _C, "ed738b28cadd4cb28f0d47bcc47037e6", 0, "подтверждение клиенту ждёт {figure} с (обещано 120)",
        "an acknowledgement has waited for 90 s, and two minutes are promised to clients",
        "`smsd status` shows which route is down or slow; `smsd outbox list --state queued` shows what waits",
    ),
    Condition.QUEUE_OLD: Alarm(
        _E, "cef7eecde66b45d982f954669a178a30", 300, "очередь {about} стоит {figure} мин",
        "messages of a class have waited for longer than `alarms.queue_minutes`",
        "`smsd outbox why ID` of the oldest says what it waits for: a route, a quota, another try",
    ),
    Condition.DOUBTS_HELD: Alarm(
        _W, "4da32e22bb6448de8d12b62e72d1868e", 0, "сомнительных сообщений: {figure}, решает оператор",
        "of some messages it is not known whether they left, no evidence came, and their class is never sent twice",
        "`smsd outbox list --state in_doubt`; `smsd outbox retry ID` (may arrive twice) or `smsd outbox cancel ID`",
    ),
    Condition.REQUESTS_WAIT: Alarm(
        _E, "f5168749fd2a4dfa92e12671874f1f56", 0, "заявки клиентов ждут справочник {figure} мин",
        "who the clients are cannot be asked: their requests are acknowledged, and wait for their results",
        "`smsd request why ID` tells the last trouble, `smsd doctor` tries the client-support system",
    ),
    Condition.MODEM_AWAY: Alarm(
        _E, "f262350b195f491ea382e43e60376a4b", 60, "модем {about} отключён: устройства нет",
        "the modem's device is gone: unplugged, without power, or not switched to modem mode",
        "look at cable and power; `smsd doctor` tells what the host sees",
    ),
    Condition.MODEM_DEAD: Alarm(
        _E, "67009e7a724d41e19a7816d17d8040ab", 180, "модем {about} не работает",
        "the modem is there and does not work: it does not answer, or does not get ready",
        "`smsd modem show NAME` tells the state; pull it out and plug it in; try another port, hub, stick",
    ),
    Condition.MODEM_BUSY: Alarm(
        _E, "275fa3b688a94cea98daf58f65227251", 60, "модем {about} занят другой программой",
        "another program holds the modem's port: ModemManager, a getty, a second daemon",
        "`smsd doctor` as root names the holder; stop it, and keep it off the port",
    ),
    Condition.MODEM_UNCURED: Alarm(
        _E, "8651cc78f7bb47fb8b0c58d1c5128ed7", 0, "модем {about}: нужен человек, сам не лечится",
        "the modem works in part, and every cure has been tried",
        "`smsd modem show NAME` tells what is wrong and what was tried; see `docs/reference/cures.md`",
    ),
    Condition.MODEM_FOREIGN: Alarm(
        _E, "1c0618a28bee41f6a8c7719cd0ba4393", 30, "модем {about}: чужой модем или SIM",
        "another modem or SIM than configured is in its place: it is left alone",
        "put the right one back, or let the new one be adopted (`smsd modem adopt`)",
    ),
    Condition.SIM_ABSENT: Alarm(
        _E, "fabc5199a8784189aa07ee03e020bd19", 60, "модем {about}: SIM не читается",
        "the modem finds no SIM, or one that does not get ready",
        "put the SIM in; clean its contacts; try it in a phone",
    ),
    Condition.SIM_PIN: Alarm(
        _E, "a82d029b5dc6471ebd965110968d72e1", 0, "модем {about}: SIM требует PIN или PUK",
        "the SIM asks for a PIN that is not configured or was refused once, or for its PUK",
        "mend the file of `pin_file`; a PUK is entered in a phone; best, switch the PIN off",
    ),
    Condition.SIM_FULL: Alarm(
        _W, "4d11b47a913345c8996d868e12700b72", 600, "модем {about}: память SIM занята на {figure} %",
        "the SIM's message store is 80 % full and does not get emptier: soon nothing can come in",
        "`smsd inbox list`: is the store refusing? what cannot be deleted is cleared with the SIM in a phone",
    ),
    Condition.SIM_SUSPENDED: Alarm(
        _E, "bfebfc6862de48558ccb117b3ae0110a", 60, "модем {about}: сеть отказывает этой SIM",
        "the network refuses what this SIM sends: blocked, without money, or without a service centre",
        "`smsd modem show NAME` gives the code; look at the balance; ask the operator",
    ),
    Condition.NOT_REGISTERED: Alarm(
        _E, "cf910c0e20e54cc5beccdd1fbcf98ab9", 300, "модем {about} не в сети",
        "the modem has not been registered in a network for minutes",
        "look at antenna and place (`smsd status --watch` shows the signal); is the SIM blocked?",
    ),
    Condition.ROUTE_DOWN: Alarm(
        _E, "fd49a38213b540fe944a40cb2aa32f2d", 180, "канал {about} не работает",
        "the operator cannot be reached by a bind or by HTTP: network, firewall, his trouble",
        "`smsd status` gives the reason; `smsd doctor` tries the connection",
    ),
    Condition.BIND_REFUSED: Alarm(
        _E, "b7bde98c5a4846718637e25419601628", 0, "канал {about}: оператор отвергает подключение",
        "the operator refuses the bind: name, password, address, or the contract",
        "compare `system_id` and the password file with the contract; ask the operator",
    ),
    Condition.SIM_SWAPPED: Alarm(
        _E, "b408d44b0c4c4668b71e9af113e1dfa0", 0, "у клиента {about} сменилась SIM",
        "the operator says that the recipient's SIM was replaced: whoever holds it now may not be the client",
        "nothing with a password is sent to him: ask the client by another way, then `smsd client release`",
    ),
    Condition.DISK_LOW: Alarm(
        _C, "fc30ba7d2c604b589f1093b3821eedf0", 60, "на диске осталось {figure} МБ",
        "little room on the database's disk; without any, nothing is sent and nothing deleted from a SIM",
        "free some; `retention.inbox_days` and `outbox_days` let the database forget",
    ),
    Condition.STORE_TROUBLE: Alarm(
        _C, "75e770f1cf8142aca41af321783ba887", 30, "база данных не принимает записи",
        "the database takes nothing: no room, no permission, a stuck writer, damage",
        "`smsd database check`; `smsd doctor`; if damaged, restore a backup",
    ),
    Condition.KEY_REPLACED: Alarm(
        _E, "f6604232c1bc4f04a464d367b0c0a24c", 0, "ключ не тот: паролей не открыть: {figure}",
        "the private key is not the one that clients' passwords are sealed to: it was lost, and a new one was made",
        "put the former key back from its backup and restart the service; or import those clients again with passwords",
    ),
    Condition.CLOCK_OFF: Alarm(
        _W, "d5a1df186d40447080a5e7bfcda6e980", 0, "часы сервера расходятся с сетью на {figure} с",
        "this host's clock is minutes off the network's: deadlines, quiet hours and reports go wrong",
        "switch time synchronisation on (`timedatectl set-ntp true`)",
    ),
    Condition.SELF_TEST_FAILED: Alarm(
        _C, "e1fd34052f1c4067a8a8b3eb3aa3e41d", 0, "самопроверка {about} не прошла",
        "a message to the service's own number did not come back in time: a client's may be lost the same way",
        "`smsd inbox list` and `smsd status`; send a text by hand from a phone; restart the modem",
    ),
    Condition.BALANCE_LOW: Alarm(
        _W, "ca84e8dc3cc245188990bfd8777662c6", 0, "модем {about}: баланс {figure}",
        "the SIM's balance is below `balance_low`",
        "pay; an empty SIM sends nothing",
    ),
    Condition.BALANCE_UNKNOWN: Alarm(
        _W, "6163d807b1484539b728a2c2ee9a8dad", 0, "модем {about}: баланс не узнать",
        "the operator's answer about the balance did not come for two days, or has no number where the pattern looks",
        "`smsd modem balance NAME` shows the answer as it came; mend `balance_ussd` or `balance_pattern`",
    ),
}  # fmt: skip


TEST_MESSAGE_ID = "e419b4c0baa44ddcbbab3bee1b7dac73"
"""What journald knows a test by."""

Key = tuple[Condition, str]
"""An alarm and what it is about: a route, a class, a message; empty for the service as a whole."""


Silence = tuple[str, str]
"""What is not told to people for a while: a condition's name, and what it is about."""
ANYTHING = "*"
"""A silence about whatever a condition may be about."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is the case now. ``detail`` is for logs, in English; ``figure`` the number for people."""

    condition: Condition
    about: str = ""
    detail: str = ""
    figure: str = ""

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.condition, self.about


class Change(StrEnum):
    """What is told of an alarm."""

    RAISED = "raised"
    REPEATED = "repeated"
    CLEARED = "cleared"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered of an alarm; times are Unix seconds.

    ``since``: when it was found first. ``raised_at``: when it was told, ``None`` while it is too young or over.
    ``told_at``: when it was told last; ``None`` of one that was raised: a silence is over, and people do not know it.
    ``gone_at``: since when it has not been found. ``flaps``: all-clears of the last day.
    """

    condition: Condition
    about: str
    since: float
    detail: str = ""
    figure: str = ""
    raised_at: float | None = None
    told_at: float | None = None
    gone_at: float | None = None
    flaps: int = 0

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.condition, self.about


@dataclass(frozen=True, slots=True)
class Event:
    """Something to be told. ``condition`` is ``None`` for a test; ``held``: so many before it were not told by SMS."""

    change: Change
    at: float
    condition: Condition | None = None
    about: str = ""
    since: float = 0.0
    detail: str = ""
    figure: str = ""
    held: int = 0

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return Severity.WARNING if self.condition is None else ALARMS[self.condition].severity


def judge(
    ledger: Mapping[Key, Standing], findings: Iterable[Finding], now: float, *, repeat_after: float
) -> tuple[list[Event], dict[Key, Standing]]:
    """Return what is to be told now, and the ledger as it is then.

    ``repeat_after``: seconds after which what still stands is told again; 0: never.
    """
    found = {finding.key: finding for finding in findings}
    events: list[Event] = []
    after: dict[Key, Standing] = {}
    for key in sorted({*ledger, *found}):
        before = ledger.get(key)
        standing = _now(before, now) if before is not None else None
        finding = found.get(key)
        change, kept = _present(standing, finding, now, repeat_after) if finding else _absent(standing, now)
        if kept is not None:
            after[key] = kept
        if change is not None:
            shown = kept or standing
            assert shown is not None  # noqa: S101  only what was known is told
            since = shown.since
            events.append(Event(change, now, *key, since=since, detail=shown.detail, figure=shown.figure))
    return events, after


def spoken_again(
    ledger: Mapping[Key, Standing], over: Iterable[Silence], now: float
) -> tuple[list[Event], dict[Key, Standing]]:
    """Return what is to be told because a silence is over and the alarm stands, and the ledger as it is then.

    What came up during planned work, or was not put right by it, would be told a day later otherwise. Of one whose
    cause is gone nothing is said: its all-clear follows, or it comes back and is told then.
    """
    after = dict(ledger)
    events = []
    loud = set(over)
    for key, standing in ledger.items():
        name, about = key[0].value, key[1]
        if standing.raised_at is None or loud.isdisjoint({(name, about), (name, ANYTHING)}):
            continue
        if standing.gone_at is not None:
            after[key] = replace(standing, told_at=None)
            continue
        after[key] = replace(standing, told_at=now)
        events.append(Event(Change.REPEATED, now, *key, standing.since, standing.detail, standing.figure))
    return events, after


def _now(standing: Standing, now: float) -> Standing:
    """Return a standing none of whose times is ahead: a clock that was set back must not silence an alarm."""

    def past(time: float | None) -> float | None:
        return None if time is None else min(time, now)

    return replace(
        standing,
        since=min(standing.since, now),
        raised_at=past(standing.raised_at),
        told_at=past(standing.told_at),
        gone_at=past(standing.gone_at),
    )


def _present(
    before: Standing | None, finding: Finding, now: float, repeat_after: float
) -> tuple[Change | None, Standing]:
    """Judge what is found now."""
    alarm = ALARMS[finding.condition]
    anew = before is None or (before.raised_at is None and before.gone_at is not None and now - before.gone_at >= BLIP)
    flaps = before.flaps if before is not None else 0
    start = now if before is None or anew else before.since
    told_at = before.told_at if before is not None else None
    standing = Standing(*finding.key, start, finding.detail, finding.figure, None, told_at, None, flaps)
    if before is not None and before.raised_at is not None:
        standing = replace(standing, since=before.since, raised_at=before.raised_at)
        due = before.told_at is None or (repeat_after > 0 and now - before.told_at >= repeat_after)
        return (Change.REPEATED, replace(standing, told_at=now)) if due else (None, standing)
    if now - standing.since < alarm.after:
        return None, standing
    return Change.RAISED, replace(standing, raised_at=now, told_at=now)


def _absent(before: Standing | None, now: float) -> tuple[Change | None, Standing | None]:
    """Judge what was known and is not found now."""
    assert before is not None  # noqa: S101  what is neither known nor found is not judged
    gone_at = now if before.gone_at is None else before.gone_at
    gone = now - gone_at
    if before.raised_at is None:
        keep = REMEMBERED if before.flaps else BLIP
        return None, replace(before, gone_at=gone_at) if gone < keep else None
    if gone < min(CLEAR_AFTER * 2**before.flaps, CLEAR_AFTER_MOST):
        return None, replace(before, gone_at=gone_at)
    return Change.CLEARED, replace(before, raised_at=None, told_at=now, gone_at=gone_at, flaps=before.flaps + 1)


# --- in words ---------------------------------------------------------------------------------------------------------

_BEGINNINGS = {
    Change.RAISED: "ТРЕВОГА: ",
    Change.REPEATED: "ВСЁ ЕЩЁ: ",
    Change.CLEARED: "ОТБОЙ: ",
}
TEST_TEXT = "ПРОВЕРКА: тревоги СМС-сервиса доходят до этого телефона."


def say(event: Event) -> str:
    """Say an event in one SMS of one part."""
    if event.condition is None:
        return TEST_TEXT
    text = ALARMS[event.condition].text
    text = _BEGINNINGS[event.change] + text.replace("{about}", event.about).replace("{figure}", event.figure)
    end = f" (ещё {event.held} не отправлено)" if event.held else ""
    return _cut(text, LONGEST - len(end)) + end


def _cut(text: str, longest: int) -> str:
    """Return as much of a text as ``longest`` units carry; no pair of surrogates is cut."""
    if len(text.encode("utf-16-be")) // 2 <= longest:
        return text
    return text.encode("utf-16-be")[: 2 * (longest - 1)].decode("utf-16-be", "ignore") + "…"


def foremost(events: Iterable[Event]) -> Event | None:
    """Return the one to be told of several that were not: of each alarm its last, what stands before what is over."""
    last = {(event.condition, event.about): event for event in events}
    return max(last.values(), key=lambda event: (event.change is not Change.CLEARED, event.severity.rank), default=None)
