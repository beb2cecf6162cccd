"""TCP accepted: RFC 3261 18.2.2, 18.3, RFC 5626 4.4.1; FAULTS F27 F51 F65, 1.2 (8)."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
from typing import cast

import pytest

from sip.flow import Flow
from sip.transport import streams, tcp
from sip.transport.endpoint import Endpoint, ListenAddress, StreamLimits
from sip.transport.streams import StreamTable
from tests.sip.transport.far import BROKEN, HOST, connect, make, read, read_to_end
from tests.sip.transport.kit import BODY, MESSAGE, TCP, UDP, EchoCore, opened, udp_peer

pytestmark = pytest.mark.socket


@pytest.fixture
def _fast_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SWEEP_SECONDS", 0.01)


async def test_rfc3261_18_2_2_answer_takes_the_connection_of_the_request() -> None:
    core, endpoint = make()
    async with opened(endpoint, UDP, TCP) as (_, port):
        reader, writer = await connect(port)
        writer.write(MESSAGE)
        assert await read(reader, len(MESSAGE)) == MESSAGE
        flow = core.received[0][1]
        source = writer.get_extra_info("sockname")[1]
        assert flow == Flow("tcp", HOST, source, 1, flow.connection)
        assert flow.connection > 0
        assert endpoint.connections == 1
        writer.close()
    assert (endpoint.counters.received, endpoint.counters.sent) == (1, 1)


async def test_f51_pipelined_messages_are_one_batch() -> None:
    core, endpoint = make()
    async with opened(endpoint, TCP) as (port,):
        reader, writer = await connect(port)
        writer.write(MESSAGE * 5)
        assert await read(reader, len(MESSAGE) * 5) == MESSAGE * 5
        writer.close()
    assert [data for data, _, _ in core.received] == [MESSAGE] * 5


async def test_f51_message_in_single_bytes() -> None:
    core, endpoint = make()
    async with opened(endpoint, TCP) as (port,):
        reader, writer = await connect(port)
        for at in range(len(MESSAGE)):
            writer.write(MESSAGE[at : at + 1])
            await writer.drain()
        assert await read(reader, len(MESSAGE)) == MESSAGE
        writer.close()
    assert core.received[0][0].endswith(BODY)


async def test_rfc5626_4_4_1_double_crlf_is_answered_with_one() -> None:
    _, endpoint = make()
    async with opened(endpoint, TCP) as (port,):
        reader, writer = await connect(port)
        writer.write(b"\r\n\r\n")
        assert await read(reader, 2) == b"\r\n"
        writer.write(b"\r\n\r\n\r\n\r\n" + MESSAGE)
        assert await read(reader, 4 + len(MESSAGE)) == b"\r\n\r\n" + MESSAGE
        writer.close()
    assert endpoint.counters.keepalives == 3


async def test_strangers_are_closed_without_a_byte() -> None:
    core = EchoCore()
    endpoint = Endpoint(core, core.handle, allowed=lambda host: host == HOST)
    async with opened(endpoint, TCP) as (port,):
        reader, writer = await connect(port, "127.0.0.2")
        writer.write(MESSAGE)
        assert await read_to_end(reader) == b""
        writer.close()
        assert endpoint.connections == 0
    assert core.received == []
    assert endpoint.counters.refused_sources == 1


async def test_changed_access_list_cuts_off_open_connections() -> None:
    core = EchoCore()
    open_to = {HOST, "127.0.0.2"}
    endpoint = Endpoint(core, core.handle, allowed=lambda host: host in open_to)
    async with opened(endpoint, UDP, TCP) as (_, port):
        pairs = [await connect(port, source) for source in (HOST, "127.0.0.2")]
        for reader, writer in pairs:
            writer.write(MESSAGE)
            assert await read(reader, len(MESSAGE)) == MESSAGE
        open_to.remove("127.0.0.2")
        endpoint.recheck_access()
        assert await read_to_end(pairs[1][0]) == b""
        pairs[0][1].write(MESSAGE)
        assert await read(pairs[0][0], len(MESSAGE)) == MESSAGE
        for _, writer in pairs:
            writer.close()


async def test_connections_per_host_are_limited() -> None:
    _, endpoint = make(StreamLimits(connections_per_host=2, connections=3))
    async with opened(endpoint, TCP) as (port,):
        pairs = [await connect(port, source) for source in (HOST, HOST, "127.0.0.2")]
        for reader, writer in pairs:
            writer.write(MESSAGE)
            assert await read(reader, len(MESSAGE)) == MESSAGE
        for source in (HOST, "127.0.0.3"):
            reader, late = await connect(port, source)
            assert await read_to_end(reader) == b""
            late.close()
        assert endpoint.counters.too_many_connections == 2
        # One that ends makes room.
        pairs[2][1].close()
        while endpoint.connections == 3:  # noqa: ASYNC110 - a turn of the loop
            await asyncio.sleep(0)
        pairs[2] = reader, writer = await connect(port, "127.0.0.3")
        writer.write(MESSAGE)
        assert await read(reader, len(MESSAGE)) == MESSAGE
        for _, writer in pairs:
            writer.close()


@pytest.mark.usefixtures("_fast_sweep")
@pytest.mark.parametrize(
    ("limits", "sent"),
    [
        (StreamLimits(header_seconds=0.05), MESSAGE[:-1]),
        (StreamLimits(header_seconds=0.05), MESSAGE + b"OPTIONS"),
        (StreamLimits(first_message_seconds=0.05), b""),
        (StreamLimits(first_message_seconds=0.05), b"\r\n"),
        (StreamLimits(idle_seconds=0.05), MESSAGE),
    ],
)
async def test_f65_peers_that_keep_us_waiting_are_cut_off(
    limits: StreamLimits, sent: bytes
) -> None:
    _, endpoint = make(limits)
    async with opened(endpoint, TCP) as (port,):
        reader, writer = await connect(port)
        writer.write(sent)
        answer = await read_to_end(reader)
        assert answer in (b"", MESSAGE)
        writer.close()
        assert endpoint.connections == 0


@pytest.mark.usefixtures("_fast_sweep")
async def test_f65_dripping_bytes_does_not_prolong_a_message() -> None:
    _, endpoint = make(StreamLimits(header_seconds=0.1, idle_seconds=0.1))
    async with opened(endpoint, TCP) as (port,):
        reader, writer = await connect(port)
        sent = 0
        while not reader.at_eof() and sent < 100_000:
            writer.write(b"O")
            sent += 1
            try:
                async with asyncio.timeout(0.01):
                    await reader.read(1)
            except TimeoutError:
                continue
            except ConnectionResetError:
                break
        assert 0 < sent < 1000
        writer.close()


async def test_rfc3261_18_3_lost_framing_is_answered_and_closed() -> None:
    core, endpoint = make()
    async with opened(endpoint, TCP) as (port,):
        reader, writer = await connect(port)
        writer.write(MESSAGE + BROKEN + MESSAGE)
        text = await read_to_end(reader)
        writer.close()
    assert text.startswith(MESSAGE + b"SIP/2.0 400 ")
    assert text.count(b"SIP/2.0 400") == 1
    assert len(core.received) == 1


@pytest.mark.parametrize(
    "broken",
    [
        BROKEN.replace(b"OPTIONS", b"ACK"),
        BROKEN.replace(b"OPTIONS sip:veil@127.0.0.1 SIP/2.0", b"SIP/2.0 200 OK"),
        b"x" * 70_000,
    ],
)
async def test_lost_framing_that_cannot_be_answered_is_closed(broken: bytes) -> None:
    core, endpoint = make()
    async with opened(endpoint, TCP) as (port,):
        reader, writer = await connect(port)
        writer.write(broken)
        assert await read_to_end(reader) == b""
        writer.close()
    assert core.received == []


async def test_f65_rst_storm_leaves_nothing_behind() -> None:
    core, endpoint = make()
    with udp_peer() as peer:
        async with opened(endpoint, UDP, TCP) as (udp, port):
            for number in range(300):
                with socket.socket() as sock:
                    sock.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                    )
                    sock.connect((HOST, port))
                    sock.send(MESSAGE[: number % len(MESSAGE)])
                if number % 50 == 0:
                    await asyncio.sleep(0)
            peer.sendto(MESSAGE, (HOST, udp))
            await core.until(lambda: len(core.received) == 1)
            reader, writer = await connect(port)
            writer.write(MESSAGE)
            assert await read(reader, len(MESSAGE)) == MESSAGE
            writer.close()
            async with asyncio.timeout(5):
                while endpoint.connections:  # noqa: ASYNC110 - a turn of the loop
                    await asyncio.sleep(0)
    assert endpoint.counters.faults == 0


class ExhaustedSocket:
    """A listening socket whose accept fails as often as it is told."""

    def __init__(self, real: socket.socket, *errors: int) -> None:
        self.real = real
        self.errors = list(errors)

    def fileno(self) -> int:
        return self.real.fileno()

    def getsockname(self) -> tuple[str, int]:
        host, port = self.real.getsockname()
        return host, port

    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        if self.errors:
            code = self.errors.pop(0)
            raise OSError(code, "no more")
        return self.real.accept()

    def close(self) -> None:
        self.real.close()


@pytest.mark.parametrize("pause", [0.01, 60.0])
async def test_f27_accepting_pauses_when_descriptors_run_out(
    monkeypatch: pytest.MonkeyPatch, pause: float
) -> None:
    monkeypatch.setattr(streams, "ACCEPT_PAUSE_SECONDS", pause)
    real = tcp.listen

    def exhausted(
        address: ListenAddress, family: socket.AddressFamily
    ) -> socket.socket:
        sock = real(address, family)
        fake = ExhaustedSocket(sock, errno.ECONNABORTED, errno.EMFILE)
        return cast("socket.socket", fake)

    monkeypatch.setattr("sip.transport.endpoint.listen_stream", exhausted)
    core, endpoint = make()
    async with opened(endpoint, TCP) as (port,):
        reader, writer = await connect(port)
        writer.write(MESSAGE)
        while not endpoint.counters.accept_pauses:  # noqa: ASYNC110 - a turn
            await asyncio.sleep(0)
        if pause < 1:
            assert await read(reader, len(MESSAGE)) == MESSAGE
        else:
            assert core.received == []
        writer.close()
    assert endpoint.counters.accept_pauses == 1


async def test_sweep_ends_with_the_last_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    swept: list[int] = []
    real = StreamTable._sweep

    def sweep(table: StreamTable) -> None:
        real(table)
        swept.append(len(table))

    monkeypatch.setattr(streams, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(StreamTable, "_sweep", sweep)
    _, endpoint = make()
    async with opened(endpoint, TCP) as (port,):
        _, writer = await connect(port)
        async with asyncio.timeout(5):
            while 1 not in swept:  # noqa: ASYNC110 - a turn of the loop
                await asyncio.sleep(0)
            writer.close()
            while swept[-1]:  # noqa: ASYNC110 - a turn of the loop
                await asyncio.sleep(0)
        count = len(swept)
        _, writer = await connect(port)
        async with asyncio.timeout(5):
            while len(swept) == count:  # noqa: ASYNC110 - a turn of the loop
                await asyncio.sleep(0)
        writer.close()
