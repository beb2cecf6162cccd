"""Which session a request belongs to, and what is refused before there is one."""

from __future__ import annotations

from sip.dialog.exchange import Exchange, OfferExchange
from sip.dialog.ground import ALLOW, SUPPORTED, Ground
from sip.dialog.handlers import (
    ACCEPT,
    is_acceptable,
    refuse_extensions,
    takes_descriptions,
)
from sip.dialog.inbound import InboundSession
from sip.dialog.interval import agree_as_server
from sip.dialog.settings import METHODS
from sip.errors import PeerMistake
from sip.events import Invited, Requested
from sip.flow import Flow
from sip.message.message import Request, Response
from sip.message.parser import check_strictly
from sip.message.render import render_response
from sip.transaction.base import ServerTransaction

# Methods there is an RFC for that we do not serve: 405. Any other word: 501 (8.2.1).
_KNOWN = frozenset(METHODS) | {
    "MESSAGE",
    "NOTIFY",
    "PUBLISH",
    "REFER",
    "REGISTER",
    "SUBSCRIBE",
}
_INSIDE_ONLY = frozenset({"BYE", "PRACK", "UPDATE", "INFO"})
_SCHEMES = frozenset({"sip", "sips", "tel"})


def check_session_response(response: Response) -> None:
    """Read what sessions need of a response to INVITE or UPDATE above 100.

    Raises PeerMistake for what cannot be read: such a response is dropped whole, before
    it can move a transaction or leave a session half changed.
    """
    fields = response.fields
    if response.status >= 300:
        # Of a refusal little is read, and losing one would hold up the call.
        if response.status == 422:
            _ = response.min_se
        return
    _ = response.contact
    if "record-route" in fields:
        _ = response.record_routes
    if "require" in fields:
        _ = response.require
    if "allow" in fields:
        _ = response.allow
    if "session-expires" in fields:
        _ = response.session_expires
    if "rseq" in fields:
        _ = response.rseq


class DialogLayer:
    """Takes each new request from the transaction floor to where it is answered."""

    __slots__ = ("ground",)

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    def receive_ack(self, request: Request, now: float) -> None:
        """Take an ACK no transaction absorbed: that of a 2xx, or a stray."""
        session = self.ground.sessions.get(request.to_tag)
        if session is not None:
            session.receive_ack(request, now)

    def receive_request(
        self,
        transaction: ServerTransaction,
        request: Request,
        flow: Flow,
        now: float,
    ) -> None:
        """Take a request that opened `transaction`.

        Raises PeerMistake with the answer to send when it is refused out of hand.
        """
        if request.method == "CANCEL":
            self._cancel(transaction, request, now)
            return
        tag = request.to_tag
        if tag:
            session = self.ground.sessions.get(tag)
            if session is None:
                raise PeerMistake(481, "Call/Transaction Does Not Exist")
            session.receive_request(transaction, request, flow, now)
            return
        self._screen(request)
        if request.method == "INVITE":
            self._invite(transaction, request, flow, now)
        else:
            exchange = Exchange(self.ground, transaction, request)
            self.ground.events.append(Requested(exchange, request, flow))

    def _screen(self, request: Request) -> None:
        """Refuse what a UAS refuses of any request outside a dialog (8.2)."""
        method = request.method
        check_strictly(request)
        if method in _INSIDE_ONLY:
            raise PeerMistake(481, "Call/Transaction Does Not Exist")
        if method not in METHODS:
            status = 405 if method in _KNOWN else 501
            raise PeerMistake(status, "", headers=(ALLOW.rstrip(),))
        scheme = request.uri.partition(":")[0].lower()
        if scheme not in _SCHEMES:
            raise PeerMistake(416, "Unsupported URI Scheme")
        if self.ground.transactions.is_merged(request):
            raise PeerMistake(482, "Loop Detected")
        refuse_extensions(request)

    def _invite(
        self,
        transaction: ServerTransaction,
        request: Request,
        flow: Flow,
        now: float,
    ) -> None:
        encoded = "content-encoding" in request.fields
        multipart = request.content_type.startswith("multipart/")
        if encoded or not (multipart or is_acceptable(request)):
            raise PeerMistake(415, "Unsupported Media Type", headers=(ACCEPT.rstrip(),))
        if not takes_descriptions(request):
            raise PeerMistake(406, "Not Acceptable")
        agree_as_server(request, self.ground.settings)
        # Read now, while what is malformed in them can be refused.
        _ = request.supported, request.allow, request.record_routes
        # 17.2.1: at once rather than after 200 ms, so that nothing is sent twice.
        transaction.respond(100, render_response(request, 100), now)
        session = InboundSession(self.ground, transaction, request, flow)
        self.ground.events.append(Invited(session, request, flow))

    def _cancel(
        self, transaction: ServerTransaction, request: Request, now: float
    ) -> None:
        """Answer CANCEL 200 and its INVITE 487, unless that is answered (9.2)."""
        ground = self.ground
        invite = ground.transactions.find_invite(request)
        if invite is None:
            raise PeerMistake(481, "Call/Transaction Does Not Exist")
        user = invite.user
        tag = user.local_tag if isinstance(user, InboundSession) else ""
        data = render_response(
            request, 200, to_tag=tag or ground.tokens.token(), headers=ground.server
        )
        transaction.respond(200, data, now)
        if isinstance(user, InboundSession):
            user.cancelled(request, now)
        elif isinstance(user, OfferExchange):
            user.withdraw(now)

    def options_headers(self) -> str:
        """Return the lines of a 200 to OPTIONS (11.2)."""
        return f"{ALLOW}{SUPPORTED}{ACCEPT}"
