"""SIP, SIPS and tel URIs (RFC 3261 section 19.1, RFC 3966, RFC 4475, RFC 5118)."""

from __future__ import annotations

import time

import pytest

from sip.message.uri import Uri, is_uri, parse_hostport

EXAMPLES = [
    ("sip:alice@atlanta.com", Uri("sip", "alice", host="atlanta.com")),
    (
        "sip:alice:secretword@atlanta.com;transport=tcp",
        Uri("sip", "alice", "secretword", "atlanta.com", None, {"transport": "tcp"}),
    ),
    (
        "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
        Uri(
            "sips",
            "alice",
            host="atlanta.com",
            headers="subject=project%20x&priority=urgent",
        ),
    ),
    (
        "sip:+1-212-555-1212:1234@gateway.com;user=phone",
        Uri("sip", "+1-212-555-1212", "1234", "gateway.com", None, {"user": "phone"}),
    ),
    ("sip:atlanta.com", Uri("sip", host="atlanta.com")),
    ("sip:192.0.2.4:5070", Uri("sip", host="192.0.2.4", port=5070)),
    (
        "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com",
        Uri(
            "sip",
            host="atlanta.com",
            params={"method": "REGISTER"},
            headers="to=alice%40atlanta.com",
        ),
    ),
    (
        "sip:alice;day=tuesday@atlanta.com",
        Uri("sip", "alice;day=tuesday", host="atlanta.com"),
    ),
    ("sip:a@[2001:db8::10]:5070", Uri("sip", "a", host="[2001:db8::10]", port=5070)),
    ("sip:[2001:db8::10:5070]", Uri("sip", host="[2001:db8::10:5070]")),
    ("sip:a@h;lr;x=1", Uri("sip", "a", host="h", params={"lr": "", "x": "1"})),
    ("sip:a:@h", Uri("sip", "a", "", "h")),
    (
        "sip:user;par=u%40example.net@example.com",
        Uri("sip", "user;par=u%40example.net", host="example.com"),
    ),
    (
        "tel:+86-170-0000-0001;phone-context=example.com",
        Uri("tel", "+86-170-0000-0001", params={"phone-context": "example.com"}),
    ),
    ("tel:*100#", Uri("tel", "*100#")),
    ("isbn:2983792873", Uri("isbn", opaque="2983792873")),
    ("soap.beep://192.0.2.103:3002", Uri("soap.beep", opaque="//192.0.2.103:3002")),
]


@pytest.mark.parametrize(("text", "uri"), EXAMPLES)
def test_parse_and_wire_form(text: str, uri: Uri) -> None:
    assert Uri.parse(text) == uri
    assert str(uri) == text
    assert is_uri(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip",
        "sip:",
        ":a",
        "1a:b",
        "<sip:a@b>",
        "sip:@b",
        "sip:a@",
        "sip:a b@c",
        "sip:a@b c",
        "sip: a@b",
        "sip:a@b@c",
        "sip:a%4@b",
        "sip:a%zz@b",
        "sip:a:p:q@b",
        "sip:a@b:",
        "sip:a@b:x",
        "sip:a@b:65536",
        "sip:a@b:123456",
        "sip:a@b:\u0661",
        "sip:a@b;",
        "sip:a@b;;x",
        "sip:a@b;x;x",
        "sip:a@b;x=1;X=2",
        "sip:a@b; lr",
        'sip:a@b;x="y"',
        "sip:a@b;x=\ty",
        "sip:a@b?",
        "sip:a@b?x y",
        "sip:a@b?x\x00",
        "sip:a@-b",
        "sip:2001:db8::10",
        "sip:a@[::g]",
        "sip:a@[::1",
        "sip:\x00@b",
        "sip:a@b\r\nX: y",
        "sip:a@b\n",
        "sip:é@b",
        "tel:",
        "tel:+",
        "tel:-",
        "tel:abcxyz",
        "tel:+1 2",
        "tel:1;",
        "tel:1; a",
        "tel:1;\ta",
        "tel:1;a;a",
        "urn:a b",
        "urn:\x00",
    ],
)
def test_malformed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"valid|number|parameters"):
        Uri.parse(text)
    assert not is_uri(text)


def test_scheme_is_lower_case_the_rest_is_verbatim() -> None:
    uri = Uri.parse("SIP:Alice@AtLanTa.CoM;Transport=UDP")
    assert uri == Uri("sip", "Alice", host="AtLanTa.CoM", params={"transport": "UDP"})
    assert uri.transport == "udp"
    assert Uri.parse("sip:a").transport == ""


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("sip:sips%3Auser%40example.com@example.net", "sips:user@example.com"),
        ("sip:%2541@h", "%41"),
        ("sip:null-%00-null@h", "null-\x00-null"),
        ("sip:%E5%BC%A0@h", "张"),
        ("sip:%FF@h", "\udcff"),
        ("sip:plain@h", "plain"),
    ],
)
def test_rfc4475_3_1_1_3_user_is_unescaped_once(text: str, user: str) -> None:
    assert Uri.parse(text).user_unescaped == user


def test_rfc4475_3_1_1_2_user_part_may_hold_every_legal_character() -> None:
    user = "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    uri = Uri.parse(f"sip:{user}:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@h")
    assert uri.user == user
    assert uri.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"


def test_address_has_no_brackets() -> None:
    assert Uri.parse("sip:[2001:db8::1]").address == "2001:db8::1"
    assert Uri.parse("sip:192.0.2.1").address == "192.0.2.1"


@pytest.mark.parametrize(
    "text", ["h", "h:5060", "[::1]", "[::1]:5060", "[2001:db8:::192.0.2.1]"]
)
def test_hostport(text: str) -> None:
    host, port = parse_hostport(text)
    assert text == host + (f":{port}" if port is not None else "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtlanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("tel:+1-212-555", "tel:+1212555"),
        ("tel:1;ext=A", "tel:1;ext=a"),
        ("urn:a", "urn:a"),
    ],
)
def test_rfc3261_19_1_4_equivalent(one: str, other: str) -> None:
    assert Uri.parse(one).equivalent(Uri.parse(other))
    assert Uri.parse(other).equivalent(Uri.parse(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:bob@b", "sips:bob@b"),
        ("sip:bob@b", "sip:bob:secret@b"),
        ("tel:1", "tel:2"),
        ("tel:1", "tel:1;ext=2"),
        ("urn:a", "urn:b"),
    ],
)
def test_rfc3261_19_1_4_not_equivalent(one: str, other: str) -> None:
    assert not Uri.parse(one).equivalent(Uri.parse(other))
    assert not Uri.parse(other).equivalent(Uri.parse(one))


@pytest.mark.parametrize(
    "text",
    [
        "sip:" + "a@" * 8000,
        "sip:" + "%41" * 5000,
        "sip:a@" + "b." * 8000 + "-",
        "sip:a@h" + ";x" * 8000,
        "sip:" + ":" * 16000,
        "sip:a@" + "b-" * 8000 + ":",
    ],
)
def test_parsing_is_linear(text: str) -> None:
    started_at = time.perf_counter()
    assert not is_uri(text)
    assert time.perf_counter() - started_at < 0.05
