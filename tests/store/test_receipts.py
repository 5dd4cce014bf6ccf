"""Receipts that came together, heard at once, leave in the tables what one after another leaves."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from smsd.errors import StoreError
from smsd.rules.outbox import MessageClass
from smsd.rules.reports import MARKS
from smsd.rules.routing import Block
from smsd.sms import Deliver, InDoubt, Outcome, Received, ReportClass, Sent, StatusReport
from smsd.store import Claim, Claimant, Diversion, NewMessage
from smsd.store.claims import Ways
from smsd.store.receipts import runs
from tests.store.house import JUDGE, NOON, PHONE, House, at, new
from tests.store.test_windows import houses, without_order

BIND = Claimant("operator", "SCSERV", None, {"bind": "operator"})
WAYS = Ways(
    lambda *_: Diversion("modem0", "refused"),
    lambda _class, report, diverted, _route: (
        Diversion("modem0", "blocked") if report.refused and not diverted else None
    ),
)
BY_THE_SIM = replace(JUDGE, ways=WAYS)
PHONES = tuple(f"+7916000000{digit}" for digit in range(9))
ANSWERED = 1_000_000
"""The id that a centre gives for the first attempt; the next ones follow."""
REDELIVERY = 300.0


@dataclass(frozen=True)
class Came:
    """One thing that comes in, said by numbers: ``which`` attempt it speaks of, and how far it is from doing so."""

    kind: str
    which: int
    id_as: str = "decimal"
    echo: str = "none"
    recipient: str = "own"
    report_class: ReportClass = ReportClass.DELIVERED
    refused: str | None = None
    submitted: float | None = None
    code: str = "DELIVRD 000"
    octets: int = 0
    route: str = "operator"

    def received(self, claims: list[Claim], number: int) -> Received:
        """Make it; without ``octets`` of its own it is like nothing else that came."""
        octets = b"again %d" % self.octets if self.octets else b"once %d" % number
        if self.kind == "text":
            text = ("CLIENT sms stop", "CLIENT sms start", "CLIENT info", "Спасибо")[self.which % 4]
            return Received(self.route, octets, Deliver(PHONES[self.which % len(PHONES)], text, None))
        if self.kind == "unreadable":
            return Received(self.route, octets, None, fault="no message", repeats_within=REDELIVERY)
        claim, other = claims[self.which % len(claims)], claims[(self.which + 1) % len(claims)]
        number = ANSWERED + claim.attempt_id
        reference = {
            "decimal": str(number),
            "hexadecimal": f"{number:X}",
            "padded": f"00{number}",
            "other": str(ANSWERED + other.attempt_id),
            "unknown": "7777777",
            "tp_mr": "17",
            "none": "",
            "odd": "10\x0010",
        }[self.id_as]
        echo = {"none": None, "own": claim.attempt_id % MARKS, "other": other.attempt_id % MARKS, "wrong": 60_000}
        recipient = {"own": claim.recipient, "other": other.recipient, "none": ""}[self.recipient]
        submitted = None if self.submitted is None else at(self.submitted)
        value = StatusReport(
            reference, recipient, submitted, submitted, self.report_class, self.code, echo[self.echo], self.refused
        )
        return Received(self.route, octets, value, repeats_within=REDELIVERY)


PLAIN = st.builds(Came, st.just("receipt"), st.integers(0, 15))
RECEIPTS = st.builds(
    Came,
    st.just("receipt"),
    st.integers(0, 15),
    st.sampled_from(("decimal", "decimal", "hexadecimal", "padded", "other", "unknown", "tp_mr", "none", "odd")),
    st.sampled_from(("none", "own", "own", "other", "wrong")),
    st.sampled_from(("own", "own", "own", "other", "none")),
    st.sampled_from((ReportClass.DELIVERED, ReportClass.DELIVERED, ReportClass.FAILED, ReportClass.TRYING)),
    st.sampled_from((None, None, None, Block.SENDER.value, Block.SIM_SWAPPED.value)),
    st.sampled_from((None, NOON, NOON + 7200)),
    st.sampled_from(("DELIVRD 000", "UNDELIV 001", "odd\ncode")),
    st.sampled_from((0, 0, 0, 1, 2)),
    st.sampled_from(("operator", "operator", "spare")),
)
OTHERS = st.builds(Came, st.sampled_from(("text", "text", "unreadable")), st.integers(0, 7), octets=st.integers(0, 2))
MIXED = st.lists(st.one_of(PLAIN, PLAIN, PLAIN, RECEIPTS, RECEIPTS, OTHERS), max_size=14)
APART = st.lists(st.one_of(PLAIN, PLAIN, PLAIN, RECEIPTS), min_size=4, max_size=14, unique_by=lambda each: each.which)
GROUPS = st.lists(
    st.tuples(
        st.one_of(MIXED, APART, APART),
        st.lists(st.tuples(st.integers(0, 15), st.booleans()), max_size=6),
        st.sampled_from((0.0, 1.0, REDELIVERY)),
    ),
    min_size=1,
    max_size=4,
)
KINDS = st.sampled_from((MessageClass.NOTIFICATION, MessageClass.NOTIFICATION, MessageClass.ALERT, MessageClass.MANUAL))
QUEUED = st.lists(
    st.one_of(
        st.builds(new, KINDS, parts=st.just(1)),
        st.builds(new, KINDS, parts=st.just(1)),
        st.builds(new, st.sampled_from(MessageClass), parts=st.integers(1, 2), sealed=st.just(b"sealed")),
    ),
    min_size=6,
    max_size=16,
).map(lambda queued: [replace(each, recipient=PHONES[place % len(PHONES)]) for place, each in enumerate(queued)])
ENDS = st.lists(st.sampled_from(("sent", "sent", "sent", "sent", "in doubt", "in the air")), min_size=16, max_size=16)


def end(claim: Claim, how: str) -> Outcome:
    """Make the end of an attempt."""
    return InDoubt("no answer came in time") if how == "in doubt" else Sent(str(ANSWERED + claim.attempt_id))


def begun(house: House, queued: list[NewMessage], ends: list[str]) -> list[Claim]:
    """Queue, claim, and let some attempts end."""
    house.store.events.listeners({"ccs": ("delivery", "opt-out", "request"), "audit": ("delivery",)})
    house.store.outbox.ways = WAYS
    house.store.outbox.enqueue_all(queued)
    claims = house.store.outbox.claim(BIND, limit=16)
    house.store.outbox.record(
        [(claim.attempt_id, end(claim, how)) for claim, how in zip(claims, ends, strict=False) if how != "in the air"]
    )
    return claims


EVENTS = ('INSERT INTO "event"', """INSERT INTO "sqlite_sequence" VALUES('event'""")


def rows_of(house: House) -> tuple[list[str], list[tuple[object, ...]]]:
    """Return what the database holds. Events are in the order of each message: between two it means nothing."""
    events = house.rows(
        "SELECT webhook, kind, subject_id, phone, at, since, word, reason, note, state, due_at, tries, error "
        "FROM event ORDER BY webhook, kind, subject_id, id"
    )
    return [line for line in without_order(house) if not line.startswith(EVENTS)], events


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(QUEUED, ENDS, GROUPS)
def test_a_group_leaves_what_one_after_another_leaves(
    queued: list[NewMessage], ends: list[str], groups: list[tuple[list[Came], list[tuple[int, bool]], float]]
) -> None:
    """Answers come with them, or are overtaken; receipts come twice, bear another's mark; texts come between."""
    number = 0
    with houses() as (together, alone):
        claims = begun(together, queued, ends)
        assert claims == begun(alone, queued, ends)
        for came, answered, later in groups:
            arrivals = []
            for each in came:
                number += 1
                arrivals.append(each.received(claims, number))
            event(f"heard together: {max((len(run) for run in runs(arrivals)), default=0)}")
            ended: dict[int, Outcome] = {}
            for which, lost in answered:
                claim = claims[which % len(claims)]
                ended[claim.attempt_id] = end(claim, "in doubt" if lost else "sent")
            heard = together.store.inbox.receive_all(arrivals, BY_THE_SIM, list(ended.items()))
            for each_end in ended.items():
                alone.store.outbox.record([each_end])
            assert heard == [alone.store.inbox.receive(each, BY_THE_SIM) for each in arrivals]
            for house in (together, alone):
                house.now += later
            assert rows_of(together) == rows_of(alone)


# --- what makes it quick, and what must not be lost with it ----------------------------------------------------------


def window(house: House, count: int = 50) -> list[Received]:
    """Get a windowful away, and return the receipts for it."""
    for which in range(count):
        house.queue(MessageClass.NOTIFICATION, recipient=f"+7916000{which:04}")
    claims = house.store.outbox.claim(BIND, limit=count)
    house.store.outbox.record([(claim.attempt_id, end(claim, "sent")) for claim in claims])
    return [
        Received(
            "operator",
            b"receipt %d" % claim.attempt_id,
            StatusReport(
                str(ANSWERED + claim.attempt_id), claim.recipient, None, None, ReportClass.DELIVERED, "DELIVRD"
            ),
            repeats_within=REDELIVERY,
        )
        for claim in claims
    ]


def test_a_windowful_of_receipts_takes_a_handful_of_statements(house: House) -> None:
    receipts = window(house)
    statements: list[str] = []
    house.store.engine._connection.set_trace_callback(statements.append)
    heard = house.store.inbox.receive_all(receipts, JUDGE)
    house.store.engine._connection.set_trace_callback(None)
    assert all(each.attempt_id is not None and each.plain for each in heard)
    assert {row["state"] for row in house.store.outbox.recent(limit=0)} == {"delivered"}
    assert len([each for each in statements if not each.startswith("--")]) < 15


def test_the_same_windowful_again_is_known(house: House) -> None:
    """The daemon was killed after the commit and before its answers left: the centre tells all of it once more."""
    receipts = window(house)
    house.store.inbox.receive_all(receipts, JUDGE)
    before = house.dump()
    house.now += REDELIVERY - 1
    house.crash()
    assert all(each.repeated for each in house.store.inbox.receive_all(receipts, JUDGE))
    assert house.dump() == before


def test_a_windowful_that_fails_leaves_nothing(house: House) -> None:
    """What was not committed was not answered, and comes again."""
    receipts = window(house)
    before = house.dump()
    broken = replace(receipts[-1], octets=b"text", value=Deliver(PHONE, "CLIENT info", None), repeats_within=None)

    def fail(*_: object) -> None:
        raise StoreError("no room left")

    with pytest.raises(StoreError):
        house.store.inbox.receive_all([*receipts, broken], replace(JUDGE, decide=fail))  # type: ignore[arg-type]
    assert house.dump() == before
    assert all(each.attempt_id is not None for each in house.store.inbox.receive_all(receipts, JUDGE))
