"""Bytes to messages: total, linear, bounded (RFC 3261 sections 7, 18.3, 25).

Covered here: start lines, header lines, folding, compact forms, Content-Length, limits,
smuggling. The RFC 4475 and 5118 messages have tests of their own.
"""

from __future__ import annotations

import time

import pytest

from sip.errors import PeerMistake
from sip.message.limits import MAX_DATAGRAM, MAX_HEAD, MAX_HEADER_LINES, MAX_URI
from sip.message.message import Request
from sip.message.parser import check, parse, salvage
from tests.sip.message.sample import (
    BODY,
    INVITE,
    OK,
    changed,
    request,
    response,
    with_lines,
    without,
)

LARGEST_DATAGRAM = 65507


def refusal(data: bytes) -> PeerMistake:
    with pytest.raises(PeerMistake) as caught:
        parse(data)
    return caught.value


def test_request() -> None:
    message = request()
    assert message.method == "INVITE"
    assert message.uri == "sip:+8617000000001@192.0.2.2:5060"
    assert message.body == BODY
    assert message.fields["from"] == [
        "<sip:+8613800000001@192.0.2.1;user=phone>;tag=From-Tag"
    ]


def test_response() -> None:
    message = response()
    assert (message.status, message.reason, message.body) == (200, "OK", b"")


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        ("SIP/2.0 100 ", 100, ""),
        ("SIP/2.0 100", 100, ""),
        ("SIP/2.0 699 = 2**3 * 5**2 но", 699, "= 2**3 * 5**2 но"),
        ("SIP/2.0 200 a  SIP/2.0", 200, "a  SIP/2.0"),
    ],
)
def test_rfc3261_7_2_status_line(line: str, status: int, reason: str) -> None:
    message = response(changed("SIP/2.0 200 OK", line, OK))
    assert (message.status, message.reason) == (status, reason)


@pytest.mark.parametrize(
    "line",
    [
        "SIP/2.0",
        "SIP/2.0 ",
        "SIP/2.0 20 OK",
        "SIP/2.0 2000 OK",
        "SIP/2.0 099 OK",
        "SIP/2.0 700 OK",
        "SIP/2.0 4294967301 x",
        "SIP/2.0 +20 OK",
        "SIP/2.0 2_0 OK",
        "SIP/2.0 20\u00b2 OK",
        "SIP/2.0  200 OK",
        "SIP/3.0 200 OK",
        "SIP/2.0\t200 OK",
        "SIP/2.0 2:0 OK",
    ],
)
def test_rfc3261_7_2_malformed_status_line_has_no_answer(line: str) -> None:
    assert refusal(changed("SIP/2.0 200 OK", line, OK)).request is None


def start(line: str) -> bytes:
    return changed("INVITE sip:+8617000000001@192.0.2.2:5060 SIP/2.0", line)


@pytest.mark.parametrize("version", ["SIP/2.0", "sip/2.0", "Sip/2.0"])
def test_rfc3261_7_1_version_has_no_case(version: str) -> None:
    assert request(start(f"INVITE sip:a {version}")).uri == "sip:a"


def test_rfc3261_7_1_unknown_method_is_a_message() -> None:
    assert request(start("!x-%* sip:a SIP/2.0")).method == "!x-%*"
    assert request(start("invite sip:a SIP/2.0")).method == "invite"


@pytest.mark.parametrize(
    "line",
    [
        "INVITE  sip:a SIP/2.0",
        "INVITE sip:a  SIP/2.0",
        "INVITE sip:a SIP/2.0 ",
        "INVITE sip:a SIP/2.0\t",
        "INVITE sip:a; lr SIP/2.0",
        "INVITE  SIP/2.0",
    ],
)
def test_rfc4475_3_1_2_blanks_in_the_request_line_are_answered_400(line: str) -> None:
    mistake = refusal(start(line))
    assert (mistake.status, mistake.reason) == (400, "Malformed start line")
    assert mistake.request is not None
    assert mistake.request.via.branch == "z9hG4bKabc"


@pytest.mark.parametrize("version", ["SIP/7.0", "SIP/2.00", "SIP/", "SIP/2.0.1"])
def test_rfc3261_21_5_6_other_version_is_answered_505(version: str) -> None:
    mistake = refusal(start(f"INVITE sip:a {version}"))
    assert mistake.status == 505
    assert mistake.request is not None


@pytest.mark.parametrize(
    "line",
    [
        "INVITE",
        "INVITE sip:a",
        "INVITE sip:a HTTP/1.1",
        "GET / HTTP/1.1",
        " ",
        "INV(ITE sip:a SIP/2.0",
        " INVITE sip:a SIP/2.0",
        "INVITE\tsip:a\tSIP/2.0",
        "INVITE SIP/2.0",
    ],
)
def test_what_is_not_sip_has_no_answer(line: str) -> None:
    mistake = refusal(start(line))
    assert mistake.request is None
    assert mistake.status == 400


def test_request_uri_is_bounded() -> None:
    longest = "sip:" + "a" * (MAX_URI - 4)
    assert request(start(f"INVITE {longest} SIP/2.0")).uri == longest
    mistake = refusal(start(f"INVITE {longest}a SIP/2.0"))
    assert mistake.status == 414
    assert mistake.request is not None


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("Subject: x", "subject", "x"),
        ("s:x", "subject", "x"),
        ("S : x ", "subject", "x"),
        ("SUBJECT\t:\tx\t", "subject", "x"),
        ("sUbJeCt:  x  y ", "subject", "x  y"),
        ("Subject:", "subject", ""),
        ("s :", "subject", ""),
        ("Subject: a: b", "subject", "a: b"),
        ("X-New!: 1", "x-new!", "1"),
        ("Subject: \u00a0x\u3000", "subject", "\u00a0x\u3000"),
        ("Subject: \udcff\udc80", "subject", "\udcff\udc80"),
        ("Subject: \x01\x1c", "subject", "\x01\x1c"),
        ("Subject: 你好", "subject", "你好"),
    ],
)
def test_rfc3261_7_3_1_header_lines(line: str, name: str, value: str) -> None:
    assert request(with_lines(line)).fields[name] == [value]


def test_repeated_lines_and_spellings_are_gathered_in_order() -> None:
    message = request(with_lines("v: b", "VIA: c", "vIa : d, e"))
    assert message.fields["via"][1:] == ["b", "c", "d, e"]


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (("Subject: a", " b"), "a b"),
        (("Subject:", "\t  b  ", " "), "b"),
        (("Subject: a", " c: d"), "a c: d"),
        (("Subject: a", "\tVia: x"), "a Via: x"),
        (("s", " : a"), None),
        (("sUbject : a", " b", " c"), "a b c"),
    ],
)
def test_rfc3261_7_3_1_folding(lines: tuple[str, ...], value: str | None) -> None:
    if value is None:
        assert refusal(with_lines(*lines)).reason == "Malformed header line"
    else:
        assert request(with_lines(*lines)).fields["subject"] == [value]


def test_a_fold_belongs_to_the_last_of_repeated_lines() -> None:
    message = request(with_lines("Route: <sip:a>", "Route: <sip:b>", " ;lr"))
    assert message.fields["route"] == ["<sip:a>", "<sip:b> ;lr"]


@pytest.mark.parametrize(
    "line",
    [
        "Subject",
        ": x",
        " : x",
        "Sub ject: x",
        "Subject\x0b: x",
        "Subject\x01: x",
        "\x01Subject: x",
        "Sub\u00e9: x",
        "\u212aey: x",
        "Subject\u00a0: x",
        "(): x",
        "Content-Length\x1f: 0",
        "P-Asserted-Identity\x7f: <sip:a>",
        "\udcff: x",
    ],
)
def test_f_smuggling_by_header_names_is_refused(line: str) -> None:
    data = changed("Max-Forwards: 70", f"Max-Forwards: 70\r\n{line}")
    if line.startswith(" "):
        # A fold after Max-Forwards makes that the mistake.
        assert check_status(data) == 400
        return
    mistake = refusal(data)
    assert (mistake.status, mistake.reason) == (400, "Malformed header line")
    assert mistake.request is not None


def check_status(data: bytes) -> int:
    with pytest.raises(PeerMistake) as caught:
        check(request(data))
    return caught.value.status


def test_blank_before_the_colon_hides_no_header() -> None:
    # CVE-2020-28361: what strips headers must see this one.
    assert "x-bypass-me" in request(with_lines("X-Bypass-me : x")).fields


def test_a_fold_before_the_first_header_is_no_header() -> None:
    mistake = refusal(changed("Via: ", " Via: "))
    assert mistake.reason == "Malformed header line"
    assert mistake.request is not None
    assert "via" not in mistake.request.fields


@pytest.mark.parametrize(
    "control", ["\r", "\n", "\0", "a\rVia: b", "a\n\nb", "\\\r", "\\\n"]
)
def test_bare_line_ends_and_nul_are_refused_without_an_answer(control: str) -> None:
    mistake = refusal(with_lines(f"Subject: x{control}y"))
    assert (mistake.status, mistake.reason) == (400, "Control character in header")
    assert mistake.request is None


def test_rfc4475_3_1_1_2_quoted_nul_is_legal() -> None:
    assert request(with_lines('Subject: "\\\0"')).first("subject") == '"\\\0"'
    assert refusal(with_lines('Subject: "\\\0\0"')).reason.startswith("Control")


@pytest.mark.parametrize(
    "name",
    ["From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type"],
)
def test_a_repeated_single_header_is_answered_400(name: str) -> None:
    head, _, _ = INVITE.partition(b"\r\n\r\n")
    (line,) = [x for x in head.decode().split("\r\n") if x.startswith(f"{name}:")]
    mistake = refusal(with_lines(line))
    assert (mistake.status, mistake.reason) == (400, f"More than one {name} header")
    assert mistake.request is not None


def test_rfc3261_18_3_octets_after_the_body_are_discarded() -> None:
    assert request(INVITE + b"INVITE noise").body == BODY
    assert response(OK + INVITE).body == b""


def test_rfc3261_18_3_without_content_length_the_rest_is_the_body() -> None:
    assert request(without("Content-Length") + b"more").body == BODY + b"more"


def test_rfc3261_18_3_short_body_is_answered_400() -> None:
    mistake = refusal(INVITE[:-1])
    assert (mistake.status, mistake.reason) == (400, "Body shorter than Content-Length")
    assert isinstance(mistake.request, Request)
    assert mistake.request.to_tag == ""


def test_short_body_of_a_response_has_no_answer() -> None:
    assert (
        refusal(changed("Content-Length: 0", "Content-Length: 1", OK)).request is None
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+10",
        "1_0",
        "1 0",
        "10, 10",
        "0x0a",
        "\u0661",
        "10.0",
        "9" * 5000,
        "99999999999",
        "10\x0b",
    ],
)
def test_content_length_traps(text: str) -> None:
    mistake = refusal(changed("Content-Length: 10", f"Content-Length: {text}"))
    assert (mistake.status, mistake.reason) == (400, "Content-Length is not valid")
    assert mistake.request is not None


def test_content_length_may_be_folded_and_padded() -> None:
    assert request(changed("Content-Length: 10", "L :\r\n 0010\t")).body == BODY


@pytest.mark.parametrize("noise", [b"\r\n", b"\r\n\r\n", b"\r\n" * 5])
def test_rfc3261_7_5_crlf_before_the_start_line_is_ignored(noise: bytes) -> None:
    assert request(noise + INVITE).render() == INVITE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n",
        b"\r\n\r\n",
        b"\r\n" * 99,
        b"\0" * 4,
        b"x",
        b"\r",
        b"\n",
        b"\r\n\r\nx",
        b"SIP/2.0",
        b"\xff" * 99,
        b"\r\n\r\n\r",
        b":\r\n\r\n",
        b" \r\n\r\n",
    ],
)
def test_what_is_no_message_has_no_answer(data: bytes) -> None:
    mistake = refusal(data)
    assert mistake.request is None
    assert mistake.status == 400


def test_headers_without_end_are_answered_400() -> None:
    mistake = refusal(INVITE.partition(b"\r\n\r\n")[0] + b"\r\n")
    assert (mistake.status, mistake.reason) == (400, "Headers have no end")
    assert mistake.request is not None
    assert mistake.request.cseq.method == "INVITE"


def test_bare_line_feeds_are_no_line_ends() -> None:
    assert refusal(INVITE.replace(b"\r\n", b"\n")).request is None


def test_datagram_over_16_kb_is_answered_513() -> None:
    fits = changed("10\r\n\r\n", f"{MAX_DATAGRAM - len(INVITE) + 7}\r\n\r\n")
    fits += b"x" * (MAX_DATAGRAM - len(fits))
    assert len(request(fits).body) == MAX_DATAGRAM - len(INVITE) + 7
    mistake = refusal(fits + b"x")
    assert (mistake.status, mistake.reason) == (513, "Message Too Large")
    assert mistake.request is not None
    assert isinstance(parse(fits + b"x", limit=MAX_DATAGRAM + 1), Request)


def test_head_over_16_kb_is_513_without_an_answer() -> None:
    data = with_lines(*["Subject: " + "x" * 1000] * 17)
    for limit in (MAX_DATAGRAM, 2 * MAX_HEAD):
        with pytest.raises(PeerMistake, match="513") as caught:
            parse(data, limit=limit)
        assert caught.value.request is None


def test_header_lines_are_bounded() -> None:
    most = MAX_HEADER_LINES - 11
    assert len(request(with_lines(*["Z: y"] * most)).fields["z"]) == most
    mistake = refusal(with_lines(*["Z: y"] * most, " fold"))
    assert (mistake.status, mistake.reason) == (400, "Too many header lines")
    assert mistake.request is not None


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"x",
        b"SIP/2.0 200 OK",
        b"INVITE sip:a SIP/2.0\r\nVia: a\nb",
        b"\xff\r\n\r\n",
    ],
)
def test_salvage_finds_no_request_in_noise(head: bytes) -> None:
    assert salvage(head) is None


def test_salvage_finds_the_request_with_its_mistakes() -> None:
    found = salvage(b"\r\nINVITE  sip:a SIP/9.0\r\nnonsense\r\nv: b")
    assert found is not None
    assert (found.method, found.uri, found.fields) == (
        "INVITE",
        "sip:a",
        {"via": ["b"]},
    )
    assert salvage(b"BYE sip:a SIP/2.0") is not None


HEAVY = [
    b"\r\n" * 32753,
    b"\r" * LARGEST_DATAGRAM,
    b"a" * LARGEST_DATAGRAM,
    b" " * LARGEST_DATAGRAM,
    b"INVITE sip:a SIP/2.0\r\n" + b"a:\r\n" * 16371,
    b"INVITE sip:a SIP/2.0\r\n" + b"Via: x\r\n" * 2000 + b"\r\n" + b"x" * 40000,
    b"INVITE sip:a SIP/2.0\r\n" + b"Via: x\r\n" * 2000 + b"\r\n",
    b"INVITE sip:a SIP/2.0\r\ns: x\r\n" + b" a\r\n" * 4000 + b"\r\n",
    b"INVITE sip:a SIP/2.0\r\ns: " + b"\\\0" * 8000 + b"\r\n\r\n",
    b"INVITE sip:a SIP/2.0\r\n" + b"\n" * 16000 + b"\r\n\r\n",
    b"INVITE " + b" " * 16000 + b"SIP/2.0\r\n\r\n",
    b"INVITE sip:a SIP/2.0\r\nVia: " + b'"' * 16000 + b"\r\n\r\n",
    b"INVITE sip:a SIP/2.0\r\nVia: " + b"," * 16000 + b"\r\n\r\n",
    b"INVITE sip:a SIP/2.0\r\nFrom: " + b'\\"' * 8000 + b"\r\n\r\n",
    b"INVITE sip:a SIP/2.0\r\nl: " + b"0" * 16000 + b"\r\n\r\n",
    b"INVITE sip:a SIP/2.0\r\nl: 0\r\n\r\n" + b"\xff" * 65400,
    INVITE + b"x" * (LARGEST_DATAGRAM - len(INVITE)),
    INVITE[:-14] + b"\r\n" * ((LARGEST_DATAGRAM - len(INVITE)) // 2),
]


@pytest.mark.parametrize("number", range(len(HEAVY)))
def test_any_datagram_takes_under_2_ms(number: int) -> None:
    data = HEAVY[number][:LARGEST_DATAGRAM]
    took = min(seconds_for(data) for _ in range(5))
    assert took < 0.002


def seconds_for(data: bytes) -> float:
    started_at = time.perf_counter()
    try:
        message = parse(data)
        if isinstance(message, Request):
            check(message)
    except PeerMistake:
        pass
    return time.perf_counter() - started_at
