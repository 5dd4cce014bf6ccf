"""Whether the card in the modem is still the one that its life began with.

Knows the signs that it may not be: the network is lost or found again, or the modem speaks of its card; then +CPIN and
the card's number are asked (27.007 §8.3, 102.221 §13.2), which costs no air. Refuses to say what becomes of another
card: the life begins anew with it, where it is compared with the one that may be used.
"""

from smsd.routes.modem.driver import Channel
from smsd.routes.modem.setup import Identity, iccid_of
from smsd.routes.modem.timings import Timings
from smsd.wire.at import Command
from smsd.wire.information import information

__all__ = ["CardWatch"]

_OF_THE_CARD = ("+CPIN:", "^SIMST:", "+QSIMSTAT:", "+QUSIM:", "+SIMCARD:", "+CSIM:", "#QSS:", "+CPINC:", "+ZUSIMR:")


class CardWatch:
    """``doubted``: there is a sign, and the card has not been asked since."""

    def __init__(self, channel: Channel, timings: Timings) -> None:
        self.doubted = False
        self._channel = channel
        self._timings = timings
        self._registered = True

    def sure(self) -> bool:
        """Tell whether nothing speaks against the card."""
        return not self.doubted

    def hear(self, text: str) -> None:
        """Take a line that the modem says of its own accord."""
        if text.startswith(_OF_THE_CARD):
            self.doubted = True

    def network(self, *, registered: bool) -> None:
        """Take how the network is: without a card there is none."""
        if not (registered and self._registered):
            self.doubted = True
        self._registered = registered

    async def gone(self, identity: Identity) -> str:
        """Ask the card, where there is a sign; say why it is not the one of ``identity``, empty: it is.

        Raises ``RouteError``: the card stays doubted.
        """
        if not self.doubted:
            return ""
        answer = await self._channel.ask(Command("AT+CPIN?", ("+CPIN:",)), self._timings.setting)
        said = information(answer.lines[-1].text).strip('"') if answer.lines else str(answer.result)
        why = "" if said.upper() == "READY" else f"the card says {said}"
        if not why:
            iccid = await iccid_of(self._channel, identity.quirks, self._timings)
            if iccid and identity.iccid and iccid != identity.iccid:
                why = "it is another card"
        self.doubted = False
        return why
