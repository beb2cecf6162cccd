"""What of a body goes across: SDP out of any wrapping, key presses, nothing else."""

from __future__ import annotations

import pytest

from router.engine.bodies import Description, description_in, key_press
from sip.errors import PeerMistake
from sip.message.message import Request

SDP = (
    b"v=0\r\no=a 1 1 IN IP4 1.2.3.4\r\ns=x\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\n"
    b"m=audio 4 RTP/AVP 8\r\n"
)


def found(content_type: str, body: bytes) -> bytes:
    fields = {"content-type": [content_type]} if content_type else {}
    return description_in(Request("INVITE", "sip:x@y", fields, body))


def parts(*each: tuple[str, bytes]) -> bytes:
    whole = b"".join(
        b"--mark\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + body + b"\r\n"
        for kind, body in each
    )
    return b"preamble\r\n" + whole + b"--mark--\r\n"


def test_plain_sdp() -> None:
    assert found("application/sdp", SDP) == SDP
    assert found("Application/SDP;charset=utf-8", SDP) == SDP
    assert found("application/sdp", b"") == b""


def test_other_bodies_stay_where_they_are() -> None:
    assert found("text/plain", SDP) == b""
    assert found("", SDP) == b""


@pytest.mark.parametrize("mark", ["mark", '"mark"'])
def test_rfc5621_sdp_is_taken_out_of_a_multipart_body(mark: str) -> None:
    body = parts(("application/isup", b"+8613800000001"), ("application/sdp", SDP))
    assert found(f"multipart/mixed;boundary={mark}", body) == SDP


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/mixed", parts(("application/sdp", SDP))),
        ("multipart/mixed;boundary=other", parts(("application/sdp", SDP))),
        ("multipart/mixed;boundary=mark", parts(("text/plain", SDP))),
        ("multipart/mixed;boundary=mark", b"--mark\r\nContent-Type: application/sdp"),
        ("multipart/mixed;boundary=mark", parts(*[("a/b", b"")] * 20)),
    ],
)
def test_a_multipart_body_without_sdp(content_type: str, body: bytes) -> None:
    assert found(content_type, body) == b""


@pytest.mark.parametrize(
    ("body", "press"),
    [
        (b"Signal=5\r\nDuration=200\r\n", b"Signal=5\r\nDuration=200\r\n"),
        (b"signal= * \nduration=9", b"Signal=*\r\nDuration=40\r\n"),
        (b"Signal=10\r\nDuration=99999", b"Signal=*\r\nDuration=5000\r\n"),
        (b"Signal=11\r\nDuration=x\r\n", b"Signal=#\r\nDuration=160\r\n"),
        (b"Signal=d\r\nDuration=123456789\r\n", b"Signal=D\r\nDuration=160\r\n"),
        ("Signal=1\r\nDuration=²".encode(), b"Signal=1\r\nDuration=160\r\n"),
        (b"Signal=13800000001\r\n", b""),
        (b"Duration=200\r\n", b""),
        (b"\xff\xfe", b""),
    ],
)
def test_dtmf_relay_is_written_anew(body: bytes, press: bytes) -> None:
    assert key_press("application/dtmf-relay", body) == press


@pytest.mark.parametrize(
    ("body", "press"), [(b"5", b"5"), (b" # \r\n", b"#"), (b"a", b"A"), (b"12", b"")]
)
def test_dtmf(body: bytes, press: bytes) -> None:
    assert key_press("application/dtmf", body) == press


def test_other_types_are_no_key_press() -> None:
    assert key_press("text/plain", b"5") == b""


def test_rfc3264_8_the_version_grows_with_each_change_only() -> None:
    leg = Description(7, "10.0.0.1")
    first = leg.masked(SDP)
    assert first.startswith(b"v=0\r\no=- 7 1 IN IP4 10.0.0.1\r\n")
    assert leg.masked(SDP) is first
    assert b"o=- 7 2 " in leg.masked(SDP.replace(b"RTP/AVP 8", b"RTP/AVP 0"))
    assert b"o=- 7 3 " in leg.masked(SDP)


def test_what_is_no_description_leaves_the_last_one_standing() -> None:
    leg = Description(7, "10.0.0.1")
    first = leg.masked(SDP)
    with pytest.raises(PeerMistake):
        leg.masked(b"nonsense")
    assert leg.masked_or_nothing(b"nonsense") == b""
    assert leg.masked_or_nothing(b"") == b""
    assert leg.masked_or_nothing(SDP) == first
