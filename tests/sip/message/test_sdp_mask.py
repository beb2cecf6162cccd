"""Masking of session descriptions: BEHAVIOUR's SDP lines, FAULTS F66 and 1.1 (SDP)."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from sip.errors import PeerMistake
from sip.message.sdp import masked, parse
from sip.message.sdp_mask import (
    KEPT_ATTRIBUTES,
    MAX_LINE,
    MAX_LINES,
    MAX_MEDIA,
    MAX_MEDIA_LINES,
    USUAL_LINES,
)

NUMBER = "13800000001"
OFFER = f"""v=0
o={NUMBER} 2890844526 2890844526 IN IP4 phone-{NUMBER}.example.com
s=Call of {NUMBER}
i=About {NUMBER}
u=http://example.com/{NUMBER}
e={NUMBER}@example.com
p=+86 {NUMBER}
c=IN IP4 192.0.2.7
b=AS:64
t=0 0
r=604800 3600 0 {NUMBER}
z={NUMBER} 0
k=clear:{NUMBER}
a=tool:{NUMBER}
a=sendrecv
m=audio 49170 RTP/AVP 8 0 96 101
i=Voice of {NUMBER}
c=IN IP4 192.0.2.8
b=TIAS:64000
k=clear:{NUMBER}
a=rtpmap:8 PCMA/8000
a=rtpmap:96 AMR-WB/16000/1
a=fmtp:96 octet-align=1
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ssrc:1 cname:{NUMBER}
a=msid:{NUMBER} x
a=candidate:1 1 UDP 1 10.0.0.5 9 typ host
a=X-caller:{NUMBER}
a=ptime:20
y={NUMBER}
"""
MINIMAL = "v=0\no=- 1 1 IN IP4 192.0.2.7\ns=-\nc=IN IP4 192.0.2.7\nt=0 0\n"


def mask(text: str, *, address: str = "198.51.100.1") -> str:
    """Mask `text` as veil would."""
    return masked(
        text.encode(), username="veil", session_id=7, version=3, address=address
    ).decode()


def test_f66_only_what_media_needs_remains() -> None:
    assert mask(OFFER) == "\r\n".join(
        (
            "v=0",
            "o=veil 7 3 IN IP4 198.51.100.1",
            "s=-",
            "c=IN IP4 192.0.2.7",
            "b=AS:64",
            "t=0 0",
            "a=sendrecv",
            "m=audio 49170 RTP/AVP 8 0 96 101",
            "c=IN IP4 192.0.2.8",
            "b=TIAS:64000",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:96 AMR-WB/16000/1",
            "a=fmtp:96 octet-align=1",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
            "a=ptime:20",
            "",
        )
    )


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_lines_may_end_in_any_way_and_leave_with_crlf(end: str) -> None:
    text = mask(OFFER.replace("\n", end))
    assert text == mask(OFFER)
    assert text.replace("\r\n", "").isprintable()


def test_ipv6_address_makes_an_ip6_origin() -> None:
    text = mask(MINIMAL + "m=audio 9 RTP/AVP 0\n", address="2001:db8::1")
    assert "o=veil 7 3 IN IP6 2001:db8::1\r\n" in text


def test_masking_twice_changes_nothing() -> None:
    assert mask(mask(OFFER)) == mask(OFFER)


def test_result_parses() -> None:
    sdp = parse(mask(OFFER).encode())
    assert [codec.name for codec in sdp.media[0].codecs] == [
        "PCMA",
        "PCMU",
        "AMR-WB",
        "telephone-event",
    ]


def test_rfc3264_6_times_of_the_offer_survive() -> None:
    text = MINIMAL.replace("t=0 0", "t=3034423619 3042462419") + "m=audio 9 RTP/AVP 0\n"
    assert "\r\nt=3034423619 3042462419\r\n" in mask(text)


@pytest.mark.parametrize("line", ["", f"t={NUMBER} x\n", "t=\n"])
def test_missing_or_strange_times_become_zero(line: str) -> None:
    text = MINIMAL.replace("t=0 0\n", line) + "m=audio 9 RTP/AVP 0\n"
    assert mask(text).count("\r\nt=0 0\r\nm=") == 1


def test_second_time_line_is_dropped() -> None:
    text = MINIMAL + "t=1 2\nm=audio 9 RTP/AVP 0\nt=3 4\n"
    assert mask(text).count("t=") == 1


@pytest.mark.parametrize("line", [f"b=X-{NUMBER}:1", f"b=AS:{NUMBER}x", "b=AS"])
@pytest.mark.parametrize("place", ["session", "media"])
def test_bandwidth_that_is_none_is_dropped(line: str, place: str) -> None:
    media = "m=audio 9 RTP/AVP 0\n"
    text = (
        f"{MINIMAL}{line}\n{media}" if place == "session" else f"{MINIMAL}{media}{line}"
    )
    assert "b=" not in mask(text)


def test_fax_and_wildcard_feedback_survive() -> None:
    lines = (
        "m=image 6000 udptl t38",
        "a=T38FaxVersion:0",
        "m=video 6002 RTP/AVPF 99",
        "a=rtcp-fb:* nack",
        "a=fmtp:apt x=1",
    )
    text = mask(MINIMAL + "\n".join(lines))
    assert text.endswith("\r\n".join(lines) + "\r\n")


def test_every_usual_line_is_one_the_slow_way_would_keep() -> None:
    for line in USUAL_LINES:
        assert line[2:].partition(b":")[0] in KEPT_ATTRIBUTES


BROKEN_MEDIA = [
    "m=audio 9 RTP/AVP",
    "m=audio 9",
    "m=audio 65536 RTP/AVP 0",
    "m=audio -1 RTP/AVP 0",
    "m=audio +9 RTP/AVP 0",
    "m=audio 1_0 RTP/AVP 0",
    "m=audio ² RTP/AVP 0",
    "m=audio  RTP/AVP 0",
    "m=audio 9/ RTP/AVP 0",
    "m=audio 9/x RTP/AVP 0",
    f"m=audio {'9' * 5000} RTP/AVP 0",
    "m=audio 9 RTP/AVP 128",
    "m=audio 9 RTP/AVP 4294967296",
    "m=audio 9 RTP/AVP x",
    "m=audio 9 RTP/AVP 0 ",
    "m=image 9 udptl  t38",
    f"m=audio 9 RTP/AVP {' '.join('0' * 65)}",
    f"m=audio 9 udptl {'x' * MAX_LINE}",
    "m=audio 9 RTP/AVP 0\na=rtpmap:128 X/8000",
    "m=audio 9 RTP/AVP 0\na=rtpmap:4294967296 X/8000",
    "m=audio 9 RTP/AVP 0\na=rtpmap:0",
    "m=audio 9 RTP/AVP 0\na=rtpmap:x X/8000",
    "m=audio 9 RTP/AVP 0\na=fmtp:999 x",
    "m=audio 9 RTP/AVP 0\na=fmtp:",
    "m=audio 9 RTP/AVP 0\na=fmtp:x",
    f"m=audio 9 RTP/AVP 0\na=fmtp:0 {'x' * MAX_LINE}",
    "m=audio 9 RTP/AVP 0\nc=IN IP4",
    "m=audio 9 RTP/AVP 0\nc=IN IP5 192.0.2.1",
    "m=audio 9 RTP/AVP 0\nc=ATM IP4 192.0.2.1",
    "m=audio 9 RTP/AVP 0\nc=IN IP4 ",
    "m=audio 9 RTP/AVP 0\nc=IN IP4 a@b",
    f"m=audio 9 RTP/AVP 0\nc=IN IP4 {'1' * MAX_LINE}",
    "m=audio 9 RTP/AVP 0\ngarbage",
    "m=audio 9 RTP/AVP 0\0",
    "m=audio 9 RTP/AVP 0\n" * (MAX_MEDIA + 1),
    "m=audio 9 RTP/AVP 0\n" + "a=ptime:20\n" * MAX_MEDIA_LINES,
    "m=audio 9 RTP/AVP 0\n" + "a=ptime:20\n" * MAX_MEDIA_LINES + "m=audio 9 RTP/AVP 0",
    "m=audio 9 RTP/AVP 0\n" + "a=X:1\n" * MAX_LINES,
    "a=ptime:20\n" * MAX_MEDIA_LINES + "m=audio 9 RTP/AVP 0",
    "",
    "rubbish\nm=audio 9 RTP/AVP 0",
]


@pytest.mark.parametrize("tail", BROKEN_MEDIA)
def test_cve_2018_1000098_broken_descriptions_are_refused(tail: str) -> None:
    with pytest.raises(PeerMistake) as caught:
        mask(MINIMAL + tail)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "body", ["", "\n", "m=audio 9 RTP/AVP 0\n", "v=1\nm=audio 9 a 0"]
)
def test_beginning_must_be_version_0(body: str) -> None:
    with pytest.raises(PeerMistake):
        mask(body)


def test_as_many_lines_as_allowed_are_kept() -> None:
    media = "m=audio 9 RTP/AVP 0\n" + "a=ptime:20\n" * (MAX_MEDIA_LINES - 1)
    assert mask(MINIMAL + media * 2).count("a=ptime") == 2 * (MAX_MEDIA_LINES - 1)
    last = "m=audio 9/2 RTP/AVP 0\n"
    assert mask(MINIMAL + last * MAX_MEDIA).count("m=") == MAX_MEDIA


LINES = st.sampled_from(
    OFFER.splitlines() + [line.split("\n")[-1] for line in BROKEN_MEDIA]
)


@given(st.lists(LINES | st.text(max_size=30), max_size=40))
def test_any_body_is_masked_or_refused(lines: list[str]) -> None:
    body = "\n".join(["v=0", *lines]).encode("utf-8", "surrogatepass")
    try:
        result = masked(
            body, username="veil", session_id=1, version=1, address="1.2.3.4"
        )
    except PeerMistake:
        return
    head, *rest = result.decode("utf-8", "surrogatepass").split("\r\n")
    assert head == "v=0"
    assert rest[0] == "o=veil 1 1 IN IP4 1.2.3.4"
    for line in rest[1:-1]:
        assert line[:2] in ("s=", "c=", "b=", "t=", "a=", "m=")
        assert line[:2] != "s=" or line == "s=-"
