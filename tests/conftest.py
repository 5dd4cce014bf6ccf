"""What holds for every test: how examples are invented and judged, what is seen of the host, that Ctrl-C is heard.

The same examples every time: an example that nobody has seen before belongs to whoever searches for one (``make
search``), not to whoever made a change that has nothing to do with it.
"""

import os
import signal
import threading
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from smsd.speech import speak
from tests.steady import SteadyLoop

# How long an example takes, and the making of one, is the machine's business: it may be busy. A test that hangs ends by
# its own timeout.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", PATIENT, derandomize=True, database=None)
settings.register_profile("search", PATIENT, derandomize=False, max_examples=2000, print_blob=True)
SEARCHES = os.environ.get("SMSD_SEARCH") == "random"
settings.load_profile("search" if SEARCHES else "same")

if not SEARCHES:
    # It draws from the constants of whatever has been imported until then, which depends on the tests that this worker
    # ran before: with them the examples would be others every time in spite of `derandomize`.
    providers._get_local_constants = Constants

# What the host says of itself and of whoever works there is for those tests alone that say it themselves; a proxy is
# for what is far away.
for name in [*os.environ]:
    if name.startswith("LC_") or name in {
        "LANGUAGE", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "SUDO_USER", "SMSD_CONFIG", "CREDENTIALS_DIRECTORY",
        "RUNTIME_DIRECTORY", "JOURNAL_STREAM", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
    }:  # fmt: skip
        del os.environ[name]
os.environ["LANG"] = "C.UTF-8"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(
    filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"])
)

# What a script has started in the background ignores Ctrl-C, and so would every program that a test starts and ends so.
if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_asyncio_loop_factories() -> Mapping[str, type[SteadyLoop]]:
    """Run what is asynchronous where a busy machine ends nobody's patience."""
    return {"steady": SteadyLoop}


@pytest.fixture(autouse=True)
def spoken() -> None:
    """Speak English, whatever the test before had a process of ours speak."""
    speak({})
