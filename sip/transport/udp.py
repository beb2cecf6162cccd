"""One UDP socket, read and written without a transport object in between.

Responses leave from the socket their request came to, as RFC 3581 section 4 demands.
ICMP errors are not asked for: they are easily forged, and a peer that restarts is
served by the next retransmission where an error would have ended its calls (RFC 3261
section 18.4 makes the report a SHOULD).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable

from sip.flow import Flow
from sip.transport.gate import Gate
from sip.transport.port import Counters, ListenAddress, is_address

MAX_DATAGRAM = 65_535
BATCH = 64
"""Datagrams taken in before the application and the timers have their turn."""
MIN_MESSAGE = 16
"""Shorter datagrams cannot be SIP: they keep a binding of a NAT alive (RFC 5626)."""
REMEMBERED_FLOWS = 16_384
MAX_UNSENT = 1024
"""Datagrams kept while the socket does not take any; the next ones are lost."""
BUFFER_BYTES = 4 << 20
# Linux lets root go over net.core.rmem_max; the module socket does not name these.
SO_SNDBUFFORCE = 32
SO_RCVBUFFORCE = 33


class UdpSocket:
    """A bound socket of listener `index`, calling `receive` for each datagram let in.

    `finish` is called once after each batch that held any message, `fault` inside the
    handling of whatever `receive` raised.
    """

    __slots__ = (
        "_counters",
        "_fault",
        "_finish",
        "_flows",
        "_gate",
        "_index",
        "_loop",
        "_numeric",
        "_receive",
        "_socket",
        "_unsent",
    )

    def __init__(
        self,
        sock: socket.socket,
        index: int,
        *,
        gate: Gate,
        counters: Counters,
        receive: Callable[[bytes, Flow, float], None],
        finish: Callable[[], None],
        fault: Callable[[], None],
    ) -> None:
        self._socket = sock
        self._index = index
        self._gate = gate
        self._counters = counters
        self._receive = receive
        self._finish = finish
        self._fault = fault
        # Source address as the socket gives it -> flow; only of sources let in.
        self._flows: dict[tuple[str, int], Flow] = {}
        # Hosts known to be addresses: a name would make sendto wait for the DNS.
        self._numeric: set[str] = set()
        self._unsent: deque[tuple[bytes, tuple[str, int]]] = deque()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock, self._on_readable)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port the socket is bound to."""
        host, port = self._socket.getsockname()[:2]
        return host, port

    def send(self, data: bytes, flow: Flow) -> bool:
        """Send `data` to `flow`; say False when no datagram can ever get there.

        While the socket is full datagrams wait, and are dropped when too many do: UDP
        promises no more, and retransmissions make up for it.
        """
        host = flow.host
        if host not in self._numeric and not self._learn(host):
            return False
        address = (host, flow.port)
        if self._unsent:
            self._keep(data, address)
            return True
        try:
            self._socket.sendto(data, address)
        except (BlockingIOError, InterruptedError):
            self._keep(data, address)
            return True
        except (OSError, OverflowError):
            return False
        self._counters.sent += 1
        return True

    def forget_access(self) -> None:
        """Have every source checked again at its next datagram."""
        self._flows.clear()

    def close(self) -> None:
        """Close the socket; what still waits to be sent is tried once more."""
        self._on_writable()
        if self._unsent:
            self._loop.remove_writer(self._socket)
            self._unsent.clear()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _on_readable(self) -> None:
        now = self._loop.time()
        take = self._socket.recvfrom
        receive = self._receive
        flows = self._flows
        heard = 0
        for _ in range(BATCH):
            try:
                data, address = take(MAX_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                continue
            flow = flows.get(address) or self._admit(address)
            if flow is None:
                continue
            if len(data) < MIN_MESSAGE:
                self._counters.keepalives += 1
                continue
            heard += 1
            try:
                receive(data, flow, now)
            except Exception:  # noqa: BLE001 - the edge: a bug must not end the reading
                self._fault()
        if heard:
            self._counters.received += heard
            self._finish()

    def _admit(self, address: tuple[str, int]) -> Flow | None:
        host = address[0]
        if not self._gate.admits(host):
            self._counters.refused_sources += 1
            return None
        flow = Flow("udp", host, address[1], self._index)
        if len(self._flows) >= REMEMBERED_FLOWS:
            self._flows.clear()
        self._flows[address] = flow
        return flow

    def _learn(self, host: str) -> bool:
        if not is_address(host):
            return False
        if len(self._numeric) >= REMEMBERED_FLOWS:
            self._numeric.clear()
        self._numeric.add(host)
        return True

    def _keep(self, data: bytes, address: tuple[str, int]) -> None:
        unsent = self._unsent
        if len(unsent) >= MAX_UNSENT:
            self._counters.send_drops += 1
            return
        if not unsent:
            self._loop.add_writer(self._socket, self._on_writable)
        unsent.append((data, address))

    def _on_writable(self) -> None:
        unsent = self._unsent
        if not unsent:
            return
        while unsent:
            try:
                self._socket.sendto(*unsent[0])
            except (BlockingIOError, InterruptedError):
                return
            except (OSError, OverflowError):
                self._counters.send_drops += 1
            else:
                self._counters.sent += 1
            unsent.popleft()
        self._loop.remove_writer(self._socket)


def bind(listen: ListenAddress, family: socket.AddressFamily) -> socket.socket:
    """Return a non-blocking socket bound to `listen`, with large buffers.

    Raises OSError when the address cannot be had.
    """
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.settimeout(0)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for option, forced in (
            (socket.SO_RCVBUF, SO_RCVBUFFORCE),
            (socket.SO_SNDBUF, SO_SNDBUFFORCE),
        ):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
                sock.setsockopt(socket.SOL_SOCKET, forced, BUFFER_BYTES)
        sock.bind((listen.host, listen.port))
    except OSError:
        sock.close()
        raise
    return sock
