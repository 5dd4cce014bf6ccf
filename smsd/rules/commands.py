"""The fixed commands: which incoming text is one, which only looks like one, and which sender is no person.

Knows the three forms of the customer's instruction and nothing else about what they do. Refuses to guess: a text is a
command when it is equal to one by ASCII case folding, outer white space and no-break spaces apart; a near miss is told
as such (``LOOKALIKE``), so that an operator can see it, and counts as the command only where the configuration says
``lenient_commands``.
"""

import re
import unicodedata
from enum import StrEnum
from itertools import product

from smsd.rules.phones import SHORT_CODE_DIGITS

__all__ = ["Command", "Kind", "classify", "is_robot", "resembles"]


class Command(StrEnum):
    """What a client may ask for by a text."""

    INFO = "info"
    STOP = "sms stop"
    START = "sms start"


class Kind(StrEnum):
    """What a text is that is no command."""

    LOOKALIKE = "lookalike"
    """Nearly a command: ``resembles`` says which."""
    OTHER = "other"


FORMS = {f"client {command.value}": command for command in Command}


LONGEST_NEAR_MISS = 64
"""Characters: what is longer than this, outer white space apart, resembles no command."""

# Every character str.isspace() knows (the no-break ones among them), and the zero-width no-break space.
_WHITE = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_QUOTES_AND_STOPS = " .,;:!?\"'`*()[]<>{}/\\«»„“”‟‘’‚‛‹›…"
_IN_RUSSIAN = {"client": "клиент", "info": "инфо", "sms": "смс", "stop": "стоп", "start": "старт"}
# Letters of other scripts that a font passes off as the Latin ones the commands are made of, pair by pair.
_PAIRS = "аa еe іi ӏl мm нn оo рp сc тt ѕs ҁc αa εe ιi μm νn οo ρp ςs τt ϲc ıi ɩi ʟl łl øo ſs"
_HOMOGLYPHS = {ord(pair[0]): pair[1] for pair in _PAIRS.split()}


def classify(text: str, *, lenient: bool = False) -> Command | Kind:
    """Tell which command a text is, or that it is none. Total: any text has an answer, in time linear to its length.

    ``lenient`` takes a near miss for the command it resembles.
    """
    stripped = text.strip(_WHITE)
    # isascii() first: lower() would turn the Kelvin sign into k and a dotted İ into i.
    if stripped.isascii() and (command := FORMS.get(stripped.lower())):
        return command
    near = resembles(stripped)
    if near is None:
        return Kind.OTHER
    return near if lenient else Kind.LOOKALIKE


def resembles(text: str) -> Command | None:
    """Return the command a text is, or nearly is: ``None`` when it has nothing to do with any.

    Forgiven: letters that look alike in another script or width, accents, the words in Russian letters, more or other
    space inside, dashes for spaces, quotes and stops around, and one slip of a finger anywhere (a letter wrong,
    missing, doubled, or two swapped).
    """
    stripped = text.strip(_WHITE)
    if len(stripped) > LONGEST_NEAR_MISS:
        return None
    skeleton = _skeleton(stripped)
    for form, command in _SKELETONS.items():
        if skeleton == form or _one_slip(skeleton, form):
            return command
    return None


def is_robot(sender: str, sender_is_number: bool, service_centre: str | None) -> str | None:  # noqa: FBT001
    """Return why a sender cannot be a client with a telephone, or ``None`` when it can.

    A name in letters, a short code, or a Russian number whose message came through another country's service centre:
    a subscriber's phone always uses its home centre, abroad too, so such a sender is forged. An unknown service
    centre proves nothing.
    """
    if not sender_is_number:
        return "the sender is a name in letters, not a number"
    digits = sum(character.isdigit() for character in sender)
    if digits <= SHORT_CODE_DIGITS and not sender.startswith("+"):
        return f"the sender is a short code of {digits} digits"
    if service_centre and sender.startswith("+7") and _country(sender) != _country(service_centre):
        return f"a +7 number through another country's service centre: {service_centre}"
    return None


def _country(number: str) -> str:
    """Tell the countries of the +7 zone apart: +76 and +77 are Kazakhstan. Some leave the ``+``, or write 8."""
    digits = number.removeprefix("+")
    if number.startswith("+") and not digits.startswith("7"):
        return "another"
    if not number.startswith("+") and not re.fullmatch(r"[78][0-9]{10}", number):
        return "another"
    return "KZ" if digits[1:2] in ("6", "7") else "RU"


def _skeleton(text: str) -> str:
    """Reduce a short text to what it looks like: small Latin letters and single spaces, as far as that goes."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).lower())
    visible = "".join(
        each for each in decomposed if unicodedata.category(each) not in {"Mn", "Cf", "Cc"} or each in _WHITE
    )
    spaced = re.sub(rf"[{_WHITE}_\-\u2010-\u2015]+", " ", visible.translate(_HOMOGLYPHS))
    return spaced.strip(_QUOTES_AND_STOPS)


def _one_slip(typed: str, meant: str) -> bool:
    """Tell whether one insertion, deletion, substitution or swap of neighbours makes one text of the other."""
    if abs(len(typed) - len(meant)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant)))
    rest, wanted = typed[at:], meant[at:]
    swapped = rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:] and len(rest) > 1
    return swapped or rest[1:] in (wanted, wanted[1:]) or rest == wanted[1:]


def _skeletons() -> dict[str, Command]:
    """Every command with each of its words in either language: what a near miss is compared with."""
    return {
        _skeleton(" ".join(words)): command
        for form, command in FORMS.items()
        for words in product(*((word, _IN_RUSSIAN[word]) for word in form.split()))
    }


_SKELETONS = _skeletons()
