"""RFC 3261 sections 17.1.1.3 (ACK of a refusal) and 9.1 (CANCEL)."""

from __future__ import annotations

import pytest

from sip.errors import OurMistake
from sip.message.message import Request
from sip.message.parser import parse
from sip.transaction.derived import ack_for, cancel_for
from tests.sip.transaction.kit import request, request_bytes, response, wire

ROUTES = "Route: <sip:p1.example.com;lr>\r\nRoute: <sip:p2.example.com;lr>\r\n"
COPIED = ("via", "from", "to", "call-id")
EXTRAS = "Require: 100rel\r\nProxy-Require: x\r\nContact: <sip:a@192.0.2.2>\r\n"
SENT = request_bytes(headers=ROUTES + EXTRAS)


def made(data: bytes) -> Request:
    """Parse what was rendered."""
    parsed = parse(data)
    assert isinstance(parsed, Request)
    return parsed


def test_rfc3261_17_1_1_3_ack_repeats_the_invite() -> None:
    ack, invite = made(ack_for(SENT, response(486, to_tag="callee"))), request()
    assert ack.method == "ACK"
    assert ack.uri == invite.uri
    for name in ("via", "from", "call-id"):
        assert ack.fields[name] == invite.fields[name]
    assert ack.fields["cseq"] == ["314159 ACK"]


def test_rfc3261_17_1_1_3_to_of_the_ack_is_that_of_the_response() -> None:
    ack = made(ack_for(SENT, response(486, to_tag="callee")))
    assert ack.to_tag == "callee"


def test_rfc3261_17_1_1_3_a_single_via_and_the_routes() -> None:
    two = "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKa, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKb"
    ack = made(ack_for(request_bytes(via=two, headers=ROUTES), response(500)))
    assert ack.fields["via"] == ["SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKa"]
    assert ack.routes == ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"]


def test_rfc3261_9_1_cancel_repeats_the_invite_with_its_to() -> None:
    cancel, invite = made(cancel_for(SENT)), request()
    assert cancel.method == "CANCEL"
    assert cancel.uri == invite.uri
    for name in COPIED:
        assert cancel.fields[name] == invite.fields[name]
    assert cancel.fields["cseq"] == ["314159 CANCEL"]
    assert cancel.routes == ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"]


def test_rfc3261_9_1_cancel_carries_no_require_nor_proxy_require() -> None:
    names = set(made(cancel_for(SENT)).fields)
    assert names == {"max-forwards", "route", "content-length", *COPIED, "cseq"}


def test_only_a_request_can_be_cancelled() -> None:
    with pytest.raises(OurMistake, match="a response cannot"):
        cancel_for(wire(200))
