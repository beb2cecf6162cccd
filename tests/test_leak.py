"""The leak scan must find what it looks for: each way a number may be hidden."""

from __future__ import annotations

import base64

import pytest

from tests.leak import Party, found_in

PARTY = Party(number="+8613800000001", host="127.0.1.2", mark="nightingale")


@pytest.mark.parametrize(
    "text",
    [
        "From: <sip:+8613800000001@h>",
        "From: <sip:8613800000001@h>",
        "From: <sip:008613800000001@h>",
        "From: <tel:013800000001>",
        "From: <tel:13800000001>",
        "From: <tel:+86-138-0000-0001>",
        'From: "(138) 0000 0001" <sip:x@h>',
        "From: <sip:%2B8613800000001@h>",
        "From: <sip:%31%33%38%30%30%30%30%30%30%30%31@h>",
        "X-Backwards: 10000000831",
        "User-to-User: 2B38363133383030303030303031;encoding=hex",
        "Via: SIP/2.0/UDP 127.0.1.2:5060",
        "Call-ID: a-Nightingale-1",
        "X: " + base64.b64encode(b"to +8613800000001!").decode(),
        "X: " + base64.b64encode(b"o +8613800000001!").decode(),
        "X: " + base64.b64encode(b" +8613800000001!").decode(),
        "X: " + base64.b64encode(b"a nightingale sang").decode(),
    ],
)
def test_a_party_is_found_however_it_is_written(text: str) -> None:
    assert found_in(text.encode(), PARTY)


def test_what_both_sides_may_know_is_no_leak() -> None:
    text = "INVITE sip:+8617000000001@127.0.1.1 SIP/2.0\r\nc=IN IP4 127.0.2.2\r\n"
    assert found_in(text.encode(), PARTY) == []


def test_bytes_that_are_no_text_are_scanned_as_well() -> None:
    assert found_in(b"\xff\xfe+8613800000001\xff", PARTY)
