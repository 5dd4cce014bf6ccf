"""Alerts through a gateway over a real store: fed, overtaken, paused, limited, carried by a SIM when allowed."""

import asyncio
from datetime import UTC, datetime, time, timedelta

import pytest

from smsd.gateway import Settings
from smsd.gateway.routing import Routing
from smsd.rules.alerts import Recipient, Summary
from smsd.rules.limits import Limits, LimitTable
from smsd.rules.outbox import MessageClass
from smsd.rules.replies import Replies
from smsd.rules.routing import Block, Kind
from smsd.sms import NotSent, Verdict
from smsd.store import NewAlert
from smsd.store.alerts import IN_OUTBOX
from tests.gateway.house import PHONE, House, ScriptedRoute, Start


def bind(**how: object) -> ScriptedRoute:
    """Make a bind that sends as SCSERV."""
    return ScriptedRoute(name="operator", sender="SCSERV", sim=None, kind=Kind.BIND, window=10, **how)  # type: ignore[arg-type]


def alert(house: House, count: int, **values: object) -> int:
    """Queue an alert to so many people and ring."""
    values.setdefault("starts_at", house.clock.now)
    alert_id = house.store.alerts.prepare(NewAlert("Работы.", **values))  # type: ignore[arg-type]
    people = [Recipient(f"+7916{number:07d}", None, 1, None) for number in range(count)]
    house.store.alerts.append(alert_id, 1, people)
    house.store.alerts.publish(alert_id, Summary(recipients=count, parts=count))
    house.gateway.look()
    return alert_id


def state(house: House, alert_id: int) -> str:
    return str(house.store.alerts.show(alert_id)["state"])


def counts(house: House, alert_id: int) -> dict[str, int]:
    found: dict[str, int] = house.store.alerts.show(alert_id)["counts"]
    return found


async def test_everybody_is_written_to_once_and_the_alert_is_done(start: Start) -> None:
    house = await start(bind())
    alert_id = alert(house, 2 * IN_OUTBOX)
    await house.until(lambda: state(house, alert_id) == "done")
    recipients = [submit.recipient for submit in house.route.submits]
    assert len(recipients) == len(set(recipients)) == 2 * IN_OUTBOX


async def test_an_answer_goes_before_the_next_part_of_an_alert(start: Start) -> None:
    house = await start(bind())
    house.route.hold = asyncio.Event()
    house.route.window = 1
    alert(house, 500)
    await house.until(lambda: len(house.route.submits) == 1)
    await house.text("CLIENT sms stop")
    house.route.hold.set()
    await house.until(lambda: len(house.route.submits) >= 3)
    assert PHONE in [submit.recipient for submit in house.route.submits[1:3]]


async def test_a_paused_alert_stops_at_once_and_goes_on(start: Start) -> None:
    house = await start(bind())
    house.route.hold = asyncio.Event()
    alert_id = alert(house, 50)
    await house.until(lambda: len(house.route.submits) == 10)
    house.store.alerts.pause(alert_id)
    house.route.hold.set()
    await house.until(lambda: counts(house, alert_id) == {"submitted": 10, "queued": 40})
    house.enqueue("лично")
    await house.until(lambda: len(house.route.submits) == 11)
    house.store.alerts.resume(alert_id)
    await house.until(lambda: state(house, alert_id) == "done")


async def test_an_alert_to_come_waits_for_its_time(start: Start) -> None:
    house = await start(bind())
    alert_id = alert(house, 2, starts_at=house.clock.now + 3600)
    house.enqueue("лично")
    await house.until(lambda: len(house.route.submits) == 1)
    house.clock.now += 3600
    await house.until(lambda: state(house, alert_id) == "done")


def limited(house: House, limits: Limits, quiet: tuple[time, time] | None = None) -> LimitTable:
    kinds = {route.name: route.kind for route in house.routes}
    return LimitTable(kinds, {Kind.SIM: limits}, {}, quiet, UTC)


async def test_quiet_hours_hold_an_alert_and_let_everything_else_pass(start: Start) -> None:
    house = await start(bind())
    moment = datetime.fromtimestamp(house.clock.now, UTC)
    quiet = (moment.time(), (moment + timedelta(hours=2)).time())
    house.gateway._thread.store.outbox.limits = limited(house, Limits(), quiet)
    alert_id = alert(house, 3)
    await house.text("CLIENT sms stop")
    house.enqueue("уведомление", MessageClass.NOTIFICATION)
    await house.until(lambda: len(house.route.submits) == 2)
    assert counts(house, alert_id) == {"queued": 3}
    house.clock.now += 7201
    await house.until(lambda: state(house, alert_id) == "done")


async def test_a_sims_daily_number_is_kept_to_the_part(start: Start) -> None:
    house = await start(ScriptedRoute(name="modem0"))
    house.gateway._thread.store.outbox.limits = limited(house, Limits(alerts_per_day=7))
    alert_id = alert(house, 20)
    await house.until(lambda: counts(house, alert_id).get("submitted") == 7)
    house.enqueue("лично")
    await house.until(lambda: len(house.route.submits) == 8)
    house.clock.now += 25 * 3600
    await house.until(lambda: counts(house, alert_id).get("submitted") == 14)


async def test_only_an_alert_that_may_fall_back_leaves_by_the_sim(start: Start) -> None:
    """And goes back to the bind as soon as that is up."""
    house = await start(bind(up=False), ScriptedRoute(name="modem0"))
    strict, lenient = alert(house, 5), alert(house, 5, may_fall_back=True)
    house.clock.now += 31
    await house.until(lambda: state(house, lenient) == "done")
    assert counts(house, strict) == {"queued": 5}
    row = next(house.store.alerts.recipients(lenient))
    assert (row["route"], row["sender"]) == ("modem0", "+79086228779")
    house.routes[0].up = True
    house.gateway.changed("operator")
    await house.until(lambda: state(house, strict) == "done")
    assert len(house.routes[1].submits) == 5


async def test_the_sim_that_stands_in_is_the_first_in_the_order_of_alerts(start: Start) -> None:
    alerts = ("operator", "modem1", "modem0")
    routes = bind(up=False), ScriptedRoute(name="modem0"), ScriptedRoute(name="modem1")
    house = await start(*routes, by_class={MessageClass.ALERT: alerts})
    house.clock.now += 31
    alert_id = alert(house, 5, may_fall_back=True)
    await house.until(lambda: state(house, alert_id) == "done")
    assert [len(route.submits) for route in routes] == [0, 0, 5]


def test_a_sim_that_the_order_does_not_name_carries_no_alert() -> None:
    now = 1000.0
    routes = bind(up=False), ScriptedRoute(name="modem0")
    routing = Routing(routes, Settings(Replies(), order=("operator",)), lambda: now)
    every = Routing(routes, Settings(Replies()), lambda: now)
    now += 31
    assert (routing.substitute(), every.substitute()) == (None, "modem0")


@pytest.mark.parametrize(
    "refusal",
    [
        NotSent(Verdict.NEVER, "SMPP 0x0A", refused=Block.SENDER.value),
        NotSent(Verdict.ROUTE, "SMPP 0x40B", refused=Block.ROUTE.value),
    ],
)
async def test_a_refused_alert_goes_by_the_sim_at_once_if_that_was_allowed(start: Start, refusal: NotSent) -> None:
    """One that was not is refused with its name, and waits for a bind that failed."""
    house = await start(bind(answer=lambda _: refusal), ScriptedRoute(name="modem0"))
    strict = alert(house, 2)
    lenient = alert(house, 2, may_fall_back=True)
    await house.until(lambda: counts(house, lenient) == {"submitted": 2})
    end = "rejected" if refusal.verdict is Verdict.NEVER else "queued"
    await house.until(lambda: counts(house, strict) == {end: 2})
    assert len(house.routes[1].submits) == 2


async def test_an_answer_leaves_by_the_sim_inside_two_minutes_where_a_limit_holds_the_bind(start: Start) -> None:
    """A contract's hour is used up: the bind is up and takes nothing, and the SIM is free."""
    house = await start(bind(), ScriptedRoute(name="modem0"))
    kinds = {route.name: route.kind for route in house.routes}
    table = LimitTable(kinds, {Kind.BIND: Limits(per_hour=1)}, {})
    house.gateway._thread.store.outbox.limits = table
    house.enqueue("лично")
    await house.until(lambda: len(house.routes[0].submits) == 1)
    answer = house.enqueue("ответ", MessageClass.ACK)
    await asyncio.sleep(0.05)
    assert not house.routes[1].submits
    house.clock.now += 76
    await house.until(lambda: house.store.outbox.show(answer)["state"] == "submitted")
    assert (house.store.outbox.show(answer)["route"], len(house.routes[0].submits)) == ("modem0", 1)


async def test_what_the_sim_has_not_begun_goes_back_to_a_bind_that_returns(start: Start) -> None:
    house = await start(bind(up=False), ScriptedRoute(name="modem0"))
    house.routes[1].hold = asyncio.Event()
    alert_id = alert(house, 5, may_fall_back=True)
    house.clock.now += 31
    await house.until(lambda: len(house.routes[1].submits) == 1)
    house.routes[0].up = True
    house.gateway.changed("operator")
    await house.until(lambda: len(house.routes[0].submits) == 4)
    house.routes[1].hold.set()
    await house.until(lambda: state(house, alert_id) == "done")


async def test_a_short_fault_of_the_bind_changes_nothing(start: Start) -> None:
    house = await start(bind(up=False), ScriptedRoute(name="modem0"))
    alert_id = alert(house, 5, may_fall_back=True)
    house.clock.now += 20
    house.enqueue("срочно", MessageClass.ACK)
    await house.until(lambda: counts(house, alert_id) == {"queued": 5})
    house.clock.now += 11
    await house.until(lambda: state(house, alert_id) == "done")
