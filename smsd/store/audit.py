"""The audit trail: what people did through this program, written in the transaction that did it.

Knows who, what and about which number or row; never a text, a password or a whole number. Refuses to know how somebody
is known: his name is handed in. Rows are only added; there is no verb that changes or deletes one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from smsd.store.engine import Act, Engine, Row

__all__ = ["Act", "Audit"]


@dataclass(frozen=True, slots=True)
class Audit:
    """The trail of one store."""

    engine: Engine
    clock: Callable[[], float]

    def note(self, act: Act) -> None:
        """Write down what changes nothing here and must be known: that a password was shown, a backup taken."""
        with self.engine.write(noted=False) as tx:
            tx.run("audit_insert", at=self.clock(), who=act.who, what=act.what, about=act.about)

    def recent(self, *, limit: int) -> list[Row]:
        """List acts, newest first; ``limit`` 0: all of them."""
        with self.engine.read() as tx:
            return tx.all("audit_list", limit=limit or -1)
