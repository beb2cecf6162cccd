"""Via, CSeq, RAck, Session-Expires and delta-seconds, value by value."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from sip.message.values import CSeq, RAck, SessionExpires, Via, parse_seconds


@pytest.mark.parametrize(
    ("text", "via"),
    [
        (
            "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;rport",
            Via("UDP", "192.0.2.1", 5060, {"branch": "z9hG4bKa", "rport": ""}),
        ),
        (
            "SIP/2.0/TCP a.example;branch=b",
            Via("TCP", "a.example", None, {"branch": "b"}),
        ),
        ("SIP/2.0/UDP a.example", Via("UDP", "a.example")),
        ("SIP/2.0/SCTP a:1", Via("SCTP", "a", 1)),
        (
            "SIP/2.0/UDP [2001:db8::9:1]:6050;received=[2001:db8::9:255];branch=z",
            Via(
                "UDP",
                "[2001:db8::9:1]",
                6050,
                {"received": "[2001:db8::9:255]", "branch": "z"},
            ),
        ),
        ("SIP/2.0/UDP [::1]", Via("UDP", "[::1]")),
        (
            "SIP/2.0/udp a;rport=9;branch=b",
            Via("udp", "a", None, {"rport": "9", "branch": "b"}),
        ),
        (
            'SIP/2.0/UDP a;branch=b;x="c;d"',
            Via("UDP", "a", None, {"branch": "b", "x": '"c;d"'}),
        ),
    ],
)
def test_via_parse_and_wire_form(text: str, via: Via) -> None:
    assert Via.parse(text) == via
    assert str(via) == text


def test_rfc4475_3_1_1_1_via_with_blanks_everywhere() -> None:
    text = (
        "SIP  / 2.0  / TCP     spindle.example.com   :  5060  ;  branch  =   z9hG4bK9 "
    )
    assert Via.parse(text) == Via(
        "TCP", "spindle.example.com", 5060, {"branch": "z9hG4bK9"}
    )
    assert Via.parse("SIP / 2.0\t/ UDP a\t").host == "a"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ",
        "SIP/2.0 a",
        "SIP/7.0/UDP a",
        "HTTP/2.0/UDP a",
        "SIP/2.0/U@P a",
        "SIP/2.0/UDP a b",
        "SIP/2.0/UDP a;",
        "SIP/2.0/UDP a;;,;,,",
        "SIP/2.0/UDP a;branch=b;branch=c",
        "SIP/2.0/UDP a:",
        "SIP/2.0/UDP a:x",
        "SIP/2.0/UDP a:65536",
        "SIP/2.0/UDP a:99999;branch=b",
        "SIP/2.0/UDP 2001:db8::1",
        "SIP/2.0/UDP a:1:2;branch=b",
        "SIP/2.0/UDP a : 99999",
        "SIP/2.0/UDP a:1 :2",
        "SIP/2.0/UDP a;branch=b, SIP/2.0/UDP c",
        "SIP/2.0/UDP a\n",
        "SIP/2.0/UDP \u0661",
    ],
)
def test_via_malformed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"valid|number|parameters"):
        Via.parse(text)


def test_via_parameters_by_name() -> None:
    via = Via.parse("SIP/2.0/UDP a;Branch=bC;received=[::1];rport=5")
    assert (via.branch, via.received, via.rport) == ("bC", "::1", "5")
    bare = Via("UDP", "a")
    assert (bare.branch, bare.received, bare.rport) == ("", None, None)


def test_rfc3581_rport_without_value_is_asked_for() -> None:
    assert Via.parse("SIP/2.0/UDP a;rport;branch=b").rport == ""


def test_both_ways_of_reading_a_via_agree() -> None:
    usual = "SIP/2.0/UDP a.example:5060;branch=z9hG4bK.a-b_c;rport"
    assert Via.parse(usual) == Via.parse(usual.replace(";", " ;"))


@pytest.mark.parametrize(
    ("text", "cseq"),
    [
        ("4711 INVITE", CSeq(4711, "INVITE")),
        ("0009 INVITE", CSeq(9, "INVITE")),
        ("0 \t X!y", CSeq(0, "X!y")),
        ("2147483647 ACK", CSeq(2147483647, "ACK")),
        (f"{'0' * 30}1 ACK", CSeq(1, "ACK")),
        ("1  INVITE", CSeq(1, "INVITE")),
    ],
)
def test_cseq_parse(text: str, cseq: CSeq) -> None:
    assert CSeq.parse(text) == cseq
    assert CSeq.parse(str(cseq)) == cseq


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "INVITE",
        "1 INVITE x",
        "-1 INVITE",
        "1_0 INVITE",
        "+1 INVITE",
        "\u00b2 INVITE",
        f"{'9' * 5000} INVITE",
        "1 IN(VITE",
        "1\u00a0INVITE",
        " INVITE",
    ],
)
def test_cseq_malformed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"valid|number|parameters"):
        CSeq.parse(text)


@pytest.mark.parametrize("text", ["2147483648 ACK", "36893488147419103232 REGISTER"])
def test_rfc3261_8_1_1_5_cseq_is_below_2_to_the_31(text: str) -> None:
    with pytest.raises(ValueError, match="large"):
        CSeq.parse(text)


def test_rfc3262_7_2_rack() -> None:
    assert RAck.parse("776656 1 INVITE") == RAck(776656, 1, "INVITE")
    assert str(RAck(776656, 1, "INVITE")) == "776656 1 INVITE"


@pytest.mark.parametrize(
    "text", ["", "1 INVITE", "1 2 3 4", "x 1 INVITE", "1 2 (", "-1 1 A"]
)
def test_rack_malformed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"valid|number|parameters"):
        RAck.parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1800", SessionExpires(1800)),
        ("1800;refresher=uac", SessionExpires(1800, "uac")),
        ("90 ; Refresher=UAS ;x", SessionExpires(90, "uas")),
    ],
)
def test_rfc4028_4_session_expires(text: str, value: SessionExpires) -> None:
    assert SessionExpires.parse(text) == value
    assert SessionExpires.parse(str(value)) == value


@pytest.mark.parametrize("text", ["", "x", "1800;refresher=me", "1800;", "99999999999"])
def test_session_expires_malformed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"valid|number|parameters"):
        SessionExpires.parse(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("120 (in a meeting)", 120),
        ("18000;duration=3600", 18000),
        ("120 (a;b);duration=60", 120),
    ],
)
def test_rfc3261_20_33_retry_after(text: str, seconds: int) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "-1", "1.5", "1 2", "(x)", "949302838503028349304023988", "\u0661"]
)
def test_seconds_malformed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"valid|number|parameters"):
        parse_seconds(text)


@pytest.mark.parametrize(
    "text",
    [
        "SIP/2.0/UDP " + "a:" * 8000,
        "SIP" + " " * 16000,
        "SIP/2.0/UDP a" + " " * 16000,
        "SIP/2.0/UDP a;branch=" + "b;" * 8000,
        "SIP/2.0/UDP " + "1" * 16000,
    ],
)
def test_via_parsing_is_linear(text: str) -> None:
    started_at = time.perf_counter()
    with suppress(ValueError):
        Via.parse(text)
    assert time.perf_counter() - started_at < 0.05


@pytest.mark.parametrize(
    "text", ["1 " + "(" * 16000, "1" + " " * 16000 + "x", "1;" * 8000]
)
def test_seconds_parsing_is_linear(text: str) -> None:
    started_at = time.perf_counter()
    with suppress(ValueError):
        parse_seconds(text)
    assert time.perf_counter() - started_at < 0.05
