"""Machines and sticks, made once for all checks of a file, in their order; and what was shown.

Two workers run the two files side by side: one host through all that happens to it, and two hosts with ModemManager
between which the service moves.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hotplug import image
from tests.hotplug.guest import Guest
from tests.hotplug.host import OTHER_IMEI, Host
from tests.hotplug.image import Image
from tests.hotplug.proof import Proof, Teller
from tests.hotplug.stick import Stick
from tests.ports import reserved_port

ROOT = Path(__file__).parents[2]
MEDIUM_SIZE = "64M"
MACHINES = ("host", "old", "spare")


@pytest.hookimpl(trylast=True)  # after the terminal's reporter is there
def pytest_configure(config: pytest.Config) -> None:
    """Have the process that reports tell what was shown."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Teller(terminal))


@pytest.fixture(scope="session")
def package() -> Path:
    """The .deb that SMSD_PACKAGE names."""
    named = os.environ.get("SMSD_PACKAGE")
    if not named:
        pytest.skip("no machine is booted: 'make hotplug' makes the package and sets SMSD_PACKAGE")
    return (ROOT / named).resolve()


@pytest.fixture(scope="session")
def built(package: Path) -> Image:
    """What the machines boot."""
    if hindrance := image.unable():
        pytest.skip(f"no machine is booted: {hindrance}")
    return image.build()


@pytest.fixture
def proof(record_property: Callable[[str, object], None]) -> Proof:
    """What is shown."""
    return Proof(record_property)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for sockets and disks."""
    return tmp_path_factory.mktemp("hotplug")


@pytest.fixture(scope="session")
def operator() -> Iterator[int]:
    """The port where the operator's service centre takes binds."""
    with reserved_port() as port:
        yield port


@pytest.fixture(scope="session")
def stick(folder: Path, built: Image, operator: int) -> Iterator[Stick]:
    """The modem of the service, with an operator's service centre in its network."""
    with Stick(folder, "stick", MACHINES, "--family", "huawei", "--smsc", str(operator)) as stick:
        yield stick


@pytest.fixture(scope="session")
def other(folder: Path, built: Image) -> Iterator[Stick]:
    """A second modem, in a network of its own."""
    options = ["--family", "huawei", "--number", "+79080000002", "--imei", OTHER_IMEI, "--iccid", "8970101234567890222"]
    with Stick(folder, "other", MACHINES, *options) as other:
        yield other


@pytest.fixture(scope="session")
def host(folder: Path, built: Image, package: Path, stick: Stick, other: Stick) -> Iterator[Host]:
    """A bare Debian, the package's file in /root, nothing plugged in."""
    sockets = [each.sockets["host"].path for each in (stick, other)]
    with Guest(folder / "host", built, built.bare, sockets, package) as guest:
        yield Host(guest)


@pytest.fixture(scope="session")
def medium(folder: Path, built: Image) -> Path:
    """What files are carried on from one machine to the other."""
    medium = folder / "medium"
    subprocess.run(["/usr/sbin/mke2fs", "-q", "-t", "ext4", medium, MEDIUM_SIZE], check=True, capture_output=True)
    return medium


@pytest.fixture(scope="session")
def old(folder: Path, built: Image, package: Path, stick: Stick, medium: Path) -> Iterator[Host]:
    """A Debian where ModemManager runs, the package's file in /root."""
    sockets = [stick.sockets["old"].path]
    with Guest(folder / "old", built, built.company, sockets, package, medium=medium) as guest:
        yield Host(guest)
