"""The SIP stack as one object with no socket, no clock and no loop.

Feed it what arrives, send what it wants sent, wake it when it asks to be woken, read
what happened:

    core.receive_datagram(data, flow, now)
    for event in iter(core.next_event, None): ...
    for data, flow in core.datagrams_to_send(): ...
    wake_at = core.get_timer()
    core.handle_timer(now)

`now` is a monotonic clock in seconds. Nothing a peer sends raises out of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.dialog.draft import Draft
from sip.dialog.ground import Ground
from sip.dialog.layer import DialogLayer, check_session_response
from sip.dialog.outbound import OutboundSession
from sip.dialog.probe import Probe
from sip.dialog.settings import CoreSettings
from sip.errors import PeerMistake
from sip.events import Event, Rejected
from sip.flow import Flow
from sip.message.limits import MAX_STREAM_MESSAGE
from sip.message.message import Request, Response
from sip.message.parser import check, check_response, parse
from sip.message.render import render_response
from sip.tokens import Tokens
from sip.transaction.base import ServerTransaction
from sip.transaction.source import stamp

if TYPE_CHECKING:
    from sip.message.digest import DigestClient


_SESSION_METHODS = ("INVITE", "UPDATE")


class Counters:
    """What went past, for gauges; plain numbers that only grow."""

    __slots__ = ("malformed", "received", "sent", "stray")

    def __init__(self) -> None:
        self.received = 0
        self.sent = 0
        self.malformed = 0
        self.stray = 0


class Core:
    """Transactions and dialogs of one set of listening addresses."""

    __slots__ = ("counters", "ground", "layer")

    def __init__(self, settings: CoreSettings, tokens: Tokens) -> None:
        self.ground = Ground(settings, tokens)
        self.layer = DialogLayer(self.ground)
        self.counters = Counters()

    # -- the five verbs --------------------------------------------------------------

    def receive_datagram(self, data: bytes, flow: Flow, now: float) -> None:
        """Take one datagram, or one message framed from a stream."""
        self.counters.received += 1
        try:
            message = (
                parse(data)
                if flow.transport == "udp"
                else parse(data, limit=MAX_STREAM_MESSAGE)
            )
            if isinstance(message, Request):
                self._receive_request(message, flow, now)
            else:
                self._receive_response(message, now)
        except PeerMistake as mistake:
            self.counters.malformed += 1
            self._answer(mistake, flow)

    def datagrams_to_send(self) -> list[tuple[bytes, Flow]]:
        """Take what is to be sent, in order."""
        outbox = self.ground.outbox
        if not outbox:
            return []
        taken = outbox[:]
        outbox.clear()
        self.counters.sent += len(taken)
        return taken

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called, None for not at all."""
        return self.ground.wheel.next_at()

    def handle_timer(self, now: float) -> None:
        """Let every deadline up to `now` take effect."""
        for timer in self.ground.wheel.due(now):
            target = timer.target
            assert target is not None
            target.expire(timer.name, now)

    def next_event(self) -> Event | None:
        """Take the oldest event, None when there is none."""
        events = self.ground.events
        return events.popleft() if events else None

    def unreachable(self, flow: Flow, now: float) -> None:
        """The transport could not deliver to `flow`."""
        self.ground.transactions.unreachable(flow, now)

    # -- commands ----------------------------------------------------------------------

    def invite(
        self,
        flow: Flow,
        *,
        uri: str,
        from_: str,
        to: str,
        now: float,
        headers: str = "",
        body: bytes = b"",
        max_forwards: int = 70,
        reliable: bool = True,
        stream_allowed: bool = False,
        credentials: DigestClient | None = None,
        context: object = None,
    ) -> OutboundSession:
        """Send an INVITE to `flow` and return its session.

        `from_` and `to` are whole header values without a tag; `headers` are complete
        lines; `body` is SDP, or empty to have the peer make the offer. `reliable` says
        that PRACK is supported; `stream_allowed` that a large INVITE may go by TCP.
        """
        ground = self.ground
        settings = ground.settings
        draft = Draft(
            uri=uri,
            from_=from_,
            to=to,
            headers=headers,
            body=body,
            max_forwards=max_forwards,
            interval=settings.session_expires,
            min_se=0,
            reliable=reliable,
            stream_allowed=stream_allowed,
        )
        flow = ground.listener_for(flow)
        session = OutboundSession(ground, draft, flow, ground.tokens.token())
        session.credentials = credentials
        session.context = context
        session.send(now)
        return session

    def request(
        self,
        method: str,
        flow: Flow,
        *,
        uri: str,
        from_: str,
        to: str,
        key: object,
        now: float,
        headers: str = "",
        body: bytes = b"",
    ) -> None:
        """Send a request outside any dialog, say a probe; `Replied` follows."""
        ground = self.ground
        Probe(ground, method, ground.listener_for(flow), key).send(
            uri=uri, from_=from_, to=to, headers=headers, body=body, now=now
        )

    # -- inside ------------------------------------------------------------------------

    def _receive_response(self, response: Response, now: float) -> None:
        check_response(response)
        if response.status > 100 and response.cseq.method in _SESSION_METHODS:
            check_session_response(response)
        if not self.ground.transactions.receive_response(response, now):
            self.counters.stray += 1

    def _receive_request(self, request: Request, flow: Flow, now: float) -> None:
        check(request)
        reply_flow = stamp(request, flow)
        transactions = self.ground.transactions
        if request.method == "ACK":
            if not transactions.receive_ack(request, now):
                self.layer.receive_ack(request, now)
            return
        transaction = transactions.receive_request(request, reply_flow, now)
        if transaction is None:
            return
        try:
            self.layer.receive_request(transaction, request, flow, now)
        except PeerMistake as mistake:
            self._refuse(transaction, request, flow, mistake, now)

    def _refuse(
        self,
        transaction: ServerTransaction,
        request: Request,
        flow: Flow,
        mistake: PeerMistake,
        now: float,
    ) -> None:
        data = self._render(request, mistake)
        transaction.respond(mistake.status, data, now)
        if request.method != "INVITE" or request.to_tag:
            return
        ground = self.ground
        # Whatever a merged INVITE is refused for, the first of it has been told of.
        if not ground.transactions.is_merged(request):
            ground.events.append(Rejected(request, flow, mistake.status))

    def _answer(self, mistake: PeerMistake, flow: Flow) -> None:
        """Answer a request that is none, statelessly; anything else is dropped."""
        request = mistake.request
        if request is None or request.method == "ACK":
            return
        try:
            reply_flow = stamp(request, flow)
        except PeerMistake:
            reply_flow = flow
        self.ground.outbox.append((self._render(request, mistake), reply_flow))

    def _render(self, request: Request, mistake: PeerMistake) -> bytes:
        lines = "".join(f"{line}\r\n" for line in mistake.headers)
        return render_response(
            request,
            mistake.status,
            mistake.reason or None,
            to_tag=self.ground.tokens.token(),
            headers=lines + self.ground.server,
        )
