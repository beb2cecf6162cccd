"""From the `store:` line of the configuration to a store."""

from __future__ import annotations

from router.store.port import Store
from router.store.redis import RedisStore
from router.store.redis_address import parse_address
from router.store.sqlite import SqliteStore


def open_store(url: str, *, read_only: bool = False) -> Store:
    """Make the store that `url` names; await its `open()` before use.

    `sqlite:PATH` or a Redis URL (see `router.store.redis_address`). Raise ValueError
    when it cannot be understood. `read_only` makes and marks nothing.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "sqlite" and rest:
        return SqliteStore(rest, read_only=read_only)
    if scheme.startswith("redis"):
        return RedisStore(parse_address(url), read_only=read_only)
    raise ValueError(f"not a store: {scheme}:")
