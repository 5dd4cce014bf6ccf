"""Write the parts of the documentation that are taken from the code, or with ``--check`` say which are out of date.

Knows the pages and, for each block ``<!-- generated: NAME -->`` … ``<!-- end: NAME -->``, the function that makes it.
Refuses to invent: whatever stands in a block stands in the code as well.
"""

import ast
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from smsd import errors
from smsd.api.app import OPERATIONS
from smsd.api.document import document
from smsd.daemon.figures import FIGURES
from smsd.routes.modem.quirks import QUIRKS
from smsd.rules import alerts, cures, outbox, requests
from smsd.rules.alarms import ALARMS, TEST_MESSAGE_ID, Change, Condition, Event, say
from smsd.rules.alerts import AlertState, Drop
from smsd.rules.outbox import MessageClass, PartState, State
from smsd.rules.reception import InboxState
from smsd.rules.requests import RequestState

DOCS = Path(__file__).parent
PACKAGE = DOCS.parent / "smsd"

S = TypeVar("S", bound=StrEnum)
Transitions = Mapping[S, Mapping[S, str]]
Block = Callable[[str], str]
"""Makes the inside of a block anew; is given the present inside, for sentences that only the page knows."""


def table(*columns: str) -> Callable[[Iterator[tuple[str, ...]]], str]:
    """Return a function that writes rows as a table of Markdown."""

    def write(rows: Iterator[tuple[str, ...]]) -> str:
        head = [columns, ("---",) * len(columns)]
        return "".join(f"| {' | '.join(cells)} |\n" for cells in [*head, *rows])

    return write


# --- states -----------------------------------------------------------------------------------------------------------


def arrows(transitions: Transitions[S]) -> Iterator[tuple[int, S, S, str]]:
    """Count through the arrows of a table of transitions."""
    number = 0
    for before, following in transitions.items():
        for after, reason in following.items():
            number += 1
            yield number, before, after, reason


def diagram(transitions: Transitions[S], first: S, *ends: S) -> str:
    """Draw a table of transitions; an arrow's number is that of its row below."""
    lines = [f"    [*] --> {first.value}"]
    lines += [f"    {before.value} --> {after.value}: {number}" for number, before, after, _ in arrows(transitions)]
    lines += [f"    {end.value} --> [*]" for end in ends]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```\n"])


def reasons(transitions: Transitions[S]) -> str:
    """List every arrow with its reason."""
    write = table("", "from", "to", "when")
    return write((str(number), f"`{a.value}`", f"`{b.value}`", why) for number, a, b, why in arrows(transitions))


def outbox_machine(_: str) -> str:
    """Draw the life of an outgoing message."""
    return diagram(outbox.TRANSITIONS, State.QUEUED, State.DELIVERED) + "\n" + reasons(outbox.TRANSITIONS)


def request_machine(_: str) -> str:
    """Draw the life of a request."""
    drawn = diagram(requests.TRANSITIONS, RequestState.ACCEPTED, RequestState.DONE, RequestState.FAILED)
    return drawn + "\n" + reasons(requests.TRANSITIONS)


def alert_machine(_: str) -> str:
    """Draw the life of an alert."""
    drawn = diagram(alerts.TRANSITIONS, AlertState.PREPARING, AlertState.DONE, AlertState.CANCELLED)
    return drawn + "\n" + reasons(alerts.TRANSITIONS)


def classes(_: str) -> str:
    """List the classes of messages in the order they leave."""
    yes = {True: "yes", False: "no"}
    return table("priority", "class", "obeys an opt-out", "when in doubt and no evidence comes")(
        (
            str(outbox.PRIORITY[each]),
            f"`{each.value}`",
            yes[each in outbox.OBEYS_OPT_OUT],
            {"resend_once": "sent once more", "hold": "held for a person"}[outbox.DOUBT_POLICY[each].value],
        )
        for each in MessageClass
    )


def listed(states: type[StrEnum]) -> Block:
    """Return what lists every state of a kind; its meaning is the page's own and is kept."""

    def block(inside: str) -> str:
        return table("state", "meaning")((f"`{each.value}`", _kept(inside, each.value)) for each in states)

    return block


def outbox_states(inside: str) -> str:
    """List the states of a message."""
    return table("state", "final", "meaning")(
        (f"`{each.value}`", "yes" if each in outbox.FINAL else "", _kept(inside, each.value)) for each in State
    )


def _kept(inside: str, name: str) -> str:
    """Return the last cell of the row that speaks of ``name``: a sentence that a person wrote."""
    row = re.search(rf"^\| `{re.escape(name)}` \|(?:.* \|)? ([^|]*) \|$", inside, re.MULTILINE)
    return row[1] if row else "—"


# --- exit codes -------------------------------------------------------------------------------------------------------


def exit_codes(inside: str) -> str:
    """List the exit codes with the errors that end in them."""
    found: dict[int, list[str]] = {0: []}
    for name in errors.__all__:
        found.setdefault(getattr(errors, name).exit_code, []).append(f"`{name}`")
    return table("code", "errors", "meaning")(
        (f"`{code}`", ", ".join(names) or "none", _kept(inside, str(code))) for code, names in sorted(found.items())
    )


def error_tree(_: str) -> str:
    """Show the hierarchy of errors as its page has it."""
    lines = [line for line in (errors.__doc__ or "").splitlines() if line.lstrip().startswith("* ")]
    return "\n".join(re.sub(r"(?<=\S) {2,}", ": ", line.replace("``", "`")) for line in lines) + "\n"


# --- log events -------------------------------------------------------------------------------------------------------

LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}


def events() -> dict[str, tuple[set[str], set[str], set[str]]]:
    """Find every event that is logged: its levels, the modules that log it, the fields it has."""
    found: dict[str, tuple[set[str], set[str], set[str]]] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        tree = ast.parse(file.read_text("utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        loggers = {"log", "_log"} | set(_bound(tree))
        for call in calls:
            told = call.args[0] if call.args else None
            if _called(call, loggers) in LEVELS and isinstance(told, ast.Constant) and isinstance(told.value, str):
                levels, modules, fields = found.setdefault(told.value, (set(), set(), set()))
                levels.add(LEVELS[_called(call, loggers)])
                modules.add(module)
                fields.update(keyword.arg for keyword in call.keywords if keyword.arg and keyword.arg != "exc_info")
    return dict(sorted(found.items()))


def _called(call: ast.Call, loggers: set[str]) -> str:
    """Return which method of a logger is called; nothing when it is no logger's."""
    assert isinstance(call.func, ast.Attribute)  # noqa: S101  the callers look for nothing else
    return call.func.attr if ast.unparse(call.func.value).rsplit(".", 1)[-1] in loggers else ""


def _bound(tree: ast.Module) -> Iterator[str]:
    """Return the names that loggers are bound to fields under: ``told = log.bind(message_id=1)``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and re.search(r"\blog\.bind\(|_log\.bind\(", ast.unparse(node.value)):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def log_events(inside: str) -> str:
    """List every event; what it means to an operator is the page's own and is kept."""
    return table("event", "level", "logged by", "with", "meaning")(
        (
            f"`{name}`",
            ", ".join(sorted(levels)),
            ", ".join(f"`{module}`" for module in sorted(modules)),
            ", ".join(f"`{field}`" for field in sorted(fields)) or "—",
            _kept(inside, name),
        )
        for name, (levels, modules, fields) in events().items()
    )


# --- modems -----------------------------------------------------------------------------------------------------------


def quirks(_: str) -> str:
    """List the families of modems that are treated in their own way."""

    def code(*texts: str) -> str:
        return ", ".join(f"`{text}`" for text in texts) or "—"

    write = table(
        "family", "known by", "error codes of", "said after the PIN", "asks the SIM's number by", "`AT+CMMS`",
        "radio off, on", "restart",
    )  # fmt: skip
    return write(
        (
            row.name,
            code(*row.makers) + (f" with {code(*row.models)}" if row.models else ""),
            "—" if row.codes.value == "unknown" else row.codes.value,
            code(*row.set_up),
            code(*row.iccid),
            "tried" if row.keep_link else "never",
            code(*filter(None, (row.radio_off and row.radio_off, row.radio_off and row.radio_on))),
            code(*filter(None, (row.restart,))),
        )
        for row in QUIRKS
    )


# --- alarms -----------------------------------------------------------------------------------------------------------


def alarms(_: str) -> str:
    """List every alarm, the worst first."""
    rows = sorted(ALARMS.items(), key=lambda row: (-row[1].severity.rank, list(Condition).index(row[0])))
    return table("alarm", "severity", "told after", "what it means", "what to do")(
        (
            f"[`{name}`](../how-to/runbook.md#{name})",
            alarm.severity.value,
            _span(alarm.after),
            alarm.meaning,
            alarm.cure,
        )
        for name, alarm in rows
    )


def _span(seconds: float) -> str:
    if not seconds:
        return "at once"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def message_ids(_: str) -> str:
    """List what the journal and an SMS say of every alarm."""
    rows = [(name.value, alarm.message_id, say(_raised(name))) for name, alarm in ALARMS.items()]
    rows.append(("a test", TEST_MESSAGE_ID, say(Event(Change.TEST, 0.0))))
    return table("alarm", "MESSAGE_ID", "the SMS")((f"`{name}`", f"`{number}`", text) for name, number, text in rows)


def _raised(condition: Condition) -> Event:
    change = Change.RAISED
    about = {Condition.SIM_SWAPPED: "+7916•••67", Condition.QUEUE_OLD: "result"}.get(condition, "modem0")
    return Event(change, 0.0, condition, about, figure="95")


# --- cures ------------------------------------------------------------------------------------------------------------


def ladders(inside: str) -> str:
    """List each trouble with its ladder; what the trouble is, is the page's own."""

    def span(seconds: float) -> str:
        return "at once" if not seconds else f"after {seconds:.0f} s" if seconds < 60 else f"after {seconds / 60:g} min"

    return table("trouble", "cures: each when the trouble has lasted so long since the one before", "what it is")(
        (
            f"`{trouble.value}`",
            ", ".join(f"{rung.cure.value} {span(rung.after)}" for rung in rungs),
            _kept(inside, trouble.value),
        )
        for trouble, rungs in cures.LADDERS.items()
    )


# --- metrics ----------------------------------------------------------------------------------------------------------


def metrics(_: str) -> str:
    """List every metric."""
    return table("metric", "type", "labels", "what it says")(
        (f"`{name}`", figure.kind, ", ".join(f"`{label}`" for label in figure.labels) or "—", figure.doc)
        for name, figure in FIGURES.items()
    )


# --- decisions --------------------------------------------------------------------------------------------------------


def decisions(_: str) -> str:
    """List the decisions by number, with their titles."""
    files = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    return "".join(f"* [{file.read_text('utf-8').splitlines()[0].removeprefix('# ')}]({file.name})\n" for file in files)


# --- pages ------------------------------------------------------------------------------------------------------------


def openapi() -> str:
    """Write the OpenAPI document down."""
    return json.dumps(document(OPERATIONS), ensure_ascii=False, indent=2) + "\n"


def operations(_: str) -> str:
    """List the operations of the API."""
    return table("", "path", "scope", "what it does")(
        (f"`{each.method}`", f"`{each.path}`", f"`{each.scope.value}`" if each.scope else "—", each.about)
        for each in OPERATIONS
    )


BLOCKS: Mapping[str, Mapping[str, Block]] = {
    "decisions/README.md": {"decisions": decisions},
    "explanation/delivery.md": {"outbox": outbox_machine},
    "reference/states.md": {
        "classes": classes,
        "outbox": outbox_states,
        "parts": listed(PartState),
        "requests": listed(RequestState),
        "request-machine": request_machine,
        "inbox": listed(InboxState),
        "alerts": listed(AlertState),
        "alert-machine": alert_machine,
        "drops": listed(Drop),
    },
    "reference/alarms.md": {"alarms": alarms, "message-ids": message_ids},
    "reference/cures.md": {"ladders": ladders},
    "reference/exit-codes.md": {"codes": exit_codes, "errors": error_tree},
    "reference/log-events.md": {"events": log_events},
    "reference/metrics.md": {"metrics": metrics},
    "reference/modem-support.md": {"quirks": quirks},
    "reference/api.md": {"operations": operations},
}


FILES: dict[str, Callable[[], str]] = {"reference/openapi.json": openapi}
"""Files that are made as a whole."""


def rewritten(text: str, blocks: Mapping[str, Block]) -> str:
    """Return a page with its blocks made anew. Raises ``ValueError`` where one is missing."""
    for name, block in blocks.items():
        begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->"
        head, found, rest = text.partition(begin)
        inside, closed, tail = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"no block {name!r}")
        text = f"{head}{begin}\n{block(inside)}\n{end}{tail}"
    return text


def main(arguments: list[str]) -> int:
    """Write or check every page; return 1 when one is, or was, out of date and only checking was asked for."""
    stale = []
    for name, blocks in BLOCKS.items():
        page = DOCS / name
        before = page.read_text("utf-8")
        after = rewritten(before, blocks)
        if after != before:
            stale.append(name)
            if "--check" not in arguments:
                page.write_text(after, "utf-8")
    for name, make in FILES.items():
        page = DOCS / name
        if not page.exists() or page.read_text("utf-8") != make():
            stale.append(name)
            if "--check" not in arguments:
                page.write_text(make(), "utf-8")
    for name in stale:
        print(f"docs/{name}: {'run python docs/generate.py' if '--check' in arguments else 'written anew'}")
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
