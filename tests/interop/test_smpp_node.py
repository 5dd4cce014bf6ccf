"""node's smpp as the service centre that our bind talks to."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

from smsd.sms import ReportClass, Sent
from tests.interop.centre import CLIENT, EMOJI, LATIN, SINGLE, THREE_PARTS, bound, parts, running
from tests.routes.house import Ledger

pytestmark = pytest.mark.interop

SCRIPT = Path(__file__).with_name("smsc_node.js")
PACKAGE = "smpp@0.5.1"
CACHE = Path(__file__).parents[2] / ".venv" / "node"


@pytest.fixture(scope="module")
def module() -> str:
    """Give the path of the package, fetched once; skip where that cannot be, by name."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs node and npm (apt-get install nodejs npm)")
    installed = CACHE / "node_modules" / "smpp"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two processes that test side by side the second finds it
        if not installed.exists():
            _fetch()
    return str(installed)


def _fetch() -> None:
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(CACHE), PACKAGE]
    fetched = subprocess.run(command, capture_output=True, timeout=100, check=False)
    if fetched.returncode:
        pytest.skip(f"needs {PACKAGE} (npm install --prefix {CACHE} {PACKAGE})")


@pytest.mark.parametrize(
    ("text", "coding"),
    [(SINGLE, 8), (THREE_PARTS, 8), (EMOJI, 8), (LATIN, 0)],
    ids=["single", "three parts", "emoji at the seam", "latin"],
)
async def test_it_reads_what_was_meant_and_its_receipts_are_read(module: str, text: str, coding: int) -> None:
    """Sender, type, coding, header and text of each part; every part is reported delivered."""
    ledger = Ledger()
    async with running("node", str(SCRIPT), module) as centre, bound(centre, ledger) as route:
        submits = parts(text)
        ends = [await route.submit(submit) for submit in submits]
        read = [await centre.read() for _ in submits]
        await ledger.until(lambda: len(ledger.reports) == len(submits))
    several = len(submits) > 1
    assert all(isinstance(end, Sent) for end in ends)
    assert "".join(each["text"] for each in read) == text, "no part ends within a character"
    for number, each in enumerate(read, 1):
        assert (each["sender"], each["ton"], each["npi"]) == ("SCSERV", 5, 0)
        assert (each["recipient"], each["coding"], each["mark"]) == (CLIENT[1:], coding, number)
        assert (each["esm_class"], each["udh"]) == (
            (0x40, f"00035a{len(submits):02x}{number:02x}") if several else (0, None)
        )
    assert {report.reference for report in ledger.reports} == {end.reference for end in ends if isinstance(end, Sent)}
    assert {report.report_class for report in ledger.reports} == {ReportClass.DELIVERED}
