"""Where `veil explain` looks: the store once there is one, the seeds before."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from router.explaining import find, found_in
from router.plan.model import AxBinding, Mode, NumberRecord
from router.settings import Settings, load
from router.settings.seeds import seeds_of
from router.store.open import open_store
from router.store.port import StoreUnavailable

NOW = 1_800_000_000.0
A = "+8613800000001"
AX = "+8617000000001"
AXB = "+8617000000002"


def settings_with(store: str) -> Settings:
    return load(environment={"VEIL_STORE": store})


def test_before_there_is_a_store_the_seeds_are_looked_through(tmp_path: Path) -> None:
    settings = settings_with(f"sqlite:{tmp_path}/veil.db")
    found, where = find(settings, AX, A, now=NOW)
    assert found == found_in(seeds_of(settings, NOW), AX, A)
    assert where.startswith("the seeds")
    assert not list(tmp_path.iterdir())


def test_seeds_are_found_by_number_and_caller() -> None:
    seeds = seeds_of(load(environment={}), NOW)
    found = found_in(seeds, AX, A)
    assert found.number is not None
    assert found.ax is not None
    assert found.temporary is not None
    assert found.axb is None
    assert found_in(seeds, AXB, A).axb is not None
    assert found_in(seeds, AXB, "+8613700000003").axb is None
    assert found_in(seeds, "+8617000000009", A).number is None


def test_the_store_is_read(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path}/veil.db"
    record = NumberRecord(AX, "other", Mode.AX)
    binding = AxBinding("s", A, AX)

    async def fill() -> None:
        store = open_store(url)
        await store.open()
        await store.put_number(record)
        await store.bind_ax(binding)
        await store.close()

    asyncio.run(fill())
    found, where = find(settings_with(url), AX, A, now=NOW)
    assert (found.number, found.ax, where) == (record, binding, "the sqlite store")


def test_a_store_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    file = tmp_path / "veil.db"
    file.write_bytes(b"no database" * 100)
    with pytest.raises(StoreUnavailable):
        find(settings_with(f"sqlite:{file}"), AX, A, now=NOW)


def test_a_look_up_that_fails_says_so(tmp_path: Path) -> None:
    file = tmp_path / "veil.db"
    database = sqlite3.connect(file)
    database.execute("PRAGMA user_version = 1")
    database.close()
    with pytest.raises(StoreUnavailable):
        find(settings_with(f"sqlite:{file}"), AX, A, now=NOW)
