"""UDP: RFC 3261 18.1, 18.2, RFC 3581 4, RFC 5626 4.4; FAULTS F50, F57, 1.2 no. 1.

Left out: rport and received, which `sip.transaction.source` puts into the Via.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import cast

import pytest

from sip.flow import Flow
from sip.transport import udp
from sip.transport.endpoint import Endpoint
from sip.transport.gate import Gate
from sip.transport.port import Counters
from sip.transport.udp import UdpSocket
from tests.sip.transport.kit import MESSAGE, UDP, EchoCore, opened, receive, udp_peer

pytestmark = pytest.mark.socket


def make(*, allowed: bool = True) -> tuple[EchoCore, Endpoint]:
    """Return a core and an endpoint that lets everybody or nobody in."""
    core = EchoCore()
    return core, Endpoint(core, core.handle, allowed=lambda _: allowed)


async def test_rfc3581_4_answer_leaves_from_the_socket_it_came_to() -> None:
    core, endpoint = make()
    with udp_peer() as peer:
        async with opened(endpoint, UDP, UDP) as ports:
            for index, port in enumerate(ports):
                peer.connect(("127.0.0.1", port))
                peer.send(MESSAGE)
                assert await receive(peer) == MESSAGE
                flow = Flow("udp", "127.0.0.1", peer.getsockname()[1], index)
                assert core.received[-1][1] == flow
    assert (endpoint.counters.received, endpoint.counters.sent) == (2, 2)


async def test_f50_largest_datagram_arrives_whole() -> None:
    core, endpoint = make()
    core.echo = False
    data = b"x" * 65_507
    with udp_peer() as peer:
        async with opened(endpoint, UDP) as (port,):
            peer.sendto(data, ("127.0.0.1", port))
            await core.until(lambda: len(core.received) == 1)
    assert core.received[0][0] == data


async def test_batch_is_handled_once() -> None:
    core, endpoint = make()
    core.echo = False
    with udp_peer() as peer:
        async with opened(endpoint, UDP) as (port,):
            for _ in range(udp.BATCH + 5):
                peer.sendto(MESSAGE, ("127.0.0.1", port))
            await core.until(lambda: len(core.received) == udp.BATCH + 5)
    assert core.handled == 2


async def test_rfc5626_4_4_keep_alives_are_counted_not_handed_on() -> None:
    core, endpoint = make()
    with udp_peer() as peer:
        async with opened(endpoint, UDP) as (port,):
            for data in (b"", b"\r\n\r\n", b"\0" * 4, MESSAGE):
                peer.sendto(data, ("127.0.0.1", port))
            await core.until(lambda: len(core.received) == 1)
    assert endpoint.counters.keepalives == 3


async def test_f57_strangers_get_zero_bytes_and_reach_nobody() -> None:
    core = EchoCore()
    asked: list[str] = []

    def allowed(host: str) -> bool:
        asked.append(host)
        return host == "127.0.0.1"

    endpoint = Endpoint(core, core.handle, allowed=allowed)
    with udp_peer("127.0.0.2") as stranger, udp_peer() as friend:
        async with opened(endpoint, UDP) as (port,):
            for _ in range(3):
                stranger.sendto(MESSAGE, ("127.0.0.1", port))
            async with asyncio.timeout(5):
                while endpoint.counters.refused_sources < 3:  # noqa: ASYNC110 - a turn
                    await asyncio.sleep(0)
            assert core.handled == 0
            friend.sendto(MESSAGE, ("127.0.0.1", port))
            assert await receive(friend) == MESSAGE
            with pytest.raises(BlockingIOError):
                stranger.recv(100)
    assert len(core.received) == 1
    assert asked == ["127.0.0.2", "127.0.0.1"]
    assert endpoint.counters.refused_sources == 3


async def test_changed_access_list_holds_for_known_sources() -> None:
    core = EchoCore()
    open_to = {"127.0.0.1"}
    endpoint = Endpoint(core, core.handle, allowed=lambda host: host in open_to)
    with udp_peer() as peer, udp_peer("127.0.0.2") as other:
        async with opened(endpoint, UDP) as (port,):
            peer.sendto(MESSAGE, ("127.0.0.1", port))
            assert await receive(peer) == MESSAGE
            open_to.clear()
            open_to.add("127.0.0.2")
            endpoint.recheck_access()
            peer.sendto(MESSAGE, ("127.0.0.1", port))
            other.sendto(MESSAGE, ("127.0.0.1", port))
            assert await receive(other) == MESSAGE
    assert len(core.received) == 2


async def test_remembered_sources_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp, "REMEMBERED_FLOWS", 1)
    core, endpoint = make()
    with udp_peer() as one, udp_peer("127.0.0.2") as two:
        async with opened(endpoint, UDP) as (port,):
            for peer in (one, two, one):
                peer.sendto(MESSAGE, ("127.0.0.1", port))
                assert await receive(peer) == MESSAGE
    assert len(core.received) == 3


class FullSocket:
    """Stands where a socket would, and is full until told otherwise.

    A loopback socket cannot be filled at will: this is the one thing not real here.
    """

    def __init__(self, real: socket.socket) -> None:
        self.real = real
        self.answers: deque[OSError | None] = deque()
        self.sent: list[bytes] = []

    def fileno(self) -> int:
        return self.real.fileno()

    def recvfrom(self, size: int) -> tuple[bytes, object]:
        if self.answers:
            answer = self.answers.popleft()
            if answer is not None:
                raise answer
        return self.real.recvfrom(size)

    def sendto(self, data: bytes, address: object) -> int:
        answer = self.answers.popleft() if self.answers else None
        if answer is not None:
            raise answer
        self.sent.append(data)
        return len(data)

    def close(self) -> None:
        self.real.close()


FLOW = Flow("udp", "127.0.0.1", 9)


def make_full(received: list[bytes]) -> tuple[UdpSocket, FullSocket, Counters]:
    """Return a UDP socket over one that does as it is told."""
    full = FullSocket(udp_peer())
    counters = Counters()
    sock = UdpSocket(
        cast("socket.socket", full),
        0,
        gate=Gate(lambda _: True),
        counters=counters,
        receive=lambda data, _flow, _now: received.append(data),
        finish=lambda: None,
        fault=lambda: None,
    )
    return sock, full, counters


async def settle(full: FullSocket, count: int) -> None:
    """Let the loop run until `count` datagrams have left."""
    async with asyncio.timeout(5):
        while len(full.sent) < count:  # noqa: ASYNC110 - no sleep but a turn of the loop
            await asyncio.sleep(0)


async def test_full_socket_keeps_datagrams_in_order() -> None:
    sock, full, counters = make_full([])
    full.answers += [BlockingIOError(), BlockingIOError(), None, OSError()]
    for data in (b"1", b"2", b"3", b"4"):
        assert sock.send(data, FLOW)
    assert full.sent == []
    await settle(full, 3)
    # The second was refused for good when its turn came; the others left in order.
    assert full.sent == [b"1", b"3", b"4"]
    assert (counters.sent, counters.send_drops) == (3, 1)
    assert sock.send(b"5", FLOW)
    assert full.sent[-1] == b"5"
    sock.close()


async def test_waiting_datagrams_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp, "MAX_UNSENT", 2)
    sock, full, counters = make_full([])
    full.answers.append(BlockingIOError())
    for data in (b"1", b"2", b"3"):
        assert sock.send(data, FLOW)
    assert counters.send_drops == 1
    sock.close()
    assert full.sent == [b"1", b"2"]


async def test_closing_a_socket_that_stays_full_gives_up() -> None:
    sock, full, _ = make_full([])
    full.answers += [BlockingIOError(), BlockingIOError()]
    sock.send(b"1", FLOW)
    sock.close()
    assert full.sent == []


async def test_known_hosts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp, "REMEMBERED_FLOWS", 1)
    sock, full, _ = make_full([])
    for host in ("127.0.0.1", "127.0.0.2", "127.0.0.1"):
        assert sock.send(b"x", FLOW._replace(host=host))
    assert len(full.sent) == 3
    sock.close()


async def test_error_while_reading_is_passed_over() -> None:
    received: list[bytes] = []
    sock, full, _ = make_full(received)
    with udp_peer() as peer:
        peer.sendto(MESSAGE, full.real.getsockname())
        full.answers += [OSError(), None, InterruptedError()]
        async with asyncio.timeout(5):
            while not received:  # noqa: ASYNC110 - no sleep but a turn of the loop
                await asyncio.sleep(0)
    assert received == [MESSAGE]
    sock.close()
