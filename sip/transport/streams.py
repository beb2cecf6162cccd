"""The table of streams: accepting, opening on demand, reuse, limits.

A message goes out on the connection its flow names, else on any connection to the same
transport, host and port, else on a new one (RFC 3261 sections 18.1.1 and 18.2.2).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine

from sip.errors import PeerMistake
from sip.flow import Flow
from sip.message.render import render_response
from sip.transport.gate import Gate
from sip.transport.port import Counters, ListenAddress, StreamLimits, is_address
from sip.transport.tcp import Connection

ACCEPT_BATCH = 32
ACCEPT_PAUSE_SECONDS = 1.0
"""How long accepting rests when the process has no file descriptor left."""
SWEEP_SECONDS = 1.0
PONG = b"\r\n"
CLOSE_SECONDS = 1.0
"""How long closing waits for peers to take what was written to them."""
_EXHAUSTED = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))

Peer = tuple[str, str, int]
"""Transport, host and port."""


class StreamTable:
    """All connections of an endpoint and the sockets that accept them.

    `finish` is called once after each batch of messages, `fault` inside the handling of
    whatever `receive` raised, `report` for each message that could not be sent at all.
    """

    def __init__(
        self,
        *,
        gate: Gate,
        counters: Counters,
        limits: StreamLimits,
        client_tls: ssl.SSLContext | None,
        receive: Callable[[bytes, Flow, float], None],
        finish: Callable[[], None],
        fault: Callable[[], None],
        report: Callable[[Flow], None],
    ) -> None:
        self.limits = limits
        self.names: dict[tuple[str, int], str] = {}
        """Host and port of TLS peers -> the name their certificate must carry."""
        self._gate = gate
        self._counters = counters
        self._client_tls = client_tls
        self._receive = receive
        self._finish = finish
        self._fault = fault
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._listeners: list[tuple[socket.socket, int, ListenAddress]] = []
        self._numbers = itertools.count(1)
        self._by_number: dict[int, Connection] = {}
        self._by_peer: dict[Peer, Connection] = {}
        self._accepted: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._resume: dict[socket.socket, asyncio.TimerHandle] = {}
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        """Count the connections open or being opened."""
        return len(self._by_number)

    def now(self) -> float:
        """Return the loop's time."""
        return self._loop.time()

    def listen(self, sock: socket.socket, index: int, address: ListenAddress) -> int:
        """Accept on a listening socket as listener `index`; return its port."""
        self._listeners.append((sock, index, address))
        self._loop.add_reader(sock, self._on_acceptable, sock, index, address)
        port: int = sock.getsockname()[1]
        return port

    def send(self, data: bytes, flow: Flow) -> None:
        """Send on the flow's connection, one to the same peer, or a new one."""
        connection = self._by_number.get(flow.connection)
        if connection is None or not connection.usable:
            connection = self._by_peer.get(flow[:3])
            if connection is None or not connection.usable:
                connection = self._open(flow)
                if connection is None:
                    self._report(flow)
                    return
        connection.send(data, flow)
        self._counters.sent += 1

    def recheck_access(self) -> None:
        """Cut off the accepted connections of hosts that are not let in any more."""
        for connection in list(self._by_number.values()):
            if connection.accepted and not self._gate.admits(connection.flow.host):
                self._counters.refused_sources += 1
                connection.close(at_once=True)

    async def close(self) -> None:
        """Stop accepting and close every connection, slow ones by force."""
        for handle in self._resume.values():
            handle.cancel()
        for sock, _, _ in self._listeners:
            self._loop.remove_reader(sock)
            sock.close()
        self._listeners.clear()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for connection in list(self._by_number.values()):
            connection.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._empty.wait()
        for connection in list(self._by_number.values()):
            connection.close(at_once=True)
        await self._empty.wait()
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None

    # What a connection asks of its table (`sip.transport.tcp.StreamOwner`).

    def take(self, connection: Connection, messages: list[bytes]) -> None:
        """Give messages to the core, then let the application act once."""
        now = self._loop.time()
        for message in messages:
            try:
                self._receive(message, connection.flow, now)
            except Exception:  # noqa: BLE001 - the edge: a bug must not end the reading
                self._fault()
        self._counters.received += len(messages)
        self._finish()

    def pinged(self, connection: Connection, times: int) -> None:
        """Answer each double CRLF with one CRLF (RFC 5626 section 4.4.1)."""
        self._counters.keepalives += times
        connection.write(PONG * times)

    def mistaken(self, connection: Connection, mistake: PeerMistake) -> None:
        """Answer if a request can be made out, and close: framing is lost (18.3)."""
        request = mistake.request
        if request is not None and request.method != "ACK":
            connection.write(render_response(request, mistake.status, mistake.reason))
        connection.close()

    def lost(self, connection: Connection) -> None:
        """Forget a connection that is gone."""
        self._counters.connections_closed += 1
        self._forget(connection)

    def dropped(self, flow: Flow) -> None:
        """Count a message lost to a full buffer or a closing connection."""
        self._counters.send_drops += 1
        self._report(flow)

    # Accepting.

    def _on_acceptable(
        self, sock: socket.socket, index: int, address: ListenAddress
    ) -> None:
        for _ in range(ACCEPT_BATCH):
            try:
                peer, source = sock.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._pause(sock, index, address)
                    return
                continue
            self._accept(peer, source[0], source[1], index, address)

    def _pause(self, sock: socket.socket, index: int, address: ListenAddress) -> None:
        # The socket stays readable: reading on would spin until a descriptor is free.
        self._counters.accept_pauses += 1
        self._loop.remove_reader(sock)
        self._resume[sock] = self._loop.call_later(
            ACCEPT_PAUSE_SECONDS,
            self._loop.add_reader,
            sock,
            self._on_acceptable,
            sock,
            index,
            address,
        )

    def _accept(
        self,
        peer: socket.socket,
        host: str,
        port: int,
        index: int,
        address: ListenAddress,
    ) -> None:
        if not self._gate.admits(host):
            self._counters.refused_sources += 1
            peer.close()
            return
        if (
            self._accepted[host] >= self.limits.connections_per_host
            or self._accepted.total() >= self.limits.connections
        ):
            self._counters.too_many_connections += 1
            peer.close()
            return
        peer.settimeout(0)
        flow = Flow(address.transport, host, port, index, next(self._numbers))
        connection = Connection(self, flow, accepted=True)
        self._accepted[host] += 1
        self._remember(connection)
        self._run(self._greet(connection, peer, address.tls))

    async def _greet(
        self, connection: Connection, peer: socket.socket, tls: ssl.SSLContext | None
    ) -> None:
        try:
            if connection.flow.transport == "tls":
                await self._loop.connect_accepted_socket(
                    lambda: connection,
                    peer,
                    ssl=tls,
                    ssl_handshake_timeout=self.limits.header_seconds,
                )
            else:
                await self._loop.connect_accepted_socket(lambda: connection, peer)
        except OSError:
            self._fail(connection)
        except asyncio.CancelledError:
            self._forget(connection)
            peer.close()
            raise

    # Opening.

    def _open(self, flow: Flow) -> Connection | None:
        secure = flow.transport == "tls"
        if not is_address(flow.host) or (secure and self._client_tls is None):
            return None
        flow = flow._replace(connection=next(self._numbers))
        connection = Connection(self, flow, accepted=False)
        self._remember(connection)
        self._run(self._connect(connection))
        return connection

    async def _connect(self, connection: Connection) -> None:
        _, host, port = connection.flow[:3]
        secure = connection.flow.transport == "tls"
        try:
            async with asyncio.timeout(self.limits.connect_seconds):
                await self._loop.create_connection(
                    lambda: connection,
                    host,
                    port,
                    ssl=self._client_tls if secure else None,
                    server_hostname=self.names.get((host, port), host)
                    if secure
                    else None,
                )
        except OSError:
            self._fail(connection)
        except asyncio.CancelledError:
            self._forget(connection)
            raise

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _fail(self, connection: Connection) -> None:
        self._counters.connections_failed += 1
        self._forget(connection)
        for flow in connection.waiting_flows():
            self._report(flow)

    # The table itself.

    def _remember(self, connection: Connection) -> None:
        flow = connection.flow
        self._by_number[flow.connection] = connection
        self._by_peer[flow[:3]] = connection
        self._counters.connections_opened += 1
        self._empty.clear()
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    def _forget(self, connection: Connection) -> None:
        flow = connection.flow
        if self._by_number.pop(flow.connection, None) is None:
            return
        if self._by_peer.get(flow[:3]) is connection:
            del self._by_peer[flow[:3]]
        if connection.accepted:
            self._accepted[flow.host] -= 1
            if not self._accepted[flow.host]:
                del self._accepted[flow.host]
        if not self._by_number:
            self._empty.set()

    def _sweep(self) -> None:
        self._sweeper = None
        now = self._loop.time()
        for connection in list(self._by_number.values()):
            if connection.overdue(now):
                connection.close(at_once=True)
        if self._by_number:
            self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)
