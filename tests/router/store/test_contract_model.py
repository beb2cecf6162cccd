"""Any order of writes leaves SQLite and Redis holding what a dictionary would hold."""

from __future__ import annotations

import asyncio

from hypothesis import HealthCheck, given, settings, strategies

from router.plan.model import AxbBinding
from router.store.open import open_store
from router.store.port import BindingConflict
from tests.router.store.asking import OTHER_NUMBER, OTHER_X, A, B, C, ask

PARTIES = [A, B, C, "+8613600000001"]
Step = tuple[str, int, list[str], float | None]


class Model:
    """What a store must hold after each step: a dictionary and the rules."""

    def __init__(self) -> None:
        self.bound: dict[str, AxbBinding] = {}
        self.lapsed: set[str] = set()
        """Expired; a store may have removed them already, or not yet."""

    def bind(self, binding: AxbBinding, now: float) -> bool:
        """Bind, or return False for a conflict."""
        self.sweep(now)
        parties = {binding.a, binding.b}
        for other in self.bound.values():
            same = other.subscription_id == binding.subscription_id
            if not same and not parties.isdisjoint({other.a, other.b}):
                return False
        self.bound[binding.subscription_id] = binding
        self.lapsed.discard(binding.subscription_id)
        return True

    def unbind(self, name: str, now: float) -> bool | None:
        """Remove a binding and tell whether it was there, None when either will do."""
        self.sweep(now)
        there = self.bound.pop(name, None) is not None
        lapsed = name in self.lapsed
        self.lapsed.discard(name)
        return None if lapsed else there

    def sweep(self, now: float) -> None:
        """Remove what expired."""
        before = set(self.bound)
        self.bound = {
            name: binding
            for name, binding in self.bound.items()
            if binding.expires_at is None or binding.expires_at > now
        }
        self.lapsed |= before - set(self.bound)

    def found(self, party: str) -> AxbBinding | None:
        """Return the binding of a party."""
        held = [each for each in self.bound.values() if party in (each.a, each.b)]
        assert len(held) < 2
        return held[0] if held else None


async def play(url: str, steps: list[Step]) -> None:
    """Take the same steps with a store and with the model, and compare."""
    store = open_store(url)
    await store.open()
    await store.remove_number(OTHER_X)
    await store.put_number(OTHER_NUMBER)
    model = Model()
    for now, (verb, number, parties, lasts) in enumerate(steps):
        name = f"s-{number}"
        if verb == "bind":
            expires_at = None if lasts is None else now + lasts
            a, b, *_ = parties
            binding = AxbBinding(
                name, a, b, OTHER_X, expires_at=expires_at, max_duration=now
            )
            try:
                await store.bind_axb(binding, now)
                bound = True
            except BindingConflict:
                bound = False
            assert bound == model.bind(binding, now)
        elif verb == "unbind":
            there = model.unbind(name, now)
            assert await store.unbind(name) in (
                (True, False) if there is None else (there,)
            )
        else:
            await store.sweep(now)
            model.sweep(now)
        live = {
            party: held
            for party in PARTIES
            if (held := model.found(party)) is not None
            and (held.expires_at is None or held.expires_at > now)
        }
        for party in PARTIES:
            held = (await ask(store, OTHER_X, party)).axb
            if held is not None and held.expires_at is not None:
                held = held if held.expires_at > now else None
            assert held == live.get(party)
    await store.close()


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    strategies.lists(
        strategies.tuples(
            strategies.sampled_from(["bind", "bind", "bind", "unbind", "sweep"]),
            strategies.integers(0, 3),
            strategies.permutations(PARTIES),
            strategies.sampled_from([None, 1.0, 2.0, 4.0]),
        ),
        max_size=12,
    )
)
def test_any_order_of_writes_agrees_with_a_plain_model(
    url: str, steps: list[Step]
) -> None:
    asyncio.run(play(url, steps))
