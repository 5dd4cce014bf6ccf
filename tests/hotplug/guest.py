"""A virtual machine without virtualisation: QEMU's own translator, a root shell on a serial port, a disk of its own.

Knows QEMU's command line and how to give a shell one command and hear how it ended. Refuses to know what is tried in
it.
"""

import contextlib
import json
import re
import select
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.hotplug.image import Image

__all__ = ["GATEWAY", "Guest"]

GATEWAY = "10.0.2.2"
"""The host this runs on, as the guest's network calls it: its loopback is behind it."""
BOOT_SECONDS = 240.0
COMMAND_SECONDS = 60.0
EVERY_SECONDS = 0.1
KERNEL_LINE = (
    "root=/dev/vda console=ttyS0 loglevel=4 panic=-1 net.ifnames=0 mitigations=off audit=0 random.trust_cpu=on "
    "tsc=reliable no_timer_check systemd.show_status=no "
    # Precautions against attacks on the kernel, which are dear where it is translated instruction by instruction.
    "init_on_alloc=0 hardened_usercopy=off randomize_kstack_offset=off nowatchdog rcupdate.rcu_expedited=1 "
    # A library that lies at the same address in every process is translated once, and not at each start.
    "norandmaps"
)
READY = b"@@SHELL@@"


class Guest:
    """A host that boots from a copy of ``disk``, with ``sockets`` as USB devices, one a port; a context manager.

    ``start`` switches it on, and entering the context waits until it has booted. ``medium`` is a second disk, which
    several may have, though only one at a time may mount it. ``files`` are put into /root before it boots.
    """

    def __init__(
        self, folder: Path, image: Image, disk: Path, sockets: Iterable[Path], *files: Path, medium: Path | None = None
    ) -> None:
        folder.mkdir()
        self.folder = folder
        own = folder / "disk"
        subprocess.run(["cp", "--sparse=always", disk, own], check=True)
        for file in files:
            subprocess.run(
                ["/usr/sbin/debugfs", "-w", "-R", f"write {file} root/{file.name}", own],
                check=True,
                capture_output=True,
            )
        self._command = self._line(image, [own, *([medium] if medium else [])], list(sockets))
        self._process: subprocess.Popen[bytes] | None = None
        self._shell = socket.socket(socket.AF_UNIX)
        self._commands = 0
        self._began = 0.0
        self.booted_in = 0.0

    def _line(self, image: Image, disks: list[Path], sockets: list[Path]) -> list[str]:
        # One processor: without locks its kernel needs a quarter less, and the other core is another machine's.
        machine = ["-machine", "q35", "-accel", "tcg", "-cpu", "qemu64", "-smp", "1", "-m", "1024"]
        bare = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
        kernel = ["-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", KERNEL_LINE]
        # What the guest writes is on this host's disk soon enough; waiting for it would measure this host's disk.
        drive = []
        for each in disks:
            drive += ["-drive", f"file={each},format=raw,if=virtio,cache=unsafe,file.locking=off"]
        network = ["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="]
        console = ["-serial", f"file:{self.folder}/console"]
        shell = ["-chardev", f"socket,id=shell,path={self.folder}/shell,server=on,wait=off", "-serial", "chardev:shell"]
        # A cable of another maker: it takes the names a modem had before.
        usb = ["-device", "qemu-xhci,id=usb", "-chardev", "null,id=cable"]
        usb += ["-qmp", f"unix:{self.folder}/control,server=on,wait=off"]
        for number, path in enumerate(sockets):
            usb += ["-chardev", f"socket,id=stick{number},path={path},reconnect=1"]
            usb += ["-device", f"usb-redir,chardev=stick{number},bus=usb.0,port={number + 1}"]
        # It ends with the thread that starts it, whatever ends that.
        return [
            "setpriv", "--pdeathsig", "KILL", "--", "qemu-system-x86_64",
            *machine, *bare, *kernel, *drive, *network, *console, *shell, *usb,
        ]  # fmt: skip

    def start(self) -> None:
        """Switch it on."""
        self._began = time.monotonic()
        with (self.folder / "qemu").open("wb") as said:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        while True:
            assert self._process.poll() is None, f"QEMU ended: {(self.folder / 'qemu').read_text('utf-8')}"
            with contextlib.suppress(OSError):
                self._shell.connect(str(self.folder / "shell"))
                return
            time.sleep(EVERY_SECONDS)

    def __enter__(self) -> Self:
        if self._process is None:
            self.start()
        try:
            # Nothing is typed before the shell is there: half a line in the port's buffer would end it.
            self._hear(re.compile(re.escape(READY)), BOOT_SECONDS)
        except TimeoutError as error:
            tail = (self.folder / "console").read_text("utf-8", "replace")[-3000:]
            self.kill()
            raise TimeoutError(f"it did not boot: {error}\n{tail}") from None
        self.booted_in = time.monotonic() - self._began
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        (self.folder / "disk").unlink(missing_ok=True)

    def twin(self, disk: Path) -> None:
        """Copy its disk to ``disk``, as it would be after a power cut with everything written."""
        self.run("sync")
        self.control("stop")
        subprocess.run(["cp", "--sparse=always", self.folder / "disk", disk], check=True)
        self.control("cont")

    def kill(self) -> None:
        """Cut its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._shell.close()

    def run(self, command: str, *, code: int | None = 0, seconds: float = COMMAND_SECONDS) -> str:
        """Run a command of the shell as root; return what it says, and insist on how it ends (``None``: any way)."""
        self._commands += 1
        mark = f"@@{self._commands}@@"
        # Written so that the command itself never holds the mark.
        told = f"{{ {command}\n}} </dev/null 2>&1; printf '\\n%s%s#\\n' '{mark[:3]}''{mark[3:]}' $?\n"
        self._shell.sendall(told.encode())
        found = self._hear(re.compile(re.escape(mark).encode() + rb"(\d+)#\r?\n"), seconds, command)
        said, ended = found
        text = said.decode("utf-8", "replace").replace("\r", "").strip("\n")
        assert code is None or ended == code, f"{command}: {ended}\n{text}"
        return text

    def wait(self, command: str, *, seconds: float = COMMAND_SECONDS) -> str:
        """Repeat a command of the shell, in the guest, until it succeeds; return what it says then."""
        return self.run(
            f"until=$((SECONDS + {int(seconds)})); done=1; while [ $SECONDS -lt $until ]; do "
            f'said=$({command}) && done=0 && break; sleep {EVERY_SECONDS}; done; printf "%s" "$said"; [ $done = 0 ]',
            seconds=seconds + 30,
        )

    def control(self, order: str, **arguments: str) -> None:
        """Give QEMU itself an order, by its machine protocol."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(COMMAND_SECONDS)
            line.connect(str(self.folder / "control"))
            with line.makefile("rwb") as talk:
                talk.readline()  # who it is
                for each, said in (("qmp_capabilities", {}), (order, arguments)):
                    talk.write(json.dumps({"execute": each, "arguments": said}).encode() + b"\n")
                    talk.flush()
                    while "event" in (answer := json.loads(talk.readline())):
                        pass
                    assert "return" in answer, answer

    def _hear(self, end: re.Pattern[bytes], seconds: float, what: str = "boot") -> tuple[bytes, int]:
        said = b""
        until = time.monotonic() + seconds
        while not (found := end.search(said)):
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._shell], [], [], left)[0]:
                raise TimeoutError(f"{what}: nothing after {seconds:.0f} s but {said[-2000:]!r}")
            more = self._shell.recv(1 << 16)
            if not more:
                raise EOFError(f"{what}: the machine has ended")
            said += more
        return said[: found.start()], int(found[1]) if end.groups else 0
