"""What passes with time, the same in every store: BEHAVIOUR section 1, FAULTS F10."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.plan.model import AxbBinding, Found, TemporaryCallee
from router.store.port import BindingConflict, Store
from tests.router.store.asking import (
    AX,
    AXB,
    NOW,
    NUMBER,
    OTHER_NUMBER,
    OTHER_X,
    A,
    B,
    C,
    X,
    ask,
)


async def test_expired_binding_stands_in_nobodys_way(numbered: Store) -> None:
    await numbered.bind_axb(replace(AXB, expires_at=NOW), NOW - 9)
    second = AxbBinding("axb-2", B, C, OTHER_X)
    with pytest.raises(BindingConflict):
        await numbered.bind_axb(second, NOW - 0.001)
    await numbered.bind_axb(second, NOW)
    assert (await ask(numbered, OTHER_X, B)).axb == second
    assert (await ask(numbered, OTHER_X, A)).axb is None
    assert await numbered.binding("axb-1") is None


async def test_sweep_removes_what_expired_and_nothing_else(numbered: Store) -> None:
    await numbered.bind_ax(AX)
    await numbered.set_temporary_callee(X, C, NOW + 2)
    await numbered.bind_axb(replace(AXB, expires_at=NOW + 1), NOW)
    lasting = AxbBinding("axb-2", C, "+8613600000001", OTHER_X)
    await numbered.bind_axb(lasting, NOW)

    assert await numbered.sweep(NOW + 0.999) == 0
    assert await numbered.sweep(NOW + 1) == 1
    assert await numbered.binding("axb-1") is None
    assert await ask(numbered, OTHER_X, A) == Found(OTHER_X, OTHER_NUMBER)
    assert (await ask(numbered, X, A)).temporary == TemporaryCallee(C, NOW + 2)
    assert await numbered.sweep(NOW + 99) == 1
    assert await ask(numbered, X, A) == Found(X, NUMBER, AX)
    assert (await ask(numbered, OTHER_X, C)).axb == lasting
    assert await numbered.sweep(NOW + 99) == 0


async def test_temporary_callee_is_replaced_put_off_and_removed(
    numbered: Store,
) -> None:
    await numbered.bind_ax(AX)
    await numbered.set_temporary_callee(X, B, NOW + 1)
    await numbered.set_temporary_callee(X, C, NOW + 9)
    assert await numbered.sweep(NOW + 5) == 0
    assert (await ask(numbered, X, A)).temporary == TemporaryCallee(C, NOW + 9)
    await numbered.set_temporary_callee(X, None)
    assert (await ask(numbered, X, A)).temporary is None
    assert await numbered.sweep(NOW + 99) == 0


async def test_temporary_callee_needs_an_ax_binding(numbered: Store) -> None:
    for callee in (C, None):
        with pytest.raises(BindingConflict, match="not_bound"):
            await numbered.set_temporary_callee(X, callee, NOW)
    await numbered.bind_ax(AX)
    assert (await ask(numbered, X, A)).temporary is None
    assert await numbered.sweep(NOW + 99) == 0


async def test_temporary_callee_never_outlives_the_a_it_was_set_for(
    numbered: Store,
) -> None:
    await numbered.bind_ax(AX)
    await numbered.set_temporary_callee(X, C, NOW + 60)
    await numbered.bind_ax(replace(AX, max_duration=3))
    assert (await ask(numbered, X, A)).temporary == TemporaryCallee(C, NOW + 60)
    await numbered.bind_ax(replace(AX, a=B))
    assert (await ask(numbered, X, B)).temporary is None

    await numbered.set_temporary_callee(X, C, NOW + 60)
    await numbered.unbind("ax-1")
    await numbered.bind_ax(replace(AX, subscription_id="ax-2", a=C))
    assert (await ask(numbered, X, C)).temporary is None
