"""The store on real Redis servers that stop, hang, restart, move and are delayed.

FAULTS F1 to F7 and G1 in small. What a lying server may do is in test_redis_keeper.py.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from router.plan.model import AxbBinding, Found
from router.store import redis as redis_module
from router.store.open import open_store
from router.store.port import Answer, Store, StoreUnavailable
from router.store.redis import RedisStore
from router.store.redis_address import parse_address
from tests.peers import RedisServer
from tests.router.store.asking import (
    AX,
    NOW,
    NUMBER,
    OTHER_NUMBER,
    OTHER_X,
    A,
    B,
    X,
    answer_of,
    ask,
    until,
)
from tests.router.store.fake_redis import delaying_proxy
from tests.router.store.servers import HOST, Server, do, make_certificate, running

pytestmark = [pytest.mark.redis, pytest.mark.socket]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Run a server that keeps what it is told."""
    with running(tmp_path / "redis", "--appendonly", "yes") as server:
        yield server


async def filled(url: str) -> Store:
    """Return an open store with one bound AX number."""
    store = open_store(url)
    await store.open()
    await store.put_number(NUMBER)
    await store.bind_ax(AX)
    return store


async def unavailable_within(store: Store, seconds: float) -> None:
    """Look up; the answer must be that there is none, in time."""
    began = time.monotonic()
    assert isinstance(await answer_of(store, X, B), StoreUnavailable)
    assert time.monotonic() - began < seconds


async def test_f1_a_server_that_is_gone_is_noticed_and_found_again(
    server: Server,
) -> None:
    store = await filled(server.url)
    server.end()
    await unavailable_within(store, 0.5)
    await until(lambda: not store.available)
    await unavailable_within(store, 0.05)
    for failing in (store.ping(), store.unbind("ax-1"), store.put_number(NUMBER)):
        with pytest.raises(StoreUnavailable):
            await failing

    server.start()
    await until(lambda: store.available)
    assert await ask(store, X, B) == Found(X, NUMBER, AX)
    await store.ping()
    assert await store.unbind("ax-1")
    await store.close()


async def test_f2_a_frozen_server_holds_nobody_up(server: Server) -> None:
    store = await filled(server.url)
    server.signal(signal.SIGSTOP)
    began = time.monotonic()
    answers = await asyncio.gather(*(answer_of(store, X, B) for _ in range(100)))
    assert all(isinstance(answer, StoreUnavailable) for answer in answers)
    assert time.monotonic() - began < 0.5
    await until(lambda: not store.available)
    await unavailable_within(store, 0.05)  # the breaker: nobody waits any more
    with pytest.raises(StoreUnavailable):
        await store.unbind("ax-1")
    assert time.monotonic() - began < 3

    server.signal(signal.SIGCONT)
    await until(lambda: store.available)
    assert isinstance(await ask(store, X, B), Found)
    await store.close()


async def test_f6_a_server_that_restarts_empty_never_says_unknown(
    tmp_path: Path,
) -> None:
    with running(tmp_path / "redis") as server:
        store = await filled(server.url)
        server.end()
        server.start()
        answers: list[Answer] = []
        deadline = time.monotonic() + 1.0

        def proved() -> bool:
            store.look_up(X, B, answers.append)
            return time.monotonic() > deadline

        await until(proved)
        await until(lambda: "came back empty" in str(answers[-1]) or proved())
        assert all(isinstance(answer, StoreUnavailable) for answer in answers)
        assert "came back empty" in str(answers[-1])
        with pytest.raises(StoreUnavailable):
            await store.ping()
        await store.close()

        # Opening is an operator's word that what is there is what there is.
        again = open_store(server.url)
        await again.open()
        assert await ask(again, X, B) == Found(X, None)
        await again.close()


async def test_f6_emptied_while_running_is_unavailable_from_the_first_look_up(
    server: Server,
) -> None:
    store = await filled(server.url)
    server.do("FLUSHALL")
    await unavailable_within(store, 0.5)
    await store.close()


@pytest.mark.parametrize("seed", range(4))
async def test_g1_no_answer_ever_crosses_behind_a_delaying_wire(
    redis: RedisServer, empty_redis: RedisServer, seed: int
) -> None:
    """Half the askers lose interest; answers are late, some beyond every deadline."""
    straight = open_store(redis.url)
    await straight.open()
    await straight.put_number(OTHER_NUMBER)
    for number in range(50):
        pair = AxbBinding(f"s-{number}", f"+1{number}", f"+2{number}", OTHER_X)
        await straight.bind_axb(pair, NOW)
    await straight.close()
    random = Random(seed)
    counts = {"right": 0, "unavailable": 0}
    async with delaying_proxy(
        (redis.host, redis.port), seed, most=0.004, stuck=0.01
    ) as (host, port):
        store = RedisStore(parse_address(f"redis://{host}:{port}"))
        while not store.available:
            try:
                await store.open()
            except StoreUnavailable:
                await store.close()

        async def one(number: int) -> None:
            caller = f"+{1 + number % 2}{number % 50}"
            asking = asyncio.ensure_future(answer_of(store, OTHER_X, caller))
            if random.random() < 0.1:
                await asyncio.wait((asking,), timeout=random.random() * 0.01)
                asking.cancel()
                return
            answer = await asking
            if isinstance(answer, StoreUnavailable):
                counts["unavailable"] += 1
                await until(lambda: store.available)
            else:
                assert answer.axb is not None
                assert answer.axb.subscription_id == f"s-{number % 50}"
                assert caller in (answer.axb.a, answer.axb.b)
                counts["right"] += 1

        async def many(first: int) -> None:
            for number in range(first, first + 60):
                await one(number)

        await asyncio.gather(*(many(first) for first in range(0, 1500, 60)))
        assert store.misplaced == 0
        await store.close()
    assert counts["right"] > 300
    assert sum(counts.values()) > 1000


async def test_open_where_nobody_listens_fails_and_leaves_nothing() -> None:
    store = open_store("redis://127.0.0.1:1")
    tasks = asyncio.all_tasks()
    with pytest.raises(StoreUnavailable, match=r"^Redis: "):
        await store.open()
    assert asyncio.all_tasks() == tasks
    assert not store.available


async def test_password_and_database_of_the_url_are_used(tmp_path: Path) -> None:
    with running(tmp_path / "redis", "--requirepass", "se:cret") as server:
        url = f"redis://:se%3Acret@{HOST}:{server.port}/5"
        store = await filled(url)
        assert await ask(store, X, B) == Found(X, NUMBER, AX)
        await store.close()
        other = open_store(url.removesuffix("5") + "6")
        await other.open()
        assert await ask(other, X, B) == Found(X, None)
        await other.close()
        with pytest.raises(StoreUnavailable):
            await open_store(f"redis://:wrong@{HOST}:{server.port}").open()


async def test_tls_is_used_and_verified(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    files = ("--tls-cert-file", str(certificate), "--tls-key-file", str(key))
    with running(tmp_path / "r", *files, "--tls-auth-clients", "no") as server:
        url = f"rediss://{HOST}:{server.port}"
        with pytest.raises(StoreUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await open_store(url).open()
        store = await filled(f"{url}?ssl_ca_certs={certificate}")
        assert await ask(store, X, B) == Found(X, NUMBER, AX)
        await store.close()


async def test_what_is_written_is_all_removed_again(
    redis: RedisServer, empty_redis: RedisServer
) -> None:
    """I5: no key is left over."""
    store = await filled(redis.url)
    await store.set_temporary_callee(X, A, NOW)
    await store.put_number(OTHER_NUMBER)
    await store.bind_axb(AxbBinding("axb-1", A, B, OTHER_X, expires_at=NOW), 0.0)
    await store.bind_axb(AxbBinding("axb-2", "+1", "+2", OTHER_X, expires_at=NOW), 0.0)
    answers: list[Answer] = []
    store.look_up(X, A, answers.append)
    assert await store.unbind("axb-1")
    assert await store.sweep(NOW) == 2
    assert await store.unbind("ax-1")
    for number in (X, OTHER_X):
        assert await store.remove_number(number)
    await store.close()
    assert len(answers) == 1
    assert do(redis.port, "KEYS", "*") == ["veil:epoch"]


async def test_a_hint_left_by_a_crash_is_in_nobodys_way(
    redis: RedisServer, empty_redis: RedisServer
) -> None:
    store = await filled(redis.url)
    await store.put_number(OTHER_NUMBER)
    do(redis.port, "SET", "sub:axb-1", X)
    assert await store.binding("axb-1") is None
    assert not await store.unbind("axb-1")
    do(redis.port, "SET", "sub:axb-1", X)
    pair = AxbBinding("axb-1", A, B, OTHER_X)
    await store.bind_axb(pair, NOW)
    assert await store.binding("axb-1") == pair
    assert await store.unbind("axb-1")
    await store.close()


async def test_sweep_goes_on_until_nothing_is_due(
    redis: RedisServer, empty_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_module, "SWEEP_BATCH", 3)
    store = await filled(redis.url)
    await store.put_number(OTHER_NUMBER)
    for number in range(7):
        pair = AxbBinding(f"s-{number}", f"+1{number}", f"+2{number}", OTHER_X)
        await store.bind_axb(replace(pair, expires_at=NOW + number), 0.0)
    assert await store.sweep(NOW + 5) == 6
    assert await store.sweep(NOW + 6) == 1
    await store.close()


async def test_sweep_lets_alone_what_was_put_off_meanwhile(
    redis: RedisServer, empty_redis: RedisServer
) -> None:
    store = await filled(redis.url)
    await store.put_number(OTHER_NUMBER)
    pair = AxbBinding("axb-1", A, B, OTHER_X, expires_at=NOW + 60)
    await store.bind_axb(pair, NOW)
    do(redis.port, "ZADD", "veil:expiring", int(NOW), f"{OTHER_X}\naxb-1")
    assert await store.sweep(NOW + 1) == 0
    assert await store.binding("axb-1") == pair
    await store.close()
