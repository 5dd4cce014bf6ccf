"""What a key of the configuration file is: a field of a dataclass with its sentence, check, unit and shown default.

Knows fields; refuses to know which keys there are (``keys``) and how a file is read (``reader``).
"""

import dataclasses
from typing import Any

from smsd.config.checks import Check

__all__ = ["key"]


def key(
    default: Any, doc: str, check: Check | None = None, *, unit: str = "", shown: str = "", secret: bool = False
) -> Any:
    """Return a field that is a key: its sentence, its check, the unit of its number, its default as people read it.

    ``secret``: it names a file that nobody but root and the daemon should read.
    """
    about = {"doc": doc, "check": check, "unit": unit, "shown": shown, "secret": secret}
    return dataclasses.field(default=default, metadata=about)
