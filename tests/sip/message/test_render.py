"""Responses that copy what the request said (RFC 3261 sections 8.2.6, 12.1.1)."""

from __future__ import annotations

import pytest

from sip.message.render import render_request, render_response
from tests.sip.message.sample import (
    BODY,
    INVITE,
    changed,
    request,
    response,
    with_lines,
    without,
)


def test_rfc3261_8_2_6_2_what_is_copied() -> None:
    message = request(with_lines("Via: SIP/2.0/TCP second", "v: third, fourth"))
    assert render_response(message, 486) == (
        b"SIP/2.0 486 Busy Here\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKabc;rport\r\n"
        b"Via: SIP/2.0/TCP second\r\n"
        b"Via: third, fourth\r\n"
        b"From: <sip:+8613800000001@192.0.2.1;user=phone>;tag=From-Tag\r\n"
        b"Call-ID: a84b4c76e66710@192.0.2.1\r\n"
        b"CSeq: 314159 INVITE\r\n"
        b"To: <sip:+8617000000001@192.0.2.2>\r\n"
        b"Content-Length: 0\r\n\r\n"
    )


def test_headers_body_and_reason_are_the_callers() -> None:
    data = render_response(
        request(),
        200,
        "Fine",
        to_tag="t",
        headers="Content-Type: application/sdp\r\n",
        body=BODY,
    )
    message = response(data)
    assert (message.status, message.reason, message.body) == (200, "Fine", BODY)
    assert message.content_type == "application/sdp"
    assert message.to_tag == "t"


def test_rfc3261_8_2_6_2_a_tag_of_the_request_stays() -> None:
    message = request(changed("2.2>\r\n", "2.2>;Tag=there\r\n"))
    assert response(render_response(message, 200, to_tag="mine")).to_tag == "there"


@pytest.mark.parametrize(
    ("to", "line"),
    [
        ("sip:a@b", "To: sip:a@b;tag=t"),
        ('"x <sip:a@b>', 'To: "x <sip:a@b>;tag=t'),
        ("<sip:a@b>;tag=1;tag=2", "To: <sip:a@b>;tag=1;tag=2"),
    ],
)
def test_tag_of_an_unusual_to(to: str, line: str) -> None:
    message = request(changed("<sip:+8617000000001@192.0.2.2>", to))
    assert f"{line}\r\n".encode() in render_response(message, 400, to_tag="t")


def test_each_response_has_its_own_tag() -> None:
    message = request()
    assert b";tag=" not in render_response(message, 100).partition(b"To:")[2]
    assert response(render_response(message, 180, to_tag="a")).to_tag == "a"
    assert response(render_response(message, 180, to_tag="b")).to_tag == "b"


@pytest.mark.parametrize("status", [101, 180, 183, 200, 299])
def test_rfc3261_12_1_1_record_route_makes_the_dialog(status: int) -> None:
    message = request(
        with_lines("Record-Route: <sip:a;lr>, <sip:b;lr>", "record-route: <sip:c>")
    )
    got = response(render_response(message, status))
    assert got.record_routes == ["<sip:a;lr>", "<sip:b;lr>", "<sip:c>"]


@pytest.mark.parametrize("status", [100, 300, 404, 503, 603])
def test_record_route_is_in_no_other_response(status: int) -> None:
    message = request(with_lines("Record-Route: <sip:a;lr>"))
    assert b"Record-Route" not in render_response(message, status)


def test_rfc3261_8_2_6_1_timestamp_is_copied_into_100() -> None:
    message = request(with_lines("Timestamp: 54.21"))
    assert b"\r\nTimestamp: 54.21\r\n" in render_response(message, 100)
    assert b"Timestamp" not in render_response(message, 180)


@pytest.mark.parametrize("name", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_rfc4475_3_3_1_what_is_missing_is_left_out(name: str) -> None:
    data = render_response(request(without(name)), 400, to_tag="t")
    head = data.decode()
    assert f"{name}:" not in head
    assert head.count("\r\n\r\n") == 1
    assert head.count("\r\n") == 7


def test_of_nothing_nothing_is_copied() -> None:
    message = request(b"INVITE sip:a SIP/2.0\r\nl: 0\r\n\r\n")
    assert render_response(message, 400, to_tag="t") == (
        b"SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    )


def test_of_repeated_single_headers_the_first_is_copied() -> None:
    message = request()
    message.fields["to"].append("<sip:other>")
    assert render_response(message, 400).count(b"To:") == 1


def test_replaced_via_is_what_later_responses_copy() -> None:
    message = request()
    render_response(message, 100)
    message.replace_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKabc;received=192.0.2.9")
    assert b"received=192.0.2.9" in render_response(message, 180)


def test_bytes_that_are_no_utf8_come_back_as_they_were() -> None:
    message = request(INVITE.replace(b"From: <", b'From: "\xff\xe9" <'))
    assert b'From: "\xff\xe9" <' in render_response(message, 200)


def test_render_request() -> None:
    data = render_request("INFO", "sip:a", "Via: b\r\n", b"\x00\xff")
    assert data == b"INFO sip:a SIP/2.0\r\nVia: b\r\nContent-Length: 2\r\n\r\n\x00\xff"
    assert render_request("ACK", "sip:a", "").endswith(b"Content-Length: 0\r\n\r\n")
