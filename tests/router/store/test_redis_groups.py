"""The store behind Sentinel and in a Cluster, with real servers: FAULTS F4."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from router.plan.model import Found, Mode, NumberRecord
from router.store.open import open_store
from router.store.port import StoreUnavailable
from tests.peers import free_port, wait_until
from tests.router.store.asking import (
    AX,
    NUMBER,
    A,
    B,
    X,
    answer_of,
    ask,
    until,
)
from tests.router.store.servers import HOST, Server, running

pytestmark = [pytest.mark.redis, pytest.mark.socket]

NUMBERS = [NumberRecord(f"+86171000{n:05d}", "demo", Mode.AX) for n in range(30)]


@pytest.fixture
def sentinel(tmp_path: Path) -> Iterator[tuple[Server, Server, Server]]:
    """Run a primary, its replica and one Sentinel that fails over after a second."""
    with ExitStack() as stack:
        primary = stack.enter_context(
            running(tmp_path / "primary", "--repl-diskless-sync-delay", "0")
        )
        replica = stack.enter_context(
            running(tmp_path / "replica", "--replicaof", f"{HOST} {primary.port}")
        )
        configuration = tmp_path / "sentinel.conf"
        configuration.write_text(
            f"sentinel monitor veil {HOST} {primary.port} 1\n"
            "sentinel down-after-milliseconds veil 500\n"
        )
        watcher = stack.enter_context(
            running(tmp_path / "watcher", str(configuration), "--sentinel")
        )
        synced = wait_until(
            lambda: "master_link_status:up" in replica.info("replication"),
            seconds=10,
        )
        assert synced
        yield primary, replica, watcher


async def test_f4_sentinel_fails_over_and_look_ups_follow(
    sentinel: tuple[Server, Server, Server],
) -> None:
    primary, replica, watcher = sentinel
    url = f"redis+sentinel://{HOST}:{watcher.port}/veil/0"
    store = open_store(url)
    await store.open()
    await store.put_number(NUMBER)
    await store.bind_ax(AX)
    assert await ask(store, X, B) == Found(X, NUMBER, AX)
    assert primary.do("WAIT", 1, 1000) == 1
    known = wait_until(lambda: "slaves=1" in watcher.info("sentinel"), seconds=15)
    assert known

    primary.end()
    await until(lambda: not store.available)
    assert not isinstance(await answer_of(store, X, B), Found)
    await until(lambda: store.available)
    assert await ask(store, X, B) == Found(X, NUMBER, AX)
    assert await store.unbind("ax-1")
    assert replica.do("HGET", f"x:{{{X}}}", "b") is None
    await store.close()


async def test_sentinel_that_does_not_know_the_name_is_unavailable(
    sentinel: tuple[Server, Server, Server],
) -> None:
    store = open_store(f"redis+sentinel://{HOST}:{sentinel[2].port}/other")
    with pytest.raises(StoreUnavailable, match="Redis: "):
        await store.open()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """Run two nodes with half of the slots each."""
    buses = [str(free_port(kinds=("tcp",))) for _ in "12"]
    options = [("--cluster-enabled", "yes", "--cluster-port", bus) for bus in buses]
    with ExitStack() as stack:
        first = stack.enter_context(running(tmp_path / "one", *options[0]))
        second = stack.enter_context(running(tmp_path / "two", *options[1]))
        first.do("CLUSTER", "ADDSLOTSRANGE", 0, 8191)
        second.do("CLUSTER", "ADDSLOTSRANGE", 8192, 16383)
        first.do("CLUSTER", "MEET", HOST, second.port, buses[1])
        whole = wait_until(
            lambda: all(node.cluster_is_whole() for node in (first, second)),
            seconds=15,
        )
        assert whole
        yield first, second


async def test_cluster_keeps_each_number_on_one_node_and_finds_it(
    cluster: tuple[Server, Server],
) -> None:
    first, second = cluster
    store = open_store(f"redis+cluster://{HOST}:{first.port},{HOST}:{second.port}")
    await store.open()
    for record in NUMBERS:
        await store.put_number(record)
    await store.put_number(NUMBER)
    await store.bind_ax(AX)
    assert await ask(store, X, B) == Found(X, NUMBER, AX)
    for record in NUMBERS:
        assert await ask(store, record.x, A) == Found(record.x, record)
    assert await ask(store, "+1", A) == Found("+1", None)
    assert list(await store.numbers()) == sorted([*NUMBERS, NUMBER], key=lambda n: n.x)
    held = [len(str(node.do("KEYS", "x:*")).split("x:")) for node in cluster]
    assert min(held) > 5
    assert not isinstance(await answer_of(store, "\udc80", A), Found)
    assert await store.unbind("ax-1")
    await store.ping()
    await store.close()
    assert not store.available


async def test_cluster_that_moves_a_slot_is_followed(
    cluster: tuple[Server, Server],
) -> None:
    first, second = cluster
    store = open_store(f"redis+cluster://{HOST}:{first.port}")
    await store.open()
    slot = int(str(first.do("CLUSTER", "KEYSLOT", f"x:{{{X}}}")))
    here, there = (first, second) if slot < 8192 else (second, first)
    names = [str(node.do("CLUSTER", "MYID")) for node in (here, there)]
    there.do("CLUSTER", "SETSLOT", slot, "IMPORTING", names[0])
    here.do("CLUSTER", "SETSLOT", slot, "MIGRATING", names[1])
    for node in (there, here):
        node.do("CLUSTER", "SETSLOT", slot, "NODE", names[1])
    assert isinstance(await answer_of(store, X, A), StoreUnavailable)

    answers: list[object] = []

    def found() -> bool:
        store.look_up(X, A, answers.append)
        return Found(X, None) in answers

    await until(found)
    await store.close()


async def test_cluster_with_a_dead_node_is_unavailable_until_it_is_back(
    cluster: tuple[Server, Server],
) -> None:
    first, second = cluster
    url = f"redis+cluster://{HOST}:{first.port}"
    store = open_store(url)
    await store.open()
    second.end()
    await until(lambda: not store.available)
    with pytest.raises(StoreUnavailable):
        await open_store(url).open()
    second.start()
    await until(lambda: store.available)
    await store.close()


async def test_cluster_with_no_node_up_cannot_be_opened() -> None:
    with pytest.raises(StoreUnavailable, match="Redis: "):
        await open_store("redis+cluster://127.0.0.1:1").open()
