"""The whole daemon with two modems known by who they are: one pulled and back under another name, one replaced."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner

from smsd.cli import main
from smsd.config import load
from smsd.daemon import Daemon
from smsd.simulator import Network, Sim, SimulatedModem
from smsd.store import Store
from tests.acceptance.conftest import QUICK, SERVICE, Service
from tests.routes.hosts import InventedHost

FIRST, SECOND, THIRD = "860000000000017", "860000000000025", "860000000000033"


@pytest.fixture
def host(tmp_path: Path) -> InventedHost:
    return InventedHost(tmp_path / "host")


@pytest.fixture
async def two(tmp_path: Path, host: InventedHost) -> AsyncIterator[tuple[Service, SimulatedModem]]:
    """A service with two modems, told by their IMEI; the second one is returned beside it."""
    (tmp_path / "smsd.toml").write_text(
        f"""
        [database]
        url = "sqlite:///{tmp_path}/smsd.db"
        [[modem]]
        name = "one"
        identity = {{ imei = "{FIRST}" }}
        [[modem]]
        name = "two"
        identity = {{ imei = "{SECOND}" }}
        """,
        "utf-8",
    )
    network = Network()
    async with AsyncExitStack() as stack:
        first = SimulatedModem(network, SERVICE, link=host.plug("ttyUSB0", "1-1"), imei=FIRST)
        second = SimulatedModem(
            network, link=host.plug("ttyUSB1", "1-2"), imei=SECOND, sim=Sim("+79000000000", iccid="8970100000000000002")
        )
        await stack.enter_async_context(first)
        await stack.enter_async_context(second)
        store = Store(tmp_path / "smsd.db", time.time)
        stack.callback(store.close)
        made = Service(tmp_path, load(tmp_path / "smsd.toml", {}), network, first, store)
        made.daemon = Daemon(made.config, {}, timings=QUICK, host=(host.sys, host.dev))
        made.task = asyncio.create_task(made.daemon.run())
        try:
            await made.until(lambda: state(made, "one") == state(made, "two") == "ready")
            yield made, second
        finally:
            await made.kill()


def state(service: Service, name: str) -> str | None:
    return next((row["state"] for row in service.store.routes() if row["name"] == name), None)


async def test_one_is_pulled_the_other_goes_on_and_the_first_is_found_under_another_name(
    two: tuple[Service, SimulatedModem], host: InventedHost
) -> None:
    service, _ = two
    service.modem.unplug()
    host.unplug("ttyUSB0")
    await service.until(lambda: state(service, "one") == "away")
    queued = service.enqueue("+79161234567", "by the second one")
    await service.until(lambda: service.message(queued)["state"] == "delivered")
    assert [message.sender for message in service.phone().screen] == ["+79000000000"]
    service.modem.plug(host.plug("ttyUSB9", "1-1"))
    await service.until(lambda: state(service, "one") == "ready")


async def test_a_replaced_stick_is_adopted_while_the_daemon_runs(
    two: tuple[Service, SimulatedModem], host: InventedHost
) -> None:
    service, second = two
    second.unplug()
    host.unplug("ttyUSB1")
    await service.until(lambda: state(service, "two") == "away")
    stored = len(service.store.inbox.recent(limit=0))
    replacement = SimulatedModem(service.network, link=host.plug("ttyUSB1", "1-2"), imei=THIRD, sim=second.sim)
    async with replacement:
        await service.until(lambda: state(service, "two") == "foreign-modem")
        service.network.phone("+79161234567").text("CLIENT info", to=second.sim.number)
        done = await asyncio.to_thread(
            CliRunner().invoke, main, ["--config", str(service.config.path), "modem", "adopt", "two"]
        )
        assert done.exit_code == 0, done.output
        await service.until(lambda: len(service.store.inbox.recent(limit=0)) == stored + 1)
        await service.until(lambda: state(service, "two") == "ready")
