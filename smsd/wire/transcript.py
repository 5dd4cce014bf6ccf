r"""A conversation with a modem as a text file that a person can read, and a program play again.

Knows one line for each line that crossed the port, whole with its ends, so that an oddity of ends survives: ``> `` from
the program, ``< `` from the modem, ``# `` a remark, with ``\r``, ``\n`` and ``\xNN`` for octets that are no ASCII. A
remark of the form ``# name: value`` before the first line is a heading. Refuses to know what the lines mean.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from smsd.errors import PduError

__all__ = ["FORMAT", "FROM_MODEM", "TO_MODEM", "Line", "Transcript", "lines_of"]

FORMAT = "smsd transcript 1"
TO_MODEM, FROM_MODEM = ">", "<"
_HEADING = re.compile(r"# ([a-z][a-z ]*): (.*)")
_ESCAPED = re.compile(rb"\\(r|n|\\|x[0-9a-f]{2})")
_NAMES = {b"r": b"\r", b"n": b"\n", b"\\": b"\\"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line that crossed the port in one direction, with its end."""

    mark: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Transcript:
    """Headings and lines."""

    headings: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()

    def write(self) -> str:
        """Return the file."""
        heads = [f"# {name}: {value}" for name, value in self.headings.items()]
        body = [f"{line.mark} {_escaped(line.octets)}" for line in self.lines]
        return "\n".join([f"# {FORMAT}", *heads, "", *body]) + "\n"

    @classmethod
    def read(cls, text: str) -> "Transcript":
        """Read a file. Raises ``PduError`` with the number of the line that is not understood."""
        headings: dict[str, str] = {}
        lines: list[Line] = []
        first, *rest = text.splitlines() or [""]
        if first != f"# {FORMAT}":
            raise PduError("transcript", f"it does not begin with '# {FORMAT}'")
        for number, written in enumerate(rest, 2):
            heading = _HEADING.fullmatch(written)
            if heading and not lines:
                headings[heading[1]] = heading[2]
            elif written[:2] in {f"{TO_MODEM} ", f"{FROM_MODEM} "} and written.isascii():
                lines.append(Line(written[0], _plain(written[2:].encode("ascii"))))
            elif written.strip() and not written.startswith("#"):
                raise PduError("transcript", f"line {number} is neither '> ' nor '< ' nor a remark")
        return cls(headings, tuple(lines))


def lines_of(pieces: Iterable[tuple[str, bytes]]) -> tuple[Line, ...]:
    """Put pieces as they crossed the port, each with its mark, together to lines.

    A line ends with LF, or with CR that no LF follows; what the modem begins and the program cuts into ends as it is.
    """
    lines: list[Line] = []
    for mark, octets in _joined(pieces):
        lines += [Line(mark, piece) for piece in re.findall(rb"[^\r\n]*(?:\r+\n|\n|\r|$)", octets) if piece]
    return tuple(lines)


def _joined(pieces: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    joined: list[tuple[str, bytes]] = []
    for mark, octets in pieces:
        if joined and joined[-1][0] == mark:
            joined[-1] = (mark, joined[-1][1] + octets)
        else:
            joined.append((mark, octets))
    return joined


def _escaped(octets: bytes) -> str:
    told = octets.replace(b"\\", b"\\\\").replace(b"\r", b"\\r").replace(b"\n", b"\\n")
    return re.sub(rb"[^ -~]", lambda odd: b"\\x%02x" % odd[0][0], told).decode("ascii")


def _plain(written: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: _NAMES.get(found[1]) or bytes.fromhex(found[1][1:].decode()), written)
