"""Offer and answer: RFC 3264 sections 6 and 8.4."""

from __future__ import annotations

import pytest

from sip.errors import PeerMistake
from sip.message.offer import (
    common_codecs,
    is_hold,
    make_answer,
    refuse_media,
    reverse,
)
from sip.message.sdp import Codec, Direction, Media, Origin, parse

HEAD = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=5 6\n"
OURS = (
    Codec(0, "pcmu", 8000),
    Codec(8, "PCMA", 8000),
    Codec(96, "telephone-event", 8000),
)
ORIGIN = Origin("veil", 1, 1, "IP4", "198.51.100.1")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (Direction.SENDRECV, Direction.SENDRECV),
        (Direction.SENDONLY, Direction.RECVONLY),
        (Direction.RECVONLY, Direction.SENDONLY),
        (Direction.INACTIVE, Direction.INACTIVE),
    ],
)
def test_rfc3264_6_1_directions_are_mirrored(
    theirs: Direction, ours: Direction
) -> None:
    assert reverse(theirs) is ours


@pytest.mark.parametrize(
    ("media", "held"),
    [
        ("m=audio 9 RTP/AVP 0", False),
        ("m=audio 9 RTP/AVP 0\na=sendonly", True),
        ("m=audio 9 RTP/AVP 0\na=inactive", True),
        ("m=audio 9 RTP/AVP 0\na=recvonly", False),
        ("m=audio 9 RTP/AVP 0\nc=IN IP4 0.0.0.0", True),
        ("m=audio 9 RTP/AVP 0\na=sendonly\nm=video 9 RTP/AVP 31", False),
        ("m=audio 9 RTP/AVP 0\na=sendonly\nm=video 0 RTP/AVP 31", True),
        ("m=audio 0 RTP/AVP 0", False),
    ],
)
def test_rfc3264_8_4_hold(media: str, held: bool) -> None:
    assert is_hold(parse((HEAD + media).encode())) is held


def test_rfc3264_6_1_answer_keeps_the_offers_order_and_payload_types() -> None:
    offered = Media(
        "audio",
        9,
        "RTP/AVP",
        ("18", "8", "101", "0"),
        ("a=rtpmap:101 telephone-event/8000",),
    )
    assert [codec.payload_type for codec in common_codecs(offered, OURS)] == [8, 101, 0]


def test_answer_takes_one_audio_stream_and_refuses_the_rest_in_order() -> None:
    offer = parse(
        (
            HEAD + "m=video 9 RTP/AVP 31\n"
            "m=audio 9 RTP/AVP 18 101\na=rtpmap:101 telephone-event/8000\n"
            "m=audio 9 RTP/SAVP 18 0 97 101\na=rtpmap:101 telephone-event/8000\n"
            "a=fmtp:101 0-15\na=sendonly\n"
            "m=audio 9 RTP/AVP 0\nm=audio 0 RTP/AVP 0\nm=audio 9 udptl 0\n"
        ).encode()
    )
    answer = make_answer(offer, origin=ORIGIN, port=4000, codecs=OURS)
    assert str(answer) == (
        "v=0\r\no=veil 1 1 IN IP4 198.51.100.1\r\ns=-\r\n"
        "c=IN IP4 198.51.100.1\r\nt=5 6\r\n"
        "m=video 0 RTP/AVP 31\r\nm=audio 0 RTP/AVP 18 101\r\n"
        "m=audio 4000 RTP/SAVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=recvonly\r\n"
        "m=audio 0 RTP/AVP 0\r\nm=audio 0 RTP/AVP 0\r\nm=audio 0 udptl 0\r\n"
    )


def test_channels_are_answered_and_missing_times_are_zero() -> None:
    opus = Codec(111, "opus", 48000, 2)
    text = (
        HEAD.replace("t=5 6\n", "") + "m=audio 9 RTP/AVP 97\na=rtpmap:97 opus/48000/2"
    )
    answer = str(
        make_answer(parse(text.encode()), origin=ORIGIN, port=2, codecs=[opus])
    )
    assert "a=rtpmap:97 opus/48000/2\r\n" in answer
    assert "\r\nt=0 0\r\n" in answer


def test_nothing_in_common_is_488() -> None:
    offer = parse((HEAD + "m=audio 9 RTP/AVP 18").encode())
    with pytest.raises(PeerMistake) as caught:
        make_answer(offer, origin=ORIGIN, port=4000, codecs=OURS)
    assert caught.value.status == 488


def test_refused_media_has_port_0_and_nothing_else() -> None:
    media = Media("audio", 9, "RTP/AVP", ("0",), ("a=sendonly",), 2)
    assert str(refuse_media(media)) == "m=audio 0 RTP/AVP 0\r\n"
