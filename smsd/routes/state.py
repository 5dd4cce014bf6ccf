"""How a route is, in a word and a sentence, and that whoever runs it hears when that changes.

Refuses to know what words there are and what brings a route from one into another: that is the route's own.
"""

import structlog

from smsd.routes import Inbound

__all__ = ["StatedRoute"]

log = structlog.get_logger()


class StatedRoute:
    """What every route begins with: a name and a state. ``began`` is its state before it runs, and the detail."""

    def __init__(self, name: str, began: tuple[str, str]) -> None:
        self.name = name
        self._inbound: Inbound | None = None
        self._state = began

    def _become(self, state: str, detail: str) -> None:
        """Be in a state, and let it be known."""
        if (state, detail) == self._state:
            return
        changed, self._state = state != self._state[0], (state, detail)
        if changed:
            log.info("route_state", route=self.name, state=state, detail=detail)
        self._changed()

    def _changed(self) -> None:
        """Let it be known that the state is another, or that the route is free for work."""
        if self._inbound is not None:
            self._inbound.changed(self.name)
