"""Look-ups in whichever Redis there is: one server, a Sentinel group, or a Cluster."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

from redis.asyncio import Sentinel
from redis.asyncio.cluster import RedisCluster

from router.store.port import Deliver, StoreUnavailable
from router.store.redis_clients import foreign_errors_as_ours
from router.store.redis_keeper import Keeper, Login, Place

REFRESH_SECONDS = 0.5
"""How soon a Cluster that refused look-ups is asked for its new layout."""


class LookUps(Protocol):
    """The part of a store that answers calls."""

    @property
    def available(self) -> bool:
        """Whether look-ups are being answered."""

    @property
    def misplaced(self) -> int:
        """Replies that could not have been meant for their question."""

    def look_up(self, x: str, caller: str, deliver: Deliver) -> None:
        """As `Store.look_up`."""

    async def open(self) -> None:
        """Connect, or raise `StoreUnavailable`."""

    async def close(self) -> None:
        """Let go of the connections."""


def fixed_place(place: Place) -> Callable[[], Awaitable[Place]]:
    """Return what `Keeper` asks for a server that does not move."""

    async def always() -> Place:
        return place

    return always


def primary_place(sentinel: Sentinel, name: str) -> Callable[[], Awaitable[Place]]:
    """Return what `Keeper` asks for the primary that Sentinel knows as `name`."""

    async def ask() -> Place:
        with foreign_errors_as_ours():
            host, port = await sentinel.discover_master(name)
        return str(host), int(port)

    return ask


class ClusterLookUps:
    """Look-ups in a Cluster: a `Keeper` for each primary, the slot says which."""

    def __init__(self, cluster: RedisCluster, login: Login) -> None:
        self._cluster = cluster
        self._login = login
        self._keepers: dict[Place, Keeper] = {}
        self._slots: dict[int, Keeper] = {}
        self._whole = False
        """Whether there is a keeper for each primary of the layout."""
        self._refused = 0
        self._misplaced_before = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def available(self) -> bool:
        """Whether every primary answers."""
        return self._whole and all(each.available for each in self._keepers.values())

    @property
    def misplaced(self) -> int:
        """Replies that could not have been meant for their question."""
        current = sum(keeper.misplaced for keeper in self._keepers.values())
        return self._misplaced_before + current

    def look_up(self, x: str, caller: str, deliver: Deliver) -> None:
        """Ask the primary that has the slot of X."""
        try:
            slot = self._cluster.keyslot(f"x:{{{x}}}")
        except UnicodeError:
            deliver(StoreUnavailable("a number that is no text"))
            return
        keeper = self._slots.get(slot)
        if keeper is None:
            deliver(StoreUnavailable("Redis: no node has the slot"))
        else:
            keeper.look_up(x, caller, deliver)

    async def open(self) -> None:
        """Learn the layout and connect to every primary."""
        await self._learn()
        if not self.available:
            await self.close()
            raise StoreUnavailable("Redis: not every node of the cluster answers")
        self._task = asyncio.get_running_loop().create_task(self._follow())

    async def close(self) -> None:
        """Drop the connections."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None
        for place in list(self._keepers):
            await self._drop(place)
        self._slots = {}
        self._whole = False

    async def _drop(self, place: Place) -> None:
        keeper = self._keepers.pop(place)
        await keeper.close()
        self._misplaced_before += keeper.misplaced

    async def _follow(self) -> None:
        """Learn the layout anew whenever look-ups are refused or a node is gone."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            refused = sum(keeper.refused for keeper in self._keepers.values())
            if refused != self._refused or not self.available:
                self._refused = refused
                with contextlib.suppress(StoreUnavailable):
                    await self._learn()

    async def _learn(self) -> None:
        with foreign_errors_as_ours():
            await self._cluster.nodes_manager.initialize()
        layout = {
            slot: (str(nodes[0].host), int(nodes[0].port))
            for slot, nodes in self._cluster.nodes_manager.slots_cache.items()
        }
        for place in set(layout.values()) - self._keepers.keys():
            keeper = Keeper(fixed_place(place), self._login)
            with contextlib.suppress(StoreUnavailable):
                await keeper.open()
                self._keepers[place] = keeper
        for place in self._keepers.keys() - set(layout.values()):
            await self._drop(place)
        self._whole = bool(layout) and self._keepers.keys() == set(layout.values())
        self._slots = {
            slot: self._keepers[place]
            for slot, place in layout.items()
            if place in self._keepers
        }
