"""Debian's Kannel as the peer of a bind: bearerbox and smsbox with a spool, HTTP in, one SMPP connection out.

Knows its configuration and how a message is put before it. Where the packages are not installed it is skipped by name.
"""

import asyncio
import contextlib
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from benchmarks.bounds import within
from benchmarks.figures import Peer
from benchmarks.rig import until

__all__ = ["LOGGED", "NAME", "measured", "running", "send"]

NAME = "Kannel (spool)"
LOGGED = "Kannel (spool, each message logged)"
SBIN = "/usr/sbin:/usr/local/sbin:/usr/bin"
CONNECTIONS = 16
UP_SECONDS = 30.0
PEER_SECONDS = 180.0

CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = bench
smsbox-port = {box}
box-allow-ip = "127.0.0.1"
store-type = spool
store-location = "{spool}"
log-file = "{directory}/bearerbox.log"
{log}

group = smsc
smsc = smpp
smsc-id = bench
host = 127.0.0.1
port = {port}
transceiver-mode = true
smsc-username = "scserv"
smsc-password = ""
system-type = ""
source-addr-ton = 5
source-addr-npi = 0
dest-addr-ton = 1
dest-addr-npi = 1
max-pending-submits = {window}
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {http}
log-file = "{directory}/smsbox.log"
log-level = 3

group = sendsms-user
username = bench
password = bench
default-sender = SCSERV
"""

SILENT_LOG = "log-level = 3"
"""Errors only: nothing is told of a message."""
MESSAGE_LOG = 'log-level = 1\naccess-log = "{directory}/access.log"'
"""A line for each message that was sent, as ours is, and what else is told at the level of information."""


def missing() -> str:
    """Say which packages are missing; empty: none."""
    return "" if shutil.which("bearerbox", path=SBIN) else "not installed (kannel kannel-extras)"


def measured(experiment: Callable[[], float], name: str = NAME) -> Peer:
    """Do an experiment on it; where it is not installed, or takes too long, say so instead."""
    if lacks := missing():
        return Peer(name, note=lacks)
    try:
        with within(PEER_SECONDS, name):
            return Peer(name, (experiment(),))
    except (OSError, RuntimeError, TimeoutError, asyncio.IncompleteReadError) as error:
        return Peer(name, note=f"{type(error).__name__}: {error}")


def _free_ports(count: int) -> list[int]:
    """Find ports of the loopback that nobody listens on."""
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(count):
            listener = stack.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            found.append(int(listener.getsockname()[1]))
    return found


@contextlib.contextmanager
def running(directory: Path, port: int, window: int, *, logged: bool = False) -> Iterator[int]:
    """Run both boxes, bound to a service centre; yield the port for HTTP. ``logged``: with a line for each message."""
    spool = directory / "spool"
    spool.mkdir(parents=True)
    admin, box, http = _free_ports(3)
    file = directory / "kannel.conf"
    places = {"admin": admin, "box": box, "http": http, "port": port, "window": window}
    log = MESSAGE_LOG.format(directory=directory) if logged else SILENT_LOG
    file.write_text(CONFIGURATION.format(**places, spool=spool, directory=directory, log=log))
    boxes: list[subprocess.Popen[bytes]] = []

    def start(program: str) -> None:
        command = [shutil.which(program, path=SBIN) or program, "-v", "4", str(file)]
        quiet = subprocess.DEVNULL
        boxes.append(subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, cwd=directory))

    def status() -> str:
        with contextlib.suppress(OSError), urllib.request.urlopen(
            f"http://127.0.0.1:{admin}/status.txt?password=bench", timeout=5
        ) as answer:  # fmt: skip
            return str(answer.read().decode("utf-8", "replace"))
        return ""

    try:
        start("bearerbox")
        until(lambda: "(online" in status(), UP_SECONDS, "Kannel is not bound", step=0.1)
        start("smsbox")
        until(lambda: "smsbox:" in status(), UP_SECONDS, "Kannel's smsbox is not there", step=0.1)
        yield http
    finally:
        for process in reversed(boxes):
            process.terminate()
        for process in boxes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


async def send(port: int, recipients: Iterable[str], text: str, *, receipts: bool) -> None:
    """Put a message to each recipient before it, by keep-alive connections; raises ``RuntimeError`` when it refuses."""
    work = iter(recipients)
    words = {"username": "bench", "password": "bench", "from": "SCSERV", "coding": 2, "charset": "UTF-8", "text": text}
    if receipts:
        words["dlr-mask"] = 31
    query = urllib.parse.urlencode(words)

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for recipient in work:
            line = (
                f"GET /cgi-bin/sendsms?{query}&to={urllib.parse.quote(recipient)} HTTP/1.1\r\nHost: localhost\r\n\r\n"
            )
            writer.write(line.encode("ascii"))
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(each[15:]) for each in head.split(b"\r\n") if each.lower().startswith(b"content-length:"))
            said = await reader.readexactly(length)
            if b" 202 " not in head.split(b"\r\n", 1)[0]:
                raise RuntimeError(f"Kannel: {said.decode('utf-8', 'replace')}")
        writer.close()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
