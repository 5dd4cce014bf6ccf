"""Files with a secret that systemd-creds(1) has encrypted to this host, opened again outside the service.

The unit hands over what lies in a directory ``encrypted`` (LoadCredentialEncrypted=, systemd.exec(5)), in the clear:
the daemon never comes here. Whoever looks as root, the doctor above all, has it opened by the host's own program, under
the name that the unit has it by. Refuses to know what a secret is for.
"""

import subprocess
from pathlib import Path

from smsd.errors import ConfigError

__all__ = ["is_encrypted", "opened"]

ENCRYPTED = "encrypted"
SECONDS = 30.0
"""How long opening may take: a key in a TPM is slow."""


def is_encrypted(path: Path) -> bool:
    """Tell whether a file holds a secret for this host alone; then it matters to nobody who else can read it."""
    return path.parent.name == ENCRYPTED


def opened(path: Path) -> bytes:
    """Return what an encrypted file holds.

    Raises ``OSError`` when the file cannot be read, and ``ConfigError`` when it does not open: it was made on another
    host, or under another name, or who asks may not use the host's key.
    """
    path.read_bytes()
    name = f"{ENCRYPTED}_{path.name}"
    try:
        done = subprocess.run(  # noqa: S603  no shell
            ["systemd-creds", "decrypt", f"--name={name}", path, "-"],  # noqa: S607  root's own path
            capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"{path}: encrypted, and systemd-creds does not open it: {error}") from None
    if done.returncode != 0:
        raise ConfigError(
            f"{path}: does not open on this host: encrypt the secret here, with --name={name} (systemd-creds encrypt)"
        )
    return done.stdout
