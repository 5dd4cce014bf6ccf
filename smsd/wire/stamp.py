"""Times and validity periods as octets: 3GPP TS 23.040 §9.2.3.11 and §9.2.3.12.

Knows swapped digits, zones in quarters of an hour and the three formats of a validity period. Refuses to know what time
it is: moments and periods are handed in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from smsd.errors import PduError

__all__ = [
    "VPF",
    "VPF_ABSOLUTE",
    "VPF_ENHANCED",
    "VPF_RELATIVE",
    "EnhancedValidity",
    "Validity",
    "octets_of_time",
    "octets_of_validity",
    "period_of",
    "time_of",
]

VPF: Final = 0x18
VPF_ENHANCED: Final = 0x08
VPF_RELATIVE: Final = 0x10
VPF_ABSOLUTE: Final = 0x18
"""TP-VPF, the format of the validity period, in its place in the first octet (§9.2.3.3)."""

_QUARTER: Final = timedelta(minutes=15)
_MAX_QUARTERS: Final = 79
_OCTETS: Final = 7


# --- times (§9.2.3.11) ------------------------------------------------------------------------------------------------


def time_of(octets: bytes) -> datetime:
    """Read seven octets of swapped digits: year (of this century) to second, then quarters of an hour from GMT.

    The units of the zone may be above 9: networks send it so, and the time itself is none the worse.

    Raises ``ValueError`` when there is no such time.
    """
    *fields, zone = octets
    if any(octet & 0xF > 9 or octet >> 4 > 9 for octet in fields):
        raise ValueError("a semi-octet that is no digit")
    year, month, day, hour, minute, second = ((octet & 0xF) * 10 + (octet >> 4) for octet in fields)
    quarters = (zone & 7) * 10 + (zone >> 4)
    offset = timezone(-quarters * _QUARTER if zone & 8 else quarters * _QUARTER)
    return datetime(2000 + year, month, day, hour, minute, second, tzinfo=offset)


def octets_of_time(moment: datetime | None, field: str) -> bytes:
    """Write a time to the second; ``None`` as zeros, which is how a network that has none sends it.

    Raises ``PduError`` for a time without a zone, in another century, or with a zone that is not whole quarters.
    """
    if moment is None:
        return bytes(_OCTETS)
    offset = moment.utcoffset()
    if offset is None:
        raise PduError(field, "a time without a zone")
    quarters, odd = divmod(abs(offset), _QUARTER)
    if odd or quarters > _MAX_QUARTERS or not 2000 <= moment.year <= 2099:
        raise PduError(field, "a time whose year or zone cannot be said")
    fields = (moment.year % 100, moment.month, moment.day, moment.hour, moment.minute, moment.second, quarters)
    octets = bytearray(value % 10 << 4 | value // 10 for value in fields)
    octets[6] |= 8 if offset < timedelta(0) else 0
    return bytes(octets)


# --- validity periods (§9.2.3.12) -------------------------------------------------------------------------------------

_PERIODS: Final = (
    # first value, period of it, step to the next, last value
    (0, timedelta(minutes=5), timedelta(minutes=5), 143),
    (144, timedelta(hours=12, minutes=30), timedelta(minutes=30), 167),
    (168, timedelta(days=2), timedelta(days=1), 196),
    (197, timedelta(weeks=5), timedelta(weeks=1), 255),
)


def period_of(value: int) -> timedelta:
    """Give the period that an octet of the relative format says (§9.2.3.12.1): five minutes to 63 weeks."""
    return next(period + (value - first) * step for first, period, step, last in _PERIODS if value <= last)


def _octet_of_period(period: timedelta) -> int:
    if period <= timedelta(0):
        raise PduError("TP-VP", "a validity period that is over before it begins")
    for first, shortest, step, last in _PERIODS:
        value = first + max(0, -((shortest - period) // step))
        if value <= last:
            return value
    raise PduError("TP-VP", "a validity period above 63 weeks")


@dataclass(frozen=True, slots=True)
class EnhancedValidity:
    """A validity period in the enhanced format (§9.2.3.12.3): its seven octets, as they came."""

    octets: bytes

    def __post_init__(self) -> None:
        if len(self.octets) != _OCTETS:
            raise PduError("TP-VP", f"an enhanced validity period of {len(self.octets)} octets instead of seven")

    @property
    def single_shot(self) -> bool:
        """Whether the service centre tries once only."""
        return bool(self.octets[0] & 0x40)

    @property
    def period(self) -> timedelta | None:
        """The period, ``None`` when the octets name none (or one of a reserved format)."""
        match self.octets[0] & 7:
            case 1:
                return period_of(self.octets[1])
            case 2:
                return timedelta(seconds=self.octets[1])
            case 3:
                hours, minutes, seconds = ((octet & 0xF) * 10 + (octet >> 4) for octet in self.octets[1:4])
                return timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return None


Validity = timedelta | datetime | EnhancedValidity


def octets_of_validity(validity: Validity | None) -> tuple[int, bytes]:
    """Give TP-VPF in its place in the first octet, and TP-VP.

    Raises ``PduError`` for a period that is not positive or above 63 weeks, and for a time that cannot be said.
    """
    match validity:
        case None:
            return 0, b""
        case timedelta():
            return VPF_RELATIVE, bytes((_octet_of_period(validity),))
        case datetime():
            return VPF_ABSOLUTE, octets_of_time(validity, "TP-VP")
        case EnhancedValidity():
            return VPF_ENHANCED, validity.octets
