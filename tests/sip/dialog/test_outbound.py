"""Sessions of ours: RFC 3261 sections 8.1.3, 13.2, 15.

Left out: following a 3xx, which we never do.
"""

from __future__ import annotations

import pytest

from sip.events import Failed
from sip.flow import Flow
from tests.sim.agent import OFFER, Manner, Phone
from tests.sim.net import Net
from tests.sim.stranger import Stranger
from tests.sip.dialog.kit import (
    ALICE,
    BOB,
    calling_stranger,
    in_call_with_stranger,
    settings,
)


def test_the_invite_says_what_was_asked_for() -> None:
    _, _, stranger, session = calling_stranger()
    invite = stranger.request("INVITE")
    assert invite.uri == "sip:bob@biloxi.example"
    assert invite.fields["from"] == [
        f'"Alice" <sip:alice@atlanta.example>;tag={session.local_tag}'
    ]
    assert invite.fields["to"] == ["<sip:bob@biloxi.example>"]
    assert invite.call_id == session.call_id
    assert invite.cseq == (1, "INVITE")
    assert invite.max_forwards == 70
    assert invite.supported == {"100rel", "timer"}
    assert invite.session_expires is not None
    assert invite.session_expires.seconds == 1800
    assert invite.body == OFFER
    assert invite.via.branch.startswith("z9hG4bK")
    assert invite.via.rport == ""


def test_an_invite_may_go_without_timer_100rel_and_user_agent() -> None:
    net = Net()
    core = settings(ALICE, session_expires=0)
    phone = Phone(net, ALICE, settings=core)
    phone.core.ground.user_agent = ""
    stranger = Stranger(net, BOB, phone)
    phone.core.invite(
        Flow("udp", *stranger.address, 9),
        uri="sip:b@x",
        from_="<sip:a@x>",
        to="<sip:b@x>",
        now=0.0,
        headers="X-A: 1\r\n",
        max_forwards=7,
        reliable=False,
    )
    net.transfer()
    invite = stranger.request("INVITE")
    assert "session-expires" not in invite.fields
    assert "content-type" not in invite.fields
    assert "user-agent" not in invite.fields
    assert invite.supported == {"timer"}
    assert invite.max_forwards == 7
    assert invite.fields["x-a"] == ["1"]


def test_provisionals_after_the_2xx_are_not_told() -> None:
    _net, alice, stranger, _session = in_call_with_stranger()
    stranger.respond(stranger.request("INVITE"), 180)
    assert alice.names == ["Answered"]


@pytest.mark.parametrize("status", [302, 401, 404, 407, 486, 488, 491, 503, 603])
def test_a_refusal_is_told_and_acknowledged_and_nothing_is_left(status: int) -> None:
    net, alice, stranger, session = calling_stranger()
    stranger.respond(stranger.request("INVITE"), status)
    failed = alice.event(Failed)
    assert failed.status == status
    assert failed.response is not None
    assert failed.session is session
    assert session.is_over
    assert len(stranger.requests("ACK")) == len(stranger.requests("INVITE")) == 1
    net.settle()
    alice.assert_idle()


def test_nobody_there_is_408_after_64_t1() -> None:
    net, alice, _, _ = calling_stranger()
    net.run(32.1)
    assert [(at, *event[1:]) for at, event in alice.told] == [(32.0, 408, None)]
    assert len(net.packets("INVITE")) == 7
    alice.assert_idle()


def test_a_transport_error_is_503() -> None:
    net, alice, _stranger, session = calling_stranger()
    alice.unreachable(session.flow, net.now)
    net.transfer()
    assert alice.event(Failed).status == 503
    assert alice.event(Failed).response is None
    net.settle()
    alice.assert_idle()


def test_the_application_may_answer_after_the_end_without_harm() -> None:
    net, alice, stranger, session = calling_stranger(alice=Manner(acknowledges=False))
    stranger.respond(stranger.request("INVITE"), 200)
    stranger.send("BYE")
    assert session.is_over
    session.acknowledge(net.now)
    session.acknowledge_progress(net.now, body=b"")
    session.cancel(net.now)
    session.bye(net.now)
    session.send(net.now)
    net.transfer()
    assert [packet.start for packet in net.packets(source=alice)] == [
        "INVITE",
        "200 BYE",
    ]
    net.settle()
    alice.assert_idle()


def test_rfc3261_15_the_callee_may_not_bye_an_early_dialog() -> None:
    _net, _alice, stranger, session = calling_stranger()
    stranger.respond(stranger.request("INVITE"), 180)
    stranger.send("BYE")
    assert stranger.last.status == 481
    assert session.is_early
