"""The daemon's wishes to have modems' USB devices reset: a file named like the device, for ``smsd-usb-reset.path``.

Knows where they are put: in a directory of that which systemd makes for the service, one file a device, so that one
modem's wish never stands in another's place, nor is lost while another is being granted. Refuses to touch USB, to which
the daemon has no right. Without systemd there is nobody to ask, and the cure is left out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

__all__ = ["REQUESTS", "usb_reset"]

REQUESTS = "usb-resets"
TAKEN_BY_GROUP = 0o770
"""Who grants a wish takes it out of the directory first: root without any capability, in the daemon's group."""


def usb_reset(environ: Mapping[str, str]) -> Callable[[str], Awaitable[None]] | None:
    """Return what asks for the reset of a USB device by its name, ``None`` where nobody would hear of it."""
    directory = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if not directory:
        return None
    requests = Path(directory) / REQUESTS

    def write(usb: str) -> None:
        requests.mkdir(exist_ok=True)
        requests.chmod(TAKEN_BY_GROUP)  # the unit's UMask= is tighter
        (requests / usb).touch()

    async def ask(usb: str) -> None:
        await asyncio.to_thread(write, usb)

    return ask
