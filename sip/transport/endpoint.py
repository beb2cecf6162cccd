"""The driver of a core: its sockets and its one timer (RFC 3261 section 18).

Everything that comes in goes the same way: the core takes it, the application drains
the core's events, what the core wants sent is sent, and the timer is armed. That is
done once for a batch of input, not for every message.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence

from sip.flow import Flow
from sip.transport.gate import Gate
from sip.transport.port import CoreLike, Counters, ListenAddress, StreamLimits
from sip.transport.streams import StreamTable
from sip.transport.tcp import listen as listen_stream
from sip.transport.udp import UdpSocket, bind as bind_udp

__all__ = ["CoreLike", "Counters", "Endpoint", "ListenAddress", "StreamLimits"]

FAULT_LOG_SECONDS = 60.0
"""A fault is logged with its traceback at most this often; all are counted."""

_logger = logging.getLogger(__name__)


class Endpoint:
    """Owns one core, its sockets and one timer handle; time is the loop's.

    `handle` is called after each batch of input and each timer: the application drains
    the core's events there. `allowed` says of an IP address whether it may talk to us;
    others get no byte. `client_tls` is our side of TLS connections we open.
    """

    def __init__(
        self,
        core: CoreLike,
        handle: Callable[[], None],
        *,
        allowed: Callable[[str], bool],
        limits: StreamLimits | None = None,
        client_tls: ssl.SSLContext | None = None,
    ) -> None:
        self.counters = Counters()
        """What came, went and was refused, for metrics."""
        self.bound: list[ListenAddress] = []
        """The addresses listened on once open, with the ports really bound."""
        self._core = core
        self._handle = handle
        self._gate = Gate(allowed)
        self._limits = limits or StreamLimits()
        self._client_tls = client_tls
        self._sockets: list[UdpSocket | None] = []
        self._streams: StreamTable | None = None
        # Set by `open`; nothing that uses it runs before.
        self._loop: asyncio.AbstractEventLoop
        self._timer: asyncio.TimerHandle | None = None
        # Loop time the handle is armed for; it may be earlier than needed, never later.
        self._armed_at = 0.0
        self._unreachable: list[Flow] = []
        self._fault_logged_at: float | None = None

    async def open(self, listen: Sequence[ListenAddress]) -> None:
        """Bind and read every address of `listen`, in order, or none of them.

        Raises OSError naming the address that cannot be had.
        """
        self._loop = asyncio.get_running_loop()
        streams = self._streams = StreamTable(
            gate=self._gate,
            counters=self.counters,
            limits=self._limits,
            client_tls=self._client_tls,
            receive=self._core.receive_datagram,
            finish=self._finish,
            fault=self._fault,
            report=self._report,
        )
        for index, wanted in enumerate(listen):
            try:
                await self._open_one(streams, index, wanted)
            except OSError as error:
                await self.close()
                where = f"{wanted.transport}:{wanted.host}:{wanted.port}"
                text = error.strerror or str(error)
                raise OSError(error.errno, f"{where}: {text}") from error
        self.flush()

    async def close(self) -> None:
        """Send what the core still wants sent, then close every socket and timer."""
        if self._streams is None:
            return
        self.flush()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for udp in self._sockets:
            if udp is not None:
                udp.close()
        await self._streams.close()
        self._sockets.clear()
        self.bound.clear()
        self._streams = None

    def flush(self) -> None:
        """Send what the core wants sent and arm the timer.

        Called by the application whenever it has used the core outside of `handle`.
        """
        streams = self._streams
        if streams is None:
            return
        sockets = self._sockets
        core = self._core
        for data, flow in core.datagrams_to_send():
            if flow.transport == "udp":
                listener = flow.listener
                udp = sockets[listener] if listener < len(sockets) else None
                if udp is None or not udp.send(data, flow):
                    self._report(flow)
            else:
                streams.send(data, flow)
        wanted = core.get_timer()
        if wanted is not None and (self._timer is None or wanted < self._armed_at):
            self._arm(wanted)

    def recheck_access(self) -> None:
        """Apply a changed access list: to every source, and to connections now open."""
        self._gate.forget()
        for udp in self._sockets:
            if udp is not None:
                udp.forget_access()
        if self._streams is not None:
            self._streams.recheck_access()

    def name_peer(self, host: str, port: int, name: str) -> None:
        """Have the certificate of the TLS peer at `host` and `port` checked for `name`.

        Without a name it must be issued for the IP address (RFC 5922 section 7.1).
        Needs an open endpoint.
        """
        if self._streams is not None:
            self._streams.names[host, port] = name

    @property
    def connections(self) -> int:
        """Streams open or being opened, either way."""
        return 0 if self._streams is None else len(self._streams)

    async def _open_one(
        self, streams: StreamTable, index: int, wanted: ListenAddress
    ) -> None:
        if wanted.transport == "tls" and wanted.tls is None:
            raise OSError(None, "TLS needs a certificate")
        datagram = wanted.transport == "udp"
        found = await self._loop.getaddrinfo(
            wanted.host,
            wanted.port,
            type=socket.SOCK_DGRAM if datagram else socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )
        family = found[0][0]
        wanted = wanted._replace(host=str(found[0][4][0]))
        udp: UdpSocket | None = None
        if datagram:
            udp = UdpSocket(
                bind_udp(wanted, family),
                index,
                gate=self._gate,
                counters=self.counters,
                receive=self._core.receive_datagram,
                finish=self._finish,
                fault=self._fault,
            )
            port = udp.address[1]
        else:
            port = streams.listen(listen_stream(wanted, family), index, wanted)
        self._sockets.append(udp)
        self.bound.append(wanted._replace(port=port))

    def _finish(self) -> None:
        try:
            self._handle()
        except Exception:  # noqa: BLE001 - the edge: what was decided is still sent
            self._fault()
        self.flush()

    def _arm(self, wanted: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed_at = wanted
        self._timer = self._loop.call_at(wanted, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        # Loops round to milliseconds: never tell the core less than was promised.
        now = max(self._armed_at, self._loop.time())
        try:
            self._core.handle_timer(now)
        except Exception:  # noqa: BLE001 - the edge: the timer must be armed again
            self._fault()
        self._finish()

    def _report(self, flow: Flow) -> None:
        # Told later, not now: the core may be in the middle of something.
        self.counters.unreachable += 1
        if not self._unreachable:
            self._loop.call_soon(self._tell_unreachable)
        self._unreachable.append(flow)

    def _tell_unreachable(self) -> None:
        now = self._loop.time()
        flows, self._unreachable = self._unreachable, []
        for flow in dict.fromkeys(flows):
            try:
                self._core.unreachable(flow, now)
            except Exception:  # noqa: BLE001 - the edge
                self._fault()
        self._finish()

    def _fault(self) -> None:
        self.counters.faults += 1
        now = self._loop.time()
        last = self._fault_logged_at
        if last is None or now - last >= FAULT_LOG_SECONDS:
            self._fault_logged_at = now
            _logger.exception("fault in the SIP core or its application")
