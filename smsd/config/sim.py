"""The keys of a SIM's life: its balance, what keeps it alive, who speaks for its operator."""

import re
from dataclasses import dataclass

from smsd.config import checks
from smsd.config.key import key

__all__ = ["Sim"]


def _code(value: str) -> str:
    if value and not re.fullmatch(r"[*#][0-9*#]{1,30}", value):
        raise ValueError(f"{value!r} is no code: it begins with * or # and has digits, * and #, like *100#")
    return value


def _pattern(value: str) -> str:
    if not value:
        return value
    try:
        groups = re.compile(value).groups
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from None
    if groups < 1:
        raise ValueError(f"{value!r} has no group: put brackets around the number")
    return value


@dataclass(frozen=True, slots=True)
class Sim:
    """What a SIM needs to stay alive; one table for each, `name` is that of its modem."""

    name: str = key("", "The modem that the SIM is in.", checks.route_name, shown="must be given")
    number: str = key("", "Its own number: where its self-tests go.", shown="that of `service`")
    balance_ussd: str = key("", "What asks the operator for the balance, like `*100#`.", _code, shown="not asked")
    balance_pattern: str = key(
        "", "Regular expression whose first group is the balance in the answer.", _pattern,
        shown="the number after the word, else before roubles, else the first",
    )  # fmt: skip
    balance_hours: int = key(24, "How often the balance is asked for.", checks.between(1, 24 * 31), unit="h")
    balance_low: int = key(50, "A balance below this is an alarm.", checks.between(-(10**6), 10**6))
    keepalive_days: int = key(
        0, "After so many days without a message sent from it, it sends one, so that it is not cut off; 0: never.",
        checks.between(0, 365), unit="d",
    )  # fmt: skip
    keepalive_number: str = key("", "Where that message goes.", shown="its own number")
    operator_senders: tuple[str, ...] = key(
        (), "Senders whose texts to this SIM are forwarded to `alarms.phones`: short codes, names; `*`: all of them."
    )
