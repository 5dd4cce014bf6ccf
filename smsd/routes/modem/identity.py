"""Which modem and which SIM a route may use: what is configured, or what a person has adopted since.

Knows IMEI, IMSI and ICCID and when two of them are the same. A PIN tried in somebody else's card, or a message deleted
from it, cannot be taken back: so the card is compared before its PIN is entered wherever its ICCID is known, and before
anything else is done with it always. Refuses to decide by itself that a stranger is a replacement: a person says so.

What a person adopts is kept by the house under ``ADOPTED`` and stands in for the configuration until that is changed.
"""

import json
from dataclasses import dataclass, replace

from smsd.errors import CommandRefusedError, CommandTimeoutError
from smsd.routes import Memory
from smsd.routes.modem.driver import Channel
from smsd.routes.modem.setup import Identity

__all__ = ["ADOPTED", "Card", "Wanted", "adoption", "imsi_of", "note_card", "told", "wanted_now"]

ADOPTED = "modem.adopted"
"""What a person has adopted in place of the configured identity."""
CARD = "modem.card"
"""The ICCID that a card with the configured IMSI was seen to have."""
_IMEI_DIGITS = 14
"""The fifteenth is a check digit (23.003 §6.2.1), which some modems leave out or replace by a version."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it shows itself: ``imsi`` is empty until its PIN is entered."""

    iccid: str = ""
    imsi: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The modem and the card that may be used; what is empty may be any. ``iccid`` is what the card is known by."""

    imei: str = ""
    imsi: str = ""
    iccid: str = ""

    @property
    def anything(self) -> bool:
        """Whether any modem with any card will do."""
        return not (self.imei or self.imsi or self.iccid)

    def is_modem(self, imei: str) -> bool:
        """Tell whether a modem with this IMEI may be used."""
        return not self.imei or imei[:_IMEI_DIGITS] == self.imei[:_IMEI_DIGITS]

    def is_card(self, card: Card) -> bool | None:
        """Tell whether a card may be used; ``None``: what is known of it does not say."""
        if self.imsi and card.imsi:
            return card.imsi == self.imsi
        if self.iccid and card.iccid:
            return card.iccid == self.iccid
        return None if self.imsi or self.iccid else True

    def __str__(self) -> str:
        named = [("IMEI", self.imei), ("IMSI", self.imsi) if self.imsi else ("ICCID", self.iccid)]
        return " and ".join(f"{name} {_tail(value)}" for name, value in named if value) or "any modem"


async def imsi_of(channel: Channel) -> str:
    """Ask for the IMSI (27.007 +CIMI), which a card tells once its PIN is entered; empty where it does not."""
    try:
        lines = await channel.lines("AT+CIMI", "+CIMI:", bare=True)
    except (CommandRefusedError, CommandTimeoutError):
        return ""
    return "".join(character for character in lines[0] if character.isdigit()) if lines else ""


def adoption(configured: Wanted, imei: str, card: Card) -> str:
    """Return what is to be kept under ``ADOPTED``, so that this modem with this card is used instead."""
    return json.dumps(
        {"imei": imei, "imsi": card.imsi, "iccid": card.iccid, "instead_of": [configured.imei, configured.imsi]}
    )


async def wanted_now(configured: Wanted, memory: Memory) -> Wanted:
    """Return what may be used: as configured, or as adopted since. Raises ``StoreError``."""
    if configured.anything:
        return configured
    adopted = _adopted(await memory.recall(ADOPTED), configured)
    wanted = adopted or configured
    if wanted.imsi and not wanted.iccid:
        imsi, _, iccid = (await memory.recall(CARD) or "").partition(" ")
        wanted = replace(wanted, iccid=iccid if imsi == wanted.imsi else "")
    return wanted


async def note_card(wanted: Wanted, card: Card, memory: Memory) -> None:
    """Remember by which ICCID the wanted card is known before its PIN. Raises ``StoreError``."""
    told = f"{card.imsi} {card.iccid}"
    if wanted.imsi and card.imsi == wanted.imsi and card.iccid and await memory.recall(CARD) != told:
        await memory.remember(CARD, told)


def _adopted(kept: str | None, configured: Wanted) -> Wanted | None:
    """Read what was adopted; ``None`` when nothing was, or the configuration has been changed since."""
    if kept is None:
        return None
    said = json.loads(kept)
    if said["instead_of"] != [configured.imei, configured.imsi]:
        return None
    return Wanted(
        imei=said["imei"] if configured.imei else "",
        imsi=said["imsi"] if configured.imsi else "",
        iccid=said["iccid"] if configured.imsi else "",
    )


def told(identity: Identity, card: Card) -> dict[str, str]:
    """Say of a stranger what a person needs to tell whether it is the replacement, as facts of the route."""
    return {
        "seen_model": f"{identity.manufacturer} {identity.model}".strip(),
        "seen_imei": identity.imei,
        "seen_iccid": card.iccid,
        "seen_imsi": card.imsi,
    }


def _tail(number: str) -> str:
    """Return the end of a number: enough to know it again."""
    return f"…{number[-4:]}"
