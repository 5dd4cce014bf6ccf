"""A SIM's balance, serial line to screen; and what a table of one may say."""

import dataclasses

import pytest

from smsd.config import Sim, parse
from smsd.daemon.beside import self_test_settings, sim_settings
from smsd.errors import ConfigError
from tests.acceptance.conftest import Service

MODEM = '[[modem]]\nname = "modem0"\ndevice = "/dev/smsd/modem"\n'


async def test_a_balance_is_asked_for_by_the_daemon(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsd.gateway.simlife.LOOK_SECONDS", 0.1)
    monkeypatch.setattr("smsd.gateway.alarms.LOOK_SECONDS", 0.1)
    told = "Баланс: 42,50 р."
    service.modem.codes["*102#"] = f'0,"{told.encode("utf-16-be").hex().upper()}",72'
    sim = Sim(name="modem0", balance_ussd="*102#", balance_low=50)
    service.config = dataclasses.replace(service.config, sims=(sim,))
    await service.start()
    await service.until(lambda: service.store.simlife.balance("modem0").value == 42.5)
    assert service.store.simlife.balance("modem0").text == told
    await service.until(lambda: any(key[0] == "balance_low" for key in service.store.alarms.ledger()))


def test_what_is_configured_is_obeyed() -> None:
    config = parse(
        MODEM + '[[sim]]\nname = "modem0"\nnumber = "8 916 000-00-01"\nbalance_ussd = "*100#"\nbalance_hours = 6\n'
        'balance_low = -5\nkeepalive_days = 60\noperator_senders = ["0500"]\n'
    )
    sim = sim_settings(config)["modem0"]
    assert (sim.number, sim.keep_alive_number, sim.code) == ("+79160000001", "+79160000001", "*100#")
    assert (sim.period, sim.low, sim.senders) == (21_600.0, -5.0, ("0500",))
    assert sim.keep_alive is not None
    assert sim.keep_alive.days == 60
    assert self_test_settings(config).numbers == {"modem0": "+79160000001"}


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ('name = "modem1"', r"\[\[sim\]\] modem1 name: no modem is called so; did you mean modem0"),
        ('name = "modem0"\nbalance_ussd = "100"', "is no code"),
        ('name = "modem0"\nbalance_pattern = "("', "is no regular expression"),
        ('name = "modem0"\nbalance_pattern = "1"', "has no group"),
        ('name = "modem0"\nnumber = "7"', r"\[\[sim\]\] modem0 number: "),
        ('name = "modem0"\n[[sim]]\nname = "modem0"', "two tables for one modem"),
    ],
)
def test_a_mistake_is_one_line(lines: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        parse(f"{MODEM}[[sim]]\n{lines}\n")
    assert "\n" not in str(caught.value)
