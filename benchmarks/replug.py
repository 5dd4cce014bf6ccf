"""A modem is pulled out for 25 seconds and comes back, under its old name or another: until what waited has left.

The daemon is the real one with its real timings; the host is invented (a directory for /sys and one for /dev), so that
a modem may come back at another port. What peers need was measured once and is told beside: they are not run here, for
each of their rounds takes minutes.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.rig import message, phone
from smsd import log
from smsd.config import Config, parse
from smsd.daemon import Daemon
from smsd.simulator import Network, SimulatedModem
from smsd.store import Store
from smsd.store.bell import ring
from tests.routes.hosts import InventedHost

NAME = "replug"
GONE_SECONDS = 25.0
ROUNDS = 3
SAME_BAR, NEW_BAR = 2.0, 15.0
LONGEST = 60.0
IMEI = "860000000000017"
PEERS = "gammu-smsd needed 30 s, smstools had not come back after 121 s (measured once, on a fixed name)"


class Bench:
    """One daemon, one modem, one invented host. ``identity``: the modem is known by its IMEI, not by its path."""

    def __init__(self, place: Path, *, identity: bool) -> None:
        self._place = place
        self._host = InventedHost(place / "host")
        self._node = self._host.plug("ttyUSB0", "1-1")
        known = f'identity = {{ imei = "{IMEI}" }}' if identity else f'device = "{self._node}"'
        self._config: Config = parse(
            f'[database]\nurl = "sqlite:///{place}/smsd.db"\n[[modem]]\n{known}\n', place / "smsd.toml"
        )

    async def rounds(self, names: list[str], gone: float) -> list[float]:
        """Pull the modem out and plug it in under each name; return the seconds from the plug to the network's yes."""
        network = Network()
        async with SimulatedModem(network, self._config.service.number, link=self._node, imei=IMEI) as modem:
            daemon = Daemon(self._config, {}, host=(self._host.sys, self._host.dev))
            running = asyncio.create_task(daemon.run())
            store = Store(self._config.database.path, time.time, migrate=True)
            try:
                await _until(lambda: any(row["up"] for row in store.routes()))
                return [await self._round(modem, network, store, name, gone) for name in names]
            finally:
                store.close()
                daemon.stop()
                await running

    async def _round(self, modem: SimulatedModem, network: Network, store: Store, name: str, gone: float) -> float:
        modem.unplug()
        self._host.unplug(self._node.name)
        store.outbox.enqueue(message(phone(1), "Проверка"))
        ring(store.path)
        await asyncio.sleep(gone)
        taken = len(network.submissions)
        self._node = self._host.plug(name, "1-1")
        plugged = time.monotonic()
        modem.plug(self._node)
        await _until(lambda: len(network.submissions) > taken)
        return time.monotonic() - plugged


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONGEST):
        while not true():  # noqa: ASYNC110  what is waited for is in a database and in a simulator
            await asyncio.sleep(0.01)


def returned(names: list[str], *, identity: bool, gone: float = GONE_SECONDS) -> list[float]:
    """Return seconds from each return to the network's yes."""
    with tempfile.TemporaryDirectory(prefix="smsd-replug-") as place, (Path(place) / "log").open("w") as told:
        log.setup(level="warning", stream=told)
        return asyncio.run(Bench(Path(place), identity=identity).rounds(names, gone))


def measure() -> list[Figure]:
    """Measure."""
    same, other = ["ttyUSB0"] * ROUNDS, [f"ttyUSB{number}" for number in range(1, ROUNDS + 1)]
    what = f"gone {GONE_SECONDS:.0f} s and back"
    return [
        Figure(f"{what}, same name", "s", tuple(returned(same, identity=False)), SAME_BAR, worst=True, note=PEERS),
        Figure(f"{what}, same name, known by IMEI", "s", tuple(returned(same, identity=True)), SAME_BAR, worst=True),
        Figure(f"{what}, new name, known by IMEI", "s", tuple(returned(other, identity=True)), NEW_BAR, worst=True),
    ]
