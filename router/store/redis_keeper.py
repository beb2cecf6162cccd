"""Keeps one connection for look-ups alive, and knows whether it may be believed.

A connection that fails is replaced; until the new one has shown itself sound, look-ups
are refused at once instead of waiting for a deadline each. What is kept is proved again
every second: the server answers, it is the primary still (with Sentinel), and it holds
the mark it was opened with.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from router.store.port import Deliver, StoreUnavailable
from router.store.redis_connection import EPOCH_KEY, Connection

logger = logging.getLogger(__name__)

PROOF_SECONDS = 1.0
"""Between two proofs that the connection is sound."""
CONNECT_SECONDS = 1.0
RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Pauses between attempts to connect; the last one repeats."""

Place = tuple[str, int]
"""Host and port."""


@dataclass(frozen=True, slots=True)
class Login:
    """What every connection to this Redis begins with."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    db: int = 0
    tls: ssl.SSLContext | None = None
    only_primary: bool = False
    """Ask for the server's role: after a failover the old primary may still answer."""


class Keeper:
    """One connection for look-ups to wherever `place` says, for as long as it is open.

    `epoch` is the mark the store must show, "" to ask for none.
    """

    def __init__(
        self,
        place: Callable[[], Awaitable[Place]],
        login: Login,
        *,
        epoch: str = "",
    ) -> None:
        self._place = place
        self._login = login
        self._epoch = epoch
        self._connection: Connection | None = None
        self._why = StoreUnavailable("Redis is not connected yet")
        self._task: asyncio.Task[None] | None = None
        self._first: asyncio.Future[None] | None = None
        self._refused_before = 0
        self.misplaced = 0
        """Replies that could not have been meant for their question."""

    @property
    def available(self) -> bool:
        """Whether there is a connection that proved sound a second ago at most."""
        return self._connection is not None

    @property
    def refused(self) -> int:
        """Look-ups answered by an error of the server, such as MOVED."""
        current = self._connection.refused if self._connection is not None else 0
        return self._refused_before + current

    def look_up(self, x: str, caller: str, deliver: Deliver) -> None:
        """Ask on the connection, or refuse at once when there is none."""
        if self._connection is None:
            deliver(StoreUnavailable(*self._why.args))
        else:
            self._connection.look_up(x, caller, deliver)

    async def open(self) -> None:
        """Return once connected; `StoreUnavailable` when the first attempt fails."""
        loop = asyncio.get_running_loop()
        self._first = loop.create_future()
        self._task = loop.create_task(self._keep())
        try:
            await self._first
        except StoreUnavailable:
            await self.close()
            raise

    async def close(self) -> None:
        """Drop the connection; what was asked is answered `StoreUnavailable`."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    async def _keep(self) -> None:
        failed = 0
        while True:
            connection: Connection | None = None
            try:
                place = await self._place()
                connection = await self._connect(place)
                await self._prove(connection)
                failed = 0
                self._sound(connection)
                await self._watch(connection, place)
            except (StoreUnavailable, OSError) as error:
                # TimeoutError and ssl.SSLError are OSErrors.
                self._unsound(StoreUnavailable(f"Redis: {str(error) or 'timed out'}"))
            finally:
                if connection is not None:
                    self._connection = None
                    self.misplaced += connection.misplaced
                    self._refused_before += connection.refused
                    connection.abort("the connection to Redis was given up")
            await asyncio.sleep(RETRY_SECONDS[min(failed, len(RETRY_SECONDS) - 1)])
            failed += 1

    def _sound(self, connection: Connection) -> None:
        self._connection = connection
        if self._first is not None and not self._first.done():
            self._first.set_result(None)
        else:
            logger.warning("Redis is there again")

    def _unsound(self, why: StoreUnavailable) -> None:
        if self._connection is not None or str(why) != str(self._why):
            logger.error("%s", why)
        self._connection = None
        self._why = why
        if self._first is not None and not self._first.done():
            self._first.set_exception(why)

    async def _connect(self, place: Place) -> Connection:
        """Connect and log in."""
        loop = asyncio.get_running_loop()
        login = self._login
        async with asyncio.timeout(CONNECT_SECONDS):
            _, connection = await loop.create_connection(
                lambda: Connection(loop, self._epoch), *place, ssl=login.tls
            )
        try:
            if login.password is not None:
                user = () if login.username is None else (login.username,)
                await connection.command("AUTH", *user, login.password)
            if login.db:
                await connection.command("SELECT", str(login.db))
        except BaseException:
            connection.abort("the connection to Redis was given up")
            raise
        return connection

    async def _prove(self, connection: Connection) -> None:
        """Return if the server may be believed, else raise `StoreUnavailable`."""
        if self._login.only_primary:
            role = await connection.command("ROLE")
            if not isinstance(role, list) or not role or role[0] != "master":
                raise StoreUnavailable("the server is no primary")
        if not self._epoch:
            if await connection.command("PING") != "PONG":
                raise StoreUnavailable("the server does not answer PING")
        elif await connection.command("GET", EPOCH_KEY) != self._epoch:
            raise StoreUnavailable(
                "the store is not the one that was opened: it came back empty or was "
                "made anew; restore it, or restart to go on with what is there"
            )

    async def _watch(self, connection: Connection, place: Place) -> None:
        """Return when the connection is lost or the primary moved."""
        while not connection.lost.done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROOF_SECONDS):
                    await asyncio.shield(connection.lost)
                break
            await self._prove(connection)
            # Sentinels that do not answer are no reason to leave a working primary.
            with contextlib.suppress(StoreUnavailable, OSError):
                if await self._place() != place:
                    break
        self._unsound(StoreUnavailable("Redis: the connection was lost"))
