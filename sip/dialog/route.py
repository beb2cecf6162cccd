"""Where an in-dialog request goes: route set, remote target, transport (12.2.1.1)."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from sip.flow import Flow
from sip.message.uri import Uri

DEFAULT_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}


@lru_cache(maxsize=4096)
def is_address(host: str) -> bool:
    """Tell an IP address from a name. Pure, so remembering an answer is safe."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def uri_of(value: str) -> str:
    """Return the URI of a Route or Record-Route value `<sip:…>;params`."""
    start = value.find("<")
    end = value.find(">", start)
    return value[start + 1 : end] if 0 <= start < end else value.strip()


def is_loose(value: str) -> bool:
    """Tell whether a Route value names a loose router (`;lr`, section 16.12)."""
    parameters = uri_of(value).lower().split(";")[1:]
    return any(p == "lr" or p.startswith("lr=") for p in parameters)


def next_hop(uri_text: str, last: Flow, *, latch: bool) -> Flow:
    """Return the flow towards `uri_text`, falling back on `last`.

    `last` is where the peer's newest message came from. It is used where the URI holds
    no address (names are not looked up inside a call), or, with `latch`, where the
    address is on another host than the peer's packets.
    """
    try:
        uri = Uri.parse(uri_text)
    except ValueError:
        return last
    host = uri.host.strip("[]")
    if not is_address(host) or (latch and host != last.host):
        return last
    transport = uri.params.get("transport", "").lower() or last.transport
    if uri.scheme == "sips":
        transport = "tls"
    if transport not in DEFAULT_PORTS:
        return last
    port = uri.port or DEFAULT_PORTS[transport]
    if transport != last.transport:
        return Flow(transport, host, port, last.listener)
    # The peer's own connection carries requests the other way too (RFC 5923's sense):
    # host and port are only where a new one is opened when that one is gone.
    connection = last.connection if host == last.host else 0
    return Flow(transport, host, port, last.listener, connection)
