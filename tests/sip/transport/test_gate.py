"""FAULTS 1.2 no. 1: the access list is asked once per host."""

from __future__ import annotations

import pytest

from sip.transport import gate
from sip.transport.gate import Gate


def make_gate() -> tuple[Gate, list[str]]:
    """Return a gate that admits 192.0.2.*, and the hosts it asked about."""
    asked: list[str] = []

    def allowed(host: str) -> bool:
        asked.append(host)
        return host.startswith("192.0.2.")

    return Gate(allowed), asked


def test_each_host_is_asked_about_once() -> None:
    one, asked = make_gate()
    verdicts = [one.admits(host) for host in ("192.0.2.1", "198.51.100.1") * 3]
    assert verdicts == [True, False] * 3
    assert asked == ["192.0.2.1", "198.51.100.1"]


def test_forgetting_asks_again() -> None:
    one, asked = make_gate()
    one.admits("192.0.2.1")
    one.forget()
    one.admits("192.0.2.1")
    assert asked == ["192.0.2.1"] * 2


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "REMEMBERED_HOSTS", 2)
    one, asked = make_gate()
    for host in ("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1"):
        assert one.admits(host)
    assert len(asked) == 4
