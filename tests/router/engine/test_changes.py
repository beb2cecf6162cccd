"""What the parties change while they talk, and how it goes across.

RFC 3261 section 14, RFC 3311, RFC 6337, RFC 6086; FAULTS F38, F39.
"""

from __future__ import annotations

import pytest

from router.call.state import State
from sip.dialog.session import Session
from sip.events import (
    Ended,
    InfoReceived,
    OfferAnswered,
    OfferConfirmed,
    Offered,
    OfferRefused,
    Requested,
)
from sip.flow import Flow
from tests.router.engine.switch import (
    ANSWER,
    CARRIER,
    GATEWAY,
    OFFER,
    VEIL,
    B,
    Scene,
    sdp,
    trunk,
)
from tests.sim.agent import Manner, Phone

HELD = sdp(4000, "a=sendonly")
SIDES = pytest.mark.parametrize("side", ["caller", "callee"])


def talking(side: str, manner: Manner | None = None) -> tuple[Scene, Session, Phone]:
    """A call that is up: the scene, the session of `side`, the phone opposite."""
    scene = Scene(manner or Manner(body=ANSWER))
    session = scene.call()
    assert scene.state is State.UP
    if side == "caller":
        return scene, session, scene.callee
    scene.caller.manner = manner or Manner(body=ANSWER)
    return scene, scene.second_leg.session, scene.caller


def phone_of(scene: Scene, side: str) -> Phone:
    """The phone of `side`."""
    return scene.caller if side == "caller" else scene.callee


def hang_up(scene: Scene, session: Session) -> None:
    """End the call and look for leftovers."""
    session.bye(scene.net.now)
    scene.close()
    assert scene.record.reason == "normal"


@SIDES
def test_a_hold_goes_across_and_its_answer_back(side: str) -> None:
    scene, session, other = talking(side)
    session.offer(scene.net.now, body=HELD)
    scene.net.transfer()
    offer = other.event(Offered).body
    assert b"a=sendonly" in offer
    assert B.encode() not in offer
    answer = phone_of(scene, side).event(OfferAnswered).body
    assert b"m=audio 5000" in answer
    hang_up(scene, session)


@SIDES
def test_the_version_of_what_one_leg_is_told_grows_with_each_change(side: str) -> None:
    scene, session, other = talking(side)
    for body in (HELD, sdp(4000)):
        session.offer(scene.net.now, body=body)
        scene.net.transfer()
    versions = [event.body.split(b" ")[2] for event in other.events(Offered)]
    assert int(versions[1]) == int(versions[0]) + 1
    hang_up(scene, session)


@SIDES
def test_a_refused_change_leaves_the_call_as_it_was(side: str) -> None:
    manner = Manner(body=ANSWER, settles_with=606)
    scene, session, _ = talking(side, manner)
    session.offer(scene.net.now, body=HELD)
    scene.net.transfer()
    assert phone_of(scene, side).event(OfferRefused).status == 488
    assert scene.state is State.UP
    hang_up(scene, session)


@SIDES
def test_a_change_without_an_offer_has_the_other_party_offer(side: str) -> None:
    scene, session, other = talking(side)
    phone = phone_of(scene, side)
    phone.manner = Manner(body=OFFER)
    session.offer(scene.net.now, body=b"")
    scene.net.transfer()
    assert other.event(Offered).body == b""
    assert b"m=audio 5000" in phone.event(OfferAnswered).body
    assert b"m=audio 4000" in other.event(OfferConfirmed).body
    hang_up(scene, session)


def test_f39_changes_that_cross_are_491_for_one_of_them() -> None:
    scene, session, _ = talking("caller")
    session.offer(scene.net.now, body=HELD)
    scene.second_leg.session.offer(scene.net.now, body=sdp(5002))
    scene.net.run(30.0)
    assert "491 INVITE" in scene.net.starts()
    assert scene.state is State.UP
    # 14.1: both come through in the end.
    assert scene.caller.events(OfferAnswered)
    assert scene.callee.events(OfferAnswered)
    hang_up(scene, session)


@SIDES
def test_a_change_that_is_no_description_is_488(side: str) -> None:
    scene, session, other = talking(side)
    session.offer(scene.net.now, body=b"v=0\r\nnonsense\r\n")
    scene.net.transfer()
    assert phone_of(scene, side).event(OfferRefused).status == 488
    assert not other.events(Offered)
    hang_up(scene, session)


@SIDES
def test_an_answer_that_is_no_description_ends_the_call(side: str) -> None:
    scene, session, _ = talking(side)
    opposite = scene.callee if side == "caller" else scene.caller
    opposite.manner = Manner(body=b"v=0\r\nnonsense\r\n")
    session.offer(scene.net.now, body=HELD)
    scene.close()
    assert scene.record.released_by == "platform"
    assert scene.caller.events(Ended)
    assert scene.callee.events(Ended)


@SIDES
def test_hanging_up_during_a_change_answers_it(side: str) -> None:
    manner = Manner(body=ANSWER, settles_after=None)
    scene, session, other = talking(side, manner)
    session.offer(scene.net.now, body=HELD)
    scene.net.transfer()
    assert other.events(Offered)
    (opposite,) = other.core.ground.sessions.values()
    opposite.bye(scene.net.now)
    scene.close()
    assert {"487 INVITE", "488 INVITE"} & set(scene.net.starts(scene.veil))
    assert scene.record.reason == "normal"


def test_update_before_the_answer_goes_across_rfc3311() -> None:
    manner = Manner(
        rings=(183,), reliable=True, ring_body=ANSWER, body=b"", answers_after=None
    )
    scene = Scene(manner)
    session = scene.call(reliable=True)
    assert scene.state is State.EARLY
    scene.callee.manner = Manner(body=sdp(5004))
    session.offer(scene.net.now, body=HELD)
    scene.net.transfer()
    assert b"a=sendonly" in scene.callee.event(Offered).body
    assert b"m=audio 5004" in scene.caller.event(OfferAnswered).body
    session.cancel(scene.net.now)
    scene.close()


@SIDES
def test_a_key_press_goes_across_and_nothing_beside_it(side: str) -> None:
    scene, session, other = talking(side)
    body = b"Signal=5\r\nDuration=200\r\nX-Number: +8613900000002\r\n"
    session.info(scene.net.now, content_type="application/dtmf-relay", body=body)
    scene.net.transfer()
    assert other.event(InfoReceived).request.body == b"Signal=5\r\nDuration=200\r\n"
    hang_up(scene, session)


@SIDES
@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", b"call +8613900000002", "415 INFO"),
        ("application/dtmf-relay", b"Signal=+8613900000002", "415 INFO"),
        ("application/dtmf-relay", b"", "200 INFO"),
    ],
)
def test_other_information_does_not(
    side: str, content_type: str, body: bytes, status: str
) -> None:
    scene, session, other = talking(side)
    session.info(scene.net.now, content_type=content_type, body=body)
    scene.net.transfer()
    assert status in scene.net.starts(scene.veil)
    assert not other.events(InfoReceived)
    hang_up(scene, session)


@pytest.mark.parametrize(
    ("is_ready", "status"), [(True, "200 OPTIONS"), (False, "503 OPTIONS")]
)
def test_options_says_whether_we_are_ready(is_ready: bool, status: str) -> None:
    scene = Scene()
    scene.veil.engine.is_ready = lambda: is_ready
    ask(scene, "OPTIONS")
    assert scene.net.starts(scene.veil) == [status]
    (packet,) = scene.net.packets(source=scene.veil)
    assert (b"Retry-After: " in packet.data) is not is_ready
    scene.close()


def ask(scene: Scene, method: str) -> None:
    """Send a request outside any dialog."""
    scene.caller.core.request(
        method,
        Flow("udp", VEIL, 5060),
        uri=f"sip:{VEIL}",
        from_=f"<sip:{CARRIER}>",
        to=f"<sip:{VEIL}>",
        key="asked",
        now=scene.net.now,
    )
    scene.net.transfer()


def test_gateways_are_asked_and_skipped_when_they_do_not_answer() -> None:
    scene = Scene(trunks=(trunk(probe_every=30),))
    scene.net.run(30.0)
    scene.veil.engine.probe()
    scene.net.transfer()
    assert scene.callee.event(Requested).request.method == "OPTIONS"
    assert gateway_is_up(scene)
    scene.net.passes = lambda packet: packet.target != (GATEWAY, 5060)
    scene.net.run(30.0)
    scene.veil.engine.probe()
    scene.net.run(4.0)
    scene.veil.engine.probe()
    assert not gateway_is_up(scene)
    scene.net.run(40.0)
    scene.net.passes = lambda packet: True
    scene.veil.engine.probe()
    scene.net.transfer()
    assert gateway_is_up(scene)
    scene.close()


def gateway_is_up(scene: Scene) -> bool:
    """Whether a call could go anywhere."""
    return scene.veil.engine.has_gateway


def test_a_fault_of_ours_ends_its_own_call_and_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene()
    scene.call()
    other = Phone(scene.net, "10.0.1.2")
    session = scene.call(by=other)
    broken = next(
        call
        for call in scene.veil.board.calls
        if call.caller is not None
        and call.caller.dialog is not None
        and call.caller.dialog.call_id != session.call_id
    )
    broken.to_callee = None  # type: ignore[assignment]
    caller = next(iter(scene.caller.core.ground.sessions.values()))
    caller.offer(scene.net.now, body=HELD)
    scene.net.transfer()
    assert "ended by a fault of ours" in caplog.text
    assert B not in caplog.text
    assert scene.caller.events(Ended)
    assert scene.veil.board.counters.faults == 1
    scene.veil.board.counters.faults = 0
    session.bye(scene.net.now)
    scene.close()
    reasons = {record.reason for record in scene.veil.records}
    assert reasons == {"service_error", "normal"}
