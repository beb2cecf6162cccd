"""Offer and answer in the first INVITE: RFC 3264 section 4, RFC 6337 section 2.

Reliable provisional responses and PRACK are in test_reliable_*.py, later offers in
test_re_invite.py and test_update.py.
"""

from __future__ import annotations

from hypothesis import given, strategies as st

from sip.dialog.offer_answer import TRANSITIONS, Move, Negotiation, step
from sip.events import (
    Answered,
    Confirmed,
)
from tests.sim.agent import ANSWER, OFFER, Manner, sdp
from tests.sip.dialog.kit import (
    Pair,
    calling_stranger,
    in_call_with_stranger,
    stranger_calls,
    stranger_in_call,
)

SECOND = sdp("second")


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
