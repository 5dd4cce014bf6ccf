"""What is told of a modem that works, by name: for ``smsd modem show``, metrics and scripts.

Knows the names. Refuses to judge.
"""

from collections.abc import Mapping

from smsd.routes.modem.evidence import Evidence
from smsd.routes.modem.inbox import Inbox
from smsd.routes.modem.network import Network
from smsd.routes.modem.setup import Identity, Setup

__all__ = ["facts_of"]


def facts_of(
    identity: Identity, setup: Setup | None, inbox: Inbox | None, evidence: Evidence, network: Network
) -> Mapping[str, str | int | bool | None]:
    """Return what is known of modem, SIM and network."""
    slots = [] if inbox is None else [*inbox.slots.values()]
    return {
        "manufacturer": identity.manufacturer,
        "model": identity.model,
        "revision": identity.revision,
        "imei": identity.imei,
        "iccid": identity.iccid,
        "quirks": identity.quirks.name,
        "slots_used": sum(used for used, _ in slots),
        "slots_total": sum(total for _, total in slots),
        "delivery_reports": setup is not None and setup.reports > 0,
        "hints": setup is not None and setup.hints,
        "service_centre": setup.service_centre if setup is not None else "",
        "evidence": evidence.in_step,
        **network.facts,
    }
