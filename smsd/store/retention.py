"""What is over is forgotten after its time: a handful of rows a transaction, so that nobody waits for it."""

from smsd.store.engine import Engine

__all__ = ["forget_inbox", "forget_outbox"]


def forget_outbox(engine: Engine, before: float, limit: int = 100) -> int:
    """Delete messages at rest that were made before a moment (Unix seconds), with all that is known of them.

    Returns how many; as many as ``limit`` mean that more may wait.
    """
    with engine.write() as tx:
        rows = tx.all("old_messages", before=before, limit=limit)
        for row in rows:
            for step in ("forget_reports", "forget_attempts", "forget_parts", "forget_order", "forget_message"):
                tx.run(step, id=row["id"])
        return len(rows)


def forget_inbox(engine: Engine, before: float, limit: int = 100) -> int:
    """Delete what came in before a moment (Unix seconds), its octets and its request; return how many messages."""
    with engine.write() as tx:
        rows = tx.all("old_inbox", before=before, limit=limit)
        for row in rows:
            for step in ("forget_pdus", "forget_request_of_messages", "forget_requests", "forget_inbox"):
                tx.run(step, id=row["id"])
        tx.run("forget_old_reports", before=before)
        tx.run("release_old_report_pdus", before=before)
        tx.run("forget_old_report_pdus", before=before)
        return len(rows)
