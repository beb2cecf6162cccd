"""What the store tests share: samples, and a look-up that can be awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from router.plan.model import AxbBinding, AxBinding, Found, Mode, NumberRecord
from router.store.port import Answer, Store

X = "+8617000000001"
OTHER_X = "+8617000000002"
A = "+8613800000001"
B = "+8613900000001"
C = "+8613700000001"
NOW = 1_000_000.0

NUMBER = NumberRecord(X, "demo", Mode.AX)
OTHER_NUMBER = NumberRecord(OTHER_X, "demo", Mode.AXB)
AX = AxBinding("ax-1", A, X, user_data="订单 4711", extra=(("recordFlag", "true"),))
AXB = AxbBinding("axb-1", A, B, OTHER_X, call_direction=1, max_duration=5)


async def answer_of(store: Store, x: str, caller: str) -> Answer:
    """Look up and return what was delivered, whichever it is."""
    delivered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def deliver(answer: Answer) -> None:
        if not delivered.cancelled():
            delivered.set_result(answer)

    store.look_up(x, caller, deliver)
    return await delivered


async def ask(store: Store, x: str, caller: str) -> Found:
    """Look up and return what was found; fail when the store was unavailable."""
    answer = await answer_of(store, x, caller)
    assert isinstance(answer, Found), answer
    return answer


async def until(true: Callable[[], bool]) -> None:
    """Let the loop run until `true` says so; the test's own limit is the deadline."""
    loop = asyncio.get_running_loop()
    while not true():
        tick = loop.create_future()
        loop.call_later(0.002, tick.set_result, None)
        await tick
