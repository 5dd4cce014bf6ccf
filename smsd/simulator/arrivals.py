"""What comes in from the network: into a slot, or straight to the program, as it asked for (27.005 §3.4).

Knows hints (+CMTI, +CDSI), routed parts and reports (+CMT, +CDS) and that a program which does not acknowledge them is
routed no more. Refuses to know what goes out, and when the modem is attached: that is ``equipment``.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping

from smsd.simulator.family import Family
from smsd.simulator.faults import Faults, Kind
from smsd.simulator.network import Network, Report, Transfer
from smsd.simulator.settings import REPORT_ROUTED, REPORT_STORED, ROUTED, Settings
from smsd.simulator.sim import Memory, Sim
from smsd.wire import tpdu
from smsd.wire.address import Address

__all__ = ["Arrivals"]

RP_MEMORY_EXCEEDED = 22


class Arrivals:
    """What comes in by ``sim``. ``say`` says lines that nobody asked for, ``emit`` octets whatever is going on.

    ``settings`` are those of the moment; ``plugged`` tells whether there is a cable to a program.
    """

    def __init__(
        self,
        sim: Sim,
        network: Network,
        family: Family,
        memories: Mapping[str, Memory],
        faults: Faults,
        *,
        settings: Callable[[], Settings],
        say: Callable[..., None],
        emit: Callable[[bytes], None],
        plugged: Callable[[], bool],
        acknowledge_seconds: float,
    ) -> None:
        self._sim = sim
        self._network = network
        self._family = family
        self._memories = memories
        self._faults = faults
        self._settings = settings
        self._say = say
        self._emit = emit
        self._plugged = plugged
        self._acknowledge_seconds = acknowledge_seconds
        self.unheard: list[Report] = []
        """The reports that the network keeps as long as there is no cable to a program."""
        self._glued: list[str] = []
        self._unacknowledged: deque[asyncio.TimerHandle] = deque()
        for memory in memories.values():
            memory.freed = self.memory_freed

    @property
    def received_memory(self) -> Memory:
        """<mem3>: where incoming parts are stored."""
        return self._memories[self._settings().memories[2]]

    def receive(self, transfer: Transfer) -> int | None:
        """Take a part from the network: into a slot, or straight to the program where +CNMI says so."""
        octets, length = tpdu.encode(
            tpdu.Deliver(tp_oa=_address(transfer.sender), tp_scts=transfer.at, user_data=transfer.user_data),
            smsc=Address.of_number(self._sim.service_centre),
        )
        hint = self._settings().indications[1]
        if hint == ROUTED:
            self._route(f"+CMT: ,{length}", octets)
            return None
        memory = self.received_memory
        index = memory.put(octets)
        if index is None:
            self._sim.capacity_exceeded = True
            return RP_MEMORY_EXCEEDED
        if hint:
            self.hint(index)
        if memory.full and self._family.full_urc:
            self._say(self._family.full_urc)
        return None

    def hint(self, index: int, memory: str | None = None) -> None:
        """Announce a message in a slot, whether there is one or not."""
        self._say(f'+CMTI: "{memory or self.received_memory.name}",{index}')

    def report(self, report: Report) -> None:
        """Keep a status report and bring it to the program when the cable and +CNMI allow."""
        self.unheard.append(report)
        self.say_reports()

    def say_reports(self) -> None:
        """Say or store what reports there are; without a cable they stay with the network, with ds=0 they are lost."""
        if not self._plugged():
            return
        reports, self.unheard = self.unheard, []
        for report in reports:
            self._say_report(report)

    def _say_report(self, report: Report) -> None:
        ds = self._settings().indications[3]
        submission = report.submission
        octets, length = tpdu.encode(
            tpdu.StatusReport(
                tp_mr=int(submission.reference),
                tp_ra=_address(submission.recipient),
                tp_scts=submission.at,
                tp_dt=report.at,
                tp_st=report.status,
            ),
            smsc=Address.of_number(self._sim.service_centre),
        )
        if ds == REPORT_ROUTED:
            self._route(f"+CDS: {length}", octets)
        elif ds == REPORT_STORED:
            memory = self._memories.get("SR", self.received_memory)
            index = memory.put(octets)
            if index is not None:
                self._say("+CDSI: " + (self._family.report_hint or f'"{memory.name}",{index}'))

    def _route(self, header: str, octets: bytes) -> None:
        """Hand a part straight to the program; with +CSMS=1 it has to be acknowledged."""
        line = octets.hex().upper()
        split = self._faults.take(Kind.SPLIT_REPORT, header)
        if split is not None:
            self._say(header)
            asyncio.get_running_loop().call_later(split.seconds, self._emit, f"{line}\r\n".encode())
        elif self._faults.take(Kind.GLUED_REPORTS, header):
            self._glued += [header, line, ""]
        else:
            self._say(*self._glued, header, line)
            self._glued.clear()
        if self._settings().service:
            self._unacknowledged.append(asyncio.get_running_loop().call_later(self._acknowledge_seconds, self._give_up))

    def acknowledged(self) -> bool:
        """Take an acknowledgement; false when none was expected."""
        if not self._unacknowledged:
            return False
        self._unacknowledged.popleft().cancel()
        return True

    def _give_up(self) -> None:
        """Stop routing: the program did not acknowledge (27.005 §3.4.4)."""
        self._unacknowledged.clear()
        self._settings().indications[1] = self._settings().indications[3] = 0

    def memory_freed(self) -> None:
        """Hear that a slot is free again: the network may try again what it could not deliver."""
        self._sim.capacity_exceeded = False
        self._network.memory_available(self._sim.number)


def _address(sender: str) -> Address:
    """Make the address of a number or of a name."""
    return Address.of_number(sender) if sender.lstrip("+").isdecimal() else Address.of_name(sender)
