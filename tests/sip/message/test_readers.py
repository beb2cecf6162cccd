"""Typed values of a message, each read from its header fields."""

from __future__ import annotations

import pytest

from sip.errors import PeerMistake
from sip.message.address import Address
from sip.message.message import Request
from sip.message.readers import READERS, tag_of
from sip.message.values import CSeq, RAck, SessionExpires, Via
from tests.sip.message.sample import request, with_lines


def made(**fields: str) -> Request:
    """Return a request of these fields alone; `_` stands for a hyphen."""
    return Request(
        "INVITE",
        "sip:a",
        {name.replace("_", "-"): [value] for name, value in fields.items()},
        b"",
    )


def test_the_mandatory_ones() -> None:
    message = request()
    assert message.via == Via(
        "UDP", "192.0.2.1", 5060, {"branch": "z9hG4bKabc", "rport": ""}
    )
    assert message.cseq == CSeq(314159, "INVITE")
    assert message.call_id == "a84b4c76e66710@192.0.2.1"
    assert message.from_ == Address(
        "", "sip:+8613800000001@192.0.2.1;user=phone", {"tag": "From-Tag"}
    )
    assert message.to == Address("", "sip:+8617000000001@192.0.2.2")
    assert (message.from_tag, message.to_tag) == ("From-Tag", "")
    assert message.max_forwards == 70


@pytest.mark.parametrize(
    ("attribute", "header"),
    [
        ("via", "Via"),
        ("cseq", "CSeq"),
        ("call_id", "Call-ID"),
        ("from_", "From"),
        ("to", "To"),
        ("from_tag", "From"),
        ("to_tag", "To"),
    ],
)
def test_rfc3261_8_1_1_missing_mandatory_header(attribute: str, header: str) -> None:
    with pytest.raises(PeerMistake, match=f"400 Missing {header} header"):
        getattr(made(), attribute)


@pytest.mark.parametrize(
    "attribute",
    sorted(
        READERS.keys()
        - {"via", "branch", "cseq", "call_id", "from_", "to", "from_tag", "to_tag"}
    ),
)
def test_everything_else_may_be_absent(attribute: str) -> None:
    assert getattr(made(), attribute) in (None, "", [], frozenset())


@pytest.mark.parametrize(
    ("attribute", "fields"),
    [
        ("via", {"via": "x"}),
        ("via", {"via": '"'}),
        ("via", {"via": ","}),
        ("via", {"via": '",'}),
        ("cseq", {"cseq": "x"}),
        ("call_id", {"call_id": ""}),
        ("call_id", {"call_id": "a b"}),
        ("call_id", {"call_id": "a\tb"}),
        ("from_", {"from": "x"}),
        ("to", {"to": "x"}),
        ("from_tag", {"from": '"<sip:a@b>;tag="1'}),
        ("to_tag", {"to": "x;tag=1, y"}),
        ("contacts", {"contact": "x"}),
        ("contact", {"contact": '"a'}),
        ("contacts", {"contact": '"a,'}),
        ("routes", {"route": "<sip:a,"}),
        ("record_routes", {"record_route": "<sip:a,"}),
        ("max_forwards", {"max_forwards": "-1"}),
        ("content_type", {"content_type": "sdp"}),
        ("content_type", {"content_type": "/sdp"}),
        ("content_type", {"content_type": "application/;x=/"}),
        ("supported", {"supported": '",'}),
        ("rseq", {"rseq": "4294967296"}),
        ("rack", {"rack": "1"}),
        ("session_expires", {"session_expires": "x"}),
        ("min_se", {"min_se": "x"}),
    ],
)
def test_malformed_header_is_a_400(attribute: str, fields: dict[str, str]) -> None:
    with pytest.raises(PeerMistake, match=r"400 .* is not valid") as caught:
        getattr(made(**fields), attribute)
    assert caught.value.status == 400


def test_topmost_via_of_a_comma_list() -> None:
    via = made(via="SIP/2.0/UDP a;branch=b, SIP/2.0/TCP c;branch=d").via
    assert via == Via("UDP", "a", None, {"branch": "b"})


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("<sip:a@b>", ""),
        ("<sip:a@b>;tag=AbC-.1", "AbC-.1"),
        ("<sip:a@b>;x=y;tag=1;z", "1"),
        ("<sip:a@b>;tagged=1", ""),
        ("<sip:a@b>;xtag=1", ""),
        ("<sip:a@b;tag=no>", ""),
        ("<sip:a@b>;tag=tag", "tag"),
        ("<sip:a@b> ; TAG = 1", "1"),
        ("sip:a@b;tag=1", "1"),
        ("sip:a@b", ""),
        ('"x>;tag=no" <sip:a@b>', ""),
        ('<sip:a@b>;x=">;tag=no"', ""),
        ('<sip:a@b>;x=">;tag=no";tag=yes', "yes"),
        ("<sip:a@b>;tag=a%b*c", "a%b*c"),
    ],
)
def test_tag_is_found_as_the_whole_address_has_it(text: str, tag: str) -> None:
    assert tag_of("from", text) == tag == Address.parse(text).tag


@pytest.mark.parametrize(
    "text",
    [
        "<sip:a@b>;tag=1;tag=2",
        "<sip:a@b>;tag=1,<sip:c@d>;x",
        "<sip:a@b>;tag=1 2",
        '<sip:a@b>;tag=1"',
        "sip:a;tag=evil@b;tag=real",
        "<sip:a@b>;tag=a<b",
        "x;tag=1\t2",
    ],
)
def test_ambiguous_tag_is_refused(text: str) -> None:
    with pytest.raises(PeerMistake, match="400 To is not valid"):
        tag_of("to", text)


def test_contacts_in_order_without_the_asterisk() -> None:
    message = request(with_lines("m: *", 'Contact: "a,b" <sip:x@y>, sip:z@y;q=1'))
    assert [contact.uri_text for contact in message.contacts] == [
        "sip:+8613800000001@192.0.2.1:5060",
        "sip:x@y",
        "sip:z@y",
    ]
    assert message.contact is message.contacts[0]


def test_routes_are_verbatim_and_in_order() -> None:
    lines = ("Route: <sip:a;lr>,<sip:b;lr>;x", "Route: <sip:c;lr>")
    message = request(with_lines(*lines, "Record-Route: <sip:d,e;lr>, <sip:f>"))
    assert message.routes == ["<sip:a;lr>", "<sip:b;lr>;x", "<sip:c;lr>"]
    assert message.record_routes == ["<sip:d,e;lr>", "<sip:f>"]


def test_option_tags_are_lower_case_and_methods_are_not() -> None:
    message = request(with_lines("Require: 100REL", "k: replaces"))
    assert message.supported == {"100rel", "timer", "replaces"}
    assert message.require == {"100rel"}
    assert message.allow == {"INVITE", "ACK", "BYE"}


@pytest.mark.parametrize(
    ("text", "value"), [("0068", 68), ("255", 255), ("256", 255), ("300", 255)]
)
def test_rfc3261_20_22_max_forwards_ends_at_255(text: str, value: int) -> None:
    assert made(max_forwards=text).max_forwards == value


@pytest.mark.parametrize(
    "text", ["application/sdp", "Application/SDP;x=y", "application / sdp ; charset=a"]
)
def test_content_type_is_bare_and_lower_case(text: str) -> None:
    assert made(content_type=text).content_type == "application/sdp"


def test_extensions() -> None:
    message = made(
        rseq="988789",
        rack="776656 1 INVITE",
        session_expires="1800;refresher=uas",
        min_se="90",
        retry_after="18000;duration=3600",
        expires="60",
    )
    assert message.rseq == 988789
    assert message.rack == RAck(776656, 1, "INVITE")
    assert message.session_expires == SessionExpires(1800, "uas")
    assert (message.min_se, message.retry_after, message.expires) == (90, 18000, 60)


def test_rfc3261_20_19_malformed_seconds_count_as_absent() -> None:
    assert made(expires="9" * 99).expires is None
    assert made(retry_after="soon").retry_after is None


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Q.850;cause=16", 16),
        ('SIP ;cause=200 ;text="a, b", q.850 ;cause=17;text="busy"', 17),
        ("SIP;cause=200", None),
        ("Q.850", None),
        ("Q.850;cause=128", None),
        ("Q.850;cause=x,Q.850;cause=1", 1),
    ],
)
def test_rfc3326_q850_cause(text: str, cause: int | None) -> None:
    assert made(reason=text).q850 == cause
