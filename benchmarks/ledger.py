"""What was asked of the service, and whether it was done: the network's record compared with the store.

Knows every message that was queued and every command that was texted, because it queued and texted them. The simulated
network knows what it took and what phones showed; the store knows what it says. This file finds where the three differ:
*lost* (the store says it left and no phone got it, or a command without its answers), *doubled* (a part taken twice),
*in doubt* (shown as such), and whatever else should not be.
"""

import base64
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from benchmarks.rig import Rig, message, phone
from smsd.directory.local import seal_context
from smsd.rules.outbox import DOUBT_POLICY, DoubtPolicy, MessageClass
from smsd.rules.replies import Replies
from smsd.sms import segments
from smsd.store.clients import Client
from smsd.vault import PublicKey, seal

__all__ = ["Ledger", "Verdict"]

SENDERS = 1_000_000
COMMANDERS = 2_000_000
REGULARS = 3_000_000
REPLIES = Replies()
LEFT = ("submitted", "delivered")
GONE = ("undeliverable", "rejected", "failed", "expired", "suppressed", "cancelled")
EVIDENCE_SECONDS = 20.0
"""A doubt that is older and still open is a person's: evidence was asked for, and the class's policy applied."""
RESULT_WAITS_SECONDS = 99.0
"""A result waits so long for its acknowledgement, which the network may have refused, and no longer."""
COMMANDS = ("CLIENT info", "CLIENT sms stop", "CLIENT sms start")
Key = tuple[str, str, int, int]
"""One part: recipient, text, its number, how many there are."""


@dataclass(slots=True)
class Verdict:
    """What was found. ``broken`` holds a sentence for every broken promise."""

    messages: int = 0
    parts: int = 0
    commands: int = 0
    doubts: int = 0
    settled: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    doubled: int = 0
    doubled_unrecorded: int = 0
    resent: int = 0
    in_doubt: int = 0
    delivered: int = 0
    broken: list[str] = field(default_factory=list)

    def blame(self, sentence: str) -> None:
        """Note a broken promise."""
        self.broken.append(sentence)


@dataclass(frozen=True, slots=True)
class Texted:
    """What a phone texted: a command, or something that must be kept and not be answered."""

    phone: str
    text: str
    command: str | None
    password: str | None = None


class Ledger:
    """All that was asked of the daemon on one rig. ``chance`` decides what is asked.

    Where the SIM gives no evidence, doubts may stay, and doubles that were recorded as such are no breach.
    """

    def __init__(self, rig: Rig, chance: random.Random, *, doubt_may_stay: bool = False) -> None:
        self._rig = rig
        self._doubt_may_stay = doubt_may_stay
        self._chance = chance
        self._count = 0
        self.sent: dict[int, list[Key]] = {}
        self.texted: list[Texted] = []

    # --- asking -------------------------------------------------------------------------------------------------------

    def send(self, parts: int | None = None, message_class: MessageClass | None = None) -> int:
        """Queue one message of any class of one to three parts, to a phone of its own or to one of a few regulars."""
        self._count += 1
        chance = self._chance
        recipient = phone(REGULARS + chance.randrange(5)) if chance.random() < 0.3 else phone(SENDERS + self._count)
        # The number of the message stands in every part, so that no two parts of all are alike.
        text = f"№{self._count:05d} " * {1: 8, 2: 14, 3: 22}[parts or chance.choice((1, 1, 2, 3))]
        which = message_class or chance.choice([each for each in MessageClass if each not in ("ack", "result")])
        (message_id,) = self._rig.enqueue(message(recipient, text, which))
        self.sent[message_id] = keys(recipient, text)
        return message_id

    def text(self, *, command: bool | None = None) -> None:
        """Let a phone that never texted before text something: commands, long ones, and what is none."""
        chance = self._chance
        number = phone(COMMANDERS + len(self.texted))
        password = self._register(number) if chance.random() < 0.5 else None
        if command is False or (command is None and chance.random() < 0.2):
            said = Texted(number, f"Просто письмо {len(self.texted)}. " * chance.choice((1, 4, 9)), None)
        else:
            word = chance.choice(COMMANDS)
            padding = " " * chance.choice((0, 0, 170, 330))
            said = Texted(number, word + padding, word, password)
        self.texted.append(said)
        self._rig.ask("text", said.phone, said.text)

    def _register(self, number: str) -> str:
        public = self._rig.store.fact("public_key")
        if public is None:
            raise RuntimeError("the daemon has not published its public key")
        password = f"p{number[-5:]}"
        sealed = seal(PublicKey(base64.b64decode(public)), password, associated=seal_context(number))
        self._rig.store.clients.put([Client(number, number[-6:], f"u{number[-5:]}", sealed)], cause="crash test")
        return password

    # --- at rest ------------------------------------------------------------------------------------------------------

    def at_rest(self) -> bool:
        """Tell whether nothing more will happen by itself."""
        # In the order in which things move on, so that nothing slips past between two looks.
        store, rig = self._rig.store, self._rig
        if rig.ask("count")["waiting"] or any(rig.ask("sim")["memories"].values()) or store.requests.counts():
            return False
        if any(row["state"] != "in_doubt" for row in store.outbox.counts()):
            return False
        doubts = store.outbox.recent(limit=0, state="in_doubt")
        if doubts and not (self._doubt_may_stay and all(self._held(row["id"]) for row in doubts)):
            return False
        return not rig.ask("count")["in_air"]

    def _held(self, message_id: int) -> bool:
        """Tell whether a doubt is a person's to decide: by its class, or because it has been sent once more already."""
        shown = self._rig.store.outbox.show(message_id)
        if shown["attempt_list"][-1]["started_at"] > time.time() - EVIDENCE_SECONDS:
            return False
        if DOUBT_POLICY[MessageClass(shown["class"])] is DoubtPolicy.HOLD:
            return True
        return all(part["resent"] for part in shown["part_list"] if part["state"] == "in_doubt")

    # --- the verdict --------------------------------------------------------------------------------------------------

    def verdict(self) -> Verdict:
        """Compare."""
        found = Verdict(commands=sum(each.command is not None for each in self.texted))
        taken = self._rig.sent()
        counts = Counter((each["recipient"], each["text"], each["part"], each["total"]) for each in taken)
        found.parts = len(taken)
        expected: set[Key] = set()
        for row in self._rig.store.outbox.recent(limit=0):
            shown = self._rig.store.outbox.show(row["id"])
            wanted = self.sent.get(row["id"]) or self._wanted(shown)
            expected.update(wanted)
            self._judge_message(found, shown, wanted, counts)
        for message_id in self.sent:
            if message_id > found.messages:
                found.lost += 1
                found.blame(f"message {message_id}: its row is gone")
        found.broken += [f"nobody asked for {key} (taken {counts[key]} times)" for key in counts if key not in expected]
        self._judge_inbox(found, taken)
        return found

    def _wanted(self, shown: dict[str, Any]) -> list[Key]:
        """Return the parts of an answer: of a sealed one, its text is known from what was registered."""
        text = shown["text"]
        if text is None:
            (asked,) = [each for each in self.texted if each.phone == shown["recipient"]]
            number = asked.phone
            text = REPLIES.info(code=number[-6:], login=f"u{number[-5:]}", password=asked.password or "")
        return keys(shown["recipient"], text)

    def _judge_message(self, found: Verdict, shown: dict[str, Any], wanted: list[Key], counts: Counter[Key]) -> None:
        name, state = f"message {shown['id']} ({shown['class']}, {state_of(shown)})", shown["state"]
        found.messages += 1
        found.delivered += state == "delivered"
        found.in_doubt += state == "in_doubt"
        for attempt in shown["attempt_list"]:
            found.doubts += attempt["outcome"] in (None, "in_doubt") or attempt["evidence"] not in (None, "answer")
            found.settled[attempt["evidence"] or str(attempt["outcome"])] += 1
        parts = {part["sequence"]: part for part in shown["part_list"]}
        for key in wanted:
            count, part = counts[key], parts.get(key[2])
            if count == 0 and (state in LEFT or state in GONE or (part and part["state"] in ("sent", "delivered"))):
                found.lost += 1
                found.blame(f"{name}: part {key[2]} reached nobody")
            resent = part["resent"] if part else 0
            found.resent += resent
            if count > 1:
                found.doubled += 1
                recorded = resent >= count - 1 and DOUBT_POLICY[MessageClass(shown["class"])] is DoubtPolicy.RESEND_ONCE
                found.doubled_unrecorded += not recorded
                if not (self._doubt_may_stay and recorded):
                    found.blame(f"{name}: part {key[2]} was taken {count} times, {resent} times resent by policy")
        if state == "in_doubt" and not self._doubt_may_stay:
            found.blame(f"{name}: the doubt was never settled")
        if state in ("queued", "submitting") or state in GONE:
            found.blame(f"{name}: it should have left ({shown['error']})")

    def _judge_inbox(self, found: Verdict, taken: list[dict[str, Any]]) -> None:
        rows: dict[str, list[dict[str, Any]]] = {}
        for row in self._rig.store.inbox.recent(limit=0):
            rows.setdefault(row["sender"], []).append(row)
        numbers: dict[str, dict[bool, float]] = {}
        for part in taken:
            numbers.setdefault(part["recipient"], {}).setdefault(part["text"] == REPLIES.accepted, part["at"])
        for asked in self.texted:
            kept = rows.get(asked.phone, [])
            if len(kept) == 1:
                self._judge_answers(found, asked, kept[0], numbers.get(asked.phone, {}))
            else:
                found.lost += not kept
                found.blame(f"{asked.phone} texted once and is in the inbox {len(kept)} times")
        for memory, left in self._rig.ask("sim")["memories"].items():
            if left:
                found.blame(f"{len(left)} messages are left in {memory}")

    def _judge_answers(self, found: Verdict, asked: Texted, kept: dict[str, Any], first: dict[bool, float]) -> None:
        """Judge by the times at which the network took the first acknowledgement (True) and the first result."""
        if asked.command is None:
            if first or kept["text"] != asked.text:
                found.blame(f"{asked.phone} texted no command: answered, or not kept as it was")
        elif len(first) < 2:
            found.lost += 1
            missing = "result" if True in first else "acknowledgement"
            found.blame(f"{asked.phone} asked for {asked.command!r}: no {missing}")
        elif first[True] > first[False] and first[False] - kept["received_at"] < RESULT_WAITS_SECONDS:
            found.blame(f"{asked.phone}: the result came before its acknowledgement")


def keys(recipient: str, text: str) -> list[Key]:
    """Return the parts of a text as the network sees them."""
    parts = segments(text, 0)
    return [(recipient, each.text or "", place, len(parts)) for place, each in enumerate(parts, 1)]


def state_of(shown: dict[str, Any]) -> str:
    """Say a message's state with those of its parts."""
    return f"{shown['state']}: {', '.join(part['state'] for part in shown['part_list'])}"
