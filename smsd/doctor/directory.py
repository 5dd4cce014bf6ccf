"""The client-support system as the directory, judged: asked one question that changes nothing, about our own number.

Knows that looking up must change nothing there (docs/reference/directory-api.md), so that it may be asked whether the
daemon runs or not, and that every answer of a system with a clock says what time it is there (RFC 9110, 6.6.1).
Refuses to ask about any client.
"""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime

from smsd.config import Config
from smsd.daemon.directory import http_directory
from smsd.doctor.finding import Check, Finding, bad, fine, worth_a_look
from smsd.errors import DirectoryDownError, DirectoryError

__all__ = ["look_at_directory"]

TOLERANCE = 60.0
"""Seconds two clocks may differ: of two wishes the later holds there, and an event that looks old is not believed."""


async def look_at_directory(
    config: Config, clock: Callable[[], float], trouble: str | None = None
) -> tuple[Finding, ...]:
    """Ask the system who has the number of the service; nobody is a good answer. ``clock`` returns Unix seconds.

    ``trouble`` is what a request waits for, as the running daemon wrote it down: the daemon may be kept from a place
    that is reached from here.
    """
    keys = config.directory
    async with http_directory(dataclasses.replace(config, directory=dataclasses.replace(keys, attempts=1))) as asked:
        try:
            found = await asked.registration(config.service.number)
        except DirectoryDownError as error:
            file = keys.token_file or "…"
            cure = f"look at [directory] url, token_file ({file}), ca_file; curl -v {keys.url}"
            answer = bad(Check.DIRECTORY, keys.url, f"it cannot be asked, and clients' requests wait: {error}", cure)
        except DirectoryError as error:
            cure = "show its makers docs/reference/directory-api.md"
            answer = worth_a_look(Check.DIRECTORY, keys.url, str(error), cure)
        else:
            answer = _answered(keys.url, trouble, nobody=found is None)
        return answer, *_clock(keys.url, asked.their_time, clock())


def _answered(url: str, trouble: str | None, *, nobody: bool) -> Finding:
    if trouble is not None:
        return worth_a_look(
            Check.DIRECTORY,
            url,
            f"answers us, and the daemon had no answer: {trouble}",
            "smsd doctor, in a minute; if it stays so: IPAddressAllow= in a drop-in of the unit, "
            "see docs/reference/directory-api.md",
        )
    if nobody:
        return fine(Check.DIRECTORY, url, "answers; it knows no client with the service's own number")
    return fine(Check.DIRECTORY, url, "answers, in the documented shape")


def _clock(url: str, theirs: datetime | None, ours: float) -> Iterator[Finding]:
    if theirs is None:
        return
    seconds = theirs.timestamp() - ours
    if abs(seconds) <= TOLERANCE:
        yield fine(Check.DIRECTORY, url, "its clock agrees with this host's")
        return
    size = f"{abs(seconds) / 60:.0f} min" if abs(seconds) < 2 * 3600 else f"{abs(seconds) / 3600:.1f} h"
    what = f"its clock is {size} ahead of this host's" if seconds > 0 else f"its clock is {size} behind this host's"
    yield worth_a_look(
        Check.DIRECTORY,
        url,
        what,
        "sudo timedatectl set-ntp true; timedatectl status; and the same there",
    )
