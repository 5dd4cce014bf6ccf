"""The daemon's wish to have a modem's USB device reset: a name in a file, for ``smsd-usb-reset.path`` to see.

Knows where that file is: in the directory that systemd makes for the service. Refuses to touch USB, to which the daemon
has no right. Without systemd there is nobody to ask, and the cure is left out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

__all__ = ["REQUEST", "usb_reset"]

REQUEST = "usb-reset"
READABLE_BY_GROUP = 0o640


def usb_reset(environ: Mapping[str, str]) -> Callable[[str], Awaitable[None]] | None:
    """Return what asks for the reset of a USB device by its name, ``None`` where nobody would hear of it."""
    directory = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if not directory:
        return None
    request = Path(directory) / REQUEST

    def write(usb: str) -> None:
        request.touch(READABLE_BY_GROUP)
        request.chmod(READABLE_BY_GROUP)  # the unit's UMask= is tighter
        request.write_text(f"{usb}\n", "ascii")  # in place: closing the file after writing is what is watched for

    async def ask(usb: str) -> None:
        await asyncio.to_thread(write, usb)

    return ask
