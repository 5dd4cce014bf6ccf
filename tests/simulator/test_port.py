"""The port is a device to programs: it can be opened, held, filled, pulled out."""

import fcntl
import os
import termios
from pathlib import Path

import pytest

from smsd.errors import UsageError
from smsd.simulator import Network, SimulatedModem
from smsd.simulator.port import Port
from tests.simulator.conftest import Program

TIOCGEXCL = 0x80045440


def target(link: str) -> str | None:
    """Where the link points; ``None`` when there is none."""
    return os.path.realpath(link) if os.path.islink(link) else None  # noqa: PTH114


async def test_the_link_comes_and_goes_with_the_plug(modem: SimulatedModem) -> None:
    assert str(target(modem.path)).startswith("/dev/")
    modem.unplug()
    assert target(modem.path) is None
    modem.plug()
    assert str(target(modem.path)).startswith("/dev/")


async def test_a_file_in_the_way_is_left_alone(network: Network, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    with pytest.raises(UsageError, match="precious exists"):
        async with SimulatedModem(network, link=precious):
            pass
    assert precious.read_text() == "keep me"


async def test_programs_come_and_go(modem: SimulatedModem) -> None:
    for _ in range(3):
        program = Program(modem.path)
        assert (await program.ask("+CSQ"))[-1] == "OK"
        program.close()
    assert [typed.line for typed in modem.typed] == ["+CSQ"] * 3


async def test_a_killed_programs_hold_on_the_device_dies_with_it(modem: SimulatedModem) -> None:
    """The kernel keeps TIOCEXCL for as long as anybody has the pty open: the port lets go of it."""
    program = Program(modem.path)
    descriptor = os.open(modem.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(descriptor, termios.TIOCEXCL)
    await program.ask("+CSQ")
    assert fcntl.ioctl(descriptor, TIOCGEXCL, b"\0" * 4) == b"\0" * 4
    os.close(descriptor)
    program.close()


async def test_unplugging_is_a_hang_up(program: Program, modem: SimulatedModem) -> None:
    modem.unplug()
    await program.until_gone()
    with pytest.raises(OSError, match="Input/output"):
        program.type(b"AT\r")


async def test_a_program_that_does_not_read_gets_it_all_later() -> None:
    received: list[bytes] = []
    port = Port(None, received.append)
    port.plug()
    descriptor = os.open(port.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    sent = bytes(range(33, 123)) * 1000
    port.write(sent)
    program = Program(str(port.path))
    heard = await program.until(lambda heard: len(heard) == len(sent))
    assert heard == sent.decode()
    program.close()
    os.close(descriptor)
    port.unplug()
