"""The connection for look-ups against a Redis that lies, stalls or goes away.

FAULTS F2, F6, F7 and G1 in small (CVE-2023-28858: the answer to one question handed to
the next asker). Real servers are in test_redis_faults.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from router.plan.model import AxbBinding, Found, Mode, NumberRecord
from router.store import codec, redis_keeper
from router.store.port import Answer, StoreUnavailable
from router.store.redis_connection import EPOCH_KEY
from router.store.redis_keeper import Keeper, Login
from router.store.redis_lookups import fixed_place
from tests.router.store.asking import AX, NUMBER, A, X, until
from tests.router.store.fake_redis import (
    Command,
    FakeRedis,
    Script,
    array,
    bulk,
    fake_redis,
)

pytestmark = pytest.mark.socket
EPOCH = "mark"


def honest(command: Command) -> bytes | None:
    """Answer as a Redis that holds one AX number."""
    match command:
        case ["HMGET", key, *_] if key == f"x:{{{X}}}":
            return array(codec.encode(NUMBER), codec.encode(AX), None, None)
        case ["HMGET", *_]:
            return array(None, None, None, None)
        case ["ECHO", text]:
            return bulk(text)
        case ["GET", key] if key == EPOCH_KEY:
            return bulk(EPOCH)
        case ["PING"]:
            return b"+PONG\r\n"
        case ["ROLE"]:
            return array("master", "0")
        case _:
            return b"+OK\r\n"


def but(name: str, answer: Callable[[Command], bytes | None]) -> Script:
    """Return a script that is honest but for the command `name`."""
    return lambda command: answer(command) if command[0] == name else honest(command)


@asynccontextmanager
async def kept(
    script: Script, login: Login | None = None, *, epoch: str = EPOCH
) -> AsyncIterator[tuple[Keeper, FakeRedis]]:
    """Run a keeper connected to a Redis that answers by `script`."""
    async with fake_redis(honest) as fake:
        keeper = Keeper(fixed_place(fake.place), login or Login(), epoch=epoch)
        await keeper.open()
        fake.script = script
        yield keeper, fake
        await keeper.close()
        assert not keeper.available


async def ask(keeper: Keeper, x: str = X, caller: str = A) -> Answer:
    """Look up and return what was delivered."""
    delivered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    keeper.look_up(x, caller, delivered.set_result)
    return await delivered


async def test_look_ups_of_one_tick_leave_in_one_write() -> None:
    async with kept(honest) as (keeper, fake):
        fake.commands.clear()
        answers = await asyncio.gather(*(ask(keeper) for _ in range(50)))
        assert answers == [Found(X, NUMBER, AX)] * 50
        assert [command[0] for command in fake.commands] == ["HMGET"] * 50


OTHER = NumberRecord("+8617000000002", "demo", Mode.AXB)
FOREIGN = [
    array(codec.encode(OTHER), None, None, None),
    array(codec.encode(NUMBER), codec.encode(AX).replace(X, OTHER.x), None, None),
    array(codec.encode(NUMBER), None, f'{{"x":"{OTHER.x}"}}', None),
    array(
        codec.encode(NUMBER), None, None, codec.encode(AxbBinding("s", "+1", "+2", X))
    ),
    array(codec.encode(NUMBER), "{", None, None),
    array("[]", None, None, None),
    array(codec.encode(NUMBER)),
    bulk(EPOCH),
    b"+OK\r\n",
    b":1\r\n",
    b"what?\r\n",
    array(codec.encode(NUMBER), codec.encode(AX), None, None) * 2,
]


@pytest.mark.parametrize("answer", FOREIGN, ids=range(len(FOREIGN)))
async def test_cve_2023_28858_an_answer_to_something_else_ends_the_connection(
    answer: bytes,
) -> None:
    async with kept(but("HMGET", lambda _: answer)) as (keeper, fake):
        delivered = await ask(keeper)
        if isinstance(delivered, Found):
            assert delivered == Found(X, NUMBER, AX)  # it is the one after that is bad
        fake.script = honest
        await until(lambda: fake.connections == 2 and keeper.available)
        assert await ask(keeper) == Found(X, NUMBER, AX)
        assert keeper.misplaced == 1


async def test_all_that_was_asked_fails_with_the_connection() -> None:
    async with kept(but("HMGET", lambda _: FOREIGN[0])) as (keeper, _):
        answers = await asyncio.gather(*(ask(keeper) for _ in range(20)))
        assert all(isinstance(answer, StoreUnavailable) for answer in answers)


async def test_nothing_found_is_believed_only_with_an_echo_and_the_mark() -> None:
    async with kept(honest) as (keeper, fake):
        fake.commands.clear()
        assert await ask(keeper, "+1", A) == Found("+1", None)
        assert [command[0] for command in fake.commands] == ["HMGET", "ECHO", "GET"]

        fake.script = but("ECHO", lambda _: bulk("+2"))
        assert isinstance(await ask(keeper, "+1", A), StoreUnavailable)
        await until(lambda: fake.connections == 2)
        assert keeper.misplaced == 1


async def test_f6_a_store_that_came_back_empty_is_unavailable_not_unknown() -> None:
    async with kept(but("GET", lambda _: bulk(None))) as (keeper, fake):
        answer = await ask(keeper, "+1", A)
        assert isinstance(answer, StoreUnavailable)
        assert "not the one that was opened" in str(answer)
        fake.script = honest
        assert await ask(keeper, "+1", A) == Found("+1", None)


async def test_f6_the_second_proof_of_a_lost_mark_stops_all_look_ups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redis_keeper, "PROOF_SECONDS", 0.02)
    async with kept(but("GET", lambda _: bulk("another"))) as (keeper, fake):
        await until(lambda: not keeper.available)
        assert "came back empty" in str(await ask(keeper))
        fake.script = honest
        await until(lambda: keeper.available)
        assert await ask(keeper) == Found(X, NUMBER, AX)


async def test_an_unmarked_store_needs_a_ping_and_an_echo_only() -> None:
    async with kept(honest, epoch="") as (keeper, fake):
        assert await ask(keeper, "+1", A) == Found("+1", None)
        assert [command[0] for command in fake.commands] == ["PING", "HMGET", "ECHO"]


async def test_an_error_reply_is_for_its_asker_alone() -> None:
    def moved(command: Command) -> bytes | None:
        error = b"-MOVED 1 10.0.0.1:6379\r\n"
        return error if command[1] != f"x:{{{X}}}" else honest(command)

    async with kept(but("HMGET", moved)) as (keeper, fake):
        answers = await asyncio.gather(ask(keeper, "+1"), *(ask(keeper) for _ in "12"))
        assert isinstance(answers[0], StoreUnavailable)
        assert answers[1:] == [Found(X, NUMBER, AX)] * 2
        assert (keeper.refused, keeper.misplaced, fake.connections) == (1, 0, 1)


async def test_f2_no_answer_within_the_deadline_closes_the_connection() -> None:
    async with kept(but("HMGET", lambda _: None)) as (keeper, fake):
        began = time.monotonic()
        answers = await asyncio.gather(*(ask(keeper) for _ in range(5)))
        assert all(isinstance(answer, StoreUnavailable) for answer in answers)
        assert 0.29 < time.monotonic() - began < 0.5
        fake.script = honest
        await until(lambda: fake.connections == 2 and keeper.available)
        assert await ask(keeper) == Found(X, NUMBER, AX)
        assert keeper.misplaced == 0


async def test_f23_a_loop_that_was_late_itself_is_no_fault_of_redis() -> None:
    late = [0.4]

    def stall(command: Command) -> bytes | None:
        time.sleep(late.pop() if late else 0.0)
        return honest(command)

    async with kept(but("HMGET", stall)) as (keeper, fake):
        answers = await asyncio.gather(*(ask(keeper) for _ in range(5)))
        assert answers == [Found(X, NUMBER, AX)] * 5
        assert fake.connections == 1
        assert not late


async def test_a_lost_connection_is_replaced_and_what_was_asked_fails() -> None:
    async with kept(but("HMGET", lambda _: None)) as (keeper, fake):
        asked = asyncio.gather(ask(keeper), ask(keeper))
        await until(lambda: fake.commands[-1][0] == "HMGET")
        fake.transports[0].abort()
        assert all(isinstance(answer, StoreUnavailable) for answer in await asked)
        fake.script = honest
        await until(lambda: fake.connections == 2 and keeper.available)
        assert await ask(keeper) == Found(X, NUMBER, AX)


async def test_close_answers_what_was_asked() -> None:
    async with kept(but("HMGET", lambda _: None)) as (keeper, fake):
        asked = asyncio.ensure_future(ask(keeper))
        await until(lambda: fake.commands[-1][0] == "HMGET")
        await keeper.close()
        assert isinstance(await asked, StoreUnavailable)


async def test_an_asker_that_fails_does_not_hurt_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(_: Answer) -> None:
        raise RuntimeError("of the asker")

    async with kept(honest) as (keeper, fake):
        keeper.look_up(X, A, fails)
        assert await ask(keeper) == Found(X, NUMBER, AX)
        assert fake.connections == 1
    assert "of the asker" in caplog.text


async def test_an_asker_may_ask_and_close_from_within_its_answer() -> None:
    async with kept(honest) as (keeper, _):
        second: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        keeper.look_up(X, A, lambda _: keeper.look_up(X, A, second.set_result))
        assert await second == Found(X, NUMBER, AX)


async def test_login_selects_and_authenticates_before_anything_else() -> None:
    login = Login("user", "secret", 3, only_primary=True)
    async with kept(honest, login) as (_, fake):
        assert fake.commands[:4] == [
            ["AUTH", "user", "secret"],
            ["SELECT", "3"],
            ["ROLE"],
            ["GET", EPOCH_KEY],
        ]
    async with kept(honest, Login(None, "secret")) as (_, fake):
        assert fake.commands[0] == ["AUTH", "secret"]
    assert "secret" not in repr(login)


@pytest.mark.parametrize(
    ("name", "answer", "text"),
    [
        ("AUTH", b"-WRONGPASS no\r\n", "WRONGPASS"),
        ("ROLE", array("slave", "h"), "no primary"),
        ("ROLE", bulk("master"), "no primary"),
        ("ROLE", b"*0\r\n", "no primary"),
        ("GET", bulk("another"), "not the one that was opened"),
        ("GET", b"-LOADING wait\r\n", "LOADING"),
        ("GET", None, "deadline"),
    ],
)
async def test_open_fails_on_a_server_that_may_not_be_believed(
    name: str, answer: bytes | None, text: str
) -> None:
    async with fake_redis(but(name, lambda _: answer)) as fake:
        login = Login("user", "secret", only_primary=True)
        keeper = Keeper(fixed_place(fake.place), login, epoch=EPOCH)
        with pytest.raises(StoreUnavailable, match=text):
            await keeper.open()
        assert isinstance(await ask(keeper), StoreUnavailable)


async def test_open_fails_where_ping_is_answered_otherwise_or_nobody_listens() -> None:
    async with fake_redis(but("PING", lambda _: b"+HELLO\r\n")) as fake:
        keeper = Keeper(fixed_place(fake.place), Login())
        with pytest.raises(StoreUnavailable, match="PING"):
            await keeper.open()
    with pytest.raises(StoreUnavailable, match=r"Redis: .*"):
        await Keeper(fixed_place(fake.place), Login()).open()


async def test_f4_a_primary_that_moved_is_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redis_keeper, "PROOF_SECONDS", 0.02)
    async with fake_redis(honest) as old, fake_redis(honest) as new:
        places = [old.place]

        async def place() -> tuple[str, int]:
            if not places:
                raise StoreUnavailable("no Sentinel answers")
            return places[-1]

        keeper = Keeper(place, Login(), epoch=EPOCH)
        await keeper.open()
        kept_place = places.pop()
        seen = len(old.commands)
        await until(lambda: len(old.commands) >= seen + 3)  # proofs go on
        assert old.connections == 1
        places.extend([kept_place, new.place])
        await until(lambda: new.connections == 1 and keeper.available)
        assert await ask(keeper) == Found(X, NUMBER, AX)
        assert new.commands[-1][0] == "HMGET"
        await keeper.close()
