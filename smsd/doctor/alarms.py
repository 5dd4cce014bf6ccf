"""Whether anybody hears of trouble: who is told, and whether the command that tells is there.

Knows the configuration and files. Refuses to tell anybody: ``smsd alarm test`` does.
"""

import os
from collections.abc import Iterator

from smsd.config import Config
from smsd.doctor.finding import Check, Finding, bad, fine, worth_a_look

__all__ = ["alarms"]


def alarms(config: Config) -> Iterator[Finding]:
    """Look at who is told when something is wrong."""
    told = config.alarms
    if not told.phones and not told.command:
        yield worth_a_look(
            Check.ALARMS, "[alarms]", "nobody is told when something is wrong: it is in the journal only",
            f'write phones = ["+7…"] or a command into [alarms] of {config.path}, then smsd alarm test',
        )  # fmt: skip
        return
    program = told.command[0] if told.command else ""
    if program and not os.access(program, os.X_OK):
        why = "may not be run" if os.path.exists(program) else "is not there"  # noqa: PTH110  a Path would hide errors
        yield bad(Check.ALARMS, program, f"the command that alarms are told by {why}", f"chmod 755 {program}")
        return
    yield fine(Check.ALARMS, "[alarms]", f"told by {len(told.phones)} phones{' and a command' if program else ''}")
