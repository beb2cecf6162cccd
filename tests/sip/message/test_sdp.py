"""Session descriptions as values: RFC 8866 sections 5 and 6."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from sip.errors import PeerMistake
from sip.message.sdp import Codec, Direction, Media, Origin, Sdp, parse, parse_media

# RFC 3264 section 10.1, with an odd line more.
EXAMPLE = (
    b"v=0\r\n"
    b"o=alice 2890844526 2890844526 IN IP4 host.anywhere.com\r\n"
    b"s=-\r\n"
    b"c=IN IP4 host.anywhere.com\r\n"
    b"t=0 0\r\n"
    b"x=kept verbatim\r\n"
    b"m=audio 49170 RTP/AVP 0\r\n"
    b"a=rtpmap:0 PCMU/8000\r\n"
    b"m=video 51372/2 RTP/AVP 31 99\r\n"
    b"c=IN IP4 224.2.1.1/127/3\r\n"
    b"a=rtpmap:99 h263-1998/90000\r\n"
    b"a=fmtp:99 CIF=1\r\n"
    b"a=sendonly\r\n"
)


def test_parse_and_bytes_are_inverse() -> None:
    assert bytes(parse(EXAMPLE)) == EXAMPLE


def test_values_of_the_example() -> None:
    sdp = parse(EXAMPLE)
    audio, video = sdp.media
    assert sdp.origin == Origin(
        "alice", 2890844526, 2890844526, "IP4", "host.anywhere.com"
    )
    assert sdp.lines[-1] == "x=kept verbatim"
    assert (audio.kind, audio.port, audio.protocol) == ("audio", 49170, "RTP/AVP")
    assert audio.codecs == (Codec(0, "PCMU", 8000),)
    assert (video.port, video.ports, video.formats) == (51372, 2, ("31", "99"))
    # 31 has no rtpmap and is no audio codec of RFC 3551.
    assert video.codecs == (Codec(99, "h263-1998", 90000, 1, "CIF=1"),)
    assert sdp.address_of(audio) == "host.anywhere.com"
    assert sdp.address_of(video) == "224.2.1.1"


def test_direction_is_the_streams_then_the_sessions_then_sendrecv() -> None:
    audio, video = parse(EXAMPLE).media
    sdp = parse(EXAMPLE)
    assert sdp.direction_of(video) is Direction.SENDONLY
    assert sdp.direction_of(audio) is Direction.SENDRECV
    inactive = parse(EXAMPLE.replace(b"x=kept verbatim", b"a=inactive"))
    assert inactive.direction_of(inactive.media[0]) is Direction.INACTIVE
    assert inactive.direction_of(inactive.media[1]) is Direction.SENDONLY


def test_attributes_with_without_and_missing_value() -> None:
    media = Media("audio", 9, "RTP/AVP", ("0",), ("a=rtcp-mux", "a=ptime:20", "c=x"))
    assert media.attribute("rtcp-mux") == ""
    assert media.attribute("ptime") == "20"
    assert media.attribute("rtcp") is None


def test_missing_address_is_empty() -> None:
    sdp = parse(b"v=0\no=- 1 1 IN IP4 a\ns=-\nm=audio 9 RTP/AVP 0")
    assert sdp.address_of(sdp.media[0]) == ""


def test_static_payload_types_need_no_rtpmap() -> None:
    codecs = parse_media(["m=audio 9 RTP/AVP 0 8 18", "a=fmtp:18 annexb=no"]).codecs
    assert [codec.name for codec in codecs] == ["PCMU", "PCMA", "G729"]
    assert codecs[2].parameters == "annexb=no"


@pytest.mark.parametrize(
    "mapping", ["X", "X/", "X/y", "X/1_0", f"X/{'9' * 5000}", "X/8000/256", "X/²"]
)
def test_codec_with_a_broken_map_is_left_out(mapping: str) -> None:
    assert parse_media(["m=audio 9 RTP/AVP 96", f"a=rtpmap:96 {mapping}"]).codecs == ()


def test_channels_and_equality_of_codecs() -> None:
    (opus,) = parse_media(["m=audio 9 RTP/AVP 111", "a=rtpmap:111 opus/48000/2"]).codecs
    assert opus.channels == 2
    assert opus.same_as(Codec(96, "OPUS", 48000, 2))
    assert not opus.same_as(Codec(111, "opus", 48000, 1))
    assert not opus.same_as(Codec(111, "opus", 8000, 2))


def test_formats_that_are_no_payload_types_have_no_codec() -> None:
    media = parse_media(["m=image 9 udptl t38 " + "9" * 5000 + " ²"])
    assert media.codecs == ()


@pytest.mark.parametrize("end", [b"\n", b"\r"])
def test_line_ends_of_other_systems(end: bytes) -> None:
    assert parse(EXAMPLE.replace(b"\r\n", end)) == parse(EXAMPLE)


def test_bytes_that_are_no_utf_8_survive() -> None:
    body = EXAMPLE.replace(b"kept", b"k\xe9\xff\xc2\x85pt")
    assert bytes(parse(body)) == body


def test_description_without_media_is_legal() -> None:
    sdp = Sdp(Origin("-", 1, 1, "IP4", "192.0.2.1"), ())
    assert parse(bytes(sdp)) == sdp


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"v=0",
        b"v=1\no=- 1 1 IN IP4 a\ns=-",
        b"v=0\ns=-\no=- 1 1 IN IP4 a",
        b"v=0\no=- 1 1 IN IP4 a\nt=0 0",
        b"v=0\no=- 1 1 IN IP4\ns=-",
        b"v=0\no=- 1 1 ATM IP4 a\ns=-",
        b"v=0\no= 1 1 IN IP4 a\ns=-",
        b"v=0\no=- x 1 IN IP4 a\ns=-",
        b"v=0\no=- 18446744073709551616 1 IN IP4 a\ns=-",
        b"v=0\no=- 1 1 IN IP4 a\ns=-\n\nt=0 0",
        b"v=0\no=- 1 1 IN IP4 a\ns=-\nm=audio 9",
        b"v=0\no=- 1 1 IN IP4 a\ns=-\nm=audio 9  0",
        b"v=0\no=- 1 1 IN IP4 a\ns=-\nm=audio 65536 RTP/AVP 0",
        b"v=0\no=- 1 1 IN IP4 a\ns=-\nm=audio 9/x RTP/AVP 0",
        b"v=0\no=- 1 1 IN IP4 a\ns=-\nm=audio 9 RTP/AVP 128",
        b"v=0\no=- 1 1 IN IP4 a\ns=-\0",
        b"v=0\no=- 1 1 IN IP4 a\ns=-\n" + b"m=audio 9 RTP/AVP 0\n" * 17,
        b"v=0\no=- 1 1 IN IP4 a\ns=-\n" + b"a=x\n" * 64,
        b"v=0\no=- 1 1 IN IP4 a\ns=-\nm=audio 9 RTP/AVP 0\n" + b"a=x\n" * 64,
        b"v=0\no=- 1 1 IN IP4 a\ns=-\n" + b"a=x\n" * 1024,
    ],
)
def test_broken_descriptions_are_refused(body: bytes) -> None:
    with pytest.raises(PeerMistake) as caught:
        parse(body)
    assert caught.value.status == 400


@given(st.binary(max_size=80), st.integers(0, len(EXAMPLE)), st.integers(0, 40))
def test_any_bytes_parse_or_are_refused(noise: bytes, at: int, cut: int) -> None:
    try:
        sdp = parse(EXAMPLE[:at] + noise + EXAMPLE[at + cut :])
    except PeerMistake:
        return
    assert parse(bytes(sdp)) == sdp
    assert all(media.codecs is not None for media in sdp.media)
