"""Reading the files of templates: what is wrong with one is said with its name before anything starts."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from smsd.errors import ConfigError, UsageError
from smsd.rules.templates import NotificationTemplate, parse

__all__ = ["SUFFIX", "read_template", "read_templates"]

SUFFIX = ".txt"
LONGEST = 64 * 1024
"""Octets of a file: more is no template."""


def read_templates(directory: Path | None, max_parts: int) -> Mapping[str, NotificationTemplate]:
    """Return the templates of a directory by their names; none without a directory. Raises ``ConfigError``."""
    if directory is None:
        return {}
    try:
        files = sorted(file for file in directory.iterdir() if file.suffix == SUFFIX and not file.name.startswith("."))
    except OSError as error:
        raise ConfigError(f"{directory}: the templates cannot be read: {error.strerror}") from error
    return {file.stem: read_template(file, max_parts) for file in files}


def read_template(file: Path, max_parts: int) -> NotificationTemplate:
    """Return one template; raises ``ConfigError`` naming the file and what is wrong with it."""
    try:
        with open(file, "rb", opener=_at_once) as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise ConfigError(f"{file}: not a regular file: this is no template")
            octets = opened.read(LONGEST + 1)
        if len(octets) > LONGEST:
            raise ConfigError(f"{file}: more than {LONGEST} octets: this is no template")
        return parse(file.stem, octets.decode("utf-8-sig"), max_parts)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: octet {error.start} is not UTF-8: save the file as UTF-8") from None
    except UsageError as error:
        raise ConfigError(f"{file}: {error}") from None


def _at_once(file: str, flags: int) -> int:
    """Open a file without waiting: a pipe would wait for whoever writes into it, for ever."""
    return os.open(file, flags | os.O_NONBLOCK)
