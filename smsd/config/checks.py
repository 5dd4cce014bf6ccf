"""What a value of the configuration may be.

Each check returns the value, perhaps in a tidier form, or raises ``ValueError`` with what is wrong and what would be
right. Knows values only: the file and the key are named by the reader. Nothing slow to import is imported before a
file asks for it.
"""

import re
from collections.abc import Callable, Iterable
from datetime import time
from typing import Any

from smsd.errors import UsageError
from smsd.rules import replies

SENDER_LENGTH = 11
"""Characters of an alphanumeric sender: TP-OA holds ten octets, that is eleven septets (23.040 §9.1.2.5)."""

PORTS = 65_536
Check = Callable[[Any], Any]


def between(low: int, high: int) -> Check:
    """Check a number: ``low`` to ``high``, both included."""

    def check(value: int) -> int:
        if not low <= value <= high:
            raise ValueError(f"{value} is out of range: {low} to {high}")
        return value

    return check


def one_of(*choices: str) -> Check:
    """Check a word against the few there are."""

    def check(value: str) -> str:
        if value not in choices:
            raise ValueError(f"{value!r} is not one of {', '.join(choices)}{perhaps(value, choices)}")
        return value

    return check


def database_url(value: str) -> str:
    """Check the URL of a database: SQLite, by a whole path."""
    scheme = value.partition(":")[0]
    if scheme != "sqlite":
        raise ValueError(f"{scheme!r} is not supported (yet): write sqlite:////var/lib/smsd/smsd.db")
    if not re.fullmatch(r"sqlite:////[^?#]*[^/?#]", value):
        raise ValueError(f"{value!r} is not a whole path: four slashes, like sqlite:////var/lib/smsd/smsd.db")
    return value


def sender(value: str) -> str:
    """Check an alphanumeric sender."""
    # ASCII that is in the GSM default alphabet's basic table: good in TP-OA and in source_addr alike.
    if strange := re.findall(r"[^A-Za-z0-9 !\"#%&'()*+,./:;<=>?_@$-]", value):
        raise ValueError(f"{strange[0]!r} in {value!r}: Latin letters, digits and plain punctuation only, like SCSERV")
    if not 1 <= len(value) <= SENDER_LENGTH:
        raise ValueError(f"{value!r} has {len(value)} characters: 1 to {SENDER_LENGTH}, like SCSERV")
    return value


def time_zone(value: str) -> str:
    """Check the name of a time zone (tz database)."""
    from zoneinfo import ZoneInfo, available_timezones  # noqa: PLC0415  start-up time

    try:
        ZoneInfo(value)
    except (LookupError, ValueError, OSError):
        hint = perhaps(value, available_timezones())
        if not hint:
            raise ValueError(f"{value!r} is no time zone of the tz database, as Europe/Moscow is one") from None
        raise ValueError(f"{value!r} is no time zone of the tz database{hint}") from None
    return value


def region(value: str) -> str:
    """Check the code of a country (ISO 3166-1 alpha-2)."""
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415  start-up time

    if value not in SUPPORTED_REGIONS:
        raise ValueError(f"{value!r} is no ISO 3166 code of a country: two capital letters, like RU")
    return value


def quiet_hours(value: str) -> str:
    """Check a span of hours, or nothing."""
    if value:
        span(value)
    return value


def span(value: str) -> tuple[time, time]:
    """Return the two ends of a span of hours, the first included, the last not; it may go over midnight."""
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", value, re.ASCII)
    if not found:
        raise ValueError(f'{value!r} is not hours: write from-to like "21:00-09:00", or "" for none')
    hour, minute, last_hour, last_minute = map(int, found.groups())
    first, last = time(hour, minute), time(last_hour, last_minute)
    if first == last:
        raise ValueError(f'{value!r} is the whole day or nothing: write from-to like "21:00-09:00", or "" for none')
    return first, last


def route_name(value: str) -> str:
    """Check the name of a route."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", value):
        raise ValueError(f"{value!r} is no name: 1 to 32 Latin letters, digits, and . _ - after the first")
    return value


def absolute(value: str) -> str:
    """Check a path that must be whole."""
    if not value.startswith("/"):
        raise ValueError(f"{value!r} is not a whole path: write it like /dev/smsd/modem")
    return value


def filled(value: str) -> str:
    """Check that something is written."""
    if not value.strip():
        raise ValueError("it is empty")
    return value


def imei(value: str) -> str:
    """Check an IMEI (23.003 §6.2), perhaps with its software version."""
    if value and not re.fullmatch(r"[0-9]{14,16}", value):
        raise ValueError(f"{value!r} is no IMEI: 15 digits, shown by AT+CGSN or *#06#")
    return value


def imsi(value: str) -> str:
    """Check an IMSI (23.003 §2.2)."""
    if value and not re.fullmatch(r"[0-9]{6,15}", value):
        raise ValueError(f"{value!r} is no IMSI: up to 15 digits, shown by AT+CIMI and 'smsd modem show'")
    return value


def e164_phone(value: str) -> str:
    """Check a number that must be in E.164 already, or nothing."""
    if value and not re.fullmatch(r"\+[1-9][0-9]{6,14}", value):
        raise ValueError(f"{value!r} is not E.164: write it like +79086228779")
    return value


def short_string(most: int, clause: str) -> Check:
    """Check a string of SMPP: ASCII, of ``most`` characters, as ``clause`` has it."""

    def check(value: str) -> str:
        if len(value) > most or not value.isascii():
            raise ValueError(f"{value!r} does not fit: at most {most} ASCII characters (SMPP 3.4 {clause})")
        return value

    return check


def host(value: str) -> str:
    """Return a host's name or address; the port has a key of its own, and an IPv6 address no brackets here."""
    if not value.strip():
        raise ValueError("it is empty")
    if not _is_host(value):
        raise ValueError(
            f"{value!r} is no name and no address of a host: write it like smpp.example.net or 2001:db8::1, without "
            "brackets; the port has a key of its own"
        )
    return value


def _is_host(value: str) -> bool:
    if ":" in value:
        import ipaddress  # noqa: PLC0415  start-up time

        try:
            return bool(ipaddress.IPv6Address(value))
        except ValueError:
            return False
    try:
        value.encode("idna")
    except UnicodeError:
        return False
    return not re.search(r"[\s/@\[\]?#]", value)


def host_and_port(value: str) -> str:
    """Return ``host:port``; an IPv6 address stands in brackets."""
    name, colon, port = value.rpartition(":")
    bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    if not (_is_host(bare) and bare and colon and port.isascii() and port.isdigit() and 0 < int(port) < PORTS):
        raise ValueError(f'{value!r} must be "host:port", such as "smpp2.example.net:2775"')
    return value


def http_profile(value: str) -> str:
    """Return the name of a profile of an operator by HTTP."""
    from smsd.routes.http.profile import names  # noqa: PLC0415  start-up time

    if value not in names():
        raise ValueError(f"must be one of {', '.join(names())}, not {value!r}{perhaps(value, names())}")
    return value


def http_tells(profile: str) -> bool:
    """Tell whether an operator that the program knows tells by itself what became of messages."""
    from smsd.routes.http.profile import shipped  # noqa: PLC0415  start-up time

    return shipped(profile).receipt is not None


def http_url(value: str) -> str:
    """Return the address of an interface: nothing secret leaves this host in the clear."""
    if not re.fullmatch(r"(https://[^/?#@\s]+|http://(127\.0\.0\.1|localhost)(:[0-9]+)?)/?", value):
        raise ValueError(f"{value!r} is no address without a path: write it like https://api.example.net")
    return value.rstrip("/")


def directory_url(value: str) -> str:
    """Return the address of the client-support system, or nothing: passwords never leave this host in the clear."""
    if value and not re.fullmatch(
        r"(https://[^/?#@\s]+|http://(127\.0\.0\.1|\[::1\]|localhost)(:[0-9]+)?)(/[^?#\s]*)?", value
    ):
        raise ValueError(f"{value!r} is no address to ask: write it like https://ssk.example.net/smsd/v1")
    return value.rstrip("/")


def loopback(value: str) -> str:
    """Return an address of this host with its port, or nothing: nobody from outside is ever served."""
    from ipaddress import ip_address  # noqa: PLC0415  start-up time

    if not value:
        return value
    host = host_and_port(value).rpartition(":")[0]
    try:
        own = host == "localhost" or ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        own = False
    if not own:
        raise ValueError(
            f'{value!r} is not of this host alone: write "127.0.0.1:8025"; a proxy with TLS may serve others'
        )
    return value


def hook_url(value: str) -> str:
    """Return where a webhook is: what is told there is about clients, and leaves this host by TLS only."""
    if not re.fullmatch(r"(https://[^/?#@\s]+|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?)(/[^#\s]*)?", value):
        raise ValueError(f"{value!r} must be https, or on this host: write it like https://ccs.example.net/hooks/sms")
    return value


def hook_events(value: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Return the kinds of events a webhook is told."""
    from smsd.rules.webhooks import Kind  # noqa: PLC0415  start-up time

    for each in value:
        if each not in list(Kind):
            raise ValueError(f"{each!r} is no kind of event: {', '.join(Kind)}{perhaps(each, list(Kind))}")
    if not value:
        raise ValueError(f"it is empty: name some of {', '.join(Kind)}")
    return tuple(dict.fromkeys(value))


def smpp_profile(value: str) -> str:
    """Return the name of a profile of a bind."""
    from smsd.routes.smpp.profiles import PROFILES  # noqa: PLC0415  start-up time

    if value not in PROFILES:
        raise ValueError(f"must be one of {', '.join(PROFILES)}, not {value!r}{perhaps(value, PROFILES)}")
    return value


def smpp_statuses(value: dict[str, str]) -> dict[str, str]:
    """Return a table of command_status and action."""
    from smsd.routes.smpp.settings import Action  # noqa: PLC0415  start-up time

    for status in value:
        try:
            number = int(status, 0)
        except ValueError:
            number = -1
        if not 0 < number <= 0xFFFFFFFF:
            raise ValueError(f'{status!r} is no status: write it as "0x0A"')
    _meanings(value, list(Action))
    return value


def smpp_receipt_errors(value: dict[str, str]) -> dict[str, str]:
    """Return a table of error codes in receipts and what they block."""
    from smsd.rules.routing import REPORTED  # noqa: PLC0415  start-up time

    _meanings(value, list(REPORTED))
    return value


def _meanings(table: dict[str, str], known: list[str]) -> None:
    for code, meaning in table.items():
        if meaning not in known:
            raise ValueError(f"{code}: must be one of {', '.join(known)}, not {meaning!r}{perhaps(meaning, known)}")


def reply(name: str) -> Check:
    """Return the check of the text of a reply."""

    def check(value: str) -> str:
        try:
            return replies.check(name, value)
        except UsageError as error:
            raise ValueError(str(error)) from None

    return check


def perhaps(wrong: str, known: Iterable[str]) -> str:
    """Return ``; did you mean …?`` for a slip of the finger or the beginning of a name."""
    from difflib import get_close_matches  # noqa: PLC0415  only when something is wrong

    names = list(known)
    near = [name for name in names if name.startswith(f"{wrong}_")] or get_close_matches(wrong, names, n=1)
    return f"; did you mean {near[0]}?" if near else ""
