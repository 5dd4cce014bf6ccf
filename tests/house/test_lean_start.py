"""What a start does not load, by name: time would say the same, but differently on every machine.

The interpreter itself tells what is imported (``-X importtime``), so that whatever pulls a library in, however far
down, is found. Only what smsd needs is looked for: what structlog takes along where it happens to be installed (rich,
twisted) is none of ours.
"""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

IMPORTED = re.compile(r"^import time: .*\| +([\w.]+)$")

SERVER = {"starlette", "uvicorn", "h11", "anyio"}
"""For the HTTP API and what answers Prometheus: both are off unless configured."""
CLIENT = {"httpx", "httpcore", "certifi"}
"""For operators, directories and webhooks that are reached by HTTP."""
NEVER_IN_HELP = SERVER | CLIENT | {
    "asyncio", "babel", "concurrent", "cryptography", "dateutil", "email", "phonenumbers", "prometheus_client",
    "serial", "smsd.config", "smsd.desk", "smsd.routes", "smsd.store", "socket",
    "sqlite3", "sqlite_utils", "ssl", "structlog", "tomllib", "zoneinfo",
}  # fmt: skip
NEVER_IN_AN_IDLE_DAEMON = SERVER | CLIENT | {
    "babel", "prometheus_client", "smsd.api", "smsd.daemon.api", "smsd.daemon.hooks", "smsd.directory.http",
    "smsd.doctor", "smsd.routes.http", "smsd.routes.smpp", "smsd.simulator",
}  # fmt: skip


def loaded(told: list[str]) -> set[str]:
    """Return the modules that the interpreter said it imported, each with the packages above it."""
    names = [match[1] for line in told if (match := IMPORTED.match(line))]
    return {".".join(name.split(".")[:depth]) for name in names for depth in range(1, name.count(".") + 2)}


def smsd(*words: str) -> list[str]:
    """Return a command line of smsd that tells on standard error what it imports."""
    return [sys.executable, "-X", "importtime", "-m", "smsd", *words]


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["send", "--help"],
        ["outbox", "--help"],
        ["client", "add", "--help"],
        ["demo", "--help"],
    ],
    ids=" ".join,
)
def test_a_help_loads_click_and_the_face_only(words: list[str]) -> None:
    done = subprocess.run(smsd(*words), check=True, capture_output=True, text=True)
    modules = loaded(done.stderr.splitlines())
    assert {"click", "smsd.cli"} <= modules
    assert sorted(NEVER_IN_HELP & modules) == []


def test_an_idle_daemon_loads_nothing_that_is_switched_off(tmp_path: Path) -> None:
    config = tmp_path / "smsd.toml"
    config.write_text(
        f'[database]\nurl = "sqlite:///{tmp_path}/smsd.db"\n[[modem]]\ndevice = "{tmp_path}/modem"\n'
        '[log]\nformat = "json"\n'
    )
    told: list[str] = []
    with subprocess.Popen(smsd("--config", str(config), "run"), stderr=subprocess.PIPE, text=True) as daemon:
        assert daemon.stderr is not None
        for line in daemon.stderr:
            told.append(line)
            if '"event": "started"' in line:
                # Whatever it still loads until it has ended counts as well.
                daemon.send_signal(signal.SIGTERM)
    assert daemon.returncode == 0, told
    modules = loaded([line.rstrip("\n") for line in told])
    assert {"smsd.daemon", "smsd.gateway", "smsd.routes.modem"} <= modules
    assert sorted(NEVER_IN_AN_IDLE_DAEMON & modules) == []
