"""A veil on the simulated network: the engine on a core, between phones.

Everything is the real thing but the network and the clock: the SIP stack, the embedded
store in memory, the plan, the call machine. Records are kept in a list.
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import ClassVar

from router.call.state import State
from router.engine import Engine, Switchboard
from router.plan.model import (
    AxbBinding,
    AxBinding,
    Mode,
    NumberRecord,
    TemporaryCallee,
)
from router.records.record import CallRecord
from router.settings.model import Calls, Trunk as TrunkSettings
from router.store.port import Answer, Deliver
from router.store.sqlite import SqliteStore
from router.trunk.trunk import Trunk
from sip.core import Core
from sip.dialog.outbound import OutboundSession
from sip.events import Invited
from sip.flow import Flow
from sip.tokens import Tokens
from tests.sim.agent import Manner, Phone, listening
from tests.sim.net import Address, Faults, Net

A, B, C = "+8613800000001", "+8613900000002", "+8613700000003"
AX_NUMBER, AXB_NUMBER, AXE_NUMBER = "+8617000000001", "+8617000000002", "+8617000000003"
EPOCH = 1_800_000_000.0
VEIL, CARRIER, GATEWAY, SPARE = "10.0.0.1", "10.0.1.1", "10.0.2.1", "10.0.3.1"


def sdp(port: int, *lines: str) -> bytes:
    """A description that can be told from others by its port, full of secrets."""
    return "".join(
        f"{line}\r\n"
        for line in (
            "v=0",
            f"o={A} 7 7 IN IP4 192.0.2.9",
            f"s=call of {A}",
            f"u=http://example.com/{B}",
            f"e={A}@example.com",
            f"p={B}",
            "c=IN IP4 192.0.2.9",
            "t=0 0",
            f"m=audio {port} RTP/AVP 8",
            *lines,
        )
    ).encode()


OFFER, ANSWER = sdp(4000), sdp(5000)
TALKS = Manner(body=ANSWER)


class SlowStore:
    """The embedded store, its answers held back until `release`."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.waiting: list[tuple[Deliver, Answer]] = []
        self.is_slow = False

    def look_up(self, x: str, caller: str, deliver: Deliver) -> None:
        """Answer at once, or keep the answer."""
        if not self.is_slow:
            self.store.look_up(x, caller, deliver)
            return
        self.store.look_up(x, caller, lambda found: self._keep(deliver, found))

    def _keep(self, deliver: Deliver, found: Answer) -> None:
        self.waiting.append((deliver, found))

    def release(self, answer: Answer | None = None) -> None:
        """Deliver what waits, or `answer` in its place."""
        waiting, self.waiting = self.waiting, []
        for deliver, found in waiting:
            deliver(found if answer is None else answer)


class Veil:
    """The router as a host of the network."""

    opened: ClassVar[list[SqliteStore]] = []
    """The stores of all that were made; `conftest.py` closes them after each test."""

    def __init__(self, net: Net, trunks: tuple[Trunk, ...]) -> None:
        self.net = net
        self.address: Address = (VEIL, 5060)
        self.core = Core(listening(VEIL, "udp", "tcp"), Tokens(Random(1).randbytes))
        self.records: list[CallRecord] = []
        self.woken = 0
        store = SqliteStore(":memory:")
        asyncio.run(_fill(store))
        self.opened.append(store)
        self.store = SlowStore(store)
        self.board = Switchboard(
            core=self.core,
            store=self.store,  # type: ignore[arg-type]  # only look-ups are asked
            archive=self,
            host=VEIL,
            clock=lambda: net.now,
            wall=lambda: EPOCH + net.now,
            wake=self._wake,
        )
        self.engine = Engine(self.board, trunks)
        net.join(self)

    def write(self, record: CallRecord) -> None:
        """Keep a record."""
        self.records.append(record)

    def _wake(self) -> None:
        self.woken += 1

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """Take one message, from whom the access list lets in."""
        if self.engine.access.allows(flow.host):
            self.core.receive_datagram(data, flow, now)

    def unreachable(self, flow: Flow, now: float) -> None:
        """Learn that a stream could not be had."""
        self.core.unreachable(flow, now)

    def flush(self, now: float) -> list[tuple[bytes, Flow]]:
        """React, and return what is to be sent."""
        self.engine.handle()
        return self.core.datagrams_to_send()

    def wake_at(self) -> float | None:
        """Return when the core wants to be woken."""
        return self.core.get_timer()

    def wake(self, now: float) -> None:
        """Let the deadlines of the core pass."""
        self.core.handle_timer(now)


async def _fill(store: SqliteStore) -> None:
    await store.open()
    await store.put_number(NumberRecord(AX_NUMBER, "app-ax", Mode.AX))
    await store.put_number(NumberRecord(AXB_NUMBER, "app-axb", Mode.AXB))
    await store.put_number(NumberRecord(AXE_NUMBER, "app-axe", Mode.AXE))
    await store.bind_ax(AxBinding("sub-ax", A, AX_NUMBER, user_data="order 1"))
    temporary = TemporaryCallee(B, EPOCH + 100_000.0)
    await store.set_temporary_callee(AX_NUMBER, B, temporary.expires_at)
    axb = AxbBinding("sub-axb", A, B, AXB_NUMBER, max_duration=2)
    await store.bind_axb(axb, EPOCH)


def trunk(name: str = "carrier", **settings: object) -> Trunk:
    """A trunk from the carrier's network to the gateway."""
    values: dict[str, object] = {
        "name": name,
        "gateways": [f"sip:{GATEWAY}:5060;transport=udp"],
        "allow": ["10.0.1.0/24"],
    }
    return Trunk(TrunkSettings.model_validate(values | settings), Calls())


class Scene:
    """A caller behind the carrier, veil, and a callee behind the gateway."""

    def __init__(
        self,
        manner: Manner = TALKS,
        *,
        trunks: tuple[Trunk, ...] = (),
        seed: int = 0,
        faults: Faults | None = None,
    ) -> None:
        self.net = Net(seed, faults)
        self.veil = Veil(self.net, trunks or (trunk(),))
        self.caller = Phone(self.net, CARRIER, Manner(body=OFFER))
        self.callee = Phone(self.net, GATEWAY, manner)

    def call(
        self,
        x: str = AX_NUMBER,
        caller: str = C,
        *,
        body: bytes = OFFER,
        headers: str = "",
        max_forwards: int = 70,
        uri: str = "",
        by: Phone | None = None,
        reliable: bool = False,
    ) -> OutboundSession:
        """Send an INVITE to X and let everything happen that takes no time."""
        phone = by or self.caller
        session = phone.core.invite(
            Flow("udp", *self.veil.address),
            uri=uri or f"sip:{x}@{VEIL}",
            from_=f'"Secret Name" <sip:{caller}@caller.example>',
            to=f"<sip:{x}@{VEIL}>",
            now=self.net.now,
            headers=headers,
            body=body,
            max_forwards=max_forwards,
            reliable=reliable,
        )
        self.net.transfer()
        return session

    @property
    def second_leg(self) -> Invited:
        """The INVITE that reached the callee."""
        return self.callee.event(Invited)

    @property
    def record(self) -> CallRecord:
        """The one record there is."""
        (record,) = self.veil.records
        return record

    @property
    def state(self) -> State:
        """How far the one live call has come."""
        (call,) = self.veil.board.calls
        return call.machine.state

    def close(self) -> None:
        """Let everything run out, and check that nothing is left of it."""
        self.net.settle()
        for core in (self.veil.core, self.caller.core, self.callee.core):
            assert not core.ground.sessions
            assert len(core.ground.transactions) == 0
            assert len(core.ground.wheel) == 0
        board = self.veil.board
        assert not board.calls
        assert not board.placed
        assert board.counters.faults == 0
        assert all(one.live == 0 for one in self.veil.engine.trunks)
