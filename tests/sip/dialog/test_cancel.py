"""Taking an INVITE back, and the races of it: RFC 3261 section 9.1, RFC 5407 3.1.2."""

from __future__ import annotations

import pytest

from sip.dialog.outbound import OutboundSession
from sip.dialog.phase import Phase
from sip.events import Failed
from sip.message.digest import DigestClient
from tests.sim.agent import ANSWER, Manner
from tests.sim.net import Faults
from tests.sip.dialog.kit import (
    RINGING,
    Pair,
    calling_stranger,
    in_call_with_stranger,
)

CHALLENGE = (
    'WWW-Authenticate: Digest realm="r", nonce="n1", algorithm=SHA-256, qop="auth"\r\n'
)


def test_rfc3261_9_1_cancel_waits_for_a_provisional() -> None:
    net, alice, stranger, session = calling_stranger()
    session.cancel(net.now, headers="Reason: SIP;cause=200\r\n")
    session.cancel(net.now)
    net.run(0.4)
    assert not stranger.requests("CANCEL")
    stranger.respond(stranger.request("INVITE"), 100, tag="")
    invite, cancel = stranger.request("INVITE"), stranger.request("CANCEL")
    assert cancel.via == invite.via
    assert cancel.uri == invite.uri
    assert cancel.cseq == (invite.cseq.number, "CANCEL")
    assert cancel.fields["from"] == invite.fields["from"]
    assert cancel.fields["to"] == invite.fields["to"]
    assert cancel.call_id == invite.call_id
    assert cancel.fields["reason"] == ["SIP;cause=200"]
    stranger.respond(cancel, 200)
    stranger.respond(invite, 180)
    assert len(stranger.requests("CANCEL")) == 1
    stranger.respond(invite, 487)
    assert alice.names == ["Failed"]
    assert alice.event(Failed).status == 487
    net.settle()
    alice.assert_idle()


def test_a_cancelled_invite_nobody_answers_times_out() -> None:
    net, alice, stranger, session = calling_stranger()
    session.cancel(net.now)
    net.settle()
    assert not stranger.requests("CANCEL")
    assert alice.event(Failed).status == 408
    alice.assert_idle()


def test_rfc3261_9_1_without_a_final_response_cancel_gives_up_after_64_t1() -> None:
    net, alice, stranger, session = calling_stranger()
    stranger.respond(stranger.request("INVITE"), 180)
    session.cancel(net.now)
    net.run(31.9)
    assert not alice.events(Failed)
    net.run(0.2)
    assert alice.event(Failed).status == 487
    net.settle()
    alice.assert_idle()


def test_late_200_after_cancel_gets_ack_and_bye() -> None:
    net, alice, stranger, session = calling_stranger()
    invite = stranger.request("INVITE")
    stranger.respond(invite, 180)
    session.cancel(net.now)
    net.transfer()
    stranger.respond(invite, 200, body=ANSWER)
    assert [r.cseq.number for r in stranger.requests("ACK")] == [1]
    assert len(stranger.requests("BYE")) == 1
    assert alice.names == ["Progressed", "Failed"]
    assert alice.event(Failed).status == 487
    stranger.respond(invite, 200, body=ANSWER)
    assert len(stranger.requests("ACK")) == 2, "a repeat of it is acknowledged again"
    assert len(stranger.requests("BYE")) == 1
    stranger.respond(stranger.request("BYE"), 200)
    net.settle()
    alice.assert_idle()


def test_a_200_to_a_cancel_still_held_gets_ack_and_bye() -> None:
    net, alice, stranger, session = calling_stranger()
    session.cancel(net.now)
    stranger.respond(stranger.request("INVITE"), 200)
    assert not stranger.requests("CANCEL")
    assert len(stranger.requests("ACK")) == len(stranger.requests("BYE")) == 1
    net.settle()
    alice.assert_idle()


def test_cancel_after_the_answer_does_nothing() -> None:
    net, _, stranger, session = in_call_with_stranger()
    session.cancel(net.now)
    net.transfer()
    assert not stranger.requests("CANCEL")
    assert session.phase is Phase.CONFIRMED


@pytest.mark.parametrize("offset", [i * 0.02 for i in range(26)])
def test_cancel_crossing_the_200_always_ends_on_both_sides(offset: float) -> None:
    pair = Pair(Manner(answers_after=0.2), faults=Faults(delay=0.05))
    session = pair.alice.call(pair.bob)
    pair.net.clock.call_at(offset, lambda: session.cancel(pair.now))
    pair.net.run(60.0)
    if not session.is_over:
        assert pair.alice.names == ["Progressed", "Answered"]
        session.bye(pair.now)
    else:
        assert pair.alice.events(Failed)[-1].status == 487
        assert {"Cancelled", "Ended"} & set(pair.bob.names)
    pair.settle()


def test_a_cancelled_invite_is_not_tried_again() -> None:
    net, alice, stranger, session = calling_stranger()
    session.credentials = DigestClient("alice", "secret")
    stranger.respond(stranger.request("INVITE"), 100, tag="")
    session.cancel(net.now)
    stranger.respond(stranger.request("INVITE"), 401, headers=CHALLENGE)
    assert len(stranger.requests("INVITE")) == 1
    assert alice.event(Failed).status == 401


def test_ringing_for_ever_ends_with_the_cancel() -> None:
    pair = Pair(RINGING)
    session = pair.alice.call(pair.bob)
    assert isinstance(session, OutboundSession)
    pair.net.run(300.0)
    session.cancel(pair.now)
    pair.settle()
    assert pair.alice.names == ["Progressed", "Failed"]
    assert pair.bob.names == ["Invited", "Cancelled"]
