"""What is special to the embedded store: the file, its layout, its faults."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from router.plan.model import Found
from router.store.port import StoreUnavailable
from router.store.sqlite import LAYOUT, SqliteStore
from tests.router.store.asking import AX, NUMBER, A, B, X, answer_of, ask


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store's file is to be."""
    return tmp_path / "var" / "veil.db"


async def opened(path: Path) -> SqliteStore:
    """Return an open store with one bound number."""
    store = SqliteStore(str(path))
    await store.open()
    await store.put_number(NUMBER)
    await store.bind_ax(AX)
    return store


async def test_look_up_answers_before_it_returns(path: Path) -> None:
    store = await opened(path)
    delivered: list[object] = []
    store.look_up(X, B, delivered.append)
    assert delivered == [Found(X, NUMBER, AX)]
    await store.close()


async def test_memory_needs_no_file() -> None:
    store = SqliteStore(":memory:")
    await store.open()
    await store.put_number(NUMBER)
    assert await ask(store, X, A) == Found(X, NUMBER)
    await store.close()


async def test_a_newer_layout_is_left_alone(path: Path) -> None:
    await (await opened(path)).close()
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {LAYOUT + 1}")
    database.close()
    store = SqliteStore(str(path))
    with pytest.raises(StoreUnavailable, match=f"layout {LAYOUT + 1}"):
        await store.open()
    assert not store.available


@pytest.mark.parametrize("read_only", [True, False])
def test_what_is_no_database_cannot_be_opened(path: Path, *, read_only: bool) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(StoreUnavailable, match="cannot open"):
        asyncio.run(SqliteStore(str(path), read_only=read_only).open())


def test_read_only_makes_no_file(path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        asyncio.run(SqliteStore(str(path), read_only=True).open())
    assert not path.parent.exists()


async def test_read_only_writes_nothing(path: Path) -> None:
    store = await opened(path)
    reading = SqliteStore(str(path), read_only=True)
    await reading.open()
    with pytest.raises(StoreUnavailable, match="readonly"):
        await reading.unbind("ax-1")
    assert (await ask(reading, X, B)).ax == AX
    await reading.close()
    await store.close()


async def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot open"):
        await SqliteStore(str(tmp_path / "file" / "veil.db")).open()


async def test_f6_a_value_that_is_not_its_keys_connects_nobody(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await opened(path)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE field SET value = replace(value, ?, '+1')", (X,))
    database.close()
    assert isinstance(await answer_of(store, X, B), StoreUnavailable)
    assert "thrown away" in caplog.text
    await store.close()


async def test_a_file_that_breaks_is_unavailable(path: Path) -> None:
    store = await opened(path)
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE field")
    database.close()
    assert isinstance(await answer_of(store, X, B), StoreUnavailable)
    assert not store.available
    with pytest.raises(StoreUnavailable):
        await store.ping()
    with pytest.raises(StoreUnavailable):
        await store.numbers()
    with pytest.raises(StoreUnavailable):
        await store.put_number(NUMBER)
    await store.close()


async def test_a_write_beside_a_long_one_of_another_process_fails_in_time(
    path: Path,
) -> None:
    store = await opened(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        await store.unbind("ax-1")
    assert (await ask(store, X, B)).ax == AX
    other.execute("ROLLBACK")
    assert await store.unbind("ax-1")
    other.close()
    await store.close()
