"""A route over a simulated modem, when nothing goes wrong."""

from smsd.simulator import Network, SimulatedModem
from smsd.sms import ReportClass, Sent
from tests.routes.conftest import MakeRoute
from tests.routes.house import Ledger, part, running


async def test_a_message_goes_out_and_its_report_comes_back(
    modem: SimulatedModem, network: Network, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(), ledger) as route:
        outcome = await route.submit(part("Привет"))
        assert outcome == Sent("1")
        assert [message.text for message in network.phone("+79160000001").screen] == ["Привет"]
        await ledger.until(lambda: ledger.reports)
        assert (ledger.reports[0].reference, ledger.reports[0].report_class) == ("1", ReportClass.DELIVERED)


async def test_what_came_in_is_kept_first_and_deleted_then(
    modem: SimulatedModem, network: Network, make_route: MakeRoute, ledger: Ledger
) -> None:
    stored = modem.memories["ME"].stored
    ledger.watch = lambda _received: held.append(len(stored))
    held: list[int] = []
    async with running(make_route(), ledger):
        network.phone("+79160000001").text("CLIENT info")
        await ledger.until(lambda: ledger.texts and not stored)
    assert ledger.texts == ["CLIENT info"]
    assert held == [1]
