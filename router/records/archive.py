"""The archive of call records: an SQL table, written in groups behind the calls' backs.

`write` appends to a list and returns. A thread of its own writes the list as one
transaction five times a second, or as soon as 500 records wait, so that neither a slow
nor a full disk is felt by calls (F26). A group that could not be written stays in the
list and is tried again until it can; each record is kept once, by its call id.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, repeat
from typing import TypeVar

from router.records.database import ArchiveUnavailable, Database
from router.records.record import CallRecord

logger = logging.getLogger(__name__)

GROUP = 500
"""As many waiting records are written without waiting for the interval."""
MOST_AT_ONCE = 5_000
"""Records in one transaction, when many have piled up."""
INTERVAL_SECONDS = 0.2
RETRY_SECONDS = (0.1, 0.5, 1.0, 5.0)
"""Pauses after groups that could not be written; the last one repeats."""
LIMIT = 100_000
"""Waiting records, about 1 kB each; more than that are lost, and counted."""
CLOSE_SECONDS = 5.0
"""How long closing goes on trying to write what waits."""

_Result = TypeVar("_Result")


class Archive:
    """Call records kept for good, in the database at `url` (see `make_engine`).

    `written`, `failures` (groups put off) and `lost` are plain ints for the metrics.
    """

    def __init__(self, url: str, *, retry_seconds: tuple[float, ...] = RETRY_SECONDS):
        self._url = url
        self._retry_seconds = retry_seconds
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="archive")
        self._database: Database | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[CallRecord] = []
        self._alarm: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self.written = 0
        self.failures = 0
        self.lost = 0

    @property
    def waiting(self) -> int:
        """Records not yet known to be in the database."""
        return len(self._waiting)

    async def open(self) -> None:
        """Connect and make the table when it is not there, or `ArchiveUnavailable`."""
        self._loop = asyncio.get_running_loop()
        self._database = await self._in_thread(partial(Database, self._url))

    def write(self, record: CallRecord) -> None:
        """Have the record written soon; returns at once and never fails."""
        waiting = self._waiting
        if len(waiting) >= LIMIT:
            self._give_up(1)
            return
        waiting.append(record)
        if self._writing is not None:
            return
        if len(waiting) >= GROUP:
            self._start()
        else:
            self._arm()

    def _arm(self) -> None:
        """Have what waits written after the interval at the latest."""
        if self._alarm is None and self._loop is not None:
            self._alarm = self._loop.call_later(INTERVAL_SECONDS, self._start)

    def _give_up(self, count: int) -> None:
        if self.lost % GROUP == 0 or count > 1:
            logger.critical("call records are lost: the archive cannot be written")
        self.lost += count

    def _start(self) -> None:
        """Write what waits, unless that is being done."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._writing is None and self._loop is not None and self._waiting:
            self._writing = self._loop.create_task(self._write(self._opened()))

    async def _write(self, database: Database) -> None:
        """Write what waits as one group, as often as it takes.

        What came in meanwhile waits for the interval again, unless it is a full group:
        a transaction costs as much CPU as forty records.
        """
        group = self._waiting[:MOST_AT_ONCE]
        try:
            refused = await self._insert(database, group)
            # Only now, so that a write that failed or was cut off loses none.
            del self._waiting[: len(group)]
            self.written += len(group) - refused
            self.lost += refused
        finally:
            self._writing = None
        if len(self._waiting) >= GROUP:
            self._start()
        elif self._waiting:
            self._arm()

    async def _insert(self, database: Database, group: list[CallRecord]) -> int:
        """Have the group written, again and again; return how many were refused."""
        pauses = chain(self._retry_seconds, repeat(self._retry_seconds[-1]))
        while True:
            try:
                return await self._in_thread(partial(database.insert, group))
            except ArchiveUnavailable as error:
                self.failures += 1
                logger.error("call records have to wait: %s", error)
                await asyncio.sleep(next(pauses))

    async def flush(self) -> None:
        """Return when every record given to `write` is in the database."""
        while self._waiting:
            self._start()
            if self._writing is not None:
                await asyncio.wait((self._writing,))

    async def close(self) -> None:
        """Write what waits, for 5 s at most, and let go of the database."""
        if self._database is not None:
            try:
                await asyncio.wait_for(self.flush(), CLOSE_SECONDS)
            except TimeoutError:
                self._give_up(len(self._waiting))
            if self._writing is not None:
                self._writing.cancel()
                await asyncio.wait((self._writing,))
            self._waiting.clear()
            await self._in_thread(self._database.close)
            self._database = None
        self._thread.shutdown()

    async def get(self, call_id: str) -> CallRecord | None:
        """Return the record of one call, None when it is not in the database."""
        database = self._opened()
        return await self._in_thread(partial(database.get, call_id))

    async def newest(self, count: int) -> list[CallRecord]:
        """Return up to `count` records, the call that came in last first."""
        database = self._opened()
        return await self._in_thread(partial(database.newest, count))

    def _opened(self) -> Database:
        if self._database is None:
            raise ArchiveUnavailable("the archive is not open")
        return self._database

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        """Run `work` in the archive's one thread, after all that was put there."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, work)
