"""A modem is found by who it is, under any name; a stranger is left alone until a person adopts it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smsd.routes.modem import ModemRoute, Ports, Seeker, Wanted
from smsd.routes.modem.identity import ADOPTED, CARD, Card, adoption
from smsd.simulator import Fault, Kind, Network, Sim, SimulatedModem
from smsd.sms import NotSent, Sent
from tests.routes.conftest import NUMBER, MakeRoute
from tests.routes.hosts import DATA, InventedHost
from tests.routes.house import QUICK, Ledger, Notebook, part, running
from tests.routes.insertions import deliver

OURS, OTHERS = "860000000000017", "860000000000025"
IMSI, OTHER_IMSI = "250011234567890", "250020000000001"
ICCID = "8970101234567890123"


def typed(modem: SimulatedModem) -> list[str]:
    return [said.line for said in modem.typed]


@pytest.fixture
def host(tmp_path: Path) -> InventedHost:
    return InventedHost(tmp_path)


@pytest.fixture
def seeker(host: InventedHost) -> Seeker:
    return Seeker(Ports(host.view), QUICK, lambda: asyncio.get_running_loop().time())


Plug = Callable[..., SimulatedModem]


@pytest.fixture
async def plug(host: InventedHost, network: Network) -> AsyncIterator[Plug]:
    """Plug a simulated modem into a tty of the invented host; it is pulled out at the end."""
    async with AsyncExitStack() as stack:

        def make(tty: str, usb: str = "1-1", **settings: Any) -> SimulatedModem:
            settings = {"imei": OURS, **settings}
            modem = SimulatedModem(network, NUMBER, link=host.plug(tty, usb), **settings)
            modem.plug()
            stack.push_async_exit(modem)
            return modem

        yield make


@pytest.fixture
def seeking(make_route: MakeRoute, seeker: Seeker) -> MakeRoute:
    """Make a route that is told no device."""

    def make(imei: str = OURS, imsi: str = "", **settings: Any) -> ModemRoute:
        return make_route("", wanted=Wanted(imei, imsi), seeker=seeker, **settings)

    return make


@asynccontextmanager
async def both(one: ModemRoute, other: ModemRoute, ledger: Ledger) -> AsyncIterator[None]:
    async with running(one, ledger), running(other, ledger):
        yield


async def test_a_modem_is_found_by_its_imei_among_others(plug: Plug, seeking: MakeRoute, ledger: Ledger) -> None:
    other = plug("ttyUSB0", "1-1", imei=OTHERS, sim=Sim("+79000000000"))
    ours = plug("ttyUSB1", "1-2")
    async with running(seeking(), ledger) as route:
        assert route.status.facts["device"] == ours.path
        assert await route.submit(part()) == Sent("1")
    assert not [line for line in typed(other) if line.startswith(("+CMG", "+CPMS=", "+CNMI", "+CFUN="))]


async def test_a_modem_is_found_by_its_imsi_in_any_stick(plug: Plug, seeking: MakeRoute, ledger: Ledger) -> None:
    plug("ttyUSB0", "1-1", imei=OURS, sim=Sim("+79000000000", imsi=OTHER_IMSI))
    ours = plug("ttyUSB1", "1-2", imei=OTHERS)
    async with running(seeking("", IMSI), ledger) as route:
        assert route.status.facts["device"] == ours.path


async def test_it_is_found_again_under_another_name(
    plug: Plug, host: InventedHost, seeking: MakeRoute, ledger: Ledger
) -> None:
    modem = plug("ttyUSB0")
    async with running(seeking(), ledger) as route:
        modem.unplug()
        host.unplug("ttyUSB0")
        await ledger.until(lambda: route.status.state == "away")
        modem.plug(host.plug("ttyUSB7", "1-4"))
        await ledger.until(lambda: route.status.state == "ready")
        assert route.status.facts["device"] == str(host.dev / "ttyUSB7")
        assert isinstance(await route.submit(part()), Sent)


async def test_a_modem_that_starts_is_asked_until_it_answers(plug: Plug, seeking: MakeRoute, ledger: Ledger) -> None:
    modem = plug("ttyUSB0")
    modem.inject(Fault(Kind.SILENT, times=4))
    async with running(seeking(), ledger) as route:
        assert route.status.state == "ready"


async def test_a_port_that_another_program_holds_is_not_touched(
    plug: Plug, seeking: MakeRoute, seeker: Seeker, ledger: Ledger
) -> None:
    held = plug("ttyUSB0", imei=OTHERS)
    ours = plug("ttyUSB1", "1-2")
    with seeker.ports.used(held.path, "somebody"):
        async with running(seeking(), ledger) as route:
            assert route.status.facts["device"] == ours.path
    assert typed(held) == []


async def test_a_data_port_is_never_asked(
    plug: Plug, host: InventedHost, seeking: MakeRoute, network: Network, ledger: Ledger
) -> None:
    plug("ttyUSB0")
    data = SimulatedModem(network, "+79000000000", link=host.tty("ttyUSB1", "1-1", interface=0, triple=DATA))
    async with data, running(seeking(), ledger):
        assert typed(data) == []


async def test_two_routes_that_seek_find_each_its_own_and_one_goes_on_without_the_other(
    plug: Plug, host: InventedHost, seeking: MakeRoute, ledger: Ledger, notebook: Notebook
) -> None:
    first, second = plug("ttyUSB0", "1-1"), plug("ttyUSB1", "1-2", imei=OTHERS, sim=Sim("+79000000000"))
    one, other = seeking(OURS), seeking(OTHERS, memory=Notebook())
    async with both(one, other, ledger):
        first.unplug()
        host.unplug("ttyUSB0")
        await ledger.until(lambda: one.status.state == "away")
        assert isinstance(await other.submit(part()), Sent)
        assert other.status.facts["device"] == second.path
        first.plug(host.plug("ttyUSB2", "1-1"))
        await ledger.until(lambda: one.status.state == "ready")


# --- strangers --------------------------------------------------------------------------------------------------------


async def left_alone(modem: SimulatedModem, route: ModemRoute, ledger: Ledger, state: str) -> None:
    """See that a stranger is named and neither read, written to nor emptied."""
    modem.memories["ME"].put(deliver("not for us"))
    async with running(route, ledger, state):
        assert "smsd modem adopt" in route.status.detail
        assert isinstance(await route.submit(part()), NotSent)
        asked = len(modem.typed)
        await modem.wait_until(lambda modem: len(modem.typed) > asked)  # it is asked again who it is, and no more
    assert ledger.rows == []
    assert len(modem.memories["ME"].stored) == 1
    assert not [
        line for line in typed(modem) if line.startswith(("+CMG", "+CPMS=", "+CNMI", "+CFUN=")) or "+CPIN=" in line
    ]


@pytest.mark.parametrize("sought", [True, False], ids=["sought", "at a device"])
async def test_a_foreign_modem_is_left_alone(
    plug: Plug, seeking: MakeRoute, make_route: MakeRoute, seeker: Seeker, ledger: Ledger, sought: bool
) -> None:
    modem = plug("ttyUSB0", imei=OTHERS)
    route = seeking() if sought else make_route(modem.path, wanted=Wanted(OURS), seeker=seeker)
    await left_alone(modem, route, ledger, "foreign-modem")


@pytest.mark.parametrize("imei", [OURS, ""], ids=["in our modem", "in any"])
async def test_a_foreign_sim_is_left_alone(plug: Plug, seeking: MakeRoute, ledger: Ledger, imei: str) -> None:
    modem = plug("ttyUSB0", sim=Sim("+79000000000", imsi=OTHER_IMSI))
    await left_alone(modem, seeking(imei, IMSI), ledger, "foreign-sim")


async def test_a_foreign_sim_in_our_modem_is_not_asked_all_the_time(
    plug: Plug, host: InventedHost, seeking: MakeRoute, ledger: Ledger
) -> None:
    """The modem is ours, so that seeking finds it at once; its card is looked at again only in a while."""
    modem = plug("ttyUSB0", sim=Sim("+79000000000", imsi=OTHER_IMSI))
    timings = replace(QUICK, stranger=30.0)
    async with running(seeking(OURS, IMSI, timings=timings), ledger, "foreign-sim") as route:
        asked = len(modem.typed)
        with pytest.raises(TimeoutError):
            await modem.wait_until(lambda modem: len(modem.typed) > asked, 0.5)
        modem.unplug()
        modem.sim = Sim(NUMBER)
        modem.memories["SM"] = modem.sim.messages
        modem.plug(host.plug("ttyUSB0", "1-1"))
        await ledger.until(lambda: route.status.state == "ready")


async def test_our_pin_is_not_tried_in_a_foreign_sim(
    plug: Plug, seeking: MakeRoute, ledger: Ledger, notebook: Notebook
) -> None:
    """The card was seen before: its ICCID tells it before its PIN."""
    notebook.words[CARD] = f"{IMSI} {ICCID}"
    modem = plug("ttyUSB0", sim=Sim("+79000000000", imsi=OTHER_IMSI, iccid="8970199999999999999", pin="0000"))
    await left_alone(modem, seeking(OURS, IMSI, pin=lambda: "1234"), ledger, "foreign-sim")


async def test_of_a_locked_card_that_was_never_seen_the_imsi_alone_says_nothing(
    plug: Plug, seeking: MakeRoute, ledger: Ledger
) -> None:
    modem = plug("ttyUSB0", sim=Sim(NUMBER, pin="1234"))
    await left_alone(modem, seeking("", IMSI, pin=lambda: "1234"), ledger, "foreign-sim")


async def test_our_locked_card_is_known_by_its_iccid_from_the_second_time_on(
    plug: Plug, seeking: MakeRoute, ledger: Ledger, notebook: Notebook
) -> None:
    modem = plug("ttyUSB0", sim=Sim(NUMBER, pin="1234"))
    async with running(seeking(OURS, IMSI, pin=lambda: "1234"), ledger):
        assert notebook.words[CARD] == f"{IMSI} {ICCID}"
    modem.sim.power_on()
    async with running(seeking("", IMSI, pin=lambda: "1234"), ledger) as route:
        assert route.status.state == "ready"


@pytest.mark.parametrize("sought", [True, False], ids=["sought", "at a device"])
async def test_a_stranger_that_a_person_adopts_is_used(
    plug: Plug, seeking: MakeRoute, make_route: MakeRoute, seeker: Seeker, ledger: Ledger, notebook: Notebook,
    sought: bool,
) -> None:  # fmt: skip
    modem = plug("ttyUSB0", imei=OTHERS)
    route = seeking() if sought else make_route(modem.path, wanted=Wanted(OURS), seeker=seeker)
    async with running(route, ledger, "foreign-modem"):
        facts = route.status.facts
        assert (facts["seen_imei"], facts["seen_model"]) == (OTHERS, "Simulated SIM-1")
        notebook.words[ADOPTED] = adoption(Wanted(OURS), OTHERS, Card(ICCID, IMSI))
        await ledger.until(lambda: route.status.state == "ready")
        assert "seen_imei" not in route.status.facts


async def test_a_modem_that_works_is_not_torn_from_its_work_by_an_adoption(
    plug: Plug, seeking: MakeRoute, ledger: Ledger, notebook: Notebook
) -> None:
    """A part may be in the air: it goes on until it goes away, and then the replacement is used."""
    ours = plug("ttyUSB0", "1-1")
    other = plug("ttyUSB1", "1-2", imei=OTHERS, sim=Sim("+79000000000"))
    async with running(seeking(), ledger) as route:
        notebook.words[ADOPTED] = adoption(Wanted(OURS), OTHERS, Card())
        assert isinstance(await route.submit(part()), Sent)
        assert route.device == ours.path
        ours.unplug()
        await ledger.until(lambda: route.status.state == "ready" and route.device == other.path)
        assert isinstance(await route.submit(part()), Sent)


async def test_an_adoption_ends_with_the_configuration_it_stood_in_for(
    plug: Plug, seeking: MakeRoute, ledger: Ledger, notebook: Notebook
) -> None:
    notebook.words[ADOPTED] = adoption(Wanted("860000000000033"), OTHERS, Card())
    plug("ttyUSB0", imei=OTHERS)
    async with running(seeking(OURS), ledger, "foreign-modem"):
        pass


async def test_of_several_strangers_none_is_meant(plug: Plug, seeking: MakeRoute, ledger: Ledger) -> None:
    plug("ttyUSB0", "1-1", imei=OTHERS)
    plug("ttyUSB1", "1-2", imei="860000000000033", sim=Sim("+79000000000"))
    async with running(seeking(), ledger, None) as route:
        await ledger.until(lambda: "2 other modems" in route.status.detail)
        assert route.status.state == "away"


async def test_nothing_plugged_in_is_said(seeking: MakeRoute, ledger: Ledger) -> None:
    async with running(seeking(), ledger, None) as route:
        await ledger.until(lambda: "no free port has IMEI …0017" in route.status.detail)


# --- hard cases -------------------------------------------------------------------------------------------------------


async def test_of_two_sticks_with_one_imei_the_card_tells(plug: Plug, seeking: MakeRoute, ledger: Ledger) -> None:
    """Cheap sticks of one batch have the same IMEI; each may be first on the bus."""
    plug("ttyUSB0", "1-1", sim=Sim("+79000000000", imsi=OTHER_IMSI, iccid="8970199999999999999"))
    ours = plug("ttyUSB1", "1-2")
    async with running(seeking(OURS, IMSI), ledger) as route:
        assert route.status.facts["device"] == ours.path


async def test_sticks_that_change_places_are_each_found_by_their_own_route(
    plug: Plug, host: InventedHost, seeking: MakeRoute, ledger: Ledger
) -> None:
    first, second = plug("ttyUSB0", "1-1"), plug("ttyUSB1", "1-2", imei=OTHERS, sim=Sim("+79000000000"))
    one, other = seeking(OURS), seeking(OTHERS, memory=Notebook())
    async with both(one, other, ledger):
        first.unplug()
        second.unplug()
        host.unplug("ttyUSB0", "ttyUSB1")
        await ledger.until(lambda: one.status.state == other.status.state == "away")
        second.plug(host.plug("ttyUSB0", "1-1"))
        first.plug(host.plug("ttyUSB1", "1-2"))
        await ledger.until(lambda: one.status.state == other.status.state == "ready")
        assert (one.status.facts["imei"], other.status.facts["imei"]) == (OURS, OTHERS)


def tells_no_imei(modem: SimulatedModem, times: int = 0) -> None:
    modem.inject(Fault(Kind.REFUSE, "+CGSN", times=times, cme=3))


async def test_a_modem_that_tells_no_imei_is_found_by_its_card(plug: Plug, seeking: MakeRoute, ledger: Ledger) -> None:
    tells_no_imei(plug("ttyUSB0"))
    async with running(seeking("", IMSI), ledger) as route:
        assert route.status.facts["imei"] == ""


async def test_a_modem_that_tells_no_imei_is_not_taken_for_the_wanted_one_and_is_asked_again_soon(
    plug: Plug, make_route: MakeRoute, seeker: Seeker, ledger: Ledger
) -> None:
    """It may be starting."""
    modem = plug("ttyUSB0")
    tells_no_imei(modem, times=2)
    timings = replace(QUICK, stranger=30.0)
    route = make_route(modem.path, wanted=Wanted(OURS), seeker=seeker, timings=timings)
    async with running(route, ledger, "foreign-modem"):
        assert "it tells no IMEI" in route.status.detail
        await ledger.until(lambda: route.status.state == "ready")
