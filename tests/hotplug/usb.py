"""A USB device made of Python, spoken over the usbredir protocol to QEMU's ``usb-redir``.

Knows the protocol (usbredir 0.7: headers of 64-bit ids, capabilities, control, bulk and interrupt packets) and as much
of USB 2.0 chapter 9 as a host asks of a modem: descriptors, configuration, status. The guest's own driver binds to the
ids, as it would to the stick. Refuses to know what is said over an interface: octets in are a call, octets out a
method. ``plug`` and ``pull`` are what a hand does; no monitor of QEMU is needed.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path

__all__ = ["Device", "Interface"]

IN = 0x80
"""The direction bit of an endpoint's address (USB 2.0 §9.6.6)."""
BULK_TRANSFER, INTERRUPT_TRANSFER = 2, 3
BULK_SIZE, INTERRUPT_SIZE = 512, 64
INTERRUPT_INTERVAL = 9
MAX_ENDPOINTS = 32
OUTPUT_LIMIT = 1 << 16
"""Octets kept for a host that has not opened the port; what comes after is lost, as in a modem's own buffer."""


class Packet(IntEnum):
    """Types of packets, as the protocol numbers them."""

    HELLO = 0
    DEVICE_CONNECT = 1
    DEVICE_DISCONNECT = 2
    INTERFACE_INFO = 4
    EP_INFO = 5
    SET_CONFIGURATION = 6
    GET_CONFIGURATION = 7
    CONFIGURATION_STATUS = 8
    SET_ALT_SETTING = 9
    GET_ALT_SETTING = 10
    ALT_SETTING_STATUS = 11
    START_INTERRUPT_RECEIVING = 15
    STOP_INTERRUPT_RECEIVING = 16
    INTERRUPT_RECEIVING_STATUS = 17
    CANCEL_DATA_PACKET = 21
    CONTROL_PACKET = 100
    BULK_PACKET = 101


class Status(IntEnum):
    """What became of a packet."""

    SUCCESS = 0
    CANCELLED = 1
    STALL = 4


CAPABILITIES = sum(1 << bit for bit in (1, 4, 5, 6))
"""connect_device_version, ep_info_max_packet_size, 64bits_ids, 32bits_bulk_length: QEMU wants them on an xHCI."""
HIGH_SPEED = 2
GET_STATUS, GET_DESCRIPTOR = 0, 6
DEVICE, CONFIGURATION, STRING, QUALIFIER = 1, 2, 3, 6
"""Types of descriptors (USB 2.0 §9.4, table 9-5)."""
ENGLISH = 0x0409


class Interface:
    """One interface of a device: its class triple, a bulk endpoint each way, an interrupt endpoint where ``notifies``.

    ``received`` is called with what the host writes, and ``heard`` counts it.
    """

    def __init__(
        self,
        subclass: int,
        protocol: int,
        received: Callable[[bytes], None] | None = None,
        *,
        notifies: bool = False,
    ) -> None:
        self.triple = (0xFF, subclass, protocol)
        self.notifies = notifies
        self.heard = 0
        self.number = 0
        self.bulk_in = self.bulk_out = self.interrupt_in = 0
        self.asked: list[tuple[int, int]] = []
        """Reads of the host that wait for octets: id and length."""
        self.output = bytearray()
        self._received = received

    def number_endpoints(self, number: int, first: int) -> int:
        """Take this place in the device and endpoints from ``first`` on; return the first that is free then."""
        self.number, self.bulk_in, self.bulk_out = number, IN | first, first
        if self.notifies:
            self.interrupt_in = IN | (first + 1)
        return first + 1 + self.notifies

    def endpoints(self) -> list[tuple[int, int, int, int]]:
        """Return address, type, size and interval of each endpoint."""
        bulk = [(self.bulk_in, BULK_TRANSFER, BULK_SIZE, 0), (self.bulk_out, BULK_TRANSFER, BULK_SIZE, 0)]
        notifying = [(self.interrupt_in, INTERRUPT_TRANSFER, INTERRUPT_SIZE, INTERRUPT_INTERVAL)]
        return [*(notifying if self.notifies else []), *bulk]

    def take(self, octets: bytes) -> None:
        """Hand on what the host wrote."""
        self.heard += len(octets)
        if self._received is not None:
            self._received(octets)

    def forget(self) -> None:
        """Lose whatever was on its way."""
        self.asked.clear()
        self.output.clear()


class Device:
    """A device of these ids behind a unix socket that QEMU connects to, out until ``plug`` is called.

    One thread serves the socket; ``plug``, ``pull`` and ``send`` may be called from any other.
    """

    def __init__(
        self, path: Path, vendor: int, product: int, interfaces: list[Interface], maker: str, name: str
    ) -> None:
        self.path, self.vendor, self.product, self.interfaces = path, vendor, product, interfaces
        self._strings = {1: maker, 2: name}
        self._in: dict[int, Interface] = {}
        self._out: dict[int, Interface] = {}
        free = 1
        for number, interface in enumerate(interfaces):
            free = interface.number_endpoints(number, free)
            self._in[interface.bulk_in] = interface
            self._out[interface.bulk_out] = interface
        self._lock = threading.RLock()
        self._host: socket.socket | None = None
        self._greeted = False
        self._plugged = False
        self._configuration = 1
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hang up and listen no more."""
        with self._lock:
            for each in filter(None, (self._host, self._server)):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._server.close()
        self._thread.join()
        self.path.unlink(missing_ok=True)

    # --- what a hand does -----------------------------------------------------------------------------------------

    def plug(self) -> None:
        """Put it in; what the host finds is described anew, as the protocol asks."""
        with self._lock:
            self._plugged = True
            if not self._greeted:
                return  # said when QEMU has said hello
            for interface in self.interfaces:
                interface.forget()
            self._say(Packet.INTERFACE_INFO, self._interface_info())
            self._say(Packet.EP_INFO, self._endpoint_info())
            connect = struct.pack("<BBBBHHH", HIGH_SPEED, 0, 0, 0, self.vendor, self.product, 0x0102)
            self._say(Packet.DEVICE_CONNECT, connect)

    def pull(self) -> None:
        """Take it out; what was on its way is lost."""
        with self._lock:
            self._plugged = False
            for interface in self.interfaces:
                interface.forget()
            self._say(Packet.DEVICE_DISCONNECT)

    def send(self, interface: Interface, octets: bytes) -> None:
        """Bring octets to the host, as soon as it reads."""
        with self._lock:
            if self._plugged and len(interface.output) + len(octets) <= OUTPUT_LIMIT:
                interface.output += octets
                self._flush(interface)

    # --- descriptors (USB 2.0 §9.6) -------------------------------------------------------------------------------

    def _descriptor(self, kind: int, index: int) -> bytes | None:
        if kind == DEVICE:
            ids = (self.vendor, self.product, 0x0102)
            return struct.pack("<BBHBBBBHHHBBBB", 18, DEVICE, 0x0200, 0, 0, 0, 64, *ids, 1, 2, 0, 1)
        if kind == QUALIFIER:
            return struct.pack("<BBHBBBBBB", 10, QUALIFIER, 0x0200, 0, 0, 0, 64, 1, 0)
        if kind == CONFIGURATION:
            inside = b"".join(map(self._interface, self.interfaces))
            head = (9, CONFIGURATION, 9 + len(inside), len(self.interfaces), 1, 0, 0xA0, 250)
            return struct.pack("<BBHBBBBB", *head) + inside
        if kind == STRING and index == 0:
            return struct.pack("<BBH", 4, STRING, ENGLISH)
        if kind == STRING and index in self._strings:
            text = self._strings[index].encode("utf-16-le")
            return struct.pack("<BB", 2 + len(text), STRING) + text
        return None

    @staticmethod
    def _interface(interface: Interface) -> bytes:
        endpoints = interface.endpoints()
        head = struct.pack("<BBBBBBBBB", 9, 4, interface.number, 0, len(endpoints), *interface.triple, 0)
        return head + b"".join(struct.pack("<BBBBHB", 7, 5, *endpoint) for endpoint in endpoints)

    def _interface_info(self) -> bytes:
        """Return four columns of 32 octets: number, class, subclass, protocol."""
        columns = [[interface.number for interface in self.interfaces]]
        columns += [[interface.triple[place] for interface in self.interfaces] for place in range(3)]
        filled = b"".join(bytes(column).ljust(MAX_ENDPOINTS, b"\0") for column in columns)
        return struct.pack("<I", len(self.interfaces)) + filled

    def _endpoint_info(self) -> bytes:
        """Return type, interval, interface and size of 32 endpoints: 16 out, 16 in; 255 is none."""
        kinds, intervals, owners = bytearray([255] * MAX_ENDPOINTS), bytearray(MAX_ENDPOINTS), bytearray(MAX_ENDPOINTS)
        sizes = [0] * MAX_ENDPOINTS
        kinds[0] = kinds[16] = 0
        sizes[0] = sizes[16] = 64
        for interface in self.interfaces:
            for address, kind, size, interval in interface.endpoints():
                place = (address & 0x0F) | (16 if address & IN else 0)
                kinds[place], intervals[place], owners[place], sizes[place] = kind, interval, interface.number, size
        return bytes(kinds) + bytes(intervals) + bytes(owners) + struct.pack(f"<{MAX_ENDPOINTS}H", *sizes)

    # --- the wire -------------------------------------------------------------------------------------------------

    def _say(self, kind: Packet, body: bytes = b"", number: int = 0) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._host is not None:
                # The long id is used once both have said that they know it.
                self._host.sendall(struct.pack("<IIQ" if self._greeted else "<III", kind, len(body), number) + body)

    def _serve(self) -> None:
        while True:
            try:
                host, _ = self._server.accept()
            except OSError:
                return
            with self._lock:
                self._host, self._greeted = host, False
            with contextlib.suppress(OSError, EOFError):
                self._say(Packet.HELLO, b"smsd's modem".ljust(64, b"\0") + struct.pack("<I", CAPABILITIES))
                while True:
                    kind, length = struct.unpack("<II", self._read(host, 8))
                    number = int.from_bytes(self._read(host, 8 if self._greeted else 4), "little")
                    self._packet(kind, number, self._read(host, length))
            with self._lock:
                self._host, self._greeted = None, False
            host.close()

    @staticmethod
    def _read(host: socket.socket, length: int) -> bytes:
        octets = b""
        while len(octets) < length:
            more = host.recv(length - len(octets))
            if not more:
                raise EOFError
            octets += more
        return octets

    def _packet(self, kind: int, number: int, body: bytes) -> None:
        with self._lock:
            if kind == Packet.HELLO:
                self._greeted = True
                if self._plugged:
                    self.plug()
            elif kind in (Packet.SET_CONFIGURATION, Packet.GET_CONFIGURATION):
                if kind == Packet.SET_CONFIGURATION:
                    self._configuration = body[0]
                self._say(Packet.CONFIGURATION_STATUS, bytes([Status.SUCCESS, self._configuration]), number)
            elif kind in (Packet.SET_ALT_SETTING, Packet.GET_ALT_SETTING):
                self._say(Packet.ALT_SETTING_STATUS, bytes([Status.SUCCESS, body[0], 0]), number)
            elif kind in (Packet.START_INTERRUPT_RECEIVING, Packet.STOP_INTERRUPT_RECEIVING):
                self._say(Packet.INTERRUPT_RECEIVING_STATUS, bytes([Status.SUCCESS, body[0]]), number)
            elif kind == Packet.CONTROL_PACKET:
                self._control(number, body)
            elif kind == Packet.BULK_PACKET:
                self._bulk(number, body)
            elif kind == Packet.CANCEL_DATA_PACKET:
                self._cancel(number)

    def _control(self, number: int, body: bytes) -> None:
        endpoint, request, kind, _, value, index, length = struct.unpack("<BBBBHHH", body[:10])
        status, answer = Status.SUCCESS, b""
        if kind == IN and request == GET_DESCRIPTOR:
            found = self._descriptor(value >> 8, value & 0xFF)
            status, answer = (Status.STALL, b"") if found is None else (status, found[:length])
        elif kind == IN and request == GET_STATUS:
            answer = b"\0\0"[:length]
        elif kind & IN:
            status = Status.STALL
        # What else the host says of the line or of a feature is taken without a word.
        told = len(answer) if kind & IN else length
        head = struct.pack("<BBBBHHH", endpoint, request, kind, status, value, index, told)
        self._say(Packet.CONTROL_PACKET, head + answer, number)

    def _bulk(self, number: int, body: bytes) -> None:
        endpoint, _, low, _, high = struct.unpack("<BBHIH", body[:10])
        if endpoint & IN:
            interface = self._in[endpoint]
            interface.asked.append((number, low | high << 16))
            self._flush(interface)
        else:
            octets = body[10:]
            self._say(Packet.BULK_PACKET, self._bulk_head(endpoint, Status.SUCCESS, len(octets)), number)
            self._out[endpoint].take(octets)

    def _flush(self, interface: Interface) -> None:
        while interface.output and interface.asked:
            number, length = interface.asked.pop(0)
            # A full packet would leave the host waiting for the rest of the transfer.
            octets = bytes(interface.output[: min(length, BULK_SIZE - 1)])
            del interface.output[: len(octets)]
            head = self._bulk_head(interface.bulk_in, Status.SUCCESS, len(octets))
            self._say(Packet.BULK_PACKET, head + octets, number)

    def _cancel(self, number: int) -> None:
        for interface in self.interfaces:
            for asked in [each for each in interface.asked if each[0] == number]:
                interface.asked.remove(asked)
                self._say(Packet.BULK_PACKET, self._bulk_head(interface.bulk_in, Status.CANCELLED, 0), number)

    @staticmethod
    def _bulk_head(endpoint: int, status: Status, length: int) -> bytes:
        return struct.pack("<BBHIH", endpoint, status, length & 0xFFFF, 0, length >> 16)
