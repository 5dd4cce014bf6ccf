"""A card locks, unlocks, is blocked and unblocked, and tells what its files say."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from smsd.simulator import Network, Sim, SimulatedModem
from tests.simulator.conftest import SERVICE, Program


@pytest.fixture
async def locked(network: Network, tmp_path: Path) -> AsyncIterator[tuple[Program, SimulatedModem]]:
    sim = Sim(SERVICE, pin="1234", puk="12345678")
    async with SimulatedModem(network, sim=sim, link=tmp_path / "modem") as modem:
        program = Program(modem.path)
        await program.ask("E0+CMEE=1")
        yield program, modem
        program.close()


async def test_a_locked_sim_lets_nothing_through_but_its_pin(locked: tuple[Program, SimulatedModem]) -> None:
    program, modem = locked
    assert await program.ask("+CPIN?") == ["+CPIN: SIM PIN", "OK"]
    assert await program.ask("+CPMS?") == ["+CMS ERROR: 311"]
    assert await program.ask("+CIMI") == ["+CME ERROR: 11"]
    assert await program.ask("+CREG?") == ["+CREG: 0,0", "OK"]
    modem.network.phone("+79161234567").text("waits", to=SERVICE)
    assert modem.network.waiting(SERVICE) == 1
    assert await program.ask('+CPIN="1234"') == ["OK"]
    assert await program.ask("+CPIN?") == ["+CPIN: READY", "OK"]
    assert modem.network.waiting(SERVICE) == 0


async def test_three_wrong_pins_ask_for_the_puk_and_ten_wrong_puks_kill_the_card(
    locked: tuple[Program, SimulatedModem],
) -> None:
    program, _ = locked
    for left in (2, 1, 0):
        assert await program.ask('+CPIN="0000"') == ["+CME ERROR: 16"]
        assert await program.ask("^CPIN?") == [f"^CPIN: SIM {'PIN' if left else 'PUK'},,10,{left},10,3", "OK"]
    assert await program.ask("+CPMS?") == ["+CMS ERROR: 316"]
    for _ in range(10):
        assert await program.ask('+CPIN="00000000","1111"') == ["+CME ERROR: 16"]
    assert await program.ask("+CPIN?") == ["+CME ERROR: 10"]


async def test_the_puk_sets_a_new_pin_that_power_asks_for(locked: tuple[Program, SimulatedModem]) -> None:
    program, modem = locked
    for _ in range(3):
        await program.ask('+CPIN="0000"')
    assert await program.ask('+CPIN="12345678","4321"') == ["OK"]
    modem.unplug()
    modem.plug()
    assert modem.sim.state == "SIM PIN"
    assert modem.sim.enter_pin("4321")


def test_files_of_the_card() -> None:
    """EF_SMSS and EF_ICCID have their octets, other files are not there."""
    sim = Sim(SERVICE, iccid="89701012345678901234")
    sim.last_reference, sim.capacity_exceeded = 200, True
    assert sim.read_binary(0x6F43) == b"\xc8\xfe"
    assert sim.read_binary(0x2FE2) == bytes.fromhex("98070121436587092143")
    assert sim.read_binary(0x6F07) is None


def test_a_memory_fills_its_lowest_slot_first() -> None:
    freed: list[bool] = []
    memory = Sim(SERVICE, slots=2, first_index=1).messages
    memory.freed = lambda: freed.append(True)
    assert [memory.put(b"one"), memory.put(b"two"), memory.put(b"three")] == [1, 2, None]
    memory.remove([1, 7])
    assert freed == [True]
    assert memory.put(b"four") == 1
    memory.remove([7])
    assert freed == [True]
