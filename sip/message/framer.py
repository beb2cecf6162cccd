"""Messages out of a stream of bytes (RFC 3261 section 18.3, RFC 5626 section 4.4.1)."""

from __future__ import annotations

import re
from typing import Final

from sip.errors import PeerMistake
from sip.message.grammar import number
from sip.message.limits import MAX_HEAD, MAX_STREAM_MESSAGE
from sip.message.parser import salvage

_END: Final = b"\r\n\r\n"
_LENGTH = re.compile(
    rb"\r\n(?:content-length|l)[ \t]*:(?:\r\n[ \t]|[ \t])*([^\r]*+)(\r\n[ \t])?",
    re.IGNORECASE,
)


class Framer:
    """Cuts a stream into messages; each call of `next_message` gives one or None.

    After `PeerMistake` the stream has lost its rhythm: answer if the error holds a
    request, then close the connection. Nothing further comes out.
    """

    __slots__ = ("_buffer", "_failed", "_searched", "_total", "pings")

    def __init__(self) -> None:
        self._buffer = bytearray()
        # How much of the buffer is known to hold no end of headers.
        self._searched = 0
        # Length of the message being received, 0 while its headers are incomplete.
        self._total = 0
        self._failed = False
        self.pings = 0
        """Double CRLFs between messages so far: each asks for one CRLF (RFC 5626)."""

    @property
    def pending(self) -> int:
        """Bytes of a message not yet complete; above 0 the peer owes us the rest."""
        return 0 if _END.startswith(self._buffer) else len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the connection."""
        if not self._failed:
            self._buffer += data

    def next_message(self) -> bytes | None:
        """Return the bytes of the next message, None until it is complete.

        Raise `PeerMistake` when the length cannot be told, 400, or is too large, 513.
        """
        if self._failed:
            return None
        if not self._total:
            self._skip_keep_alives()
            self._total = self._measure()
        if not self._total or len(self._buffer) < self._total:
            return None
        message = bytes(self._buffer[: self._total])
        del self._buffer[: self._total]
        self._total = self._searched = 0
        return message

    def _skip_keep_alives(self) -> None:
        buffer = self._buffer
        if not buffer.startswith(b"\r"):
            return
        pings = 0
        while buffer.startswith(_END, pings * 4):
            pings += 1
        at = pings * 4
        self.pings += pings
        # A single CRLF is the first half of a ping, or noise before a start line.
        rest = buffer[at : at + len(_END)]
        if rest.startswith(b"\r\n") and not _END.startswith(rest):
            at += 2
        del buffer[:at]

    def _measure(self) -> int:
        """Return the length of the message that begins the buffer, 0 if unknown yet."""
        buffer = self._buffer
        end = buffer.find(_END, max(0, self._searched - 3), MAX_HEAD)
        if end < 0:
            self._searched = len(buffer)
            if len(buffer) >= MAX_HEAD:
                raise self._failure(513, "Message Too Large", bytes(buffer[:MAX_HEAD]))
            return 0
        head = bytes(buffer[:end])
        lengths = _LENGTH.findall(head)
        # "the Content-Length header field MUST be used" over streams (section 20.14).
        if len(lengths) != 1 or lengths[0][1]:
            raise self._failure(400, "Content-Length is not valid", head)
        try:
            size = number(lengths[0][0].rstrip(b" \t").decode("latin-1"), 2**32)
        except ValueError:
            raise self._failure(400, "Content-Length is not valid", head) from None
        total = end + len(_END) + size
        if total > MAX_STREAM_MESSAGE:
            raise self._failure(513, "Message Too Large", head)
        return total

    def _failure(self, status: int, reason: str, head: bytes) -> PeerMistake:
        self._failed = True
        self._buffer.clear()
        return PeerMistake(status, reason, request=salvage(head))
