"""The simulated network itself: faults by seed, order of streams, packets by name."""

from __future__ import annotations

import pytest

from sip.flow import Flow
from tests.sim.net import Address, Faults, Net


class Recorder:
    """A host that sends what it is told and notes what arrives, and when."""

    def __init__(self, net: Net, host: str) -> None:
        self.net = net
        self.address: Address = (host, 5060)
        self.heard: list[tuple[float, bytes]] = []
        self.flows: list[Flow] = []
        self.lost: list[Flow] = []
        self.out: list[tuple[bytes, Flow]] = []
        self.alarm: float | None = None
        net.join(self)

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        self.heard.append((now, data))
        self.flows.append(flow)

    def unreachable(self, flow: Flow, now: float) -> None:
        self.lost.append(flow)

    def flush(self, now: float) -> list[tuple[bytes, Flow]]:
        out, self.out = self.out, []
        return out

    def wake_at(self) -> float | None:
        return self.alarm

    def wake(self, now: float) -> None:
        self.alarm = None
        self.heard.append((now, b"alarm"))


def two(faults: Faults | None = None, seed: int = 0) -> tuple[Net, Recorder, Recorder]:
    """Join two recorders."""
    net = Net(seed, faults)
    return net, Recorder(net, "192.0.2.1"), Recorder(net, "192.0.2.2")


TO_B = Flow("udp", "192.0.2.2", 5060)


def test_a_datagram_arrives_after_the_delay_from_its_sender() -> None:
    net, a, b = two(Faults(delay=0.2))
    a.out.append((b"x", TO_B))
    net.run(0.1)
    assert b.heard == []
    net.run(0.1)
    assert b.heard == [(0.2, b"x")]
    assert b.flows == [Flow("udp", "192.0.2.1", 5060)]


def test_loss_and_duplicates_have_their_share_and_jitter_reorders() -> None:
    net, a, b = two(Faults(loss=0.3, duplicates=0.05, jitter=0.5), seed=7)
    numbers = list(range(4000))
    for number in numbers:
        a.out.append((str(number).encode(), TO_B))
    net.settle()
    arrived = [int(data) for _, data in b.heard]
    assert len(arrived) == pytest.approx(4000 * 1.05 * 0.7, rel=0.05)
    assert len(arrived) > len(set(arrived))
    assert arrived != sorted(arrived)
    assert len(net.log) == 4000


def test_the_same_seed_gives_the_same_faults() -> None:
    runs = []
    for seed in (1, 1, 2):
        net, a, b = two(Faults(loss=0.5, jitter=0.1), seed)
        a.out += [(bytes([number]), TO_B) for number in range(50)]
        net.settle()
        runs.append(b.heard)
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_drop_loses_packets_by_name_and_only_so_many() -> None:
    net, a, b = two()
    net.drop("BYE", "200 INVITE", times=2)
    ok = b"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n"
    for data in (b"BYE x", b"INFO x", ok, b"BYE y"):
        a.out.append((data, TO_B))
    net.transfer()
    assert [data for _, data in b.heard] == [b"INFO x", b"BYE y"]
    assert net.starts(a) == ["BYE", "INFO", "200 INVITE", "BYE"]
    assert net.packets(source=b) == []


def test_a_stream_keeps_order_and_answers_come_back_on_it() -> None:
    net, a, b = two(Faults(loss=1.0, delay=0.1))
    for number in range(20):
        a.out.append((bytes([number]), TO_B._replace(transport="tcp")))
    net.run(0.1)
    assert [data for _, data in b.heard] == [bytes([number]) for number in range(20)]
    assert len(set(b.flows)) == 1, "one connection for all"
    assert b.flows[0].port != 5060
    b.out.append((b"back", b.flows[0]))
    net.run(0.1)
    assert a.heard[0][1] == b"back"
    assert a.flows[0].connection == b.flows[0].connection
    net.cut()
    a.out.append((b"again", TO_B._replace(transport="tcp")))
    net.run(0.1)
    assert b.flows[-1].connection != b.flows[0].connection


def test_a_refused_stream_is_told_to_whoever_wanted_it() -> None:
    net, a, b = two()
    net.refusing.add(b.address)
    flow = TO_B._replace(transport="tcp")
    a.out += [(b"x", flow), (b"y", Flow("tcp", "192.0.2.99", 5060))]
    net.transfer()
    assert a.lost == [flow, Flow("tcp", "192.0.2.99", 5060)]
    assert b.heard == []


def test_a_datagram_to_nobody_is_lost() -> None:
    net, a, _ = two()
    a.out.append((b"x", Flow("udp", "192.0.2.99", 5060)))
    net.settle()
    assert a.lost == []


def test_alarms_and_packets_happen_in_order_of_time() -> None:
    net, a, b = two(Faults(delay=0.5))
    b.alarm = 0.3
    a.out.append((b"x", TO_B))
    net.run(1.0)
    assert b.heard == [(0.3, b"alarm"), (0.5, b"x")]
    assert net.now == 1.0


def test_settle_fails_when_something_stays_armed() -> None:
    net, a, _ = two()
    a.alarm = 5000.0
    with pytest.raises(AssertionError, match="still armed"):
        net.settle(limit=4000.0)


def test_hosts_that_never_come_to_rest_are_found() -> None:
    net, a, b = two()

    def echo(data: bytes, flow: Flow, now: float) -> None:
        b.out.append((data, TO_B))

    b.receive = echo  # type: ignore[method-assign]
    a.out.append((b"x", TO_B))
    with pytest.raises(AssertionError, match="come to rest"):
        net.transfer()
