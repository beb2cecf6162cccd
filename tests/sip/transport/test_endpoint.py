"""The driver: timers, faults, what cannot be sent. RFC 3261 18 and 18.4; FAULTS I6."""

from __future__ import annotations

import asyncio
import logging
import socket

import pytest

from sip.flow import Flow
from sip.transport.endpoint import Endpoint, ListenAddress
from tests.sip.transport.kit import MESSAGE, TCP, UDP, EchoCore, opened, udp_peer

pytestmark = pytest.mark.socket


def make() -> tuple[EchoCore, Endpoint]:
    """Return a core and an endpoint that lets everybody in."""
    core = EchoCore()
    return core, Endpoint(core, core.handle, allowed=lambda _: True)


async def test_ports_really_bound_are_told() -> None:
    _, endpoint = make()
    async with opened(endpoint, UDP, TCP) as ports:
        assert [address.transport for address in endpoint.bound] == ["udp", "tcp"]
        assert all(ports)
        assert endpoint.connections == 0
    assert endpoint.bound == []


async def test_address_in_use_is_named_and_nothing_stays_open() -> None:
    _, first = make()
    _, second = make()
    async with opened(first, UDP, TCP) as (udp, tcp):
        for transport, port in (("udp", udp), ("tcp", tcp)):
            taken = ListenAddress(transport, "127.0.0.1", port)
            with pytest.raises(OSError, match=f"{transport}:127.0.0.1:{port}: "):
                await second.open([UDP, taken])
            assert second.bound == []


async def test_tls_without_certificate_is_refused() -> None:
    _, endpoint = make()
    with pytest.raises(OSError, match="certificate"):
        await endpoint.open([ListenAddress("tls", "127.0.0.1", 0)])


async def test_unusable_host_is_refused() -> None:
    _, endpoint = make()
    with pytest.raises(OSError, match=r"udp:999\.0\.0\.1:0"):
        await endpoint.open([ListenAddress("udp", "999.0.0.1", 0)])


async def test_closing_twice_or_unopened_does_nothing() -> None:
    core, endpoint = make()
    await endpoint.close()
    core.outbox.append((MESSAGE, Flow("udp", "127.0.0.1", 9)))
    endpoint.flush()
    endpoint.recheck_access()
    endpoint.name_peer("127.0.0.1", 5061, "x")
    assert core.outbox
    assert endpoint.connections == 0


async def test_timer_fires_not_before_its_deadline_and_only_while_wanted() -> None:
    core, endpoint = make()
    loop = asyncio.get_running_loop()
    async with opened(endpoint):
        deadlines = [loop.time() + 0.02, loop.time() + 0.03]
        core.wanted = list(deadlines)
        endpoint.flush()
        await core.until(lambda: not core.wanted)
    assert core.timers[-1] >= deadlines[1]
    assert len(core.timers) == 2
    assert all(
        at >= deadline for at, deadline in zip(core.timers, deadlines, strict=True)
    )
    assert core.handled == 2


async def test_earlier_deadline_replaces_the_armed_one() -> None:
    core, endpoint = make()
    loop = asyncio.get_running_loop()
    async with opened(endpoint):
        core.wanted = [loop.time() + 60]
        endpoint.flush()
        core.wanted.append(soon := loop.time() + 0.01)
        endpoint.flush()
        await core.until(lambda: len(core.timers) == 1)
        assert soon <= core.timers[0] < soon + 30
        assert len(core.wanted) == 1


async def test_later_deadline_leaves_the_handle_and_is_armed_when_it_fires() -> None:
    core, endpoint = make()
    loop = asyncio.get_running_loop()
    async with opened(endpoint):
        core.wanted = [loop.time() + 0.01]
        endpoint.flush()
        core.wanted = [later := loop.time() + 0.03]
        endpoint.flush()
        await core.until(lambda: not core.wanted)
    assert core.timers[0] < later <= core.timers[1]


@pytest.mark.parametrize(
    "flow",
    [
        Flow("udp", "127.0.0.1", 9, 7),
        Flow("udp", "127.0.0.1", 9, 1),
        Flow("udp", "localhost", 9),
        Flow("udp", "127.0.0.1", 70_000),
        Flow("udp", "255.255.255.255", 9),
        Flow("tcp", "localhost", 9),
        Flow("tls", "127.0.0.1", 9),
    ],
)
async def test_rfc3261_18_4_core_learns_what_cannot_be_sent(flow: Flow) -> None:
    core, endpoint = make()
    async with opened(endpoint):
        core.outbox += [(MESSAGE, flow)] * 2
        endpoint.flush()
        # Told later: the core may be in the middle of something.
        assert core.lost == []
        await core.until(lambda: bool(core.lost))
    assert core.lost == [flow]
    assert endpoint.counters.unreachable == 2


async def test_i6_bugs_are_counted_logged_once_and_survived(
    caplog: pytest.LogCaptureFixture,
) -> None:
    core, endpoint = make()
    core.broken = True
    core.outbox.append((MESSAGE, Flow("udp", "localhost", 9)))
    loop = asyncio.get_running_loop()
    with udp_peer() as peer, caplog.at_level(logging.ERROR):
        async with opened(endpoint) as (udp, tcp):
            await core.until(lambda: len(core.lost) == 1)
            peer.sendto(MESSAGE, ("127.0.0.1", udp))
            await core.until(lambda: len(core.received) == 1)
            _, writer = await asyncio.open_connection("127.0.0.1", tcp)
            writer.write(MESSAGE)
            await core.until(lambda: len(core.received) == 2)
            core.wanted = [loop.time()]
            endpoint.flush()
            await core.until(lambda: len(core.timers) == 1)
            writer.close()
    # Each of the four: the core's fault, then the application's.
    assert endpoint.counters.faults == 8
    assert len(caplog.records) == 1
    assert "a bug" in (caplog.records[0].exc_text or "")


async def test_what_waits_is_sent_at_open_and_at_close() -> None:
    core, endpoint = make()
    with udp_peer() as peer:
        flow = Flow("udp", *peer.getsockname())
        core.outbox.append((b"first", flow))
        async with opened(endpoint):
            assert peer.recv(100) == b"first"
            core.outbox.append((b"last", flow))
        assert peer.recv(100) == b"last"


async def test_ipv6_is_served() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6")
    core, endpoint = make()
    try:
        peer = udp_peer("::1")
    except OSError:
        pytest.skip("no IPv6 loopback address")
    with peer:
        listen = [ListenAddress(kind, "::1", 0) for kind in ("udp", "tcp")]
        async with opened(endpoint, *listen) as (udp, tcp):
            peer.sendto(MESSAGE, ("::1", udp))
            await core.until(lambda: len(core.received) == 1)
            assert core.received[0][1] == Flow("udp", "::1", peer.getsockname()[1])
            assert peer.recv(65_535) == MESSAGE
            reader, writer = await asyncio.open_connection("::1", tcp)
            writer.write(MESSAGE)
            assert await reader.readexactly(len(MESSAGE)) == MESSAGE
            writer.close()
