"""The client-support system as the directory, from the serial line to its HTTP server and back, outages included."""

import contextlib
import dataclasses
import sqlite3
from pathlib import Path

import pytest

from smsd.config import parse
from tests.acceptance.conftest import ACCEPTED, INFO, Service
from tests.directory.ssk import Fault, Ssk

APOLOGY = "Ваша заявка не исполнена. Повторите запрос позднее или обратитесь по телефону 8 (800) 100-31-64."
STOPPED = "Ваша заявка исполнена. СМС-уведомления и СМС-оповещения отключены."


def asking(service: Service, ssk: Ssk) -> None:
    """Let the service that is about to start ask this system."""
    token = Path(service.directory / "ssk.token")
    token.write_text("token\n")
    token.chmod(0o600)
    keys = parse(
        f"""
        [directory]
        url = "{ssk.url}"
        token_file = "{token}"
        connect_seconds = 20
        timeout_seconds = 30
        attempts = 2
        breaker_failures = 2
        breaker_seconds = 1
        breaker_most_seconds = 1
        """
    ).directory
    service.config = dataclasses.replace(service.config, directory=keys)


async def test_the_answer_comes_from_the_system(service: Service) -> None:
    async with Ssk() as ssk:
        asking(service, ssk)
        ssk.add(service.phone().number)
        await service.start()
        service.phone().text("CLIENT info")
        assert [each.text for each in await service.phone().wait_for(2)] == [ACCEPTED, INFO]
        assert ssk.asked == [("POST", "/client", {"phone": service.phone().number})]
        await service.until(lambda: service.states() == [("ack", "delivered"), ("result", "delivered")])
        result = service.store.outbox.recent(limit=1)[0]
        assert result["secret"]
        assert result["text"] is None


@pytest.mark.parametrize("fault", [None, Fault.HALF])
async def test_an_outage_delays_the_answer_and_loses_nothing(service: Service, fault: Fault | None) -> None:
    """Acknowledged at once; the request waits, with the reason; answered when the system returns."""
    async with Ssk() as ssk:
        asking(service, ssk)
        ssk.add(service.phone().number)
        ssk.fault = fault
        if fault is None:
            await ssk.stop()
        await service.start()
        service.phone().text("CLIENT info")
        assert [each.text for each in await service.phone().wait_for(1)] == [ACCEPTED]
        await service.until(lambda: service.store.requests.recent(limit=1)[0]["error"] is not None)
        row = service.store.requests.show(1)
        assert row["due_at"] is not None
        assert f"127.0.0.1:{ssk.port}" in row["error"]
        if fault is None:
            await ssk.start()
        ssk.fault = None
        assert [each.text for each in await service.phone().wait_for(2)] == [ACCEPTED, INFO]
        assert service.store.requests.recent(limit=1)[0]["state"] == "done"


async def test_a_daemon_that_dies_while_it_waits_answers_once_after_its_return(service: Service) -> None:
    async with Ssk() as ssk:
        asking(service, ssk)
        ssk.add(service.phone().number)
        ssk.fault = Fault.SLOW
        await service.start()
        service.phone().text("CLIENT info")
        # Not while the acknowledgement is in the air: whether it left would be a doubt, and the result waits for that.
        await service.until(lambda: ssk.connections > 0 and service.states() == [("ack", "delivered")])
        await service.kill()
        ssk.fault = None
        await service.start()
        assert [each.text for each in await service.phone().wait_for(2)] == [ACCEPTED, INFO]
        await service.until(lambda: service.states() == [("ack", "delivered"), ("result", "delivered")])


async def test_who_waits_too_long_is_apologised_to(service: Service) -> None:
    """The deadline is set back instead of waited for: the request came long ago, as far as the daemon can see."""
    async with Ssk() as ssk:
        asking(service, ssk)
        ssk.fault = Fault.ERROR
        await service.start()
        service.phone().text("CLIENT info")
        await service.until(lambda: service.store.requests.recent(limit=1)[:1] != [])
        with contextlib.closing(sqlite3.connect(service.store.path)) as database, database:
            database.execute("UPDATE request SET received_at = received_at - 86400")
        assert [each.text for each in await service.phone().wait_for(2)] == [ACCEPTED, APOLOGY]
        row = service.store.requests.recent(limit=1)[0]
        assert row["state"] == "failed"
        assert row["error"].endswith("answers 500")


async def test_a_stop_binds_while_the_system_is_down_and_is_told_when_it_is_back(service: Service) -> None:
    number = service.phone().number
    async with Ssk() as ssk:
        asking(service, ssk)
        ssk.fault = Fault.ERROR
        await service.start()
        service.phone().text("CLIENT sms stop")
        await service.phone().wait_for(1)
        assert not service.store.clients.subscribed(number)
        assert ssk.wishes == {}
        await service.until(lambda: service.store.requests.recent(limit=1)[0]["error"] is not None)
        ssk.fault = None
        assert [each.text for each in await service.phone().wait_for(2)] == [ACCEPTED, STOPPED]
        assert ssk.wishes[number]["subscribed"] is False
        assert ssk.wishes[number]["request_id"] == "1"
