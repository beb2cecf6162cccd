"""One store at a time, empty: SQLite in a directory of the test, Redis of our own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis import Redis

from router.store.open import open_store
from router.store.port import Store
from tests.peers import RedisServer, redis_server
from tests.router.store.asking import NUMBER, OTHER_NUMBER


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Run one redis-server for all tests that leave it running."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def empty_redis(redis: RedisServer) -> RedisServer:
    """Return the running server with nothing in it."""
    with Redis(host=redis.host, port=redis.port) as client:
        client.flushall()
    return redis


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the `store:` setting of an empty store, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path}/deeper/veil.db"
    server: RedisServer = request.getfixturevalue("empty_redis")
    return server.url


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """Return an open and empty store."""
    store = open_store(url)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def numbered(store: Store) -> Store:
    """Return the store with one AX and one AXB number, nothing bound."""
    await store.put_number(NUMBER)
    await store.put_number(OTHER_NUMBER)
    return store
