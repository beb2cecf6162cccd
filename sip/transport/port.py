"""What the transports and the core know of each other (RFC 3261 section 18)."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sip.flow import Flow


class CoreLike(Protocol):
    """The verbs by which a core is driven; `sip.core.Core` has them all."""

    def receive_datagram(self, data: bytes, flow: Flow, now: float) -> None:
        """Take in one message, whole, as it came from `flow`."""

    def datagrams_to_send(self) -> list[tuple[bytes, Flow]]:
        """Hand over what waits to be sent; each message is handed over once."""

    def get_timer(self) -> float | None:
        """Return the earliest deadline in loop time, None when nothing is armed."""

    def handle_timer(self, now: float) -> None:
        """Act on every deadline at or before `now`."""

    def unreachable(self, flow: Flow, now: float) -> None:
        """Learn that nothing can be sent to `flow` (18.4)."""


class ListenAddress(NamedTuple):
    """One address to listen on; its place in the list is `Flow.listener`."""

    transport: str
    """`udp`, `tcp` or `tls`, lower case."""
    host: str
    """IP address to bind, without brackets."""
    port: int
    """Port to bind; 0 lets the system choose."""
    tls: ssl.SSLContext | None = None
    """The server's side of TLS; needed by `tls`, unused by the others."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What one stream peer may hold of ours."""

    connections_per_host: int = 200
    """Accepted connections from one IP address."""
    connections: int = 10_000
    """Accepted connections in all."""
    header_seconds: float = 5.0
    """From the first byte of a message to its last; also the TLS handshake."""
    first_message_seconds: float = 30.0
    """How long an accepted connection may stay without any message."""
    idle_seconds: float = 600.0
    """How long any connection may stay without a byte from the peer."""
    connect_seconds: float = 4.0
    """How long opening a connection may take, TLS included."""
    write_bytes: int = 1 << 20
    """Bytes a slow reader may leave unread before its connection is dropped."""


class Counters:
    """Plain integers since the start, for metrics."""

    __slots__ = (
        "accept_pauses",
        "connections_closed",
        "connections_failed",
        "connections_opened",
        "faults",
        "keepalives",
        "received",
        "refused_sources",
        "send_drops",
        "sent",
        "too_many_connections",
        "unreachable",
    )

    def __init__(self) -> None:
        self.received = 0
        """Messages given to the core."""
        self.sent = 0
        """Messages given to the network."""
        self.keepalives = 0
        """Keep-alives that were no messages."""
        self.refused_sources = 0
        """Datagrams and connections from sources that may not talk to us."""
        self.send_drops = 0
        """Messages thrown away because a socket's or peer's buffer was full."""
        self.unreachable = 0
        """Messages for which the core was told that the peer cannot be reached."""
        self.faults = 0
        """Exceptions out of the core or the application: bugs of ours."""
        self.connections_opened = 0
        self.connections_failed = 0
        self.connections_closed = 0
        self.too_many_connections = 0
        self.accept_pauses = 0
        """Times accepting rested because file descriptors had run out."""


def is_address(host: str) -> bool:
    """Say whether `host` is an IP address; anything else would ask the DNS to send."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
