"""Measures INVITE in to INVITE out on the loopback interface, from the kernel's stamps.

A packet socket with a filter in the kernel sees nothing but INVITEs, so watching costs
neither the router nor, at thousands of calls a second, much of the other core. Needs
root; without it there is no figure.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import threading
from typing import NamedTuple

_ETH_P_ALL = 0x0003
_SO_ATTACH_FILTER = 26
_SO_TIMESTAMPNS = 35
_ETHERNET, _IP_PORTS, _UDP_HEADER = 14, 20, 8
_PAYLOAD = _ETHERNET + _IP_PORTS + _UDP_HEADER
_STALE = 2_000_000_000
"""Nanoseconds after which an INVITE that came is no longer waited for."""
_TIMESPEC = struct.Struct("@qq")

# The kernel's classic filter (linux/filter.h): incoming packets only, UDP over IPv4
# without options, payload beginning with "INVI".
_PACKET_TYPE = 0xFFFFF004
_FILTER = (
    (0x28, 0, 0, _PACKET_TYPE),
    (0x15, 0, 7, 0),
    (0x30, 0, 0, _ETHERNET),
    (0x15, 0, 5, 0x45),
    (0x30, 0, 0, _ETHERNET + 9),
    (0x15, 0, 3, 17),
    (0x20, 0, 0, _PAYLOAD),
    (0x15, 0, 1, int.from_bytes(b"INVI")),
    (0x06, 0, 0, 256),
    (0x06, 0, 0, 0),
)


class Delay(NamedTuple):
    """What the router added between the two INVITEs of a call, in milliseconds."""

    calls: int
    p50: float
    p99: float
    worst: float


class Tap:
    """Watches the INVITEs to `router` and those from it, pairing them by `pair`.

    Numbers are told apart by their last digits only: X and its callee end alike.
    """

    def __init__(self, router_port: int, *, digits: int) -> None:
        """Open the socket; raise PermissionError without root."""
        self._socket = socket.socket(
            socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)
        )
        self._socket.bind(("lo", 0))
        code = b"".join(struct.pack("HBBI", *line) for line in _FILTER)
        buffer = ctypes.create_string_buffer(code)
        program = struct.pack("HL", len(_FILTER), ctypes.addressof(buffer))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
        self._socket.settimeout(0.2)
        self._port = router_port
        self._digits = digits
        self._came: dict[bytes, int] = {}
        self._delays: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Tap:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def delay(self) -> Delay | None:
        """Return what was measured so far, None when nothing was."""
        ordered = sorted(self._delays)
        if not ordered:
            return None
        count = len(ordered)
        marks = (ordered[count // 2], ordered[min(count - 1, count * 99 // 100)])
        return Delay(count, *(mark / 1e6 for mark in (*marks, ordered[-1])))

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                packet, ancillary, _, _ = self._socket.recvmsg(256, 64)
            except TimeoutError:
                continue
            seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2][:16])
            self._take(packet, seconds * 1_000_000_000 + nanoseconds)

    def _take(self, packet: bytes, at: int) -> None:
        ports = packet[_ETHERNET + 20 : _ETHERNET + 24]
        source, target = struct.unpack("!HH", ports)
        # INVITE sip:+8617000000001@...
        number = packet[_PAYLOAD:].partition(b"@")[0][-self._digits :]
        if target == self._port:
            # A repeated INVITE counts from the first, one of an earlier call does not.
            if at - self._came.get(number, 0) > _STALE:
                self._came[number] = at
        elif source == self._port:
            came = self._came.pop(number, None)
            if came is not None:
                self._delays.append(at - came)
