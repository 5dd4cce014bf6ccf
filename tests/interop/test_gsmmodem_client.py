"""python-gsmmodem-new, the library this project was first asked to use, as a client of the simulated modem."""

import queue
import warnings
from pathlib import Path
from typing import Any

import pytest

from smsd.simulator import Simulator
from tests.interop.conftest import CLIENT

pytestmark = pytest.mark.interop

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    modem = pytest.importorskip("gsmmodem.modem", reason="needs python-gsmmodem-new (pip install python-gsmmodem-new)")


def test_gsmmodem_connects_sends_and_receives(tmp_path: Path) -> None:
    """It finds the modem, is told of an incoming message, and its own comes to the phone."""
    # It begins to wait for a report when it has sent: one that is there by then it misses.
    with Simulator(tmp_path / "modem", "--report-delay", "5") as simulator:
        _talk(simulator)


def _talk(simulator: Simulator) -> None:
    received: queue.Queue[Any] = queue.Queue()
    client = modem.GsmModem(str(simulator.link), 115200, smsReceivedCallbackFunc=received.put)
    client.connect()
    try:
        assert client.imei == "860000000000017"
        # In turn, not at once: it loses a +CMTI that comes while it waits for an answer.
        simulator.ask("text", CLIENT, "CLIENT info")
        message = received.get(timeout=60)
        assert (message.number, message.text) == (CLIENT, "CLIENT info")
        sent = client.sendSms(CLIENT, "Ответ библиотеки", waitForDeliveryReport=True, deliveryTimeout=60)
        (shown,) = simulator.ask("wait", CLIENT, 1, 60)
        assert shown["text"] == "Ответ библиотеки"
        assert sent.report.deliveryStatus == 0
    finally:
        client.close()
