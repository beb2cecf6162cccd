"""Offer and answer in every place: RFC 3261 14, RFC 3264, 3311, 5407, 6337.

Reliable provisional responses and PRACK are in test_reliable.py.
"""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from sip.dialog.offer_answer import TRANSITIONS, Move, Negotiation, step
from sip.dialog.outbound import OutboundSession
from sip.dialog.phase import Phase
from sip.events import (
    Answered,
    Confirmed,
    Ended,
    EndReason,
    OfferAnswered,
    OfferConfirmed,
    Offered,
    OfferRefused,
)
from sip.message.digest import DigestClient
from tests.sim.agent import ANSWER, OFFER, Manner, Phone, sdp
from tests.sim.net import Faults, Net
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
ALLOW_UPDATE = "Allow: INVITE, ACK, BYE, UPDATE\r\n"


@given(st.sampled_from(Negotiation), st.sampled_from(Move))
def test_any_move_in_any_state_has_a_place_or_is_out_of_turn(
    state: Negotiation, move: Move
) -> None:
    after = step(state, move)
    assert after is TRANSITIONS.get((state, move))
    if move is Move.ABANDON:
        assert after in (Negotiation.IDLE, Negotiation.STABLE)
    if after is None:
        offered = state in (Negotiation.LOCAL_OFFER, Negotiation.REMOTE_OFFER)
        assert offered or move in (Move.SEND_ANSWER, Move.RECEIVE_ANSWER)


def test_rfc3264_4_no_two_offers_at_once() -> None:
    for state in (Negotiation.LOCAL_OFFER, Negotiation.REMOTE_OFFER):
        assert step(state, Move.SEND_OFFER) is None
        assert step(state, Move.RECEIVE_OFFER) is None


# -- the first INVITE --------------------------------------------------------------


def test_offer_in_invite_and_answer_in_2xx() -> None:
    pair = Pair()
    ours, theirs = pair.establish()
    assert pair.alice.event(Answered).body == ANSWER
    assert ours.negotiation is theirs.negotiation is Negotiation.STABLE
    assert b"\r\n\r\n" + ANSWER in pair.net.packets("200 INVITE")[0].data


def test_offer_in_2xx_and_answer_in_ack() -> None:
    pair = Pair(Manner(body=OFFER))
    session = pair.alice.call(pair.bob, body=b"")
    pair.net.transfer()
    assert pair.alice.event(Answered).body == OFFER
    assert pair.bob.event(Confirmed).body == ANSWER
    assert session.negotiation is Negotiation.STABLE
    assert pair.bob.invited.negotiation is Negotiation.STABLE
    session.bye(pair.now)
    pair.settle()


def test_an_ack_without_the_answer_that_was_due_gives_the_offer_up() -> None:
    _net, bob, stranger = stranger_in_call(Manner(body=OFFER))
    assert bob.event(Confirmed).body == b""
    stranger.send("INVITE", body=OFFER)
    assert stranger.last.status == 200, "not 491 for ever"


def test_an_ack_with_sdp_nobody_asked_for_is_an_ack() -> None:
    _, bob, stranger = stranger_calls(body=OFFER)
    stranger.send("ACK", body=SECOND)
    assert bob.event(Confirmed).body == b""


def test_a_2xx_without_the_answer_that_was_due_is_an_answer_all_the_same() -> None:
    _, _, stranger, session = in_call_with_stranger()
    assert session.negotiation is Negotiation.STABLE
    stranger.send("INVITE", body=OFFER)
    assert stranger.last.status == 200


def test_our_ack_without_the_answer_that_was_due_leaves_no_offer_behind() -> None:
    net, _alice, stranger, session = calling_stranger(
        alice=Manner(acknowledges=False), body=b""
    )
    stranger.respond(stranger.request("INVITE"), 200, body=OFFER)
    session.acknowledge(net.now)
    stranger.send("INVITE", body=OFFER)
    assert stranger.last.status == 200


def test_an_answer_nobody_asked_for_stays_out_of_the_ack() -> None:
    net, _alice, stranger, session = calling_stranger(alice=Manner(acknowledges=False))
    stranger.respond(stranger.request("INVITE"), 200, body=ANSWER)
    session.acknowledge(net.now, body=SECOND)
    net.transfer()
    assert stranger.request("ACK").body == b""
    assert session.local_body == OFFER or session.local_body == b""


def test_accepting_an_offer_without_an_answer_leaves_no_offer_behind() -> None:
    _, _bob, stranger = stranger_in_call(Manner(body=b""), body=OFFER)
    stranger.send("UPDATE", body=OFFER)
    assert stranger.last.status == 200


# -- re-INVITE ---------------------------------------------------------------------


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


def test_rfc5407_3_1_4_re_invite_before_the_ack_gets_491() -> None:
    _net, bob, stranger = stranger_calls(body=OFFER)
    stranger.send("INVITE", body=SECOND)
    assert stranger.last.status == 491
    stranger.send("ACK", number=1)
    assert bob.invited.phase is Phase.CONFIRMED
    stranger.send("INVITE", body=SECOND)
    assert stranger.last.status == 200


def test_rfc3261_14_1_no_re_invite_of_ours_before_the_ack_of_theirs() -> None:
    net, bob, stranger = stranger_in_call()
    stranger.send("INVITE", body=OFFER)
    bob.invited.offer(net.now, body=SECOND)
    net.transfer()
    assert not stranger.requests("INVITE")
    assert bob.event(OfferRefused).status == 491
    stranger.send("ACK")
    bob.invited.offer(net.now, body=SECOND)
    net.transfer()
    assert len(stranger.requests("INVITE")) == 1


def test_an_offer_while_another_exchange_is_open_is_refused_here() -> None:
    net, bob, stranger = stranger_in_call(SLOW)
    stranger.send("INVITE", body=OFFER)
    bob.invited.offer(net.now, body=SECOND)
    net.transfer()
    assert bob.event(OfferRefused).status == 491
    net, alice, stranger, session = in_call_with_stranger()
    session.offer(net.now, body=SECOND)
    session.offer(net.now, body=SECOND)
    net.transfer()
    assert alice.event(OfferRefused).status == 491
    assert len(stranger.requests("INVITE")) == 2


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


# -- glare -------------------------------------------------------------------------


def test_rfc3261_14_1_glare_gets_491_and_each_side_its_pause() -> None:
    seen: dict[str, list[float]] = {"192.0.2.1": [], "192.0.2.2": []}
    for seed in range(60):
        pair = Pair(faults=Faults(delay=0.05), seed=seed)
        ours, theirs = pair.establish()
        start = pair.now
        ours.offer(start, body=OFFER)
        theirs.offer(start, body=SECOND)
        pair.net.run(6.0)
        assert len(pair.alice.events(OfferAnswered)) == 1
        assert len(pair.bob.events(OfferAnswered)) == 1
        assert len(pair.net.packets("491 INVITE")) >= 2
        for source, waits in seen.items():
            sent = [
                packet.at - start
                for packet in pair.net.packets("INVITE")
                if packet.source[0] == source and packet.at > start
            ]
            waits.append(sent[0] - 0.1)
        ours.bye(pair.now)
        pair.settle()
    owner, other = seen.values()
    assert 2.1 <= min(owner) <= max(owner) <= 4.01
    assert -1e-9 <= min(other) <= max(other) <= 2.01
    for waits in (owner, other):
        assert len(set(waits)) > 30
        assert all(abs(wait * 100 - round(wait * 100)) < 1e-6 for wait in waits)


def test_rfc3311_5_update_crossing_a_re_invite_gets_491() -> None:
    net, _alice, stranger, session = in_call_with_stranger()
    session.offer(net.now, body=OFFER)
    net.transfer()
    stranger.send("UPDATE", body=SECOND)
    assert stranger.last.status == 491
    stranger.send("UPDATE")
    assert stranger.last.status == 200, "without an offer there is no glare"


def test_glare_for_ever_is_told_in_the_end() -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.offer(net.now, body=OFFER)
    for tries in range(4):
        net.run(4.1)
        assert len(stranger.distinct("INVITE")) == tries + 2
        stranger.respond(stranger.request("INVITE"), 491)
    assert alice.event(OfferRefused).status == 491
    assert session.proposal is None


def test_the_peers_re_invite_goes_first_while_ours_pauses() -> None:
    net, alice, stranger, session = in_call_with_stranger(
        alice=Manner(settles_after=6.0)
    )
    session.offer(net.now, body=OFFER)
    net.transfer()
    stranger.respond(stranger.request("INVITE"), 491)
    stranger.send("INVITE", body=SECOND)
    net.run(5.9)
    assert len(stranger.requests("INVITE")) == 2, "ours waits for theirs to be over"
    net.run(0.2)
    assert stranger.last.status == 200
    net.run(4.0)
    assert len(stranger.requests("INVITE")) == 2, "and for its ACK"
    stranger.send("ACK")
    net.run(4.1)
    assert len(stranger.distinct("INVITE")) == 3
    stranger.respond(stranger.request("INVITE"), 200, body=ANSWER)
    assert len(alice.events(OfferAnswered)) == 1


def test_ending_during_the_pause_after_glare() -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.offer(net.now, body=OFFER)
    net.transfer()
    stranger.respond(stranger.request("INVITE"), 491)
    stranger.send("BYE")
    net.settle()
    alice.assert_idle()
    assert len(stranger.requests("INVITE")) == 2


# -- UPDATE ------------------------------------------------------------------------


def test_rfc3311_update_with_an_offer() -> None:
    _, bob, stranger = stranger_in_call()
    stranger.send("UPDATE", body=SECOND, contact="<sip:moved@192.0.2.1:5060>")
    assert bob.event(Offered).body == SECOND
    ok = stranger.last
    assert (ok.status, ok.body) == (200, ANSWER)
    assert ok.fields["contact"] == ["<sip:192.0.2.2:5060>"]
    assert bob.invited.dialog is not None
    assert bob.invited.dialog.target == "sip:moved@192.0.2.1:5060"


def test_rfc3311_update_without_an_offer_refreshes_the_target() -> None:
    _, bob, stranger = stranger_in_call()
    stranger.send("UPDATE", contact="<sip:moved@192.0.2.1:5060>")
    assert (stranger.last.status, stranger.last.body) == (200, b"")
    assert not bob.events(Offered)
    assert bob.invited.dialog is not None
    assert bob.invited.dialog.target == "sip:moved@192.0.2.1:5060"


def test_rfc3311_5_2_an_offer_inside_an_offer_gets_500_and_retry_after() -> None:
    _, _, stranger = stranger_calls(RINGING, body=OFFER)
    stranger.send("UPDATE", body=SECOND)
    assert stranger.last.status == 500, "the INVITE's offer has no answer yet"
    assert stranger.last.retry_after is not None
    _, _, stranger = stranger_in_call(SLOW)
    stranger.send("INVITE", body=OFFER)
    stranger.send("UPDATE", body=SECOND)
    assert stranger.last.status == 500


def test_rfc3311_5_2_an_offer_before_the_first_one_gets_491() -> None:
    _, _, stranger = stranger_calls(RINGING)
    stranger.send("UPDATE", body=SECOND)
    assert stranger.last.status == 491


def test_early_offers_of_ours_go_by_update_or_not_at_all() -> None:
    net, alice, stranger, session = calling_stranger()
    invite = stranger.request("INVITE")
    stranger.respond(invite, 180, headers=ALLOW_UPDATE)
    session.offer(net.now, body=SECOND)
    assert alice.core.ground.events
    net.transfer()
    assert alice.event(OfferRefused).status == 488, "our first offer has no answer"
    stranger.respond(invite, 183, headers="Require: 100rel\r\nRSeq: 1\r\n", body=ANSWER)
    session.offer(net.now, body=SECOND)
    net.transfer()
    update = stranger.request("UPDATE")
    assert update.body == SECOND
    assert update.contact is not None
    stranger.respond(update, 200, body=ANSWER)
    assert alice.event(OfferAnswered).body == ANSWER


def early_offer() -> tuple[Net, Phone, Stranger, OutboundSession]:
    """Have Alice's UPDATE wait for its answer on an early dialog."""
    net, alice, stranger, session = calling_stranger()
    stranger.respond(
        stranger.request("INVITE"),
        183,
        headers=f"Require: 100rel\r\nRSeq: 1\r\n{ALLOW_UPDATE}",
        body=ANSWER,
    )
    session.offer(net.now, body=SECOND)
    net.transfer()
    return net, alice, stranger, session


@pytest.mark.parametrize("status", [481, 408, 491, 488])
def test_an_early_update_that_fails_is_told_and_ends_nothing(status: int) -> None:
    _, alice, stranger, session = early_offer()
    stranger.respond(stranger.request("UPDATE"), status)
    assert alice.event(OfferRefused).status == status
    assert session.is_early


def test_the_2xx_waits_until_an_early_update_is_answered() -> None:
    manner = Manner(
        reliable=True, ring_body=ANSWER, answers_after=None, settles_after=None
    )
    net, bob, stranger = stranger_calls(
        manner, headers="Supported: 100rel\r\n", body=OFFER
    )
    stranger.send("PRACK", headers="RAck: 1 1 INVITE\r\n")
    stranger.send("UPDATE", body=SECOND)
    bob.invited.accept(net.now, body=ANSWER)
    net.transfer()
    assert stranger.statuses("INVITE") == [100, 180]
    bob.event(Offered).exchange.accept(ANSWER, net.now)
    net.transfer()
    assert stranger.responses("UPDATE")[0].body == ANSWER
    assert stranger.statuses("INVITE") == [100, 180, 200]
    assert stranger.last.body == b""


def test_a_2xx_while_an_early_update_of_ours_is_out_brings_no_sdp() -> None:
    manner = Manner(reliable=True, ring_body=ANSWER, answers_after=None)
    net, bob, stranger = stranger_calls(
        manner, headers=f"Supported: 100rel\r\n{ALLOW_UPDATE}", body=OFFER
    )
    stranger.send("PRACK", headers="RAck: 1 1 INVITE\r\n")
    bob.invited.offer(net.now, body=SECOND)
    bob.invited.accept(net.now, body=ANSWER)
    net.transfer()
    assert stranger.request("UPDATE").body == SECOND
    assert stranger.responses("INVITE")[-1].status == 200
    assert stranger.responses("INVITE")[-1].body == b""


def test_a_malformed_contact_in_an_offer_gets_400_and_leaves_no_offer_behind() -> None:
    for method in ("INVITE", "UPDATE"):
        _, bob, stranger = stranger_in_call(body=OFFER)
        stranger.send(method, body=OFFER, contact='"unclosed <sip:x')
        assert stranger.last.status == 400
        stranger.send(method, body=OFFER)
        assert stranger.last.status == 200
        assert len(bob.events(Offered)) == 1


def test_an_update_nobody_settles_ends_with_the_session() -> None:
    net, bob, stranger = stranger_in_call(SLOW, body=OFFER)
    stranger.send("UPDATE", body=SECOND)
    net.run(40.0)
    stranger.send("BYE")
    bob.event(Offered).exchange.refuse(488, net.now)
    net.settle()
    bob.assert_idle()


def test_a_re_invite_that_asks_for_an_offer_may_get_none() -> None:
    _, bob, stranger = stranger_in_call(Manner(body=b""))
    stranger.send("INVITE")
    assert (stranger.last.status, stranger.last.body) == (200, b"")
    stranger.send("ACK")
    assert not bob.events(OfferConfirmed)


def test_an_offer_before_our_answer_to_theirs_is_sent_gets_491() -> None:
    _, alice, stranger, _ = calling_stranger(alice=Manner(acknowledges=False), body=b"")
    stranger.respond(stranger.request("INVITE"), 200, body=OFFER)
    stranger.send("INVITE", body=SECOND)
    assert stranger.last.status == 491
    assert not alice.events(Offered)


def fork(stranger: Stranger, *tags: str) -> None:
    """Ring on several branches of one INVITE."""
    for tag in tags:
        stranger.respond(
            stranger.request("INVITE"),
            183,
            tag=tag,
            headers="Require: 100rel\r\nRSeq: 1\r\n",
            body=ANSWER,
        )


def local(stranger: Stranger, tag: str) -> str:
    """Return From of a branch."""
    return stranger.local.replace("tag=stranger", f"tag={tag}")


def test_an_update_moves_the_target_of_its_own_branch_only() -> None:
    _net, _, stranger, session = calling_stranger()
    fork(stranger, "a", "b")
    moved = "<sip:moved@192.0.2.50>"
    stranger.send("UPDATE", local=local(stranger, "a"), contact=moved)
    stranger.send("UPDATE", local=local(stranger, "a"), contact=moved, body=OFFER)
    assert stranger.last.status == 200
    assert session.early["a"].target == "sip:moved@192.0.2.50"
    assert session.early["b"].target == "sip:bob@192.0.2.2:5060"


def test_an_update_of_a_branch_that_lost_is_answered_and_moves_nothing() -> None:
    net, alice, stranger, session = calling_stranger(alice=SLOW)
    fork(stranger, "a", "b")
    moved = "<sip:moved@192.0.2.50>"
    stranger.send("UPDATE", local=local(stranger, "a"), contact=moved, body=OFFER)
    stranger.respond(stranger.request("INVITE"), 200, tag="b")
    alice.event(Offered).exchange.accept(ANSWER, net.now)
    net.transfer()
    assert stranger.responses("UPDATE")[-1].status == 200
    assert session.dialog is not None
    assert session.dialog.target == "sip:bob@192.0.2.2:5060"


def test_a_2xx_repeated_after_a_bye_we_had_not_acknowledged_draws_nothing() -> None:
    net, alice, stranger, session = calling_stranger(alice=Manner(acknowledges=False))
    stranger.respond(stranger.request("INVITE"), 200, body=ANSWER)
    stranger.send("BYE")
    stranger.respond(stranger.request("INVITE"), 200, body=ANSWER)
    assert not stranger.requests("ACK")
    assert session.is_over
    net.settle()
    alice.assert_idle()
