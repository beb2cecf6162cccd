"""Glare and its pauses: RFC 3261 section 14.1, RFC 5407 sections 3.1.4, 3.3."""

from __future__ import annotations

from sip.dialog.phase import Phase
from sip.events import (
    OfferAnswered,
    Offered,
    OfferRefused,
)
from tests.sim.agent import ANSWER, OFFER, Manner, sdp
from tests.sim.net import Faults
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


def test_rfc3311_5_2_an_offer_before_the_first_one_gets_491() -> None:
    _, _, stranger = stranger_calls(RINGING)
    stranger.send("UPDATE", body=SECOND)
    assert stranger.last.status == 491


def test_an_offer_before_our_answer_to_theirs_is_sent_gets_491() -> None:
    _, alice, stranger, _ = calling_stranger(alice=Manner(acknowledges=False), body=b"")
    stranger.respond(stranger.request("INVITE"), 200, body=OFFER)
    stranger.send("INVITE", body=SECOND)
    assert stranger.last.status == 491
    assert not alice.events(Offered)
