"""Names looked up again, expired bindings swept, seeds put in: beside the calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from router.app.seeding import seed
from router.app.upkeep import regularly, resolve_gateways, sweep
from router.plan.model import AxbBinding, AxBinding, Found, Mode, NumberRecord
from router.settings.model import Calls, Settings, Trunk as TrunkSettings
from router.store.port import Answer
from router.store.sqlite import SqliteStore
from router.trunk.trunk import Trunk
from sip.flow import Flow

A, B, C = "+8613800000001", "+8613900000002", "+8613700000003"
X, Y = "+8617000000001", "+8617000000002"
NOW = 1_800_000_000.0


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    one = SqliteStore(":memory:")
    await one.open()
    yield one
    await one.close()


def found(store: SqliteStore, x: str, caller: str) -> Found:
    """What the store holds for a call."""
    answers: list[Answer] = []
    store.look_up(x, caller, answers.append)
    (answer,) = answers
    assert isinstance(answer, Found)
    return answer


SETTINGS = Settings.model_validate(
    {
        "trunks": [{"name": "t", "gateways": ["sip:10.0.0.1"]}],
        "apps": [
            {
                "key": "ax",
                "secret": "s",
                "mode": "AX",
                "numbers": [X],
                "bindings": [{"origNum": A, "privateNum": X, "calleeNum": B}],
            },
            {
                "key": "axb",
                "secret": "s",
                "mode": "AXB",
                "numbers": [Y],
                "bindings": [{"callerNum": A, "relationNum": Y, "calleeNum": B}],
            },
        ],
    }
)


async def test_seeds_are_in_the_store_once(store: SqliteStore) -> None:
    await seed(store, SETTINGS, NOW)
    await seed(store, SETTINGS, NOW + 1.0)
    ax = found(store, X, A)
    assert ax.ax is not None
    assert ax.temporary is not None
    assert (ax.ax.a, ax.temporary.callee) == (A, B)
    axb = found(store, Y, B).axb
    assert axb is not None
    assert (axb.a, axb.b) == (A, B)
    assert len(await store.numbers()) == 2


async def test_a_seed_that_conflicts_is_left_out_and_named_masked(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    await store.put_number(NumberRecord(X, "ax", Mode.AX))
    await store.bind_ax(AxBinding("theirs", C, X))
    await store.put_number(NumberRecord(Y, "axb", Mode.AXB))
    await store.bind_axb(AxbBinding("theirs too", A, C, Y), NOW)
    await seed(store, SETTINGS, NOW)
    kept = found(store, X, C).ax
    assert kept is not None
    assert kept.a == C
    assert caplog.text.count("is left out") == 2
    assert X not in caplog.text


async def test_a_temporary_callee_without_its_binding_is_left_out(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    class Forgetful(SqliteStore):
        async def bind_ax(self, binding: AxBinding) -> None:
            """Lose it."""

    forgetful = Forgetful(":memory:")
    await forgetful.open()
    await seed(forgetful, SETTINGS, NOW)
    await forgetful.close()
    assert "is left out" in caplog.text


class Names:
    """A resolver that says what a test wants."""

    def __init__(self) -> None:
        self.flows: list[Flow] = []
        self.asked: list[tuple[str, int | None, str, bool]] = []

    async def resolve(
        self,
        host: str,
        *,
        port: int | None = None,
        transport: str = "",
        secure: bool = False,
        listener: int = 0,
    ) -> list[Flow]:
        self.asked.append((host, port, transport, secure))
        return self.flows


async def test_names_are_looked_up_and_addresses_are_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gateways = ["sip:10.0.0.1", "sips:gw.example.com:5071;transport=tcp"]
    settings = TrunkSettings.model_validate({"name": "t", "gateways": gateways})
    trunk = Trunk(settings, Calls())
    names = Names()
    await resolve_gateways([trunk], names)
    assert names.asked == [("gw.example.com", 5071, "tcp", True)]
    assert "cannot be found" in caplog.text
    names.flows = [Flow("tls", "10.0.0.9", 5071)]
    await resolve_gateways([trunk], names)
    assert trunk.gateways[1].flows == (Flow("tls", "10.0.0.9", 5071),)
    # F30: what was found once serves on while the DNS is down.
    names.flows = []
    await resolve_gateways([trunk], names)
    assert trunk.gateways[1].flows == (Flow("tls", "10.0.0.9", 5071),)


async def test_expired_bindings_are_swept(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    await store.put_number(NumberRecord(Y, "axb", Mode.AXB))
    await store.bind_axb(AxbBinding("old", A, B, Y, expires_at=NOW + 5.0), NOW)
    await sweep(store, lambda: NOW + 6.0)
    assert await store.binding("old") is None
    await store.close()
    await sweep(store, lambda: NOW + 6.0)
    assert "expired bindings wait" in caplog.text


async def test_work_that_fails_is_done_again(caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()
    times = 0

    async def work() -> None:
        nonlocal times
        times += 1
        if times == 1:
            raise ZeroDivisionError
        done.set()

    task = asyncio.create_task(regularly(0.0, work))
    await done.wait()
    task.cancel()
    assert "upkeep failed" in caplog.text
