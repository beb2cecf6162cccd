"""The one contract of every store: DESIGN section 3, FAULTS F7 to F10.

What only Redis can do wrong is in test_redis_faults.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from router.plan.model import (
    AxbBinding,
    AxBinding,
    Found,
    Mode,
    NumberRecord,
    NumberState,
    TemporaryCallee,
)
from router.store.open import open_store
from router.store.port import Answer, BindingConflict, Conflict, Store, StoreUnavailable
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
    answer_of,
    ask,
)


async def conflict_of(binding: AxBinding | AxbBinding, store: Store) -> Conflict:
    """Bind, expect it to be refused, and return why."""
    if isinstance(binding, AxBinding):
        bind = store.bind_ax(binding)
    else:
        bind = store.bind_axb(binding, NOW)
    with pytest.raises(BindingConflict) as refused:
        await bind
    return refused.value.kind


async def test_unknown_number_is_found_to_be_none(store: Store) -> None:
    assert await ask(store, X, A) == Found(X, None)


async def test_number_without_binding_is_found_with_nothing_else(
    numbered: Store,
) -> None:
    assert await ask(numbered, X, A) == Found(X, NUMBER)


async def test_one_look_up_returns_all_that_routing_needs(numbered: Store) -> None:
    await numbered.bind_ax(AX)
    await numbered.set_temporary_callee(X, C, NOW + 60.5)
    await numbered.bind_axb(AXB, NOW)

    temporary = TemporaryCallee(C, NOW + 60.5)
    assert await ask(numbered, X, B) == Found(X, NUMBER, AX, temporary)
    for party in (A, B):
        assert await ask(numbered, OTHER_X, party) == Found(
            OTHER_X, OTHER_NUMBER, axb=AXB
        )
    assert await ask(numbered, OTHER_X, C) == Found(OTHER_X, OTHER_NUMBER)


@pytest.mark.parametrize("caller", ["", "p", "n", "b", "t", "订单", "a\r\nGET x", "\0"])
async def test_any_text_may_call(numbered: Store, caller: str) -> None:
    await numbered.bind_axb(AXB, NOW)
    assert await ask(numbered, OTHER_X, caller) == Found(OTHER_X, OTHER_NUMBER)
    assert await ask(numbered, "x" + caller, A) == Found("x" + caller, None)


async def test_a_caller_that_is_no_text_is_answered_too(numbered: Store) -> None:
    assert isinstance(await answer_of(numbered, X, "\udc80"), StoreUnavailable)
    assert isinstance(await answer_of(numbered, "\udc80", A), StoreUnavailable)
    assert await ask(numbered, X, A) == Found(X, NUMBER)


async def test_every_look_up_of_a_tick_is_delivered_once_and_to_its_asker(
    numbered: Store,
) -> None:
    await numbered.bind_ax(AX)
    await numbered.bind_axb(AXB, NOW)
    delivered: list[tuple[str, Answer]] = []

    def keep(x: str, answer: Answer) -> None:
        delivered.append((x, answer))

    for number in range(300):
        x = (X, OTHER_X, f"+86170000{number}")[number % 3]
        numbered.look_up(x, A, partial(keep, x))
    await ask(numbered, X, A)
    while len(delivered) < 300:
        await ask(numbered, "not ours", A)
    assert len(delivered) == 300
    for x, answer in delivered:
        assert isinstance(answer, Found)
        assert answer.x == x
        assert (answer.ax, answer.axb) == (
            AX if x == X else None,
            AXB if x == OTHER_X else None,
        )


async def test_number_record_is_replaced_and_its_bindings_stay(numbered: Store) -> None:
    await numbered.bind_ax(AX)
    suspended = replace(NUMBER, state=NumberState.SUSPENDED)
    await numbered.put_number(suspended)
    assert await ask(numbered, X, B) == Found(X, suspended, AX)


async def test_numbers_are_listed_in_order(numbered: Store) -> None:
    third = NumberRecord("+8617000000000", "other", Mode.AXE)
    await numbered.put_number(third)
    assert list(await numbered.numbers()) == [third, NUMBER, OTHER_NUMBER]


async def test_removed_number_takes_its_bindings_along(numbered: Store) -> None:
    await numbered.bind_axb(AXB, NOW)
    assert await numbered.remove_number(OTHER_X)
    assert not await numbered.remove_number(OTHER_X)
    assert await ask(numbered, OTHER_X, A) == Found(OTHER_X, None)
    assert await numbered.binding(AXB.subscription_id) is None
    assert list(await numbered.numbers()) == [NUMBER]
    await numbered.put_number(OTHER_NUMBER)
    assert await ask(numbered, OTHER_X, A) == Found(OTHER_X, OTHER_NUMBER)


async def test_unbind_holds_at_once(numbered: Store) -> None:
    await numbered.bind_ax(AX)
    await numbered.bind_axb(AXB, NOW)
    assert (await ask(numbered, X, B)).ax == AX
    assert await numbered.unbind(AX.subscription_id)
    assert await ask(numbered, X, B) == Found(X, NUMBER)
    assert await numbered.unbind(AXB.subscription_id)
    for party in (A, B):
        assert await ask(numbered, OTHER_X, party) == Found(OTHER_X, OTHER_NUMBER)
    assert not await numbered.unbind(AX.subscription_id)
    assert not await numbered.unbind("never seen")
    assert not await numbered.unbind("")


async def test_binding_is_found_by_its_id_until_it_is_removed(numbered: Store) -> None:
    await numbered.bind_ax(AX)
    await numbered.bind_axb(AXB, NOW)
    await numbered.set_temporary_callee(X, C, NOW)
    assert await numbered.binding("ax-1") == AX
    assert await numbered.binding("axb-1") == AXB
    assert await numbered.binding("") is None
    await numbered.unbind("ax-1")
    assert await numbered.binding("ax-1") is None
    assert await numbered.binding("axb-1") == AXB


async def test_same_subscription_replaces_its_binding(numbered: Store) -> None:
    await numbered.bind_axb(AXB, NOW)
    changed = replace(AXB, b=C, expires_at=NOW + 5)
    await numbered.bind_axb(changed, NOW)
    assert await ask(numbered, OTHER_X, B) == Found(OTHER_X, OTHER_NUMBER)
    for party in (A, C):
        assert (await ask(numbered, OTHER_X, party)).axb == changed
    await numbered.bind_axb(AXB, NOW)
    assert await numbered.sweep(NOW + 10) == 0
    assert (await ask(numbered, OTHER_X, B)).axb == AXB


async def test_conflicts_leave_everything_as_it_was(numbered: Store) -> None:
    await numbered.bind_ax(AX)
    await numbered.bind_axb(AXB, NOW)
    unknown = "+8617000000009"
    conflicts: list[tuple[AxBinding | AxbBinding, Conflict]] = [
        (replace(AX, subscription_id="2", a=C), Conflict.X_TAKEN),
        (replace(AX, subscription_id="2", x=unknown), Conflict.UNKNOWN_NUMBER),
        (replace(AX, x=OTHER_X), Conflict.SUBSCRIPTION_TAKEN),
        (replace(AXB, subscription_id="2"), Conflict.PARTY_TAKEN),
        (replace(AXB, subscription_id="2", a=B, b=C), Conflict.PARTY_TAKEN),
        (replace(AXB, subscription_id="2", a=C, b=A), Conflict.PARTY_TAKEN),
        (replace(AXB, subscription_id="2", x=unknown), Conflict.UNKNOWN_NUMBER),
        (replace(AXB, x=X), Conflict.SUBSCRIPTION_TAKEN),
    ]
    for binding, conflict in conflicts:
        assert await conflict_of(binding, numbered) == conflict
    assert await numbered.binding("2") is None
    assert await ask(numbered, X, B) == Found(X, NUMBER, AX)
    assert await ask(numbered, OTHER_X, A) == Found(OTHER_X, OTHER_NUMBER, axb=AXB)
    assert await ask(numbered, OTHER_X, C) == Found(OTHER_X, OTHER_NUMBER)


async def test_pairs_of_one_x_stand_beside_each_other(numbered: Store) -> None:
    await numbered.bind_axb(AXB, NOW)
    second = AxbBinding("axb-2", C, "+8613600000001", OTHER_X)
    await numbered.bind_axb(second, NOW)
    assert (await ask(numbered, OTHER_X, A)).axb == AXB
    assert (await ask(numbered, OTHER_X, C)).axb == second
    await numbered.unbind("axb-1")
    assert (await ask(numbered, OTHER_X, C)).axb == second


async def test_one_of_200_concurrent_binds_of_a_party_wins(numbered: Store) -> None:
    async def bind(number: int) -> bool:
        other = f"+86136{number:08d}"
        try:
            await numbered.bind_axb(AxbBinding(f"s-{number}", A, other, OTHER_X), NOW)
        except BindingConflict:
            return False
        return True

    won = await asyncio.gather(*(bind(number) for number in range(200)))
    assert won.count(True) == 1
    winner = won.index(True)
    held = (await ask(numbered, OTHER_X, A)).axb
    assert held is not None
    assert held.subscription_id == f"s-{winner}"
    for number in range(200):
        found = await ask(numbered, OTHER_X, f"+86136{number:08d}")
        assert (found.axb is not None) == (number == winner)
        there = await numbered.binding(f"s-{number}")
        assert (there is not None) == (number == winner)


async def test_two_stores_see_each_others_writes_at_once(
    url: str, numbered: Store
) -> None:
    second = open_store(url)
    await second.open()
    await second.bind_ax(AX)
    assert (await ask(numbered, X, B)).ax == AX
    await numbered.unbind("ax-1")
    assert (await ask(second, X, B)).ax is None
    await second.close()


async def test_what_was_written_is_there_after_opening_again(
    url: str, numbered: Store
) -> None:
    await numbered.bind_ax(AX)
    await numbered.close()
    again = open_store(url)
    await again.open()
    assert await ask(again, X, B) == Found(X, NUMBER, AX)
    await again.close()


async def test_read_only_store_answers(url: str, numbered: Store) -> None:
    await numbered.bind_ax(AX)
    reading = open_store(url, read_only=True)
    await reading.open()
    assert (await ask(reading, X, B)).ax == AX
    await reading.close()


async def test_available_only_between_open_and_close(url: str) -> None:
    store = open_store(url)
    available = [store.available]
    await store.open()
    available.append(store.available)
    await store.ping()
    await store.close()
    available.append(store.available)
    assert available == [False, True, False]
    assert isinstance(await answer_of(store, X, A), StoreUnavailable)
    with pytest.raises(StoreUnavailable):
        await store.ping()
    with pytest.raises(StoreUnavailable):
        await store.put_number(NUMBER)
    await store.close()
