"""TCP opened by us: RFC 3261 18.1.1, 18.2.2 and 18.4; FAULTS F51, F65."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest

from sip.flow import Flow
from sip.transport import streams, tcp
from sip.transport.endpoint import StreamLimits
from tests.sip.transport.far import BROKEN, HOST, Far, connect, make, read
from tests.sip.transport.kit import MESSAGE, TCP, opened

pytestmark = pytest.mark.socket


async def test_connection_is_opened_on_demand_and_used_again() -> None:
    core, endpoint = make()
    core.echo = False
    async with Far() as far, opened(endpoint, TCP):
        core.outbox += [(b"1", far.flow), (b"2", far.flow)]
        endpoint.flush()
        assert endpoint.connections == 1
        reader, writer = await far.next()
        assert await read(reader, 2) == b"12"
        core.outbox.append((b"3", far.flow))
        endpoint.flush()
        assert await read(reader, 1) == b"3"
        writer.write(MESSAGE)
        await core.until(lambda: len(core.received) == 1)
        assert core.received[0][1][:3] == far.flow[:3]
        assert endpoint.connections == 1


async def test_f51_answer_to_a_dead_connection_goes_to_its_address_anew() -> None:
    core, endpoint = make()
    core.echo = False
    async with Far() as far, opened(endpoint, TCP) as (port,):
        _, writer = await connect(port)
        writer.write(MESSAGE)
        await core.until(lambda: len(core.received) == 1)
        dead = core.received[0][1].connection
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        writer.transport.abort()
        while endpoint.connections:  # noqa: ASYNC110 - a turn of the loop
            await asyncio.sleep(0)
        core.outbox.append((b"answer", far.flow._replace(connection=dead)))
        endpoint.flush()
        reader, _ = await far.next()
        assert await read(reader, 6) == b"answer"
        assert core.lost == []


async def test_connection_refused_is_reported_once_per_flow() -> None:
    core, endpoint = make()
    with socket.socket() as unused:
        unused.bind((HOST, 0))
        flow = Flow("tcp", HOST, unused.getsockname()[1])
        async with opened(endpoint, TCP):
            core.outbox += [(b"1", flow), (b"2", flow)]
            endpoint.flush()
            await core.until(lambda: bool(core.lost))
            assert endpoint.connections == 0
    assert core.lost == [flow]
    assert endpoint.counters.connections_failed == 1


async def test_connection_that_does_not_come_up_in_time_is_reported() -> None:
    core, endpoint = make(StreamLimits(connect_seconds=0.05))
    # A full backlog: the kernel drops further SYNs.
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind((HOST, 0))
        full.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        flow = Flow("tcp", HOST, full.getsockname()[1])
        async with opened(endpoint, TCP):
            core.outbox.append((b"1", flow))
            endpoint.flush()
            await core.until(lambda: bool(core.lost))
    assert core.lost == [flow]


async def test_messages_waiting_for_a_connection_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tcp, "MAX_WAITING", 2)
    core, endpoint = make()
    async with Far() as far, opened(endpoint, TCP):
        core.outbox += [(b"%d" % number, far.flow) for number in range(4)]
        endpoint.flush()
        reader, _ = await far.next()
        assert await read(reader, 2) == b"01"
        await core.until(lambda: bool(core.lost))
    assert endpoint.counters.send_drops == 2


async def test_slow_reader_loses_its_connection() -> None:
    core, endpoint = make(StreamLimits(write_bytes=100_000))
    core.echo = False
    chunk = b"x" * 60_000
    async with Far() as far, opened(endpoint, TCP):
        core.outbox.append((chunk, far.flow))
        endpoint.flush()
        await far.next()
        while not core.lost:
            core.outbox.append((chunk, far.flow))
            endpoint.flush()
            await asyncio.sleep(0)
            # Not one byte is read: kernel buffers end somewhere.
            assert endpoint.counters.sent < 5000
    assert endpoint.counters.send_drops >= 1


async def test_too_much_waiting_for_a_connection_ends_it_when_it_is_up() -> None:
    core, endpoint = make(StreamLimits(write_bytes=100_000))
    async with Far() as far, opened(endpoint, TCP):
        core.outbox += [
            (b"x" * (16 << 20), far.flow),
            (b"2", far.flow),
            (b"3", far.flow),
        ]
        endpoint.flush()
        await core.until(lambda: bool(core.lost))
    assert endpoint.counters.send_drops == 2


async def test_message_for_a_closing_connection_opens_another() -> None:
    core, endpoint = make(StreamLimits(write_bytes=1 << 30))
    async with Far() as far, opened(endpoint, TCP):
        core.outbox.append((b"x" * (32 << 20), far.flow))
        endpoint.flush()
        _, first = await far.next()
        # Told nonsense, it closes; unread, it cannot end.
        first.write(BROKEN.replace(b"OPTIONS", b"ACK"))
        async with asyncio.timeout(5):
            while endpoint.connections < 2:
                core.outbox.append((b"next", far.flow))
                endpoint.flush()
                await asyncio.sleep(0)
        second, _ = await far.next()
        assert await read(second, 4) == b"next"
        first.transport.abort()
        async with asyncio.timeout(5):
            while endpoint.connections > 1:  # noqa: ASYNC110 - a turn of the loop
                await asyncio.sleep(0)
        # The end of the first leaves the second where it is found.
        core.outbox.append((b"last", far.flow))
        endpoint.flush()
        assert await read(second, 4) in (b"next", b"last")
        assert endpoint.connections == 1


async def test_closing_does_not_wait_for_ever_for_a_slow_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "CLOSE_SECONDS", 0.05)
    core, endpoint = make(StreamLimits(write_bytes=1 << 30))
    async with Far() as far:
        async with opened(endpoint, TCP):
            core.outbox.append((b"x" * (32 << 20), far.flow))
            endpoint.flush()
            await far.next()
        assert endpoint.connections == 0


async def test_closing_gives_up_connections_not_up_yet() -> None:
    core, endpoint = make()
    async with Far() as far:
        async with opened(endpoint, TCP) as (port,):
            core.outbox.append((b"x", far.flow))
            endpoint.flush()
            _, writer = await connect(port)
        assert endpoint.connections == 0
        writer.close()
