"""The embedded store: one SQLite file, read and written on the spot.

The table mirrors the hash of `router.store.port`, one row for each field, with the
subscription and the expiry beside the value for the indexes. A look-up is one SELECT
and takes some microseconds, so it is answered before `look_up` returns; a write is one
transaction (WAL, synchronous=NORMAL: no fsync on the way).
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from router.plan.model import AxbBinding, AxBinding, NumberRecord, TemporaryCallee
from router.store import codec
from router.store.port import (
    Binding,
    BindingConflict,
    Conflict,
    Deliver,
    StoreUnavailable,
)

logger = logging.getLogger(__name__)

LAYOUT = 1
LOCK_SECONDS = 0.25
"""How long a write waits for one of another process."""

_TABLES = f"""
CREATE TABLE IF NOT EXISTS field (
    x TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    subscription_id TEXT NOT NULL DEFAULT '', expires_at REAL,
    PRIMARY KEY (x, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS field_subscription ON field (subscription_id)
    WHERE subscription_id <> '';
CREATE INDEX IF NOT EXISTS field_expiry ON field (expires_at)
    WHERE expires_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS field_number ON field (x) WHERE name = 'n';
PRAGMA user_version = {LAYOUT};
"""
# One row of four is a quarter cheaper than four rows with their names.
_LOOK_UP = """
SELECT (SELECT value FROM field WHERE x = ? AND name = 'n'),
       (SELECT value FROM field WHERE x = ? AND name = 'b'),
       (SELECT value FROM field WHERE x = ? AND name = 't'),
       (SELECT value FROM field WHERE x = ? AND name = ?)
"""
_PUT = "INSERT OR REPLACE INTO field VALUES (?, ?, ?, ?, ?)"


class SqliteStore:
    """A `router.store.port.Store` in the file at `path`; ":memory:" keeps no file."""

    def __init__(self, path: str, *, read_only: bool = False) -> None:
        self._path = path
        self._read_only = read_only
        self._database: sqlite3.Connection | None = None

    @property
    def available(self) -> bool:
        """Whether the file can be read at this moment."""
        try:
            self._opened().execute("SELECT 1 FROM field LIMIT 1").fetchone()
        except (sqlite3.Error, StoreUnavailable):
            return False
        return True

    async def open(self) -> None:
        """Open the file, make it when it is not there, and check its layout."""
        try:
            self._database = self._connect()
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"cannot open {self._path}: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        if self._read_only:
            target = Path(self._path).resolve().as_uri() + "?mode=ro"
        else:
            target = self._path
            if target != ":memory:":
                Path(target).parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(
            target, uri=self._read_only, timeout=LOCK_SECONDS, isolation_level=None
        )
        try:
            (layout,) = database.execute("PRAGMA user_version").fetchone()
            if layout > LAYOUT or (self._read_only and layout != LAYOUT):
                raise StoreUnavailable(
                    f"{self._path} has layout {layout}, this release reads {LAYOUT}"
                )
            if not self._read_only:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = NORMAL")
                database.executescript(_TABLES)
        except BaseException:
            database.close()
            raise
        return database

    async def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    async def ping(self) -> None:
        """Return when the file can be read."""
        if not self.available:
            raise StoreUnavailable(f"cannot read {self._path}")

    def look_up(self, x: str, caller: str, deliver: Deliver) -> None:
        """Find all that routing needs, and deliver it before returning."""
        try:
            if self._database is None:
                raise StoreUnavailable("the store is not open")
            row = self._database.execute(
                _LOOK_UP, (x, x, x, x, "p:" + caller)
            ).fetchone()
            found = codec.found(x, caller, *row)
        except StoreUnavailable as unavailable:
            deliver(unavailable)
        except (sqlite3.Error, UnicodeError) as error:
            logger.error("the store cannot be read: %s", error)
            deliver(StoreUnavailable(f"SQLite: {error}"))
        except codec.Misplaced as misplaced:
            logger.critical("a look-up was thrown away: %s", misplaced)
            deliver(StoreUnavailable(str(misplaced)))
        else:
            deliver(found)

    async def put_number(self, record: NumberRecord) -> None:
        """Add the X number or replace its record."""
        with self._writing() as database:
            database.execute(
                _PUT, (record.x, codec.NUMBER, codec.encode(record), "", None)
            )

    async def remove_number(self, x: str) -> bool:
        """Take the X number away with every binding on it."""
        with self._writing() as database:
            return database.execute("DELETE FROM field WHERE x = ?", (x,)).rowcount > 0

    async def numbers(self) -> Sequence[NumberRecord]:
        """Return every X number, sorted by X."""
        rows = self._read("SELECT value FROM field WHERE name = 'n' ORDER BY x", ())
        return [codec.decode_number(text) for (text,) in rows]

    async def bind_ax(self, binding: AxBinding) -> None:
        """Bind A to X, in place of the same subscription's binding."""
        with self._writing() as database:
            before = database.execute(
                "SELECT value FROM field WHERE x = ? AND name = 'b'", (binding.x,)
            ).fetchone()
            self._bind(database, binding, Conflict.X_TAKEN, None)
            if before is not None and codec.decode_binding(before[0]).a != binding.a:
                self._forget_temporary(database, binding.x)

    async def set_temporary_callee(
        self, x: str, callee: str | None, expires_at: float = 0.0
    ) -> None:
        """Set whom A reaches by calling X."""
        with self._writing() as database:
            self._forget_temporary(database, x)
            owner = database.execute(
                "SELECT subscription_id FROM field WHERE x = ? AND name = 'b'", (x,)
            ).fetchone()
            if owner is None:
                raise BindingConflict(Conflict.NOT_BOUND)
            if callee is not None:
                text = codec.encode_temporary(x, TemporaryCallee(callee, expires_at))
                database.execute(_PUT, (x, codec.TEMPORARY, text, *owner, expires_at))

    async def bind_axb(self, binding: AxbBinding, now: float) -> None:
        """Bind A and B on X, in place of the same subscription's binding."""
        with self._writing() as database:
            database.execute(
                "DELETE FROM field WHERE x = ? AND expires_at <= ? AND name <> 't'",
                (binding.x, now),
            )
            self._bind(database, binding, Conflict.PARTY_TAKEN, binding.expires_at)

    async def unbind(self, subscription_id: str) -> bool:
        """Remove a binding and its temporary callee."""
        if not subscription_id:
            return False
        with self._writing() as database:
            removed = database.execute(
                "DELETE FROM field WHERE subscription_id = ?", (subscription_id,)
            )
            return removed.rowcount > 0

    async def binding(self, subscription_id: str) -> Binding | None:
        """Return the binding of that id, if there is one."""
        rows = self._read(
            "SELECT value FROM field WHERE subscription_id = ? AND name <> 't' LIMIT 1",
            (subscription_id,),
        )
        if not subscription_id or not rows:
            return None
        return codec.decode_binding(rows[0][0])

    async def sweep(self, now: float) -> int:
        """Remove what expired by `now`: AXB bindings and temporary callees."""
        with self._writing() as database:
            (count,) = database.execute(
                "SELECT count(DISTINCT x || ' ' || subscription_id) FROM field"
                " WHERE expires_at <= ?",
                (now,),
            ).fetchone()
            database.execute("DELETE FROM field WHERE expires_at <= ?", (now,))
            return int(count)

    def _bind(
        self,
        database: sqlite3.Connection,
        binding: Binding,
        conflict: Conflict,
        expires_at: float | None,
    ) -> None:
        """Put the binding under its fields unless something stands in its way."""
        x, subscription_id = binding.x, binding.subscription_id
        names = codec.fields_of(binding)
        if self._owner(database, x, codec.NUMBER) is None:
            raise BindingConflict(Conflict.UNKNOWN_NUMBER)
        if database.execute(
            "SELECT 1 FROM field WHERE subscription_id = ? AND x <> ?",
            (subscription_id, x),
        ).fetchone():
            raise BindingConflict(Conflict.SUBSCRIPTION_TAKEN)
        for name in names:
            if self._owner(database, x, name) not in (None, subscription_id):
                raise BindingConflict(conflict)
        database.execute(
            "DELETE FROM field WHERE subscription_id = ? AND name <> 't'",
            (subscription_id,),
        )
        text = codec.encode(binding)
        database.executemany(
            _PUT, [(x, name, text, subscription_id, expires_at) for name in names]
        )

    @staticmethod
    def _owner(database: sqlite3.Connection, x: str, name: str) -> str | None:
        """Return the subscription a field belongs to, "" for none, None: no field."""
        row = database.execute(
            "SELECT subscription_id FROM field WHERE x = ? AND name = ?", (x, name)
        ).fetchone()
        return None if row is None else str(row[0])

    @staticmethod
    def _forget_temporary(database: sqlite3.Connection, x: str) -> None:
        database.execute("DELETE FROM field WHERE x = ? AND name = 't'", (x,))

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            raise StoreUnavailable("the store is not open")
        return self._database

    def _read(self, query: str, values: tuple[str, ...]) -> list[tuple[str]]:
        try:
            return self._opened().execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"SQLite: {error}") from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Run the block as one transaction, all of it or nothing."""
        database = self._opened()
        try:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                database.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise StoreUnavailable(f"SQLite: {error}") from error
