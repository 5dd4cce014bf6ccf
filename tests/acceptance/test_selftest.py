"""A self-test, serial line to serial line: the SIM writes to itself, through the network, and knows it again."""

import dataclasses
import time

from smsd.config import parse
from smsd.daemon.beside import self_test_settings
from tests.acceptance.conftest import SERVICE, Service

SHORTLY_AGO = 7300.0


async def test_a_message_to_ourselves_comes_back_and_is_not_answered(service: Service) -> None:
    tested = dataclasses.replace(service.config.selftest, hours=1, number=SERVICE)
    service.config = dataclasses.replace(service.config, selftest=tested)
    _let_one_have_been(service)
    await service.start()
    await service.until(lambda: service.store.selftests.past("modem0").round_trip is not None)
    past = service.store.selftests.past("modem0")
    assert past.failures == 0
    assert past.last_ok_at is not None
    assert time.time() - past.last_ok_at < 60
    [row] = service.store.inbox.recent(limit=0)
    assert (row["state"], row["reason"]) == ("ignored", "our own self-test")
    assert service.store.requests.recent(limit=0) == []
    assert len(service.store.outbox.recent(limit=0, message_class="admin")) == 1
    await service.until(lambda: service.stored() == 0)  # it is taken off the SIM after it is written down


def _let_one_have_been(service: Service) -> None:
    """Write down a test of two hours ago, so that the next one is due at once and not after a start's rest."""
    service.store.engine._connection.execute(
        "INSERT INTO self_test (route, token, message_id, begun_at, deadline, outcome, ended_at)"
        " VALUES ('modem0', '', 0, ?1, ?1, 'failed', ?1)",
        (time.time() - SHORTLY_AGO,),
    )
    service.store.engine._connection.commit()


def test_what_is_configured_is_obeyed() -> None:
    modem = '[[modem]]\ndevice = "/dev/smsd/modem"\n[[smpp]]\nhost = "a"\nname = "operator"\n'
    settings = self_test_settings(parse(modem + "[selftest]\nhours = 6\ntimeout_seconds = 60\n"))
    assert (dict(settings.numbers), settings.period, settings.timeout) == ({"modem0": "+79086228779"}, 21_600.0, 60.0)
    settings = self_test_settings(parse(modem + '[selftest]\nroutes = ["operator"]\nnumber = "8 916 000-00-01"\n'))
    assert (dict(settings.numbers), settings.period) == ({"operator": "+79160000001"}, 0.0)
