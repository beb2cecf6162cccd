"""Requests inside a dialog and its end: RFC 3261 12.2, 15, RFC 5057, 5407, 6086.

Offers are in test_offers.py, PRACK in test_reliable.py, refreshes in
test_session_timer.py.
"""

from __future__ import annotations

import pytest

from sip.dialog.phase import Phase
from sip.events import Ended, EndReason, InfoReceived, Offered
from sip.message.digest import DigestClient
from tests.sim.agent import OFFER, Manner
from tests.sim.net import Faults
from tests.sip.dialog.kit import Pair, in_call_with_stranger, stranger_in_call

CHALLENGE = 'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-256\r\n'


def test_info_goes_to_the_application_which_answers() -> None:
    net, bob, stranger = stranger_in_call()
    body, kind = b"Signal=5\r\n", "Content-Type: application/dtmf-relay\r\n"
    stranger.send("INFO", headers=kind, body=body)
    assert bob.event(InfoReceived).request.body == body
    assert stranger.last.status == 200
    bob.event(InfoReceived).exchange.refuse(500, net.now)
    net.transfer()
    assert stranger.last.status == 200, "one request, one answer"


def test_an_exchange_can_be_refused_and_accepted() -> None:
    net, bob, stranger = stranger_in_call()
    bob.watch = lambda event: (
        event.exchange.refuse(469, net.now, reason="Bad", headers="X-A: 1\r\n")
        if isinstance(event, InfoReceived)
        else None
    )
    stranger.send("INFO")
    assert (stranger.last.status, stranger.last.reason) == (469, "Bad")
    assert stranger.last.fields["x-a"] == ["1"]
    bob.watch = lambda event: (
        event.exchange.accept(b"", net.now) if isinstance(event, InfoReceived) else None
    )
    stranger.send("INFO")
    assert stranger.last.status == 200


def test_info_of_ours() -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.info(net.now, content_type="application/dtmf-relay", body=b"Signal=5")
    net.transfer()
    info = stranger.request("INFO")
    assert info.content_type == "application/dtmf-relay"
    assert info.body == b"Signal=5"
    stranger.respond(info, 100, tag="")
    stranger.respond(info, 415)
    assert not session.is_over
    assert alice.names == ["Answered"]


def test_options_in_dialog_is_answered_here() -> None:
    _, bob, stranger = stranger_in_call()
    stranger.send("OPTIONS")
    assert stranger.last.status == 200
    assert "INVITE" in stranger.last.allow
    assert "timer" in stranger.last.supported
    assert bob.names == ["Invited", "Confirmed"]


def test_refer_is_declined_and_other_methods_are_not_allowed() -> None:
    _, _, stranger = stranger_in_call()
    stranger.send("REFER", headers="Refer-To: <sip:premium@example.org>\r\n")
    assert stranger.last.status == 603
    for method in ("MESSAGE", "SUBSCRIBE", "FROB"):
        stranger.send(method)
        assert stranger.last.status == 405
        assert "INVITE" in stranger.last.allow


def test_an_unknown_require_inside_a_dialog_gets_420() -> None:
    _, bob, stranger = stranger_in_call()
    stranger.send("INVITE", headers="Require: timer, Foo, bar\r\n", body=OFFER)
    assert stranger.last.status == 420
    assert stranger.last.fields["unsupported"] == ["bar, foo"]
    assert not bob.events(Offered)
    stranger.send("INFO", headers="Require: timer\r\n")
    assert stranger.last.status == 200


@pytest.mark.parametrize("status", [481, 408])
def test_rfc3261_12_2_1_2_481_and_408_end_the_dialog(status: int) -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.info(net.now, content_type="text/plain", body=b"")
    net.transfer()
    stranger.respond(stranger.request("INFO"), status)
    assert alice.event(Ended).reason is EndReason.PEER_GONE
    stranger.respond(stranger.request("BYE"), 481)
    net.settle()
    alice.assert_idle()


def test_a_dead_peer_ends_the_dialog() -> None:
    net, alice, _, session = in_call_with_stranger()
    session.info(net.now, content_type="text/plain", body=b"")
    net.settle()
    assert alice.event(Ended).reason is EndReason.PEER_GONE
    alice.assert_idle()


def test_a_transport_error_inside_a_dialog_does_not_end_it() -> None:
    net, alice, _stranger, session = in_call_with_stranger()
    session.info(net.now, content_type="text/plain", body=b"")
    assert session.dialog is not None
    alice.unreachable(session.dialog.flow, net.now)
    assert session.phase is Phase.CONFIRMED
    session.bye(net.now)
    session.info(net.now, content_type="text/plain", body=b"")
    alice.unreachable(session.dialog.flow, net.now)
    net.settle()
    alice.assert_idle()


def test_a_challenged_bye_is_answered_once() -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.credentials = DigestClient("alice", "secret")
    session.bye(net.now)
    net.transfer()
    stranger.respond(stranger.request("BYE"), 401, headers=CHALLENGE)
    again = stranger.request("BYE")
    assert 'uri="sip:bob@192.0.2.2:5060"' in again.fields["authorization"][0]
    assert again.cseq.number == 3
    stranger.respond(again, 401, headers=CHALLENGE)
    assert len(stranger.requests("BYE")) == 2
    net.settle()
    alice.assert_idle()


def test_a_challenge_we_cannot_answer_is_a_refusal() -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.bye(net.now)
    net.transfer()
    stranger.respond(stranger.request("BYE"), 401, headers=CHALLENGE)
    net.settle()
    alice.assert_idle()


def test_rfc3261_15_bye_crossing_bye_gets_200_both_ways() -> None:
    pair = Pair(faults=Faults(delay=0.05))
    ours, theirs = pair.establish()
    ours.bye(pair.now)
    theirs.bye(pair.now)
    pair.settle()
    assert len(pair.net.packets("200 BYE")) == 2
    assert not pair.alice.events(Ended)
    assert not pair.bob.events(Ended)


def test_a_lost_bye_still_ends_both_sides() -> None:
    pair = Pair()
    ours, _ = pair.establish()
    pair.net.drop("BYE", times=5)
    ours.bye(pair.now)
    pair.settle()
    assert pair.bob.event(Ended).reason is EndReason.BYE


def test_a_bye_nobody_answers_ends_here_after_64_t1() -> None:
    net, alice, _, session = in_call_with_stranger()
    session.bye(net.now)
    net.run(31.9)
    assert alice.core.ground.sessions
    net.run(0.2)
    alice_sessions = alice.core.ground.sessions
    assert not alice_sessions
    net.settle()
    alice.assert_idle()


def test_rfc3261_12_2_2_late_requests_get_481() -> None:
    _, bob, stranger = stranger_in_call()
    stranger.send("BYE")
    for method in ("INVITE", "UPDATE", "INFO", "BYE", "OPTIONS"):
        stranger.send(method)
        assert stranger.last.status == 481, method
    assert bob.names[-1] == "Ended"


def test_requests_that_cross_our_bye_get_481_and_change_nothing() -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.bye(net.now)
    net.transfer()
    for method in ("INVITE", "UPDATE", "INFO", "OPTIONS"):
        stranger.send(method, body=OFFER if method == "INVITE" else b"")
        assert stranger.last.status == 481, method
    stranger.send("BYE")
    assert stranger.last.status == 200
    assert alice.names == ["Answered"]
    stranger.respond(stranger.request("BYE"), 200)
    net.settle()
    alice.assert_idle()


def test_bye_ends_an_open_re_invite_with_487() -> None:
    net, bob, stranger = stranger_in_call(Manner(settles_after=None))
    stranger.send("INVITE", body=OFFER)
    stranger.send("BYE")
    assert stranger.statuses()[-2:] == [200, 487]
    bob.event(Offered).exchange.accept(OFFER, net.now)
    net.settle()
    bob.assert_idle()


def test_our_bye_ends_an_open_re_invite_with_487() -> None:
    net, bob, stranger = stranger_in_call(Manner(settles_after=None))
    stranger.send("INVITE", body=OFFER)
    bob.invited.bye(net.now)
    net.transfer()
    assert stranger.last.status == 487
    assert stranger.distinct("BYE")
    net.settle()
    bob.assert_idle()


def test_a_transport_error_under_an_open_re_invite_changes_nothing() -> None:
    net, bob, stranger = stranger_in_call(Manner(settles_after=None))
    stranger.send("INVITE", body=OFFER)
    bob.core.unreachable(bob.event(Offered).exchange.transaction.flow, net.now)
    bob.event(Offered).exchange.accept(OFFER, net.now)
    net.transfer()
    assert stranger.last.status == 200


def test_an_exchange_may_be_answered_with_any_status_only_once() -> None:
    net, bob, stranger = stranger_in_call(Manner(settles_after=None))
    stranger.send("INVITE", body=OFFER)
    exchange = bob.event(Offered).exchange
    exchange.refuse(488, net.now)
    exchange.accept(OFFER, net.now)
    exchange.refuse(500, net.now)
    net.transfer()
    assert stranger.statuses("INVITE")[-2:] == [100, 488]


def test_both_ends_know_their_role() -> None:
    pair = Pair()
    ours, theirs = pair.establish()
    assert (ours.role, theirs.role) == ("uac", "uas")
    assert (ours.owns_call_id, theirs.owns_call_id) == (True, False)
    ours.context = "mine"
    assert theirs.context is None
    theirs.abandon(pair.now)
    ours.abandon(pair.now)
    ours.confirmed(b"", pair.now)
    assert ours.phase is theirs.phase is Phase.CONFIRMED
