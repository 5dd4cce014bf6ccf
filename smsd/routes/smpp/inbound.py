"""What a service centre sends to us by a bind: read, handed over, and answered once it is safe.

Knows that a centre keeps a message until it has heard our answer, and delivers it again otherwise; ``redelivery`` knows
which is the same message. Refuses to know when there is a bind, and what a message means.

Where a ``kill -9`` leaves the client: before the answer is heard the message comes again, and is known by its octets.
"""

from typing import Any

import structlog

from smsd.errors import PduError, StoreError
from smsd.routes import Inbound
from smsd.routes.smpp.link import Link
from smsd.routes.smpp.redelivery import Redelivery, digest
from smsd.routes.smpp.settings import SmppSettings
from smsd.routes.smpp.translate import deliver, message_of, octets, status_report
from smsd.sms import Received
from smsd.wire.smpp.pdu import Pdu
from smsd.wire.smpp.receipt import is_receipt
from smsd.wire.smpp.tables import Status

__all__ = ["Arrivals"]

log = structlog.get_logger()


class Arrivals:
    """What arrives by the bind ``name``."""

    def __init__(self, name: str, settings: SmppSettings, redelivery: Redelivery) -> None:
        self._name = name
        self._settings = settings
        self._redelivery = redelivery

    async def take(self, link: Link, pdu: Pdu, inbound: Inbound | None) -> None:
        """Hand a message over, and answer it once it is safe; whatever fails, the centre keeps it and tries again."""
        status, mark = Status.TEMPORARY_APPLICATION_ERROR, None
        try:
            received, mark = await self._read(pdu)
            if inbound is not None:
                await inbound.received(received)
                status = Status.OK
        except StoreError as error:
            log.warning("message_not_kept", route=self._name, error=str(error))
        finally:
            link.answer(pdu, status, mark if status == Status.OK else None)

    async def close_heard(self, link: Link) -> None:
        """Let messages be new ones again whose answer the centre has heard."""
        heard = link.heard_marks()
        try:
            await self._redelivery.heard(heard)
        except StoreError as error:
            link.open_marks |= dict.fromkeys(heard, 0)
            log.warning("message_not_kept", route=self._name, error=str(error))

    async def _read(self, pdu: Pdu) -> tuple[Received, str | None]:
        """Read a message, and give the mark it is known by should it come again.

        A receipt has none: told twice it says nothing new, and only a centre that begins its ids again could say the
        same of another message, much later.
        """
        soon = self._settings.timings.redelivery
        try:
            message = message_of(pdu)
            if is_receipt(message):
                report = status_report(message, self._settings)
                return self._received(pdu, 0, report, warnings=message.warnings, repeats_within=soon), None
        except PduError as error:
            return self._received(pdu, 0, None, fault=str(error), repeats_within=soon), None
        mark = digest(pdu)
        value, warnings = deliver(message, self._settings)
        return self._received(pdu, await self._redelivery.number(mark), value, warnings=warnings), mark

    def _received(self, pdu: Pdu, number: int, value: Any, **more: Any) -> Received:
        return Received(self._name, octets(pdu, number), value, **more)
