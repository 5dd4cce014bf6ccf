"""The database: whether it is there, of the right version and whole, and what it tells of this host's clock.

Knows which errors of the store mean what to a person. Refuses to make, migrate or mend the file.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from smsd.doctor.finding import Check, Finding, bad, fine, worth_a_look
from smsd.errors import StoreBusyError, StoreDamagedError, StoreError, StoreVersionError
from smsd.store.clients import Clients
from smsd.store.engine import Engine
from smsd.store.figures import Figures, Skew
from smsd.store.swaps import Swaps
from smsd.vault import KEY_OCTETS, PublicKey

__all__ = ["Known", "clock", "database"]

LATEST_SUBMIT = timedelta(minutes=4).total_seconds()
"""A part may be in the modem's hands for so long before the centre takes it (its result is awaited for 150 s)."""
TOLERANCE = timedelta(minutes=1).total_seconds()
"""Clocks that differ by less are right."""
SLOW_ENOUGH = 5
"""So many messages to us, and each of them later than this, and it is hardly their way that takes so long."""
LATE = timedelta(minutes=5).total_seconds()
WEEK = timedelta(days=7).total_seconds()


class Known:
    """What the database told while it was looked at, for the other checks."""

    def __init__(self) -> None:
        self.usable = False
        self.public_key: bytes | None = None
        self.skew: Skew | None = None


def database(path: Path, now: float, known: Known) -> Iterator[Finding]:
    """Look at the file; what it tells is left in ``known``."""
    about = str(path)
    try:
        there = os.stat(path).st_size > 0  # noqa: PTH116  PermissionError is told, not swallowed
    except FileNotFoundError:
        there = False
    except OSError as error:
        yield bad(Check.DATABASE, about, f"cannot be looked at: {error.strerror}", "sudo smsd doctor")
        return
    if not there:
        yield worth_a_look(Check.DATABASE, about, "not made yet: the daemon makes it", "smsd database migrate")
        return
    try:
        yield from _opened(path, now, known)
    except StoreDamagedError as error:
        yield _damaged(about, str(error).removeprefix(f"{path}: "))
    except StoreBusyError as error:
        yield worth_a_look(Check.DATABASE, about, str(error), f"sudo fuser -v {path}")
    except StoreVersionError as error:
        newer = "newer" in str(error)
        yield bad(
            Check.DATABASE,
            about,
            str(error).removeprefix(f"{path}: "),
            "install the newer smsd, or restore the backup made before" if newer else "smsd database migrate",
        )
    except StoreError as error:
        yield bad(Check.DATABASE, about, str(error).removeprefix(f"{path}: "), f"ls -l {path}*; sudo smsd doctor")


def _opened(path: Path, now: float, known: Known) -> Iterator[Finding]:
    engine = Engine(path)
    try:
        engine.refuse_newer()
        engine.refuse_older()
        found = engine.check()
        known.public_key = Clients(engine, lambda: now).public_key()
        known.skew = Figures(engine, lambda: now).skew(now - WEEK)
        known.usable = True
        if found:
            yield _damaged(str(path), f"{len(found)} faults, the first: {found[0]}")
        else:
            yield fine(Check.DATABASE, str(path), f"version {engine.version()}, whole")
        yield from _passwords(engine, known.public_key)
        if held := len(Swaps(engine).recent()):
            yield worth_a_look(
                Check.HELD,
                "clients",
                f"passwords to {held} of them are held: an operator says that their SIMs were replaced",
                "smsd client held; ask each client, then smsd client release PHONE",
            )
    finally:
        engine.close()


def _passwords(engine: Engine, public: bytes | None) -> Iterator[Finding]:
    """Tell of clients whose passwords the daemon cannot open: its key was lost, and it has made a new one."""
    if public is None or len(public) != KEY_OCTETS:
        return
    if count := Clients(engine, lambda: 0.0).sealed_otherwise(PublicKey(public).key_id):
        yield bad(
            Check.KEY,
            "clients",
            f"passwords to {count} of them are sealed to a former key: nobody can open them without it",
            "put the former key file back and restart the service, or import these clients again with their passwords",
        )


def _damaged(about: str, what: str) -> Finding:
    return bad(
        Check.DATABASE,
        about,
        what,
        "sudo systemctl stop smsd; sudo smsd database restore --replace YOUR-BACKUP; sudo systemctl start smsd",
    )


def clock(skew: Skew | None, modem: float | None) -> Iterator[Finding]:
    """Judge this host's clock: by the service centre's times, else by a modem's, which the network sets.

    ``modem`` is by how many seconds the modem's clock is ahead of ours.
    """
    if skew is not None and skew.submits:
        wrong = not -TOLERANCE <= skew.seconds <= LATEST_SUBMIT
        yield _clock("the service centre's times of what was sent", skew.seconds, wrong=wrong)
    elif skew is not None and skew.seconds > TOLERANCE:
        yield _clock("the service centre's times of what came in", skew.seconds, wrong=True)
    elif modem is not None:
        yield _clock("the modem's clock, which most networks set", modem, wrong=abs(modem) > LATE)
    elif skew is not None and skew.count >= SLOW_ENOUGH and skew.seconds < -LATE:
        yield _clock(
            "the service centre's times of what came in (or messages to us come late)", skew.seconds, wrong=True
        )
    elif skew is not None:
        yield _clock("the service centre's times of what came in", skew.seconds, wrong=False)


def _clock(by: str, seconds: float, *, wrong: bool) -> Finding:
    if not wrong:
        return fine(Check.CLOCK, "this host", f"agrees with {by}")
    size = f"{abs(seconds) / 60:.0f} min" if abs(seconds) < 2 * 3600 else f"{abs(seconds) / 3600:.1f} h"
    which = "behind" if seconds > 0 else "ahead of"
    return worth_a_look(
        Check.CLOCK, "this host", f"{size} {which} {by}", "sudo timedatectl set-ntp true; timedatectl status"
    )
