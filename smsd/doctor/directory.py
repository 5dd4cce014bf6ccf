"""The client-support system as the directory, judged: asked one question that changes nothing, about our own number.

Knows that looking up must change nothing there (docs/reference/directory-api.md), so that it may be asked whether the
daemon runs or not. Refuses to ask about any client.
"""

import dataclasses

from smsd.config import Config
from smsd.daemon.directory import http_directory
from smsd.doctor.finding import Check, Finding, bad, fine, worth_a_look
from smsd.errors import DirectoryDownError, DirectoryError

__all__ = ["look_at_directory"]


async def look_at_directory(config: Config, trouble: str | None = None) -> Finding:
    """Ask the system who has the number of the service; nobody is a good answer.

    ``trouble`` is what a request waits for, as the running daemon wrote it down: the daemon may be kept from a place
    that is reached from here.
    """
    keys = config.directory
    about = keys.url
    async with http_directory(dataclasses.replace(config, directory=dataclasses.replace(keys, attempts=1))) as asked:
        try:
            await asked.registration(config.service.number)
        except DirectoryDownError as error:
            file = keys.token_file or "…"
            return bad(
                Check.DIRECTORY,
                about,
                f"it cannot be asked, and clients' requests wait: {error}",
                f"look at [directory] url, token_file ({file}), ca_file; curl -v {keys.url}",
            )
        except DirectoryError as error:
            return worth_a_look(Check.DIRECTORY, about, str(error), "show its makers docs/reference/directory-api.md")
    if trouble is not None:
        return worth_a_look(
            Check.DIRECTORY,
            about,
            f"answers us, and the daemon had no answer: {trouble}",
            "smsd doctor, in a minute; if it stays so: IPAddressAllow= in a drop-in of the unit, "
            "see docs/reference/directory-api.md",
        )
    return fine(Check.DIRECTORY, about, "answers")
