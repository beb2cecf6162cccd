"""Where in-dialog requests go: RFC 3261 sections 12.1, 12.2.1.1, 16.12."""

from __future__ import annotations

import pytest

from sip.dialog.dialog import Dialog
from sip.dialog.ground import Ground
from sip.dialog.route import is_address, is_loose, next_hop, uri_of
from sip.events import Invited
from sip.flow import Flow
from sip.tokens import Tokens
from tests.sip.dialog.kit import (
    BOB,
    QUIET,
    Pair,
    in_call_with_stranger,
    settings,
    stranger_calls,
    stranger_in_call,
)

LAST = Flow("udp", "192.0.2.9", 5062, 0, 3)
ROUTES = "Record-Route: <sip:p1.example;lr>, <sip:192.0.2.70;lr>\r\n"
MORE = "Record-Route: <sip:192.0.2.71:5070;lr>;x=1\r\n"


def test_rfc3261_12_1_1_uas_keeps_the_route_set_in_order() -> None:
    net, bob, stranger = stranger_in_call(headers=ROUTES + MORE)
    dialog = bob.invited.dialog
    assert dialog is not None
    assert dialog.routes == [
        "<sip:p1.example;lr>",
        "<sip:192.0.2.70;lr>",
        "<sip:192.0.2.71:5070;lr>;x=1",
    ]
    bob.invited.bye(net.now)
    net.transfer()
    assert net.packets("BYE")[0].target == stranger.address, "a name: the last source"
    assert stranger.request("BYE").routes == dialog.routes
    assert stranger.request("BYE").uri == f"sip:alice@{stranger.sent_by}"


def test_rfc3261_12_1_2_uac_reverses_the_route_set() -> None:
    net, _, _stranger, session = in_call_with_stranger(headers=ROUTES + MORE)
    session.bye(net.now)
    net.transfer()
    (bye,) = net.packets("BYE")
    assert bye.target == ("192.0.2.71", 5070)
    assert [line for line in bye.data.split(b"\r\n") if line[:5] == b"Route"] == [
        b"Route: <sip:192.0.2.71:5070;lr>;x=1",
        b"Route: <sip:192.0.2.70;lr>",
        b"Route: <sip:p1.example;lr>",
    ]


def test_rfc3261_12_1_1_record_route_is_copied_into_18x_and_2xx_but_not_100() -> None:
    _, _, stranger = stranger_calls(headers=ROUTES)
    trying, ringing, ok = stranger.responses()
    assert "record-route" not in trying.fields
    assert ringing.fields["record-route"] == [
        "<sip:p1.example;lr>, <sip:192.0.2.70;lr>"
    ]
    assert ok.fields["record-route"] == ringing.fields["record-route"]


def test_rfc3261_12_2_1_1_strict_router_becomes_the_request_uri() -> None:
    routes = "Record-Route: <sip:192.0.2.70>, <sip:p1.example;lr>\r\n"
    net, bob, _stranger = stranger_in_call(headers=routes)
    bob.invited.bye(net.now)
    net.transfer()
    (bye,) = net.packets("BYE")
    assert bye.data.startswith(b"BYE sip:192.0.2.70 SIP/2.0\r\n")
    assert bye.target == ("192.0.2.70", 5060)
    assert (
        b"Route: <sip:p1.example;lr>\r\n"
        b"Route: <sip:alice@192.0.2.1:5060>\r\nMax-Forwards" in bye.data
    )


def test_a_contact_elsewhere_is_believed_unless_latched() -> None:
    for latch, target in ((0, ("10.1.1.1", 5060)), (1, ("192.0.2.1", 5060))):
        net, bob, stranger = stranger_calls(
            QUIET, bob_settings=settings(BOB, latch=latch)
        )
        stranger.contact = "<sip:alice@10.1.1.1>"
        stranger.call_id = "behind-nat"
        stranger.send("INVITE")
        session = bob.events(Invited)[1].session
        session.accept(net.now)
        net.transfer()
        stranger.send("ACK")
        session.bye(net.now)
        net.transfer()
        assert net.packets("BYE")[0].target == target


def test_latched_dialogs_follow_the_newest_source() -> None:
    _net, bob, stranger = stranger_in_call(bob_settings=settings(BOB, latch=1))
    dialog = bob.invited.dialog
    assert dialog is not None
    dialog.target = "sip:alice@10.1.1.1"
    dialog.aim(Flow("udp", "192.0.2.77", 7777))
    assert dialog.flow == ("udp", "192.0.2.77", 7777, 0, 0)
    stranger.send("INFO")
    assert dialog.flow[:3] == ("udp", *stranger.address)


def test_dialogs_over_tcp_use_the_listener_of_the_contacts_transport() -> None:
    pair = Pair(
        alice_settings=settings("192.0.2.1", "udp", "tcp"),
        bob_settings=settings("192.0.2.2", "udp", "tcp"),
    )
    session = pair.alice.call(pair.bob, transport="tcp")
    pair.net.transfer()
    session.bye(pair.now)
    pair.net.transfer()
    (bye,) = pair.net.packets("BYE")
    assert bye.transport == "tcp"
    assert b"Via: SIP/2.0/TCP 192.0.2.1:5060;branch=" in bye.data
    (invite,) = pair.net.packets("INVITE")
    assert b"Contact: <sip:192.0.2.1:5060;transport=tcp>" in invite.data
    pair.settle()


def test_ipv6_call_from_end_to_end() -> None:
    pair = Pair(hosts=("2001:db8::1", "2001:db8::2"))
    ours, theirs = pair.establish()
    assert ours.dialog is not None
    assert ours.dialog.target == "sip:[2001:db8::2]:5060"
    assert ours.dialog.flow[:3] == ("udp", "2001:db8::2", 5060)
    theirs.bye(pair.now)
    pair.settle()
    (bye,) = pair.net.packets("BYE")
    assert b"Via: SIP/2.0/UDP [2001:db8::2]:5060;branch=" in bye.data


@pytest.mark.parametrize(
    ("uri", "latch", "expected"),
    [
        ("sip:192.0.2.1", False, Flow("udp", "192.0.2.1", 5060)),
        ("sip:192.0.2.1:7000", False, Flow("udp", "192.0.2.1", 7000)),
        ("sip:192.0.2.9:7000", True, Flow("udp", "192.0.2.9", 7000, 0, 3)),
        ("sip:192.0.2.1", True, LAST),
        ("sip:a@host.example", False, LAST),
        ("sip:192.0.2.1;TRANSPORT=TCP", False, Flow("tcp", "192.0.2.1", 5060)),
        ("sip:192.0.2.1;transport=tls", False, Flow("tls", "192.0.2.1", 5061)),
        ("sips:192.0.2.1", False, Flow("tls", "192.0.2.1", 5061)),
        ("sip:192.0.2.1;transport=sctp", False, LAST),
        ("sip:[2001:db8::1]:7", False, Flow("udp", "2001:db8::1", 7)),
        ("tel:+8613800000001", False, LAST),
        ("sip:192.0.2.1:99999", False, LAST),
        ("\x00 nonsense", False, LAST),
    ],
)
def test_next_hop(uri: str, latch: bool, expected: Flow) -> None:
    assert next_hop(uri, LAST, latch=latch) == expected


def test_route_values() -> None:
    assert uri_of('"x" <sip:a;lr>;p') == "sip:a;lr"
    assert uri_of(" sip:a ") == "sip:a"
    assert uri_of("<sip:a") == "<sip:a"
    assert is_loose("<sip:a;LR>")
    assert is_loose("<sip:a;x=1;lr=on>")
    assert not is_loose("<sip:a;lrx>;lr")
    assert is_address("2001:db8::1")
    assert not is_address("example.org")


def test_a_dialog_moves_to_the_listener_of_a_new_transport() -> None:
    ground = Ground(settings(BOB, "udp", "tcp"), Tokens(lambda size: bytes(size)))
    made = Dialog(
        ground,
        call_id="c",
        local="<sip:a>;tag=1",
        local_tag="1",
        remote="<sip:b>;tag=2",
        remote_tag="2",
        target="sip:192.0.2.9;transport=tcp",
        routes=[],
        flow=Flow("udp", "192.0.2.9", 5060),
    )
    assert made.flow == Flow("tcp", "192.0.2.9", 5060, 1)
    assert made.request("INFO", branch="b", seq=1).startswith(
        b"INFO sip:192.0.2.9;transport=tcp SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.2:5060"
    )
