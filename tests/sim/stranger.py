"""A peer without a stack: it says what a test writes, and keeps what it hears."""

from __future__ import annotations

from sip.flow import Flow
from sip.message.message import Request, Response
from sip.message.parser import parse
from tests.sim.net import Address, Host, Net

SDP_LINE = "Content-Type: application/sdp\r\n"


class Stranger:
    """One hand-written end of one dialog.

    It begins as the caller `alice`; `adopt` makes it the callee of an INVITE.
    """

    def __init__(
        self, net: Net, host: str, peer: Host, *, transport: str = "udp"
    ) -> None:
        self.net = net
        self.peer = peer
        self.transport = transport
        self.address: Address = (host, 5060)
        self.uri = "sip:bob@biloxi.example"
        self.local = "Alice <sip:alice@atlanta.example>;tag=9fxced76sl"
        self.remote = "Bob <sip:bob@biloxi.example>"
        self.call_id = "3848276298220188511@atlanta.example"
        self.contact = f"<sip:alice@{self.sent_by}>"
        self.number = 0
        self.heard: list[Request | Response] = []
        self._branches = 0
        self.learns = True
        """Take the first tag of the other side for the dialog's."""
        self._queue: list[tuple[bytes, Flow]] = []
        net.join(self)

    @property
    def sent_by(self) -> str:
        """Its own address as Via says it."""
        host, port = self.address
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    # -- a host of the network -----------------------------------------------------

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """Keep one message; the first tag of the other side becomes the dialog's."""
        message = parse(data)
        self.heard.append(message)
        if isinstance(message, Response) and message.status > 100 and self.learns:
            self.remote = message.fields["to"][0]
            self.learns = False

    def unreachable(self, flow: Flow, now: float) -> None:
        """Do without."""

    def flush(self, now: float) -> list[tuple[bytes, Flow]]:
        """Return what is to be sent."""
        queue, self._queue = self._queue, []
        return queue

    def wake_at(self) -> float | None:
        """Nothing ever happens by itself."""
        return None

    def wake(self, now: float) -> None:
        """Nothing ever happens by itself."""

    # -- for tests -----------------------------------------------------------------

    def send(
        self,
        method: str,
        *,
        number: int = 0,
        branch: str = "",
        uri: str = "",
        local: str = "",
        remote: str = "",
        call_id: str = "",
        contact: str | None = None,
        headers: str = "",
        body: bytes = b"",
    ) -> str:
        """Send a request, numbered next unless `number` is given; return its branch."""
        if not number:
            if method not in ("ACK", "CANCEL"):
                self.number += 1
            number = self.number
        self._branches += 1
        branch = branch or f"z9hG4bK{self.address[0]}-{self._branches}"
        shown = self.contact if contact is None else contact
        contact_line = f"Contact: {shown}\r\n" if shown else ""
        text = (
            f"{method} {uri or self.uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/{self.transport.upper()} {self.sent_by};branch={branch}\r\n"
            f"Max-Forwards: 70\r\nFrom: {local or self.local}\r\n"
            f"To: {remote or self.remote}\r\nCall-ID: {call_id or self.call_id}\r\n"
            f"CSeq: {number} {method}\r\n{contact_line}{headers}"
            f"{SDP_LINE if body and 'Content-Type' not in headers else ''}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.say(text.encode() + body)
        return branch

    def say(self, data: bytes) -> None:
        """Send bytes, and let them and their consequences arrive."""
        self._queue.append((data, Flow(self.transport, *self.peer.address)))
        self.net.run(self.net.faults.delay)

    def respond(
        self,
        request: Request,
        status: int,
        *,
        tag: str = "stranger",
        headers: str = "",
        contact: str | None = None,
        body: bytes = b"",
    ) -> None:
        """Answer a request that was heard."""
        fields = request.fields
        to = fields["to"][0]
        if tag and not request.to_tag:
            to += f";tag={tag}"
        vias = "".join(f"Via: {value}\r\n" for value in fields["via"])
        shown = f"<sip:bob@{self.sent_by}>" if contact is None else contact
        contact_line = f"Contact: {shown}\r\n" if shown else ""
        text = (
            f"SIP/2.0 {status} Whatever\r\n{vias}"
            f"From: {fields['from'][0]}\r\nTo: {to}\r\n"
            f"Call-ID: {fields['call-id'][0]}\r\nCSeq: {fields['cseq'][0]}\r\n"
            f"{contact_line}{headers}{SDP_LINE if body else ''}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.say(text.encode() + body)

    def adopt(self, invite: Request, *, tag: str = "stranger") -> None:
        """Become the callee of `invite`: requests go the other way from now on."""
        self.local = f"{invite.fields['to'][0]};tag={tag}"
        self.remote = invite.fields["from"][0]
        self.call_id = invite.call_id
        self.contact = f"<sip:bob@{self.sent_by}>"
        contact = invite.contact
        assert contact is not None
        self.uri = contact.uri_text
        self.learns = False

    def requests(self, method: str) -> list[Request]:
        """Return the requests of one method that were heard."""
        return [
            one
            for one in self.heard
            if isinstance(one, Request) and one.method == method
        ]

    def distinct(self, method: str) -> list[Request]:
        """Return the requests of one method, repeats left out."""
        seen = {one.via.branch: one for one in reversed(self.requests(method))}
        return list(seen.values())[::-1]

    def request(self, method: str) -> Request:
        """Return the newest request of a method."""
        return self.requests(method)[-1]

    def responses(self, method: str = "") -> list[Response]:
        """Return the responses that were heard, to one method or to all."""
        return [
            one
            for one in self.heard
            if isinstance(one, Response) and (not method or one.cseq.method == method)
        ]

    def statuses(self, method: str = "") -> list[int]:
        """Return the statuses that were heard."""
        return [response.status for response in self.responses(method)]

    @property
    def last(self) -> Response:
        """The newest response."""
        return self.responses()[-1]
