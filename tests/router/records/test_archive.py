"""Records reach the database in groups, whatever the disk does: FAULTS F26."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from router.records import archive as module
from router.records.archive import GROUP, Archive
from router.records.database import ArchiveUnavailable, Database
from router.records.record import CallRecord
from tests.router.records.calls import record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the file is to be."""
    return tmp_path / "archive.db"


@pytest.fixture
async def archive(path: Path) -> AsyncIterator[Archive]:
    """Return an open archive that tries again without much waiting."""
    archive = Archive(f"sqlite:{path}", retry_seconds=(0.01,))
    await archive.open()
    yield archive
    await archive.close()


async def until(true: Callable[[], bool]) -> None:
    """Let the loop run until `true` says so."""
    loop = asyncio.get_running_loop()
    while not true():
        tick = loop.create_future()
        loop.call_later(0.002, tick.set_result, None)
        await tick


def break_table(path: Path, *, back: bool = False) -> None:
    """Take the table away under the archive, or bring it back."""
    names = ("away", "call_records") if back else ("call_records", "away")
    database = sqlite3.connect(path)
    database.execute("ALTER TABLE {} RENAME TO {}".format(*names))
    database.close()


async def test_a_record_is_there_soon_without_asking(archive: Archive) -> None:
    began = time.monotonic()
    archive.write(record(1))
    assert archive.waiting == 1
    await until(lambda: archive.waiting == 0)
    assert time.monotonic() - began < 1.0
    assert await archive.get("call-1") == record(1)
    assert await archive.get("call-2") is None
    assert (archive.written, archive.lost, archive.failures) == (1, 0, 0)


async def test_flush_returns_when_everything_is_written(archive: Archive) -> None:
    for number in range(2 * GROUP + 7):
        archive.write(record(number))
    await archive.flush()
    assert archive.waiting == 0
    assert archive.written == 2 * GROUP + 7
    newest = await archive.newest(3)
    assert [each.call_id for each in newest] == [
        f"call-{2 * GROUP + 6 - back}" for back in range(3)
    ]
    await archive.flush()


async def test_a_full_group_does_not_wait_for_the_interval(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "INTERVAL_SECONDS", 3600.0)
    for number in range(GROUP):
        archive.write(record(number))
    await until(lambda: archive.waiting == 0)


async def test_close_writes_what_waits(path: Path) -> None:
    archive = Archive(f"sqlite:{path}")
    await archive.open()
    archive.write(record(1))
    await archive.close()
    await archive.close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM call_records").fetchone() == (1,)
    database.close()
    with pytest.raises(ArchiveUnavailable, match="not open"):
        await archive.get("call-1")
    assert not [t for t in threading.enumerate() if t.name.startswith("archive")]


async def test_f26_what_cannot_be_written_is_kept_and_written_later(
    archive: Archive, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    break_table(path)
    for number in range(3):
        archive.write(record(number))
    await until(lambda: archive.failures >= 2)
    archive.write(record(3))
    assert archive.waiting == 4
    break_table(path, back=True)
    await archive.flush()
    assert len(await archive.newest(9)) == 4
    assert (archive.written, archive.lost) == (4, 0)
    assert "have to wait" in caplog.text


async def test_f26_a_broken_archive_is_felt_by_no_caller(
    archive: Archive, path: Path
) -> None:
    break_table(path)
    began = time.perf_counter()
    for number in range(2000):
        archive.write(record(number))
    assert time.perf_counter() - began < 1.0
    await until(lambda: archive.failures >= 1)
    break_table(path, back=True)
    await archive.flush()
    assert archive.written == 2000


async def test_beyond_the_limit_records_are_lost_and_counted(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "LIMIT", 5)
    for number in range(9):
        archive.write(record(number))
    assert (archive.waiting, archive.lost) == (5, 4)
    assert caplog.text.count("are lost") == 1
    await archive.flush()
    assert (archive.written, archive.lost) == (5, 4)


async def test_a_refused_record_is_counted_lost(archive: Archive) -> None:
    archive.write(record(1)._replace(user_data="\udc80"))
    archive.write(record(2))
    await archive.flush()
    assert (archive.written, archive.lost) == (1, 1)


async def test_close_gives_up_in_time_when_nothing_can_be_written(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.1)
    archive = Archive(f"sqlite:{path}")
    await archive.open()
    break_table(path)
    archive.write(record(1))
    await archive.close()
    assert archive.lost == 1
    assert "are lost" in caplog.text


async def test_records_written_before_open_are_kept(path: Path) -> None:
    archive = Archive(f"sqlite:{path}")
    archive.write(record(1))
    await archive.open()
    await archive.flush()
    assert archive.written == 1
    await archive.close()


async def test_an_archive_that_cannot_be_opened_leaves_nothing(tmp_path: Path) -> None:
    archive = Archive(f"sqlite:{tmp_path}")
    with pytest.raises(ArchiveUnavailable, match="cannot open"):
        await archive.open()
    await archive.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("archive")]


async def test_one_connection_serves_all_groups(archive: Archive) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for number in range(50):
        archive.write(record(number))
        await archive.flush()
    assert len(os.listdir("/proc/self/fd")) <= before + 1


async def test_what_comes_in_while_a_group_is_written_makes_a_group_of_its_own(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record at a time would cost a transaction each."""
    groups: list[int] = []
    insert = Database.insert

    def counted(self: Database, group: Sequence[CallRecord]) -> int:
        groups.append(len(group))
        return insert(self, group)

    monkeypatch.setattr(Database, "insert", counted)
    monkeypatch.setattr(module, "INTERVAL_SECONDS", 0.02)

    def one_more() -> bool:
        archive.write(record(archive.written + archive.waiting))
        return archive.written >= 100

    await until(one_more)
    await archive.flush()
    assert sum(groups) == archive.written
    assert sorted(groups)[len(groups) // 2] >= 4

    monkeypatch.setattr(module, "GROUP", 3)
    monkeypatch.setattr(module, "INTERVAL_SECONDS", 3600.0)
    monkeypatch.setattr(module, "MOST_AT_ONCE", 4)
    for number in range(10):
        archive.write(record(1000 + number))
    await until(lambda: archive.waiting == 2)
    assert groups[-2:] == [4, 4]
