"""Who holds a port is read from the kernel's own list of locks."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from smsd.routes.modem.holder import holder


def test_the_process_behind_a_lock_is_named(tmp_path: Path) -> None:
    """Another process that has locked the file is told with its number and command."""
    place = tmp_path / "port"
    place.touch()
    program = f"import fcntl,os; f=os.open({str(place)!r}, os.O_RDWR); fcntl.flock(f, 2); print(1, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        found = holder(str(place))
        other.kill()
    assert found is not None
    assert found.pid == other.pid
    assert "flock" in found.command


def test_a_free_port_an_absent_one_and_our_own_lock_have_no_other_holder(tmp_path: Path) -> None:
    """Only other processes count."""
    place = tmp_path / "port"
    assert holder(str(place)) is None
    place.touch()
    assert holder(str(place)) is None
    own = os.open(place, os.O_RDWR)
    fcntl.flock(own, fcntl.LOCK_EX)
    assert holder(str(place)) is None
    os.close(own)
