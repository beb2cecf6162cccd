"""What must be there before a message is acted on (RFC 3261 sections 8.1.1 and 8.2)."""

from __future__ import annotations

import pytest

from sip.errors import PeerMistake
from sip.message.check import check, check_response, check_strictly
from sip.message.limits import MAX_VIAS
from sip.message.message import Request
from tests.sip.message.sample import (
    OK,
    changed,
    request,
    response,
    with_lines,
    without,
)

MANDATORY = ["Via", "From", "To", "Call-ID", "CSeq"]


def refusal(message: Request) -> PeerMistake:
    with pytest.raises(PeerMistake) as caught:
        check(message)
    assert caught.value.request is message
    return caught.value


def strict_refusal(data: bytes) -> PeerMistake:
    message = request(data)
    with pytest.raises(PeerMistake) as caught:
        check_strictly(message)
    assert caught.value.request is message
    return caught.value


def test_good_messages_pass() -> None:
    check(request())
    check_strictly(request())
    check_response(response())


@pytest.mark.parametrize("name", MANDATORY)
def test_rfc3261_8_1_1_missing_mandatory_header(name: str) -> None:
    mistake = refusal(request(without(name)))
    assert (mistake.status, mistake.reason) == (400, f"Missing {name} header")
    with pytest.raises(PeerMistake, match=f"Missing {name} header"):
        check_response(response(without(name, OK)))


@pytest.mark.parametrize("name", ["from", "to", "call-id", "cseq"])
def test_a_header_that_may_stand_once_stands_once(name: str) -> None:
    message = request()
    message.fields[name] *= 2
    assert refusal(message).reason == "More than one of a single header"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SIP/2.0/UDP", "SIP/3.0/UDP"),
        ("314159", "x"),
        ("a84b4c76e66710", "a b"),
        (";tag=From-Tag", ";tag=1;tag=2"),
        ("<sip:+8617000000001@192.0.2.2>", "<sip:a>;x;x"),
        ("Max-Forwards: 70", "Max-Forwards: many"),
    ],
)
def test_malformed_mandatory_header(old: str, new: str) -> None:
    mistake = refusal(request(changed(old, new)))
    assert mistake.status == 400
    assert mistake.reason.endswith("is not valid")


def test_checking_fills_the_slots_with_what_reading_gives() -> None:
    checked, read = request(), request()
    check(checked)
    for name in ("via", "cseq", "call_id", "from_tag", "to_tag", "max_forwards"):
        assert getattr(checked, name) == getattr(read, name)


def test_max_forwards_may_be_absent() -> None:
    message = request(without("Max-Forwards"))
    check(message)
    assert message.max_forwards is None


def test_rfc4475_3_1_2_17_cseq_method_differs() -> None:
    mistake = refusal(request(changed("314159 INVITE", "314159 OPTIONS")))
    assert (mistake.status, mistake.reason) == (400, "CSeq method does not match")


def test_rfc4475_3_1_2_18_cseq_method_of_an_unknown_method_differs() -> None:
    assert refusal(request(changed("INVITE sip", "NEWMETHOD sip"))).status == 501


def test_rfc4475_3_2_1_cookie_alone_is_no_branch() -> None:
    assert (
        refusal(request(changed("z9hG4bKabc", "z9hG4bK"))).reason == "Via is not valid"
    )


def test_rfc2543_branch_may_be_absent() -> None:
    check(request(changed(";branch=z9hG4bKabc;rport", "")))


@pytest.mark.parametrize("separator", ["\r\nVia: ", ", "])
def test_vias_are_bounded(separator: str) -> None:
    via = "SIP/2.0/UDP a"
    most = separator.join([via] * (MAX_VIAS - 1))
    check(request(with_lines(f"Via: {most}")))
    mistake = refusal(request(with_lines(f"Via: {most}{separator}{via}")))
    assert (mistake.status, mistake.reason) == (400, "Too many Via headers")


def test_a_list_of_vias_must_be_readable() -> None:
    assert refusal(request(with_lines('Via: "a, b'))).reason == "Via is not valid"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("sip:+8617000000001@192.0.2.2:5060", "<sip:a@b>", "Request-URI is not valid"),
        (
            "sip:+8617000000001@192.0.2.2:5060",
            "sip:a@b?x=y",
            "Request-URI is not valid",
        ),
        ("sip:+8617000000001@192.0.2.2:5060", "sip:a:b:c", "Request-URI is not valid"),
        (";tag=From-Tag", "", "Missing tag in From"),
        ("From: <", "From: A, B <", "From is not valid"),
        ("<sip:+8613800000001@192.0.2.1;", "<sip:a@b:x;", "From is not valid"),
        ("<sip:+8617000000001@192.0.2.2>", "< sip:a@b >", "To is not valid"),
        ("<sip:+8617000000001@192.0.2.2>", "<sip:a@%>", "To is not valid"),
        ("<sip:+8613800000001@192.0.2.1:5060>", "sip:a@b?x=y", "Contact is not valid"),
        ("<sip:+8613800000001@192.0.2.1:5060>", "<sip:@b>", "Contact is not valid"),
        ("application/sdp", "application", "Content-Type is not valid"),
        ("application/sdp", "appli cation/sdp", "Content-Type is not valid"),
        ("application/sdp", "application/s(dp", "Content-Type is not valid"),
    ],
)
def test_rfc4475_3_1_2_grammar_outside_dialogs(old: str, new: str, reason: str) -> None:
    mistake = strict_refusal(changed(old, new))
    assert (mistake.status, mistake.reason) == (400, reason)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Digest",
        "Di(gest a=b",
        "Digest a",
        "Digest a=",
        "Digest =b",
        'Digest a="b',
        'Digest a="b, c=d',
    ],
)
@pytest.mark.parametrize("name", ["Authorization", "Proxy-Authorization"])
def test_malformed_credentials(name: str, text: str) -> None:
    assert (
        strict_refusal(with_lines(f"{name}: {text}")).reason == f"{name} is not valid"
    )


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: NoOneKnowsThisScheme opaque-data=here",
        'Authorization: Digest username="a, b", response="c"',
        "Date: Fri, 01 Jan 2010 16:00:00 EST",
        "Contact: <name:John_Smith>",
    ],
)
def test_what_is_odd_but_legal_or_of_no_use_to_us_passes(line: str) -> None:
    check_strictly(request(with_lines(line)))


@pytest.mark.parametrize(
    "uri",
    ["nobodyKnowsThisScheme:x", "tel:+86170", "sip:what?now@b", "sip:a@b;x=1;y=2:3"],
)
def test_request_uri_of_any_scheme_passes(uri: str) -> None:
    check_strictly(request(changed("sip:+8617000000001@192.0.2.2:5060", uri)))


def test_response_with_a_large_cseq_is_refused() -> None:
    with pytest.raises(PeerMistake, match="CSeq is not valid"):
        check_response(
            response(changed("1 INVITE", "9292394834772304023312 OPTIONS", OK))
        )
