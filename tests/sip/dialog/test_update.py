"""UPDATE, early and later: RFC 3311, RFC 6337 section 3.3."""

from __future__ import annotations

import pytest

from sip.dialog.outbound import OutboundSession
from sip.events import (
    OfferAnswered,
    Offered,
    OfferRefused,
)
from tests.sim.agent import ANSWER, OFFER, Manner, Phone, sdp
from tests.sim.net import Net
from tests.sim.stranger import Stranger
from tests.sip.dialog.kit import (
    RINGING,
    calling_stranger,
    stranger_calls,
    stranger_in_call,
)

SLOW = Manner(settles_after=None)
SECOND = sdp("second")
ALLOW_UPDATE = "Allow: INVITE, ACK, BYE, UPDATE\r\n"


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
