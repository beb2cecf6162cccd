"""Errors of the SIP floors: whose mistake it was, and what to answer.

    SipError
    ├── PeerMistake   the far end sent it; carries the status to answer with
    └── OurMistake    the application asked the stack for something illegal

Only `PeerMistake` may leave the parser (RFC 3261 sections 8.2, 16.3, 18.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sip.message.message import Request


class SipError(Exception):
    """Anything the SIP floors raise on purpose."""


class PeerMistake(SipError):
    """The far end sent something that cannot be used.

    `status` and `reason` are what to answer; `headers` are complete header lines the
    answer must carry (`Unsupported: foo`); `request` is the part that could be read,
    or None when nothing can be answered.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        *,
        headers: tuple[str, ...] = (),
        request: Request | None = None,
    ) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.headers = headers
        self.request = request


class OurMistake(SipError):
    """The application used the stack in a way the protocol does not allow."""
