"""A request of the peer that waits for the application's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.dialog.dialog import SDP
from sip.dialog.ground import ALLOW, Ground
from sip.dialog.interval import agree_as_server, lines_for
from sip.dialog.offer_answer import Move
from sip.dialog.repeater import Repeater
from sip.flow import Flow
from sip.message.message import Request
from sip.message.render import render_response
from sip.transaction.base import ServerTransaction
from sip.transaction.user import Failure

if TYPE_CHECKING:
    from sip.dialog.session import Session


class Exchange:
    """One request, to be answered once; answering again or too late does nothing."""

    __slots__ = ("ground", "is_open", "request", "transaction")

    def __init__(
        self, ground: Ground, transaction: ServerTransaction, request: Request
    ) -> None:
        self.ground = ground
        self.transaction = transaction
        self.request = request
        self.is_open = True

    def accept(self, body: bytes, now: float, *, headers: str = "") -> None:
        """Answer 200; `headers` are complete lines and name the body's type."""
        self.respond(200, now, headers=headers, body=body)

    def refuse(
        self, status: int, now: float, *, reason: str | None = None, headers: str = ""
    ) -> None:
        """Answer with a final status of 300 or more."""
        self.respond(status, now, reason=reason, headers=headers)

    def respond(
        self,
        status: int,
        now: float,
        *,
        reason: str | None = None,
        headers: str = "",
        body: bytes = b"",
    ) -> None:
        """Answer with any final status."""
        if not self.is_open:
            return
        self.is_open = False
        # Outside a dialog a To tag is still due (8.2.6.2); inside, To has one already.
        tag = "" if self.request.to_tag else self.ground.tokens.token()
        data = render_response(
            self.request,
            status,
            reason,
            to_tag=tag,
            headers=headers + self.ground.server,
            body=body,
        )
        self.transaction.respond(status, data, now)


class OfferExchange(Exchange):
    """A re-INVITE, UPDATE or PRACK that takes part in offer and answer (RFC 6337)."""

    __slots__ = ("flow", "session")

    def __init__(
        self,
        session: Session,
        transaction: ServerTransaction,
        request: Request,
        flow: Flow,
    ) -> None:
        super().__init__(session.ground, transaction, request)
        self.session: Session | None = session
        self.flow = flow
        # How a CANCEL finds the exchange.
        transaction.user = self

    def accept(self, body: bytes, now: float, *, headers: str = "") -> None:
        """Answer 200 with our answer, or our offer where the peer asked for one."""
        session = self.session
        if session is None:
            return
        self.is_open = False
        self._leave(session)
        if body:
            asked = not self.request.body
            session.negotiate(Move.SEND_OFFER if asked else Move.SEND_ANSWER)
            headers += SDP
            session.local_body = body
        elif self.request.body:
            session.negotiate(Move.ABANDON)
        self._send(session, body, headers, now)
        session.settled(now)

    def respond(
        self,
        status: int,
        now: float,
        *,
        reason: str | None = None,
        headers: str = "",
        body: bytes = b"",
    ) -> None:
        """Answer with a final status; 300 and more leave the session as it was."""
        session = self.session
        if session is not None:
            self._leave(session)
            session.negotiate(Move.ABANDON)
        super().respond(status, now, reason=reason, headers=headers, body=body)
        if session is not None:
            session.settled(now)

    def withdraw(self, now: float) -> None:
        """Answer 487: the peer cancelled the request (9.2), or the call ended."""
        self.respond(487, now)

    def on_failure(
        self, transaction: ServerTransaction, failure: Failure, now: float
    ) -> None:
        """A response found no way or a refusal no ACK: nothing follows from either."""

    def _send(self, session: Session, body: bytes, headers: str, now: float) -> None:
        request, ground, transaction = self.request, self.ground, self.transaction
        if request.method != "PRACK":
            dialog = session.dialog_of(request)
            if dialog is not None:
                # Only now: a refused request leaves the target as it was (RFC 6141).
                dialog.refresh_target(request, self.flow)
            interval = agree_as_server(request, ground.settings)
            session.run_timer(interval, now)
            contact = ground.contacts[transaction.flow.listener]
            headers = f"{contact}{ALLOW}{lines_for(interval, we_serve=True)}{headers}"
        data = render_response(request, 200, headers=headers + ground.server, body=body)
        if request.method == "INVITE":
            seq = request.cseq.number
            session.repeater = Repeater(session, transaction, data, seq=seq, now=now)
        else:
            transaction.respond(200, data, now)

    def _leave(self, session: Session) -> None:
        self.transaction.user = None
        session.exchange = None
        self.session = None
