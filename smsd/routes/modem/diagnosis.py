"""What is wrong with a modem for longer than a moment, told from what it says while it works.

Knows which sign belongs to which trouble of ``rules.cures``. Refuses to cure, and to see what only a self-test can.
"""

from dataclasses import replace

from smsd.routes.modem.driver import Channel
from smsd.routes.modem.inbox import Inbox
from smsd.routes.modem.network import Network
from smsd.routes.modem.recovery import Recovery
from smsd.routes.modem.setup import Setup, indications
from smsd.rules.cures import Trouble

__all__ = ["diagnose", "kept_to", "look_at_indications"]

TOLD = 1
"""<mt> among the values of +CNMI (27.005 §3.4.1): 0, and the modem tells of no message."""
REFUSED_LISTS = 2
"""So often in a row no store could be listed, and the storage is lost: once, a busy card refuses."""


def diagnose(recovery: Recovery, network: Network, setup: Setup | None, inbox: Inbox | None) -> None:
    """Tell ``recovery`` what is wrong, and what is not, or not any more."""
    recovery.stays()
    if network.asked:
        _note(recovery, Trouble.NOT_REGISTERED, "" if network.registered else network.detail)
    if setup is None or inbox is None:
        return
    _note(recovery, Trouble.SIM_FULL, inbox.nearly_full)
    if not setup.stores:
        recovery.suspect(Trouble.STORAGE_LOST, "the modem takes none of the stores it offers (AT+CPMS)")
    else:
        _note(recovery, Trouble.STORAGE_LOST, inbox.unreachable if inbox.refused >= REFUSED_LISTS else "")


async def look_at_indications(channel: Channel, recovery: Recovery, setup: Setup | None) -> None:
    """See whether the modem still means to tell of new messages: some drop that without a word."""
    if setup is None or not setup.indications:
        return
    kept = await indications(channel)
    dropped = bool(kept) and kept != setup.indications
    _note(recovery, Trouble.HINTS_LOST, f"+CNMI stands at {_listed(kept)}" if dropped else "")


def kept_to(before: Setup | None, now: Setup) -> Setup:
    """Return a set-up that is measured by the one before where the modem says yes to +CNMI and keeps it no more."""
    if before is None or not before.indications or now.indications == before.indications:
        return now
    told_before, told_now = before.indications[TOLD], now.indications[TOLD : TOLD + 1]
    return replace(now, indications=before.indications) if told_before and told_now == (0,) else now


def _note(recovery: Recovery, trouble: Trouble, why: str) -> None:
    if why:
        recovery.suspect(trouble, why)
    else:
        recovery.well(trouble)


def _listed(values: tuple[int | None, ...]) -> str:
    return ",".join("" if value is None else str(value) for value in values)
