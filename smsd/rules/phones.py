"""What a telephone number is, and how it is shown.

Knows E.164 (ITU-T), the habits of writing of the region it is told (``8 (908) 622-87-79``) and how a number is masked
for a log. Refuses to know who the number belongs to. The numbering plans are those of Google's libphonenumber, by way
of ``phonenumbers``; it is imported when first asked, and nothing of its large data (places, carriers, time zones) is
ever touched: parsing and formatting need the small part only.

A number is accepted when its country and length are possible, not only when its range has been given out: plans grow
faster than metadata is updated, and a number that does not exist fails alone when it is sent to. Without ``+`` and with
ten digits or fewer its range must exist too: ``8 908 622-87-7`` has lost a digit, and is not ten digits after +7.
"""

import re
from typing import TYPE_CHECKING

from smsd.errors import UsageError

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

__all__ = ["country", "e164", "is_mobile", "mask", "sender_phone", "writings"]

LONGEST = 40
"""Characters a number with all its brackets may have: what is longer is not a number written by a person."""
SHORT_CODE_DIGITS = 6
"""At most so many digits without a ``+`` are a service's short code, never a subscriber."""
NATIONAL_DIGITS = 10
"""Digits of a number in the +7 zone without its 7 or 8."""

_BETWEEN = {ord(each): None for each in " ()./-\u00a0\u2212" + "".join(map(chr, range(0x2010, 0x2016)))}
_RUSSIAN_MOBILE = re.compile(r"(?:\+7|[78])?(9[0-24-9][0-9]{8})", re.ASCII)
"""Numbers of the +7 zone that can be nothing but a Russian mobile's, in any usual writing: no plan need be asked."""
_RUSSIAN_MOBILE_E164 = re.compile(r"\+79[0-24-9][0-9]{8}", re.ASCII)
_WRITTEN = re.compile(r"\+?[0-9 ()./\u00a0\u2010-\u2015\u2212-]+", re.ASCII)


def e164(text: str, region: str = "RU") -> str:
    """Return the number a person wrote as E.164 with its ``+``.

    ``region`` (ISO 3166-1 alpha-2) says how a number without ``+`` is meant: for ``RU`` that is ``8…``, ``7…`` or ten
    digits. Raises ``UsageError`` in one line that says what would be right; the number in it is masked.
    """
    if _RUSSIAN_MOBILE_E164.fullmatch(text):
        return text
    if region == "RU" and (digits := _russian_mobile(text)) is not None:
        return f"+7{digits}"
    from phonenumbers import PhoneNumberFormat, format_number  # noqa: PLC0415  start-up time

    return format_number(_possible(text, region), PhoneNumberFormat.E164)


def sender_phone(address: str, is_number: bool, region: str = "RU") -> str | None:  # noqa: FBT001  TP-OA's two halves
    """Return a sender's address as E.164, or ``None`` when nobody could be called there: letters or a short code."""
    digits = sum(character.isdigit() for character in address)
    if not is_number or (digits <= SHORT_CODE_DIGITS and "+" not in address):
        return None
    try:
        return e164(address, region)
    except UsageError:
        return None


def writings(phone: str) -> list[str]:
    """List how networks write a sender whose number is known (E.164): with its plus and without, and as at home."""
    digits = phone.removeprefix("+")
    at_home = [f"8{digits[1:]}", digits[1:]] if digits.startswith("7") else []
    return [phone, digits, *at_home]


def country(phone: str) -> str | None:
    """Return the ISO 3166-1 code of the country an E.164 number belongs to: +77… is ``KZ``, not ``RU``."""
    if _RUSSIAN_MOBILE_E164.fullmatch(phone):
        return "RU"
    from phonenumbers import region_code_for_number  # noqa: PLC0415

    region: str | None = region_code_for_number(_possible(phone, None))
    return region


def is_mobile(phone: str) -> bool:
    """Tell whether an E.164 number can be a mobile's, as far as the country's plan tells them apart."""
    if _RUSSIAN_MOBILE_E164.fullmatch(phone):
        return True
    from phonenumbers import PhoneNumberType, number_type  # noqa: PLC0415

    kinds = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return number_type(_possible(phone, None)) in kinds


def mask(phone: str) -> str:
    """Return ``+7908•••79`` for a number in any writing: its first four and last two digits, its length hidden.

    Enough for a person to tell which client a line is about when the client is on the telephone, not enough to call.
    What has fewer than nine digits keeps only its last two.
    """
    digits = "".join(filter(str.isdigit, phone))
    plus = "+" if phone.lstrip().startswith("+") else ""
    head = digits[:4] if len(digits) > SHORT_CODE_DIGITS + 2 else ""
    return f"{plus}{head}•••{digits[-2:]}"


def _russian_mobile(text: str) -> str | None:
    """Return the ten digits of what is certainly a Russian mobile: a list of 100,000 is read in a second by this."""
    written = text.strip()
    if len(written) > LONGEST or not _WRITTEN.fullmatch(written):
        return None
    found = _RUSSIAN_MOBILE.fullmatch(written.translate(_BETWEEN))
    return None if found is None else found[1]


def _possible(text: str, region: str | None) -> "PhoneNumber":
    """Parse what a person wrote, or raise ``UsageError``."""
    import phonenumbers  # noqa: PLC0415

    written = text.strip()
    if not written:
        raise UsageError("an empty phone number: write it like +79086228779")
    if len(written) > LONGEST or not _WRITTEN.fullmatch(written):
        raise UsageError(f"{_shown(written)} is not a phone number: write digits only, like +79086228779")
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        number = None
    short = not written.startswith("+") and sum(character.isdigit() for character in written) <= NATIONAL_DIGITS
    if number is None or not (phonenumbers.is_valid_number if short else _is_possible)(number):
        raise UsageError(f"{_shown(written)} cannot be a phone number: {_complaint(written, region)}")
    return number


def _is_possible(number: "PhoneNumber") -> bool:
    """Tell whether the length is one that the country dials in full: without the area's code it is not."""
    from phonenumbers import ValidationResult, is_possible_number_with_reason  # noqa: PLC0415

    return bool(is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE)


def _complaint(written: str, region: str | None) -> str:
    digits = sum(character.isdigit() for character in written)
    if written.startswith("+8"):
        return "after + comes the country's code, so +7… or 8… but not +8…"
    right = " (a Russian number has 11 with its 7 or 8)" if region == "RU" or written.startswith("+7") else ""
    return f"{digits} digits do not fit its country{right}; write it like +79086228779"


def _shown(written: str) -> str:
    return mask(written) if any(character.isdigit() for character in written) else f"{written[:LONGEST]!r}"
