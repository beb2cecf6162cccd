"""Calls put through: who is called, what each side sees, what the record says.

RFC 7092 (B2BUA), RFC 3261 sections 9, 13, 15, RFC 7332; BEHAVIOUR sections 1, 5, 6.
"""

from __future__ import annotations

import pytest

from sip.events import Answered, Confirmed, Ended, Failed, Invited, Progressed
from sip.flow import Flow
from tests.router.engine.switch import (
    ANSWER,
    AX_NUMBER,
    AXB_NUMBER,
    CARRIER,
    EPOCH,
    GATEWAY,
    A,
    B,
    C,
    Scene,
    sdp,
    trunk,
)
from tests.sim.agent import Manner


@pytest.mark.parametrize(
    ("x", "caller", "callee", "direction", "app"),
    [
        (AX_NUMBER, C, A, 0, "app-ax"),
        (AX_NUMBER, A, B, 1, "app-ax"),
        (AXB_NUMBER, A, B, 1, "app-axb"),
        (AXB_NUMBER, B, A, 0, "app-axb"),
    ],
)
def test_a_call_is_put_through_and_has_one_record(
    x: str, caller: str, callee: str, direction: int, app: str
) -> None:
    scene = Scene(Manner(body=ANSWER, answers_after=3.0))
    session = scene.call(x, caller)
    scene.net.run(3.0)
    assert scene.second_leg.request.uri == f"sip:{callee}@{GATEWAY}:5060;transport=udp"
    scene.net.run(60.0)
    session.bye(scene.net.now)
    scene.close()
    assert scene.caller.names == ["Progressed", "Answered"]
    assert scene.callee.names == ["Invited", "Confirmed", "Ended"]
    record = scene.record
    assert (record.app, record.x, record.caller, record.callee, record.display) == (
        (app, x, caller, callee, x)
    )
    assert record.direction == direction
    assert (record.reason, record.released_by, record.sip_status) == (
        ("normal", "caller", 200)
    )
    assert record.call_in_at == EPOCH
    assert record.alerting_at == EPOCH
    assert record.answer_at == EPOCH + 3.0
    assert record.duration == 60.0
    assert record.gateway == f"{GATEWAY}:5060;transport=udp"


def test_the_callee_hangs_up() -> None:
    scene = Scene()
    scene.call()
    scene.net.run(5.0)
    scene.second_leg.session.bye(scene.net.now)
    scene.close()
    assert scene.caller.names == ["Progressed", "Answered", "Ended"]
    assert scene.record.released_by == "callee"
    assert scene.record.duration == 5.0


def test_both_hang_up_at_once_f37() -> None:
    scene = Scene()
    session = scene.call()
    scene.net.run(1.0)
    session.bye(scene.net.now)
    scene.second_leg.session.bye(scene.net.now)
    scene.close()
    assert scene.record.reason == "normal"
    assert scene.net.starts().count("200 BYE") >= 2


def test_the_second_leg_has_nothing_of_the_first_but_the_media() -> None:
    scene = Scene()
    headers = (
        f"P-Asserted-Identity: <sip:{C}@secret.example>\r\n"
        f"Diversion: <sip:{A}@secret.example>\r\nSubject: call of {C}\r\n"
        "X-Secret: secret\r\n"
    )
    session = scene.call(headers=headers)
    request = scene.second_leg.request
    data = request.render().decode()
    assert C[3:] not in data
    assert "secret" not in data.lower()
    assert session.call_id not in data
    assert session.local_tag not in data
    assert request.first("from") is not None
    assert request.from_.uri_text == f"sip:{AX_NUMBER}@10.0.0.1"
    assert request.first("p-asserted-identity") == f"<sip:{AX_NUMBER}@10.0.0.1>"
    answer = scene.caller.event(Answered).response.render().decode()
    assert A[3:] not in answer
    assert B[3:] not in answer
    assert GATEWAY not in answer
    session.bye(scene.net.now)
    scene.close()


def test_media_lines_go_across_and_keep_their_version() -> None:
    scene = Scene(Manner(rings=(183,), ring_body=ANSWER, body=ANSWER))
    session = scene.call()
    offered = scene.second_leg.request.body
    assert b"m=audio 4000 RTP/AVP 8\r\n" in offered
    early = scene.caller.event(Progressed).body
    assert b"m=audio 5000 RTP/AVP 8\r\n" in early
    assert early == scene.caller.event(Answered).body
    session.bye(scene.net.now)
    scene.close()


def test_rfc7332_5_max_forwards_goes_across_less_one() -> None:
    scene = Scene()
    session = scene.call(max_forwards=12)
    assert scene.second_leg.request.max_forwards == 11
    session.bye(scene.net.now)
    scene.close()


def test_the_caller_cancels_while_it_rings() -> None:
    scene = Scene(Manner(answers_after=None))
    session = scene.call()
    scene.net.run(2.0)
    session.cancel(scene.net.now)
    scene.close()
    assert scene.caller.event(Failed).status == 487
    assert scene.callee.names == ["Invited", "Cancelled"]
    assert scene.record.reason == "cancelled_ringing"
    assert scene.record.state_code == 7502
    assert scene.record.released_by == "caller"


def test_the_caller_cancels_before_it_rings() -> None:
    scene = Scene(Manner(rings=(), answers_after=None))
    session = scene.call()
    session.cancel(scene.net.now)
    scene.close()
    assert scene.callee.names == ["Invited", "Cancelled"]
    assert scene.record.state_code == 7501


def test_f35_the_200_of_the_callee_comes_with_the_cancel() -> None:
    scene = Scene(Manner(answers_after=None))
    session = scene.call()
    session.cancel(scene.net.now)
    scene.second_leg.session.accept(scene.net.now, body=ANSWER)
    scene.close()
    # 9.1: the 200 won on the second leg, which is acknowledged and hung up.
    assert scene.callee.names == ["Invited", "Confirmed", "Ended"]
    assert scene.caller.names == ["Progressed", "Failed"]
    assert scene.record.reason == "cancelled_ringing"
    assert scene.record.answer_at is None


def test_f35_the_cancel_comes_with_the_200_of_the_callee() -> None:
    scene = Scene(Manner(answers_after=None))
    session = scene.call()
    scene.second_leg.session.accept(scene.net.now, body=ANSWER)
    for data, flow in scene.callee.core.datagrams_to_send():
        back = Flow(flow.transport, GATEWAY, 5060)
        scene.veil.core.receive_datagram(data, back, scene.net.now)
    session.cancel(scene.net.now)
    for data, _ in scene.caller.core.datagrams_to_send():
        back = Flow("udp", CARRIER, 5060)
        scene.veil.core.receive_datagram(data, back, scene.net.now)
    # Both are in before the engine sees the first: the 200 is handled, then the CANCEL.
    scene.close()
    assert scene.callee.names == ["Invited", "Confirmed", "Ended"]
    assert scene.caller.event(Failed).status == 487
    assert scene.record.answer_at is None


@pytest.mark.parametrize(
    ("status", "told", "reason"),
    [
        (486, 486, "busy"),
        (603, 603, "rejected"),
        (404, 404, "not_found"),
        (480, 480, "unreachable"),
        (302, 502, "callee_network"),
        (407, 502, "callee_network"),
    ],
)
def test_f46_what_the_callee_says_is_told_by_the_catalogue(
    status: int, told: int, reason: str
) -> None:
    scene = Scene(Manner(status=status))
    scene.call()
    scene.close()
    failed = scene.caller.event(Failed)
    assert failed.status == told
    assert failed.response is not None
    assert failed.response.q850 == scene.record.q850
    assert (scene.record.reason, scene.record.callee_status) == (reason, status)
    assert scene.record.released_by == "callee" or reason == "callee_network"


def test_no_answer_for_60_s_after_ringing() -> None:
    scene = Scene(Manner(answers_after=None))
    scene.call()
    scene.net.run(59.9)
    assert scene.caller.names == ["Progressed"]
    scene.close()
    assert scene.caller.event(Failed).status == 480
    assert scene.record.reason == "no_answer"
    assert scene.callee.names == ["Invited", "Cancelled"]


def test_no_ringing_for_90_s_after_forwarding() -> None:
    scene = Scene(Manner(rings=(), answers_after=None))
    scene.call()
    scene.net.run(89.9)
    assert scene.caller.names == []
    scene.close()
    assert scene.record.reason == "connect_timeout"
    assert scene.record.end_at - scene.record.call_in_at == pytest.approx(90.0, abs=0.1)


def test_f32_a_caller_that_never_acknowledges_is_hung_up_on() -> None:
    scene = Scene()
    scene.net.drop("ACK", times=1000)
    scene.caller.manner = Manner(acknowledges=False)
    scene.call()
    scene.close()
    assert scene.record.reason == "no_ack"
    assert scene.record.duration == pytest.approx(32.0, abs=0.1)


def test_the_longest_talk_a_binding_allows() -> None:
    scene = Scene()
    scene.call(AXB_NUMBER, A)
    scene.close()
    assert scene.record.reason == "max_duration"
    assert scene.record.duration == pytest.approx(120.0, abs=0.1)
    assert scene.record.released_by == "platform"
    assert [type(event).__name__ for _, event in scene.caller.told][-1] == "Ended"


def test_the_backstop_ends_a_talk_without_limit() -> None:
    scene = Scene()
    scene.call()
    scene.net.settle(20_000.0)
    scene.close()
    assert scene.record.reason == "backstop"
    assert scene.record.duration == pytest.approx(14_400.0, abs=0.1)


def test_delayed_offer_the_callee_offers_and_the_caller_answers() -> None:
    scene = Scene(Manner(body=sdp(5000)))
    scene.caller.manner = Manner(body=sdp(4002))
    session = scene.call(body=b"")
    assert scene.second_leg.request.body == b""
    assert "100rel" not in scene.second_leg.request.supported
    assert b"m=audio 5000" in scene.caller.event(Answered).body
    assert b"m=audio 4002" in scene.callee.event(Confirmed).body
    session.bye(scene.net.now)
    scene.close()
    assert scene.record.reason == "normal"


def test_reliable_early_media_answers_once_rfc3262() -> None:
    scene = Scene(Manner(rings=(183,), reliable=True, ring_body=ANSWER, body=b""))
    session = scene.call(reliable=True)
    assert scene.caller.names == ["Progressed", "Answered"]
    assert b"m=audio 5000" in scene.caller.event(Progressed).body
    assert scene.net.starts().count("PRACK") == 2
    session.bye(scene.net.now)
    scene.close()
    assert scene.record.reason == "normal"


def test_a_callee_whose_early_answer_was_not_reliable_for_the_caller() -> None:
    scene = Scene(Manner(rings=(183,), reliable=True, ring_body=ANSWER, body=b""))
    session = scene.call(reliable=False)
    # The caller's leg has no PRACK: its 200 brings what the callee answered early.
    assert b"m=audio 5000" in scene.caller.event(Answered).body
    session.bye(scene.net.now)
    scene.close()


def test_f44_an_early_bye_of_the_caller_cancels_the_callee() -> None:
    scene = Scene(Manner(answers_after=None))
    session = scene.call()
    dialog = session.dialog
    assert dialog is not None
    scene.caller.core.ground.outbox.append(
        (
            dialog.request("BYE", branch="z9hG4bKearly", seq=dialog.next_seq()),
            dialog.flow,
        )
    )
    scene.close()
    assert scene.callee.names == ["Invited", "Cancelled"]
    assert scene.record.reason == "cancelled_ringing"


@pytest.mark.parametrize("seed", range(10))
def test_calls_over_a_bad_network_end_with_one_record_each(seed: int) -> None:
    from_start = Scene(seed=seed)
    from_start.net.run(0.0)
    sessions = [from_start.call(AX_NUMBER, C) for _ in range(3)]
    from_start.net.run(10.0)
    for session in sessions:
        session.bye(from_start.net.now)
    from_start.close()
    assert len(from_start.veil.records) == 3
    assert {record.reason for record in from_start.veil.records} == {"normal"}


def test_identity_lines_as_the_trunk_wants_them() -> None:
    identity = {"asserted": False, "remote_party": True, "diversion": True}
    scene = Scene(trunks=(trunk(identity=identity, number_form="national"),))
    session = scene.call()
    request = scene.second_leg.request
    shown = "<sip:017000000001@10.0.0.1>"
    assert request.uri == f"sip:013800000001@{GATEWAY}:5060;transport=udp"
    assert request.from_.uri_text == shown[1:-1]
    assert request.first("p-asserted-identity") is None
    assert request.first("remote-party-id") == f"{shown};party=calling;screen=yes"
    assert request.first("diversion") == f"{shown};reason=unconditional"
    session.bye(scene.net.now)
    scene.close()


def test_an_anonymous_caller_reaches_a() -> None:
    scene = Scene()
    session = scene.call(caller="anonymous")
    session.bye(scene.net.now)
    scene.close()
    assert (scene.record.caller, scene.record.callee) == ("", A)
    assert scene.callee.events(Ended)
    assert len(scene.callee.events(Invited)) == 1
