"""What is over is forgotten after its time: a handful of rows a transaction, so that nobody waits for it.

Knows which rows belong together. A table is walked through in the order of its ids, a window at a time; a window in
which nothing is old enough is only read. Refuses to know how long anything is kept: moments are handed in.

Where a crash leaves it: each batch goes whole or not at all, and the next sweep begins at the first row again.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from smsd.store.engine import Engine, Transaction

__all__ = ["Retention", "Swept"]

WINDOW = 2000
"""Rows looked at in one step."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one step did: rows forgotten, and the id to go on after; ``None``: there is nothing older left."""

    gone: int
    cursor: int | None


class Retention:
    """Forgets what one store need not keep. ``limit`` is how many things go in one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def outbox(self, before: Mapping[str, float], after: int, limit: int) -> Swept:
        """Forget messages at rest, by class, that were made before a moment (Unix seconds), attempts and all."""
        steps = ("forget_reports", "forget_attempts", "forget_parts", "forget_order", "forget_messages")
        return self._step("message_window", "old_messages", steps, before, after, limit)

    def inbox(self, before: Mapping[str, float], after: int, limit: int) -> Swept:
        """Forget what came in, by state, before a moment, with its octets and its request."""
        steps = ("forget_pdus", "forget_request_of_messages", "forget_requests", "forget_inbox")
        return self._step("inbox_window", "old_inbox", steps, before, after, limit)

    def octets(self, before: float, after: int, limit: int) -> Swept:
        """Forget the octets that came before a moment. Their digest stays: the same PDU again is no new message."""
        steps = ("forget_unmatched_reports", "release_report_pdus", "forget_report_pdus", "wipe_pdus")
        return self._step("pdu_window", "old_pdus", steps, {"octets": before}, after, limit)

    def audit(self, before: float, after: int, limit: int) -> Swept:
        """Forget what admins did before a moment."""
        return self._step("audit_window", "old_audit", ("forget_audit",), {"audit": before}, after, limit)

    def _step(
        self, window: str, old: str, steps: tuple[str, ...], before: Mapping[str, float], after: int, limit: int
    ) -> Swept:
        if not before:
            return Swept(0, None)
        with self._engine.read() as tx:
            seen = tx.one(window, after=after, window=WINDOW)
            if not seen["count"] or seen["oldest"] >= max(before.values()):
                return Swept(0, None)
            bounds = {"after": after, "until": seen["last"], "before": json.dumps(dict(before)), "limit": limit}
            if not _ids(tx, old, bounds):
                return Swept(0, int(seen["last"]))
        # Looked for again where it is deleted: a person may have had a message sent again meanwhile.
        with self._engine.write() as tx:
            ids = _ids(tx, old, bounds)
            for step in steps:
                tx.run(step, ids=json.dumps(ids), nothing=b"")
        return Swept(len(ids), ids[-1] if len(ids) == limit else int(seen["last"]))


Step = Callable[[int, int], Swept]
"""One step of a sweep: the id to go on after, and how many things at most."""


def _ids(tx: Transaction, old: str, bounds: Mapping[str, Any]) -> list[int]:
    return [int(row["id"]) for row in tx.all(old, **bounds)]
