"""Where a message came from, or goes to (RFC 3261 section 18, RFC 5626's sense)."""

from __future__ import annotations

from typing import NamedTuple


class Flow(NamedTuple):
    """One path to a peer. Equal flows share a socket or a connection."""

    transport: str
    """`udp`, `tcp` or `tls`, lower case."""
    host: str
    """The peer's IP address, without brackets."""
    port: int
    """The peer's port."""
    listener: int = 0
    """Index of our listening address the flow belongs to."""
    connection: int = 0
    """A stream's number; 0 for datagrams, or for any stream to host and port."""


class Listener(NamedTuple):
    """One address of ours, as peers see it: what Via and Contact say."""

    transport: str
    """`udp`, `tcp` or `tls`, lower case."""
    host: str
    """Advertised host, an IPv6 address in brackets."""
    port: int
    """Advertised port."""
