"""The outbox against a small model of it, through every order of events that a machine can think of.

The model is what a person would keep on paper: for each message its attempts, and what is known of each. It does not
repeat the store's steps; after every step it asks whether what the store says can be true.
"""

import contextlib
import shutil
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from smsd.errors import UsageError
from smsd.rules.outbox import FINAL, OBEYS_OPT_OUT, PRIORITY, WAITING, MessageClass, PartState, State
from smsd.sms import InDoubt, NotSent, Outcome, ReportClass, Sent, Verdict
from smsd.store import Claim
from smsd.store.clients import Client
from tests.store.house import OTHER, PHONE, House, claimant, delivered, new

MEMORY = Path("/dev/shm")
ROUTES = ("modem0", "modem1", "http0")
WHOLE = frozenset({"http0"})
"""Routes that take messages as a whole."""
WRAP = 4
"""References return after so few parts here, so that a short run sees what 256 parts bring."""


@dataclass
class Paper:
    """What is known of one message."""

    message_class: MessageClass
    sent: set[int] = field(default_factory=set)
    """Parts known to have left since a person last had the message sent again."""


class OutboxMachine(RuleBasedStateMachine):
    """Everything that may befall the outbox, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.house = House(self.directory)
        self.papers: dict[int, Paper] = {}
        self.air: dict[str, Claim] = {}
        self.late: dict[int, Claim] = {}
        self.ended: dict[int, str] = {}
        self.references: dict[str, int] = defaultdict(int)
        self.opted_out: set[str] = set()

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.house.store.close()
        shutil.rmtree(self.directory)

    @property
    def outbox(self) -> Any:
        """The outbox of the store as it is open now."""
        return self.house.store.outbox

    @initialize()
    def start(self) -> None:
        """Begin with one message, so that there is something to do."""
        for message_class in (MessageClass.ACK, MessageClass.MANUAL):
            self.papers[self.house.queue(message_class, parts=2)] = Paper(message_class)

    # --- what comes in ------------------------------------------------------------------------------------------------

    @rule(
        message_class=st.sampled_from(MessageClass),
        parts=st.integers(1, 3),
        recipient=st.sampled_from((PHONE, OTHER)),
        sealed=st.booleans(),
        lasts=st.none() | st.sampled_from((0.0, 30.0, 1000.0)),
        waits=st.sampled_from((0.0, 0.0, 60.0)),
        key=st.none() | st.sampled_from("ab"),
    )
    def enqueue(
        self,
        message_class: MessageClass,
        parts: int,
        recipient: str,
        sealed: bool,
        lasts: float | None,
        waits: float,
        key: str | None,
    ) -> None:
        """Queue a message: a repeat with the same key adds nothing."""
        body: dict[str, Any] = {"sealed": b"sealed"} if sealed else {"text": "text"}
        now = self.house.now
        message_id, fresh = self.outbox.enqueue(
            new(
                message_class,
                recipient=recipient,
                parts=parts,
                due_at=now + waits,
                expires_at=None if lasts is None else now + lasts,
                key=key,
                **body,
            )
        )
        assert fresh == (message_id not in self.papers)
        if fresh:
            self.papers[message_id] = Paper(message_class)

    @rule(phone=st.sampled_from((PHONE, OTHER)))
    def opt_out(self, phone: str) -> None:
        """A number wants no more notifications and alerts."""
        self.house.store.clients.put([Client(phone, "1", "login", None, subscribed=False)], cause="test")
        self.opted_out.add(phone)

    # --- what goes out ------------------------------------------------------------------------------------------------

    @rule(route=st.sampled_from(ROUTES), in_step=st.booleans())
    def claim(self, route: str, in_step: bool) -> None:
        """A route asks for work, with nothing in its hands."""
        if route in self.air:
            return
        before = self.messages()
        now = self.house.now
        due = [row for row in before.values() if row["due_at"] is not None and row["due_at"] <= now]
        due = [row for row in due if row["route"] in (None, route)]
        witness = {"smss": self.references[route], "in_step": True} if in_step else {}
        claims = self.outbox.claim(claimant(route, sim=f"sim of {route}", witness=witness, whole=route in WHOLE))
        if not claims:
            after = self.messages()
            assert all(after[row["id"]]["state"] in ("expired", "suppressed") for row in due)
            return
        [claim] = claims
        paper = self.papers[claim.message_id]
        row = before[claim.message_id]
        assert row["id"] in {each["id"] for each in due}
        assert row["expires_at"] is None or row["expires_at"] > now
        assert not (paper.message_class in OBEYS_OPT_OUT and claim.recipient in self.opted_out)
        assert claim.whole == (route in WHOLE and claim.parts > 1)
        assert not parts_of(claim) <= paper.sent, "what is known to have left is sent again"
        assert claim.message_id not in {other.message_id for other in self.air.values()}, "two parts are in the air"
        after = self.messages()
        for better in due:
            if PRIORITY[MessageClass(better["class"])] < PRIORITY[paper.message_class]:
                assert after[better["id"]]["state"] in ("expired", "suppressed"), "a better class had to wait"
        self.air[route] = claim

    @precondition(lambda self: self.air)
    @rule(data=st.data(), verdict=st.sampled_from([*Verdict, "sent", "sent", "sent", "doubt", "doubt"]))
    def answer(self, data: st.DataObject, verdict: Verdict | str) -> None:
        """The answer comes, or it is known that none will."""
        self.finish(data.draw(st.sampled_from(sorted(self.air))), verdict)

    def finish(self, route: str, verdict: Verdict | str) -> None:
        """Bring what a route has in the air to an end."""
        claim = self.air.pop(route)
        self.end(route, claim, verdict)
        if verdict == "doubt" and claim.attempt_id not in self.ended:
            self.late[claim.attempt_id] = claim

    @rule(route=st.sampled_from(ROUTES), by_policy=st.booleans(), again=st.booleans())
    def doubt_and_send_again(self, route: str, by_policy: bool, again: bool) -> None:
        """A part is doubted and sent again, by policy or by a person: chance alone would seldom come so far."""
        self.claim(route, in_step=False)
        if route not in self.air:
            return
        claim = self.air[route]
        self.finish(route, "doubt")
        if by_policy:
            self.policy(route)
        else:
            self.try_again(claim.message_id)
        if again:
            self.claim(route, in_step=False)

    @rule(route=st.sampled_from(ROUTES), verdict=st.sampled_from([*Verdict, "sent", "doubt"]))
    def withdraw_in_the_air(self, route: str, verdict: Verdict | str) -> None:
        """A person withdraws a message whose part is in the air; that ends as it will."""
        self.claim(route, in_step=False)
        if route in self.air:
            with contextlib.suppress(UsageError):
                self.outbox.cancel(self.air[route].message_id)
            self.finish(route, verdict)

    @precondition(lambda self: self.late)
    @rule(data=st.data(), verdict=st.sampled_from(["sent", "evidence", *Verdict]))
    def answer_late(self, data: st.DataObject, verdict: Verdict | str) -> None:
        """A doubt is settled after all: by the modem's late answer, or by evidence."""
        attempt_id = data.draw(st.sampled_from(sorted(self.late)))
        claim = self.late.pop(attempt_id)
        self.end(self.route_of(attempt_id), claim, verdict)

    def end(self, route: str, claim: Claim, verdict: Verdict | str) -> None:
        """Record an end, and note on paper what is known then. What ended already does not end again."""
        outcome: Outcome
        match verdict:
            case "sent":
                outcome = Sent(self.draw_reference(route))
            case "doubt":
                outcome = InDoubt("no answer")
            case "evidence":
                outcome = NotSent(Verdict.SOON, "EF_SMSS", "unchanged", evidence="EF_SMSS")
            case Verdict():
                outcome = NotSent(verdict, "CMS 38", "refused")
            case _:
                raise AssertionError(verdict)
        self.outbox.record([(claim.attempt_id, outcome)])
        if isinstance(outcome, InDoubt) or claim.attempt_id in self.ended:
            return
        self.ended[claim.attempt_id] = "sent" if isinstance(outcome, Sent) else "not_sent"
        if isinstance(outcome, Sent):
            self.papers[claim.message_id].sent |= parts_of(claim)

    def draw_reference(self, route: str) -> str:
        """Return the next reference of a route."""
        self.references[route] = (self.references[route] + 1) % WRAP
        return str(self.references[route])

    @rule()
    def crash(self) -> None:
        """The process is killed and starts again: what was in the air is in doubt, and the modem may still answer."""
        orphans = self.house.crash()
        open_before = [claim for claim in self.air.values() if claim.attempt_id not in self.ended]
        assert orphans == len(open_before)
        self.late |= {claim.attempt_id: claim for claim in open_before}
        self.air.clear()

    # --- what the network says ----------------------------------------------------------------------------------------

    @rule(
        route=st.sampled_from(ROUTES),
        reference=st.integers(0, WRAP - 1),
        recipient=st.sampled_from((PHONE, OTHER)),
        report_class=st.sampled_from(ReportClass),
        ago=st.none() | st.sampled_from((0.0, 5.0, 300.0, 5000.0)),
    )
    def report(self, route: str, reference: int, recipient: str, report_class: ReportClass, ago: float | None) -> None:
        """A report comes, of whatever it may be."""
        submitted_at = None if ago is None else self.house.now - ago
        receipt = self.house.receive(
            delivered(str(reference), submitted_at=submitted_at, recipient=recipient, report_class=report_class),
            route=route,
            sim=f"sim of {route}",
        )
        if receipt.attempt_id is None:
            return
        [(message_id, part, outcome, parts)] = self.house.rows(
            "SELECT message_id, sequence, outcome, parts FROM attempt JOIN message ON message.id = message_id "
            "WHERE attempt.id = ?",
            receipt.attempt_id,
        )
        assert outcome == "sent"
        told = {part} if part else set(range(1, parts + 1))
        if receipt.attempt_id not in self.ended:
            self.ended[receipt.attempt_id] = "sent"
            self.papers[message_id].sent |= told
        elif report_class is ReportClass.DELIVERED:
            self.papers[message_id].sent |= told

    # --- what people and time do --------------------------------------------------------------------------------------

    @rule(route=st.sampled_from(ROUTES))
    def policy(self, route: str) -> None:
        """What no evidence settled is done with as its class says."""
        for doubt in self.outbox.doubts(route):
            self.outbox.apply_policy(doubt.attempt_id)

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        """A person has a message sent again."""
        self.try_again(data.draw(st.sampled_from(sorted(self.papers))))

    def try_again(self, message_id: int) -> None:
        """Have a message sent again, where that may be."""
        with contextlib.suppress(UsageError):
            self.outbox.retry(message_id)
            self.papers[message_id].sent.clear()

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """A person withdraws a message."""
        message_id = data.draw(st.sampled_from(sorted(self.papers)))
        with contextlib.suppress(UsageError):
            self.outbox.cancel(message_id)

    @rule()
    def expire(self) -> None:
        """What is past its deadline comes to rest."""
        self.outbox.expire()

    @rule(seconds=st.sampled_from((1.0, 10.0, 61.0, 4000.0, 90000.0)))
    def time_passes(self, seconds: float) -> None:
        """Time passes."""
        self.house.now += seconds
        self.outbox.wipe_submitted(timedelta(days=1))

    # --- what is true at any time -------------------------------------------------------------------------------------

    def messages(self) -> dict[int, dict[str, Any]]:
        """Return all messages by their ids."""
        return {row["id"]: row for row in self.outbox.recent(limit=0)}

    def route_of(self, attempt_id: int) -> str:
        """Return the route of an attempt."""
        return str(self.house.rows("SELECT route FROM attempt WHERE id = ?", attempt_id)[0][0])

    @invariant()
    def states_and_due_times_agree(self) -> None:
        """What waits is due, what is in the air or at rest is not, and a secret is gone from what rests."""
        in_air = {row[0] for row in self.house.rows("SELECT message_id FROM attempt WHERE outcome IS NULL")}
        for message_id, row in self.messages().items():
            state = State(row["state"])
            if state in WAITING:
                assert (row["due_at"] is None) == (message_id in in_air), "stuck, or claimable while in the air"
            else:
                assert row["due_at"] is None
            if state in FINAL:
                assert not row["sealed"]

    @invariant()
    def at_most_one_attempt_is_in_the_air(self) -> None:
        """No message has two attempts without an end."""
        doubled = self.house.rows(
            "SELECT message_id FROM attempt WHERE outcome IS NULL GROUP BY message_id HAVING count(*) > 1"
        )
        assert doubled == []

    @invariant()
    def ends_stay(self) -> None:
        """An attempt that ended as sent or not sent ends so for good, and what is neither is open or in doubt."""
        outcomes = dict(self.house.rows("SELECT id, outcome FROM attempt"))
        flying = {claim.attempt_id for claim in self.air.values()}
        for attempt_id, outcome in outcomes.items():
            if attempt_id in self.ended:
                assert outcome == self.ended[attempt_id]
            else:
                assert outcome == (None if attempt_id in flying else "in_doubt")

    @invariant()
    def parts_agree_with_attempts(self) -> None:
        """A part is in the air or in doubt only when its newest attempt is."""
        newest = self.house.rows(
            "SELECT part.state, attempt.outcome FROM part JOIN attempt ON attempt.id = (SELECT max(id) FROM attempt "
            "WHERE attempt.message_id = part.message_id AND attempt.sequence IN (0, part.sequence))"
        )
        for state, outcome in newest:
            assert state != PartState.IN_AIR or outcome is None
            assert state != PartState.IN_DOUBT or outcome == "in_doubt"

    @invariant()
    def nothing_circles(self) -> None:
        """When a part is said to be due for an idle route, asking for it changes something."""
        for route in ROUTES:
            due_at = self.outbox.next_due(route)
            waiting = [row for row in self.messages().values() if row["route"] in (None, route)]
            assert due_at == min((row["due_at"] for row in waiting if row["due_at"] is not None), default=None)


def parts_of(claim: Claim) -> set[int]:
    """Return the parts that a claim stands for."""
    return set(range(1, claim.parts + 1)) if claim.whole else {claim.part}


TestOutbox = OutboxMachine.TestCase
TestOutbox.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
TestOutbox.pytestmark = [pytest.mark.timeout(300)]  # type: ignore[attr-defined]
