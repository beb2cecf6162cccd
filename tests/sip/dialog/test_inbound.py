"""Sessions the peer began: RFC 3261 sections 9.2, 13.3, 15 and 17.2.1 from above.

Reliable provisional responses are in test_reliable.py, offers in test_offers.py.
"""

from __future__ import annotations

import pytest

from sip.dialog.phase import Phase
from sip.errors import OurMistake
from sip.events import AckMissed, Cancelled, Confirmed, Ended, EndReason, Invited
from sip.transaction.user import Failure
from tests.sim.agent import ANSWER, OFFER, Manner
from tests.sim.net import Faults
from tests.sip.dialog.kit import (
    QUIET,
    RINGING,
    Pair,
    stranger_calls,
    stranger_in_call,
)


def test_rfc3261_17_2_1_100_comes_at_once_and_repeats_get_it_again() -> None:
    net, bob, stranger = stranger_calls(QUIET)
    assert net.now == 0.0
    assert stranger.statuses() == [100]
    stranger.send("INVITE", number=1, branch="z9hG4bK192.0.2.1-1")
    assert stranger.statuses() == [100, 100]
    assert len(bob.events(Invited)) == 1


def test_a_call_answered_and_ended() -> None:
    pair = Pair()
    ours, theirs = pair.establish()
    assert pair.bob.event(Confirmed).body == b""
    theirs.bye(pair.now, headers="Reason: Q.850;cause=16\r\n")
    pair.net.transfer()
    ended = pair.alice.event(Ended)
    assert ended.reason is EndReason.BYE
    assert ended.request is not None
    assert ended.request.q850 == 16
    assert ours.is_over
    pair.settle()


def test_180_never_after_200() -> None:
    net, bob, stranger = stranger_calls(Manner(rings=()))
    session = bob.invited
    session.provisional(180, net.now)
    session.accept(net.now, body=OFFER)
    session.refuse(486, net.now)
    net.transfer()
    assert stranger.statuses() == [100, 200]


def test_nothing_follows_a_refusal() -> None:
    net, bob, stranger = stranger_calls(Manner(rings=(180, 183), status=486))
    session = bob.invited
    session.provisional(180, net.now)
    session.accept(net.now)
    session.refuse(500, net.now)
    session.bye(net.now)
    session.offer(net.now, body=OFFER)
    session.info(net.now, content_type="text/plain", body=b"")
    net.transfer()
    assert stranger.statuses() == [100, 180, 183, 486]
    assert session.is_over
    branch = stranger.responses()[0].via.branch
    stranger.send("ACK", branch=branch)
    net.settle()
    bob.assert_idle()


def test_responses_carry_one_tag_contact_server_and_the_given_headers() -> None:
    net, bob, stranger = stranger_calls(QUIET, body=OFFER)
    session = bob.invited
    session.provisional(
        183, net.now, reason="Hold on", headers="X-A: 1\r\n", body=ANSWER
    )
    session.accept(net.now, body=ANSWER, headers="X-B: 2\r\n")
    net.transfer()
    trying, progress, ok = stranger.responses()
    assert trying.to_tag == ""
    assert progress.to_tag == ok.to_tag == session.local_tag
    assert progress.reason == "Hold on"
    assert progress.fields["x-a"] == ["1"]
    assert progress.body == ok.body == ANSWER
    assert progress.content_type == ok.content_type == "application/sdp"
    assert ok.fields["x-b"] == ["2"]
    assert ok.fields["contact"] == ["<sip:192.0.2.2:5060>"]
    assert ok.fields["server"] == ["veil"]
    assert {"PRACK", "UPDATE", "BYE"} <= ok.allow
    assert {"100rel", "timer"} <= ok.supported


def test_refusals_carry_the_given_reason_and_headers() -> None:
    net, bob, stranger = stranger_calls(QUIET)
    bob.invited.refuse(503, net.now, reason="Busy", headers="Retry-After: 7\r\n")
    net.transfer()
    assert stranger.last.reason == "Busy"
    assert stranger.last.retry_after == 7


def test_rfc3261_13_3_1_4_2xx_is_repeated_until_the_ack() -> None:
    net, bob, stranger = stranger_calls()
    net.run(8.0)
    stranger.send("ACK", number=1)
    net.run(60.0)
    times = [packet.at for packet in net.packets("200 INVITE")]
    assert times == pytest.approx([0.0, 0.5, 1.5, 3.5, 7.5])
    assert len({packet.data for packet in net.packets("200 INVITE")}) == 1
    assert bob.invited.phase is Phase.CONFIRMED


def test_rfc3261_13_3_1_4_no_ack_in_64_t1_is_told_and_the_bye_follows() -> None:
    net, bob, stranger = stranger_calls(Manner(rings=()))
    net.run(31.99)
    assert not bob.events(AckMissed)
    net.run(0.1)
    times = [packet.at for packet in net.packets("200 INVITE")]
    expected = [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert times == pytest.approx(expected)
    assert [at for at, event in bob.told if isinstance(event, AckMissed)] == [32.0]
    assert len(net.packets("BYE")) == 1
    stranger.respond(stranger.request("BYE"), 200)
    net.settle()
    bob.assert_idle()


def test_rfc3261_15_bye_before_the_ack_waits_for_it() -> None:
    net, bob, stranger = stranger_calls(Manner(rings=()))
    bob.invited.bye(net.now, headers="X-Why: 1\r\n")
    net.run(1.0)
    assert not net.packets("BYE")
    stranger.send("ACK")
    assert stranger.request("BYE").fields["x-why"] == ["1"]
    assert bob.names == ["Invited", "Confirmed"]
    stranger.respond(stranger.request("BYE"), 200)
    net.settle()
    bob.assert_idle()


def test_rfc3261_15_bye_that_waits_for_an_ack_is_sent_when_none_comes() -> None:
    net, bob, _stranger = stranger_calls(Manner(rings=()))
    bob.invited.bye(net.now)
    net.run(33.0)
    assert net.packets("BYE")[0].at == 32.0
    assert not bob.events(AckMissed)
    net.settle()
    bob.assert_idle()


def test_bye_on_an_early_session_is_our_mistake() -> None:
    net, bob, _ = stranger_calls(RINGING)
    with pytest.raises(OurMistake):
        bob.invited.bye(net.now)


def test_rfc3261_15_1_2_bye_on_the_early_dialog_ends_the_invite_with_487() -> None:
    net, bob, stranger = stranger_calls(RINGING)
    stranger.send("BYE")
    assert stranger.statuses("BYE") == [200]
    assert stranger.statuses("INVITE") == [100, 180, 487]
    assert bob.event(Ended).reason is EndReason.BYE
    stranger.send("ACK", branch="z9hG4bK192.0.2.1-1", number=1)
    net.settle()
    bob.assert_idle()


def test_bye_before_the_ack_ends_the_session() -> None:
    net, bob, stranger = stranger_calls()
    stranger.send("BYE")
    stranger.send("ACK", number=1)
    assert stranger.statuses() == [100, 180, 200, 200]
    assert bob.names == ["Invited", "Ended"]
    net.settle()
    bob.assert_idle()


def test_rfc3261_9_2_cancel_gets_200_and_the_invite_487() -> None:
    net, bob, stranger = stranger_calls(RINGING)
    branch = stranger.last.via.branch
    stranger.send("CANCEL", branch=branch, headers="Reason: Q.850;cause=16\r\n")
    assert stranger.statuses("CANCEL") == [200]
    assert stranger.statuses("INVITE") == [100, 180, 487]
    assert stranger.responses("CANCEL")[0].to_tag == bob.invited.local_tag
    assert bob.event(Cancelled).request.q850 == 16
    assert bob.event(Cancelled).session.is_over
    stranger.send("ACK", branch=branch)
    net.settle()
    bob.assert_idle()


def test_rfc3261_9_2_cancel_after_the_final_response_changes_nothing() -> None:
    _net, bob, stranger = stranger_calls()
    stranger.send("CANCEL", branch="z9hG4bK192.0.2.1-1")
    assert stranger.statuses("CANCEL") == [200]
    assert not bob.events(Cancelled)
    stranger.send("ACK")
    assert bob.invited.phase is Phase.CONFIRMED


def test_rfc3261_9_2_cancel_of_nothing_gets_481() -> None:
    _, _, stranger = stranger_calls(RINGING)
    stranger.send("CANCEL", branch="z9hG4bKunknown")
    assert stranger.last.status == 481


def test_a_late_ack_and_foreign_acks_are_no_event() -> None:
    _net, bob, stranger = stranger_in_call()
    before = bob.names
    stranger.send("ACK")
    stranger.send("ACK", remote="<sip:bob@biloxi.example>;tag=unknown")
    stranger.send("ACK", number=99)
    assert bob.names == before


def test_an_ack_of_another_number_or_dialog_does_not_confirm() -> None:
    _net, bob, stranger = stranger_calls()
    stranger.send("ACK", number=7)
    stranger.send("ACK", number=1, local="<sip:alice@atlanta.example>;tag=other")
    assert bob.names == ["Invited"]
    stranger.send("ACK", number=1)
    assert bob.invited.phase is Phase.CONFIRMED


def test_failures_of_the_invites_transaction_are_left_to_the_timers() -> None:
    net, bob, _stranger = stranger_calls(RINGING)
    session = bob.invited
    bob.core.unreachable(session.transaction.flow, net.now)
    session.on_failure(session.transaction, Failure.TIMEOUT, net.now)
    assert session.is_early
    assert bob.names == ["Invited"]


def test_a_refusal_whose_ack_never_comes_leaves_nothing_behind() -> None:
    net, bob, _ = stranger_calls(Manner(status=486))
    net.settle()
    bob.assert_idle()
    assert len(net.packets("486 INVITE")) == 11


def test_a_caller_who_vanishes_while_ringing_leaves_nothing_once_refused() -> None:
    net, bob, _ = stranger_calls(Manner(answers_after=60.0, status=480))
    net.settle()
    bob.assert_idle()


def test_lost_ack_is_made_up_for_by_the_repeated_2xx() -> None:
    pair = Pair(faults=Faults(delay=0.05))
    pair.net.drop("ACK", times=3)
    ours = pair.alice.call(pair.bob)
    pair.net.run(10.0)
    assert len(pair.net.packets("ACK")) == 4
    assert len({packet.data for packet in pair.net.packets("ACK")}) == 1
    assert len(pair.bob.events(Confirmed)) == 1
    ours.bye(pair.now)
    pair.settle()
