"""Messages out of a stream, however it is cut (RFC 3261 section 18.3, RFC 5626)."""

from __future__ import annotations

import time

import pytest

from sip.errors import PeerMistake
from sip.message.framer import Framer
from sip.message.limits import MAX_HEAD, MAX_STREAM_MESSAGE
from tests.sip.message.sample import BODY, INVITE, OK, changed, without

STREAM = b"\r\n\r\n" + INVITE + b"\r\n" + OK + OK + b"\r\n\r\n\r\n" + INVITE


def drain(framer: Framer) -> list[bytes]:
    messages = []
    while (message := framer.next_message()) is not None:
        messages.append(message)
    return messages


def refusal(data: bytes) -> PeerMistake:
    framer = Framer()
    framer.feed(data)
    with pytest.raises(PeerMistake) as caught:
        framer.next_message()
    assert framer.next_message() is None
    framer.feed(INVITE)
    assert framer.next_message() is None
    assert framer.pending == 0
    return caught.value


def test_whole() -> None:
    framer = Framer()
    framer.feed(STREAM)
    assert drain(framer) == [INVITE, OK, OK, INVITE]
    assert framer.pending == 0


def test_byte_by_byte() -> None:
    framer = Framer()
    messages = []
    for at in range(len(STREAM)):
        framer.feed(STREAM[at : at + 1])
        messages += drain(framer)
    assert messages == [INVITE, OK, OK, INVITE]
    assert framer.pings == 2


@pytest.mark.parametrize("size", [2, 3, 5, 7, 64, 333])
def test_pieces(size: int) -> None:
    framer = Framer()
    messages = []
    for at in range(0, len(STREAM), size):
        framer.feed(STREAM[at : at + size])
        messages += drain(framer)
    assert messages == [INVITE, OK, OK, INVITE]
    assert framer.pings == 2


def test_split_in_two_anywhere() -> None:
    for at in range(len(INVITE) + 1):
        framer = Framer()
        framer.feed(INVITE[:at])
        early = drain(framer)
        framer.feed(INVITE[at:])
        assert early + drain(framer) == [INVITE]


def test_trailing_bytes_wait_for_the_rest() -> None:
    framer = Framer()
    framer.feed(INVITE + OK[:-1])
    assert drain(framer) == [INVITE]
    assert framer.pending == len(OK) - 1
    framer.feed(OK[-1:])
    assert drain(framer) == [OK]


def test_rfc5626_4_4_1_double_crlf_is_a_ping() -> None:
    framer = Framer()
    framer.feed(b"\r\n\r")
    assert (framer.next_message(), framer.pings, framer.pending) == (None, 0, 0)
    framer.feed(b"\n\r\n")
    assert (framer.next_message(), framer.pings, framer.pending) == (None, 1, 0)
    framer.feed(b"\r\n" * 3)
    assert (framer.next_message(), framer.pings, framer.pending) == (None, 3, 0)


def test_rfc3261_7_5_single_crlf_before_a_message_is_no_ping() -> None:
    framer = Framer()
    framer.feed(b"\r\n" + INVITE)
    assert framer.next_message() == INVITE
    assert framer.pings == 0


def test_pending_tells_a_message_from_keep_alives() -> None:
    framer = Framer()
    assert framer.pending == 0
    framer.feed(b"INV")
    assert (framer.next_message(), framer.pending) == (None, 3)


@pytest.mark.parametrize(
    "line",
    [
        "l: 10",
        "L:10",
        "content-length :\t10 ",
        "CONTENT-LENGTH: 0010",
        "l:\r\n 10",
        "l :\r\n\t \r\n 10\r\nX: \r\n y",
    ],
)
def test_content_length_in_every_legal_spelling(line: str) -> None:
    data = changed("Content-Length: 10", line)
    framer = Framer()
    framer.feed(data + OK)
    assert drain(framer) == [data, OK]


def test_content_length_in_a_folded_value_is_text() -> None:
    data = changed("Content-Length: 10", "Subject: a\r\n l: 99\r\nContent-Length: 10")
    framer = Framer()
    framer.feed(data)
    assert framer.next_message() == data


@pytest.mark.parametrize(
    "line",
    [
        "l: -1",
        "l:",
        "l: x",
        "l: 1_0",
        "l: 1, 2",
        "l: \u00b2",
        "l: 10\r\nContent-Length: 10",
        "l: 1\r\n 0",
        "Content-Length: 10\r\nl: 11",
        "l: " + "9" * 5000,
        "l: 10 10",
        "l: 10\x0b",
    ],
)
def test_rfc4475_3_1_2_3_bad_length_is_answered_400(line: str) -> None:
    mistake = refusal(changed("Content-Length: 10", line))
    assert (mistake.status, mistake.reason) == (400, "Content-Length is not valid")
    assert mistake.request is not None
    assert mistake.request.call_id == "a84b4c76e66710@192.0.2.1"


def test_rfc3261_20_14_content_length_is_mandatory_on_streams() -> None:
    assert refusal(without("Content-Length")).status == 400


def test_rfc4475_3_1_2_2_short_body_waits() -> None:
    framer = Framer()
    framer.feed(changed("Content-Length: 10", "Content-Length: 9999"))
    assert framer.next_message() is None
    assert framer.pending > 0


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01" + b"\0" * 20 + b"\r\n\r\n", b"x\r\n\r\n"]
)
def test_what_is_no_sip_has_no_answer(data: bytes) -> None:
    assert refusal(data).request is None


def test_message_of_64_kb_at_most() -> None:
    size = MAX_STREAM_MESSAGE - len(INVITE) + len(BODY) - len("65000") + len("10")
    fits = changed("Content-Length: 10", f"Content-Length: {size}") + b"x" * (size - 10)
    assert len(fits) == MAX_STREAM_MESSAGE
    framer = Framer()
    framer.feed(fits)
    assert framer.next_message() == fits
    mistake = refusal(changed("Content-Length: 10", f"Content-Length: {size + 1}"))
    assert (mistake.status, mistake.reason) == (513, "Message Too Large")
    assert mistake.request is not None


def test_headers_of_16_kb_at_most() -> None:
    head = b"INVITE sip:a SIP/2.0\r\nv: b\r\nSubject: "
    framer = Framer()
    framer.feed(head + b"x" * (MAX_HEAD - len(head) - 1))
    assert framer.next_message() is None
    framer.feed(b"x")
    with pytest.raises(PeerMistake, match="513") as caught:
        framer.next_message()
    assert caught.value.request is not None


def test_a_slow_head_is_searched_once() -> None:
    framer = Framer()
    started_at = time.perf_counter()
    for _ in range(MAX_HEAD - 1):
        framer.feed(b"x")
        assert framer.next_message() is None
    assert time.perf_counter() - started_at < 0.5


def test_a_storm_of_keep_alives_is_linear() -> None:
    framer = Framer()
    framer.feed(b"\r\n\r\n" * 100_000)
    started_at = time.perf_counter()
    assert framer.next_message() is None
    assert time.perf_counter() - started_at < 0.5
    assert (framer.pings, framer.pending) == (100_000, 0)
