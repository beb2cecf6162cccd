"""What of a message's body may go across: its session description, and key presses.

Everything else a body can hold stays where it came from.
"""

from __future__ import annotations

from typing import Final

from sip.errors import PeerMistake
from sip.message.message import Message
from sip.message.sdp_mask import masked

SDP = "application/sdp"
DTMF_RELAY = "application/dtmf-relay"
DTMF = "application/dtmf"
_MOST_PARTS = 8
_KEYS: Final = {key: key for key in "0123456789*#ABCDabcd"} | {"10": "*", "11": "#"}
_SHORTEST_MS = 40
_LONGEST_MS = 5000
_USUAL_MS = 160


def description_in(message: Message) -> bytes:
    """Return the SDP a message brings, "" when it brings none.

    Of a multipart body it is the part that is SDP (RFC 5621); the others are dropped.
    """
    body = message.body
    if not body:
        return b""
    kind = message.content_type
    if kind == SDP:
        return body
    if not kind.startswith("multipart/"):
        return b""
    return _part_of(body, message.first("content-type") or "")


def _part_of(body: bytes, content_type: str) -> bytes:
    marker = _boundary(content_type)
    if not marker:
        return b""
    for part in body.split(b"--" + marker, _MOST_PARTS)[1:]:
        part = part.removeprefix(b"\r\n")
        head, blank, content = part.partition(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.strip() == b"content-type" and blank:
                kind = value.partition(b";")[0].strip()
                if kind == SDP.encode():
                    return content.removesuffix(b"\r\n")
    return b""


def _boundary(content_type: str) -> bytes:
    for param in content_type.split(";")[1:]:
        name, _, value = param.partition("=")
        if name.strip().lower() == "boundary":
            return value.strip().strip('"').encode("utf-8", "surrogateescape")
    return b""


def key_press(content_type: str, body: bytes) -> bytes:
    """Return a key press in INFO, written anew; "" when there is none to read.

    What a phone puts there beside the key and its duration does not go across.
    """
    text = body[:256].decode("latin-1")
    if content_type == DTMF:
        key = _KEYS.get(text.strip())
        return key.upper().encode() if key else b""
    if content_type != DTMF_RELAY:
        return b""
    signal, duration = "", str(_USUAL_MS)
    for line in text.splitlines():
        name, _, value = line.partition("=")
        name, value = name.strip().lower(), value.strip()
        if name == "signal":
            signal = _KEYS.get(value, "").upper()
        elif name == "duration":
            duration = value
    if not signal:
        return b""
    return f"Signal={signal}\r\nDuration={_milliseconds(duration)}\r\n".encode()


def _milliseconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        return _USUAL_MS
    return min(max(int(text), _SHORTEST_MS), _LONGEST_MS)


class Description:
    """What one leg is told about the media, under an origin of ours (RFC 8866 5.2)."""

    __slots__ = ("_address", "_last", "_sent", "_session_id", "_version")

    def __init__(self, session_id: int, address: str) -> None:
        self._session_id = session_id
        self._address = address
        self._version = 0
        self._last = b""
        self._sent = b""

    def masked(self, body: bytes) -> bytes:
        """Return `body` as the leg may see it; raise `PeerMistake` when it is no SDP.

        The version grows with each change, and the same text is the same text again
        (RFC 3264 section 8).
        """
        if body == self._last:
            return self._sent
        self._sent = masked(
            body,
            username="-",
            session_id=self._session_id,
            version=self._version + 1,
            address=self._address,
        )
        self._version += 1
        self._last = body
        return self._sent

    def masked_or_nothing(self, body: bytes) -> bytes:
        """Return `masked(body)`, "" for no body or one that cannot be used."""
        if not body:
            return b""
        try:
            return self.masked(body)
        except PeerMistake:
            return b""
