"""A session the peer began: we are the UAS of its INVITE (section 13.3)."""

from __future__ import annotations

from sip.dialog.dialog import SDP, Dialog
from sip.dialog.exchange import OfferExchange
from sip.dialog.ground import ALLOW, SUPPORTED, Ground
from sip.dialog.interval import agree_as_server, lines_for
from sip.dialog.offer_answer import Move, Negotiation
from sip.dialog.phase import Phase
from sip.dialog.reliable import ReliableProvisionals
from sip.dialog.repeater import Repeater
from sip.dialog.session import Session
from sip.events import Cancelled, Confirmed, OfferConfirmed, Offered
from sip.flow import Flow
from sip.message.message import Request
from sip.message.render import render_response
from sip.transaction.base import ServerTransaction
from sip.transaction.user import Failure


class InboundSession(Session):
    """Answer it with `provisional`, then `accept` or `refuse`."""

    role = "uas"

    __slots__ = ("invite_seq", "reliable", "request", "transaction", "wanted_accept")

    def __init__(
        self,
        ground: Ground,
        transaction: ServerTransaction,
        request: Request,
        flow: Flow,
    ) -> None:
        tag = ground.tokens.token()
        super().__init__(ground, Dialog.as_server(ground, request, tag, flow), tag)
        self.transaction = transaction
        # How a CANCEL finds the session; taken away with the final answer.
        transaction.user = self
        # There until the final answer: whoever answers looks things up in it.
        self.request: Request | None = request
        self.invite_seq = request.cseq.number
        self.peer_allows = request.allow
        self.reliable: ReliableProvisionals | None = None
        # A 2xx that has to wait for a PRACK (RFC 3262 section 3).
        self.wanted_accept: tuple[bytes, str] | None = None
        if request.body:
            self.negotiate(Move.RECEIVE_OFFER)

    # -- what the application asks for -------------------------------------------

    def provisional(
        self,
        status: int,
        now: float,
        *,
        reason: str | None = None,
        body: bytes = b"",
        headers: str = "",
        reliable: bool = False,
    ) -> None:
        """Send 101 to 199; ignored once a final answer was given.

        `reliable` asks for PRACK where the peer supports it; a peer that requires it
        always gets it.
        """
        request = self.request
        if request is None or self.wanted_accept is not None:
            return
        assert self.dialog is not None
        headers = self.ground.contacts[self.transaction.flow.listener] + headers
        required = "100rel" in request.require
        confirmed = required or (reliable and "100rel" in request.supported)
        if confirmed:
            body = self._take_turn(body)
        if body:
            headers += SDP
            self.local_body = body
        if confirmed:
            if self.reliable is None:
                self.reliable = ReliableProvisionals(self)
            self.reliable.send(
                status, now, reason=reason, headers=ALLOW + headers, body=body
            )
            return
        data = self.render(status, reason, headers, body)
        self.transaction.respond(status, data, now)

    def accept(self, now: float, *, body: bytes = b"", headers: str = "") -> None:
        """Send 200 and repeat it until the ACK; ignored after a final answer."""
        request = self.request
        if request is None or self.wanted_accept is not None:
            return
        if self._is_held:
            self.wanted_accept = (body, headers)
            return
        self._accept(request, body, headers, now)

    def refuse(
        self,
        status: int,
        now: float,
        *,
        reason: str | None = None,
        headers: str = "",
    ) -> None:
        """Send a final answer of 300 or more; the session is over."""
        if self.request is None:
            return
        data = self.render(status, reason, headers, b"")
        self.request = None
        self.transaction.respond(status, data, now)
        self.stop(now)
        self.ground.forget(self.local_tag)

    # -- what the floors below bring -----------------------------------------------

    def cancelled(self, request: Request, now: float) -> None:
        """Answer the INVITE 487 for a CANCEL; one too late does not get here (9.2)."""
        self.refuse(487, now)
        self.ground.events.append(Cancelled(self, request))

    def confirmed(self, body: bytes, now: float) -> None:
        """The ACK of the first 2xx arrived."""
        self.ground.events.append(Confirmed(self, body))

    def abandon(self, now: float) -> None:
        """BYE on the early dialog: the INVITE ends with 487 (15.1.2)."""
        if self.request is not None:
            self.refuse(487, now)

    def receive_prack(
        self,
        transaction: ServerTransaction,
        request: Request,
        flow: Flow,
        now: float,
    ) -> None:
        """Confirm the provisional response a PRACK names, take its SDP."""
        reliable = self.reliable
        if reliable is None or not reliable.confirm(request):
            self.reply(transaction, request, 481, now)
            return
        if request.body and self.negotiate(Move.RECEIVE_ANSWER):
            self.reply(transaction, request, 200, now)
            self.ground.events.append(OfferConfirmed(self, request.body))
        elif request.body and self.negotiate(Move.RECEIVE_OFFER):
            self.exchange = OfferExchange(self, transaction, request, flow)
            self.ground.events.append(
                Offered(self, self.exchange, request, request.body)
            )
        else:
            self.reply(transaction, request, 200, now)
        reliable.send_next(now)
        self.settled(now)

    def on_failure(
        self, transaction: ServerTransaction, failure: Failure, now: float
    ) -> None:
        """A response found no way or a refusal no ACK: timers settle either."""

    # -- what parts of the session report -------------------------------------------

    def settled(self, now: float) -> None:
        """Send the 2xx that waited, unless there is more to wait for."""
        request = self.request
        if request is None or self.wanted_accept is None or self._is_held:
            return
        body, headers = self.wanted_accept
        self.wanted_accept = None
        self._accept(request, body, headers, now)

    def unconfirmed(self, now: float) -> None:
        """No PRACK came in 64*T1: the INVITE is refused (RFC 3262 section 3)."""
        request = self.request
        assert request is not None
        self.refuse(504, now)
        self.ground.events.append(Cancelled(self, request))

    def render(
        self, status: int, reason: str | None, headers: str, body: bytes
    ) -> bytes:
        """Render a response to the first INVITE with our tag."""
        request = self.request
        assert request is not None
        return render_response(
            request,
            status,
            reason,
            to_tag=self.local_tag,
            headers=headers + self.ground.server,
            body=body,
        )

    def stop(self, now: float) -> None:
        """Stop the provisional responses as well."""
        self.request = None
        self.wanted_accept = None
        super().stop(now)
        self.transaction.user = None
        if self.reliable is not None:
            self.reliable.stop()
            self.reliable = None

    # -- inside ------------------------------------------------------------------------

    @property
    def _is_held(self) -> bool:
        """A 2xx has to wait: for a PRACK, or till an offer inside is answered."""
        unconfirmed = self.reliable is not None and self.reliable.is_pending
        return unconfirmed or self.exchange is not None

    def _take_turn(self, body: bytes) -> bytes:
        """Return `body` if a reliable response may carry it now, as answer or offer.

        Once offer and answer were exchanged, responses to the first INVITE bring no
        more of either (RFC 3261 section 13.2.1).
        """
        if not body:
            return b""
        if self.negotiation is Negotiation.IDLE:
            self.negotiate(Move.SEND_OFFER)
            return body
        return body if self.negotiate(Move.SEND_ANSWER) else b""

    def _accept(self, request: Request, body: bytes, headers: str, now: float) -> None:
        ground = self.ground
        body = self._take_turn(body)
        if body:
            headers += SDP
            self.local_body = body
        elif self.negotiation is Negotiation.REMOTE_OFFER:
            self.negotiate(Move.ABANDON)
        interval = agree_as_server(request, ground.settings)
        lines = (
            f"{ground.contacts[self.transaction.flow.listener]}{ALLOW}{SUPPORTED}"
            f"{lines_for(interval, we_serve=True)}{headers}"
        )
        data = self.render(200, None, lines, body)
        self.request = None
        self.transaction.user = None
        if self.reliable is not None:
            self.reliable.stop()
            self.reliable = None
        self.phase = Phase.ACCEPTED
        self.run_timer(interval, now)
        self.repeater = Repeater(
            self, self.transaction, data, seq=self.invite_seq, now=now
        )
