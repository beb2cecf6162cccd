"""Session timers: RFC 4028 sections 4, 5, 7 to 10, in every role.

The 422 to an INVITE of ours is in test_outbound.py.
"""

from __future__ import annotations

import pytest

from sip.dialog.interval import Interval, lines_for
from sip.dialog.outbound import OutboundSession
from sip.events import Ended, EndReason, Invited, OfferAnswered, Offered, OfferRefused
from tests.sim.agent import ANSWER, OFFER, Manner, Phone
from tests.sim.net import Faults, Net
from tests.sim.stranger import Stranger
from tests.sip.dialog.kit import (
    ALICE,
    BOB,
    QUIET,
    Pair,
    in_call_with_stranger,
    settings,
    stranger_calls,
    stranger_in_call,
)

TIMER = "Supported: timer\r\n"
ALLOW_UPDATE = "Allow: INVITE, UPDATE\r\n"


def expires(seconds: int, refresher: str = "") -> str:
    """Make a Session-Expires line."""
    tail = f";refresher={refresher}" if refresher else ""
    return f"Session-Expires: {seconds}{tail}\r\n"


# -- what is agreed ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "stated", "required"),
    [
        (TIMER + expires(600), "600;refresher=uac", True),
        (TIMER + expires(600, "uac"), "600;refresher=uac", True),
        (TIMER + expires(600, "uas"), "600;refresher=uas", False),
        (TIMER, "1800;refresher=uac", True),
        ("", None, False),
        (expires(600), None, False),
    ],
)
def test_rfc4028_9_what_our_2xx_states(
    headers: str, stated: str | None, required: bool
) -> None:
    _, bob, stranger = stranger_calls(Manner(rings=()), headers=headers)
    ok = stranger.last
    assert ok.first("session-expires") == stated
    assert ("timer" in ok.require) is required
    assert (bob.invited.interval is None) is (stated is None)


def test_without_a_session_timer_of_ours_none_is_stated() -> None:
    _, bob, stranger = stranger_calls(
        Manner(rings=()),
        headers=TIMER + expires(600),
        bob_settings=settings(BOB, session_expires=0),
    )
    assert "session-expires" not in stranger.last.fields
    assert bob.invited.interval is None


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_rfc4028_5_too_short_an_interval_gets_422_with_min_se(method: str) -> None:
    _, _, stranger = stranger_in_call(headers=TIMER)
    for body in (OFFER, b""):
        stranger.send(method, headers=TIMER + expires(60), body=body)
        assert stranger.last.status == 422
        assert stranger.last.min_se == 90
        assert stranger.last.to_tag


def test_rfc4028_5_too_short_an_interval_of_a_new_invite_gets_422() -> None:
    net, bob, stranger = stranger_calls(QUIET, headers=TIMER + expires(89))
    assert stranger.statuses() == [422]
    assert stranger.last.min_se == 90
    assert not bob.events(Invited)
    net.settle()
    bob.assert_idle()


def test_422_is_never_for_a_peer_without_timers() -> None:
    _, _bob, stranger = stranger_calls(QUIET, headers=expires(60))
    assert stranger.statuses() == [100]


@pytest.mark.parametrize(
    ("headers", "interval"),
    [
        (expires(600, "uac"), Interval(600, is_ours=True)),
        (expires(600, "uas"), Interval(600, is_ours=False)),
        (expires(600), Interval(600, is_ours=True)),
        (expires(20, "uac"), Interval(90, is_ours=True)),
        ("", None),
    ],
)
def test_rfc4028_7_2_what_a_2xx_makes_us_do(
    headers: str, interval: Interval | None
) -> None:
    _, _, _, session = in_call_with_stranger(headers=headers)
    assert session.interval == interval


def test_a_caller_without_session_timer_runs_none() -> None:
    _, _, _, session = in_call_with_stranger(
        headers=expires(600), alice_settings=settings(ALICE, session_expires=0)
    )
    assert session.interval is None


@pytest.mark.parametrize("we_serve", [False, True])
@pytest.mark.parametrize("is_ours", [False, True])
def test_the_refresher_is_named_by_role(we_serve: bool, is_ours: bool) -> None:
    text = lines_for(Interval(600, is_ours=is_ours), we_serve=we_serve)
    assert ("refresher=uas" in text) is (we_serve == is_ours)
    assert ("Require: timer" in text) is (we_serve and not is_ours)
    assert lines_for(None, we_serve=we_serve) == ""


# -- we refresh --------------------------------------------------------------------


def test_rfc4028_10_refresh_by_update_at_half_time() -> None:
    net, alice, stranger, _session = in_call_with_stranger(
        headers=expires(600, "uac") + ALLOW_UPDATE
    )
    net.run(299.9)
    assert not stranger.requests("UPDATE")
    net.run(0.2)
    update = stranger.request("UPDATE")
    assert update.body == b""
    assert update.first("session-expires") == "600;refresher=uac"
    stranger.respond(update, 200, headers=expires(600, "uac"))
    net.run(299.9)
    assert len(stranger.distinct("UPDATE")) == 1
    net.run(0.2)
    assert len(stranger.distinct("UPDATE")) == 2
    assert alice.names == ["Answered"], "refreshes are no news"


def test_rfc4028_10_refresh_by_re_invite_where_update_is_not_allowed() -> None:
    net, alice, stranger, session = in_call_with_stranger(
        headers=expires(600, "uac") + "Allow: INVITE, ACK, BYE\r\n"
    )
    session.offer(net.now, body=ANSWER)
    net.transfer()
    stranger.respond(
        stranger.request("INVITE"), 200, headers=expires(600, "uac"), body=OFFER
    )
    net.run(300.0)
    invite = stranger.request("INVITE")
    assert invite.cseq.number == 3
    assert invite.body == ANSWER, "our last description, unchanged (7.4)"
    stranger.respond(invite, 200, headers=expires(600, "uac"), body=OFFER)
    assert stranger.request("ACK").cseq.number == 3
    assert len(alice.events(OfferAnswered)) == 1


def test_the_callee_refreshes_when_asked_to() -> None:
    net, _bob, stranger = stranger_in_call(
        headers=TIMER + expires(600, "uas") + ALLOW_UPDATE
    )
    net.run(300.0)
    update = stranger.request("UPDATE")
    assert update.first("session-expires") == "600;refresher=uac"


@pytest.mark.parametrize("status", [408, 481])
def test_rfc4028_10_a_refresh_without_answer_ends_the_session(status: int) -> None:
    net, alice, stranger, _session = in_call_with_stranger(
        headers=expires(600, "uac") + ALLOW_UPDATE
    )
    net.run(300.0)
    stranger.respond(stranger.request("UPDATE"), status)
    assert alice.event(Ended).reason is EndReason.PEER_GONE
    assert len(stranger.distinct("BYE")) == 1


def test_a_refused_refresh_is_tried_again_until_the_time_is_over() -> None:
    net, alice, stranger, _session = in_call_with_stranger(
        headers=expires(600, "uac") + ALLOW_UPDATE
    )
    net.run(300.0)
    for tries in range(1, 6):
        assert len(stranger.distinct("UPDATE")) == tries
        stranger.respond(stranger.request("UPDATE"), 500)
        net.run(60.0)
    assert alice.event(Ended).reason is EndReason.EXPIRED
    assert [at for at, event in alice.told if isinstance(event, Ended)] == [568.0]
    assert not alice.events(OfferRefused)


def test_a_refresh_that_finds_an_exchange_open_waits_for_it() -> None:
    net, alice, stranger, _session = in_call_with_stranger(
        alice=Manner(settles_after=None), headers=expires(600, "uac") + ALLOW_UPDATE
    )
    net.run(299.0)
    stranger.send("INVITE", body=OFFER)
    net.run(61.5)
    assert not stranger.requests("UPDATE")
    alice.event(Offered).exchange.refuse(488, net.now)
    net.run(60.0)
    assert len(stranger.distinct("UPDATE")) == 1


# -- the peer refreshes ------------------------------------------------------------


def expiring() -> tuple[Net, Phone, Stranger, OutboundSession]:
    """Be in a call that the peer has to refresh every 600 seconds."""
    return in_call_with_stranger(headers=expires(600, "uas") + ALLOW_UPDATE)


def test_rfc4028_10_without_a_refresh_the_session_ends_in_time() -> None:
    net, alice, stranger, session = expiring()
    net.run(567.9)
    assert not session.is_over
    net.run(0.2)
    assert alice.event(Ended).reason is EndReason.EXPIRED
    assert alice.event(Ended).request is None
    assert len(stranger.distinct("BYE")) == 1
    net.settle()
    alice.assert_idle()


@pytest.mark.parametrize("method", ["UPDATE", "INVITE"])
def test_a_refresh_by_either_method_moves_the_end(method: str) -> None:
    net, alice, stranger, session = expiring()
    net.run(500.0)
    body = OFFER if method == "INVITE" else b""
    stranger.send(method, headers=TIMER + expires(600, "uac"), body=body)
    assert stranger.last.first("session-expires") == "600;refresher=uac"
    stranger.send("ACK")
    net.run(567.0)
    assert not session.is_over
    net.run(1.1)
    assert alice.event(Ended).reason is EndReason.EXPIRED


def test_a_refresh_may_drop_the_timer() -> None:
    net, alice, stranger, session = expiring()
    stranger.send("UPDATE")
    assert session.interval is None
    net.run(4000.0)
    assert not session.is_over
    session.bye(net.now)
    net.settle()
    alice.assert_idle()


def test_an_update_on_an_early_dialog_arms_nothing_that_outlives_it() -> None:
    net, bob, stranger = stranger_calls(Manner(answers_after=None), headers=TIMER)
    stranger.send("UPDATE", headers=TIMER + expires(100))
    assert stranger.last.status == 200
    net.run(80.0)
    assert bob.invited.is_early, "no session yet that could expire"
    bob.invited.refuse(486, net.now)
    net.settle()
    bob.assert_idle()


# -- two cores ---------------------------------------------------------------------


@pytest.mark.parametrize("update", [True, False])
@pytest.mark.parametrize("refresher", ["uac", "uas"])
def test_two_cores_hold_a_call_for_hours(refresher: str, update: bool) -> None:
    pair = Pair(faults=Faults(delay=0.05))
    ours = pair.alice.call(pair.bob)
    outbox = pair.alice.core.ground.outbox
    invite, flow = outbox[0]
    asked = f"Session-Expires: 1800;refresher={refresher}".encode()
    outbox[0] = (invite.replace(b"Session-Expires: 1800", asked), flow)
    pair.net.roundtrip()
    pair.net.roundtrip()
    theirs = pair.bob.invited
    if not update:
        ours.peer_allows = theirs.peer_allows = frozenset({"INVITE"})
    pair.net.run(4 * 3600.0)
    assert not ours.is_over
    refreshes = pair.net.packets("UPDATE" if update else "INVITE")
    if not update:
        del refreshes[0]
    sender = pair.alice if refresher == "uac" else pair.bob
    assert {packet.source for packet in refreshes} == {sender.address}
    assert len(refreshes) in (15, 16)
    pair.net.passes = lambda packet: False
    pair.net.run(1800.0)
    assert pair.alice.event(Ended).reason in (EndReason.EXPIRED, EndReason.PEER_GONE)
    assert pair.bob.event(Ended).reason in (EndReason.EXPIRED, EndReason.PEER_GONE)
    pair.settle()


def test_a_refresh_refused_after_the_timer_was_dropped_is_forgotten() -> None:
    net, alice, stranger, session = in_call_with_stranger(
        headers=expires(600, "uac") + ALLOW_UPDATE
    )
    net.run(300.0)
    stranger.send("UPDATE")
    assert session.interval is None
    stranger.respond(stranger.request("UPDATE"), 500)
    net.run(4000.0)
    assert len(stranger.distinct("UPDATE")) == 1
    assert alice.names == ["Answered"]
