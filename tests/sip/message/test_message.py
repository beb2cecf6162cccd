"""Requests and responses as values: look-up, laziness, wire form."""

from __future__ import annotations

import gc

import pytest

from sip.errors import PeerMistake
from sip.message.message import Request, Response
from sip.message.values import Via
from tests.sip.message.sample import BODY, INVITE, OK, request, response, with_lines


def test_first_and_all() -> None:
    message = request(with_lines("Via: SIP/2.0/UDP a, SIP/2.0/TCP b", "Subject: x, y"))
    assert message.first("via") == "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKabc;rport"
    assert message.all("via")[1:] == ["SIP/2.0/UDP a", "SIP/2.0/TCP b"]
    assert message.all("subject") == ["x, y"]
    assert message.first("absent") is None
    assert message.all("absent") == []


def test_all_refuses_an_open_quote() -> None:
    with pytest.raises(PeerMistake, match="400 Route is not valid"):
        request(with_lines('Route: "a, <sip:b>')).all("route")


def test_typed_values_are_made_once() -> None:
    message = request()
    assert message.from_ is message.from_
    assert message.via is message.via


def test_unknown_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = request().nonsense  # type: ignore[attr-defined]


def test_a_message_has_no_dictionary_of_its_own() -> None:
    with pytest.raises(AttributeError):
        request().colour = "red"  # type: ignore[attr-defined]


def test_reading_leaves_no_reference_cycle() -> None:
    gc.collect()
    for _ in range(10):
        message = request()
        _ = message.via, message.from_.uri, message.contact
        del message
    assert gc.collect() == 0


def test_render_gives_back_the_sample() -> None:
    assert request().render() == INVITE
    assert response().render() == OK


def test_render_counts_the_body_anew() -> None:
    message = Request(
        "INFO", "sip:a", {"x-y": ["1", "2"], "content-length": ["9"]}, BODY
    )
    assert message.render() == (
        b"INFO sip:a SIP/2.0\r\nX-Y: 1\r\nX-Y: 2\r\nContent-Length: 10\r\n\r\n" + BODY
    )
    assert (
        Response(180, "R", {}, b"").render()
        == b"SIP/2.0 180 R\r\nContent-Length: 0\r\n\r\n"
    )


def test_any_byte_survives_parse_and_render() -> None:
    every = bytes(byte for byte in range(1, 256) if byte not in b"\r\n").strip(b" \t")
    data = INVITE.replace(b"Allow: INVITE, ACK, BYE", b"Subject: " + every)
    assert request(data).render() == data


def test_replace_via_keeps_the_other_vias() -> None:
    message = request(
        INVITE.replace(
            b";rport\r\n", b";rport, SIP/2.0/TCP c\r\nVia: SIP/2.0/UDP d\r\n"
        )
    )
    assert message.via.branch == "z9hG4bKabc"
    message.replace_via("SIP/2.0/UDP a;branch=new")
    assert message.via == Via("UDP", "a", None, {"branch": "new"})
    assert message.fields["via"] == [
        "SIP/2.0/UDP a;branch=new, SIP/2.0/TCP c",
        "SIP/2.0/UDP d",
    ]


def test_replace_via_before_anybody_read_it() -> None:
    message = request()
    message.replace_via("SIP/2.0/UDP a")
    assert message.fields["via"] == ["SIP/2.0/UDP a"]
    assert message.via.host == "a"


def test_repr_is_the_start_line_alone() -> None:
    assert repr(request()) == "<INVITE sip:+8617000000001@192.0.2.2:5060>"
    assert repr(response()) == "<200 OK>"
