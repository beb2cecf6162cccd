"""One INVITE, many answers: RFC 3261 sections 13.2.2.4 and 12.1.2."""

from __future__ import annotations

from sip.events import Answered, Progressed
from tests.sim.agent import OFFER, Manner
from tests.sim.stranger import Stranger
from tests.sip.dialog.kit import (
    ALICE,
    CAROL,
    QUIET,
    Pair,
    calling_stranger,
    in_call_with_stranger,
    settings,
)


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
