"""Whole exchanges over a network that loses, repeats, delays and so reorders.

300 seeds of 30 % loss, 20 % repeats and up to 1.5 s of delay: our client and our server
against each other, and each against a far end scripted from the RFC alone, which keeps
no transactions at all. Nothing may be done twice, nobody may be left waiting, and
nothing may be left over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from sip.flow import Flow
from sip.message.message import Request, Response
from sip.message.parser import parse
from sip.message.render import render_response
from sip.transaction.base import ClientTransaction, ServerTransaction
from sip.transaction.layer import TransactionLayer
from sip.transaction.source import stamp
from sip.transaction.timers import Timers
from sip.transaction.user import Failure
from sip.wheel import Wheel
from tests.sim.clock import Clock
from tests.sip.transaction.kit import request_bytes

SEEDS = range(300)
LOSS, REPEATS, DELAY = 0.3, 0.2, 1.5
CALLER, CALLEE = Flow("udp", "192.0.2.2", 5060), Flow("udp", "192.0.2.1", 5060)


class Net:
    """Carries datagrams between the ends, badly; `receive` of the target is called."""

    def __init__(self, seed: int) -> None:
        self.clock = Clock(after=self.flush)
        self.ends: dict[Flow, Callable[[bytes], None]] = {}
        self.outboxes: list[list[tuple[bytes, Flow]]] = []
        self.carried: Counter[str] = Counter()
        self._random = Random(seed)

    def flush(self) -> None:
        """Take what the ends want sent."""
        for outbox in self.outboxes:
            for data, flow in outbox:
                self.carry(data, flow)
            outbox.clear()

    def carry(self, data: bytes, flow: Flow) -> None:
        """Lose, deliver or deliver twice."""
        self.carried[data.split(b" ", 1)[0].decode()] += 1
        if self._random.random() < LOSS:
            return
        copies = 2 if self._random.random() < REPEATS else 1
        receive = self.ends[flow]
        for _ in range(copies):
            delay = self._random.uniform(0.0, DELAY)
            self.clock.call_at(self.clock.now + delay, lambda: receive(data))


class End:
    """A layer of ours on the net."""

    def __init__(self, net: Net, here: Flow, there: Flow) -> None:
        self.net = net
        self.there = there
        self.wheel = Wheel()
        self.outbox: list[tuple[bytes, Flow]] = []
        self.layer = TransactionLayer(
            timers=Timers(), wheel=self.wheel, outbox=self.outbox
        )
        self.told: Counter[str] = Counter()
        net.clock.attach(self.wheel)
        net.outboxes.append(self.outbox)
        net.ends[here] = self.receive

    @property
    def now(self) -> float:
        """The time."""
        return self.net.clock.now

    def receive(self, data: bytes) -> None:
        """Take a datagram."""
        message = parse(data)
        if isinstance(message, Response):
            self.layer.receive_response(message, self.now)
        elif isinstance(message, Request):
            reply_flow = stamp(message, self.there)
            if message.method == "ACK":
                if not self.layer.receive_ack(message, self.now):
                    self.told["ACK"] += 1
                return
            made = self.layer.receive_request(message, reply_flow, self.now)
            if made is not None:
                self.on_request(made, message)

    def on_request(self, made: ServerTransaction, request: Request) -> None:
        """Take a new request."""
        raise NotImplementedError

    def assert_clean(self) -> None:
        """Nothing is alive and nothing is armed."""
        assert len(self.layer) == 0
        assert len(self.wheel) == 0


class Caller(End):
    """Sends one request; acknowledges each 2xx, as the user of an INVITE must."""

    def start(self, method: str) -> None:
        """Send it."""
        self.layer.send(
            request_bytes(method),
            method=method,
            branch="z9hG4bK776asdhds",
            flow=self.there,
            user=self,
            now=self.now,
        )
        self.net.flush()

    def on_response(
        self, transaction: ClientTransaction, response: Response, now: float
    ) -> None:
        """Note finals, acknowledge 2xx with a branch of its own."""
        if response.status >= 200:
            self.told[str(response.status)] += 1
            if response.cseq.method == "INVITE" and response.status < 300:
                ack = request_bytes("ACK", branch="z9hG4bKack", to_tag="callee")
                self.outbox.append((ack, self.there))

    def on_failure(
        self, transaction: ClientTransaction, failure: Failure, now: float
    ) -> None:
        """Note it."""
        self.told[failure.name] += 1


class Callee(End):
    """Answers with `status`: an INVITE after two seconds of ringing, others at once."""

    def __init__(self, net: Net, here: Flow, there: Flow, status: int) -> None:
        super().__init__(net, here, there)
        self.status = status

    def on_request(self, made: ServerTransaction, request: Request) -> None:
        """Ring, then answer and, as the user must, repeat a 2xx until its ACK."""
        self.told[request.method] += 1
        made.user = self
        final = render_response(request, self.status, to_tag="callee")
        if request.method != "INVITE":
            made.respond(self.status, final, self.now)
            return
        made.respond(100, render_response(request, 100), self.now)
        ringing = render_response(request, 180, to_tag="callee")
        made.respond(180, ringing, self.now)
        self.net.clock.call_at(self.now + 2.0, lambda: self.answer(made, final, 0.5))

    def answer(self, made: ServerTransaction, final: bytes, wait: float) -> None:
        """Give the final response; come back until a 2xx is acknowledged."""
        if self.told["ACK"] == 0 and wait < 64:
            made.respond(self.status, final, self.now)
            if self.status < 300:
                at = self.now + wait
                longer = min(2 * wait, 4.0)
                self.net.clock.call_at(at, lambda: self.answer(made, final, longer))

    def on_failure(
        self, transaction: ServerTransaction, failure: Failure, now: float
    ) -> None:
        """Note it."""
        self.told[failure.name] += 1


class ScriptedServer:
    """Answers every request it sees, and an INVITE's final until its ACK: no memory."""

    def __init__(self, net: Net, status: int) -> None:
        self.net, self.status, self.acked = net, status, False
        net.ends[CALLEE] = self.receive

    def receive(self, data: bytes) -> None:
        """Answer, or note the ACK."""
        message = parse(data)
        assert isinstance(message, Request)
        if message.method == "ACK":
            self.acked = True
            return
        final = render_response(message, self.status, to_tag="callee")
        if message.method == "INVITE":
            self.net.carry(render_response(message, 180, to_tag="callee"), CALLER)
            self.repeat(final, 0)
        else:
            self.net.carry(final, CALLER)

    def repeat(self, final: bytes, times: int) -> None:
        """Send the final response every two seconds until it is acknowledged."""
        if not self.acked and times < 12:
            self.net.carry(final, CALLER)
            at = self.net.clock.now + 2.0
            self.net.clock.call_at(at, lambda: self.repeat(final, times + 1))


class ScriptedClient:
    """Sends a request every second until its final response; acknowledges refusals."""

    def __init__(self, net: Net, method: str) -> None:
        self.net, self.method, self.statuses = net, method, Counter[int]()
        net.ends[CALLER] = self.receive

    def send(self, times: int = 0) -> None:
        """Send once more unless a final response came."""
        if times < 30 and not any(status >= 200 for status in self.statuses):
            self.net.carry(request_bytes(self.method), CALLEE)
            at = self.net.clock.now + 1.0
            self.net.clock.call_at(at, lambda: self.send(times + 1))

    def receive(self, data: bytes) -> None:
        """Note the status, acknowledge a final response to INVITE."""
        message = parse(data)
        assert isinstance(message, Response)
        self.statuses[message.status] += 1
        if self.method == "INVITE" and message.status >= 200:
            own = "z9hG4bK776asdhds" if message.status >= 300 else "z9hG4bKack"
            ack = request_bytes("ACK", branch=own, to_tag="callee")
            self.net.carry(ack, CALLEE)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("method", "status"), [("INVITE", 200), ("INVITE", 486)])
def test_an_invite_gets_one_answer_and_is_seen_once(
    method: str, status: int, seed: int
) -> None:
    net = Net(seed)
    caller, callee = Caller(net, CALLER, CALLEE), Callee(net, CALLEE, CALLER, status)
    caller.start(method)
    net.clock.run(200)
    assert callee.told["INVITE"] == 1
    assert caller.told["TIMEOUT"] == 0
    if status == 200:
        assert caller.told["200"] >= 1
        assert callee.told["ACK"] >= 1
    else:
        assert caller.told == Counter({"486": 1})
        assert callee.told["ACK"] == 0
    assert callee.told["TIMEOUT"] == 0
    caller.assert_clean()
    callee.assert_clean()


@pytest.mark.parametrize("seed", SEEDS)
def test_another_request_is_done_once_and_answered_once(seed: int) -> None:
    net = Net(seed)
    caller, callee = Caller(net, CALLER, CALLEE), Callee(net, CALLEE, CALLER, 200)
    caller.start("BYE")
    net.clock.run(200)
    assert callee.told == Counter({"BYE": 1})
    assert caller.told == Counter({"200": 1})
    caller.assert_clean()
    callee.assert_clean()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("method", ["INVITE", "BYE"])
def test_our_client_against_a_server_without_transactions(
    method: str, seed: int
) -> None:
    net = Net(seed)
    caller, far = Caller(net, CALLER, CALLEE), ScriptedServer(net, 486)
    caller.start(method)
    net.clock.run(200)
    assert caller.told == Counter({"486": 1})
    assert far.acked == (method == "INVITE")
    caller.assert_clean()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("method", "status"), [("INVITE", 200), ("INVITE", 486), ("BYE", 200)]
)
def test_our_server_against_a_client_without_transactions(
    method: str, status: int, seed: int
) -> None:
    net = Net(seed)
    far, callee = ScriptedClient(net, method), Callee(net, CALLEE, CALLER, status)
    far.send()
    net.clock.run(200)
    assert callee.told[method] == 1
    assert callee.told["TIMEOUT"] == 0
    assert far.statuses[status] >= 1
    assert {code for code in far.statuses if code >= 200} == {status}
    callee.assert_clean()
