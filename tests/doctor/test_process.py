"""Processes at a port, found in a /proc of our own making and in the real one."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from smsd.doctor.process import PortUser, cure, running, users_of

PORT = "/dev/ttyUSB0"


def process(proc: Path, pid: int, name: str, *opens: str, group: str = "/", tty_index: str = "") -> None:
    """Make the files of a process."""
    place = proc / str(pid)
    (place / "fd").mkdir(parents=True)
    (place / "fdinfo").mkdir()
    (place / "comm").write_text(f"{name}\n")
    (place / "cmdline").write_text(f"/usr/sbin/{name}\0--flag\0")
    (place / "cgroup").write_text(f"0::{group}\n")
    for number, target in enumerate(opens, start=3):
        (place / "fd" / str(number)).symlink_to(target)
        (place / "fdinfo" / str(number)).write_text(f"pos:\t0\ntty-index:\t{tty_index}\n")


def test_every_process_at_the_port_is_found_with_its_unit(tmp_path: Path) -> None:
    process(tmp_path, 700, "ModemManager", PORT, group="/system.slice/ModemManager.service")
    process(
        tmp_path, 800, "agetty", "/dev/null", PORT, group="/system.slice/system-serial.slice/serial-getty@USB0.service"
    )
    process(tmp_path, 900, "picocom", PORT, group="/user.slice/user-1000.slice/user@1000.service/app.slice/x.service")
    process(tmp_path, 950, "bash", "/dev/ttyUSB1")
    (tmp_path / "self").mkdir()
    found = users_of(PORT, tmp_path)
    assert [(user.pid, cure(user)) for user in found] == [
        (700, "sudo systemctl disable --now ModemManager.service"),
        (800, "sudo systemctl mask --now serial-getty@USB0.service"),
        (900, "sudo kill 900"),
    ]
    assert str(found[0]).startswith("process 700 (/usr/sbin/ModemManager --flag): it takes modems")
    assert str(found[2]) == "process 900 (/usr/sbin/picocom --flag)"


def test_the_other_end_of_a_pseudo_terminal_is_no_stranger(tmp_path: Path) -> None:
    process(tmp_path, 700, "simulator", "/dev/pts/7", "/dev/pts/ptmx", tty_index="7")
    process(tmp_path, 800, "simulator", "/dev/pts/7", "/dev/pts/ptmx", tty_index="8")
    assert [user.pid for user in users_of("/dev/pts/7", tmp_path)] == [800]


def test_a_process_of_a_name_is_found_whatever_it_has_open(tmp_path: Path) -> None:
    assert running("ModemManager", tmp_path) is None
    process(tmp_path, 700, "ModemManager")
    assert running("ModemManager", tmp_path) == PortUser(700, "ModemManager", "/usr/sbin/ModemManager --flag")


def test_what_is_not_there_is_used_by_nobody(tmp_path: Path) -> None:
    assert users_of(PORT, tmp_path / "none") == []


ELSEWHERE = """
import os, sys
opened = [os.openpty() for _ in range(int(sys.argv[1]) + 1)]
child = os.fork()
for ours, theirs in opened:
    os.close(theirs if child else ours)
if not child:
    print(os.ttyname(opened[-1][1]), flush=True)
sys.stdin.read()
"""
"""Has the pseudo-terminal of a number open in one process, and its other end in another."""


def _own_pts() -> str:
    """Say why no pseudo-terminals of a container's own can be made here; empty: they can."""
    trial = ["unshare", "--mount", "mount", "-t", "devpts", "-o", "newinstance,ptmxmode=666", "devpts", "/dev/pts"]
    try:
        done = subprocess.run(trial, check=False, capture_output=True, text=True)
    except OSError as error:
        return str(error)
    return done.stderr.strip()


@pytest.mark.skipif(bool(_own_pts()), reason=f"there can be no container's /dev here: {_own_pts()}")
def test_a_name_in_a_container_means_another_port() -> None:
    ours, theirs = pty.openpty()
    port = os.ttyname(theirs)
    script = (
        "mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts && mount --bind /dev/pts/ptmx /dev/ptmx && "
        'exec "$@"'
    )
    words = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh"]
    program = [sys.executable, "-c", ELSEWHERE, port.rpartition("/")[2]]
    with subprocess.Popen([*words, *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == f"{port}\n"
        found = users_of(port)
        other.kill()
    os.close(ours)
    os.close(theirs)
    assert found == []


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no /proc here")
def test_a_real_process_at_a_real_port_is_found() -> None:
    ours, theirs = pty.openpty()
    port = os.ttyname(theirs)
    program = f"import os; os.open({port!r}, os.O_RDWR | os.O_NOCTTY); print(1, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        found = users_of(port)
        other.kill()
    os.close(ours)
    os.close(theirs)
    assert [user.pid for user in found] == [other.pid]
    assert "input()" in found[0].command
