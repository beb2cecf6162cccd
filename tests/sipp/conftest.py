"""The veil the SIPp suite calls through: one for each pytest worker.

A worker plays one scenario at a time, so what is in the archive and in the gauges
afterwards is that scenario's. Three trunks, told apart by the caller's address, lead to
the gateway in three ways (`WAYS`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.peers import free_port, need, wait_until
from tests.veil import Veil, veil_serve

VEIL_HOST = "127.0.1.1"
CALLEE_HOST = "127.0.1.3"
AX, AXB = "+8617000000001", "+8617000000002"
AX_PARTY, TEMPORARY = "+8613900000001", "+8613900000002"
AXB_PARTIES = ("+8613900000003", "+8613900000004")


WAYS = {"udp": "127.0.1.2", "tcp": "127.0.1.4", "second": "127.0.1.5"}
"""How the gateway is reached, by the caller's host. `second`: over UDP, after a first
gateway that is dead."""


class Served(NamedTuple):
    """A veil, and where its parties meet it."""

    veil: Veil
    sip: str
    """`host:port` callers send to."""
    gateway_port: int
    """Where the callee listens."""


def config(
    directory: Path, sip: str, gateways: dict[str, list[str]], **sip_settings: object
) -> dict[str, object]:
    """Return the suite's settings: quick timers, no probes, an AX and an AXB number.

    `gateways` are the URIs of a trunk, by the host its calls come from.
    """
    a, b = AXB_PARTIES
    http = f"{VEIL_HOST}:{free_port(VEIL_HOST, kinds=('tcp',))}"
    return {
        "sip": {
            "listen": [f"udp:{sip}", f"tcp:{sip}"],
            "timers": {"t1": 0.25, "t2": 1.0, "t4": 1.0},
            **sip_settings,
        },
        "trunks": [
            {
                "name": f"from-{host}",
                "gateways": uris,
                "allow": [f"{host}/32"],
                "failover_after": 1.0,
                "probe_every": 0,
            }
            for host, uris in gateways.items()
        ],
        "http": {"listen": http},
        "store": f"sqlite:{directory}/veil.db",
        "archive": f"sqlite:{directory}/archive.db",
        "media": {"engine": "bypass"},
        "calls": {"no_answer": 2.0, "connect": 8.0},
        "apps": [
            {
                "key": "ax",
                "secret": "not-so-secret",
                "mode": "AX",
                "numbers": [AX],
                "bindings": [
                    {"origNum": AX_PARTY, "privateNum": AX, "calleeNum": TEMPORARY}
                ],
            },
            {
                "key": "axb",
                "secret": "not-so-secret",
                "mode": "AXB",
                "numbers": [AXB],
                "bindings": [{"callerNum": a, "relationNum": AXB, "calleeNum": b}],
            },
        ],
    }


def _serve(directory: Path, stack: ExitStack) -> Served:
    port, dead = free_port(CALLEE_HOST), free_port(CALLEE_HOST)
    sip = f"{VEIL_HOST}:{free_port(VEIL_HOST)}"
    at = f"sip:{CALLEE_HOST}:{port}"
    gateways = {
        WAYS["udp"]: [at],
        WAYS["tcp"]: [f"{at};transport=tcp"],
        WAYS["second"]: [f"sip:{CALLEE_HOST}:{dead}", at],
    }
    settings = config(directory, sip, gateways)
    return Served(stack.enter_context(veil_serve(settings, directory)), sip, port)


def _check_quiet(veil: Veil) -> None:
    """Assert that veil lives, holds nothing and complained of nothing.

    A refused INVITE is remembered for 32 s (RFC 3261 section 17.1.1.2, timer D).
    """
    assert veil.process.poll() is None, veil.log
    assert wait_until(lambda: not veil.busy(), seconds=45), veil.busy()
    assert veil.metrics()["veil_faults_total"] == 0
    assert veil.trouble() == []


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return this worker's veil; at the end nothing may be left in it."""
    need("sipp")
    with ExitStack() as stack:
        served = _serve(tmp_path_factory.mktemp("served"), stack)
        yield served
        _check_quiet(served.veil)
