"""smpp.twisted3, the engine of a well-known gateway, as the service centre that our bind talks to."""

import importlib.util
import sys
from pathlib import Path

import pytest

from smsd.sms import ReportClass, Sent
from tests.interop.centre import CLIENT, EMOJI, LATIN, SINGLE, THREE_PARTS, bound, parts, running
from tests.routes.house import Ledger

pytestmark = pytest.mark.interop

SCRIPT = Path(__file__).with_name("smsc_twisted.py")


@pytest.fixture(scope="module", autouse=True)
def needed() -> None:
    """Skip where the packages are not installed, by name."""
    wanted = {
        "smpp": "smpp.twisted3 smpp.pdu3", "twisted": "Twisted", "OpenSSL": "pyOpenSSL",
        "service_identity": "service_identity",
    }  # fmt: skip
    missing = " ".join(package for name, package in wanted.items() if importlib.util.find_spec(name) is None)
    if missing:
        pytest.skip(f"needs {missing} (pip install {missing})")


@pytest.mark.parametrize(
    ("text", "coding"),
    [(SINGLE, "UCS2"), (THREE_PARTS, "UCS2"), (EMOJI, "UCS2"), (LATIN, "SMSC_DEFAULT_ALPHABET")],
    ids=["single", "three parts", "emoji at the seam", "latin"],
)
async def test_it_reads_what_was_meant_and_its_receipts_are_read(text: str, coding: str) -> None:
    """Sender, type, coding, header and text of each part; every part is reported delivered."""
    ledger = Ledger()
    async with running(sys.executable, str(SCRIPT)) as centre, bound(centre, ledger) as route:
        submits = parts(text)
        ends = [await route.submit(submit) for submit in submits]
        read = [await centre.read() for _ in submits]
        await ledger.until(lambda: len(ledger.reports) == len(submits))
    assert all(isinstance(end, Sent) for end in ends)
    assert "".join(each["text"] for each in read) == text, "no part ends within a character"
    for number, each in enumerate(read, 1):
        assert (each["sender"], each["ton"], each["npi"]) == ("SCSERV", "ALPHANUMERIC", "UNKNOWN")
        assert (each["recipient"], each["coding"], each["mark"]) == (CLIENT[1:], coding, number)
        assert each["udh"] == (f"0500035a{len(submits):02x}{number:02x}" if len(submits) > 1 else None)
    assert {report.reference for report in ledger.reports} == {end.reference for end in ends if isinstance(end, Sent)}
    assert {report.report_class for report in ledger.reports} == {ReportClass.DELIVERED}
