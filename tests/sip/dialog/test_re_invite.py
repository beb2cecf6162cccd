"""re-INVITE, both ways: RFC 3261 section 14, RFC 6141, RFC 6337."""

from __future__ import annotations

import pytest

from sip.dialog.offer_answer import Negotiation
from sip.dialog.outbound import OutboundSession
from sip.dialog.phase import Phase
from sip.events import (
    Ended,
    EndReason,
    OfferAnswered,
    OfferConfirmed,
    Offered,
    OfferRefused,
)
from sip.message.digest import DigestClient
from tests.sim.agent import ANSWER, OFFER, Manner, Phone, sdp
from tests.sim.net import Net
from tests.sim.stranger import Stranger
from tests.sip.dialog.kit import (
    RINGING,
    Pair,
    calling_stranger,
    in_call_with_stranger,
    stranger_calls,
    stranger_in_call,
)

SLOW = Manner(settles_after=None)
SECOND = sdp("second")


@pytest.mark.parametrize("by_callee", [False, True])
@pytest.mark.parametrize("delayed", [False, True])
def test_re_invite_both_ways(by_callee: bool, delayed: bool) -> None:
    pair = Pair()
    ours, theirs = pair.establish()
    session, asker, other = (
        (theirs, pair.bob, pair.alice) if by_callee else (ours, pair.alice, pair.bob)
    )
    session.offer(pair.now, body=b"" if delayed else SECOND)
    pair.net.transfer()
    assert other.event(Offered).body == (b"" if delayed else SECOND)
    assert asker.event(OfferAnswered).body == ANSWER
    assert asker.event(OfferAnswered).needs_answer is delayed
    confirmed = [event.body for event in other.events(OfferConfirmed)]
    assert confirmed == ([ANSWER] if delayed else [])
    assert ours.negotiation is theirs.negotiation is Negotiation.STABLE
    assert session.proposal is None
    ours.bye(pair.now)
    pair.settle()


def test_re_invite_has_100_contact_and_the_dialogs_tags() -> None:
    _net, bob, stranger = stranger_in_call()
    stranger.heard.clear()
    stranger.send("INVITE", body=OFFER)
    trying, ok = stranger.responses()
    assert (trying.status, ok.status) == (100, 200)
    assert ok.fields["contact"] == ["<sip:192.0.2.2:5060>"]
    assert ok.body == ANSWER
    assert ok.to_tag == bob.invited.local_tag
    stranger.send("ACK")


def test_rfc3261_14_1_a_refused_re_invite_leaves_the_session_as_it_was() -> None:
    pair = Pair(Manner(settles_with=488))
    ours, _ = pair.establish()
    ours.offer(pair.now, body=SECOND)
    pair.net.transfer()
    assert pair.alice.event(OfferRefused).status == 488
    assert pair.alice.event(OfferRefused).response is not None
    assert ours.phase is Phase.CONFIRMED
    ours.offer(pair.now, body=SECOND)
    pair.net.transfer()
    assert len(pair.alice.events(OfferRefused)) == 2, "another may follow"
    ours.bye(pair.now)
    pair.settle()


@pytest.mark.parametrize("status", [408, 481])
def test_rfc3261_12_2_1_2_a_re_invite_answered_481_or_408_ends_the_dialog(
    status: int,
) -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.offer(net.now, body=SECOND)
    net.transfer()
    stranger.respond(stranger.request("INVITE"), status)
    assert alice.event(Ended).reason is EndReason.PEER_GONE
    assert len(stranger.requests("BYE")) == 1
    net.settle()
    alice.assert_idle()


def test_a_re_invite_nobody_answers_ends_the_dialog() -> None:
    net, alice, _, session = in_call_with_stranger()
    session.offer(net.now, body=SECOND)
    net.settle()
    assert alice.event(Ended).reason is EndReason.PEER_GONE
    alice.assert_idle()


def test_a_repeated_2xx_to_our_re_invite_gets_its_ack_again() -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.offer(net.now, body=SECOND)
    net.transfer()
    for _ in range(3):
        stranger.respond(stranger.request("INVITE"), 200, body=ANSWER)
    acks = stranger.requests("ACK")[1:]
    assert [ack.cseq.number for ack in acks] == [2, 2, 2]
    assert len({ack.via.branch for ack in acks}) == 1
    assert len(alice.events(OfferAnswered)) == 1


def test_our_answer_to_an_offer_in_the_2xx_of_a_re_invite_goes_in_the_ack() -> None:
    net, alice, stranger, session = _unacknowledged()
    session.offer(net.now, body=b"")
    net.transfer()
    invite = stranger.request("INVITE")
    assert "content-type" not in invite.fields
    for _ in range(2):
        stranger.respond(invite, 200, body=SECOND)
    assert len(alice.events(OfferAnswered)) == 1
    before = len(stranger.requests("ACK"))
    session.acknowledge(net.now, body=ANSWER)
    session.acknowledge(net.now, body=ANSWER)
    net.transfer()
    assert len(stranger.requests("ACK")) == before + 1
    assert stranger.request("ACK").body == ANSWER
    assert session.local_body == ANSWER


def _unacknowledged() -> tuple[Net, Phone, Stranger, OutboundSession]:
    """Be in a call with a phone that leaves each ACK to the test."""
    net, alice, stranger, session = calling_stranger(alice=Manner(acknowledges=False))
    stranger.respond(stranger.request("INVITE"), 200)
    session.acknowledge(net.now)
    net.transfer()
    return net, alice, stranger, session


def test_ending_while_an_offer_in_a_2xx_waits_acknowledges_it_first() -> None:
    net, alice, stranger, session = _unacknowledged()
    session.offer(net.now, body=b"")
    net.transfer()
    stranger.respond(stranger.request("INVITE"), 200, body=SECOND)
    session.bye(net.now)
    net.transfer()
    assert [packet.start for packet in net.packets(source=alice)][-2:] == ["ACK", "BYE"]
    assert stranger.request("ACK").cseq.number == 2


def test_an_empty_ack_to_an_offer_in_a_2xx_leaves_no_offer_behind() -> None:
    net, alice, stranger, session = _unacknowledged()
    session.offer(net.now, body=b"")
    net.transfer()
    stranger.respond(stranger.request("INVITE"), 200, body=SECOND)
    session.acknowledge(net.now)
    stranger.send("UPDATE", body=OFFER)
    assert len(alice.events(Offered)) == 1


def test_a_2xx_that_crosses_our_bye_is_acknowledged() -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.offer(net.now, body=SECOND)
    session.bye(net.now)
    net.transfer()
    for _ in range(2):
        stranger.respond(stranger.request("INVITE"), 200, body=ANSWER)
    assert [ack.cseq.number for ack in stranger.requests("ACK")] == [1, 2, 2]
    stranger.respond(stranger.request("BYE"), 200)
    net.settle()
    alice.assert_idle()
    assert not alice.events(OfferAnswered)


def test_a_re_invite_left_with_a_100_is_given_up_after_the_bye() -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.offer(net.now, body=SECOND)
    net.transfer()
    stranger.respond(stranger.request("INVITE"), 100, tag="")
    net.run(100.0)
    assert session.has_offer_out
    session.bye(net.now)
    net.transfer()
    stranger.respond(stranger.request("BYE"), 200)
    net.settle()
    alice.assert_idle()


def test_a_challenged_re_invite_is_answered_once() -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.credentials = DigestClient("alice", "secret")
    challenge = 'Proxy-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-256\r\n'
    session.offer(net.now, body=SECOND)
    net.transfer()
    stranger.respond(stranger.request("INVITE"), 407, headers=challenge)
    again = stranger.request("INVITE")
    assert "proxy-authorization" in again.fields
    assert again.cseq.number == 3
    assert again.body == SECOND
    stranger.respond(again, 407, headers=challenge)
    assert alice.event(OfferRefused).status == 407


def test_rfc3261_14_2_a_second_invite_inside_the_first_gets_500_and_retry_after() -> (
    None
):
    _, bob, stranger = stranger_in_call(SLOW)
    stranger.send("INVITE", body=OFFER)
    waits = set()
    for _ in range(60):
        stranger.send("INVITE", body=OFFER)
        assert stranger.last.status == 500
        assert stranger.last.retry_after is not None
        waits.add(stranger.last.retry_after)
    assert waits <= set(range(11))
    assert len(waits) > 5
    assert len(bob.events(Offered)) == 1


def test_rfc3261_14_2_an_invite_inside_the_first_invite_gets_500() -> None:
    _, bob, stranger = stranger_calls(RINGING)
    stranger.send("INVITE", body=OFFER)
    assert stranger.last.status == 500
    assert not bob.events(Offered)


def test_a_cancelled_re_invite_gets_487_and_the_session_stays() -> None:
    net, bob, stranger = stranger_in_call(SLOW, body=OFFER)
    branch = stranger.send("INVITE", body=OFFER)
    stranger.send("CANCEL", branch=branch)
    assert stranger.statuses()[-2:] == [200, 487]
    stranger.send("ACK", branch=branch)
    bob.event(Offered).exchange.accept(ANSWER, net.now)
    net.transfer()
    assert stranger.last.status == 487, "an answer too late does nothing"
    stranger.send("UPDATE", body=OFFER)
    assert len(bob.events(Offered)) == 2
    assert bob.invited.phase is Phase.CONFIRMED


def test_a_re_invite_whose_ack_never_comes_is_told() -> None:
    net, bob, stranger = stranger_in_call()
    stranger.send("INVITE", body=OFFER)
    net.run(33.0)
    assert bob.names[-1] == "AckMissed"
    assert len(stranger.distinct("BYE")) == 1
    net.settle()
    bob.assert_idle()


def test_a_body_that_is_no_sdp_gets_415() -> None:
    for method in ("INVITE", "UPDATE"):
        _, bob, stranger = stranger_in_call(body=OFFER)
        stranger.send(method, headers="Content-Type: text/plain\r\n", body=b"hello")
        assert stranger.last.status == 415
        assert stranger.last.fields["accept"] == ["application/sdp"]
        assert not bob.events(Offered)


def test_a_re_invite_that_asks_for_an_offer_may_get_none() -> None:
    _, bob, stranger = stranger_in_call(Manner(body=b""))
    stranger.send("INVITE")
    assert (stranger.last.status, stranger.last.body) == (200, b"")
    stranger.send("ACK")
    assert not bob.events(OfferConfirmed)
