"""Ready-made settings for service centres whose operators publish what theirs wants.

Every value comes from the provider's public text, read in November 2026; none has been tried against the real service.
A profile is where a bind's settings begin: whatever the contract says otherwise is said in the configuration.
MTS publishes an SMPP service behind stunnel or IPsec without its figures; T2, MegaFon and Beeline publish none at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from smsd.routes.smpp.settings import Action, BindAs, SmppSettings
from smsd.rules.routing import Block
from smsd.wire.smpp.content import LongForm

__all__ = ["PROFILES", "Profile"]


@dataclass(frozen=True, slots=True)
class Profile:
    """``settings`` are arguments of ``SmppSettings``; ``notes`` say what no setting can; ``page`` is the source."""

    title: str
    page: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: str = ""

    def apply(self, **settings: Any) -> SmppSettings:
        """Make settings: what is given here goes before what the profile says, table entries one by one."""
        merged = {**self.settings, **settings}
        for table in ("statuses", "receipt_errors"):
            if table in self.settings and table in settings:
                merged[table] = {**self.settings[table], **settings[table]}
        return SmppSettings(**merged)


PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        "generic": Profile("any service centre of SMPP 3.4", "", notes="the standard's forms"),
        "mts-marketolog": Profile(
            "MTS Marketolog",
            "support.mts.ru/mts_marketolog, dokumentatsiya-smpp",
            notes="through stunnel or IPsec: host is the tunnel's end; the name is approved for each operator",
        ),
        "mts-exolve": Profile(
            "MTS Exolve",
            "docs.exolve.ru/docs/ru/api-reference/sms-smpp/sending-requirements",
            {"bind_as": BindAs.TRANSCEIVER},
            "a transmitter is not let in; 10 parts at most; enquire_link at least every 15 minutes",
        ),
        "smsc-ru": Profile(
            "SMSC.ru",
            "smsc.ru/api/smpp",
            {
                "host": "smpp.smsc.ru",
                "port": 3443,
                "tls": True,
                "spare": (("smpp2.smsc.ru", 3443),),
                "source_ton": 5,
                "source_npi": 1,
                "rate": 30.0,
                "receipt_errors": MappingProxyType(
                    {
                        "219": Block.SIM_SWAPPED,
                        "253": Block.SENDER,
                        "254": Block.SENDER,
                    }
                ),
            },
            "addresses are allow-listed; without TLS the port is 3700; 219: the SIM was replaced, names blocked for a "
            "day; 253: spam filter; 254: the name is not registered; 255: refused by the operator",
        ),
        "sms-aero": Profile(
            "SMS Aero",
            "smsaero.ru/description/smpp",
            {"host": "smpp.smsaero.ru", "source_ton": 0, "source_npi": 1, "long_form": LongForm.UDH},
            "an SMPP account for each channel; addresses are allow-listed; type and plan as its own package sends them",
        ),
        "devino": Profile(
            "Devino Telecom",
            "docs.devinotele.com/smpp.html",
            {"source_ton": 5, "source_npi": 1},
            "one host for advertising, another for transactional traffic",
        ),
        "rapporto": Profile(
            "Rapporto",
            "doc.rapporto.ru/api/eng/smpp_eng",
            {"long_form": LongForm.PAYLOAD},
            "2,000 characters at most; receipts may come on another connection than the submit",
        ),
        "qtelecom": Profile(
            "Qtelecom",
            "isbc-telecom.ru/wiki/protokoly/protokol-smpp",
            {"port": 8056, "source_ton": 0, "source_npi": 5},
            "addresses are allow-listed",
        ),
        "webcom": Profile(
            "Webcom, SMS-Club",
            "apidocs.webcom.mobi/ru/smpp",
            {"source_ton": 0, "source_npi": 0, "rate": 30.0},
            "the second port is 2777; enquire_link not more often than every 10 s",
        ),
        "seventech": Profile(
            "SevenTech",
            "legacy-docs.seven.tech/v1/smpp/smpp-requirements",
            notes="one connection unless agreed otherwise; enquire_link every 30 s whatever the traffic",
        ),
        "revicom": Profile(
            "Revicom",
            "smsc.revicom.ltd/how-to-work-with-smsc/reserved-error-codes",
            {
                "statuses": MappingProxyType({0x0A: Action.SENDER, 0x500: Action.TEXT}),
                "receipt_errors": MappingProxyType({"454": Block.SENDER, "457": Block.SENDER}),
            },
            "0x500: words it does not allow; 454: the sender is block-listed; 457: the name is not registered",
        ),
    }
)
"""By name."""
