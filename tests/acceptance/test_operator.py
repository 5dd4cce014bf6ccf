"""The operator-side route with everything behind it: SCSERV on a screen, then the SIM when the operator goes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from smsd.config import parse
from smsd.daemon.routes import smpp_settings
from smsd.errors import ConfigError
from smsd.routes.smpp import Action, BindAs
from smsd.rules.routing import Block
from smsd.simulator.modem import SimulatedModem
from smsd.simulator.network import Network
from smsd.simulator.smsc import SimulatedSmsc
from smsd.store import Store
from smsd.wire.smpp.content import DefaultAlphabet, LongForm
from tests.acceptance.conftest import ACCEPTED, CLIENT, SERVICE, Service


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[tuple[Service, SimulatedSmsc]]:
    """Give a service with a bind before its modem, not yet started."""
    import time

    network = Network()
    link = tmp_path / "modem"
    async with SimulatedModem(network, SERVICE, link=link) as modem, SimulatedSmsc(network) as smsc:
        config = parse(
            f"""
            [database]
            url = "sqlite:///{tmp_path}/smsd.db"
            [[smpp]]
            name = "operator"
            host = "127.0.0.1"
            system_id = "scserv"
            port = {smsc.port}
            [[modem]]
            name = "modem0"
            device = "{link}"
            settle_seconds = 1
            [routing]
            fallback_after_seconds = 1
            """,
            tmp_path / "smsd.toml",
        )
        store = Store(tmp_path / "smsd.db", time.time)
        service = Service(tmp_path, config, network, modem, store)
        try:
            yield service, smsc
        finally:
            if service.task is not None:
                await service.kill()
            store.close()


async def test_the_client_sees_the_name_and_the_number_only_while_the_operator_is_away(
    both: tuple[Service, SimulatedSmsc],
) -> None:
    """SCSERV first; with the operator gone the answer comes from the SIM; with him back it is SCSERV again."""
    service, smsc = both
    await service.start()
    await service.until(lambda: len([row for row in service.store.routes() if row["up"]]) == 2)
    phone = service.phone()
    phone.text("CLIENT sms start")
    screen = await phone.wait_for(2)
    assert {message.sender for message in screen} == {"SCSERV"}
    assert screen[0].text == ACCEPTED
    await service.until(lambda: service.states() == [("ack", "delivered"), ("result", "delivered")])
    await smsc.kill()
    await service.until(lambda: not all(row["up"] for row in service.store.routes()))
    phone.text("client sms start")
    screen = await phone.wait_for(4)
    assert {message.sender for message in screen[2:]} == {SERVICE}
    await smsc.start()
    await service.until(lambda: all(row["up"] for row in service.store.routes()))
    await asyncio.sleep(0)
    phone.text("Client sms start")
    screen = await phone.wait_for(6)
    assert {message.sender for message in screen[4:]} == {"SCSERV"}
    senders = {row["recipient"]: row["sender"] for row in service.store.outbox.recent(limit=1)}
    assert senders == {CLIENT: "SCSERV"}


def test_every_knob_of_the_configuration_reaches_the_bind(tmp_path: Path) -> None:
    """What is said there goes before what the profile says, entry by entry."""
    config = parse(
        """
        [[smpp]]
        name = "operator"
        profile = "smsc-ru"
        host = "smsc.example.net"
        port = 2777
        spare = ["smsc2.example.net:2778"]
        bind_as = "pair"
        system_type = "SMPP"
        window = 5
        rate = 50
        tls = false
        source_ton = 0
        source_npi = 5
        destination_ton = 2
        destination_npi = 8
        service_type = "INFO"
        long_form = "payload"
        default_alphabet = "latin1"
        receipts = false
        validity = false
        more_messages = true
        clock_zone = "Europe/Moscow"
        [smpp.statuses]
        "0x4DB" = "sim swapped"
        [smpp.receipt_errors]
        "219" = "recipient"
        """,
        tmp_path / "smsd.toml",
    )
    found = smpp_settings(config.smpp[0])
    assert found.hosts == (("smsc.example.net", 2777), ("smsc2.example.net", 2778))
    assert (found.bind_as, found.system_type, found.window, found.rate, found.tls) == (
        BindAs.PAIR, "SMPP", 5, 50, False,
    )  # fmt: skip
    assert (found.source_ton, found.source_npi, found.destination_ton, found.destination_npi) == (0, 5, 2, 8)
    assert (found.service_type, found.long_form, found.default_alphabet) == (
        "INFO", LongForm.PAYLOAD, DefaultAlphabet.LATIN1,
    )  # fmt: skip
    assert (found.receipts, found.validity, found.more_messages) == (False, False, True)
    assert str(found.zone) == "Europe/Moscow"
    assert found.statuses == {0x4DB: Action.SIM_SWAPPED}
    assert (found.receipt_errors["219"], found.receipt_errors["254"]) == (Block.RECIPIENT, Block.SENDER)


def test_a_failure_of_the_route_is_nothing_that_a_receipt_can_say(tmp_path: Path) -> None:
    text = '[[smpp]]\nname = "operator"\nhost = "h"\n[smpp.receipt_errors]\n"1" = "route"\n'
    with pytest.raises(ConfigError, match="must be one of sender, recipient, text, sim swapped"):
        parse(text, tmp_path / "smsd.toml")
