"""What an admin asks of alerts: a look before, all or nothing, and why one is held."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from smsd.desk.alerts import AlertDesk, AlertTerms, Hold, Order, client_candidates, moment
from smsd.errors import SmsdError, StoreBusyError, UsageError
from smsd.rules.alerts import Candidate, NumberPolicy, Summary, Treatment
from smsd.rules.limits import Limits, LimitTable
from smsd.rules.routing import Kind
from smsd.sms import RouteStatus, Sent
from smsd.store import Client
from tests.store.house import NOON, PHONE, House, claimant

MOSCOW = ZoneInfo("Europe/Moscow")
TEXT = "Работы. Отказ: CLIENT sms stop"
HOUR = 3600.0


def table(limits: Limits | None = None, *, quiet: tuple[time, time] | None = None, price: int = 250) -> LimitTable:
    limits = limits or Limits()
    return LimitTable(
        {"operator": Kind.BIND, "modem0": Kind.SIM},
        {Kind.BIND: limits, Kind.SIM: limits},
        {Kind.BIND: price, Kind.SIM: 0},
        quiet,
        MOSCOW,
    )


@dataclass
class Office:
    """A desk on a house, with a bell that is counted and breaths that are kept."""

    house: House
    rung: int = 0
    breaths: list[float] = field(default_factory=list)

    def desk(
        self, limits: LimitTable | None = None, order: tuple[str, ...] = ("operator", "modem0"), **terms: object
    ) -> AlertDesk:
        senders = {"operator": "SCSERV", "modem0": "+79086228779"}
        made = AlertTerms(limits=limits or table(), order=order, senders=senders, **terms)  # type: ignore[arg-type]
        return AlertDesk(self.house.store, made, clock=self.house.clock, ring=self.ring, breathe=self.breaths.append)

    def ring(self) -> None:
        self.rung += 1

    def routes(self, **up: bool) -> None:
        """Say how the routes are."""
        for name, well in up.items():
            self.house.store.put_route(name, RouteStatus(well, "ready" if well else "away"))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office at noon, UTC."""
    house = House(tmp_path)
    yield Office(house)
    house.store.close()


def people(count: int, **values: str) -> Callable[[], Iterator[Candidate]]:
    return lambda: (Candidate(f"+7916{number:07d}", values) for number in range(count))


def order(count: int = 3, text: str = TEXT, **how: object) -> Order:
    return Order(text, people(count), **how)  # type: ignore[arg-type]


# --- before -----------------------------------------------------------------------------------------------------------


def test_a_preview_says_all_and_writes_nothing(office: Office) -> None:
    before = office.house.dump()
    looked = office.desk().preview(order(600))
    assert office.house.dump() == before
    assert (looked.summary.recipients, looked.summary.parts) == (600, 600)
    assert (looked.route, looked.sender, looked.price) == ("operator", "SCSERV", 150_000)
    assert (looked.starts_at, looked.ends_at) == (NOON, NOON + 60)
    assert looked.warnings == ()


def test_the_preview_counts_rates_quiet_hours_and_quotas(office: Office) -> None:
    """Noon of UTC is three in Moscow: six hours until the quiet ones."""
    desk = office.desk(table(quiet=(time(21), time(9))))
    assert desk.preview(order(3, starts_at=NOON + 8 * HOUR)).starts_at == NOON + 18 * HOUR
    desk = office.desk(table(Limits(alerts_per_day=200)), ("modem0",))
    assert desk.preview(order(201)).ends_at == NOON + 24 * HOUR + 6
    desk = office.desk(table(Limits(per_hour=60, reserve_percent=50)))
    assert desk.preview(order(30)).ends_at == NOON + HOUR
    desk = office.desk(table(Limits(budget_per_day=2500)))
    assert desk.preview(order(11)).ends_at > NOON + 24 * HOUR


def test_the_preview_warns_of_what_a_person_should_think_of(office: Office) -> None:
    terms = {"policy": NumberPolicy(not_mobile=Treatment.WARN), "lifetime": timedelta(seconds=1)}
    candidates = [Candidate("+74951234567"), Candidate("+77012345678"), *people(60)()]
    looked = office.desk(None, ("modem0",), **terms).preview(Order("Работы.", lambda: candidates, may_fall_back=True))
    told = " / ".join(looked.warnings)
    for words in (
        "how to get no more",
        "by a SIM",
        "before its deadline",
        "numbers of another country are written to: 1",
        "numbers that no mobile has are written to: 1",
        "--allow-fallback changes nothing",
    ):
        assert words in told
    assert len(looked.warnings) == 6


def test_the_price_of_nobody_is_nothing_and_not_unknown(office: Office) -> None:
    looked = office.desk().preview(Order("Работы.", lambda: [Candidate("abc")]))
    assert looked.price == 0


def test_a_preview_without_routes_promises_no_way(office: Office) -> None:
    looked = office.desk(LimitTable({}, {}, {}, None, MOSCOW), ()).preview(order())
    assert (looked.route, looked.sender, looked.price) == ("", "", None)


def test_what_is_before_it_in_the_queue_is_told(office: Office) -> None:
    desk = office.desk()
    made = desk.send(order(600))
    assert desk.foresee(order(600), made.summary, queued=made.id).warnings == ()
    looked = desk.preview(order(600))
    assert looked.warnings[0] == "parts of other alerts that are before it or share its way: 600"
    assert looked.ends_at == NOON + 120


def test_an_alert_of_the_night_is_worth_sending_from_the_morning_on(office: Office) -> None:
    """It is 15:00: quiet hours have an hour to go, and must not eat up what it is worth sending for."""
    desk = office.desk(table(quiet=(time(14), time(16))), lifetime=timedelta(minutes=30))
    looked = desk.preview(order())
    assert (looked.starts_at, looked.expires_at) == (NOON + HOUR, NOON + 1.5 * HOUR)
    assert looked.warnings == ()
    later = desk.preview(order(starts_at=NOON + 2 * HOUR))
    assert later.expires_at == NOON + 2.5 * HOUR


def test_an_alert_that_is_over_before_the_other_begins_does_not_delay_it(office: Office) -> None:
    """At ten parts a second: one at work, 6,000 parts, for ten minutes; one in the evening."""
    desk = office.desk()
    desk.send(order(6000))
    desk.send(replace(order(600), starts_at=NOON + 5 * HOUR, expires_at=NOON + 9 * HOUR))
    for starts_at, seconds in ((NOON, 36), (NOON + HOUR, 3), (NOON + 5 * HOUR, 36)):
        looked = desk.preview(replace(order(30), starts_at=starts_at, expires_at=NOON + 9 * HOUR))
        assert (looked.starts_at, looked.ends_at) == (starts_at, starts_at + seconds)
        assert len(looked.warnings) == (seconds > 3)


def test_what_waits_in_the_outbox_of_an_alert_is_before_the_next(office: Office) -> None:
    desk = office.desk()
    desk.send(order(200))
    office.house.store.alerts.feed()
    office.house.store.alerts.feed()
    assert desk.preview(order(60)).ends_at == NOON + 26


def test_an_alert_that_is_too_late_before_it_starts_is_refused(office: Office) -> None:
    with pytest.raises(UsageError, match="deadline is past"):
        office.desk().preview(order(starts_at=NOON + 100, expires_at=NOON + 50))


def test_the_deadline_of_the_class_counts_from_the_start(office: Office) -> None:
    looked = office.desk(lifetime=timedelta(hours=12)).preview(order(starts_at=NOON + HOUR))
    assert looked.expires_at == NOON + 13 * HOUR


# --- in ---------------------------------------------------------------------------------------------------------------


def test_an_alert_is_queued_in_batches_with_a_breath_after_each(office: Office) -> None:
    steps: list[int] = []
    made = office.desk().send(order(1200), progress=steps.append)
    row = office.house.store.alerts.show(made.id)
    assert (made.new, row["state"], row["recipients"], row["parts"]) == (True, "running", 1200, 1200)
    assert steps == [500, 500, 200]
    assert len(office.breaths) == 3
    assert office.rung == 1


@pytest.mark.parametrize("error", [RuntimeError("the file is gone"), KeyboardInterrupt()])
def test_what_fails_in_the_middle_leaves_nothing(office: Office, error: BaseException) -> None:
    def failing() -> Iterator[Candidate]:
        yield from people(700)()
        raise error

    with pytest.raises(type(error)):
        office.desk().send(Order(TEXT, failing))
    assert office.house.rows("SELECT * FROM alert") == office.house.rows("SELECT * FROM alert_recipient") == []
    assert office.rung == 0


def test_nobody_is_no_alert(office: Office) -> None:
    office.house.text("CLIENT sms stop")
    with pytest.raises(UsageError, match="nobody is left to write to: 1 opted out, 1 duplicate"):
        office.desk().send(Order(TEXT, lambda: [Candidate(PHONE), Candidate("8 916 000 00 01")]))
    assert office.house.rows("SELECT * FROM alert") == []


def test_more_people_than_were_agreed_on_are_not_written_to(office: Office) -> None:
    desk = office.desk()
    approved = desk.preview(order(3)).summary
    with pytest.raises(UsageError, match="4 would be written to by now, 3 were agreed on"):
        desk.send(order(4), approved=approved)
    assert desk.send(order(2), approved=approved).new


def test_a_repeat_with_its_key_adds_nothing_and_another_text_is_no_repeat(office: Office) -> None:
    desk = office.desk()
    first = desk.send(order(3, key="march"))
    again = desk.send(order(9, key="march"))
    assert (again.id, again.new, again.summary) == (first.id, False, Summary())
    assert desk.preview(order(9, key="march")).existing == first.id
    with pytest.raises(UsageError, match=f"stands for alert {first.id} already"):
        desk.send(order(3, text="Другое. CLIENT sms stop", key="march"))
    with pytest.raises(UsageError, match="1 to 200 characters"):
        desk.send(order(3, key=""))


def test_all_clients_are_candidates_with_their_names(office: Office) -> None:
    clients = [Client(f"+7916{number:07d}", str(number), f"user{number}", None, "Оля") for number in range(1500)]
    office.house.store.clients.put(clients, cause="test")
    found = list(client_candidates(office.house.store))
    assert len(found) == 1500
    assert found[7] == Candidate("+79160000007", {"name": "Оля", "code": "7", "login": "user7"})


# --- why it is held ---------------------------------------------------------------------------------------------------


def held(office: Office, limits: LimitTable | None = None, **how: object) -> Hold | None:
    made = office.desk().send(order(3, TEXT, **how))
    return office.desk(limits).hold(office.house.store.alerts.show(made.id))


def test_an_alert_on_its_way_is_not_held(office: Office) -> None:
    office.routes(operator=True)
    assert held(office) is None


def test_an_alert_says_what_holds_it(office: Office) -> None:
    assert held(office, starts_at=NOON + 5) == Hold("its time has not come", NOON + 5)
    assert held(office, table(quiet=(time(14), time(16)))) == Hold("quiet hours", NOON + HOUR)
    assert held(office) == Hold("no route is up")
    office.routes(modem0=True)
    assert held(office) == Hold("no bind is up, and it may not leave by a SIM (--allow-fallback)")
    assert held(office, may_fall_back=True) is None


def test_a_message_that_waits_for_its_readers_morning_says_so(office: Office) -> None:
    """It is 15:00 in Moscow, and 17:00 in Yekaterinburg."""
    office.routes(operator=True)
    away = Candidate("+79160000001", timezone="Asia/Yekaterinburg")
    desk = office.desk(table(quiet=(time(17), time(19))))
    desk.send(Order(TEXT, lambda: [away, Candidate("+79160000002")]))
    store = office.house.store
    store.alerts.feed()
    waits = [desk.hold_message(store.outbox.show(number), ("operator",)) for number in (1, 2)]
    assert waits == [Hold("quiet hours where its reader is (Asia/Yekaterinburg)", NOON + 2 * HOUR), None]


def test_an_alert_at_its_limit_says_which(office: Office) -> None:
    office.routes(operator=True)
    office.house.queue()
    office.house.store.outbox.record([
        (claim.attempt_id, Sent("1")) for claim in office.house.store.outbox.claim(claimant("operator"))
    ])  # fmt: skip
    assert held(office, table(Limits(per_day=1))) == Hold("operator: 1 of 1 parts in 24 hours")
    assert held(office, table(Limits(per_day=9))) is None


def test_what_holds_the_sim_that_stands_in_holds_an_alert_whatever_the_others_are_free_to_send(office: Office) -> None:
    office.routes(modem0=True, modem1=True)
    sims = {"modem0": Limits(quiet_until=NOON + HOUR), "modem1": Limits()}
    limits = replace(table(), kinds={**table().kinds, "modem1": Kind.SIM}, by_route=sims)
    desk = office.desk(limits, order=("operator", "modem0", "modem1"))
    alert = office.house.store.alerts.show(desk.send(order(3, TEXT, may_fall_back=True)).id)
    assert desk.hold(alert) == Hold("modem0: quiet hours")
    office.routes(modem0=False)
    assert desk.hold(alert) is None


def test_a_paused_alert_and_one_that_is_over(office: Office) -> None:
    desk = office.desk()
    made = desk.send(order())
    desk.pause(made.id)
    assert desk.hold(office.house.store.alerts.show(made.id)) == Hold("a person has paused it")
    desk.resume(made.id)
    assert office.rung == 2
    desk.cancel(made.id)
    assert desk.hold(office.house.store.alerts.show(made.id)) is None


# --- times ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-03-02T10:00", datetime(2026, 3, 2, 10, tzinfo=MOSCOW)),
        ("2026-03-02 10:00", datetime(2026, 3, 2, 10, tzinfo=MOSCOW)),
        ("2026-03-02T10:00Z", datetime(2026, 3, 2, 13, tzinfo=MOSCOW)),
        ("16:30", datetime(2026, 3, 1, 16, 30, tzinfo=MOSCOW)),
        ("9:05", datetime(2026, 3, 2, 9, 5, tzinfo=MOSCOW)),
        ("15:00", datetime(2026, 3, 2, 15, tzinfo=MOSCOW)),
    ],
)
def test_a_time_is_meant_in_the_services_zone(written: str, expected: datetime) -> None:
    """It is three in the afternoon in Moscow: a time of day that is past is tomorrow's."""
    assert moment(written, MOSCOW, NOON) == expected.timestamp()


@pytest.mark.parametrize("written", ["", "завтра", "25:00", "2026-13-01", "10"])
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(UsageError, match="is no time"):
        moment(written, MOSCOW, NOON)


def test_a_busy_store_is_no_half_alert(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last update fails: what was written is taken away again."""

    def busy(*_: object) -> int:
        raise StoreBusyError("another program has been writing")

    monkeypatch.setattr(office.house.store.alerts, "publish", busy)
    with pytest.raises(SmsdError):
        office.desk().send(order())
    assert office.house.rows("SELECT * FROM alert_recipient") == []
