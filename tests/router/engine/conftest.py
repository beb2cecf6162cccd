"""Closes what a test of the engine has opened, whatever became of the test."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.router.engine.switch import Veil


@pytest.fixture(autouse=True)
def close_stores() -> Iterator[None]:
    """Close the in-memory stores in the thread that opened them."""
    yield
    while Veil.opened:
        asyncio.run(Veil.opened.pop().close())
