"""An INVITE sent again: RFC 3261 18.1.1 and 22, RFC 4028 7.3, RFC 8760."""

from __future__ import annotations

import pytest

from sip.dialog.phase import Phase
from sip.events import Failed
from sip.flow import Flow
from sip.message.digest import DigestClient
from tests.sim.agent import OFFER, Phone
from tests.sim.net import Net
from tests.sim.stranger import Stranger
from tests.sip.dialog.kit import (
    ALICE,
    BOB,
    Pair,
    calling_stranger,
    settings,
)

CHALLENGE = (
    'WWW-Authenticate: Digest realm="r", nonce="n1", algorithm=SHA-256, qop="auth"\r\n'
)
PROXY_CHALLENGE = CHALLENGE.replace("WWW-A", "Proxy-A")


def test_rfc4028_7_3_422_is_tried_again_with_the_peers_minimum() -> None:
    _net, alice, stranger, session = calling_stranger(
        alice_settings=settings(ALICE, session_expires=120)
    )
    stranger.respond(stranger.request("INVITE"), 422, headers="Min-SE: 400\r\n")
    again = stranger.request("INVITE")
    assert again.cseq.number == 2
    assert again.call_id == session.call_id
    assert again.from_tag == session.local_tag
    assert again.session_expires is not None
    assert again.session_expires.seconds == 400
    assert again.min_se == 400
    stranger.respond(again, 200)
    assert alice.names == ["Answered"]


def test_422_for_ever_or_without_min_se_fails() -> None:
    _, alice, stranger, _ = calling_stranger()
    for tries in (1, 2, 3):
        assert len(stranger.requests("INVITE")) == tries
        stranger.respond(stranger.request("INVITE"), 422, headers="Min-SE: 4000\r\n")
    assert alice.event(Failed).status == 422
    _net, alice, stranger, _ = calling_stranger()
    stranger.respond(stranger.request("INVITE"), 422)
    assert alice.event(Failed).status == 422


def challenged(status: int, challenge: str) -> tuple[Net, Phone, Stranger]:
    """Have a call with credentials challenged."""
    net, alice, stranger, session = calling_stranger()
    session.credentials = DigestClient("alice", "secret")
    stranger.respond(stranger.request("INVITE"), status, headers=challenge)
    return net, alice, stranger


@pytest.mark.parametrize(
    ("status", "challenge", "name"),
    [(401, CHALLENGE, "authorization"), (407, PROXY_CHALLENGE, "proxy-authorization")],
)
def test_a_challenge_is_answered_once(status: int, challenge: str, name: str) -> None:
    net, alice, stranger = challenged(status, challenge)
    first, second = stranger.requests("INVITE")
    assert name not in first.fields
    assert 'uri="sip:bob@biloxi.example"' in second.fields[name][0]
    assert second.cseq.number == 2
    assert second.via.branch != first.via.branch
    assert second.call_id == first.call_id
    stranger.respond(second, status, headers=challenge)
    assert alice.event(Failed).status == status
    net.settle()
    alice.assert_idle()


def test_a_challenge_after_a_422_is_answered_and_the_422_remembered() -> None:
    _net, _alice, stranger, session = calling_stranger()
    session.credentials = DigestClient("alice", "secret")
    stranger.respond(stranger.request("INVITE"), 422, headers="Min-SE: 4000\r\n")
    stranger.respond(stranger.request("INVITE"), 401, headers=CHALLENGE)
    third = stranger.request("INVITE")
    assert "authorization" in third.fields
    assert third.min_se == 4000


@pytest.mark.parametrize("challenge", ["", "WWW-Authenticate: Basic realm=x\r\n"])
def test_a_challenge_we_cannot_answer_fails(challenge: str) -> None:
    _, alice, stranger = challenged(401, challenge)
    assert len(stranger.requests("INVITE")) == 1
    assert alice.event(Failed).status == 401


BIG = OFFER + b"a=x:" + b"y" * 1400 + b"\r\n"


def big_pair() -> Pair:
    """Both sides listen on UDP and TCP."""
    return Pair(
        alice_settings=settings(ALICE, "udp", "tcp"),
        bob_settings=settings(BOB, "udp", "tcp"),
    )


def test_rfc3261_18_1_1_a_large_invite_goes_by_tcp() -> None:
    pair = big_pair()
    session = pair.alice.call(pair.bob, body=BIG, stream_allowed=True)
    pair.net.transfer()
    (invite,) = pair.net.packets("INVITE")
    assert invite.transport == "tcp"
    assert b"Via: SIP/2.0/TCP 192.0.2.1:5060" in invite.data
    assert {packet.transport for packet in pair.net.log} == {"tcp"}
    session.bye(pair.now)
    pair.settle()


def test_rfc3261_18_1_1_a_small_invite_stays_on_udp() -> None:
    pair = big_pair()
    pair.alice.call(pair.bob, stream_allowed=True).context = "kept"
    pair.net.transfer()
    assert {packet.transport for packet in pair.net.log} == {"udp"}


def test_a_large_invite_stays_on_udp_unless_allowed_and_possible() -> None:
    pair = big_pair()
    pair.alice.call(pair.bob, body=BIG)
    pair.net.transfer()
    assert pair.net.packets("INVITE")[0].transport == "udp"
    alone = Pair()
    alone.alice.call(alone.bob, body=BIG, stream_allowed=True)
    alone.net.transfer()
    assert alone.net.packets("INVITE")[0].transport == "udp"


def test_rfc3261_18_1_1_without_tcp_a_large_invite_falls_back_on_udp() -> None:
    pair = big_pair()
    pair.net.refusing.add(pair.bob.address)
    session = pair.alice.call(pair.bob, body=BIG, stream_allowed=True)
    pair.net.run(1.0)
    refused, sent = pair.net.packets("INVITE")
    assert (refused.transport, sent.transport) == ("refused", "udp")
    assert b"Via: SIP/2.0/UDP" in sent.data
    assert session.phase is Phase.CONFIRMED
    session.bye(pair.now)
    pair.settle()


def test_the_fall_back_keeps_the_credentials() -> None:
    pair = big_pair()
    session = pair.alice.call(pair.bob, body=BIG, stream_allowed=True)
    draft = session.draft
    assert draft is not None
    session.draft = draft._replace(credentials="Authorization: Digest x=y\r\n")
    pair.alice.unreachable(Flow("tcp", *pair.bob.address), pair.now)
    pair.net.transfer()
    last = pair.net.packets("INVITE")[-1]
    assert last.transport == "udp"
    assert b"Authorization: Digest x=y\r\n" in last.data


def test_responses_to_an_older_invite_of_the_session_are_not_its_own() -> None:
    _net, alice, stranger, session = calling_stranger()
    first = session.invite
    stranger.respond(stranger.request("INVITE"), 422, headers="Min-SE: 4000\r\n")
    assert first is not None
    from_first = stranger.requests("INVITE")[0]
    stranger.respond(from_first, 200)
    assert alice.names == []


def test_a_cancelled_invite_does_not_fall_back() -> None:
    pair = big_pair()
    pair.net.refusing.add(pair.bob.address)
    session = pair.alice.call(pair.bob, body=BIG, stream_allowed=True)
    session.cancel(pair.now)
    pair.net.transfer()
    assert pair.alice.event(Failed).status == 503
    assert len(pair.net.packets("INVITE")) == 1
