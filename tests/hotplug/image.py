"""The machine the package is tried on: a kernel, a small initial file system and the disk of a bare Debian 12.

Knows mmdebstrap, Debian's own kernel package and how to boot one without a boot loader. Nothing is configured on the
disk but a network and a root shell on the second serial port; taken away is what only costs time under emulation and
is never asked for here (logins, random seeds, timers). Refuses to know the package that is installed later, so that
``python -m tests.hotplug.image`` may run while that is made. Everything is kept in ``build/cache`` under the digest of
this file: what it was made by.
"""

import fcntl
import hashlib
import lzma
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.package.root import CACHE, mirror, unreachable

__all__ = ["Image", "build", "unable"]

TOOLS = (
    "qemu-system-x86_64", "mmdebstrap", "mke2fs", "debugfs", "cpio", "depmod", "modprobe", "dpkg-deb", "setpriv",
    "unshare",
)  # fmt: skip
BARE = ("systemd-sysv", "udev", "kmod", "dbus", "python3", "ca-certificates", "tzdata")
"""What makes of the required packages a host as Debian's installer leaves one, as far as it concerns us: it boots, and
has Python, certificates and time zones."""
COMPANY = ("modemmanager",)
"""What the second host has besides: the program that takes every modem it sees for its own."""
LEFT_OUT = ("doc", "man", "locale")
"""Folders of /usr/share that a host can do without; nor does its apt ask for descriptions of packages."""
BOOT_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")
"""What the initial file system loads."""
HOST_MODULES = ("virtio_net", "xhci_pci", "usbserial", "option", "ftdi_sio", "cdc_acm", "cdc_wdm", "autofs4")
"""What is on the disk, to be loaded by udev or by our unit."""
DISK_SIZE = "1500M"
SPARE_UNITS = (
    "getty.target", "systemd-logind.service", "systemd-user-sessions.service", "systemd-random-seed.service",
    "systemd-pstore.service", "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service",
    "systemd-binfmt.service", "proc-sys-fs-binfmt_misc.automount", "systemd-hwdb-update.service",
    "systemd-journal-catalog-update.service", "systemd-firstboot.service", "systemd-journal-flush.service",
    "sys-kernel-debug.mount", "sys-kernel-tracing.mount", "sys-fs-fuse-connections.mount", "dev-mqueue.mount",
    "dev-hugepages.mount", "modprobe@drm.service", "modprobe@fuse.service", "modprobe@loop.service",
    "modprobe@dm_mod.service", "modprobe@efi_pstore.service", "fstrim.timer", "e2scrub_all.timer",
    "e2scrub_reap.service", "dpkg-db-backup.timer", "apt-daily.timer", "apt-daily-upgrade.timer",
)  # fmt: skip
SHELL_UNIT = """\
[Unit]
Description=Root shell for the test on ttyS1
After=systemd-udevd.service systemd-networkd.service

[Service]
Environment=LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive
WorkingDirectory=/root
ExecStartPre=/bin/stty -F /dev/ttyS1 raw -echo
ExecStart=/bin/sh -c 'echo; echo @@SHELL@@; exec bash --noprofile --norc -s 2>/dev/null'
StandardInput=tty-force
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS1
KillSignal=SIGHUP

[Install]
WantedBy=multi-user.target
"""
NETWORK = """\
[Match]
Name=eth0

[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
"""
INIT = f"""\
#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
modprobe -a {" ".join(BOOT_MODULES)}
until [ -b /dev/vda ]; do sleep 0.05; done
mount -t ext4 -o noatime /dev/vda /mnt
umount /proc /sys; mount --move /dev /mnt/dev
exec switch_root /mnt /sbin/init
"""


@dataclass(frozen=True, slots=True)
class Image:
    """What QEMU boots: ``bare`` is the disk of a bare Debian, ``company`` one where ModemManager runs as well."""

    kernel: Path
    initrd: Path
    bare: Path
    company: Path


def unable() -> str:
    """Say why no image can be made here; empty when it can."""
    if os.geteuid() != 0:
        return "not root"
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [tool for tool in TOOLS if shutil.which(tool, path=path) is None]
    return f"{', '.join(missing)} not installed" if missing else unreachable()


def build() -> Image:
    """Make the image, unless it is there: a minute, and 170 MB from the mirror. Who comes meanwhile waits for it."""
    digest = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    folder = CACHE / f"hotplug-{digest}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "hotplug.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for old in CACHE.glob("hotplug-*"):
                _remove(old)
            fresh = CACHE / "hotplug.new"
            _remove(fresh)
            fresh.mkdir()
            _build(fresh)
            fresh.rename(folder)
    return Image(folder / "vmlinux", folder / "initrd", folder / "bare.ext4", folder / "company.ext4")


def _remove(folder: Path) -> None:
    """Delete a folder, if it is there; of a link to one, which somebody has put in its place, the link alone."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def _build(folder: Path) -> None:
    root = folder / "root"
    with ThreadPoolExecutor() as at_once:
        kernel = at_once.submit(_kernel, folder)
        _debian(root)
        modules = kernel.result()
    _furnish(root)
    shutil.copytree(modules, root / "usr/lib/modules" / modules.name)
    _disk(root, folder / "bare.ext4")
    _company(root)
    _disk(root, folder / "company.ext4")
    shutil.rmtree(root)
    shutil.rmtree(folder / "kernel")


# --- the kernel -------------------------------------------------------------------------------------------------------


def _kernel(folder: Path) -> Path:
    """Write ``vmlinux`` and ``initrd``; return the folder of the modules a host needs.

    Debian's generic kernel: the one for clouds has no USB.
    """
    place = folder / "kernel"
    place.mkdir()
    named = _run("apt-cache", "depends", "linux-image-amd64")
    version = re.search(r"Depends: linux-image-(\S+)", named)
    assert version is not None, named
    _run("apt-get", "download", "-qq", f"linux-image-{version[1]}", "busybox-static", cwd=place)
    for package in place.glob("*.deb"):
        _run("dpkg-deb", "-x", package, place)
    _run("depmod", "-b", place, version[1])
    (folder / "vmlinux").write_bytes(_unpacked((place / f"boot/vmlinuz-{version[1]}").read_bytes()))
    _initrd(folder, _chosen(place, version[1], BOOT_MODULES, folder / "kernel" / "boot-modules"))
    return _chosen(place, version[1], BOOT_MODULES + HOST_MODULES, folder / "kernel" / "host-modules")


def _unpacked(image: bytes) -> bytes:
    """Return the ELF file inside a compressed kernel: QEMU starts it by PVH, nothing is unpacked in the guest."""
    for found in re.finditer(re.escape(b"\xfd7zXZ\0"), image):
        unpacked = lzma.LZMADecompressor().decompress(image[found.start() :])
        if unpacked.startswith(b"\x7fELF"):
            return unpacked
    raise AssertionError("no kernel inside: is it no longer packed by xz?")


def _chosen(place: Path, version: str, names: tuple[str, ...], to: Path) -> Path:
    """Copy modules and what they need into a tree of their own; return its folder for this version."""
    lines = "".join(_run("modprobe", "-d", place, "-S", version, "--show-depends", name) for name in names)
    target = to / "lib/modules" / version
    for module in sorted({line.split()[1] for line in lines.splitlines() if line.startswith("insmod")}):
        copied = target / Path(module).relative_to(place / "lib/modules" / version)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(module, copied)
    for listed in ("modules.builtin", "modules.order", "modules.builtin.modinfo"):
        shutil.copy(place / "lib/modules" / version / listed, target)
    _run("depmod", "-b", to, version)
    return target


def _initrd(folder: Path, modules: Path) -> None:
    """Write the initial file system: busybox, the modules of the disk, and the way to it."""
    root = folder / "initial"
    for name in ("bin", "proc", "sys", "dev", "mnt"):
        (root / name).mkdir(parents=True)
    shutil.copy(folder / "kernel/bin/busybox", root / "bin/busybox")
    for name in ("sh", "mount", "umount", "modprobe", "sleep", "switch_root", "["):
        (root / "bin" / name).symlink_to("busybox")
    shutil.copytree(modules, root / "lib/modules" / modules.name)
    (root / "init").write_text(INIT, "ascii")
    (root / "init").chmod(0o755)
    names = "\0".join(str(path.relative_to(root)) for path in root.rglob("*"))
    done = subprocess.run(
        ["cpio", "--quiet", "--null", "--create", "--format=newc", "--owner=0:0"],
        cwd=root, input=names.encode(), capture_output=True, check=True,
    )  # fmt: skip
    (folder / "initrd").write_bytes(done.stdout)
    shutil.rmtree(root)


# --- the disk ---------------------------------------------------------------------------------------------------------


def _debian(root: Path) -> None:
    """Make a bare Debian in ``root``; what its apt knows of the mirror stays, as Debian's installer leaves it.

    Its own apt writes that down as it likes to read it: mmdebstrap used the one of this machine.
    """
    _run(
        "mmdebstrap", "--quiet", "--mode=root", "--variant=apt", "--format=directory", f"--include={','.join(BARE)}",
        "--skip=cleanup/apt", '--aptopt=Acquire::Languages "none"', '--customize-hook=chroot "$1" apt-cache gencaches',
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in LEFT_OUT),
        "bookworm", root, mirror(),
    )  # fmt: skip


def _company(root: Path) -> None:
    """Install what the second host has besides; its apt knows no mirror."""
    install = f"apt-get install -y -qq --no-install-recommends {' '.join(COMPANY)}"
    inside = (
        f"mount -t proc proc {root}/proc && mount --bind /dev {root}/dev && "
        f"mount --bind /etc/resolv.conf {root}/etc/resolv.conf && "
        f'chroot {root} sh -c "{install} && rm -r /var/lib/apt/lists"'
    )
    _run("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", inside)


def _disk(root: Path, disk: Path) -> None:
    """Make a disk of what is in ``root``."""
    _run("mke2fs", "-q", "-t", "ext4", "-d", root, disk, DISK_SIZE)


def _furnish(root: Path) -> None:
    """Give it a network and a shell, and take away what is not looked at."""
    units = root / "etc/systemd/system"
    for unit in SPARE_UNITS:
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    wanted = units / "multi-user.target.wants"
    wanted.mkdir(exist_ok=True)
    (units / "shell.service").write_text(SHELL_UNIT, "ascii")
    (wanted / "shell.service").symlink_to("../shell.service")
    (root / "etc/systemd/network/eth0.network").write_text(NETWORK, "ascii")
    (wanted / "systemd-networkd.service").symlink_to("/lib/systemd/system/systemd-networkd.service")
    (root / "etc/resolv.conf").write_text("nameserver 10.0.2.3\n", "ascii")
    (root / "etc/hostname").write_text("host\n", "ascii")
    (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n", "ascii")


def _run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run one command; what it complains of is the error."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    done = subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PATH": path, "DEBIAN_FRONTEND": "noninteractive"},
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


if __name__ == "__main__":
    print(unable() or build().kernel.parent)
