"""Where Redis is: its URL as one value.

    redis://[user:password@]host[:port][/db]
    redis+sentinel://[user:password@]host[:port],host[:port]…/master-name[/db]
    redis+cluster://[user:password@]host[:port],host[:port]…

With `rediss` for TLS. Options after `?`: ssl_ca_certs, ssl_certfile, ssl_keyfile,
ssl_check_hostname (true, false), and sentinel_username, sentinel_password.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, unquote, urlsplit

REDIS_PORT = 6379
SENTINEL_PORT = 26379
_OPTIONS = frozenset(
    {
        "ssl_ca_certs",
        "ssl_certfile",
        "ssl_keyfile",
        "ssl_check_hostname",
        "sentinel_username",
        "sentinel_password",
    }
)


class Kind(StrEnum):
    """How Redis is deployed."""

    SINGLE = "redis"
    SENTINEL = "redis+sentinel"
    CLUSTER = "redis+cluster"


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """One Redis, one Sentinel group or one Cluster, and how to log in there."""

    kind: Kind
    hosts: tuple[tuple[str, int], ...]
    """The server; or Sentinels; or some nodes of the Cluster."""
    master: str = ""
    """The name Sentinel knows the primary by."""
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    options: dict[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        """Return it without user and password, for messages."""
        hosts = ",".join(f"{host}:{port}" for host, port in self.hosts)
        return f"{self.kind.value}://{hosts}"

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the context to connect with, None without TLS; OSError: bad file."""
        if not self.tls:
            return None
        context = ssl.create_default_context(cafile=self.options.get("ssl_ca_certs"))
        context.check_hostname = self.check_hostname
        certificate = self.options.get("ssl_certfile")
        if certificate is not None:
            context.load_cert_chain(certificate, self.options.get("ssl_keyfile"))
        return context

    @property
    def check_hostname(self) -> bool:
        """Whether the certificate has to name the host; it is verified always."""
        return self.options.get("ssl_check_hostname", "true") != "false"


def parse_address(url: str) -> RedisAddress:
    """Read a Redis URL, or raise ValueError; its text never holds the password."""
    parts = urlsplit(url)
    tls = parts.scheme.startswith("rediss")
    try:
        kind = Kind(parts.scheme.replace("rediss", "redis", 1))
    except ValueError:
        raise ValueError(f"not a Redis scheme: {parts.scheme}") from None
    login, _, authority = parts.netloc.rpartition("@")
    username, _, password = login.partition(":")
    options = dict(parse_qsl(parts.query))
    if unknown := sorted(options.keys() - _OPTIONS):
        raise ValueError(f"unknown options: {', '.join(unknown)}")
    port = SENTINEL_PORT if kind is Kind.SENTINEL else REDIS_PORT
    hosts = tuple(_host(each, port) for each in authority.split(","))
    if kind is Kind.SINGLE and len(hosts) > 1:
        raise ValueError("redis:// names one host")
    path = parts.path.strip("/")
    master = ""
    if kind is Kind.SENTINEL:
        master, _, path = path.partition("/")
        if not master:
            raise ValueError("write redis+sentinel://host:port/master-name")
    if kind is Kind.CLUSTER and path:
        raise ValueError("a Redis Cluster has one database only")
    return RedisAddress(
        kind,
        hosts,
        unquote(master),
        _database(path),
        unquote(username) or None,
        unquote(password) or None,
        tls,
        options,
    )


def _database(path: str) -> int:
    if not path:
        return 0
    if not (path.isascii() and path.isdigit() and len(path) <= 5):
        raise ValueError(f"not the number of a database: {path}")
    return int(path)


def _host(text: str, port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, given = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"not host:port: {text}") from None
    if not host:
        raise ValueError("the URL names no host")
    return host, given if given is not None else port
