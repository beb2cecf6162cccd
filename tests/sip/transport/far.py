"""Far ends of streams, for the tests of TCP."""

from __future__ import annotations

import asyncio

from sip.flow import Flow
from sip.transport.endpoint import Endpoint, StreamLimits
from tests.sip.transport.kit import MESSAGE, EchoCore

HOST = "127.0.0.1"
BROKEN = MESSAGE.replace(b"Content-Length: 5", b"Content-Length: -5")
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def make(limits: StreamLimits | None = None) -> tuple[EchoCore, Endpoint]:
    """Return a core and an endpoint that lets everybody in."""
    core = EchoCore()
    return core, Endpoint(core, core.handle, allowed=lambda _: True, limits=limits)


async def connect(port: int, source: str = HOST) -> Pair:
    """Connect to the endpoint from an address of this host."""
    return await asyncio.open_connection(HOST, port, local_addr=(source, 0))


async def read(reader: asyncio.StreamReader, count: int) -> bytes:
    """Read so many bytes, waiting a bounded time."""
    async with asyncio.timeout(5):
        return await reader.readexactly(count)


async def read_to_end(reader: asyncio.StreamReader) -> bytes:
    """Read until the endpoint closes; an abortive end counts as one."""
    async with asyncio.timeout(5):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


class Far:
    """A far end that listens and collects its connections."""

    def __init__(self) -> None:
        self.pairs: asyncio.Queue[Pair] = asyncio.Queue()

    async def __aenter__(self) -> Far:
        self.server = await asyncio.start_server(self._arrived, HOST, 0)
        self.port: int = self.server.sockets[0].getsockname()[1]
        self.flow = Flow("tcp", HOST, self.port)
        self._writers: list[asyncio.StreamWriter] = []
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self.server.wait_closed()

    async def _arrived(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._writers.append(writer)
        await self.pairs.put((reader, writer))

    async def next(self) -> Pair:
        async with asyncio.timeout(5):
            return await self.pairs.get()
