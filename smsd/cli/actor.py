"""Who gives a command, and what it is about, as the audit trail may know it: a name and a masked number or a row.

Knows the system's users and how commands name their parameters. Refuses to pass on texts, codes, logins and names.
"""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smsd.errors import UsageError
from smsd.rules.phones import e164, mask

__all__ = ["about", "who"]

PHONES = frozenset({"phone", "recipient"})
FILES = frozenset({"file", "csv_file", "csv"})
SAID = {"modem_name": "", "condition": "", "token_name": "token "}
IDS = "_id"


def who(environ: Mapping[str, str]) -> str:
    """Return the system user; of one who became root by sudo the name he came with as well."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = f"user {uid}"
    came_as = environ.get("SUDO_USER", "")
    return f"{name} (sudo: {came_as})" if uid == 0 and came_as and came_as != name else name


def about(parameters: Mapping[str, Any], region: str) -> str:
    """Return what the parameters of a command name: numbers masked, rows by their kind and id, files by their names."""
    told = []
    for name, value in parameters.items():
        if value is None:
            continue
        if name in PHONES and isinstance(value, str):
            told.append(_masked(value, region))
        elif name.endswith(IDS):
            told.append(f"{name.removesuffix(IDS)} {value}")
        elif name in SAID:
            told.append(f"{SAID[name]}{value}")
        elif name in FILES and isinstance(value, Path):
            told.append(f"file {value.name}")
        elif name == "phones" and value:
            told.append(_masked(value[0], region) + (f" and {len(value) - 1} more" if len(value) > 1 else ""))
        elif name == "everybody" and value:
            told.append("all clients")
    return ", ".join(told)


def _masked(written: str, region: str) -> str:
    try:
        return mask(e164(written, region))
    except UsageError:
        return mask(written)
