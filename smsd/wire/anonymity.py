"""What names a person, a card or a modem in a conversation is replaced, and the conversation stays one.

Knows where such things stand: numbers of seven digits and more, IMEI, IMSI and ICCID (also with their nibbles swapped,
as a card keeps them), cells, positions, names, and texts, addresses and times, inside PDUs and outside. The same is
always replaced by the same, as long and of the same kind, so that a PDU still decodes and a length still fits. Refuses
to keep what it does not understand: a PDU that cannot be read and written again octet by octet becomes zeros, and what
stands where a text, a name or a number may stand is masked whatever character set it is in.

Kept: what a modem says of its maker, model and firmware; the first eight digits of an IMEI, which name the model; of an
IMSI and an ICCID what names the operator; the first digit of a phone's number; how long everything is.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from smsd.errors import PduError
from smsd.wire import tpdu
from smsd.wire.address import Address
from smsd.wire.alphabet import Alphabet
from smsd.wire.transcript import FROM_MODEM, Line
from smsd.wire.userdata import InformationElement, UserData

__all__ = ["Anonymiser"]

KEPT_OF_IMEI, KEPT_OF_IMSI, KEPT_OF_ICCID, KEPT_OF_NUMBER = 8, 5, 6, 1
SHORTEST_NUMBER = 7
SHORTEST_IDENTITY = 14
"""In what a maker says of itself shorter runs of digits are versions and dates."""
OF_THE_MAKER = ("+CGMI", "+GMI", "+CGMM", "+GMM", "+CGMR", "+GMR", "I", "+CLAC", "+GCAP")
HARMLESS_ELEMENTS = frozenset({0x00, 0x04, 0x05, 0x08, 0x24, 0x25})
"""Elements of a user data header that tell parts, ports and languages."""
FIRST_MOMENT = datetime(2025, 1, 1, 12, tzinfo=UTC)

_PDU_HEADS = ("+CMGL:", "+CMGR:", "+CMT:", "+CDS:", "+CBM:")
_USSD = "+CUSD:"
_NAMED = (
    *_PDU_HEADS, _USSD, "+CLIP:", "+CRING:", "+CNUM:", "+CPBR:", "+CPBF:", "+CLCC:", "+CCWA:", "+COLP:", "+CDIP:",
    "+CNAP:", "+CCFC:",
)  # fmt: skip
"""Lines whose quoted values are names, numbers and texts of people (27.005, 27.007)."""
_HARMLESS = frozenset({"+CMTI:", "+CDSI:", "+CBMI:", "+COPS:", "+CPMS:", "+CPIN:"})
"""Lines that may come unasked and whose quoted values are stores, states and networks."""
_STATES = frozenset({"REC UNREAD", "REC READ", "STO UNSENT", "STO SENT", "ALL"})
_POSITION = "$G"
"""How a sentence of a satellite receiver begins (NMEA 0183): some modems mix them in."""
_CELLS = re.compile(r'^(\+C\w*REG:.*?)((?:,"?[0-9A-Fa-f]{2,8}"?)+.*)$')
_HEX = re.compile(r"(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{12,}")
_HEX_WORD = re.compile(rf"\b{_HEX.pattern}\b")
_HEX_TEXT = re.compile(r"(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{8,}")
"""Where the letters stand in a text in hexadecimal tells something of it."""
_ICCID_FILE = re.compile(r"\+CRSM=176,12258\b")
_CRSM = re.compile(r'("?)([0-9A-Fa-f]{16,24})("?)')
_PDU = re.compile(r"(?:[0-9A-Fa-f]{2})+\s*")
_RESPONSE = re.compile(r"[+^][A-Z][A-Z0-9]+ ?:|(?:OK|ERROR|RING|NO CARRIER|BUSY)\s*$")
_HEAD = re.compile(r"\s*([+^*#$%][A-Za-z][A-Za-z0-9]*) ?:")
_ENDS = (b"\r", b"\n")
_QUOTED = re.compile(r"[\"']")
_QUOTED_OR_NOT = re.compile(r"""(["'])([^"']*)\1|[^"']+""")
_USSD_LINE = re.compile(r"(\s*\+CUSD ?: ?[0-9]?)(.*?)((?:,\s*[0-9]{1,3})?\s*)", re.DOTALL | re.IGNORECASE)
_GROUPED = r"[0-9](?:[ -]?[0-9]){13,}"
"""An IMEI or the like, as it is printed on a label."""
_PHONE = re.compile(r"(?<![0-9])(?:\+[0-9]|[78](?=[ (-]))(?:[ ()-]{0,2}[0-9]){9,}")
"""A phone's number, as people write it."""


class Anonymiser:
    """One conversation's replacements."""

    def __init__(self) -> None:
        self.blanked = 0
        """How many PDUs could not be understood and became zeros."""
        self._numbers: dict[str, str] = {}
        self._moments: dict[datetime, datetime] = {}

    def lines(self, lines: Iterable[Line]) -> tuple[Line, ...]:
        """Return the lines with everything replaced."""
        given = list(lines)
        told: list[Line] = []
        replaced: dict[int, str] = {}
        command, awaited, last, whole = "", "", -1, True
        for at, line in enumerate(given):
            text = line.octets.decode("latin-1")
            if line.mark != FROM_MODEM:
                # What is typed while a line is coming cuts it: its rest is still what was awaited.
                command = text.strip("\x1b\r\n ").upper().removeprefix("AT")
                awaited = "" if whole and at > last else awaited
                text = self._plain(text, command)
            elif at in replaced:
                text = replaced[at]
            elif awaited and not _RESPONSE.match(text):
                text, awaited = self._content(text, awaited)
                whole = line.octets.endswith(_ENDS)
            else:
                pieces = _pieces(given, at)
                joined = "".join(given[each].octets.decode("latin-1") for each in pieces)
                awaited = _awaited_after(joined) or awaited
                replaced |= _cut(self._said(joined, command), given, pieces)
                text, last, whole = replaced[at], pieces[-1], joined.endswith(("\r", "\n"))
            told.append(Line(line.mark, text.encode("latin-1", "replace")))
        return tuple(told)

    # --- lines --------------------------------------------------------------------------------------------------------

    def _content(self, text: str, awaited: str) -> tuple[str, str]:
        """Replace what follows a head: a PDU, or the lines of a text; return it and what is awaited then."""
        if awaited in _PDU_HEADS and _PDU.fullmatch(text):
            blanked = self.blanked
            told = self._pdu(text)
            # What only looks like one may be a line of a text: more of it may follow.
            return told, "" if text.endswith(("\r", "\n")) and self.blanked == blanked else awaited
        return _masked_line(text), "" if awaited == _USSD and '"' in text else awaited

    def _said(self, text: str, command: str) -> str:
        if _ICCID_FILE.search(command) and text.startswith("+CRSM:"):
            return _CRSM.sub(lambda found: found[1] + self._swapped(found[2]) + found[3], text)
        head = _head(text)
        if head in _NAMED:
            return self._named(text, head)
        if text.startswith(_POSITION):
            return re.sub(r"[0-9]", "0", text)
        cells = _CELLS.match(text.rstrip("\r\n"))
        if cells:
            ends = text[len(text.rstrip("\r\n")) :]
            return cells[1] + re.sub(r"[0-9A-Fa-f](?=[0-9A-Fa-f]*\"?(?:,|$))", "0", cells[2]) + ends
        if _QUOTED.search(text) and head != f"{_asked(command)}:" and head not in _HARMLESS:
            # Nobody asked for it, and it is of no kind that is known: a maker's own way to tell who calls, perhaps.
            return self._named(text, head) if head else _masked_line(text)
        return self._plain(text, command)

    def _named(self, text: str, head: str) -> str:
        """Replace what is quoted in a line that tells of people; a text (USSD) also where its quotes are odd."""
        if head == _USSD and (told := _USSD_LINE.fullmatch(text)) and not re.fullmatch(r'\s*,\s*"[^"]*"', told[2]):
            return told[1] + _masked_line(told[2]) + told[3]
        return _QUOTED_OR_NOT.sub(
            lambda found: (
                self._plain(found[0], "") if found[1] is None else f"{found[1]}{self._name(found[2])}{found[1]}"
            ),
            text,
        )

    def _plain(self, text: str, command: str) -> str:
        asked = _asked(command)
        maker = asked in OF_THE_MAKER or command.endswith("=?")
        # What the modem says by itself meanwhile is no answer to what was asked of its maker.
        if maker and (head := _head(text)) and head not in {f"{own}:" for own in (asked, *OF_THE_MAKER)}:
            maker = False
        shortest = SHORTEST_IDENTITY if maker else SHORTEST_NUMBER
        text = (_HEX_WORD if maker else _HEX).sub(lambda found: "0" * len(found[0]), text)
        text = _PHONE.sub(lambda found: self._grouped(found[0], KEPT_OF_NUMBER), text)
        return re.sub(
            rf"{_GROUPED}|[0-9]{{{shortest},}}", lambda found: self._grouped(found[0], _kept(found[0], command)), text
        )

    def _grouped(self, written: str, kept: int) -> str:
        """Replace a number and keep its groups."""
        digits = iter(self._number("".join(re.findall("[0-9]", written)), kept))
        return "".join(next(digits) if character.isdigit() else character for character in written)

    def _swapped(self, nibbles: str) -> str:
        digits = "".join(nibbles[at + 1] + nibbles[at] for at in range(0, len(nibbles) - 1, 2)).upper()
        number = digits.rstrip("F")
        new = self._number(number, KEPT_OF_ICCID).ljust(len(digits), "F") if number.isdigit() else "0" * len(digits)
        return "".join(new[at + 1] + new[at] for at in range(0, len(new) - 1, 2))

    def _number(self, number: str, kept: int = KEPT_OF_NUMBER) -> str:
        """Replace digits: the same by the same, wherever they stand."""
        if number not in self._numbers:
            count = str(len(self._numbers) + 1)
            new = number[:kept] + count.rjust(len(number) - kept, "0")[-max(0, len(number) - kept) or len(number) :]
            self._numbers[number] = new[: len(number)] if len(number) > kept else number
        return self._numbers[number]

    def _name(self, name: str) -> str:
        """Replace a quoted value: the state of a message is kept, a number is another, hexadecimal becomes zeros."""
        if name in _STATES:
            return name
        if re.fullmatch(r"\+?[0-9]{2,}", name):
            return re.sub(r"[0-9]+", lambda found: self._number(found[0]), name)
        if re.fullmatch(r"(?:[0-9A-F]{2}){2,}", name):
            return "0" * len(name)
        return _masked_line(name)

    # --- PDUs ---------------------------------------------------------------------------------------------------------

    def _pdu(self, text: str) -> str:
        octets = bytes.fromhex(text.strip())
        ends = text[len(text.rstrip()) :]
        new = b""
        with suppress(PduError):
            frame = tpdu.decode(octets, lenient=True)
            if tpdu.encode(frame.tpdu, frame.smsc)[0] == octets:
                new = tpdu.encode(self._tpdu(frame.tpdu), self._address(frame.smsc))[0]
        if len(new) != len(octets):
            self.blanked += 1
            new = bytes(len(octets))
        return new.hex().upper() + ends

    def _tpdu(self, value: tpdu.Tpdu) -> tpdu.Tpdu:
        match value:
            case tpdu.Deliver():
                return replace(
                    value,
                    tp_oa=self._address(value.tp_oa) or value.tp_oa,
                    tp_scts=self._moment(value.tp_scts),
                    user_data=self._user_data(value.user_data),
                )
            case tpdu.StatusReport():
                told = None if value.user_data is None else self._user_data(value.user_data)
                return replace(
                    value,
                    tp_ra=self._address(value.tp_ra) or value.tp_ra,
                    tp_scts=self._moment(value.tp_scts),
                    tp_dt=self._moment(value.tp_dt),
                    user_data=told,
                )
            case tpdu.Submit():
                return replace(
                    value,
                    tp_da=self._address(value.tp_da) or value.tp_da,
                    user_data=self._user_data(value.user_data),
                )

    def _address(self, address: Address | None) -> Address | None:
        if address is None:
            return None
        digits = self._number(address.digits) if address.digits.isdecimal() else _masked(address.digits)
        return replace(address, digits=digits)

    def _user_data(self, data: UserData) -> UserData:
        header = tuple(
            each if each.iei in HARMLESS_ELEMENTS else InformationElement(each.iei, bytes(len(each.data)))
            for each in data.header
        )
        if data.alphabet is Alphabet.OCTETS or data.text is None:
            return UserData(data.alphabet, data=bytes(len(data.data)), header=header)
        return UserData(data.alphabet, _masked(data.text), header=header)

    def _moment(self, moment: datetime | None) -> datetime | None:
        """Replace a time by one of a plain day, in the same zone; the same by the same."""
        if moment is None:
            return None
        if moment not in self._moments:
            later = FIRST_MOMENT + timedelta(minutes=len(self._moments))
            self._moments[moment] = later.astimezone(moment.tzinfo)
        return self._moments[moment]


def _head(text: str) -> str:
    """Return what a line is about, as ``+CMGL:``; empty: it does not say."""
    found = _HEAD.match(text)
    return f"{found[1].upper()}:" if found else ""


def _asked(command: str) -> str:
    return command.partition("=")[0].rstrip("?")


def _kept(written: str, command: str) -> int:
    """Say how much of a number is kept: of one that can be what was asked for, what names the model or the operator."""
    length = sum(character.isdigit() for character in written)
    asked = command.rstrip("?")
    if asked in {"+CGSN", "+GSN", "I"} and length in {14, 15, 16}:
        return KEPT_OF_IMEI
    if asked == "+CIMI" and length in {14, 15}:
        return KEPT_OF_IMSI
    return KEPT_OF_ICCID if "CCID" in command and length in range(18, 23) else KEPT_OF_NUMBER


def _pieces(given: list[Line], at: int) -> list[int]:
    """Return the places of the pieces of a line of the modem's that what was typed meanwhile has cut."""
    pieces = [at]
    while not given[pieces[-1]].octets.endswith(_ENDS):
        following = range(pieces[-1] + 1, len(given))
        rest = next((each for each in following if given[each].mark == FROM_MODEM), None)
        if rest is None:
            break
        pieces.append(rest)
    return pieces


def _cut(text: str, given: list[Line], pieces: list[int]) -> dict[int, str]:
    """Cut a line where it was cut before."""
    told: dict[int, str] = {}
    for each in pieces:
        length = len(given[each].octets)
        told[each], text = text[:length], text[length:]
    return told


def _awaited_after(text: str) -> str:
    """Return the head that lines of content follow: of a PDU or a text, or of an answer (USSD) that goes on."""
    head = _head(text)
    if head == _USSD:
        return _USSD if text.count('"') % 2 else ""
    return head if head in _PDU_HEADS else ""


def _masked_line(text: str) -> str:
    """Replace letters and digits of a line as it crossed the port: what is above ASCII may be half a letter."""
    hidden = _HEX_TEXT.sub(lambda found: "0" * len(found[0]), text)
    return "".join(_mask_of(character) if character.isascii() else "?" for character in hidden)


def _masked(text: str) -> str:
    """Replace letters and digits by such of the same kind; what is neither stays."""
    return "".join(map(_mask_of, text))


def _mask_of(character: str) -> str:
    if character > "\uffff":
        return "\U0001f600"  # two units of UTF-16 as well
    if character.isdigit():
        return "0"
    if not character.isalpha():
        return character if character.isascii() or character in "\n€£¥§¡¿¤" or not character.isprintable() else "?"
    if "\u0400" <= character <= "\u04ff":
        return "Ж" if character.isupper() else "ж"
    return "X" if character.isupper() else "x"
