"""Messages the tests of this floor start from."""

from __future__ import annotations

from sip.message.message import Request, Response
from sip.message.parser import parse

BODY = b"v=0\r\ns=-\r\n"

INVITE = (
    b"INVITE sip:+8617000000001@192.0.2.2:5060 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKabc;rport\r\n"
    b"Max-Forwards: 70\r\n"
    b"From: <sip:+8613800000001@192.0.2.1;user=phone>;tag=From-Tag\r\n"
    b"To: <sip:+8617000000001@192.0.2.2>\r\n"
    b"Call-ID: a84b4c76e66710@192.0.2.1\r\n"
    b"CSeq: 314159 INVITE\r\n"
    b"Contact: <sip:+8613800000001@192.0.2.1:5060>\r\n"
    b"Allow: INVITE, ACK, BYE\r\n"
    b"Supported: 100rel, Timer\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length: 10\r\n"
    b"\r\n" + BODY
)

OK = (
    b"SIP/2.0 200 OK\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKabc\r\n"
    b"From: <sip:a@192.0.2.1>;tag=1\r\n"
    b"To: <sip:b@192.0.2.2>;tag=2\r\n"
    b"Call-ID: c\r\n"
    b"CSeq: 1 INVITE\r\n"
    b"Content-Length: 0\r\n"
    b"\r\n"
)


def changed(old: str, new: str, message: bytes = INVITE) -> bytes:
    """Return `message` with its one `old` replaced."""
    assert message.count(old.encode()) == 1
    return message.replace(old.encode(), new.encode("utf-8", "surrogateescape"))


def request(data: bytes = INVITE) -> Request:
    """Parse what must be a request."""
    message = parse(data)
    assert isinstance(message, Request)
    return message


def response(data: bytes = OK) -> Response:
    """Parse what must be a response."""
    message = parse(data)
    assert isinstance(message, Response)
    return message


def with_lines(*lines: str) -> bytes:
    """Return the sample INVITE with more header lines before its Content-Length."""
    return changed(
        "Content-Length:", "".join(f"{x}\r\n" for x in lines) + "Content-Length:"
    )


def without(name: str, message: bytes = INVITE) -> bytes:
    """Return `message` without its lines called `name`."""
    head, end, body = message.partition(b"\r\n\r\n")
    prefix = f"{name}:".encode()
    lines = [line for line in head.split(b"\r\n") if not line.startswith(prefix)]
    assert len(lines) < len(head.split(b"\r\n"))
    return b"\r\n".join(lines) + end + body
