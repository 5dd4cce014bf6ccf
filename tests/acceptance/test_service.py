"""The main job, serial line to serial line: what a client's phone sends, and what it shows."""

import sqlite3

import pytest

from smsd.daemon import Daemon
from smsd.errors import AlreadyRunningError
from smsd.rules.outbox import MessageClass
from smsd.simulator.faults import Fault, Kind, Place
from tests.acceptance.conftest import ACCEPTED, CLIENT, INFO, SERVICE, Service


async def test_a_client_is_answered_twice_and_in_order(service: Service) -> None:
    """CLIENT info brings the acknowledgement, then the registration data, both delivered, and the secret is wiped."""
    service.add_client()
    await service.start()
    phone = service.phone()
    phone.text("CLIENT info")
    screen = await phone.wait_for(2)
    assert [message.text for message in screen] == [ACCEPTED, INFO]
    assert {message.sender for message in screen} == {SERVICE}
    await service.until(lambda: service.states() == [("ack", "delivered"), ("result", "delivered")])
    result = service.store.outbox.recent(limit=1)[0]
    assert result["secret"]
    assert result["text"] is None
    assert not result["sealed"]
    assert service.store.requests.recent(limit=1)[0]["state"] == "done"
    assert service.stored() == 0


@pytest.mark.parametrize("text", ["client INFO", " CLIENT info\u00a0\n", "ClIeNt InFo"])
async def test_letter_case_and_outer_white_space_do_not_matter(service: Service, text: str) -> None:
    """A command in any letter case is one."""
    service.add_client()
    await service.start()
    service.phone().text(text)
    assert len(await service.phone().wait_for(2)) == 2


@pytest.mark.parametrize("text", ["hello", "CLIENT  info", "СLIENT info", "CLIENT info.", "😀", "CLIENT"])
async def test_any_other_text_is_ignored_in_silence(service: Service, text: str) -> None:
    """What is not a command is kept, taken off the SIM, and not answered; the next command is."""
    service.add_client()
    await service.start()
    service.phone().text(text)
    await service.until(lambda: len(service.store.inbox.recent(limit=0)) == 1)
    service.phone().text("CLIENT info")
    screen = await service.phone().wait_for(2)
    assert screen[0].text == ACCEPTED
    assert [row["state"] for row in service.store.inbox.recent(limit=0)][1] in ("ignored", "lookalike")
    assert len(service.store.requests.recent(limit=0)) == 1


async def test_stop_and_start_govern_notifications(service: Service) -> None:
    """After sms stop a notification is suppressed, after sms start it is sent; each is acknowledged and answered."""
    await service.start()
    phone = service.phone()
    phone.text("CLIENT sms stop")
    screen = await phone.wait_for(2)
    assert "отключены" in screen[1].text
    silent = service.enqueue(CLIENT, "новость", MessageClass.NOTIFICATION)
    await service.until(lambda: service.message(silent)["state"] == "suppressed")
    by_hand = service.enqueue(CLIENT, "лично")
    await service.until(lambda: service.message(by_hand)["state"] == "delivered")
    phone.text("CLIENT sms start")
    screen = await phone.wait_for(5)
    assert "включены" in screen[4].text
    heard = service.enqueue(CLIENT, "новость", MessageClass.NOTIFICATION)
    await service.until(lambda: service.message(heard)["state"] == "delivered")


async def test_an_unknown_phone_and_a_missing_password_are_answered(service: Service) -> None:
    """Nobody who sent a command is left without words."""
    service.add_client("+79160000001", password=None)
    await service.start()
    service.phone(CLIENT).text("CLIENT info")
    service.phone("+79160000001").text("CLIENT info")
    for number in (CLIENT, "+79160000001"):
        screen = await service.phone(number).wait_for(2)
        assert screen[0].text == ACCEPTED
        assert "не исполнена" in screen[1].text
    assert {row["state"] for row in service.store.requests.recent(limit=0)} == {"failed"}


async def test_an_answer_overtakes_the_alerts_after_the_part_in_the_air(service: Service) -> None:
    """A command that arrives in the middle of a bulk is acknowledged next, between two parts of one alert."""
    service.add_client()
    service.modem.radio_seconds = 0.15
    long = "оповещение " * 30
    for number in range(20):
        service.enqueue(f"+7916000{number:04}", long, MessageClass.ALERT)
    await service.start()
    await service.until(lambda: service.modem.in_air > 0)
    service.phone().text("CLIENT info")
    await service.phone().wait_for(2)
    order = [submission.recipient for submission in service.network.submissions]
    first = order.index(CLIENT)
    assert first <= 4, "the acknowledgement waited behind more than the part in the air"
    acked = service.network.submissions[first:]
    assert [s.recipient for s in acked[:1]] == [CLIENT]


async def test_a_modem_pulled_in_mid_send_loses_and_doubles_nothing(service: Service) -> None:
    """The part in the air is settled by the SIM's own memory when the modem is back; the message goes on after it."""
    await service.start()
    warm = service.enqueue(CLIENT, "раз")
    await service.until(lambda: service.message(warm)["state"] == "delivered")
    again = service.enqueue(CLIENT, "два")
    await service.until(lambda: service.message(again)["state"] == "delivered")
    service.modem.radio_seconds = 0.3
    three = service.enqueue(CLIENT, "б" * 180)
    await service.until(lambda: service.modem.in_air > 0)
    service.modem.unplug()
    await service.until(lambda: len(service.network.submissions) == 3)
    service.modem.plug()
    # The report on the part that flew alone found nobody listening, so that "submitted" is the best there can be.
    await service.until(lambda: len(service.phone().screen) == 3)
    await service.until(lambda: service.message(three)["state"] == "submitted")
    taken = [s for s in service.network.submissions if s.user_data.concatenation]
    assert [s.user_data.concatenation.sequence for s in taken if s.user_data.concatenation] == [1, 2, 3]
    assert len({s.user_data.concatenation.reference for s in taken if s.user_data.concatenation}) == 1
    assert service.phone().screen[-1].text == "б" * 180


async def test_a_daemon_killed_in_mid_air_settles_the_part_at_the_next_start(service: Service) -> None:
    """The attempt without an outcome is a doubt, EF_SMSS settles it, and nothing is sent twice."""
    await service.start()
    for text in ("раз", "два"):
        done = service.enqueue(CLIENT, text)
        await service.until(lambda done=done: service.message(done)["state"] == "delivered")  # type: ignore[misc]
    service.modem.radio_seconds = 0.4
    flying = service.enqueue(CLIENT, "в полёте")
    await service.until(lambda: service.modem.in_air > 0)
    await service.kill()
    await service.start()
    await service.until(lambda: service.message(flying)["state"] in ("submitted", "delivered"))
    assert [m.text for m in service.phone().screen].count("в полёте") == 1


async def test_sigterm_waits_for_the_part_in_the_air(service: Service) -> None:
    """A daemon that is asked to end waits for +CMGS and records it."""
    await service.start()
    service.modem.radio_seconds = 0.4
    flying = service.enqueue(CLIENT, "в полёте")
    await service.until(lambda: service.modem.in_air > 0)
    await service.stop()
    assert service.message(flying)["state"] in ("submitted", "delivered")


async def test_a_lost_answer_is_not_sent_again(service: Service) -> None:
    """The network took the part and +CMGS was swallowed: EF_SMSS says that it left."""
    service.timings = type(service.timings)(
        **{**{f: getattr(service.timings, f) for f in service.timings.__dataclass_fields__}, "submission": 1.5}
    )
    await service.start()
    for text in ("раз", "два"):
        done = service.enqueue(CLIENT, text)
        await service.until(lambda done=done: service.message(done)["state"] == "delivered")  # type: ignore[misc]
    service.modem.inject(Fault(Kind.LOST_RESULT))
    lost = service.enqueue(CLIENT, "без ответа")
    await service.until(lambda: service.message(lost)["state"] == "delivered")
    assert [m.text for m in service.phone().screen].count("без ответа") == 1


async def test_a_second_daemon_on_the_same_store_names_the_first(service: Service) -> None:
    """Two daemons on one store are refused, and the message says who holds it."""
    await service.start()
    with pytest.raises(AlreadyRunningError, match="process"):
        await Daemon(service.config, {}).run()


async def test_a_full_disk_deletes_nothing_from_the_sim_and_sends_nothing(service: Service) -> None:
    """While the store takes nothing the message stays on the SIM; when there is room again it is answered."""
    service.add_client()
    await service.start()
    assert service.daemon is not None
    connection: sqlite3.Connection = service.daemon._thread.store.engine._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")
    filler = "и" * 60
    service.phone().text(filler)
    for number in range(12):
        service.phone(f"+7916000{number:04}").text(filler)
    await service.until(lambda: service.stored() > 0)
    sent = len(service.network.submissions)
    connection.execute("PRAGMA max_page_count=1000000")
    await service.until(lambda: len(service.store.inbox.recent(limit=0)) == 13)
    await service.until(lambda: service.stored() == 0)
    assert len(service.network.submissions) == sent


async def test_noise_in_the_middle_of_an_answer_changes_nothing(service: Service) -> None:
    """Octets that are no UTF-8 and hints inside answers do not disturb the service."""
    service.add_client()
    await service.start()
    service.modem.inject(Fault(Kind.INSERT, at="+CMGS", place=Place.RESULT, octets=b"\r\n\xff\xfe\r\n"))
    service.phone().text("CLIENT info")
    assert len(await service.phone().wait_for(2)) == 2
