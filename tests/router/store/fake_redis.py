"""A Redis that answers as the test says, and a wire that delays what it says."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random

import hiredis

Command = list[str]
Script = Callable[[Command], bytes | None]
"""What to answer to a command; None for nothing at all."""


def bulk(text: str | None) -> bytes:
    """Return a string as Redis answers it."""
    if text is None:
        return b"$-1\r\n"
    data = text.encode()
    return b"$%d\r\n%s\r\n" % (len(data), data)


def array(*texts: str | None) -> bytes:
    """Return an array of strings as Redis answers it."""
    return b"*%d\r\n" % len(texts) + b"".join(map(bulk, texts))


class _Fake(asyncio.Protocol):
    def __init__(self, fake: FakeRedis) -> None:
        self._fake = fake
        self._reader = hiredis.Reader(encoding="utf-8", notEnoughData=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._fake.connections += 1
        self._fake.transports.append(transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (command := self._reader.gets()) is not False:
            self._fake.commands.append(command)
            answer = self._fake.script(command)
            if answer is not None:
                self._transport.write(answer)


class FakeRedis:
    """Listens on a free port of 127.0.0.1 and answers by its script."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.commands: list[Command] = []
        self.connections = 0
        self.transports: list[asyncio.Transport] = []
        self.place = ("", 0)


@asynccontextmanager
async def fake_redis(script: Script) -> AsyncIterator[FakeRedis]:
    """Run a `FakeRedis` for the length of the block."""
    fake = FakeRedis(script)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Fake(fake), "127.0.0.1", 0)
    fake.place = server.sockets[0].getsockname()
    try:
        yield fake
    finally:
        for transport in fake.transports:
            transport.abort()
        server.close()
        await server.wait_closed()


class _Wire(asyncio.Protocol):
    """One side of a delayed connection; what arrives leaves at the other side later."""

    def __init__(self, delay: Callable[[], float]) -> None:
        self._delay = delay
        self._clear_at = 0.0
        self._under_way: deque[bytes] = deque()
        self.transport: asyncio.Transport | None = None
        self.other: _Wire | None = None
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.other is not None:
            for data in self.other._early:
                transport.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.abort()

    def data_received(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        self._clear_at = max(self._clear_at, loop.time() + self._delay())
        self._under_way.append(data)
        loop.call_at(self._clear_at, self._pass_on)

    def _pass_on(self) -> None:
        data = self._under_way.popleft()  # timers of one instant come in any order
        if self.other is None or self.other.transport is None:
            self._early.append(data)
        elif not self.other.transport.is_closing():
            self.other.transport.write(data)


@asynccontextmanager
async def delaying_proxy(
    target: tuple[str, int], seed: int, *, most: float, stuck: float
) -> AsyncIterator[tuple[str, int]]:
    """Run a proxy before `target`; yield its host and port.

    What the server says arrives up to `most` seconds late, in order; a share `stuck`
    of it only after all deadlines.
    """
    random = Random(seed)
    loop = asyncio.get_running_loop()
    connecting: set[asyncio.Task[object]] = set()
    wires: list[_Wire] = []

    def delay() -> float:
        return 0.5 if random.random() < stuck else random.random() * most

    def accept() -> asyncio.Protocol:
        near, far = _Wire(lambda: 0.0), _Wire(delay)
        near.other, far.other = far, near
        wires.extend((near, far))
        task: asyncio.Task[object] = loop.create_task(
            loop.create_connection(lambda: far, *target)
        )
        connecting.add(task)
        task.add_done_callback(connecting.discard)
        return near

    server = await loop.create_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()
    finally:
        if connecting:
            await asyncio.wait(connecting)
        for wire in wires:
            if wire.transport is not None:
                wire.transport.abort()
        server.close()
        await server.wait_closed()
