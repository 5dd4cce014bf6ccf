"""What an examination says: one finding a thing looked at, how bad it is, and the command that cures it.

Knows the words of the report and which exit code they add up to. Refuses to know how anything is found out.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ROUTES", "Check", "Finding", "Severity", "bad", "exit_code", "fine", "worth_a_look"]


class Severity(StrEnum):
    """How bad a finding is. The order of definition is that of the report."""

    ERROR = "error"
    """Something does not work, or will not after the next start."""
    WARNING = "warning"
    """It works, and a person should know."""
    OK = "ok"
    """Looked at, and as it should be."""


class Check(StrEnum):
    """What was looked at; a script may rely on the names."""

    CONFIGURATION = "configuration"
    DAEMON = "daemon"
    DATABASE = "database"
    DISK = "disk"
    CLOCK = "clock"
    KEY = "key"
    SECRET = "secret-file"  # noqa: S105  the name of a check
    PERMISSIONS = "permissions"
    PORT = "port"
    MODEM = "modem"
    SIM = "sim"
    SERVICE_CENTRE = "service-centre"
    REGISTRATION = "registration"
    SLOTS = "sim-slots"
    HINTS = "hints"
    BIND = "bind"
    OPERATOR = "operator"
    HELD = "held-numbers"
    DIRECTORY = "directory"
    TEMPLATE = "template"
    API = "api"
    WEBHOOK = "webhook"
    ALARMS = "alarms"


ROUTES = frozenset(
    {
        Check.DAEMON,
        Check.PORT,
        Check.MODEM,
        Check.SIM,
        Check.SERVICE_CENTRE,
        Check.REGISTRATION,
        Check.BIND,
        Check.OPERATOR,
        Check.DIRECTORY,
    }
)
"""What makes a route, or the daemon, unavailable: the exit code is then 69."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``about`` names it, ``what`` says how it is, ``cure`` is what to type, or to do."""

    check: Check
    severity: Severity
    about: str
    what: str
    cure: str = ""


def bad(check: Check, about: str, what: str, cure: str) -> Finding:
    """Return the finding of something that does not work."""
    return Finding(check, Severity.ERROR, about, what, cure)


def worth_a_look(check: Check, about: str, what: str, cure: str) -> Finding:
    """Return the finding of something that works and should not stay so."""
    return Finding(check, Severity.WARNING, about, what, cure)


def fine(check: Check, about: str, what: str) -> Finding:
    """Return the finding of something that is as it should be."""
    return Finding(check, Severity.OK, about, what)


def exit_code(findings: Iterable[Finding]) -> int:
    """Return 0 when there is no error; 78 with one of the configuration; 69 when only routes or the daemon have any.

    Anything else on this host that is an error gives 1: without it no route would help.
    """
    wrong = {finding.check for finding in findings if finding.severity is Severity.ERROR}
    if not wrong:
        return 0
    if Check.CONFIGURATION in wrong:
        return os.EX_CONFIG
    return os.EX_UNAVAILABLE if wrong <= ROUTES else 1
