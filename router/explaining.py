"""Where `veil explain` looks: in the store, or in the seeds before there is one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from router.plan.model import Found
from router.settings import Settings
from router.settings.seeds import Seeds, seeds_of
from router.store.open import open_store
from router.store.port import Answer, StoreUnavailable


def find(settings: Settings, x: str, caller: str, *, now: float) -> tuple[Found, str]:
    """Look (X, caller) up without changing anything; say also where that was.

    Raises StoreUnavailable. A SQLite store that was never opened has no file yet: then
    the seeds it would start with are looked through. Runs an event loop of its own.
    """
    scheme, _, name = settings.store.partition(":")
    if scheme == "sqlite" and not Path(name).exists():
        seeds = seeds_of(settings, now)
        return found_in(seeds, x, caller), f"the seeds: there is no {name} yet"
    return asyncio.run(_look_up(settings.store, x, caller)), f"the {scheme} store"


async def _look_up(url: str, x: str, caller: str) -> Found:
    store = open_store(url, read_only=True)
    await store.open()
    try:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        store.look_up(x, caller, answer.set_result)
        found = await answer
    finally:
        await store.close()
    if isinstance(found, StoreUnavailable):
        raise found
    return found


def found_in(seeds: Seeds, x: str, caller: str) -> Found:
    """Return what a store that holds just `seeds` would find."""
    return Found(
        x,
        next((number for number in seeds.numbers if number.x == x), None),
        next((ax for ax in seeds.ax if ax.x == x), None),
        next((callee for at, callee in seeds.temporary if at == x), None),
        next((b for b in seeds.axb if b.x == x and caller in (b.a, b.b)), None),
    )
