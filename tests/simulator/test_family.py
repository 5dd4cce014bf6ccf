"""Each make says its own name, and each is a modem."""

from pathlib import Path

import pytest

from smsd.simulator import Network, SimulatedModem
from smsd.simulator.family import FAMILIES
from tests.simulator.conftest import SERVICE, Program


async def test_a_family_says_its_own_name(network: Network, tmp_path: Path) -> None:
    async with SimulatedModem(network, link=tmp_path / "modem", family="quectel") as modem:
        program = Program(modem.path)
        await program.until(b"+QIND: SMS DONE")
        assert await program.ask("E0") == ["OK"]
        assert await program.ask("+CGMI") == ["Quectel", "OK"]
        assert await program.ask("+CGMM") == ["EC25", "OK"]
        program.close()


@pytest.mark.parametrize("name", FAMILIES)
async def test_every_family_is_a_modem(network: Network, tmp_path: Path, name: str) -> None:
    """Its memories hold what comes, from its own first index on, and it can say what reports it knows."""
    async with SimulatedModem(network, SERVICE, link=tmp_path / "modem", family=name) as modem:
        program = Program(modem.path)
        await program.ask("E0")
        assert (await program.ask("+CNMI=2,1,0,0,0"))[-1] == "OK"
        program.heard = b""
        network.phone("+79161234567").text("CLIENT info")
        await program.until(f'+CMTI: "SM",{modem.family.first_index}\r\n'.encode())
        assert name == modem.family.name
        program.close()
