"""Reliable provisional responses as UAC, and between two cores: RFC 3262, RFC 6337.

Left out: a PRACK of ours that makes an offer, which nothing of ours asks for.
"""

from __future__ import annotations

import pytest

from sip.dialog.offer_answer import Negotiation
from sip.dialog.phase import Phase
from sip.events import (
    Answered,
    Failed,
    OfferAnswered,
    Progressed,
)
from tests.sim.agent import ANSWER, OFFER, Manner
from tests.sim.net import Faults
from tests.sip.dialog.kit import QUIET, Pair, calling_stranger


def reliable(number: int) -> str:
    """Make the lines of a reliable response."""
    return f"Require: 100rel\r\nRSeq: {number}\r\n"


def test_rfc3262_4_a_reliable_response_gets_a_prack_in_its_dialog() -> None:
    _, alice, stranger, session = calling_stranger()
    invite = stranger.request("INVITE")
    routes = "Record-Route: <sip:192.0.2.2;lr>\r\n"
    stranger.respond(invite, 180, headers=reliable(7) + routes, body=ANSWER)
    prack = stranger.request("PRACK")
    assert prack.fields["rack"] == ["7 1 INVITE"]
    assert prack.cseq.number == 2
    assert prack.to_tag == "stranger"
    assert prack.routes == ["<sip:192.0.2.2;lr>"]
    assert prack.body == b""
    assert alice.event(Progressed).needs_answer is False
    assert alice.event(Progressed).body == ANSWER
    assert session.negotiation is Negotiation.STABLE


def test_rfc3262_4_repeats_and_gaps_are_neither_told_nor_confirmed() -> None:
    _, alice, stranger, _ = calling_stranger()
    invite = stranger.request("INVITE")
    for number in (7, 7, 9, 6, 8, 8):
        stranger.respond(invite, 183, headers=reliable(number))
    racks = [prack.fields["rack"][0] for prack in stranger.requests("PRACK")]
    assert racks == ["7 1 INVITE", "8 1 INVITE"]
    assert len(alice.events(Progressed)) == 2
    stranger.respond(invite, 183, headers="Require: 100rel\r\n")
    assert len(alice.events(Progressed)) == 2, "no RSeq: it cannot be confirmed"


def test_each_fork_has_its_own_rseq() -> None:
    _, alice, stranger, _ = calling_stranger()
    for tag, number in (("a", 1), ("b", 500), ("a", 2), ("b", 501)):
        stranger.respond(
            stranger.request("INVITE"), 183, tag=tag, headers=reliable(number)
        )
    assert [
        (p.to_tag, p.fields["rack"][0][:3]) for p in stranger.requests("PRACK")
    ] == [
        ("a", "1 1"),
        ("b", "500"),
        ("a", "2 1"),
        ("b", "501"),
    ]
    assert len(alice.events(Progressed)) == 4


def test_a_repeated_answer_in_a_later_reliable_response_is_no_offer() -> None:
    _, alice, stranger, session = calling_stranger()
    for number in (1, 2):
        stranger.respond(
            stranger.request("INVITE"), 183, headers=reliable(number), body=ANSWER
        )
    assert [event.needs_answer for event in alice.events(Progressed)] == [False, False]
    assert len(stranger.requests("PRACK")) == 2
    assert session.negotiation is Negotiation.STABLE


def test_offer_in_a_reliable_1xx_waits_for_our_answer_in_the_prack() -> None:
    net, alice, stranger, session = calling_stranger(
        alice=Manner(acknowledges=False), body=b""
    )
    invite = stranger.request("INVITE")
    stranger.respond(invite, 183, headers=reliable(1), body=OFFER)
    assert alice.event(Progressed).needs_answer is True
    assert not stranger.requests("PRACK")
    session.acknowledge_progress(net.now, body=ANSWER)
    session.acknowledge_progress(net.now, body=ANSWER)
    net.transfer()
    (prack,) = stranger.requests("PRACK")
    assert prack.body == ANSWER
    assert prack.content_type == "application/sdp"
    stranger.respond(prack, 200)
    stranger.respond(invite, 200)
    assert alice.event(Answered).body == b""
    session.acknowledge(net.now)
    net.transfer()
    assert stranger.request("ACK").body == b""


def test_no_prack_after_cancel() -> None:
    net, _, stranger, session = calling_stranger()
    stranger.respond(stranger.request("INVITE"), 100, tag="")
    session.cancel(net.now)
    stranger.respond(stranger.request("INVITE"), 183, headers=reliable(1))
    assert not stranger.requests("PRACK")


def test_a_prack_refused_with_481_does_not_end_an_early_session() -> None:
    _, alice, stranger, session = calling_stranger()
    stranger.respond(stranger.request("INVITE"), 183, headers=reliable(1))
    stranger.respond(stranger.request("PRACK"), 481)
    assert session.is_early
    assert not alice.events(Failed)


@pytest.mark.parametrize("delayed", [False, True])
def test_two_cores_with_reliable_ringing(delayed: bool) -> None:
    """Delayed: the offer goes in 183, its answer in PRACK."""
    manner = Manner(rings=(183, 180), reliable=True, ring_body=OFFER, answers_after=3.0)
    pair = Pair(manner, faults=Faults(delay=0.05))
    session = pair.alice.call(pair.bob, body=b"" if delayed else OFFER)
    pair.net.run(1.0)
    assert session.negotiation is Negotiation.STABLE
    assert pair.bob.invited.negotiation is Negotiation.STABLE
    session.offer(pair.now, body=OFFER)
    pair.net.run(1.0)
    assert len(pair.alice.events(OfferAnswered)) == 1, "UPDATE before the answer"
    assert len(pair.net.packets("UPDATE")) == 1
    pair.net.run(3.0)
    assert session.phase is Phase.CONFIRMED
    session.bye(pair.now)
    pair.settle()
    assert len(pair.net.packets("PRACK")) == 2


def test_pracks_cross_a_bad_network() -> None:
    manner = Manner(rings=(183, 180), reliable=True, ring_body=ANSWER)
    for seed in range(40):
        pair = Pair(manner, faults=Faults(loss=0.3, jitter=0.2), seed=seed)
        session = pair.alice.call(pair.bob)
        pair.net.run(60.0)
        if session.phase is Phase.CONFIRMED:
            session.bye(pair.now)
        elif session.is_early:
            session.cancel(pair.now)
        pair.settle()


def test_a_quiet_peer_never_sees_a_prack() -> None:
    pair = Pair(QUIET)
    pair.alice.call(pair.bob).cancel(0.0)
    pair.settle()
    assert not pair.net.packets("PRACK")
