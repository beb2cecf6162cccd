"""A network in one process: hosts, a virtual clock, and faults drawn from a seed.

Datagrams are lost, doubled, delayed and so reordered. Streams keep every message and
its order, but can be refused or cut. Nothing here waits for real time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, Protocol

from sip.flow import Flow
from tests.sim.clock import Clock

Address = tuple[str, int]
_MOST_ROUNDS = 10_000


@dataclass(frozen=True, slots=True)
class Faults:
    """What the network does to datagrams; chances are 0 to 1, delays in seconds."""

    loss: float = 0.0
    duplicates: float = 0.0
    delay: float = 0.0
    """Every message takes at least this long."""
    jitter: float = 0.0
    """Up to this much more, drawn for each datagram: what reorders them."""


BAD = Faults(loss=0.3, duplicates=0.05, delay=0.01, jitter=0.3)
"""The network of the loss tests: 30 % loss, 5 % duplicates, reordering."""


class Packet(NamedTuple):
    """One message on its way."""

    at: float
    """When it was sent."""
    source: Address
    target: Address
    transport: str
    data: bytes

    @property
    def start(self) -> str:
        """Method of a request, status and CSeq method of a response: `200 INVITE`."""
        words = self.data.split(b" ", 2)
        if words[0] != b"SIP/2.0":
            return words[0].decode()
        method = self.data.partition(b"CSeq: ")[2].split(b"\r\n", 1)[0].split(b" ")[-1]
        return f"{words[1].decode()} {method.decode()}"


class Host(Protocol):
    """Whoever lives at an address: a phone with a core, or a hand-written peer."""

    @property
    def address(self) -> Address:
        """Where packets reach it."""

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """Take one message."""

    def unreachable(self, flow: Flow, now: float) -> None:
        """Learn that a stream could not be had."""

    def flush(self, now: float) -> list[tuple[bytes, Flow]]:
        """Act on what happened, and return what is to be sent."""

    def wake_at(self) -> float | None:
        """Return when it wants to be woken."""

    def wake(self, now: float) -> None:
        """Let its deadlines pass."""


@dataclass(slots=True)
class Pipe:
    """One stream connection: `opener` has a port of its own, `accepter` listens."""

    transport: str
    opener: Host
    opener_port: int
    accepter: Host
    last_at: float = 0.0


class Net:
    """Hosts, joined. `log` holds all that was sent, lost or not."""

    def __init__(self, seed: int = 0, faults: Faults | None = None) -> None:
        self.clock = Clock()
        self.faults = faults or Faults()
        self.log: list[Packet] = []
        self.passes: Callable[[Packet], bool] = lambda packet: True
        """A filter tests may put here; what it refuses is lost."""
        self.refusing: set[Address] = set()
        """Addresses that take no streams."""
        self._random = Random(seed)
        self._hosts: dict[Address, Host] = {}
        self._pipes: dict[int, Pipe] = {}
        self._opened = 0

    @property
    def now(self) -> float:
        """The virtual time in seconds."""
        return self.clock.now

    def join(self, host: Host) -> None:
        """Connect a host."""
        self._hosts[host.address] = host

    # -- letting things happen -----------------------------------------------------

    def transfer(self) -> None:
        """Let all happen that takes no time."""
        for _ in range(_MOST_ROUNDS):
            moved = [self._collect(host) for host in list(self._hosts.values())]
            soonest = self.clock.next_at()
            if soonest is not None and soonest <= self.now:
                self.clock.run(0.0)
            elif not any(moved):
                return
        raise AssertionError("the hosts do not come to rest")

    def run(self, seconds: float) -> None:
        """Let `seconds` pass."""
        until = self.now + seconds
        self.transfer()
        while (soonest := self._next_at()) is not None and soonest <= until:
            self._step(soonest)
        self.clock.run_until(until)

    def settle(self, limit: float = 4000.0) -> None:
        """Let time pass until nothing is under way or armed; fail after `limit`."""
        until = self.now + limit
        self.transfer()
        while (soonest := self._next_at()) is not None:
            assert soonest <= until, "something is still armed"
            self._step(soonest)

    def roundtrip(self, flow_time: float = 0.0) -> None:
        """Let one message go and its answer come back."""
        self.run(2 * (self.faults.delay + self.faults.jitter + flow_time))

    def drop(self, *starts: str, times: int = 1) -> None:
        """Lose the next `times` messages whose `start` is among `starts`."""
        left = [times]
        before = self.passes

        def passes(packet: Packet) -> bool:
            if left[0] and packet.start in starts:
                left[0] -= 1
                return False
            return before(packet)

        self.passes = passes

    def cut(self) -> None:
        """Close every stream connection."""
        self._pipes.clear()

    # -- looking back --------------------------------------------------------------

    def starts(self, source: Host | None = None) -> list[str]:
        """Return the `start` of all that was sent, or of what `source` sent."""
        return [packet.start for packet in self.packets(source=source)]

    def packets(self, start: str = "", *, source: Host | None = None) -> list[Packet]:
        """Return what was sent, narrowed by `start` and `source`."""
        return [
            packet
            for packet in self.log
            if (not start or packet.start == start)
            and (source is None or packet.source == source.address)
        ]

    # -- inside --------------------------------------------------------------------

    def _next_at(self) -> float | None:
        times = [host.wake_at() for host in self._hosts.values()]
        times.append(self.clock.next_at())
        return min((at for at in times if at is not None), default=None)

    def _step(self, at: float) -> None:
        self.clock.run_until(at)
        for host in list(self._hosts.values()):
            wanted = host.wake_at()
            if wanted is not None and wanted <= self.now:
                host.wake(self.now)
        self.transfer()

    def _collect(self, host: Host) -> bool:
        sent = host.flush(self.now)
        for data, flow in sent:
            self._send(host, data, flow)
        return bool(sent)

    def _send(self, host: Host, data: bytes, flow: Flow) -> None:
        target = (flow.host, flow.port)
        packet = Packet(self.now, host.address, target, flow.transport, data)
        if flow.transport != "udp":
            self._stream(host, packet, flow)
            return
        self.log.append(packet)
        if not self.passes(packet):
            return
        faults, random = self.faults, self._random
        copies = 2 if random.random() < faults.duplicates else 1
        for _ in range(copies):
            if random.random() >= faults.loss:
                at = self.now + faults.delay + random.random() * faults.jitter
                self.clock.call_at(at, lambda: self._deliver(packet))

    def _deliver(self, packet: Packet) -> None:
        host = self._hosts.get(packet.target)
        if host is not None:
            flow = Flow("udp", *packet.source)
            host.receive(packet.data, flow, self.now)

    def _stream(self, host: Host, packet: Packet, flow: Flow) -> None:
        number = self._pipe_for(host, flow)
        pipe = self._pipes.get(number)
        if pipe is None:
            self.log.append(packet._replace(transport="refused"))
            self.clock.call_at(self.now, lambda: host.unreachable(flow, self.now))
            return
        opening = pipe.opener is host
        other = pipe.accepter if opening else pipe.opener
        self.log.append(packet._replace(target=other.address))
        port = pipe.opener_port if opening else host.address[1]
        back = Flow(flow.transport, host.address[0], port, 0, number)
        at = max(pipe.last_at, self.now + self.faults.delay)
        pipe.last_at = at
        self.clock.call_at(at, lambda: other.receive(packet.data, back, self.now))

    def _pipe_for(self, host: Host, flow: Flow) -> int:
        if flow.connection in self._pipes:
            return flow.connection
        target = (flow.host, flow.port)
        for number, pipe in self._pipes.items():
            same = pipe.accepter.address == target and pipe.transport == flow.transport
            if same and pipe.opener is host:
                return number
        accepter = self._hosts.get(target)
        if accepter is None or target in self.refusing:
            return 0
        self._opened += 1
        port = 49152 + self._opened
        self._pipes[self._opened] = Pipe(flow.transport, host, port, accepter)
        return self._opened
