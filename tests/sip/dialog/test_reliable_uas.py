"""Reliable provisional responses as UAS: RFC 3262 section 3, RFC 6337 section 3.1."""

from __future__ import annotations

import pytest

from sip.dialog.offer_answer import Negotiation
from sip.dialog.phase import Phase
from sip.events import (
    Cancelled,
    Ended,
    OfferConfirmed,
    Offered,
)
from tests.sim.agent import ANSWER, OFFER, Manner, Phone
from tests.sim.net import Net
from tests.sim.stranger import Stranger
from tests.sip.dialog.kit import calling_stranger, stranger_calls

SUPPORTED = "Supported: 100rel\r\n"
REQUIRED = "Require: 100rel\r\n"
RELIABLE = Manner(reliable=True, answers_after=None)


def rack(number: int = 1, cseq: int = 1, method: str = "INVITE") -> str:
    """Make a RAck line."""
    return f"RAck: {number} {cseq} {method}\r\n"


def test_rfc3262_3_a_reliable_180_is_repeated_until_its_prack() -> None:
    net, _bob, stranger = stranger_calls(RELIABLE, headers=SUPPORTED)
    ringing = stranger.last
    assert ringing.status == 180
    assert ringing.require == {"100rel"}
    assert ringing.rseq == 1
    net.run(4.0)
    times = [packet.at for packet in net.packets("180 INVITE")]
    assert times == pytest.approx([0.0, 0.5, 1.5, 3.5])
    stranger.send("PRACK", headers=rack())
    assert stranger.statuses("PRACK") == [200]
    net.run(60.0)
    assert len(net.packets("180 INVITE")) == 4


def test_rfc3262_3_without_a_prack_in_64_t1_the_invite_is_refused() -> None:
    net, bob, stranger = stranger_calls(RELIABLE, headers=SUPPORTED)
    net.run(32.1)
    assert stranger.statuses("INVITE")[-1] == 504
    assert bob.event(Cancelled).session.is_over
    net.settle()
    bob.assert_idle()


def test_a_peer_that_requires_100rel_always_gets_it() -> None:
    _, _, stranger = stranger_calls(Manner(answers_after=None), headers=REQUIRED)
    assert stranger.last.rseq == 1


def test_a_peer_without_100rel_never_gets_it() -> None:
    net, _, stranger = stranger_calls(RELIABLE)
    assert stranger.last.rseq is None
    net.run(60.0)
    assert stranger.statuses() == [100, 180]


def test_the_second_reliable_response_waits_for_the_first_prack() -> None:
    manner = Manner(rings=(180, 183, 182), reliable=True, answers_after=None)
    _, _, stranger = stranger_calls(manner, headers=SUPPORTED)
    assert stranger.statuses("INVITE") == [100, 180]
    stranger.send("PRACK", headers=rack(1))
    assert stranger.statuses("INVITE") == [100, 180, 183]
    stranger.send("PRACK", headers=rack(2))
    assert stranger.last.rseq == 3


@pytest.mark.parametrize(
    "wrong",
    [rack(2), rack(1, 2), rack(1, 1, "UPDATE"), ""],
    ids=["rseq", "cseq", "method", "none"],
)
def test_rfc3262_3_a_prack_of_nothing_gets_481(wrong: str) -> None:
    _, _, stranger = stranger_calls(RELIABLE, headers=SUPPORTED)
    stranger.send("PRACK", headers=wrong)
    assert stranger.last.status == 481
    stranger.send("PRACK", headers=rack())
    assert stranger.last.status == 200
    stranger.send("PRACK", headers=rack())
    assert stranger.last.status == 481, "it was confirmed already"


def test_a_malformed_rack_gets_400() -> None:
    _, _, stranger = stranger_calls(RELIABLE, headers=SUPPORTED)
    stranger.send("PRACK", headers="RAck: one two\r\n")
    assert stranger.last.status == 400


def test_a_prack_for_unreliable_responses_and_towards_a_caller_gets_481() -> None:
    _, _, stranger = stranger_calls(Manner(answers_after=None))
    stranger.send("PRACK", headers=rack())
    assert stranger.last.status == 481
    _, _, stranger, _ = calling_stranger()
    stranger.respond(stranger.request("INVITE"), 180)
    stranger.send("PRACK", headers=rack())
    assert stranger.last.status == 481


def test_rfc3262_3_the_2xx_waits_for_the_prack() -> None:
    net, bob, stranger = stranger_calls(
        Manner(reliable=True, ring_body=ANSWER), headers=SUPPORTED, body=OFFER
    )
    assert bob.invited.wanted_accept == (ANSWER, "")
    bob.invited.accept(net.now)
    bob.invited.provisional(183, net.now)
    assert stranger.statuses("INVITE") == [100, 180]
    stranger.send("PRACK", headers=rack())
    assert stranger.statuses() == [100, 180, 200, 200]
    ok = stranger.responses("INVITE")[-1]
    assert ok.body == b"", "the answer has been given (RFC 6337 section 3.1.2)"


def test_a_2xx_without_wait_may_repeat_an_unreliable_answer() -> None:
    _, _, stranger = stranger_calls(Manner(ring_body=ANSWER), body=OFFER)
    assert [response.body for response in stranger.responses()] == [b"", ANSWER, ANSWER]


def test_a_cancel_while_the_2xx_waits_wins() -> None:
    net, bob, stranger = stranger_calls(Manner(reliable=True), headers=SUPPORTED)
    stranger.send("CANCEL", branch=stranger.last.via.branch)
    assert stranger.statuses("INVITE")[-1] == 487
    stranger.send("PRACK", headers=rack())
    assert stranger.last.status == 481
    net.settle()
    bob.assert_idle()


def test_refusing_stops_the_repeats() -> None:
    net, bob, _ = stranger_calls(RELIABLE, headers=SUPPORTED)
    bob.invited.refuse(486, net.now)
    net.settle()
    assert len(net.packets("180 INVITE")) == 1
    bob.assert_idle()


def test_offer_in_reliable_1xx_and_answer_in_prack() -> None:
    manner = Manner(rings=(183,), reliable=True, ring_body=OFFER)
    _net, bob, stranger = stranger_calls(manner, headers=SUPPORTED)
    assert bob.invited.has_offer_out
    stranger.send("PRACK", headers=rack(), body=ANSWER)
    assert bob.event(OfferConfirmed).body == ANSWER
    assert stranger.responses("PRACK")[0].body == b""
    assert stranger.responses("INVITE")[-1].status == 200
    assert stranger.responses("INVITE")[-1].body == b""
    assert bob.invited.negotiation is Negotiation.STABLE


def offer_in_prack(bob_manner: Manner) -> tuple[Net, Phone, Stranger]:
    """Have the answer given in a reliable 183, and a PRACK with the next offer."""
    net, bob, stranger = stranger_calls(bob_manner, headers=SUPPORTED, body=OFFER)
    stranger.send("PRACK", headers=rack(), body=b"v=0 next\r\n")
    return net, bob, stranger


def test_offer_in_prack_is_answered_in_its_200() -> None:
    manner = Manner(reliable=True, ring_body=ANSWER, answers_after=None)
    _net, bob, stranger = offer_in_prack(manner)
    assert bob.event(Offered).body == b"v=0 next\r\n"
    assert stranger.responses("PRACK")[0].body == ANSWER
    assert "contact" not in stranger.responses("PRACK")[0].fields


def test_the_2xx_waits_until_the_offer_in_a_prack_is_answered() -> None:
    manner = Manner(reliable=True, ring_body=ANSWER, settles_after=2.0)
    net, bob, stranger = offer_in_prack(manner)
    assert stranger.statuses() == [100, 180]
    net.run(2.0)
    ok, last = stranger.responses()[2:]
    assert ok.cseq.method == "PRACK"
    assert ok.body == ANSWER
    assert last.cseq.method == "INVITE"
    assert last.body == b""
    assert bob.invited.phase is Phase.ACCEPTED


def test_the_2xx_follows_a_refused_offer_in_a_prack_as_well() -> None:
    manner = Manner(
        reliable=True, ring_body=ANSWER, settles_after=2.0, settles_with=488
    )
    net, _bob, stranger = offer_in_prack(manner)
    net.run(2.0)
    assert stranger.statuses() == [100, 180, 488, 200]


def test_a_bye_while_all_wait_ends_all_of_it() -> None:
    manner = Manner(reliable=True, ring_body=ANSWER, settles_after=None)
    net, bob, stranger = offer_in_prack(manner)
    stranger.send("BYE")
    assert stranger.statuses() == [100, 180, 200, 487, 487]
    assert bob.event(Ended)
    net.settle()
    bob.assert_idle()


def test_once_answered_further_reliable_responses_carry_no_sdp() -> None:
    manner = Manner(
        rings=(183, 180), reliable=True, ring_body=ANSWER, answers_after=None
    )
    _, _, stranger = stranger_calls(manner, headers=SUPPORTED, body=OFFER)
    stranger.send("PRACK", headers=rack(1))
    assert [one.body for one in stranger.responses("INVITE")] == [b"", ANSWER, b""]


def test_a_prack_without_the_answer_that_was_due_gives_the_offer_up() -> None:
    manner = Manner(rings=(183,), reliable=True, ring_body=OFFER)
    _net, _bob, stranger = stranger_calls(manner, headers=SUPPORTED)
    stranger.send("PRACK", headers=rack())
    stranger.send("ACK", number=1)
    stranger.send("INVITE", body=OFFER)
    assert stranger.last.status == 200, "no glare with an offer that is long over"
