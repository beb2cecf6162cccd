"""A running veil: everything that is opened, and closed again in reverse order."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from types import TracebackType

from aiohttp import web

from router.api.health import health_app
from router.app.condition import ServiceCondition
from router.app.listening import client_tls, core_settings, listen_addresses
from router.app.seeding import seed
from router.app.upkeep import (
    PROBE_SECONDS,
    RESOLVE_SECONDS,
    SWEEP_SECONDS,
    regularly,
    resolve_gateways,
    sweep,
)
from router.engine import Engine
from router.engine.switchboard import Switchboard
from router.records.archive import Archive
from router.settings import Settings
from router.settings.addresses import ListenAddress as HttpAddress
from router.store.open import open_store
from router.trunk.trunk import Trunk
from sip.core import Core
from sip.tokens import Tokens
from sip.transport.dns_cache import DnsCache
from sip.transport.endpoint import Endpoint
from sip.transport.resolve import Resolver

# How long the last BYEs are given to be answered.
FAREWELL_SECONDS = 2.0
_LOOK_SECONDS = 0.05

_logger = logging.getLogger(__name__)


def wall() -> float:
    """Return the wall clock in epoch seconds."""
    return datetime.now(UTC).timestamp()


class Service:
    """Store, archive, SIP and HTTP of one process, as an async context manager.

    Entering it opens all or nothing. Raises OSError, ValueError, `StoreError` or
    `ArchiveUnavailable` with what is in the way.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.is_starting = True
        self.is_draining = False
        self.hurry = asyncio.Event()
        """Set to make an end of `drain` at once."""
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._is_woken = False
        loop = asyncio.get_running_loop()
        self._loop = loop
        self.store = open_store(settings.store)
        self.archive = Archive(settings.archive)
        self._listen = listen_addresses(settings.sip)
        stack_settings = core_settings(settings, self._listen)
        self.core = Core(stack_settings, Tokens(os.urandom))
        self.resolver = Resolver(
            DnsCache(now=loop.time),
            below=random.SystemRandom().randrange,
            transports=[one.transport for one in stack_settings.listeners],
        )
        self.board = Switchboard(
            core=self.core,
            store=self.store,
            archive=self.archive,
            host=stack_settings.listeners[0].host,
            clock=loop.time,
            wall=wall,
            wake=self._wake,
        )
        self.engine = Engine(self.board, make_trunks(settings))
        self.endpoint = Endpoint(
            self.core,
            self.engine.handle,
            allowed=lambda host: self.engine.access.allows(host),
            client_tls=client_tls(settings),
        )
        self.condition = ServiceCondition(self)
        self.engine.is_ready = lambda: not self.condition.hindrances()

    async def __aenter__(self) -> Service:
        """Open everything; what was opened is closed again when a part fails."""
        async with AsyncExitStack() as stack:
            await self._open(stack)
            self._stack = stack.pop_all()
        self.is_starting = False
        return self

    async def _open(self, stack: AsyncExitStack) -> None:
        settings = self.settings
        await self.store.open()
        stack.push_async_callback(self.store.close)
        await seed(self.store, settings, wall())
        await self.archive.open()
        stack.push_async_callback(self.archive.close)
        await self._resolve()
        stack.push_async_callback(self.endpoint.close)
        await self.endpoint.open(self._listen)
        self._name_tls_peers()
        await self._open_http(stack, settings.http.listen)
        stack.push_async_callback(self._stop_tasks)
        self._start(PROBE_SECONDS, self._probe)
        self._start(RESOLVE_SECONDS, self._resolve)
        self._start(SWEEP_SECONDS, partial(sweep, self.store, wall))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what calls are left, write their records, close everything."""
        self.engine.drain()
        self.engine.stop_calls()
        self.endpoint.flush()
        await self._stack.aclose()

    async def drain(self, seconds: float) -> None:
        """Take no new call, and return when the present ones are over.

        Those that go on for longer than `seconds`, or than `hurry` lets them, are
        ended with BYE to both sides (F20).
        """
        self.is_draining = True
        self.engine.drain()
        await self._until(lambda: not self.board.calls, seconds)
        self.engine.stop_calls()
        self.endpoint.flush()
        await self._until(lambda: not self.core.ground.sessions, FAREWELL_SECONDS)

    async def reload(self, settings: Settings) -> None:
        """Take over the trunks, time limits, apps and seeds of `settings`.

        Listeners, stores and the HTTP address stay as they are until a restart.
        """
        for name in ("sip", "http", "store", "archive", "media"):
            if getattr(settings, name) != getattr(self.settings, name):
                _logger.warning("%s has changed: that takes a restart", name)
        trunks = make_trunks(settings)
        await resolve_gateways(trunks, self.resolver)
        await seed(self.store, settings, wall())
        self.settings = settings
        self.engine.use(trunks)
        self.endpoint.recheck_access()
        self._name_tls_peers()

    # -- inside ------------------------------------------------------------------

    async def _until(self, is_done: Callable[[], bool], seconds: float) -> None:
        deadline = self._loop.time() + seconds
        while (
            not is_done() and self._loop.time() < deadline and not self.hurry.is_set()
        ):
            try:
                await asyncio.wait_for(self.hurry.wait(), _LOOK_SECONDS)
            except TimeoutError:
                continue

    def _wake(self) -> None:
        # Once a turn of the loop, however many look-ups were answered in it.
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._is_woken = False
        self.engine.handle()
        self.endpoint.flush()

    def _start(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        self._tasks.append(self._loop.create_task(regularly(seconds, work)))

    async def _stop_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _probe(self) -> None:
        self.engine.probe()
        self.endpoint.flush()

    async def _resolve(self) -> None:
        await resolve_gateways(self.engine.trunks, self.resolver)

    def _name_tls_peers(self) -> None:
        """Say whose certificate is expected where a gateway is known by its name."""
        for trunk in self.engine.trunks:
            for gateway in trunk.gateways:
                for flow in gateway.flows:
                    if flow.transport == "tls" and not gateway.is_numeric:
                        self.endpoint.name_peer(flow.host, flow.port, gateway.host)

    async def _open_http(self, stack: AsyncExitStack, address: HttpAddress) -> None:
        runner = web.AppRunner(health_app(self.condition), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        try:
            await web.TCPSite(runner, address.host, address.port).start()
        except OSError as error:
            text = f"http:{address.authority}: {error.strerror or error}"
            raise OSError(error.errno, text) from error


def make_trunks(settings: Settings) -> tuple[Trunk, ...]:
    """Return the trunks of `settings`, ready to take calls."""
    return tuple(Trunk(one, settings.calls) for one in settings.trunks)
