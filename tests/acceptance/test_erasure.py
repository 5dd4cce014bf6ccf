"""An admin erases a person while the service works: nothing of him is left on the disk, and nobody else notices."""

import asyncio

from smsd.doctor import Check, Doctor, Severity
from smsd.rules.outbox import MessageClass
from tests.acceptance.conftest import ACCEPTED, CLIENT, QUICK, Service

OTHER = "+79160000009"
KEY = bytes(range(32))


def on_disk(service: Service) -> set[str]:
    """Name the files in which the number can be read, as digits or as a TPDU has them."""
    forms = (CLIENT.removeprefix("+").encode(), bytes.fromhex("9761214365F7"))
    files = service.directory.glob("smsd.db*")
    return {file.name for file in files if file.is_file() and any(form in file.read_bytes() for form in forms)}


async def test_a_person_is_erased_under_a_running_daemon(service: Service) -> None:
    service.add_client()
    await service.start()
    service.phone().text("CLIENT info")
    await service.phone().wait_for(2)
    service.phone().text("CLIENT sms stop")
    await service.until(lambda: service.states() == [("ack", "delivered"), ("result", "delivered")] * 2)
    assert on_disk(service)
    act = service.store.erasure.erase(CLIENT, KEY)
    assert (act.stop_kept, act.awaited) == (True, 0)
    await service.until(service.store.engine.forget_wal)  # the daemon may have been reading just then
    assert on_disk(service) == set()
    service.phone(OTHER).text("CLIENT info")
    screen = await service.phone(OTHER).wait_for(2)
    assert screen[0].text == ACCEPTED
    silent = service.enqueue(CLIENT, "новость", MessageClass.NOTIFICATION)
    await service.until(lambda: service.message(silent)["state"] == "suppressed")


async def test_the_doctor_believes_a_running_daemon(service: Service) -> None:
    service.add_client()
    await service.start()
    service.phone().text("CLIENT info")
    await service.phone().wait_for(2)
    typed = len(service.modem.typed)
    steady = asyncio.get_running_loop().time
    doctor = Doctor(service.config, clock=service.store._clock, steady=steady, timings=QUICK)
    # The folder of a test is open to all, and nobody is told of a test's trouble.
    expected = {Check.PERMISSIONS, Check.ALARMS}
    found = [finding async for finding in doctor.findings() if finding.check not in expected]
    assert [each for each in found if each.severity is not Severity.OK] == []
    assert {Check.MODEM, Check.CLOCK, Check.KEY, Check.DATABASE} <= {each.check for each in found}
    assert "+CCLK?" not in {each.line for each in service.modem.typed[typed:]}
