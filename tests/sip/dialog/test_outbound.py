"""Sessions of ours: RFC 3261 sections 8.1.3, 9.1, 13.2, 18.1.1, 22; RFC 4028 7.4.

Left out: following a 3xx, which we never do.
"""

from __future__ import annotations

import pytest

from sip.dialog.outbound import OutboundSession
from sip.dialog.phase import Phase
from sip.events import Answered, Failed, Progressed
from sip.flow import Flow
from sip.message.digest import DigestClient
from tests.sim.agent import ANSWER, OFFER, Manner, Phone
from tests.sim.net import Faults, Net
from tests.sim.stranger import Stranger
from tests.sip.dialog.kit import (
    ALICE,
    BOB,
    CAROL,
    QUIET,
    RINGING,
    Pair,
    calling_stranger,
    in_call_with_stranger,
    settings,
)

CHALLENGE = (
    'WWW-Authenticate: Digest realm="r", nonce="n1", algorithm=SHA-256, qop="auth"\r\n'
)
PROXY_CHALLENGE = CHALLENGE.replace("WWW-A", "Proxy-A")


def test_the_invite_says_what_was_asked_for() -> None:
    _, _, stranger, session = calling_stranger()
    invite = stranger.request("INVITE")
    assert invite.uri == "sip:bob@biloxi.example"
    assert invite.fields["from"] == [
        f'"Alice" <sip:alice@atlanta.example>;tag={session.local_tag}'
    ]
    assert invite.fields["to"] == ["<sip:bob@biloxi.example>"]
    assert invite.call_id == session.call_id
    assert invite.cseq == (1, "INVITE")
    assert invite.max_forwards == 70
    assert invite.supported == {"100rel", "timer"}
    assert invite.session_expires is not None
    assert invite.session_expires.seconds == 1800
    assert invite.body == OFFER
    assert invite.via.branch.startswith("z9hG4bK")
    assert invite.via.rport == ""


def test_an_invite_may_go_without_timer_100rel_and_user_agent() -> None:
    net = Net()
    core = settings(ALICE, session_expires=0)
    phone = Phone(net, ALICE, settings=core)
    phone.core.ground.user_agent = ""
    stranger = Stranger(net, BOB, phone)
    phone.core.invite(
        Flow("udp", *stranger.address, 9),
        uri="sip:b@x",
        from_="<sip:a@x>",
        to="<sip:b@x>",
        now=0.0,
        headers="X-A: 1\r\n",
        max_forwards=7,
        reliable=False,
    )
    net.transfer()
    invite = stranger.request("INVITE")
    assert "session-expires" not in invite.fields
    assert "content-type" not in invite.fields
    assert "user-agent" not in invite.fields
    assert invite.supported == {"timer"}
    assert invite.max_forwards == 7
    assert invite.fields["x-a"] == ["1"]


def test_rfc3261_9_1_cancel_waits_for_a_provisional() -> None:
    net, alice, stranger, session = calling_stranger()
    session.cancel(net.now, headers="Reason: SIP;cause=200\r\n")
    session.cancel(net.now)
    net.run(0.4)
    assert not stranger.requests("CANCEL")
    stranger.respond(stranger.request("INVITE"), 100, tag="")
    invite, cancel = stranger.request("INVITE"), stranger.request("CANCEL")
    assert cancel.via == invite.via
    assert cancel.uri == invite.uri
    assert cancel.cseq == (invite.cseq.number, "CANCEL")
    assert cancel.fields["from"] == invite.fields["from"]
    assert cancel.fields["to"] == invite.fields["to"]
    assert cancel.call_id == invite.call_id
    assert cancel.fields["reason"] == ["SIP;cause=200"]
    stranger.respond(cancel, 200)
    stranger.respond(invite, 180)
    assert len(stranger.requests("CANCEL")) == 1
    stranger.respond(invite, 487)
    assert alice.names == ["Failed"]
    assert alice.event(Failed).status == 487
    net.settle()
    alice.assert_idle()


def test_a_cancelled_invite_nobody_answers_times_out() -> None:
    net, alice, stranger, session = calling_stranger()
    session.cancel(net.now)
    net.settle()
    assert not stranger.requests("CANCEL")
    assert alice.event(Failed).status == 408
    alice.assert_idle()


def test_rfc3261_9_1_without_a_final_response_cancel_gives_up_after_64_t1() -> None:
    net, alice, stranger, session = calling_stranger()
    stranger.respond(stranger.request("INVITE"), 180)
    session.cancel(net.now)
    net.run(31.9)
    assert not alice.events(Failed)
    net.run(0.2)
    assert alice.event(Failed).status == 487
    net.settle()
    alice.assert_idle()


def test_late_200_after_cancel_gets_ack_and_bye() -> None:
    net, alice, stranger, session = calling_stranger()
    invite = stranger.request("INVITE")
    stranger.respond(invite, 180)
    session.cancel(net.now)
    net.transfer()
    stranger.respond(invite, 200, body=ANSWER)
    assert [r.cseq.number for r in stranger.requests("ACK")] == [1]
    assert len(stranger.requests("BYE")) == 1
    assert alice.names == ["Progressed", "Failed"]
    assert alice.event(Failed).status == 487
    stranger.respond(invite, 200, body=ANSWER)
    assert len(stranger.requests("ACK")) == 2, "a repeat of it is acknowledged again"
    assert len(stranger.requests("BYE")) == 1
    stranger.respond(stranger.request("BYE"), 200)
    net.settle()
    alice.assert_idle()


def test_a_200_to_a_cancel_still_held_gets_ack_and_bye() -> None:
    net, alice, stranger, session = calling_stranger()
    session.cancel(net.now)
    stranger.respond(stranger.request("INVITE"), 200)
    assert not stranger.requests("CANCEL")
    assert len(stranger.requests("ACK")) == len(stranger.requests("BYE")) == 1
    net.settle()
    alice.assert_idle()


def test_cancel_after_the_answer_does_nothing() -> None:
    net, _, stranger, session = in_call_with_stranger()
    session.cancel(net.now)
    net.transfer()
    assert not stranger.requests("CANCEL")
    assert session.phase is Phase.CONFIRMED


@pytest.mark.parametrize("offset", [i * 0.02 for i in range(26)])
def test_cancel_crossing_the_200_always_ends_on_both_sides(offset: float) -> None:
    pair = Pair(Manner(answers_after=0.2), faults=Faults(delay=0.05))
    session = pair.alice.call(pair.bob)
    pair.net.clock.call_at(offset, lambda: session.cancel(pair.now))
    pair.net.run(60.0)
    if not session.is_over:
        assert pair.alice.names == ["Progressed", "Answered"]
        session.bye(pair.now)
    else:
        assert pair.alice.events(Failed)[-1].status == 487
        assert {"Cancelled", "Ended"} & set(pair.bob.names)
    pair.settle()


def test_rfc3261_13_2_2_4_each_repeated_2xx_gets_the_same_ack() -> None:
    net, alice, stranger, _ = in_call_with_stranger()
    for _ in range(3):
        stranger.respond(stranger.request("INVITE"), 200)
    assert len(net.packets("ACK")) == 4
    assert len({packet.data for packet in net.packets("ACK")}) == 1
    assert len(alice.events(Answered)) == 1


def test_a_repeated_2xx_before_we_acknowledge_draws_nothing() -> None:
    net, alice, stranger, session = calling_stranger(alice=Manner(acknowledges=False))
    stranger.respond(stranger.request("INVITE"), 200)
    stranger.respond(stranger.request("INVITE"), 200)
    assert len(alice.events(Answered)) == 1
    assert not stranger.requests("ACK")
    session.bye(net.now)
    net.transfer()
    assert [r.method for r in stranger.heard if not hasattr(r, "status")] == [
        "INVITE",
        "ACK",
        "BYE",
    ]


def test_repeated_2xx_after_the_end_still_gets_its_ack() -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.bye(net.now)
    net.transfer()
    stranger.respond(stranger.request("BYE"), 200)
    stranger.respond(stranger.request("INVITE"), 200)
    assert len(stranger.requests("ACK")) == 2
    net.settle()
    alice.assert_idle()


def test_forking_opens_an_early_dialog_for_each_branch_and_one_session() -> None:
    net, alice, stranger, session = calling_stranger()
    invite = stranger.request("INVITE")
    for tag in ("a", "b", "c"):
        stranger.respond(invite, 180, tag=tag)
    stranger.respond(invite, 183, tag="a")
    assert set(session.early) == {"a", "b", "c"}
    stranger.respond(invite, 200, tag="b")
    assert session.dialog is not None
    assert session.dialog.remote_tag == "b"
    stranger.respond(invite, 200, tag="a", contact="<sip:a@192.0.2.2:5060>")
    stranger.respond(invite, 200, tag="late")
    (bye_a, bye_late) = stranger.requests("BYE")
    assert (bye_a.to_tag, bye_late.to_tag) == ("a", "late")
    assert bye_a.uri == "sip:a@192.0.2.2:5060"
    assert bye_a.cseq.number == 2
    assert [ack.to_tag for ack in stranger.requests("ACK")] == ["b", "a", "late"]
    assert alice.names == ["Progressed"] * 4 + ["Answered"]
    for bye in (bye_a, bye_late):
        stranger.respond(bye, 200)
    session.bye(net.now)
    net.transfer()
    assert stranger.request("BYE").to_tag == "b"
    stranger.respond(stranger.request("BYE"), 200)
    net.settle()
    alice.assert_idle()


def test_a_fork_that_answers_after_the_session_ended_is_released_too() -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.bye(net.now)
    net.transfer()
    stranger.respond(stranger.request("INVITE"), 200, tag="other", contact="")
    assert stranger.request("ACK").to_tag == "other"
    assert stranger.request("BYE").to_tag == "other"
    assert stranger.request("BYE").uri == "sip:bob@biloxi.example"
    for bye in stranger.requests("BYE"):
        stranger.respond(bye, 200)
    net.settle()
    alice.assert_idle()


def test_more_forks_than_allowed_are_told_but_open_no_dialog() -> None:
    _net, alice, stranger, session = calling_stranger(
        alice_settings=settings(ALICE, max_forks=2)
    )
    for tag in "abc":
        stranger.respond(stranger.request("INVITE"), 180, tag=tag)
    assert set(session.early) == {"a", "b"}
    assert len(alice.events(Progressed)) == 3


def test_a_provisional_without_tag_opens_no_dialog() -> None:
    net, alice, stranger, session = calling_stranger()
    stranger.respond(stranger.request("INVITE"), 183, tag="")
    assert session.dialog is None
    assert alice.event(Progressed).status == 183
    session.offer(net.now, body=OFFER)
    session.info(net.now, content_type="text/plain", body=b"")
    net.transfer()
    assert not stranger.requests("INFO")


def test_a_storm_of_provisionals_leaves_one_dialog() -> None:
    _net, alice, stranger, session = calling_stranger()
    for status in (180, 183, 199, 180, 181, 182) * 20:
        stranger.respond(stranger.request("INVITE"), status)
    assert len(session.early) == 1
    assert len(alice.core.ground.wheel) == 0


def test_provisionals_after_the_2xx_are_not_told() -> None:
    _net, alice, stranger, _session = in_call_with_stranger()
    stranger.respond(stranger.request("INVITE"), 180)
    assert alice.names == ["Answered"]


@pytest.mark.parametrize("status", [302, 401, 404, 407, 486, 488, 491, 503, 603])
def test_a_refusal_is_told_and_acknowledged_and_nothing_is_left(status: int) -> None:
    net, alice, stranger, session = calling_stranger()
    stranger.respond(stranger.request("INVITE"), status)
    failed = alice.event(Failed)
    assert failed.status == status
    assert failed.response is not None
    assert failed.session is session
    assert session.is_over
    assert len(stranger.requests("ACK")) == len(stranger.requests("INVITE")) == 1
    net.settle()
    alice.assert_idle()


def test_nobody_there_is_408_after_64_t1() -> None:
    net, alice, _, _ = calling_stranger()
    net.run(32.1)
    assert [(at, *event[1:]) for at, event in alice.told] == [(32.0, 408, None)]
    assert len(net.packets("INVITE")) == 7
    alice.assert_idle()


def test_a_transport_error_is_503() -> None:
    net, alice, _stranger, session = calling_stranger()
    alice.unreachable(session.flow, net.now)
    net.transfer()
    assert alice.event(Failed).status == 503
    assert alice.event(Failed).response is None
    net.settle()
    alice.assert_idle()


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


def test_a_cancelled_invite_is_not_tried_again() -> None:
    net, alice, stranger, session = calling_stranger()
    session.credentials = DigestClient("alice", "secret")
    stranger.respond(stranger.request("INVITE"), 100, tag="")
    session.cancel(net.now)
    stranger.respond(stranger.request("INVITE"), 401, headers=CHALLENGE)
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


def test_a_cancelled_invite_does_not_fall_back() -> None:
    pair = big_pair()
    pair.net.refusing.add(pair.bob.address)
    session = pair.alice.call(pair.bob, body=BIG, stream_allowed=True)
    session.cancel(pair.now)
    pair.net.transfer()
    assert pair.alice.event(Failed).status == 503
    assert len(pair.net.packets("INVITE")) == 1


def test_the_application_may_answer_after_the_end_without_harm() -> None:
    net, alice, stranger, session = calling_stranger(alice=Manner(acknowledges=False))
    stranger.respond(stranger.request("INVITE"), 200)
    stranger.send("BYE")
    assert session.is_over
    session.acknowledge(net.now)
    session.acknowledge_progress(net.now, body=b"")
    session.cancel(net.now)
    session.bye(net.now)
    session.send(net.now)
    net.transfer()
    assert [packet.start for packet in net.packets(source=alice)] == [
        "INVITE",
        "200 BYE",
    ]
    net.settle()
    alice.assert_idle()


def test_rfc3261_15_the_callee_may_not_bye_an_early_dialog() -> None:
    _net, _alice, stranger, session = calling_stranger()
    stranger.respond(stranger.request("INVITE"), 180)
    stranger.send("BYE")
    assert stranger.last.status == 481
    assert session.is_early


def test_responses_to_an_older_invite_of_the_session_are_not_its_own() -> None:
    _net, alice, stranger, session = calling_stranger()
    first = session.invite
    stranger.respond(stranger.request("INVITE"), 422, headers="Min-SE: 4000\r\n")
    assert first is not None
    from_first = stranger.requests("INVITE")[0]
    stranger.respond(from_first, 200)
    assert alice.names == []


def test_a_third_party_cannot_answer_our_invite() -> None:
    pair = Pair(QUIET)
    carol = Stranger(pair.net, CAROL, pair.alice)
    session = pair.alice.call(pair.bob)
    pair.net.transfer()
    invite = pair.net.packets("INVITE")[0]
    forged = b"SIP/2.0 200 OK" + invite.data[invite.data.index(b"\r\n") :]
    carol.say(forged.replace(b"branch=z9hG4bK", b"branch=z9hG4bKx"))
    assert session.is_early
    assert pair.alice.core.counters.stray == 1


def test_ringing_for_ever_ends_with_the_cancel() -> None:
    pair = Pair(RINGING)
    session = pair.alice.call(pair.bob)
    assert isinstance(session, OutboundSession)
    pair.net.run(300.0)
    session.cancel(pair.now)
    pair.settle()
    assert pair.alice.names == ["Progressed", "Failed"]
    assert pair.bob.names == ["Invited", "Cancelled"]
