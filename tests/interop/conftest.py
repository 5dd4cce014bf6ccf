"""A simulated modem in a process of its own, for programs that nobody here wrote."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from smsd.simulator import Simulator

T = TypeVar("T")

CLIENT = "+79161234567"


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    """Run a modem whose parts are in the air for no time at all."""
    with Simulator(tmp_path / "modem", "--log", str(tmp_path / "octets.log")) as simulator:
        yield simulator


def need(binary: str, package: str) -> str:
    """Skip the test where a stranger's program is not installed, saying how it gets there."""
    found = shutil.which(binary, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip(f"needs Debian package {package} (apt-get install {package})")
    return found


@contextmanager
def running(command: list[str], output: Path) -> Iterator[None]:
    """Run a daemon for as long as the test needs it; its own words go to ``output``."""
    with output.open("wb") as words, subprocess.Popen(command, stdout=words, stderr=words) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def eventually(what: Callable[[], list[T]], seconds: float = 60.0) -> list[T]:
    """Ask until there is something: strangers tell nobody when they have written a file."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, f"nothing within {seconds} s"
        time.sleep(0.05)
    return found
