"""The table of call records as a database holds it."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.dialects import postgresql

from router.records.database import ArchiveUnavailable, Database, make_engine
from router.records.record import CallRecord
from router.records.table import call_records, from_row, insert_text, to_row
from tests.router.records.calls import record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the file is to be."""
    return tmp_path / "var" / "archive.db"


def test_columns_are_the_fields_of_the_record_in_their_order() -> None:
    assert tuple(call_records.columns.keys()) == CallRecord._fields


@pytest.mark.parametrize("trace", [(), ("one",), ("one", "two")])
def test_rows_survive(trace: tuple[str, ...]) -> None:
    kept = record(1)._replace(trace=trace, answer_at=None)
    assert from_row(to_row(kept)) == kept


def test_records_come_back_newest_first(path: Path) -> None:
    database = Database(f"sqlite:{path}")
    assert database.insert([record(number) for number in (2, 1, 3)]) == 0
    assert database.newest(2) == [record(3), record(2)]
    assert database.get("call-1") == record(1)
    assert database.get("call-9") is None
    database.close()
    again = Database(f"sqlite:{path}")
    assert len(again.newest(9)) == 3
    again.close()


def test_a_record_is_kept_once_and_the_first_stays(path: Path) -> None:
    database = Database(f"sqlite:{path}")
    changed = record(1)._replace(reason="other")
    assert database.insert([record(1), changed]) == 0
    assert database.insert([changed, record(2)]) == 0
    assert database.newest(9) == [record(2), record(1)]
    database.close()


def test_f26_a_record_the_database_refuses_does_not_hold_up_the_others(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(f"sqlite:{path}")
    group = [record(number) for number in range(6)]
    group[1] = group[1]._replace(user_data="\udc80")
    group[3] = group[3]._replace(q850=2**70)
    assert database.insert(group) == 2
    assert [kept.call_id for kept in database.newest(9)] == [
        "call-5",
        "call-4",
        "call-2",
        "call-0",
    ]
    assert "call-1" in caplog.text
    assert "call-3" in caplog.text
    database.close()


@contextmanager
def full_disk(directory: Path) -> Iterator[None]:
    """Let no file grow beyond the largest there is."""
    largest = max(file.stat().st_size for file in directory.iterdir())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_f26_a_full_disk_tears_no_record_and_the_group_can_be_written_again(
    path: Path,
) -> None:
    database = Database(f"sqlite:{path}")
    database.insert([record(0)])
    group = [record(number) for number in range(1, 2000)]
    with full_disk(path.parent), pytest.raises(ArchiveUnavailable, match="cannot writ"):
        database.insert(group)
    assert database.newest(9) == [record(0)]
    assert database.insert(group) == 0
    assert len(database.newest(9999)) == 2000
    database.close()


def test_a_table_that_is_gone_is_unavailable(path: Path) -> None:
    database = Database(f"sqlite:{path}")
    other = sqlite3.connect(path)
    other.execute("DROP TABLE call_records")
    other.close()
    for failing in (
        lambda: database.insert([record(1)]),
        lambda: database.get("call-1"),
        lambda: database.newest(1),
    ):
        with pytest.raises(ArchiveUnavailable, match="no such table"):
            failing()
    database.close()


def test_a_database_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no database, and no directory either " * 99)
    for path in (tmp_path / "file", tmp_path / "file" / "archive.db"):
        with pytest.raises(ArchiveUnavailable, match="cannot open"):
            Database(f"sqlite:{path}")


@pytest.mark.parametrize("url", ["", "sqlite", "sqlite:", "sqlite:///x", "mysql://h/d"])
def test_what_is_no_archive_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not an archive"):
        make_engine(url)


def test_memory_is_a_database_too() -> None:
    database = Database("sqlite::memory:")
    database.insert([record(1)])
    assert database.newest(1) == [record(1)]
    database.close()


def test_postgresql_gets_positional_parameters_and_ignores_repeats() -> None:
    dialect = postgresql.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
    text = insert_text(dialect)
    assert text.count("%s") == len(CallRecord._fields)
    assert text.endswith("ON CONFLICT (call_id) DO NOTHING")


def test_postgresql_without_its_driver_is_said() -> None:
    with pytest.raises(ArchiveUnavailable, match="psycopg"):
        Database("postgresql://user@127.0.0.1:1/veil")
