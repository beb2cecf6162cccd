"""Garbage and strangers at a running veil: FAULTS F57, F58, G5, G15, I5 to I7.

Thousands of damaged messages from a trunk: the process goes on, its memory does not
grow with them, good calls go through between and after, nothing is left behind. From
any other source: not a byte comes back.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from router.phone.phone import Answering, Phone
from tests.bench.account import rss_kilobytes
from tests.fuzz.mutate import mutate
from tests.peers import free_port, wait_until
from tests.veil import Veil, veil_serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

_HOST, _STRANGER = "127.0.0.1", "127.0.9.9"
_T1 = 0.02
_ROUNDS, _A_ROUND = 15, 300
_X, _A = "+8617000000001", "+8613900000001"
_FOLDER = Path(__file__).parent.parent / "torture"
_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=fmtp:101 0-15\r\n"
)


class Target(NamedTuple):
    veil: Veil
    port: int
    gateway: int


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    port, gateway = free_port(), free_port()
    config: dict[str, object] = {
        "sip": {
            "listen": [f"udp:{_HOST}:{port}"],
            "timers": {"t1": _T1, "t2": 8 * _T1, "t4": 10 * _T1},
        },
        "trunks": [
            {
                "name": "carrier",
                "gateways": [f"sip:{_HOST}:{gateway}"],
                "allow": [f"{_HOST}/32"],
                "probe_every": 0,
            }
        ],
        "http": {"listen": f"{_HOST}:{free_port()}"},
        "store": f"sqlite:{tmp_path}/veil.db",
        "archive": f"sqlite:{tmp_path}/archive.db",
        "apps": [
            {
                "key": "k",
                "secret": "not-so-secret",
                "mode": "AX",
                "numbers": [_X],
                "bindings": [{"origNum": _A, "privateNum": _X}],
            }
        ],
    }
    with veil_serve(config, tmp_path) as veil:
        yield Target(veil, port, gateway)


def invite(port: int) -> bytes:
    """Return a good INVITE for X, to be damaged; far end and sent-by are dead ports."""
    return (
        f"INVITE sip:{_X}@{_HOST}:{port} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {_HOST}:9;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
        f"From: <sip:+8613700000001@{_HOST}>;tag=1\r\nTo: <sip:{_X}@{_HOST}>\r\n"
        f"Call-ID: 1@{_HOST}\r\nCSeq: 1 INVITE\r\nContact: <sip:{_HOST}:9>\r\n"
        "Require: 100rel\r\nSession-Expires: 90;refresher=uac\r\n"
        f"Content-Type: application/sdp\r\nContent-Length: {len(_SDP)}\r\n\r\n{_SDP}"
    ).encode()


def corpus(port: int) -> list[bytes]:
    """Return the torture messages, and INVITEs for X in equal number."""
    torture = [f.read_bytes() for f in sorted((_FOLDER / "rfc4475").rglob("*.dat"))]
    assert len(torture) >= 49
    return torture + [invite(port)] * len(torture)


async def good_call(target: Target) -> int:
    """Call X and hang up; return the final status."""
    async with Phone() as caller:
        call = caller.call(_HOST, target.port, number=_X, caller="+8613700000002")
        status = await asyncio.wait_for(call.answered, 20)
        caller.hang_up(call)
        # The BYE's answer, so that closing the socket does not cut it off.
        await asyncio.sleep(4 * _T1)
    return status


async def test_damaged_messages_by_the_thousand_stop_no_call(target: Target) -> None:
    draw = random.Random(4475)
    messages = corpus(target.port)
    veil = target.veil
    statuses, memory = [], []
    answering = Answering(ring_seconds=0.0)
    async with Phone(port=target.gateway, answering=answering):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trunk:
            trunk.bind((_HOST, 0))
            for _ in range(_ROUNDS):
                for _ in range(_A_ROUND):
                    trunk.sendto(mutate(draw, messages)[:60000], (_HOST, target.port))
                    await asyncio.sleep(0)
                statuses.append(await good_call(target))
                memory.append(rss_kilobytes([veil.process.pid]))
    assert statuses == [200] * _ROUNDS
    assert veil.process.poll() is None
    assert veil.trouble() == []
    # The first rounds fill caches and tables of transactions, which then stay as large.
    assert memory[-1] < 1.05 * memory[len(memory) // 2], memory
    # Damaged INVITEs may be good enough for a second leg, which the phone answers, and
    # whose caller then sends no ACK: 64*T1, BYE, 64*T1 again.
    assert await asyncio.to_thread(
        wait_until, lambda: not veil.busy(), seconds=40, alive=veil.process
    ), veil.busy()


def test_a_stranger_gets_not_a_byte(target: Target) -> None:
    draw = random.Random(57)
    messages = corpus(target.port)
    before = target.veil.records()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((_STRANGER, 0))
        stranger.setblocking(False)
        for message in messages:
            stranger.sendto(message, (_HOST, target.port))
        for _ in range(200):
            stranger.sendto(mutate(draw, messages)[:60000], (_HOST, target.port))
        options = (
            b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.9.9;branch=z9hG4bK\r\n"
        )
        stranger.sendto(options + b"\r\n", (_HOST, target.port))
        # Counting them says that all of it was read.
        refused = "veil_sip_sources_refused_total"
        assert wait_until(
            lambda: target.veil.metrics().get(refused, 0) >= len(messages) + 201,
            seconds=10,
            alive=target.veil.process,
        ), target.veil.metrics()
        with pytest.raises(BlockingIOError):
            stranger.recvfrom(65535)
    assert target.veil.records() == before
    assert not target.veil.busy()
