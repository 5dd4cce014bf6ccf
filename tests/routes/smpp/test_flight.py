"""The end of a submit as its caller waits for it."""

import asyncio

from smsd.routes.pace import Departure
from smsd.routes.smpp.flight import Flight, over
from smsd.sms import InDoubt, Outcome, Sent


async def test_given_up_it_is_in_doubt_at_once() -> None:
    flight = Flight(Departure(1.0))
    assert flight.cancel()
    assert isinstance(flight.result(), InDoubt)


async def test_an_end_that_is_known_stays() -> None:
    flight = Flight(Departure(1.0))
    flight.set_result(Sent("17"))
    assert not flight.cancel()
    assert await flight == Sent("17")
    assert await over(Sent("18")) == Sent("18")


async def test_whoever_waits_is_told_and_not_cancelled() -> None:
    flight = Flight(Departure(1.0))

    async def wait() -> Outcome:
        return await flight

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    assert isinstance(await waiting, InDoubt)
