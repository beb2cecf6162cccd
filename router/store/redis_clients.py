"""Clients of redis-py for one address: writes, and what they have to agree on.

Look-ups do not go this way (see `router.store.redis_connection`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias, TypedDict

from redis.asyncio import Redis, Sentinel
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError

from router.store.port import StoreUnavailable
from router.store.redis_address import Kind, RedisAddress

COMMAND_SECONDS = 1.0
"""For a write, and for connecting."""

Client: TypeAlias = Redis | RedisCluster


@contextmanager
def foreign_errors_as_ours() -> Iterator[None]:
    """Turn whatever redis-py raises into `StoreUnavailable`."""
    try:
        yield
    except (RedisError, RedisClusterException, OSError) as error:
        raise StoreUnavailable(f"Redis: {error}") from error


class _Connecting(TypedDict, total=False):
    username: str | None
    password: str | None
    decode_responses: bool
    socket_timeout: float
    socket_connect_timeout: float
    retry: Retry
    ssl: bool
    ssl_ca_certs: str | None
    ssl_certfile: str | None
    ssl_keyfile: str | None
    ssl_check_hostname: bool


@dataclass(frozen=True, slots=True)
class Clients:
    """The client for writes, and Sentinel or Cluster where there is one."""

    writer: Client
    sentinel: Sentinel | None = None
    cluster: RedisCluster | None = None

    async def close(self) -> None:
        """Close every connection."""
        await self.writer.aclose()
        if self.sentinel is not None:
            for each in self.sentinel.sentinels:
                await each.aclose()


def make_clients(address: RedisAddress) -> Clients:
    """Make the clients; nothing is connected yet.

    A write is never repeated by the client: what failed half-way is for the caller of
    the API to repeat, and to be told that it failed.
    """
    options = address.options
    common = _Connecting(
        username=address.username,
        password=address.password,
        decode_responses=True,
        socket_timeout=COMMAND_SECONDS,
        socket_connect_timeout=COMMAND_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    tls = _Connecting(
        ssl=True,
        ssl_ca_certs=options.get("ssl_ca_certs"),
        ssl_certfile=options.get("ssl_certfile"),
        ssl_keyfile=options.get("ssl_keyfile"),
        ssl_check_hostname=address.check_hostname,
    )
    connecting = _Connecting(**common, **tls) if address.tls else common
    match address.kind:
        case Kind.SINGLE:
            ((host, port),) = address.hosts
            return Clients(Redis(host=host, port=port, db=address.db, **connecting))
        case Kind.CLUSTER:
            nodes = [ClusterNode(host, port) for host, port in address.hosts]
            cluster = RedisCluster(startup_nodes=nodes, **connecting)
            return Clients(cluster, cluster=cluster)
        case Kind.SENTINEL:
            sentinel = Sentinel(  # type: ignore[no-untyped-call]
                address.hosts,
                sentinel_kwargs={
                    **connecting,
                    "username": options.get("sentinel_username"),
                    "password": options.get("sentinel_password"),
                },
                db=address.db,
                **connecting,
            )
            return Clients(sentinel.master_for(address.master), sentinel=sentinel)
