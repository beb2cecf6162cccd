"""Calls that are not put through: what the caller is told, and which have a record.

BEHAVIOUR sections 1, 6, 7; FAULTS F1, F7, F13, F20, F42, F43, F53, F56.
"""

from __future__ import annotations

import asyncio

import pytest

from router.plan.model import AxBinding, Mode, NumberRecord
from router.store.port import StoreUnavailable
from router.store.sqlite import SqliteStore
from sip.events import Failed, Invited
from tests.router.engine.switch import (
    AX_NUMBER,
    AXB_NUMBER,
    AXE_NUMBER,
    GATEWAY,
    SPARE,
    VEIL,
    A,
    C,
    Scene,
    sdp,
    trunk,
)
from tests.sim.agent import Manner, Phone


def refusal(scene: Scene) -> Failed:
    """The final answer, after everything has run out."""
    scene.close()
    assert not scene.callee.events(Invited)
    return scene.caller.event(Failed)


def retry_after(failed: Failed) -> int:
    """Seconds of Retry-After."""
    assert failed.response is not None
    assert failed.response.retry_after is not None
    return failed.response.retry_after


@pytest.mark.parametrize("uri", [f"sip:+8617099999999@{VEIL}", f"sip:sales@{VEIL}"])
def test_an_unknown_number_is_404_and_has_no_record(uri: str) -> None:
    scene = Scene()
    scene.call(uri=uri)
    assert refusal(scene).status == 404
    assert scene.veil.records == []
    assert scene.veil.board.counters.unknown_numbers == 1


@pytest.mark.parametrize(
    ("x", "caller", "status", "reason"),
    [
        (AXB_NUMBER, C, 480, "no_binding"),
        (AXB_NUMBER, "anonymous", 480, "no_binding"),
        (AXE_NUMBER, C, 500, "service_error"),
        (AX_NUMBER, AX_NUMBER, 482, "loop"),
    ],
)
def test_what_the_plan_refuses_has_a_record(
    x: str, caller: str, status: int, reason: str
) -> None:
    scene = Scene()
    scene.call(x, caller)
    failed = refusal(scene)
    assert failed.status == status
    assert failed.response is not None
    assert failed.response.first("reason") == f"Q.850;cause={scene.record.q850}"
    assert (scene.record.reason, scene.record.callee) == (reason, "")
    assert scene.record.released_by == "platform"


def test_f42_max_forwards_0_is_483() -> None:
    scene = Scene()
    scene.call(max_forwards=0)
    assert refusal(scene).status == 483
    assert scene.record.reason == "too_many_hops"


@pytest.mark.parametrize("body", [b"not an SDP", sdp(4000).replace(b"m=", b"x=")])
def test_a_description_that_is_none_is_488(body: bytes) -> None:
    scene = Scene()
    scene.call(body=body)
    assert refusal(scene).status == 488
    assert scene.record.reason == "bad_offer"


def test_f1_without_the_store_503_and_no_record() -> None:
    scene = Scene()
    scene.veil.store.is_slow = True
    scene.call()
    scene.veil.store.release(StoreUnavailable("down"))
    assert scene.veil.woken == 1
    failed = refusal(scene)
    assert failed.status == 503
    assert 2 <= retry_after(failed) <= 10
    assert scene.veil.records == []
    assert scene.veil.board.counters.store_failures == 1


def test_a_late_answer_of_the_store_goes_out_by_itself() -> None:
    scene = Scene()
    scene.veil.store.is_slow = True
    session = scene.call()
    assert scene.veil.woken == 0
    scene.veil.store.release()
    assert scene.veil.woken == 1
    scene.net.transfer()
    assert len(scene.callee.events(Invited)) == 1
    session.bye(scene.net.now)
    scene.close()


@pytest.mark.parametrize(("x", "records"), [(AX_NUMBER, 1), ("+8617099999999", 0)])
def test_f7_a_caller_that_cancels_during_the_look_up(x: str, records: int) -> None:
    scene = Scene()
    scene.veil.store.is_slow = True
    session = scene.call(x)
    session.cancel(scene.net.now)
    scene.net.transfer()
    assert scene.veil.records == []
    scene.veil.store.release()
    assert refusal(scene).status == 487
    assert len(scene.veil.records) == records
    for record in scene.veil.records:
        assert (record.reason, record.state_code) == ("cancelled_early", 7516)


def test_a_caller_that_cancels_while_the_store_is_down_leaves_nothing() -> None:
    scene = Scene()
    scene.veil.store.is_slow = True
    session = scene.call()
    session.cancel(scene.net.now)
    scene.net.transfer()
    scene.veil.store.release(StoreUnavailable("down"))
    assert refusal(scene).status == 487
    assert scene.veil.records == []


def test_f20_draining_refuses_new_calls_and_keeps_old_ones() -> None:
    scene = Scene()
    session = scene.call()
    scene.veil.engine.drain()
    other = Phone(scene.net, "10.0.1.2")
    scene.call(by=other)
    failed = other.event(Failed)
    assert failed.status == 503
    assert 2 <= retry_after(failed) <= 10
    scene.net.run(5.0)
    session.bye(scene.net.now)
    scene.close()
    assert [record.reason for record in scene.veil.records] == ["normal"]


def test_stopping_hangs_up_on_who_talks_and_refuses_who_waits() -> None:
    scene = Scene()
    scene.call(AX_NUMBER, C)
    scene.callee.manner = Manner(answers_after=None)
    other = Phone(scene.net, "10.0.1.2")
    scene.call(AXB_NUMBER, A, by=other)
    scene.veil.engine.stop_calls()
    scene.close()
    assert scene.caller.names[-1] == "Ended"
    assert other.event(Failed).status == 503
    reasons = {record.reason: record for record in scene.veil.records}
    assert set(reasons) == {"stopped", "draining"}
    assert all(record.released_by == "platform" for record in reasons.values())


def test_f43_a_ring_of_x_numbers_ends_at_the_third() -> None:
    # Each X is bound to the next, and the gateway sends all of them back to us.
    hairpin = trunk(gateways=[f"sip:{VEIL}:5060;transport=udp"], allow=["10.0.0.0/8"])
    scene = Scene(trunks=(hairpin,))
    ring = [f"+861700000010{place}" for place in range(3)]
    asyncio.run(bind_ring(scene.veil.store.store, ring))
    scene.call(ring[0], C)
    scene.close()
    assert scene.caller.event(Failed).status == 502
    by_x = {record.x: record.reason for record in scene.veil.records}
    assert [by_x[x] for x in ring] == ["callee_network", "callee_network", "loop"]


async def bind_ring(store: SqliteStore, ring: list[str]) -> None:
    """Bind each X number to the next one."""
    for x, after in zip(ring, ring[1:] + ring[:1], strict=True):
        await store.put_number(NumberRecord(x, "app-ring", Mode.AX))
        await store.bind_ax(AxBinding(f"sub-{x}", after, x))


def test_calls_over_the_trunks_rate_are_503() -> None:
    scene = Scene(trunks=(trunk(calls_per_second=2),))
    sessions = [scene.call() for _ in range(3)]
    assert [event.status for event in scene.caller.events(Failed)] == [503]
    scene.net.run(1.0)
    sessions.append(scene.call())
    assert len(scene.caller.events(Failed)) == 1
    for session in sessions:
        session.bye(scene.net.now)
    scene.close()
    assert scene.veil.board.counters.limited == 1


def test_calls_over_the_trunks_number_are_503_until_one_ends() -> None:
    scene = Scene(trunks=(trunk(concurrent_calls=1),))
    first = scene.call()
    scene.call()
    assert [event.status for event in scene.caller.events(Failed)] == [503]
    first.bye(scene.net.now)
    scene.net.transfer()
    second = scene.call()
    assert len(scene.caller.events(Failed)) == 1
    second.bye(scene.net.now)
    scene.close()


def test_strangers_get_no_byte_f57() -> None:
    scene = Scene()
    stranger = Phone(scene.net, "203.0.113.9")
    scene.call(by=stranger)
    scene.net.run(40.0)
    assert scene.net.packets(source=scene.veil) == []
    scene.close()


def test_a_gateway_may_not_call_us() -> None:
    scene = Scene()
    scene.call(by=scene.callee)
    scene.close()
    assert scene.callee.event(Failed).status == 403
    assert scene.veil.board.counters.not_admitted == 1


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_f53_the_next_gateway_takes_what_one_cannot(status: int) -> None:
    scene = two_gateways(Manner(rings=(), status=status))
    session = scene.call()
    spare = scene.spare
    assert len(spare.events(Invited)) == 1
    session.bye(scene.net.now)
    scene.close()
    assert scene.record.gateway == f"{SPARE}:5060;transport=udp"
    assert scene.record.reason == "normal"


@pytest.mark.parametrize("status", [404, 480, 486, 603])
def test_what_a_callee_says_goes_to_no_other_gateway(status: int) -> None:
    scene = two_gateways(Manner(rings=(), status=status))
    scene.call()
    scene.close()
    assert scene.spare.names == []
    assert scene.caller.event(Failed).status == status


def test_no_other_gateway_once_it_has_rung_f53() -> None:
    scene = two_gateways(Manner(status=503))
    scene.call()
    scene.close()
    assert scene.spare.names == []
    assert scene.record.reason == "gateway_failure"


def test_a_silent_gateway_is_left_after_4_s_and_for_good() -> None:
    scene = two_gateways(Manner())
    scene.net.passes = lambda packet: packet.target != (GATEWAY, 5060)
    session = scene.call()
    scene.net.run(3.9)
    assert scene.spare.names == []
    scene.net.run(0.2)
    assert len(scene.spare.events(Invited)) == 1
    session.bye(scene.net.now)
    scene.close()
    assert scene.record.reason == "normal"


def test_a_gateway_that_says_100_is_waited_for() -> None:
    scene = two_gateways(Manner(rings=(), answers_after=10.0))
    session = scene.call()
    scene.net.run(11.0)
    assert scene.spare.names == []
    session.bye(scene.net.now)
    scene.close()


def test_when_every_gateway_is_silent_the_caller_is_told_503() -> None:
    scene = two_gateways(Manner())
    dead = {(GATEWAY, 5060), (SPARE, 5060)}
    scene.net.passes = lambda packet: packet.target not in dead
    scene.call()
    scene.net.run(8.1)
    assert scene.caller.event(Failed).status == 503
    scene.close()
    assert scene.record.reason == "gateway_failure"
    assert scene.record.released_by == "platform"


class TwoGateways(Scene):
    """A scene with a gateway to fall back on."""

    spare: Phone


def two_gateways(manner: Manner) -> TwoGateways:
    """The first gateway behaves in `manner`, the second takes calls."""
    both = [f"sip:{host}:5060;transport=udp" for host in (GATEWAY, SPARE)]
    scene = TwoGateways(manner, trunks=(trunk(gateways=both),))
    scene.spare = Phone(scene.net, SPARE)
    return scene


def test_a_gateway_without_an_address_takes_no_call() -> None:
    scene = Scene(trunks=(trunk(gateways=["sip:gateway.example"]),))
    scene.call()
    assert refusal(scene).status == 503
    assert scene.record.reason == "gateway_failure"
