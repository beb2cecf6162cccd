"""An INVITE of ours before it is sent: all of it that a second try keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sip.dialog.dialog import SDP
from sip.dialog.ground import ALLOW, LARGEST_DATAGRAM_REQUEST
from sip.flow import Flow

if TYPE_CHECKING:
    from sip.dialog.outbound import OutboundSession


class Draft(NamedTuple):
    """The parts of a new INVITE; headers are complete lines."""

    uri: str
    from_: str
    """The value of From without its tag."""
    to: str
    """The value of To."""
    headers: str
    body: bytes
    max_forwards: int
    interval: int
    """Seconds of Session-Expires; 0 offers no session timer."""
    min_se: int
    """Min-SE learnt from a 422; 0 for none."""
    reliable: bool
    """Whether to say that we support 100rel."""
    stream_allowed: bool
    """Whether a large INVITE may go by TCP instead (18.1.1)."""
    credentials: str = ""
    """The line that answers a 401 or 407."""

    def with_interval(self, seconds: int) -> Draft:
        """Return the draft a 422 with Min-SE asks for (RFC 4028 section 7.4)."""
        return self._replace(interval=max(seconds, self.interval), min_se=seconds)

    def render(
        self, session: OutboundSession, flow: Flow, branch: str
    ) -> tuple[Flow, bytes]:
        """Return the INVITE and where it goes: TCP when it is large and may."""
        ground = session.ground
        data = self._render(session, flow, branch)
        if (
            len(data) > LARGEST_DATAGRAM_REQUEST
            and flow.transport == "udp"
            and self.stream_allowed
            and ground.has_transport("tcp")
        ):
            stream = ground.listener_for(flow._replace(transport="tcp"))
            return stream, self._render(session, stream, branch)
        return flow, data

    def _render(self, session: OutboundSession, flow: Flow, branch: str) -> bytes:
        ground = session.ground
        tags = "100rel, timer" if self.reliable else "timer"
        timer = f"Session-Expires: {self.interval}\r\n" if self.interval else ""
        if self.min_se:
            timer += f"Min-SE: {self.min_se}\r\n"
        head = (
            f"INVITE {self.uri} SIP/2.0\r\n"
            f"{ground.vias[flow.listener]}{branch};rport\r\n"
            f"Max-Forwards: {self.max_forwards}\r\n"
            f"From: {self.from_};tag={session.local_tag}\r\nTo: {self.to}\r\n"
            f"Call-ID: {session.call_id}\r\nCSeq: {session.seq} INVITE\r\n"
            f"{ground.contacts[flow.listener]}{ALLOW}Supported: {tags}\r\n"
            f"{timer}{ground.user_agent}{self.credentials}{self.headers}"
            f"{SDP if self.body else ''}Content-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode("utf-8", "surrogateescape") + self.body
