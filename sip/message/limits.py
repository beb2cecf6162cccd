"""Budgets of the message floor: what is beyond them is refused, never worked on.

Lengths are in bytes on the wire or characters of decoded text, as each line says.
"""

from __future__ import annotations

MAX_DATAGRAM = 16 * 1024
"""Bytes of one datagram; more is answered 513 (RFC 3261 section 21.5.7)."""

MAX_STREAM_MESSAGE = 64 * 1024
"""Bytes of one message on a stream, body included."""

MAX_HEAD = 16 * 1024
"""Bytes of start line and headers together."""

MAX_HEADER_LINES = 128
"""Lines after the start line, folded ones counted singly."""

MAX_VIAS = 40
"""Via values in one message. RFC 4475 section 3.1.1.7 has 34 and must be accepted."""

MAX_URI = 256
"""Characters of a Request-URI; more is answered 414."""

MAX_CSEQ = 2**31 - 1
"""RFC 3261 section 8.1.1.5: "MUST be less than 2**31"."""

MAX_SECONDS = 2**32 - 1
"""Largest delta-seconds (RFC 3261 section 20.19)."""

MAX_RSEQ = 2**32 - 1
"""Largest RSeq (RFC 3262 section 7.1)."""

MAX_FORWARDS = 255
"""Largest Max-Forwards (RFC 3261 section 20.22)."""
