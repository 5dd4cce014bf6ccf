"""Connections as they are in the world: refused, broken, mute, encrypted, taken over by a spare."""

import asyncio
import socket
from asyncio.trsock import TransportSocket
from pathlib import Path

import pytest

from smsd.routes import rest
from smsd.routes.smpp import link as smpp_link
from smsd.simulator.network import Network
from smsd.simulator.smsc import SimulatedSmsc
from smsd.simulator.troubles import Trouble
from smsd.sms import InDoubt, Sent
from smsd.wire.smpp.tables import Command, Status
from tests.routes.house import Ledger, running
from tests.routes.smpp.house import bind_to, bound, send, timings
from tests.tls import certificate

# --- faults of real service centres -----------------------------------------------------------------------------------


async def test_an_answer_without_an_id_is_an_acceptance(ledger: Ledger) -> None:
    async with bound(ledger) as (route, smsc):
        smsc.inject(Trouble.NO_ID)
        assert await send(route) == Sent("")


@pytest.mark.parametrize("trouble", [Trouble.SPLIT, Trouble.DRIP, Trouble.UNKNOWN_COMMAND])
async def test_pieces_and_unknown_commands_harm_nothing(ledger: Ledger, trouble: Trouble) -> None:
    async with bound(ledger, timings=timings(response=20.0)) as (route, smsc):
        smsc.inject(trouble, times=3, seconds=0.001)
        ends = await asyncio.gather(*(send(route, first_attempt=number) for number in range(10)))
        assert all(isinstance(end, Sent) for end in ends)
        assert len(smsc.binds) == 1


async def test_glued_answers_are_both_heard(ledger: Ledger) -> None:
    async with bound(ledger) as (route, smsc):
        smsc.inject(Trouble.GLUE)
        ends = await asyncio.gather(send(route, first_attempt=1), send(route, first_attempt=2))
        assert all(isinstance(end, Sent) for end in ends)


async def test_answers_out_of_order_find_their_submits(ledger: Ledger) -> None:
    async with bound(ledger) as (route, smsc):
        smsc.inject(Trouble.LATE, seconds=0.05)
        ends = await asyncio.gather(*(send(route, str(number), first_attempt=number) for number in range(3)))
        references = {each.user_data.text: each.reference for each in smsc.network.submissions}
        assert ends == [Sent(references[str(number)]) for number in range(3)]


@pytest.mark.parametrize("trouble", [Trouble.SHORT_LENGTH, Trouble.LONG_LENGTH, Trouble.HANG_UP])
async def test_a_broken_header_costs_one_doubt_and_a_new_connection(ledger: Ledger, trouble: Trouble) -> None:
    async with bound(ledger) as (route, smsc):
        smsc.inject(trouble)
        assert isinstance(await send(route), InDoubt)
        await smsc.until(lambda: len(smsc.binds) == 2)
        await ledger.until(lambda: route.status.up)
        assert isinstance(await send(route), Sent)


async def test_answers_written_one_by_one_are_acknowledged_at_once(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a centre under Nagle's algorithm holds all but the first back until our delayed acknowledgement."""
    options: list[tuple[int, ...]] = []
    setsockopt = TransportSocket.setsockopt

    def noting(self: TransportSocket, *option: int) -> None:
        options.append(option)
        setsockopt(self, *option)

    async with bound(ledger) as (route, _):
        monkeypatch.setattr(TransportSocket, "setsockopt", noting)
        await send(route)
        assert (socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1) in options


async def test_an_unbind_of_the_centre_is_answered_and_bound_again(ledger: Ledger) -> None:
    async with bound(ledger) as (route, smsc):
        smsc.unbind()
        await smsc.until(lambda: len(smsc.binds) == 2)
        assert Command.UNBIND_RESP in [pdu.command_id for pdu in smsc.heard]
        await ledger.until(lambda: route.status.up)


async def test_an_enquiry_of_the_centre_is_answered(ledger: Ledger) -> None:
    async with bound(ledger) as (_, smsc):
        smsc.enquire()
        await smsc.until(lambda: Command.ENQUIRE_LINK_RESP in [pdu.command_id for pdu in smsc.heard])


async def test_an_outbind_is_refused_and_changes_nothing(ledger: Ledger) -> None:
    async with bound(ledger) as (route, smsc):
        smsc.outbind()
        await smsc.until(lambda: Command.GENERIC_NACK in [pdu.command_id for pdu in smsc.heard])
        assert isinstance(await send(route), Sent)


async def test_a_link_whose_timers_have_stopped_is_left_too(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing it waits for would ever be overdue: a mute centre would be taken for a quiet one."""
    monkeypatch.setattr(rest, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(smpp_link, "ASLEEP_SECONDS", 0.5)
    async with bound(ledger, timings=timings(enquire=0.1)) as (route, smsc):
        link = route._transmitter
        assert link is not None
        assert link._timer is not None
        link._timer.cancel()
        await ledger.until(lambda: route._transmitter not in {link, None} and route.status.up)
        assert len(smsc.binds) == 2


async def test_a_mute_centre_is_noticed_and_left(ledger: Ledger) -> None:
    """TCP stands and nothing is answered: enquire_link finds it out, and everything waiting is in doubt."""
    async with bound(ledger, timings=timings(enquire=0.1, enquire_answer=1.0, response=60)) as (route, smsc):
        smsc.mute = True
        started = asyncio.get_running_loop().time()
        assert isinstance(await send(route), InDoubt)
        assert asyncio.get_running_loop().time() - started < 30
        smsc.mute = False
        await ledger.until(lambda: route.status.up)
        assert isinstance(await send(route), Sent)


@pytest.mark.parametrize("code", [Status.BIND_FAILED, Status.INVALID_PASSWORD, Status.INVALID_SYSTEM_ID])
async def test_a_refused_bind_is_not_tried_every_second(ledger: Ledger, code: int) -> None:
    """The status is shown, and the next try waits for the long while that a person needs."""
    async with SimulatedSmsc(Network()) as smsc:
        smsc.inject(Trouble.REFUSE_BIND, code=code)
        started = asyncio.get_running_loop().time()
        async with running(bind_to(smsc), ledger, "refused") as route:
            assert f"0x{code:02X}" in route.status.detail
            await ledger.until(lambda: route.status.up)
            assert asyncio.get_running_loop().time() - started >= 0.3


async def test_a_refused_bind_tries_its_spare_at_once(ledger: Ledger) -> None:
    """The account may be known there; the host that refused is not asked again meanwhile."""
    async with SimulatedSmsc(Network(), password="other") as main, SimulatedSmsc(Network()) as spare:
        patient = timings(refused=3600.0)
        async with running(bind_to(main, spare=((spare.host, spare.port),), timings=patient), ledger) as route:
            asked = len(main.heard)
            assert (len(main.binds), len(spare.binds), route.status.up) == (0, 1, True)
            spare.unbind()
            await spare.until(lambda: len(spare.binds) == 2)
            assert len(main.heard) == asked, "a wrong password is not told again and again"


async def test_a_wrong_password_is_not_guessed_at_while_the_spare_is_away(ledger: Ledger) -> None:
    """The spare is tried ever more seldom; what a person must change stays on show."""
    async with SimulatedSmsc(Network(), password="other") as main:
        spare = SimulatedSmsc(Network())
        await spare.start()
        await spare.kill()
        route = bind_to(main, spare=((spare.host, spare.port),), timings=timings(refused=3600.0))
        async with running(route, ledger, "refused"):
            await ledger.until(lambda: route._failures >= 4)
            await ledger.until(lambda: route.status.state == "refused")
            assert f"0x{Status.INVALID_PASSWORD:02X}" in route.status.detail
            assert len([pdu for pdu in main.heard if pdu.command_id == Command.BIND_TRANSCEIVER]) == 1
            async with spare:
                await ledger.until(lambda: route.status.up)


async def test_all_hosts_refusing_each_is_asked_once_and_then_left_alone(ledger: Ledger) -> None:
    async with SimulatedSmsc(Network(), password="a") as main, SimulatedSmsc(Network(), password="b") as spare:
        route = bind_to(main, spare=((spare.host, spare.port),), timings=timings(refused=0.3))
        began = asyncio.get_running_loop().time()
        async with running(route, ledger, "refused"):
            await spare.until(lambda: spare.heard)
            await main.until(lambda: len([p for p in main.heard if p.command_id == Command.BIND_TRANSCEIVER]) == 2)
            assert asyncio.get_running_loop().time() - began >= 0.3


async def test_a_bind_refused_for_the_moment_is_tried_again_soon(ledger: Ledger) -> None:
    async with SimulatedSmsc(Network()) as smsc:
        smsc.inject(Trouble.REFUSE_BIND, times=2, code=Status.ALREADY_BOUND)
        async with running(bind_to(smsc), ledger) as route:
            assert route.status.up


async def test_a_wrong_password_is_refused(ledger: Ledger) -> None:
    async with (
        SimulatedSmsc(Network(), password="right-and-long") as smsc,
        running(bind_to(smsc, password="wrong"), ledger, "refused"),
    ):
        assert smsc.binds == []


async def test_a_password_longer_than_the_standards_is_sent_whole(ledger: Ledger) -> None:
    async with (
        SimulatedSmsc(Network(), password="right-and-long") as smsc,
        running(bind_to(smsc, password="right-and-long"), ledger),
    ):
        assert smsc.binds[0][1].password == "right-and-long"


async def test_nobody_is_called_with_a_password_that_no_pdu_can_hold(ledger: Ledger) -> None:
    """SMPP has no Cyrillic letters: a person must change it, and until then the centre sees no connection."""
    async with SimulatedSmsc(Network()) as smsc, running(bind_to(smsc, password="пароль"), ledger, "away") as route:
        assert "the bind cannot be written: password" in route.status.detail
        assert not smsc.connections
        assert not smsc.binds


async def test_a_password_that_cannot_be_read_is_a_state_and_not_an_end(ledger: Ledger) -> None:
    def unreadable() -> str:
        raise PermissionError(13, "Permission denied")

    async with SimulatedSmsc(Network()) as smsc:
        route = bind_to(smsc)
        route._password = unreadable
        async with running(route, ledger, "away"):
            assert "Permission denied" in route.status.detail


# --- connections ------------------------------------------------------------------------------------------------------


async def test_a_centre_that_is_away_is_tried_until_it_is_there(ledger: Ledger) -> None:
    smsc = SimulatedSmsc(Network())
    await smsc.start()
    await smsc.kill()
    async with running(bind_to(smsc), ledger, "away") as route:
        assert str(smsc.port) in route.status.detail
        async with smsc:
            await ledger.until(lambda: route.status.up)


async def test_a_spare_host_takes_over(ledger: Ledger) -> None:
    async with SimulatedSmsc(Network()) as main, SimulatedSmsc(Network()) as spare:
        route = bind_to(main, spare=((spare.host, spare.port),))
        async with running(route, ledger):
            await main.kill()
            await spare.until(lambda: spare.binds)
            await ledger.until(lambda: route.status.up)
            assert isinstance(await send(route), Sent)
            assert len(spare.submits) == 1


def test_the_wait_before_the_next_try_grows_and_is_shortened_by_chance() -> None:
    async def waits() -> tuple[list[float], list[float]]:
        route = bind_to(SimulatedSmsc(Network(), port=1), timings=timings(retry=1.0, retry_most=60.0))
        longest, drawn = [], []
        for failures in range(1, 9):
            route._failures = failures
            route._chance = lambda: 0.0
            longest.append(route._backoff())
            route._chance = lambda: 0.999
            drawn.append(route._backoff())
        return longest, drawn

    longest, drawn = asyncio.run(waits())
    assert longest == [1, 2, 4, 8, 16, 32, 60, 60]
    assert all(most / 2 <= least < most for most, least in zip(longest, drawn, strict=True))


async def test_cancelled_it_waits_for_the_answers_unbinds_and_goes(ledger: Ledger) -> None:
    smsc = SimulatedSmsc(Network(), latency=0.1)
    async with smsc:
        async with running(bind_to(smsc), ledger) as route:
            sending = [asyncio.create_task(send(route, first_attempt=number)) for number in range(10)]
            await smsc.until(lambda: len(smsc.submits) == 10)
        assert all(isinstance(sent.result(), Sent) for sent in sending), "none of the ten is in doubt"
        assert smsc.heard[-1].command_id == Command.UNBIND
        assert route.status.state == "stopped"
        await smsc.until(lambda: not smsc.connections)


async def test_cancelled_it_does_not_wait_for_ever(ledger: Ledger) -> None:
    async with SimulatedSmsc(Network()) as smsc:
        async with running(bind_to(smsc, timings=timings(drain=0.05, unbind=0.05)), ledger) as route:
            smsc.mute = True
            sending = asyncio.create_task(send(route))
            await smsc.until(lambda: smsc.submits)
        assert isinstance(await sending, InDoubt)


async def test_ipv6_is_an_address_like_any_other(ledger: Ledger) -> None:
    smsc = SimulatedSmsc(Network(), host="::1")
    try:
        await smsc.start()
        await smsc.kill()
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with bound(ledger, smsc) as (route, _):
        assert isinstance(await send(route), Sent)
    async with running(bind_to(smsc), ledger, "away") as route:
        assert f"[::1]:{smsc.port}" in route.status.detail


# --- TLS --------------------------------------------------------------------------------------------------------------


async def test_tls_carries_a_message_and_an_orderly_end(ledger: Ledger, tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path, "127.0.0.1")
    async with bound(ledger, SimulatedSmsc(Network(), tls=context), tls=True, ca_file=trusted) as (route, smsc):
        assert isinstance(await send(route), Sent)
        assert len(smsc.submits) == 1


async def test_a_port_without_tls_is_said_to_be_one(ledger: Ledger) -> None:
    async def answers_in_the_clear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(bytes(16))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answers_in_the_clear, "127.0.0.1", 0)
    async with server:
        smsc = SimulatedSmsc(Network(), port=server.sockets[0].getsockname()[1])
        async with running(bind_to(smsc, tls=True), ledger, "away") as route:
            assert route.status.detail == f"127.0.0.1:{smsc.port}: no TLS is spoken there; is it the right port?"


async def test_a_certificate_of_another_name_is_not_trusted(ledger: Ledger, tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path, "smsc.example.net")
    smsc = SimulatedSmsc(Network(), tls=context)
    async with smsc, running(bind_to(smsc, tls=True, ca_file=trusted), ledger, "away") as route:
        assert "certificate" in route.status.detail
        assert smsc.binds == []


async def test_the_name_to_expect_can_be_told(ledger: Ledger, tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path, "smsc.example.net")
    smsc = SimulatedSmsc(Network(), tls=context)
    async with bound(ledger, smsc, tls=True, ca_file=trusted, tls_name="smsc.example.net") as (route, _):
        assert route.status.up


async def test_a_certificate_nobody_vouches_for_is_not_trusted(ledger: Ledger, tmp_path: Path) -> None:
    context, _ = certificate(tmp_path, "127.0.0.1")
    smsc = SimulatedSmsc(Network(), tls=context)
    async with smsc, running(bind_to(smsc, tls=True), ledger, "away") as route:
        assert "certificate" in route.status.detail


async def test_trust_that_cannot_be_read_is_a_state(ledger: Ledger, tmp_path: Path) -> None:
    async with (
        SimulatedSmsc(Network()) as smsc,
        running(bind_to(smsc, tls=True, ca_file=tmp_path / "none.pem"), ledger, "away") as route,
    ):
        assert "none.pem" in route.status.detail
