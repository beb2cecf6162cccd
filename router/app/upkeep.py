"""What is done beside the calls, from time to time: probes, names, expired bindings."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from router.store.port import Store, StoreError
from router.trunk.gateway import Gateway
from router.trunk.trunk import Trunk
from sip.flow import Flow

RESOLVE_SECONDS = 30.0
SWEEP_SECONDS = 60.0
PROBE_SECONDS = 1.0

_logger = logging.getLogger(__name__)


class Resolving(Protocol):
    """Where a host name leads; `sip.transport.resolve.Resolver` knows."""

    async def resolve(
        self,
        host: str,
        *,
        port: int | None = None,
        transport: str = "",
        secure: bool = False,
        listener: int = 0,
    ) -> list[Flow]:
        """Return the flows to try, best first; none when the name leads nowhere."""
        ...


async def regularly(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` now and every so many seconds; a failure is logged, and no end."""
    while True:
        try:
            await work()
        except Exception:
            _logger.exception("upkeep failed, and will be tried again")
        await asyncio.sleep(seconds)


async def resolve_gateways(trunks: Iterable[Trunk], resolver: Resolving) -> None:
    """Look every gateway's host name up again (RFC 3263); addresses need none.

    A name that leads nowhere for now keeps the addresses it had (F30).
    """
    for trunk in trunks:
        for gateway in trunk.gateways:
            if not gateway.is_numeric:
                await _resolve(gateway, resolver)


async def _resolve(gateway: Gateway, resolver: Resolving) -> None:
    flows = await resolver.resolve(
        gateway.host,
        port=gateway.port,
        transport=gateway.chosen_transport,
        secure=gateway.is_secure,
    )
    if flows:
        gateway.flows = tuple(flows)
    elif not gateway.flows:
        _logger.warning("gateway %s cannot be found in the DNS", gateway.name)


async def sweep(store: Store, wall: Callable[[], float]) -> None:
    """Remove expired bindings; they do not route even before that."""
    try:
        await store.sweep(wall())
    except StoreError as error:
        _logger.warning("expired bindings wait: %s", error)
