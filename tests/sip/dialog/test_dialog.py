"""Dialog state: tags, targets, sequence numbers.

Covers RFC 3261 sections 12.1.1, 12.1.2, 12.2.1.2, 12.2.2, 13.2.2.4 and 17.1.1.3. Route
sets are in test_route.py. Left out: sips dialogs, which no trunk of ours uses.
"""

from __future__ import annotations

import pytest

from sip.events import Ended, EndReason, Invited, Offered
from tests.sim.agent import OFFER
from tests.sip.dialog.kit import (
    QUIET,
    calling_stranger,
    in_call_with_stranger,
    stranger_calls,
    stranger_in_call,
)


def test_tags_uris_and_display_names_are_kept_verbatim() -> None:
    local = '"A. \\"Ace\\" Smith" <sip:%61lice@Atlanta.Example;X=y>;tag=CaSe~.1;z=q'
    net, bob, stranger = stranger_calls()
    stranger.remote = "Bob <sip:BOB@biloxi.example;Foo=BAR>"
    stranger.learns = True
    stranger.call_id = "AbC@host"
    stranger.send("INVITE", local=local)
    stranger.send("ACK", local=local)
    session = bob.events(Invited)[1].session
    session.bye(net.now)
    net.transfer()
    bye = stranger.request("BYE")
    assert bye.fields["to"] == [local]
    ours = f"Bob <sip:BOB@biloxi.example;Foo=BAR>;tag={session.local_tag}"
    assert bye.fields["from"] == [ours]
    assert bye.call_id == "AbC@host"


def test_uac_keeps_the_peers_tag_and_the_contact_verbatim() -> None:
    _net, _, stranger, _session = calling_stranger()
    contact = "<sip:%62ob@192.0.2.2:5060;OB;x=Y>;expires=30"
    invite = stranger.request("INVITE")
    stranger.respond(invite, 200, tag="TaG-%-1", contact=contact)
    ack = stranger.request("ACK")
    assert ack.uri == "sip:%62ob@192.0.2.2:5060;OB;x=Y"
    assert ack.fields["to"] == ["<sip:bob@biloxi.example>;tag=TaG-%-1"]
    assert ack.fields["from"] == invite.fields["from"]


def test_rfc3261_13_2_2_4_ack_of_2xx_has_its_own_branch_and_goes_to_the_contact() -> (
    None
):
    _net, _, stranger, _ = calling_stranger()
    invite = stranger.request("INVITE")
    stranger.respond(
        invite,
        200,
        contact="<sip:bob@192.0.2.99:5070>",
        headers="Record-Route: <sip:192.0.2.2;lr>\r\n",
    )
    ack = stranger.request("ACK")
    assert ack.uri == "sip:bob@192.0.2.99:5070"
    assert ack.routes == ["<sip:192.0.2.2;lr>"]
    assert ack.via.branch.startswith("z9hG4bK")
    assert ack.via.branch != invite.via.branch
    assert ack.cseq == (invite.cseq.number, "ACK")
    assert ack.call_id == invite.call_id


def test_rfc3261_17_1_1_3_ack_of_a_refusal_has_the_invites_branch_and_uri() -> None:
    _net, _alice, stranger, _ = calling_stranger()
    invite = stranger.request("INVITE")
    stranger.respond(invite, 486, contact="<sip:elsewhere@192.0.2.99>")
    ack = stranger.request("ACK")
    assert ack.uri == invite.uri == "sip:bob@biloxi.example"
    assert ack.via == invite.via
    assert ack.cseq == (invite.cseq.number, "ACK")
    assert ack.to_tag == "stranger"


def test_rfc3261_12_2_target_refresh_by_re_invite_as_uas() -> None:
    net, bob, stranger = stranger_in_call()
    stranger.send("INVITE", contact="<sip:moved@192.0.2.50:5090>", body=OFFER)
    stranger.send("ACK")
    bob.invited.bye(net.now)
    net.transfer()
    (bye,) = net.packets("BYE")
    assert bye.data.startswith(b"BYE sip:moved@192.0.2.50:5090 ")
    assert bye.target == ("192.0.2.50", 5090)


def test_rfc6141_a_refused_re_invite_leaves_the_target_alone() -> None:
    net, bob, stranger = stranger_in_call()
    bob.watch = lambda event: (
        event.exchange.refuse(488, net.now) if isinstance(event, Offered) else None
    )
    stranger.send("INVITE", contact="<sip:moved@192.0.2.50:5090>", body=OFFER)
    assert stranger.statuses("INVITE")[-1] == 488
    bob.invited.bye(net.now)
    net.transfer()
    assert net.packets("BYE")[0].target == stranger.address


def test_rfc3261_12_2_1_2_target_refresh_by_the_2xx_to_our_re_invite() -> None:
    net, _alice, stranger, session = in_call_with_stranger()
    session.offer(net.now, body=OFFER)
    net.transfer()
    moved = "<sip:moved@192.0.2.50:5090>"
    stranger.respond(stranger.requests("INVITE")[1], 200, contact=moved, body=OFFER)
    net.transfer()
    ack = net.packets("ACK")[-1]
    assert ack.target == ("192.0.2.50", 5090)
    assert ack.data.startswith(b"ACK sip:moved@192.0.2.50:5090 ")


def test_the_2xx_may_move_the_target_of_an_early_dialog() -> None:
    net, _, stranger, _session = calling_stranger()
    invite = stranger.request("INVITE")
    stranger.respond(invite, 180, contact="<sip:bob@192.0.2.60>")
    stranger.respond(invite, 200, contact="<sip:bob@192.0.2.61>")
    assert net.packets("ACK")[0].target == ("192.0.2.61", 5060)


@pytest.mark.parametrize("number", [1, 5])
def test_rfc3261_12_2_2_lower_or_equal_cseq_gets_500(number: int) -> None:
    _, _bob, stranger = stranger_in_call()
    stranger.send("INFO", number=5)
    assert stranger.last.status == 200
    stranger.send("INFO", number=number)
    assert stranger.last.status == 500
    stranger.send("INFO", number=9)
    assert stranger.last.status == 200, "gaps are fine"


def test_cseq_of_our_requests_counts_up_from_the_invites() -> None:
    net, _, stranger, session = in_call_with_stranger()
    for _ in range(2):
        session.info(net.now, content_type="text/plain", body=b"x")
        net.transfer()
        stranger.respond(stranger.request("INFO"), 200)
    session.bye(net.now)
    net.transfer()
    numbers = [r.cseq.number for r in stranger.requests("INFO")]
    assert [*numbers, stranger.request("BYE").cseq.number] == [2, 3, 4]


@pytest.mark.parametrize(
    "forged",
    [
        {"call_id": "another@host"},
        {"local": "<sip:alice@atlanta.example>;tag=forged"},
        {"local": "<sip:alice@atlanta.example>"},
    ],
)
def test_spoofed_bye_gets_481_and_ends_nothing(forged: dict[str, str]) -> None:
    _net, bob, stranger = stranger_in_call()
    stranger.send("BYE", **forged)  # type: ignore[arg-type]
    assert stranger.last.status == 481
    assert not bob.invited.is_over
    assert not bob.events(Ended)
    stranger.send("BYE")
    assert stranger.last.status == 200
    assert bob.event(Ended).reason is EndReason.BYE


def test_spoofed_bye_towards_the_caller_gets_481() -> None:
    _net, _alice, stranger, session = in_call_with_stranger()
    stranger.send("BYE", local="<sip:bob@biloxi.example>;tag=forged")
    assert stranger.last.status == 481
    stranger.send("BYE", remote="<sip:alice@atlanta.example>;tag=unknown")
    assert stranger.last.status == 481
    assert not session.is_over


def test_early_requests_need_the_call_id_too() -> None:
    _net, _alice, stranger, _session = calling_stranger()
    stranger.respond(stranger.request("INVITE"), 180)
    stranger.send("INFO", call_id="another@host")
    assert stranger.last.status == 481
    stranger.send("INFO")
    assert stranger.last.status == 200


def test_an_invite_without_contact_is_answered_towards_its_from() -> None:
    _net, bob, stranger = stranger_calls(QUIET)
    stranger.call_id = "bare"
    stranger.send("INVITE", contact="")
    dialog = bob.events(Invited)[1].session.dialog
    assert dialog is not None
    assert dialog.target == "sip:alice@atlanta.example"
    assert dialog.flow[:3] == ("udp", *stranger.address)


def test_a_2xx_without_contact_is_acknowledged_at_the_request_uri() -> None:
    _, _, stranger, _ = calling_stranger()
    stranger.respond(stranger.request("INVITE"), 200, contact="")
    assert stranger.request("ACK").uri == "sip:bob@biloxi.example"
