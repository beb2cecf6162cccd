"""Starting, running and stopping veil as a process."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import click

from router.app.service import Service
from router.records.database import ArchiveUnavailable
from router.settings import Settings, SettingsError
from router.settings.apps import AxbSeed, AxSeed
from router.store.port import StoreError

try:
    import uvloop
except ImportError:  # not on this platform: asyncio's own loop does
    _new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    _new_loop = uvloop.new_event_loop

FAILED = 1
# A collection walks all that lives, calls included; reference counting frees them, so
# that the oldest generation need hardly ever be looked at.
_GC_THRESHOLDS = (50_000, 50, 1000)

_logger = logging.getLogger(__name__)


def run(settings: Settings, role: str, reload: Callable[[], Settings]) -> int:
    """Run until SIGTERM or SIGINT and return the exit code.

    `reload` reads the settings again, for SIGHUP; it raises `SettingsError`. SIP, API
    and delivery are one process so far: every `role` but `all` and `sip` is refused.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if role not in ("all", "sip"):
        click.echo(f"veil: role {role} is not served by this version", err=True)
        return FAILED
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        try:
            runner.run(_serve(settings, reload))
        except (OSError, ValueError, StoreError, ArchiveUnavailable) as error:
            text = getattr(error, "strerror", None) or error
            click.echo(f"veil: cannot start: {text}", err=True)
            return FAILED
    return 0


async def _serve(settings: Settings, reload: Callable[[], Settings]) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    again = asyncio.Event()
    async with Service(settings) as service:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _stop, stop, service)
        loop.add_signal_handler(signal.SIGHUP, again.set)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        for line in banner(service):
            click.echo(line)
        reloading = loop.create_task(_reload_when(again, service, reload))
        try:
            await stop.wait()
            await service.drain(service.settings.calls.drain)
        finally:
            reloading.cancel()


def _stop(stop: asyncio.Event, service: Service) -> None:
    if stop.is_set():
        service.hurry.set()
    stop.set()


async def _reload_when(
    again: asyncio.Event, service: Service, reload: Callable[[], Settings]
) -> None:
    while True:
        await again.wait()
        again.clear()
        try:
            await service.reload(reload())
        except SettingsError as error:
            for mistake in error.mistakes:
                _logger.error("%s", mistake)
            _logger.error("the settings in use stay as they are")
        except (OSError, StoreError) as error:
            _logger.error("the settings could not be taken over: %s", error)
        else:
            _logger.warning("the settings were read again")


def banner(service: Service) -> list[str]:
    """Return what is said once at the start: where we listen, how to place a call."""
    settings = service.settings
    bound = service.endpoint.bound
    lines = [
        "veil listens on "
        + ", ".join(f"{one.transport}:{one.host}:{one.port}" for one in bound),
        f"health: http://{settings.http.listen.authority}/readyz",
    ]
    gateway = settings.trunks[0].gateways[0].uri.partition(":")[2].partition(";")[0]
    sample = _sample(settings)
    if sample is not None and bound[0].transport == "udp":
        caller, x = sample
        via = f"{bound[0].host}:{bound[0].port}"
        lines += [
            "to place a call, let a phone stand in for the gateway, then call X:",
            f"  {_program()} call --answer --bind {gateway}",
            f"  {_program()} call {x} --from {caller} --via {via}",
        ]
    return lines


def _program() -> str:
    """Return what to type: the script's own path when it was started by it."""
    started = sys.argv[0]
    return started if Path(started).name == "veil" else "veil"


def _sample(settings: Settings) -> tuple[str, str] | None:
    """Return a caller and an X number that the seeds put through."""
    for app in settings.apps:
        for seed in app.bindings:
            if isinstance(seed, AxbSeed):
                return seed.caller_num, seed.relation_num
            if isinstance(seed, AxSeed) and seed.callee_num is not None:
                return seed.orig_num, seed.private_num
    return None
