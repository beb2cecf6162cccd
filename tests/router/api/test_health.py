"""`/healthz`, `/readyz`, `/metrics` over real HTTP (DESIGN section 4)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from router.api.health import health_app

Client = TestClient[Request, Application]


class Condition:
    """A condition that is whatever a test says."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def hindrances(self) -> list[str]:
        return self.reasons

    def gauges(self) -> dict[str, float]:
        return {"calls": 3}

    def totals(self) -> dict[str, float]:
        return {"invites": 17}


@pytest.fixture
def condition() -> Condition:
    return Condition()


@pytest.fixture
async def client(condition: Condition) -> AsyncIterator[Client]:
    async with TestClient(TestServer(health_app(condition))) as client:
        yield client


@pytest.mark.socket
async def test_alive_whatever_the_condition(
    client: Client, condition: Condition
) -> None:
    condition.reasons = ["draining"]
    assert (await client.get("/healthz")).status == 200


@pytest.mark.socket
async def test_ready_says_what_is_in_the_way(
    client: Client, condition: Condition
) -> None:
    assert (await client.get("/readyz")).status == 200
    condition.reasons = ["draining", "store unavailable"]
    answer = await client.get("/readyz")
    assert answer.status == 503
    assert await answer.text() == "draining\nstore unavailable\n"


@pytest.mark.socket
async def test_metrics_are_prometheus_text(client: Client) -> None:
    answer = await client.get("/metrics")
    assert answer.content_type == "text/plain"
    lines = (await answer.text()).splitlines()
    assert "veil_invites_total 17.0" in lines
    assert "veil_calls 3.0" in lines
    assert "# TYPE veil_invites_total counter" in lines


@pytest.mark.socket
async def test_anything_else_is_not_there(client: Client) -> None:
    assert (await client.get("/")).status == 404
