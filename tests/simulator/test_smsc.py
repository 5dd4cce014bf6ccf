"""The simulated service centre, spoken to octet by octet by a program that knows only the layout of PDUs."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from smsd.simulator.network import Network
from smsd.simulator.smsc import SimulatedSmsc
from smsd.simulator.troubles import Trouble
from smsd.wire.address import Address
from smsd.wire.smpp.pdu import Bind, Framer, MessageId, Pdu, ShortMessage
from smsd.wire.smpp.tables import RESPONSE, Command, Status

CLIENT, SERVICE = "+79161234567", "+79086228779"
NAME, THEM = Address("SCSERV", 5, 0), Address("79161234567", 1, 1)


class Program:
    """What connects, says PDUs and hears them one by one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._framer = Framer()
        self._heard: list[Pdu] = []

    @classmethod
    async def connected(cls, smsc: SimulatedSmsc) -> "Program":
        return cls(*await asyncio.open_connection(smsc.host, smsc.port))

    def say(self, command: int, body: bytes = b"", *, sequence: int = 1, status: int = 0) -> None:
        self._writer.write(Pdu(command, status, sequence, body).octets)

    async def hear(self) -> Pdu:
        async with asyncio.timeout(60):
            while not self._heard:
                octets = await self._reader.read(4096)
                assert octets, "the service centre hung up"
                self._heard += self._framer.feed(octets)
        return self._heard.pop(0)

    async def bind(self, command: Command = Command.BIND_TRANSCEIVER, password: str = "") -> int:
        self.say(command, Bind("scserv", password).encode())
        return (await self.hear()).command_status

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


@pytest.fixture
async def smsc() -> AsyncIterator[SimulatedSmsc]:
    async with SimulatedSmsc(Network(), number=SERVICE) as simulated:
        yield simulated


@pytest.fixture
async def program(smsc: SimulatedSmsc) -> AsyncIterator[Program]:
    connected = await Program.connected(smsc)
    yield connected
    await connected.close()


async def test_a_submit_shows_on_the_phone_and_its_receipt_comes_back(smsc: SimulatedSmsc, program: Program) -> None:
    assert await program.bind() == Status.OK
    program.say(Command.SUBMIT_SM, ShortMessage(NAME, THEM, b"hi", registered_delivery=1).encode(), sequence=2)
    answer = await program.hear()
    receipt = await program.hear()
    (message,) = await smsc.network.phone(CLIENT).wait_for(1)
    assert (message.sender, message.text) == ("SCSERV", "hi")
    assert (answer.command_id, answer.sequence_number) == (Command.SUBMIT_SM_RESP, 2)
    said = ShortMessage.decode(receipt.body)
    message_id = MessageId.decode(answer.body).message_id
    assert said.short_message.startswith(f"id:{message_id} ".encode())
    assert (said.esm_class, said.source, said.destination) == (4, THEM, NAME)


async def test_nobody_gets_in_without_the_password() -> None:
    async with SimulatedSmsc(Network(), password="secret") as smsc:
        program = await Program.connected(smsc)
        assert await program.bind(password="guess") == Status.INVALID_PASSWORD
        program.say(Command.SUBMIT_SM, ShortMessage(NAME, THEM, b"hi").encode())
        assert (await program.hear()).command_status == Status.INCORRECT_BIND_STATUS
        assert smsc.network.submissions == []
        await program.close()


async def test_a_text_waits_for_a_receiver_and_comes_again_until_acknowledged(
    smsc: SimulatedSmsc, program: Program
) -> None:
    smsc.network.phone(CLIENT).text("CLIENT info")
    assert await program.bind(Command.BIND_RECEIVER) == Status.OK
    first = await program.hear()
    program.say(first.command_id | RESPONSE, b"\0", sequence=first.sequence_number, status=0x64)
    again = await program.hear()
    assert (again.body, ShortMessage.decode(again.body).short_message) == (first.body, b"CLIENT info")
    assert again.sequence_number != first.sequence_number
    program.say(again.command_id | RESPONSE, b"\0", sequence=again.sequence_number)
    program.say(Command.UNBIND, sequence=9)
    assert (await program.hear()).command_id == Command.UNBIND_RESP


async def test_a_transmitter_is_not_delivered_to(smsc: SimulatedSmsc, program: Program) -> None:
    await program.bind(Command.BIND_TRANSMITTER)
    smsc.network.phone(CLIENT).text("CLIENT info")
    program.say(Command.ENQUIRE_LINK, sequence=5)
    assert (await program.hear()).command_id == Command.ENQUIRE_LINK_RESP


async def test_what_was_not_acknowledged_when_it_was_killed_comes_after_its_return(
    smsc: SimulatedSmsc, program: Program
) -> None:
    await program.bind()
    smsc.network.phone(CLIENT).text("CLIENT info")
    await program.hear()
    port = smsc.port
    await smsc.kill()
    await smsc.start()
    assert smsc.port == port
    back = await Program.connected(smsc)
    await back.bind()
    assert (await back.hear()).command_id == Command.DELIVER_SM
    await back.close()


async def test_beyond_its_limit_it_says_so(smsc: SimulatedSmsc, program: Program) -> None:
    smsc.limit = 2
    await program.bind()
    for sequence in range(2, 6):
        program.say(Command.SUBMIT_SM, ShortMessage(NAME, THEM, b"hi").encode(), sequence=sequence)
    statuses = [(await program.hear()).command_status for _ in range(4)]
    assert statuses == [0, 0, Status.THROTTLED, Status.THROTTLED]
    assert (smsc.refused, len(smsc.network.submissions)) == (2, 2)


async def test_a_refusal_of_the_network_is_a_status(smsc: SimulatedSmsc, program: Program) -> None:
    await program.bind()
    smsc.network.refusals.extend([1, 41])
    for sequence in (2, 3):
        program.say(Command.SUBMIT_SM, ShortMessage(NAME, THEM, b"hi").encode(), sequence=sequence)
    statuses = [(await program.hear()).command_status for _ in range(2)]
    assert statuses == [Status.INVALID_DESTINATION_ADDRESS, Status.SYSTEM_ERROR]


async def test_mute_it_hears_and_says_nothing(smsc: SimulatedSmsc, program: Program) -> None:
    await program.bind()
    smsc.mute = True
    program.say(Command.ENQUIRE_LINK, sequence=5)
    await smsc.until(lambda: smsc.heard[-1].command_id == Command.ENQUIRE_LINK)
    smsc.mute = False
    program.say(Command.ENQUIRE_LINK, sequence=6)
    assert (await program.hear()).sequence_number == 6


async def test_answers_that_come_slowly_come_whole(smsc: SimulatedSmsc, program: Program) -> None:
    """Two troubles at once cut the octets and change none of them."""
    await program.bind()
    smsc.inject(Trouble.SPLIT, seconds=0.001)
    smsc.inject(Trouble.DRIP)
    for sequence in (2, 3, 4):
        program.say(Command.SUBMIT_SM, ShortMessage(NAME, THEM, b"hi").encode(), sequence=sequence)
    assert [(await program.hear()).sequence_number for _ in range(3)] == [2, 3, 4]
