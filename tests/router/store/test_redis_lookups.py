"""Which connection of a Cluster a look-up takes, as the layout changes.

Real clusters are in test_redis_groups.py; here the layout is the test's.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest
from redis.asyncio.cluster import RedisCluster

from router.plan.model import Found
from router.store import redis_lookups
from router.store.port import Answer, StoreUnavailable
from router.store.redis_keeper import Login, Place
from router.store.redis_lookups import ClusterLookUps
from tests.router.store.asking import A, until
from tests.router.store.fake_redis import Command, array, bulk, fake_redis

pytestmark = pytest.mark.socket


def honest(command: Command) -> bytes | None:
    """Answer as an empty Redis without a mark."""
    match command:
        case ["HMGET", *_]:
            return array(None, None, None, None)
        case ["ECHO", text]:
            return bulk(text)
        case _:
            return b"+PONG\r\n"


class Layout:
    """What `ClusterLookUps` asks of redis-py: slots and who has them."""

    def __init__(self, *places: Place) -> None:
        self.places = places
        self.asked = 0
        self.slots_cache: dict[int, list[SimpleNamespace]] = {}
        self.nodes_manager = self

    @property
    def cluster(self) -> RedisCluster:
        """Return itself as what it stands for."""
        return cast(RedisCluster, self)

    def keyslot(self, key: str) -> int:
        """Put the keys of X that end in a digit into that slot."""
        return int(key.encode()[-2:-1])

    async def initialize(self) -> None:
        """Learn the layout."""
        self.asked += 1
        self.slots_cache = {
            slot: [SimpleNamespace(host=place[0], port=place[1])]
            for slot, place in enumerate(self.places)
        }


async def ask(look_ups: ClusterLookUps, x: str) -> Answer:
    """Look up and return what was delivered."""
    delivered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    look_ups.look_up(x, A, delivered.set_result)
    return await delivered


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the layout often."""
    monkeypatch.setattr(redis_lookups, "REFRESH_SECONDS", 0.01)


async def test_each_slot_is_asked_at_its_node_and_a_node_left_alone_is_let_go() -> None:
    async with fake_redis(honest) as first, fake_redis(honest) as second:
        layout = Layout(first.place, second.place)
        look_ups = ClusterLookUps(layout.cluster, Login())
        await look_ups.open()
        for x, node in (("x0", first), ("x1", second)):
            assert await ask(look_ups, x) == Found(x, None)
            assert node.commands[-2][1] == f"x:{{{x}}}"
        assert isinstance(await ask(look_ups, "x2"), StoreUnavailable)
        assert isinstance(await ask(look_ups, "\udc80"), StoreUnavailable)

        layout.places = (second.place, second.place)
        first.script = lambda _: b"-MOVED 0 somewhere\r\n"
        assert isinstance(await ask(look_ups, "x0"), StoreUnavailable)
        await until(lambda: layout.asked == 2)
        await until(lambda: first.transports[0].is_closing())
        assert await ask(look_ups, "x0") == Found("x0", None)
        assert look_ups.available
        await look_ups.close()
        assert not look_ups.available


async def test_a_new_node_that_does_not_answer_is_tried_again() -> None:
    async with fake_redis(honest) as first, fake_redis(honest) as second:
        layout = Layout(first.place)
        look_ups = ClusterLookUps(layout.cluster, Login())
        await look_ups.open()
        second.script = lambda _: b"-LOADING\r\n"
        layout.places = (first.place, second.place)
        first.script = lambda _: b"-MOVED 0 somewhere\r\n"
        assert isinstance(await ask(look_ups, "x0"), StoreUnavailable)
        first.script = honest
        await until(lambda: second.connections >= 2)
        assert not look_ups.available
        assert isinstance(await ask(look_ups, "x1"), StoreUnavailable)
        second.script = honest
        await until(lambda: look_ups.available)
        assert await ask(look_ups, "x1") == Found("x1", None)
        await look_ups.close()


async def test_misplaced_replies_are_counted_over_all_nodes() -> None:
    async with fake_redis(honest) as first, fake_redis(honest) as second:
        layout = Layout(first.place, second.place)
        look_ups = ClusterLookUps(layout.cluster, Login())
        await look_ups.open()
        for node, x in ((first, "x0"), (second, "x1")):
            node.script = lambda _: b"+nonsense\r\n"
            assert isinstance(await ask(look_ups, x), StoreUnavailable)
            node.script = honest
        await until(lambda: look_ups.available and look_ups.misplaced == 2)
        await look_ups.close()
        assert look_ups.misplaced == 2


async def test_no_layout_is_no_cluster() -> None:
    look_ups = ClusterLookUps(Layout().cluster, Login())
    with pytest.raises(StoreUnavailable, match="not every node"):
        await look_ups.open()
