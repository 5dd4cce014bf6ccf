"""A bare Debian 12 in a directory, and what is run in it: no systemd as its first process, no udev, a network.

Knows mmdebstrap, and how to be root somewhere without leaving a mount or a process behind: a mount and a process
namespace for each command. Refuses to know the package.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

__all__ = ["BASE", "CACHE", "Root", "build_base", "mirror", "unable", "unreachable"]

CACHE = Path(os.environ.get("SMSD_CACHE", Path(__file__).parents[2] / "build" / "cache"))
BASE = CACHE / "bare.tar"
"""What everything else begins with: Debian's required packages, apt and the certificates it needs, nothing more."""
TOOLS = ("mmdebstrap", "unshare", "mount", "chroot", "tar")
APT_HELPER = "/usr/lib/apt/apt-helper"
PATIENCE_SECONDS = 20


def unable() -> str:
    """Say why no root can be made here; empty when it can."""
    if os.geteuid() != 0:
        return "not root"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"{', '.join(missing)} not installed"
    tried = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "mount", "-t", "tmpfs", "none", "/mnt"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    return tried.stderr.strip()


def build_base() -> Path:
    """Make the tar of a bare Debian, unless there is one; half a minute and 30 MB from the mirror."""
    if not BASE.exists():
        BASE.parent.mkdir(parents=True, exist_ok=True)
        fresh = BASE.with_suffix(".new")
        subprocess.run(
            [
                "mmdebstrap",
                "--quiet",
                "--mode=root",
                "--variant=apt",
                "--format=tar",
                "bookworm",
                str(fresh),
                mirror(),
            ],
            check=True,
        )
        fresh.rename(BASE)
    return BASE


def mirror() -> str:
    """Return the mirror this host's own apt uses."""
    indexes = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    pairs = [line.split() for line in indexes.splitlines() if "debian" in line]
    return next((pair[0] for pair in pairs if pair[1:] == ["bookworm"]), "http://deb.debian.org/debian")


def unreachable(place: str | None = None) -> str:
    """Say why nothing comes from the mirror, or from ``place``; empty when it does.

    apt is asked itself: it knows this host's proxies and certificates.
    """
    if shutil.which(APT_HELPER) is None:
        return "apt is not installed"
    wanted = f"{(place or mirror()).rstrip('/')}/dists/bookworm/InRelease"
    told = ("Acquire::Retries=1", f"Acquire::http::Timeout={PATIENCE_SECONDS}", "APT::Sandbox::User=root")
    options = [word for each in told for word in ("-o", each)]
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run(
            [APT_HELPER, *options, "download-file", wanted, f"{folder}/InRelease"],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
    if tried.returncode == 0:
        return ""
    return " ".join(tried.stderr.split()) or f"{wanted} cannot be fetched"


class Root:
    """One bare Debian, laid out below ``path``; ``run`` runs a command in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        subprocess.run(["tar", "-xf", BASE, "-C", path, "--exclude=./dev/*"], check=True)
        shutil.copy("/etc/resolv.conf", path / "etc/resolv.conf")
        for name, minor in (("null", 3), ("zero", 5), ("random", 8), ("urandom", 9)):
            os.mknod(path / "dev" / name, 0o020666, os.makedev(1, minor))
            (path / "dev" / name).chmod(0o666)
        (path / "dev" / "ptmx").symlink_to("pts/ptmx")

    def start(self, command: str) -> subprocess.Popen[str]:
        """Start a command of the shell in this root; everything it started ends with it."""
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        inside = (
            f"mount -t proc proc {self.path}/proc && "
            f"mount --mkdir -t devpts -o newinstance,ptmxmode=0666 devpts {self.path}/dev/pts && "
            f"exec chroot {self.path} /usr/bin/env -i HOME=/tmp LC_ALL=C.UTF-8 PATH={path} "
            'DEBIAN_FRONTEND=noninteractive sh -c "$0"'
        )
        return subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", inside, command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def run(self, command: str, *, code: int | None = 0) -> str:
        """Run a command of the shell in this root; return what it says, and insist on how it ends."""
        with self.start(command) as process:
            said, _ = process.communicate(timeout=300)
        assert code is None or process.returncode == code, f"{command}: {process.returncode}\n{said}"
        return said

    def files(self) -> set[str]:
        """Return the path of everything there is."""
        found = set()
        for folder, folders, names in os.walk(self.path):
            here = Path(folder).relative_to(self.path)
            if here == Path():
                folders[:] = [name for name in folders if name not in {"proc", "dev", "sys", "tmp"}]
            found |= {str(here / name) for name in [*folders, *names]}
        return found

    def remove(self) -> None:
        """Delete it all."""
        shutil.rmtree(self.path)
