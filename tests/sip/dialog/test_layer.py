"""What is refused before there is a session: RFC 3261 sections 8.2 and 9.2, 12.2.2."""

from __future__ import annotations

import pytest

from sip.events import Failed, Invited, Requested
from sip.message.message import Response
from tests.sim.agent import OFFER, Phone
from tests.sim.net import Net
from tests.sim.stranger import Stranger
from tests.sip.dialog.kit import (
    ALICE,
    BOB,
    QUIET,
    calling_stranger,
    in_call_with_stranger,
    settings,
    stranger_calls,
)


def meet() -> tuple[Net, Phone, Stranger]:
    """Join Bob and a stranger who has said nothing yet."""
    net = Net()
    bob = Phone(net, BOB, QUIET)
    stranger = Stranger(net, ALICE, bob)
    stranger.learns = False
    return net, bob, stranger


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("BYE", 481),
        ("PRACK", 481),
        ("UPDATE", 481),
        ("INFO", 481),
        ("REGISTER", 405),
        ("SUBSCRIBE", 405),
        ("NOTIFY", 405),
        ("MESSAGE", 405),
        ("PUBLISH", 405),
        ("REFER", 405),
        ("FROB", 501),
        ("invite", 501),
    ],
)
def test_rfc3261_8_2_1_methods(method: str, status: int) -> None:
    net, bob, stranger = meet()
    stranger.send(method)
    assert stranger.last.status == status
    assert stranger.last.to_tag
    if status != 481:
        assert "INVITE" in stranger.last.allow
    assert bob.names == []
    net.settle()
    bob.assert_idle()


def test_a_request_with_an_unknown_tag_gets_481() -> None:
    _, _, stranger = meet()
    for method in ("INVITE", "BYE", "UPDATE", "PRACK", "INFO", "OPTIONS"):
        stranger.send(method, remote="<sip:bob@biloxi.example>;tag=gone")
        assert stranger.last.status == 481


def test_options_outside_a_dialog_is_for_the_application() -> None:
    _net, bob, stranger = meet()
    stranger.send("OPTIONS", headers="Accept: application/sdp\r\n")
    event = bob.event(Requested)
    assert event.request.method == "OPTIONS"
    assert event.flow[:3] == ("udp", *stranger.address)
    assert stranger.last.status == 200
    assert stranger.last.to_tag, "section 8.2.6.2"
    headers = bob.core.layer.options_headers()
    for name in ("Allow", "Supported", "Accept"):
        assert f"{name}: " in headers


def test_rfc3261_8_2_2_1_an_unknown_scheme_gets_416() -> None:
    _, bob, stranger = meet()
    for uri in ("http://example.org/", "nobodyKnows:x", "urn:service:sos"):
        stranger.send("INVITE", uri=uri)
        assert stranger.last.status == 416
    stranger.send("INVITE", uri="tel:+8613800000001", call_id="tel")
    assert bob.event(Invited).request.uri == "tel:+8613800000001"


def test_rfc3261_8_2_2_2_a_merged_request_gets_482() -> None:
    _net, bob, stranger = meet()
    stranger.send("INVITE")
    stranger.send("INVITE", number=1)
    assert stranger.statuses() == [100, 482]
    assert len(bob.events(Invited)) == 1
    stranger.send("OPTIONS", number=7)
    stranger.send("OPTIONS", number=7)
    assert stranger.statuses("OPTIONS") == [200, 482]


def test_rfc3261_8_2_2_3_an_unknown_require_gets_420() -> None:
    _, bob, stranger = meet()
    stranger.send("INVITE", headers="Require: Zeta, 100rel\r\nRequire: alpha\r\n")
    assert stranger.last.status == 420
    assert stranger.last.fields["unsupported"] == ["alpha, zeta"]
    assert bob.names == ["Rejected"]


def test_rfc3261_8_2_3_a_body_we_do_not_know_gets_415() -> None:
    _, bob, stranger = meet()
    for headers in (
        "Content-Type: text/plain\r\n",
        "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n",
    ):
        stranger.send("INVITE", headers=headers, body=b"x")
        assert stranger.last.status == 415
        assert stranger.last.fields["accept"] == ["application/sdp"]
    stranger.send("INVITE", headers="Content-Encoding: gzip\r\n")
    assert stranger.last.status == 415
    assert bob.names == ["Rejected"] * 3


def test_a_multipart_body_is_for_the_application() -> None:
    _, bob, _stranger = stranger_calls(
        QUIET, headers="Content-Type: Multipart/Mixed;boundary=x\r\n", body=b"--x--"
    )
    assert bob.event(Invited).request.body == b"--x--"


@pytest.mark.parametrize(
    "bad",
    [
        'Contact: "unclosed <sip:x>\r\n',
        'Record-Route: <sip:x>, "unclosed <sip:x>\r\n',
        'Allow: INVITE, "unclosed\r\n',
        'Supported: timer, "unclosed\r\n',
        'Require: timer, "unclosed\r\n',
        "Session-Expires: soon\r\nSupported: timer\r\n",
        "Content-Type: nonsense\r\n",
    ],
)
@pytest.mark.parametrize("timer", [0, 1800])
def test_malformed_headers_get_400_and_leave_nothing(bad: str, timer: int) -> None:
    net, bob, stranger = meet()
    bob.core.ground.settings = settings(BOB, session_expires=timer)
    if timer == 0 and bad.startswith("Session-Expires"):
        return
    stranger.send(
        "INVITE", contact="" if bad.startswith("Contact") else None, headers=bad
    )
    assert stranger.last.status == 400
    assert bob.names == ["Rejected"]
    net.settle()
    bob.assert_idle()


@pytest.mark.parametrize(
    "bad",
    [
        'Record-Route: <sip:x>, "unclosed <sip:x>\r\n',
        'Allow: INVITE, "unclosed\r\n',
        'Require: timer, "unclosed\r\n',
        "Session-Expires: soon\r\n",
        "RSeq: soon\r\n",
    ],
)
@pytest.mark.parametrize("status", [183, 200])
def test_a_malformed_response_is_dropped_whole(bad: str, status: int) -> None:
    _net, alice, stranger, session = calling_stranger()
    stranger.respond(stranger.request("INVITE"), status, headers=bad)
    assert alice.names == []
    assert alice.core.counters.malformed == 1
    assert session.is_early
    stranger.respond(stranger.request("INVITE"), 200)
    assert alice.names == ["Answered"]


def test_a_malformed_header_does_not_make_a_refusal_unheard() -> None:
    _, alice, stranger, _ = calling_stranger()
    bad = 'Allow: INVITE, "unclosed\r\nMin-SE: soon\r\n'
    stranger.respond(stranger.request("INVITE"), 486, headers=bad)
    assert alice.event(Failed).status == 486
    _, alice, stranger, _ = calling_stranger()
    stranger.respond(stranger.request("INVITE"), 422, headers=bad)
    assert alice.names == []


def test_a_malformed_contact_drops_a_response_too() -> None:
    net, _alice, stranger, session = in_call_with_stranger()
    session.offer(net.now, body=OFFER)
    net.transfer()
    invite = stranger.request("INVITE")
    stranger.respond(invite, 200, contact='"unclosed <sip:x>')
    assert session.has_offer_out
    stranger.respond(invite, 200)
    assert not session.has_offer_out


def test_responses_to_other_methods_may_hold_what_they_like() -> None:
    net, alice, stranger, session = in_call_with_stranger()
    session.bye(net.now)
    net.transfer()
    stranger.respond(stranger.request("BYE"), 200, headers='Allow: BYE, "unclosed\r\n')
    assert not alice.core.ground.sessions
    assert isinstance(stranger.heard[-1], Response) is False
