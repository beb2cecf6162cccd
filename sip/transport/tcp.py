"""One stream to a peer, TCP or TLS alike: messages cut out of bytes (RFC 3261 18.3)."""

from __future__ import annotations

import asyncio
import socket
from typing import Protocol, cast

from sip.errors import PeerMistake
from sip.flow import Flow
from sip.message.framer import Framer
from sip.transport.port import ListenAddress, StreamLimits

BACKLOG = 1024
MAX_WAITING = 64
"""Messages kept for a connection that is still being opened."""


class StreamOwner(Protocol):
    """What a connection needs of the table it stands in."""

    limits: StreamLimits

    def now(self) -> float:
        """Return the loop's time."""

    def take(self, connection: Connection, messages: list[bytes]) -> None:
        """Give whole messages to the core, in order, then let the application act."""

    def pinged(self, connection: Connection, times: int) -> None:
        """Answer keep-alives."""

    def mistaken(self, connection: Connection, mistake: PeerMistake) -> None:
        """Answer what can be answered; the bytes after it cannot be understood."""

    def lost(self, connection: Connection) -> None:
        """Forget a connection that is gone."""

    def dropped(self, flow: Flow) -> None:
        """Count a message that will not be sent."""


class Connection(asyncio.Protocol):
    """One connection, accepted or opened by us, from before it is up to its end."""

    __slots__ = (
        "_cut",
        "_framer",
        "_owner",
        "_transport",
        "_waiting",
        "accepted",
        "flow",
        "greeted",
        "heard_at",
        "partial_since",
    )

    def __init__(self, owner: StreamOwner, flow: Flow, *, accepted: bool) -> None:
        self.flow = flow
        self.accepted = accepted
        # Whether a whole message has come yet.
        self.greeted = False
        self.heard_at = owner.now()
        # When the message now being received began; None between messages.
        self.partial_since: float | None = None
        # Whether it must end as soon as it is up.
        self._cut = False
        self._owner = owner
        self._framer = Framer()
        self._transport: asyncio.Transport | None = None
        # Messages and the flows they were for, until the connection is up.
        self._waiting: list[tuple[bytes, Flow]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what has waited for the connection."""
        self._transport = cast("asyncio.Transport", transport)
        if self._cut:
            self._transport.abort()
            return
        self.heard_at = self._owner.now()
        waiting, self._waiting = self._waiting, []
        for data, flow in waiting:
            self.send(data, flow)

    def data_received(self, data: bytes) -> None:
        """Cut messages out of what has come and hand them on, one batch."""
        now = self.heard_at = self._owner.now()
        framer = self._framer
        messages: list[bytes] = []
        try:
            framer.feed(data)
            while (message := framer.next_message()) is not None:
                messages.append(message)
        except PeerMistake as mistake:
            self._deliver(messages)
            self._owner.mistaken(self, mistake)
            return
        if framer.pings:
            self._owner.pinged(self, framer.pings)
            framer.pings = 0
        if not framer.pending:
            self.partial_since = None
        elif messages or self.partial_since is None:
            self.partial_since = now
        self._deliver(messages)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Leave the table."""
        self._transport = None
        self._owner.lost(self)

    def send(self, data: bytes, flow: Flow) -> None:
        """Send `data`, or keep it until the connection is up.

        A peer that reads too slowly loses the connection: what it asked for must not
        fill our memory.
        """
        if self._transport is None:
            if len(self._waiting) >= MAX_WAITING:
                self._owner.dropped(flow)
            else:
                self._waiting.append((data, flow))
            return
        if not self.write(data):
            self._owner.dropped(flow)

    def write(self, data: bytes) -> bool:
        """Write to a connection that is up; say False when it had to be cut off."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        if transport.get_write_buffer_size() > self._owner.limits.write_bytes:
            transport.abort()
            return False
        transport.write(data)
        return True

    def waiting_flows(self) -> list[Flow]:
        """Return the flows of messages that wait for a connection not up yet."""
        return [flow for _, flow in self._waiting]

    @property
    def usable(self) -> bool:
        """Whether messages may still be given to it."""
        return self._transport is None or not self._transport.is_closing()

    def close(self, *, at_once: bool = False) -> None:
        """Close once everything written has left, or at once."""
        if self._transport is None:
            self._cut = True
        elif at_once:
            self._transport.abort()
        else:
            self._transport.close()

    def overdue(self, now: float) -> bool:
        """Say whether the peer has kept us waiting for longer than it may."""
        limits = self._owner.limits
        if self._transport is None:
            # Being opened: whoever opens it has a deadline of its own.
            return False
        if self.partial_since is not None:
            return now - self.partial_since >= limits.header_seconds
        quiet = now - self.heard_at
        if self.accepted and not self.greeted:
            return quiet >= limits.first_message_seconds
        return quiet >= limits.idle_seconds

    def _deliver(self, messages: list[bytes]) -> None:
        if messages:
            self.greeted = True
            self._owner.take(self, messages)


def listen(address: ListenAddress, family: socket.AddressFamily) -> socket.socket:
    """Return a non-blocking listening socket for `address`; raises OSError."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address.host, address.port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
