"""RFC 5118, all 12 IPv6 messages, on the parser.

`messages` is the archive of the RFC byte for byte: its lines end in a bare LF, which is
no SIP, and is dropped. `messages-crlf` holds the same with CRLF, and Content-Length set
right where the archive has it wrong.
"""

from __future__ import annotations

import json

import pytest

from sip.message.address import Address
from sip.message.message import Request
from sip.message.uri import Uri
from sip.message.values import Via
from tests.torture.verdict import FOLDER, PASSED, judge

FILES = FOLDER / "rfc5118"
CASES = {
    case["file"]: case
    for case in json.loads((FILES / "expectations.json").read_text())["cases"]
}


def load(name: str) -> bytes:
    return (FILES / "messages-crlf" / f"{name}.sip").read_bytes()


def passed(name: str) -> Request:
    status, message = judge(load(name))
    assert status == PASSED
    assert isinstance(message, Request)
    return message


def test_all_twelve_are_here() -> None:
    assert len(CASES) == 12


@pytest.mark.parametrize("name", sorted(CASES))
def test_verdict(name: str) -> None:
    status, message = judge(load(name))
    assert isinstance(message, Request)
    assert status == (400 if CASES[name]["class"] == "invalid" else PASSED)


@pytest.mark.parametrize("name", sorted(CASES))
def test_archive_with_bare_line_feeds_is_dropped(name: str) -> None:
    data = (FILES / "messages" / name).read_bytes()
    assert len(data) == CASES[name]["bytes"]
    assert judge(data) == (400, None)


@pytest.mark.parametrize(
    "name",
    sorted(name for name, case in CASES.items() if "content_length_fixed" in case),
)
def test_wrong_content_length_of_the_archive(name: str) -> None:
    case = CASES[name]
    right = load(name)
    wrong = right.replace(
        b"Content-Length: %d" % case["body_bytes_crlf"],
        b"Content-Length: %d" % case["content_length"],
    )
    assert wrong != right
    too_long = case["content_length"] > case["body_bytes_crlf"]
    assert judge(wrong)[0] == (400 if too_long else PASSED)


def test_4_1_to_4_4_references_in_brackets() -> None:
    assert Uri.parse(passed("ipv6-good").uri).address == "2001:db8::10"
    ambiguous = Uri.parse(passed("port-ambiguous").uri)
    assert (ambiguous.address, ambiguous.port) == ("2001:db8::10:5070", None)
    unambiguous = Uri.parse(passed("port-unambiguous").uri)
    assert (unambiguous.address, unambiguous.port) == ("2001:db8::10", 5070)


@pytest.mark.parametrize(
    "name", ["via-received-param-with-delim", "via-received-param-no-delim"]
)
def test_4_5_received_with_and_without_brackets(name: str) -> None:
    via = passed(name).via
    assert via.host == "[2001:db8::9:1]"
    assert via.received == "2001:db8::9:255"


def test_4_7_vias_of_both_families() -> None:
    hosts = [Via.parse(text).host for text in passed("mult-ip-in-header").all("via")]
    assert hosts == ["[2001:db8::9:1]", "192.0.2.1", "[2001:db8::9:255]"]


def test_4_9_ipv4_mapped() -> None:
    message = passed("ipv4-mapped-ipv6")
    assert message.via.host == "[::ffff:192.0.2.10]"
    assert message.contact is not None
    assert message.contact.uri.address == "::ffff:192.0.2.2"


def test_4_10_three_colons_are_survived() -> None:
    text = "sip:user@[2001:db8:::192.0.2.1]"
    message = passed("ipv6-bug-abnf-3-colons")
    assert message.uri == text
    assert message.to == Address("", text)
    assert (
        Uri.parse(passed("ipv6-correct-abnf-2-colons").uri).address
        == "2001:db8::192.0.2.1"
    )
