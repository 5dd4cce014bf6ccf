"""python-gsmmodem-new, the library this project was first asked to use, as a client of the simulated modem."""

import queue
import warnings
from typing import Any

import pytest

from smsd.simulator import Simulator
from tests.interop.conftest import CLIENT

pytestmark = pytest.mark.interop

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    modem = pytest.importorskip("gsmmodem.modem", reason="needs python-gsmmodem-new (pip install python-gsmmodem-new)")


def test_gsmmodem_connects_sends_and_receives(simulator: Simulator) -> None:
    """It finds the modem, is told of an incoming message, and its own comes to the phone."""
    received: queue.Queue[Any] = queue.Queue()
    client = modem.GsmModem(str(simulator.link), 115200, smsReceivedCallbackFunc=received.put)
    client.connect()
    try:
        assert client.imei == "860000000000017"
        # In turn, not at once: it loses a +CMTI that comes while it waits for an answer.
        simulator.ask("text", CLIENT, "CLIENT info")
        message = received.get(timeout=10)
        assert (message.number, message.text) == (CLIENT, "CLIENT info")
        sent = client.sendSms(CLIENT, "Ответ библиотеки", waitForDeliveryReport=True, deliveryTimeout=10)
        (shown,) = simulator.ask("wait", CLIENT, 1)
        assert shown["text"] == "Ответ библиотеки"
        assert sent.report.deliveryStatus == 0
    finally:
        client.close()
