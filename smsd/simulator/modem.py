"""A modem that is not there: a TA on a pty that understands command lines, with the equipment they act upon.

Knows how a line that was typed becomes an answer, and that power and cable begin and end the conversation. Refuses to
know what a command does, which is ``general`` and ``messages``, and radio, SIM and network, which is ``equipment``.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Self

from smsd.simulator import general, messages
from smsd.simulator.commands import Verb, carry_out
from smsd.simulator.equipment import Equipment, Typed
from smsd.simulator.faults import Kind, Place, Remedy
from smsd.simulator.terminal import Terminal

__all__ = ["SimulatedModem"]


class SimulatedModem(Equipment):
    """A modem to open, made and used as its ``Equipment`` is; ``verbs`` are the commands it understands."""

    verbs: ClassVar[Mapping[str, Verb]] = {**general.COMMANDS, **messages.COMMANDS}
    commands = tuple(verbs)

    _conversation: asyncio.Task[None] | None = None

    def plug(self, link: Path | str | None = None) -> None:
        """Plug the modem in, and let a program type."""
        if self.plugged:
            return
        super().plug(link)
        self._conversation = asyncio.get_running_loop().create_task(self._converse(self.terminal))

    def unplug(
        self,
        *,
        returns_after: float | None = None,
        link: Path | str | None = None,
        remedy: Remedy = Remedy.POWER,
    ) -> None:
        """Pull the modem out, in the middle of a word; a part in the air flies on."""
        if self._conversation is not None:
            self._conversation.cancel()
            self._keep(self._conversation)
            self._conversation = None
        super().unplug(returns_after=returns_after, link=link, remedy=remedy)

    def bring_down(self) -> None:
        """Let what is in the air land now, and whatever follows at once."""
        self._down.set()

    async def wait_until(self, true: Callable[[Self], object], timeout: float = 60.0) -> None:  # noqa: ASYNC109
        """Wait until ``true`` of what the modem has typed, in the air, plugged in; raises ``TimeoutError``."""
        async with asyncio.timeout(timeout):
            while not true(self):
                self._news.clear()
                await self._news.wait()

    async def _converse(self, terminal: Terminal) -> None:
        while True:
            line = await terminal.read_command()
            self.typed.append(Typed(self.network.clock(), line))
            self._news.set()
            terminal.busy = True
            command = line.upper()
            if not self.faults.take(Kind.SILENT, command):
                answer = await carry_out(self, self.verbs, line)
                late = self.faults.take(Kind.LATE, command, Place.ANSWER)
                if late is not None:
                    await asyncio.sleep(late.seconds)
                if answer.said:
                    await terminal.answer(command, answer)
            terminal.free()
