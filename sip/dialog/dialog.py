"""A dialog: two tags, a route set, a target, two sequence numbers (section 12)."""

from __future__ import annotations

from sip.dialog.ground import Ground
from sip.dialog.route import is_loose, next_hop, uri_of
from sip.flow import Flow
from sip.message.message import Request, Response

SDP = "Content-Type: application/sdp\r\n"


class Dialog:
    """The state requests inside a dialog are built from."""

    __slots__ = (
        "call_id",
        "flow",
        "ground",
        "local",
        "local_seq",
        "local_tag",
        "remote",
        "remote_seq",
        "remote_tag",
        "route_lines",
        "routes",
        "target",
    )

    def __init__(
        self,
        ground: Ground,
        *,
        call_id: str,
        local: str,
        local_tag: str,
        remote: str,
        remote_tag: str,
        target: str,
        routes: list[str],
        flow: Flow,
        local_seq: int = 0,
        remote_seq: int = -1,
    ) -> None:
        self.ground = ground
        self.call_id = call_id
        self.local = local
        self.local_tag = local_tag
        self.remote = remote
        self.remote_tag = remote_tag
        self.target = target
        self.routes = routes
        self.route_lines = "".join(f"Route: {route}\r\n" for route in routes)
        self.flow = flow
        self.local_seq = local_seq
        self.remote_seq = remote_seq
        self.aim(flow)

    @classmethod
    def as_server(
        cls, ground: Ground, request: Request, tag: str, flow: Flow
    ) -> Dialog:
        """Build the UAS side from an INVITE and our tag (12.1.1).

        The route set is the Record-Route values in order. The INVITE must have passed
        `check_strictly`, so that it has one Contact.
        """
        contact = request.contact
        return cls(
            ground,
            call_id=request.call_id,
            local=f"{request.fields['to'][0]};tag={tag}",
            local_tag=tag,
            remote=request.fields["from"][0],
            remote_tag=request.from_tag,
            target=contact.uri_text if contact else uri_of(request.fields["from"][0]),
            routes=request.record_routes,
            flow=flow,
            remote_seq=request.cseq.number,
        )

    @classmethod
    def as_client(
        cls,
        ground: Ground,
        response: Response,
        *,
        local: str,
        local_tag: str,
        target: str,
        flow: Flow,
        seq: int,
    ) -> Dialog:
        """Build the UAC side from a response with a To tag (12.1.2).

        The route set is the Record-Route values in reverse order. `target` is used when
        the response brings no Contact.
        """
        contact = response.contact
        return cls(
            ground,
            call_id=response.call_id,
            local=local,
            local_tag=local_tag,
            remote=response.fields["to"][0],
            remote_tag=response.to_tag,
            target=contact.uri_text if contact else target,
            routes=response.record_routes[::-1],
            flow=flow,
            local_seq=seq,
        )

    def aim(self, last: Flow) -> None:
        """Work out where requests go, `last` being the peer's newest source (F52)."""
        first = uri_of(self.routes[0]) if self.routes else self.target
        latch = self.ground.settings.latch and not self.routes
        flow = next_hop(first, last, latch=latch)
        if flow.transport != last.transport:
            flow = self.ground.listener_for(flow)
        self.flow = flow

    def refresh_target(self, message: Request | Response, last: Flow) -> None:
        """Take over the Contact of a target refresh request or its 2xx (12.2)."""
        contact = message.contact
        if contact is not None and contact.uri_text != self.target:
            self.target = contact.uri_text
            self.aim(last)

    def request(
        self,
        method: str,
        *,
        branch: str,
        seq: int,
        headers: str = "",
        body: bytes = b"",
    ) -> bytes:
        """Render a request inside the dialog; `headers` are complete lines."""
        uri, routes = self.target, self.route_lines
        if self.routes and not is_loose(self.routes[0]):
            # 12.2.1.1: a strict router becomes the Request-URI, the target goes last.
            uri = uri_of(self.routes[0])
            rest = [*self.routes[1:], f"<{self.target}>"]
            routes = "".join(f"Route: {route}\r\n" for route in rest)
        ground = self.ground
        head = (
            f"{method} {uri} SIP/2.0\r\n"
            f"{ground.vias[self.flow.listener]}{branch};rport\r\n"
            f"{routes}Max-Forwards: 70\r\n"
            f"From: {self.local}\r\nTo: {self.remote}\r\n"
            f"Call-ID: {self.call_id}\r\nCSeq: {seq} {method}\r\n"
            f"{headers}Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode("utf-8", "surrogateescape") + body

    def next_seq(self) -> int:
        """Count and return the next CSeq number of ours."""
        self.local_seq += 1
        return self.local_seq

    def acknowledge(self, seq: int, body: bytes) -> tuple[bytes, Flow]:
        """Send the ACK of a 2xx, with a branch of its own (13.2.2.4), and return it."""
        data = self.request(
            "ACK",
            branch=self.ground.tokens.branch(),
            seq=seq,
            headers=SDP if body else "",
            body=body,
        )
        ack = (data, self.flow)
        self.ground.outbox.append(ack)
        return ack
