"""The log: set up once, for a person at a terminal or for journald.

Knows how a line looks and what must never be in one. Refuses to know what is logged: the modules below log through
``structlog``, those of others through ``logging``, and both come out here in the same form, on standard error.

What never leaves, whatever was handed to a logger, nested or inside an exception's traceback:

* the value of a key named like a text or a secret (``HIDDEN``): ``***`` stands instead. A refusal's code goes by
  ``status`` or ``error``, for ``code`` is a client's;
* octets: only their number is shown;
* a phone number: ``+7908•••79``. Taken for one is ``+`` and 7 to 15 digits, also spaced, bracketed or dashed; 7 or 8
  and ten digits in the Russian grouping; and any run of 10 to 15 digits, also as an integer. Longer runs (an ICCID has
  19 or 20) and shorter ones (ids, ports) stay, as do times, which ISO 8601 writes in groups;
* nothing is taken for a phone under a key that says it is something else (``PLAIN``): identifiers of rows, and those of
  the modem and its SIM. In free text an IMEI, with its 15 digits, is masked too: rather one too many.

Local variables are never shown with a traceback.
"""

import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import date, time
from functools import lru_cache
from json import JSONEncoder
from json.encoder import encode_basestring as _quoted
from typing import IO, TYPE_CHECKING, Any

from smsd.rules.phones import mask

if TYPE_CHECKING:
    from structlog.typing import Processor

__all__ = ["HIDDEN", "PLAIN", "bound", "conceal", "mask_phones", "setup"]

HIDDEN = frozenset({"body", "code", "login", "octets", "password", "pdu", "pin", "puk", "secret", "text", "token"})
"""Keys whose value is never shown."""
PLAIN = frozenset({"attempt_id", "alert_id", "iccid", "imei", "imsi", "inbox_id", "message_id", "pid", "request_id"})
"""Keys whose value is no phone, however many digits it has."""
_OWN = frozenset({"level", "timestamp", "logger"})
_FOREMOST = ("timestamp", "level", "event")
_DEEPEST = 8
_SHORTEST = 8
"""Characters of the shortest text that is taken for a phone: + and seven digits."""
_PLAIN_BELOW = 10**9
"""An integer of fewer than ten digits is no phone."""

_PHONE = re.compile(
    r"""
    \+ [0-9] (?: [ \u00a0()-]{0,2} [0-9] ){6,14} (?![0-9•])            # +7 (908) 622-87-79
    | (?<![0-9•]) [78] [ \u00a0-]? \(? [0-9]{3} \)?                    # 8 908
        [ \u00a0-]? [0-9]{3} (?: [ \u00a0-]? [0-9]{2} ){2} (?![0-9•])   # 622-87-79
    | (?<![0-9•]) [0-9]{10,15} (?![0-9•])                             # 79086228779
    """,
    re.VERBOSE,
)
_PRIORITY = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
"""syslog's severities, as sd-daemon(3) puts them before a line."""


def setup(
    *,
    json: bool | None = None,
    level: str = "info",
    environ: Mapping[str, str] | None = None,
    stream: IO[str] | None = None,
) -> None:
    """Send everything that is logged to ``stream`` (standard error), from ``level`` up.

    ``json`` chooses between JSON lines and lines for a person; ``None``: JSON unless the stream is a terminal. Lines
    that go to journald (``$JOURNAL_STREAM``) begin with their priority, ``<4>`` for a warning.
    """
    import structlog  # noqa: PLC0415  start-up time

    out = sys.stderr if stream is None else stream
    as_json = not out.isatty() if json is None else json
    handler = logging.StreamHandler(out)
    to_journal = as_json and _is_journal(out, os.environ if environ is None else environ)
    last = _last(as_json=as_json, to_journal=to_journal, colours=out.isatty())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                *_first(), structlog.stdlib.ExtraAdder(), structlog.stdlib.PositionalArgumentsFormatter()
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )  # fmt: skip
    root = logging.getLogger()
    for former in root.handlers[:]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    # Our own lines do not pass through logging: there is one for each part that is sent, and it costs half as much.
    named = structlog.stdlib.LoggerFactory(ignore_frame_names=[__name__])
    structlog.configure(
        processors=[*_first(), *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=lambda *names: _Lines(named(*names).name, out),
        cache_logger_on_first_use=False,
    )


@contextmanager
def bound(
    *,
    message_id: int | None = None,
    request_id: int | None = None,
    inbox_id: int | None = None,
    attempt_id: int | None = None,
) -> Iterator[None]:
    """Mark every line logged inside with what it is about, so that the life of one message can be searched for."""
    from structlog.contextvars import bound_contextvars  # noqa: PLC0415

    about = {"message_id": message_id, "request_id": request_id, "inbox_id": inbox_id, "attempt_id": attempt_id}
    with bound_contextvars(**{name: value for name, value in about.items() if value is not None}):
        yield


def mask_phones(text: str) -> str:
    """Return a text with every phone number in it masked; masking it again changes nothing."""
    if len(text) < _SHORTEST or text.isalpha():
        return text
    if text.isdigit() and text.isascii():
        # What the pattern says of digits alone, at a tenth of its price.
        return mask(text) if 10 <= len(text) <= 15 else text
    return _PHONE.sub(lambda found: mask(found[0]), text)


def conceal(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide what must not be seen in an event: the processor that stands before every renderer."""
    # What the eye looks for first stands first.
    seen: dict[str, Any] = {name: None for name in _FOREMOST if name in event}
    for name, value in event.items():
        key, is_own, is_hidden, is_plain = _named(name)
        # Nearly all values are of these three kinds: a line is written for each part that is sent.
        if is_own or (type(value) is int and -_PLAIN_BELOW < value < _PLAIN_BELOW and not is_hidden):
            seen[key] = value
        elif type(value) is str and not is_hidden:
            seen[key] = value if is_plain else mask_phones(value)
        else:
            seen[key] = _shown(name, value, _DEEPEST)
    return seen


@lru_cache(1024)
def _named(name: str) -> tuple[str, bool, bool, bool]:
    """Return a key as it may be seen; and whether its value is the log's own, is never shown, and is no phone."""
    return _key(name), name in _OWN, name.lower() in HIDDEN, name in PLAIN


def _shown(name: object, value: Any, depth: int) -> Any:
    """Return a value as it may be seen under a key: numbers and flags stay themselves, all else becomes text."""
    if isinstance(name, str) and name.lower() in HIDDEN:
        return value if value is None else "***"
    if type(value) is str:
        return value if name in PLAIN else mask_phones(value)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} octets>"
    if isinstance(value, int):
        if -_PLAIN_BELOW < value < _PLAIN_BELOW:
            return int(value)
        digits = str(int(value))
        return int(value) if name in PLAIN or mask_phones(digits) == digits else mask(digits)
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _nested(name, value, depth - 1)
    text = str(value)
    return text if name in PLAIN else mask_phones(text)


def _nested(name: object, value: Any, depth: int) -> Any:
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {_key(inner): _shown(inner, each, depth) for inner, each in value.items()}
    return [_shown(name, each, depth) for each in value]


def _key(name: object) -> str:
    return _masked_name(str(name))


@lru_cache(1024)
def _masked_name(name: str) -> str:
    return mask_phones(name)


# --- structlog's parts, in the order a line passes them ---------------------------------------------------------------


class _Lines:
    """Where the lines of one logger are written; what cannot be written is lost and troubles nobody."""

    def __init__(self, name: str, stream: IO[str]) -> None:
        self.name = name
        self._stream = stream

    def _write(self, line: str) -> None:
        try:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except (OSError, ValueError):
            pass  # a full disk, a closed pipe

    debug = info = warning = error = critical = _write


def _first() -> "list[Processor]":
    """Return what an event passes whoever logged it."""
    import structlog  # noqa: PLC0415

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _last(*, as_json: bool, to_journal: bool, colours: bool) -> "list[Processor]":
    """Return the end of the way: tracebacks become text first, so that they are concealed like everything else."""
    import structlog  # noqa: PLC0415

    render: Processor
    if as_json:
        render = _json
    else:
        render = structlog.dev.ConsoleRenderer(colors=colours, sort_keys=False)
    last = _with_priority(render) if to_journal else render
    return [structlog.processors.format_exc_info, conceal, last]


def _json(_logger: Any, _method: str, event: Mapping[str, Any]) -> str:
    """Write an event as ``json`` would: a third of its price where all values are texts and numbers, as nearly always.

    ``json`` makes an encoder anew for each text it is given.
    """
    return "{" + ", ".join([f"{_quoted_name(name)}: {_written(value)}" for name, value in event.items()]) + "}"


def _written(value: Any) -> str:
    if type(value) is str:
        return _quoted(value)
    return str(value) if type(value) is int else _encode(value)


_encode = JSONEncoder(ensure_ascii=False).encode
_quoted_name = lru_cache(1024)(_quoted)


def _with_priority(renderer: "Processor") -> "Processor":
    def render(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        priority = _PRIORITY.get(str(event.get("level")), 6)
        return f"<{priority}>{renderer(logger, method, event)!s}"

    return render


def _is_journal(stream: IO[str], environ: Mapping[str, str]) -> bool:
    """Tell whether a stream is the one systemd connected to the journal: ``device:inode`` (systemd.exec(5))."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
