"""Addresses as they are written in the settings: listeners, gateways, stores."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

TRANSPORTS = ("udp", "tcp", "tls")
STORE_SCHEMES = (
    "sqlite",
    "redis",
    "rediss",
    "redis+sentinel",
    "rediss+sentinel",
    "redis+cluster",
    "rediss+cluster",
)
ARCHIVE_SCHEMES = ("sqlite", "postgresql")
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_MAX_PORT = 65535


class ListenAddress(NamedTuple):
    """An address to listen on."""

    transport: str
    """`udp`, `tcp` or `tls`; `tcp` for HTTP."""
    host: str
    """Without brackets; `0.0.0.0` or `::` for every address."""
    port: int

    def __str__(self) -> str:
        """Return `udp:127.0.0.1:5060`."""
        return f"{self.transport}:{self.authority}"

    @property
    def authority(self) -> str:
        """`127.0.0.1:5060`, an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_listen(text: str) -> ListenAddress:
    """Read `udp:127.0.0.1:5060` or raise ValueError saying what would be right."""
    transport, colon, rest = text.partition(":")
    if not colon or transport not in TRANSPORTS:
        raise ValueError(
            f"{text!r} does not start with udp:, tcp: or tls:; "
            'write for example "udp:127.0.0.1:5060"'
        )
    host, port = parse_authority(rest)
    _require_address(host)
    return ListenAddress(transport, host, port)


def parse_http_listen(text: str) -> ListenAddress:
    """Read `127.0.0.1:8080` or raise ValueError saying what would be right."""
    host, port = parse_authority(text)
    _require_address(host)
    return ListenAddress("tcp", host, port)


def parse_authority(text: str, default_port: int | None = None) -> tuple[str, int]:
    """Read `host:port` or `[v6]:port`; ValueError says what would be right."""
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        if not bracket or not _is_ipv6(host) or (port and port[0] != ":"):
            raise ValueError(f'{text!r} is not an address; write "[::1]:5060"')
        port = port[1:]
    else:
        if text.count(":") > 1:
            raise ValueError(
                f"{text!r} has more than one colon; "
                'write an IPv6 address in brackets, "[::1]:5060"'
            )
        host, _, port = text.partition(":")
        if not host or not _HOST_NAME.fullmatch(host):
            raise ValueError(f"{host!r} is not a host; write for example 10.0.0.1")
        if host.replace(".", "").isdigit() and not _is_ipv4(host):
            raise ValueError(f"{host!r} is not an IPv4 address; write four numbers")
    if not port and default_port is not None and not text.endswith(":"):
        return host, default_port
    return host, parse_port(port, text)


def parse_port(text: str, whole: str) -> int:
    """Read a port from 0 to 65535 (0: any free one); ValueError names `whole`."""
    if not text:
        raise ValueError(f"{whole!r} has no port; write host:port")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_PORT))):
        raise ValueError(f"port {text!r} is not a number from 0 to {_MAX_PORT}")
    port = int(text)
    if port > _MAX_PORT:
        raise ValueError(f"port {port} is too large; ports end at {_MAX_PORT}")
    return port


def parse_advertise(text: str) -> tuple[str, int | None]:
    """Read a public `host` or `host:port`; ValueError says what would be right."""
    bare = _is_ipv6(text)
    host, port = (text, 0) if bare else parse_authority(text, default_port=0)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host, port or None
    if address.is_unspecified:
        raise ValueError(f"{host} is no address a peer could answer to")
    return host, port or None


def check_url(text: str, schemes: tuple[str, ...], example: str) -> str:
    """Return `text` if its scheme is one of `schemes`; ValueError names those."""
    scheme, colon, rest = text.partition(":")
    if not colon or scheme not in schemes:
        raise ValueError(
            f"unknown scheme {scheme!r}; one of {', '.join(schemes)}, "
            f"for example {example}"
        )
    if scheme == "sqlite":
        if not rest or rest.startswith("//"):
            raise ValueError(f"sqlite is followed by a file's path, as in {example}")
        return text
    if not rest.startswith("//"):
        raise ValueError(f"write {scheme}://host:port")
    return _with_valid_ports(text)


def check_push_url(text: str) -> str:
    """Return an http or https URL unchanged; ValueError says what would be right."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not a URL; write https://host/path (or http://)")
    if "@" in parts.netloc:
        raise ValueError("a push URL carries no user or password")
    return _with_valid_ports(text)


def _with_valid_ports(text: str) -> str:
    # Sentinel and Cluster URLs name several hosts: urlsplit().port reads one only.
    authority = urlsplit(text).netloc.rpartition("@")[2]
    if not authority:
        raise ValueError("the URL names no host; write scheme://host:port")
    for each in authority.split(","):
        parse_authority(each, default_port=0)
    return text


def _require_address(host: str) -> None:
    if not _is_ipv4(host) and not _is_ipv6(host) and host != "localhost":
        raise ValueError(
            f"{host!r} is a name; listen on an IP address of this machine, "
            "or on 0.0.0.0 for all of them"
        )


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
