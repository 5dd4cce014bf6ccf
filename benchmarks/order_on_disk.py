"""The order of disk and wire, read from a trace of system calls.

Knows the write-ahead log of SQLite (https://www.sqlite.org/fileformat2.html#the_write_ahead_log: a frame is a header of
24 octets that begins with the page's number, and the page), and which octets a row of ``attempt`` and of ``inbox``
leaves in its page. A row counts as on disk when an fdatasync of the log has returned after its page was written.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from smsd.wire import tpdu

__all__ = ["judge", "strace"]

FRAME_HEADER = 24
CTRL_Z = b"\x1a"
ROUTE = b"modem0"
_LINE = re.compile(
    r"^(?P<thread>\d+) +(?:"
    r"(?P<call>write|pwrite64|fdatasync)\(\d+<(?P<path>[^>]*)>(?:, \"(?P<octets>[^\"]*)\"(?P<cut>\.\.\.)?)?.*?"
    r"(?P<ended>= \d+|<unfinished)"
    r"|<\.\.\. (?P<resumed>\w+) resumed>.*= \d+)"
)


def strace(trace: Path) -> list[str]:
    """Return strace's words for a trace that ``judge`` can read."""
    return [
        "strace",
        "-f",
        "-qq",
        "-y",
        "-xx",
        "-s",
        "100000",
        "-e",
        "trace=write,pwrite64,fdatasync",
        "-o",
        str(trace),
    ]


@dataclass(frozen=True, slots=True)
class Event:
    """A write that began, or an fdatasync that has returned."""

    call: str
    path: str
    octets: bytes


def events(trace: Path) -> list[Event]:
    """Read a trace in its order: of writes the beginning counts, of an fdatasync the end."""
    found: list[Event] = []
    under_way: dict[str, str] = {}
    for line in trace.read_text("ascii").splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        if match["resumed"]:
            path = under_way.pop(match["thread"], "")
            if match["resumed"] == "fdatasync":
                found.append(Event("fdatasync", path, b""))
            continue
        octets = bytes.fromhex((match["octets"] or "").replace("\\x", ""))
        path = bytes.fromhex(match["path"].replace("\\x", "")).decode() if "\\x" in match["path"] else match["path"]
        if match["ended"] == "<unfinished":
            under_way[match["thread"]] = path
        if match["call"] != "fdatasync" or match["ended"] != "<unfinished":
            found.append(Event(match["call"], path, octets))
    return found


class Log:
    """What is in the write-ahead log, and what of it is on disk: by page, its newest image."""

    def __init__(self) -> None:
        self._page = 0
        self._written: dict[int, bytes] = {}
        self._on_disk: dict[int, bytes] = {}

    def wrote(self, octets: bytes) -> None:
        """Take a frame's header or its page."""
        if len(octets) == FRAME_HEADER:
            self._page = int.from_bytes(octets[:4], "big")
        elif len(octets) > FRAME_HEADER + 8:
            whole = octets[FRAME_HEADER:] if len(octets) % 512 == FRAME_HEADER else octets
            page = int.from_bytes(octets[:4], "big") if whole is not octets else self._page
            self._written[page] = whole

    def synced(self) -> None:
        """All that was written is on disk."""
        self._on_disk.update(self._written)

    def count(self, octets: bytes) -> int:
        """Count how often these octets are on disk."""
        return sum(image.count(octets) for image in self._on_disk.values())


def judge(trace: Path, database: Path, texter: str) -> tuple[int, list[str]]:
    """Return how many PDUs left, and a sentence for each that left, or was deleted from the SIM, too early."""
    log, pdus, early = Log(), 0, []
    left: dict[str, int] = {}
    for event in events(trace):
        if event.path == f"{database}-wal":
            if event.call == "fdatasync":
                log.synced()
            else:
                log.wrote(event.octets)
        elif event.call == "write" and event.octets.endswith(CTRL_Z):
            pdus += 1
            submit = tpdu.decode(bytes.fromhex(event.octets[:-1].decode("ascii")), outgoing=True).tpdu
            number = submit.tp_da.text if isinstance(submit, tpdu.Submit) else ""
            left[number] = left.get(number, 0) + 1
            # In a row of ``attempt`` recipient and route are neighbours, in no other row.
            if log.count(number.encode() + ROUTE) < left[number]:
                early.append(f"PDU {pdus} left before its attempt was on disk")
        elif event.call == "write" and event.octets.startswith(b"AT+CMGD=") and not log.count(texter.encode() * 2):
            early.append(f"{event.octets!r} was said before the message was on disk")
    return pdus, early
