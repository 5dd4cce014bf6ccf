"""What goes out in one life of a modem, by a clock that a test turns."""

from typing import Any, cast

from smsd.routes.modem.outgoing import Outgoing
from smsd.routes.modem.timings import Timings


async def test_messages_that_keep_coming_hold_an_answer_back_no_longer_than_one_does() -> None:
    """Each is announced before the one before it is brought in: the next part waits from the first of them."""
    now, nobody = 100.0, cast("Any", None)
    outgoing = Outgoing(
        "modem0", nobody, Timings(), lambda: now,
        evidence=nobody, network=nobody, recovery=nobody, agenda=nobody, leftovers=nobody,
        tell=lambda: None, changed=lambda: None,
    )  # fmt: skip
    now += 60
    began = now
    while not outgoing.announced or outgoing.waits:
        outgoing.announce()
        now += 0.5
        assert now - began <= Timings().announced
    outgoing.announced = None
    outgoing.announce()
    assert outgoing.waits, "what has been brought in is over: the next one is waited for again"
