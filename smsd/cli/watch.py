"""``smsd status --watch``: the same screen, live, with the signal over time.

Knows a terminal of 80 columns and 24 lines, drawn anew each time in plain ANSI (ECMA-48), so that it works over ssh and
in tmux; ``screen`` is a pure function of what was seen. Refuses to keep anything: the plot begins when the watching
does.
"""

import contextlib
import os
import select
import shutil
import sys
import termios
import tty
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from smsd.cli.alarm import gone_for
from smsd.cli.alertview import hold_words, to_go
from smsd.cli.app import App
from smsd.cli.output import Clock, cut, one_line, plural
from smsd.cli.snapshot import Snapshot, look, size
from smsd.errors import StoreError, UsageError
from smsd.speech import N_, _, said

if TYPE_CHECKING:
    from smsd.rules.alarms import Standing
    from smsd.store import Store

__all__ = ["History", "plot", "screen", "watch"]

OUTCOMES = (N_("sent"), N_("not sent"), N_("in doubt"))
"""What an attempt may have ended in, as it is said where no code and no reason is known."""
LONGEST_PLOT = 1000
BARS = "▁▂▃▄▅▆▇█"
PLAIN_BARS = ".:-=+*%#"
WORST, BEST = -113, -51
"""What +CSQ can tell, in dBm (27.007 §8.5)."""
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
HOME, CLEAR_LINE, CLEAR_REST = "\x1b[H", "\x1b[K", "\x1b[J"
ENDS = frozenset("qQ\x03\x04")
QUEUE_LINES, ROUTE_LINES, ALERT_LINES = 8, 6, 3


class History:
    """The signal of each route, one value a look; ``None`` where it was not known."""

    def __init__(self) -> None:
        self.signals: dict[str, deque[int | None]] = defaultdict(lambda: deque(maxlen=LONGEST_PLOT))

    def note(self, routes: Sequence[Mapping[str, Any]]) -> None:
        """Write one look down."""
        for row in routes:
            signal = row["facts"].get("signal")
            if isinstance(signal, int) or row["name"] in self.signals:
                self.signals[row["name"]].append(signal if isinstance(signal, int) and row["up"] else None)


def plot(values: Sequence[int | None], width: int, bars: str = BARS) -> str:
    """Draw the last ``width`` values, one column each; a gap where nothing was known."""
    drawn = ""
    for value in list(values)[-width:] if width > 0 else []:
        if value is None:
            drawn += " "
            continue
        share = (min(max(value, WORST), BEST) - WORST) / (BEST - WORST)
        drawn += bars[min(int(share * len(bars)), len(bars) - 1)]
    return drawn


def screen(
    snapshot: Snapshot, history: History, clock: Clock, now: float, *, number: str, columns: int, lines: int, bars: str
) -> list[str]:
    """Return the lines of the screen, none wider than ``columns`` and no more than ``lines``."""
    head = [f"smsd  {number}  {clock.day(now)}  {_('(q ends)')}", *_summary(snapshot, clock, now)]
    body = [*_routes(snapshot, clock), *_signals(history, columns, bars), *_queue(snapshot, clock)]
    body += _alerts(snapshot, clock)
    rates = snapshot.rates
    body.append(
        _("sent {n} parts/min, {m} in an hour; received {k}/min, {l} in an hour").format(
            n=rates.sent_minute, m=rates.sent_hour, k=rates.received_minute, l=rates.received_hour
        )
    )
    drawn = [*head, *body, *_errors(snapshot, clock, lines - len(head) - len(body))]
    return [cut(one_line(line), columns) for line in drawn[:lines]]


def _summary(snapshot: Snapshot, clock: Clock, now: float) -> list[str]:
    """Say first what matters most: whether anything can be sent, and what needs a person."""
    daemon = clock.said(snapshot.daemon or "") or _("no daemon")
    disk = "" if snapshot.free_octets is None else _("{size} free").format(size=size(snapshot.free_octets))
    inbox = ", ".join(f"{count} {state}" for state, count in sorted(snapshot.inbox.items()))
    told = [f"{daemon}; {disk}", f"{_('inbox, 24 h')}: {inbox or _('nothing')}"]
    if snapshot.requests:
        states = ", ".join(f"{row['count']} {row['state']}" for row in snapshot.requests)
        told.append(f"{_('requests')}: {states}")
    problems = [_("NOTHING CAN BE SENT: {what}").format(what=problem) for problem in snapshot.problems]
    warnings = [_("warning: {what}").format(what=warning) for warning in snapshot.warnings(now)]
    alarms = [_("ALARM: {what}").format(what=_alarm(each, clock)) for each in snapshot.alarms]
    return [*told, *problems, *alarms, *warnings]


def _alarm(standing: "Standing", clock: Clock) -> str:
    name = f"{standing.condition.value} {standing.about}".rstrip()
    gone = gone_for(standing, clock)
    return f"{name} ({gone})" if gone else name


def _routes(snapshot: Snapshot, clock: Clock) -> Iterator[str]:
    yield _("routes")
    for row in snapshot.routes[:ROUTE_LINES]:
        facts = row["facts"]
        stands = _("{state} for {age}") if snapshot.daemon is not None else _("was {state} for {age}")
        flight = _("{n}/{window} in flight").format(n=facts.get("in_flight", 0), window=facts.get("window"))
        told = [
            stands.format(state=row["state"], age=clock.since(row["since"])),
            str(facts.get("operator") or ""),
            f"SIM {facts['slots_used']}/{facts['slots_total']}" if facts.get("slots_total") else "",
            flight if facts.get("window") else "",
            said(row["detail"]),
        ]
        yield f"  {row['name']:<10} {', '.join(filter(None, told))}"
    if (more := len(snapshot.routes) - ROUTE_LINES) > 0:
        yield "  " + _("… and {what} more").format(what=plural(more, "route"))


def _signals(history: History, columns: int, bars: str) -> Iterator[str]:
    for name, values in history.signals.items():
        last = values[-1]
        shown = _("{n} dBm").format(n=last) if last is not None else _("no signal")
        label = f"  {name:<10} {shown:<10} "
        yield label + plot(values, columns - len(label), bars)


def _queue(snapshot: Snapshot, clock: Clock) -> Iterator[str]:
    yield _("queue") if snapshot.queue else _("queue: empty")
    for row in snapshot.queue[:QUEUE_LINES]:
        oldest = _("oldest {age}").format(age=clock.since(row["oldest"]))
        yield f"  {row['class']:<13} {row['state']:<11} {row['count']:>7}   {oldest}"
    if len(snapshot.queue) > QUEUE_LINES:
        rest = sum(row["count"] for row in snapshot.queue[QUEUE_LINES:])
        yield "  " + _("… and {what} more").format(what=plural(rest, "message"))


def _alerts(snapshot: Snapshot, clock: Clock) -> list[str]:
    """List the alerts that are open, with what is still to go and what holds them."""
    told = [
        f"  {row['id']:<5} {row['state']:<8} {_('{n} to go').format(n=to_go(row))} {hold_words(hold, clock)}"
        for row, hold in snapshot.alerts
    ]
    return [_("alerts"), *told[:ALERT_LINES]] if told else []


def _errors(snapshot: Snapshot, clock: Clock, room: int) -> list[str]:
    """List the last errors, as many as there is room for."""
    if not snapshot.last_errors or room < 2:
        return []
    return [_("last errors"), *(_error(row, clock) for row in snapshot.last_errors[: room - 1])]


def _error(row: Mapping[str, Any], clock: Clock) -> str:
    what = ": ".join(filter(None, (row["code"], said(row["reason"] or "")))) or _(row["outcome"].replace("_", " "))
    told = _("message {id} by {route}: {what}").format(id=row["message_id"], route=row["route"], what=what)
    return f"  {clock.hour(row['started_at'])} {told}"


# --- the terminal -----------------------------------------------------------------------------------------------------


def watch(app: App, every: float) -> None:
    """Draw the screen every so many seconds until q or Ctrl-C. Raises ``UsageError`` without a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("--watch needs a terminal; elsewhere 'smsd status' shows the screen once")
    history = History()
    with app.store() as store, _terminal():
        while True:
            click.echo(_drawn(app, store, history), nl=False)
            if _ended(every):
                return


def _drawn(app: App, store: "Store", history: History) -> str:
    now = app.clock()
    clock = Clock(app.config.service.zone, now)
    columns, lines = shutil.get_terminal_size()
    try:
        snapshot = look(app, store, now)
        history.note(snapshot.routes)
        drawn = screen(
            snapshot,
            history,
            clock,
            now,
            number=app.config.service.number,
            columns=columns,
            lines=lines,
            bars=_bars(sys.stdout.encoding),
        )
    except StoreError as error:
        drawn = [cut(one_line(said(str(error))), columns)]
    # The last line has no line feed: it would push the first one out.
    return HOME + f"{CLEAR_LINE}\n".join(drawn) + CLEAR_LINE + CLEAR_REST


def _bars(encoding: str | None) -> str:
    try:
        BARS.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN_BARS
    return BARS


@contextlib.contextmanager
def _terminal() -> Iterator[None]:
    """Take a screen of our own and single keys, and give both back whatever happens."""
    before = termios.tcgetattr(sys.stdin.fileno())
    tty.setcbreak(sys.stdin.fileno())
    click.echo(ENTER, nl=False)
    try:
        yield
    except KeyboardInterrupt:
        pass  # Ctrl-C is one of the ways to end
    finally:
        click.echo(LEAVE, nl=False)
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)


def _ended(seconds: float) -> bool:
    """Wait for a key; tell whether it was one that ends, or whether the terminal has gone."""
    ready, _, _ = select.select([sys.stdin.fileno()], [], [], seconds)
    if not ready:
        return False
    typed = os.read(sys.stdin.fileno(), 64).decode("latin-1")
    return not typed or bool(ENDS & set(typed))
