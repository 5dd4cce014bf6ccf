"""A windowful in one statement leaves in the tables what one message after another leaves."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsd.rules.outbox import MessageClass
from smsd.rules.routing import Block
from smsd.sms import InDoubt, NotSent, Outcome, ReportClass, Sent, Verdict
from smsd.store import Claim, Claimant, Diversion, NewMessage
from smsd.store.claims import Ways
from tests.store.house import OTHER, PHONE, House, delivered, new

MEMORY = Path("/dev/shm")
BY_THE_SIM = Ways(lambda *_: Diversion("modem0", "refused"), lambda *_: None)
BIND = Claimant("operator", "SCSERV", None, {"bind": "operator"})


def messages() -> st.SearchStrategy[NewMessage]:
    """Make messages of every kind; most are plain."""
    plain = st.builds(
        new, st.sampled_from(MessageClass), recipient=st.sampled_from((PHONE, OTHER, "+79160000003")), parts=st.just(1)
    )
    odd = st.builds(
        new,
        st.sampled_from(MessageClass),
        recipient=st.sampled_from((PHONE, OTHER)),
        parts=st.integers(1, 3),
        sealed=st.just(b"sealed"),
        expires_at=st.sampled_from((None, 1.0)),
    )
    return st.one_of(plain, plain, plain, odd)


REFERENCES = st.sampled_from(("1", "2", "0A", "10", "ABCD", "", "12345", "ы", "a\nb"))
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Sent, REFERENCES),
    st.builds(Sent, REFERENCES, st.just("late answer")),
    st.builds(Sent, REFERENCES),
    st.sampled_from(
        (
            InDoubt("no answer came in time"),
            NotSent(Verdict.ROUTE, "SMPP 0x58", "throttled"),
            NotSent(Verdict.SOON, "SMPP 0x64", ""),
            NotSent(Verdict.NEVER, "SMPP 0x0A", "sender", refused=Block.SENDER),
        )
    ),
)
Meanwhile = tuple[str, int]
MEANWHILE = st.tuples(st.sampled_from(("cancel", "report", "divert", "nothing", "nothing")), st.integers(0, 9))


@contextmanager
def houses() -> Iterator[tuple[House, House]]:
    """Open two stores."""
    directory = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    both = []
    for name in ("windows", "singly"):
        (directory / name).mkdir()
        both.append(House(directory / name))
    try:
        yield both[0], both[1]
    finally:
        for house in both:
            house.store.close()
        shutil.rmtree(directory)


def befall(house: House, claims: list[Claim], what: str, which: int) -> None:
    """Let something happen to one of those in the air."""
    if not claims or what == "nothing":
        return
    claim = claims[which % len(claims)]
    if what == "cancel":
        house.store.outbox.cancel(claim.message_id)
    elif what == "report":
        report = delivered("10", submitted_at=None, recipient=claim.recipient, report_class=ReportClass.DELIVERED)
        house.receive(replace(report), route="operator", sim=None, octets=b"%d" % which)
    else:
        with house.store.engine.write() as tx:
            tx.run("message_divert_later", id=claim.message_id, route="modem0", reason="a test", stands_in=0)


def singly(house: House, ended: list[tuple[int, Outcome]], room: int) -> list[Claim]:
    """Exchange one after another."""
    for each in ended:
        house.store.outbox.exchange([each], BIND, 0)
    return [claim for _ in range(room) for claim in house.store.outbox.claim(BIND, limit=1)]


def without_order(house: House) -> list[str]:
    """Return what the database holds; statistics of AUTOINCREMENT included."""
    return sorted(house.dump())


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(messages(), min_size=2, max_size=12),
    st.lists(st.tuples(st.lists(OUTCOMES, min_size=12, max_size=12), MEANWHILE, st.integers(1, 12)), max_size=4),
)
def test_a_windowful_leaves_what_one_after_another_leaves(
    queued: list[NewMessage], turns: list[tuple[list[Outcome], Meanwhile, int]]
) -> None:
    with houses() as (windows, alone):
        for house in (windows, alone):
            house.store.clients.heed_stop(OTHER, "test")
            house.store.outbox.ways = BY_THE_SIM
            house.store.outbox.enqueue_all(queued)
        claims = [windows.store.outbox.claim(BIND, limit=6), singly(alone, [], 6)]
        assert claims[0] == claims[1]
        for outcomes, (what, which), room in turns:
            for house in (windows, alone):
                befall(house, claims[0], what, which)
            ended = [(claim.attempt_id, outcome) for claim, outcome in zip(claims[0], outcomes, strict=False)]
            singly(alone, list(ended), 0)
            claims = [windows.store.outbox.exchange(ended, BIND, room), singly(alone, [], room)]
            assert claims[0] == claims[1]
            assert without_order(windows) == without_order(alone)


def test_the_window_is_claimed_in_the_order_it_was_queued(house: House) -> None:
    ids = [house.queue() for _ in range(20)]
    claims = house.store.outbox.claim(BIND, limit=20)
    assert [claim.message_id for claim in claims] == ids
    assert [claim.attempt_id for claim in claims] == sorted(claim.attempt_id for claim in claims)


def test_a_window_takes_a_handful_of_statements(house: House) -> None:
    """However many messages it is of."""
    for _ in range(100):
        house.queue(MessageClass.NOTIFICATION)
    claims = house.store.outbox.claim(BIND, limit=50)
    statements: list[str] = []
    house.store.engine._connection.set_trace_callback(statements.append)
    ended = [(claim.attempt_id, Sent(f"{claim.attempt_id:X}")) for claim in claims]
    assert len(house.store.outbox.exchange(ended, BIND, 50)) == 50
    house.store.engine._connection.set_trace_callback(None)
    assert len([each for each in statements if not each.startswith("--")]) < 20


def test_an_acceptance_without_an_id_is_recorded_while_a_report_waits(house: House) -> None:
    """Some service centres give none."""
    house.receive(delivered("4711", submitted_at=None), route="operator", sim=None)
    message_id = house.queue()
    [claim] = house.store.outbox.claim(BIND)
    house.store.outbox.record([(claim.attempt_id, Sent(""))])
    assert house.state(message_id) == "submitted"


def test_acknowledgements_of_a_window_release_their_results(house: House) -> None:
    for phone in (PHONE, OTHER):
        ack = house.queue(MessageClass.ACK, recipient=phone)
        house.queue(MessageClass.RESULT, recipient=phone, after_id=ack, due_at=house.now + 100)
    acks = house.store.outbox.claim(BIND, limit=4)
    assert [claim.message_class for claim in acks] == [MessageClass.ACK] * 2
    ended = [(claim.attempt_id, Sent(str(claim.attempt_id))) for claim in acks]
    results = house.store.outbox.exchange(ended, BIND, 4)
    assert [claim.message_class for claim in results] == [MessageClass.RESULT] * 2
