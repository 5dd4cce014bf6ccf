"""What every way to an operator has in common: how long it waits, how much it takes, how its state is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.routes.http.profile import Action as HttpAction
from smsd.routes.http.settings import Timings as HttpTimings
from smsd.routes.operator import REFUSALS, OperatorRoute, Patience
from smsd.routes.smpp.settings import Action as SmppAction
from smsd.routes.smpp.settings import Timings as SmppTimings
from smsd.rules.routing import Block
from smsd.sms import Outcome, Received, Verdict


class House:
    """Hears whose state changed."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def received(self, received: Received) -> None:
        """Take nothing."""

    async def settled(self, attempt_id: int, outcome: Outcome) -> None:
        """Take nothing."""

    def changed(self, route: str) -> None:
        """Hear of it."""
        self.heard.append(route)


class Way(OperatorRoute):
    """A route that speaks nothing, in a house that listens."""

    def __init__(self, *, rate: float = 0.0, window: int = 10) -> None:
        super().__init__(
            "operator", "SCSERV", rate=rate, window=window, patience=Patience(),
            clock=lambda: 100.0, chance=lambda: 0.5, began=("stopped", "not started"),
        )  # fmt: skip
        self.house = House()
        self._inbound = self.house


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_wait_grows_twofold_up_to_its_most_and_chance_takes_half_at_most(failures: int, chance: float) -> None:
    patience = Patience(retry=1.0, retry_most=60.0)
    whole = min(60.0, 2.0 ** min(max(failures - 1, 0), 30))
    assert whole / 2 <= patience.before(failures, chance) <= whole


async def test_a_state_is_told_once() -> None:
    way = Way()
    way._become("ready", "")
    way._become("ready", "")
    way._become("away", "gone")
    assert way._state == ("away", "gone")
    assert way.house.heard == ["operator", "operator"]


async def test_what_is_free_is_the_smaller_of_window_and_pace() -> None:
    assert Way()._free == 10
    slow = Way(rate=10.0)
    assert slow._free == 2
    async with slow._gate:
        assert slow._free == 1
    slow._in_hand = 10
    assert slow._free == 0


@pytest.mark.parametrize("timings", [SmppTimings, HttpTimings])
def test_both_ways_are_patient(timings: type[Patience]) -> None:
    assert timings().settle_after < timings().retry_most
    assert timings(refused=1.0).refused == 1.0


def test_a_refusal_means_the_same_in_every_protocol() -> None:
    assert REFUSALS.keys() == set(Block)
    assert set(Block) <= set(SmppAction) & set(HttpAction)
    assert {block for block, (verdict, _) in REFUSALS.items() if verdict is not Verdict.NEVER} == {Block.ROUTE}
