"""What the unit leaves of /proc is enough to name who holds a busy port: /proc as it is for the service, made here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.host.test_unit import lines_of

ROOT = Path(__file__).parents[2]
NOBODY, OTHER = 65534, 65533
OPTIONS = {("ProtectProc", "invisible"): "hidepid=invisible", ("ProcSubset", "pid"): "subset=pid"}
HOLD = "import fcntl,os,sys; f=os.open(sys.argv[1], os.O_RDWR); fcntl.flock(f, 2); print(1, flush=True); input()"
ASK = "import sys; from smsd.routes.modem.holder import holder; found = holder(sys.argv[1]); print(found or '')"


def unable() -> str:
    """Say what this host lacks for this test; empty: nothing."""
    missing = [tool for tool in ("unshare", "mount", "setpriv") if shutil.which(tool) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    if os.geteuid() != 0:
        return "not root: a mount namespace is needed"
    trial = ["unshare", "--mount", "mount", "-t", "proc", "-o", "hidepid=invisible", "proc", "/proc"]
    return "" if subprocess.run(trial, check=False, capture_output=True).returncode == 0 else "no /proc may be mounted"


pytestmark = pytest.mark.skipif(bool(unable()), reason=f"/proc of the service is not made: {unable()}")


def asked(place: Path, options: list[str]) -> str:
    """Ask who holds a port, as an unprivileged user who sees of /proc what the options leave."""
    script = (
        f"mount -t proc -o {','.join(options) or 'defaults'} proc /proc && "
        f"exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups {sys.executable} -c {ASK!r} {place}"
    ).replace(repr(ASK), f'"{ASK}"')
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script],
        check=False, capture_output=True, text=True, timeout=100, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("uid", [OTHER, NOBODY], ids=["another user's program", "a second daemon"])
def test_who_holds_a_port_is_named_under_the_unit(tmp_path: Path, uid: int) -> None:
    options = [option for (name, value), option in OPTIONS.items() if lines_of(name) == [value]]
    assert options, "the unit shows everything of /proc: say so here"
    place = Path("/tmp") / f"smsd-port-{os.getpid()}"
    place.touch()
    place.chmod(0o666)
    command = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", sys.executable, "-c", HOLD, str(place)]
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            other.stdout.readline()
            said = asked(place, options)
            other.kill()
    finally:
        place.unlink()
    assert f"process {other.pid}" in said
    if uid == NOBODY:  # of the same user: its command is seen, by which a second daemon is known
        assert "flock" in said
