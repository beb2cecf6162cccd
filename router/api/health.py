"""`/healthz`, `/readyz` and `/metrics`: what machines ask of a running veil."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Condition(Protocol):
    """What health is read from."""

    def hindrances(self) -> list[str]:
        """Say in a word each what keeps us from taking calls; none when ready."""
        ...

    def gauges(self) -> dict[str, float]:
        """Return the present values, by metric name."""
        ...

    def totals(self) -> dict[str, float]:
        """Return what only grows, by metric name."""
        ...


class Figures(Collector):
    """The condition's plain numbers as metrics. A phone number is never a label."""

    def __init__(self, condition: Condition) -> None:
        self._condition = condition

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, read at this moment."""
        for name, value in self._condition.totals().items():
            words = name.replace("_", " ")
            yield CounterMetricFamily(f"veil_{name}", f"{words} so far", value=value)
        for name, value in self._condition.gauges().items():
            yield GaugeMetricFamily(f"veil_{name}", name.replace("_", " "), value=value)


def health_app(condition: Condition) -> web.Application:
    """Return the application that answers the three paths."""
    registry = CollectorRegistry()
    registry.register(Figures(condition))

    async def healthz(_request: web.Request) -> web.Response:
        # Alive is alive, draining included: a draining process must not be killed.
        return web.Response(text="alive\n")

    async def readyz(_request: web.Request) -> web.Response:
        hindrances = condition.hindrances()
        if not hindrances:
            return web.Response(text="ready\n")
        return web.Response(status=503, text="\n".join(hindrances) + "\n")

    async def metrics(_request: web.Request) -> web.Response:
        body = generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app
