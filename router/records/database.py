"""The database of call records, as blocking calls; `Archive` has a thread for them.

SQLite and PostgreSQL through SQLAlchemy Core.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, event, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from router.records.record import CallRecord
from router.records.table import (
    call_records,
    from_row,
    insert_text,
    metadata,
    to_row,
)

logger = logging.getLogger(__name__)


class ArchiveUnavailable(Exception):
    """The archive cannot be opened, read or written; the text says why."""


def make_engine(url: str) -> Engine:
    """Return the engine for `sqlite:PATH`, `sqlite::memory:` or `postgresql://…`.

    Raise ValueError for anything else.
    """
    scheme, _, path = url.partition(":")
    if scheme == "postgresql":
        target = make_url(url).set(drivername="postgresql+psycopg")
        return create_engine(target, paramstyle="format", pool_pre_ping=True)
    if scheme != "sqlite" or not path or path.startswith("//"):
        raise ValueError(f"not an archive: {url!r}")
    if path == ":memory:":
        return create_engine("sqlite://", poolclass=StaticPool)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(URL.create("sqlite", database=path))
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


class Database:
    """Open connections to the table of call records; made and used in one thread."""

    def __init__(self, url: str) -> None:
        try:
            self._engine = make_engine(url)
            metadata.create_all(self._engine)
        except (SQLAlchemyError, OSError, ImportError) as error:
            raise ArchiveUnavailable(f"cannot open the archive: {error}") from error
        self._insert = insert_text(self._engine.dialect)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def insert(self, group: Sequence[CallRecord]) -> int:
        """Write the records in one transaction; return how many were refused.

        A record the database refuses for its contents must not hold up the others:
        then they are written one by one. Raise `ArchiveUnavailable` when it was not
        the contents; then the same group may be written again.
        """
        try:
            return self._insert_rows([to_row(record) for record in group])
        except OperationalError as error:
            raise ArchiveUnavailable(f"cannot write: {error.orig}") from error

    def _insert_rows(self, rows: list[tuple[object, ...]]) -> int:
        try:
            # Rows go to the driver as they are: the statement compiler and its
            # parameter processing cost more than the writing (see insert_text).
            with self._engine.begin() as connection:
                connection.exec_driver_sql(self._insert, rows)
        except OperationalError:
            raise
        except (SQLAlchemyError, ValueError, OverflowError) as error:
            if len(rows) > 1:
                return sum(self._insert_rows([row]) for row in rows)
            logger.critical(
                "the database refuses the record of call %s: %s",
                rows[0][0],
                type(error).__name__,
            )
            return 1
        return 0

    def get(self, call_id: str) -> CallRecord | None:
        """Return the record of one call, None when there is none."""
        query = select(call_records).where(call_records.c.call_id == call_id)
        try:
            with self._engine.connect() as connection:
                row = connection.execute(query).one_or_none()
        except SQLAlchemyError as error:
            raise ArchiveUnavailable(f"cannot read: {error}") from error
        return None if row is None else from_row(tuple(row))

    def newest(self, count: int) -> list[CallRecord]:
        """Return up to `count` records, the call that came in last first."""
        order = (call_records.c.call_in_at.desc(), call_records.c.call_id)
        query = select(call_records).order_by(*order).limit(count)
        try:
            with self._engine.connect() as connection:
                return [from_row(tuple(row)) for row in connection.execute(query)]
        except SQLAlchemyError as error:
            raise ArchiveUnavailable(f"cannot read: {error}") from error
