"""A request of ours inside a dialog, from sending to its final answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.dialog.credentials import authorization
from sip.dialog.dialog import SDP, Dialog
from sip.dialog.ground import ALLOW, SUPPORTED
from sip.dialog.interval import agree_as_client, lines_for
from sip.dialog.offer_answer import Move
from sip.events import EndReason
from sip.flow import Flow
from sip.message.message import Response
from sip.transaction.client_invite import ClientInvite, State
from sip.transaction.user import Failure
from sip.wheel import Timer

if TYPE_CHECKING:
    from sip.dialog.session import Session
    from sip.transaction.base import ClientTransaction

_DIALOG_ENDERS = frozenset({408, 481})
# 14.1: the owner of the Call-ID waits longer, so that glare does not repeat itself.
_GLARE_OWNER = (2.1, 4.0)
_GLARE_OTHER = (0.0, 2.0)
_GLARE_STEP = 0.01
_MOST_GLARES = 3


class Outgoing:
    """BYE, INFO or PRACK: sent once, challenged at most once, its end reported."""

    __slots__ = ("body", "dialog", "headers", "method", "seq", "session", "tries")

    def __init__(
        self,
        session: Session,
        dialog: Dialog,
        method: str,
        *,
        headers: str = "",
        body: bytes = b"",
    ) -> None:
        self.session: Session | None = session
        self.dialog = dialog
        self.method = method
        self.headers = headers
        self.body = body
        self.seq = 0
        self.tries = 0

    def send(self, now: float, *, credentials: str = "") -> ClientTransaction:
        """Send the request in a transaction of its own."""
        dialog = self.dialog
        ground = dialog.ground
        branch = ground.tokens.branch()
        self.seq = dialog.next_seq()
        self.tries += 1
        data = dialog.request(
            self.method,
            branch=branch,
            seq=self.seq,
            headers=credentials + self.headers,
            body=self.body,
        )
        return ground.transactions.send(
            data,
            method=self.method,
            branch=branch,
            flow=dialog.flow,
            user=self,
            now=now,
        )

    def on_response(
        self, transaction: ClientTransaction, response: Response, now: float
    ) -> None:
        """Take an answer from the transaction (17.1)."""
        status = response.status
        if status < 200 or self.session is None:
            return
        if status in (401, 407) and self.tries == 1:
            answer = authorization(
                self.session, response, self.method, self.dialog.target, self.body
            )
            if answer:
                self.send(now, credentials=answer)
                return
        self.done(status, response, now)

    def on_failure(
        self, transaction: ClientTransaction, failure: Failure, now: float
    ) -> None:
        """A time-out counts as 408, a transport error as 503 (8.1.3.1)."""
        if self.session is not None:
            self.done(408 if failure is Failure.TIMEOUT else 503, None, now)

    def done(self, status: int, response: Response | None, now: float) -> None:
        """End with `status`; the dialog ends with it where section 12.2.1.2 says so."""
        session, self.session = self.session, None
        assert session is not None
        if self.method == "BYE":
            session.ground.forget(session.local_tag)
        elif status in _DIALOG_ENDERS:
            session.end(EndReason.PEER_GONE, now)


class Proposal(Outgoing):
    """A re-INVITE or UPDATE of ours: an offer, a request for one, or a refresh."""

    __slots__ = ("ack", "awaits_ack", "glares", "invite", "is_refresh", "timer")

    def __init__(
        self,
        session: Session,
        dialog: Dialog,
        method: str,
        *,
        body: bytes,
        is_refresh: bool = False,
    ) -> None:
        super().__init__(session, dialog, method, body=body)
        self.is_refresh = is_refresh
        self.awaits_ack = False
        self.ack: tuple[bytes, Flow] | None = None
        self.glares = 0
        self.invite: ClientInvite | None = None
        self.timer: Timer | None = None

    def send(self, now: float, *, credentials: str = "") -> ClientTransaction:
        """Send the offer, with Contact and the session timer's lines."""
        session = self.session
        assert session is not None
        ground = session.ground
        self.headers = (
            ground.contacts[self.dialog.flow.listener]
            + SUPPORTED
            + ALLOW
            + lines_for(session.interval, we_serve=False)
            + (SDP if self.body else "")
        )
        if self.body:
            session.negotiate(Move.SEND_OFFER)
        made = super().send(now, credentials=credentials)
        self.invite = made if isinstance(made, ClientInvite) else None
        return made

    def on_response(
        self, transaction: ClientTransaction, response: Response, now: float
    ) -> None:
        """Take an answer; each 2xx to INVITE gets an ACK (13.2.2.4)."""
        if self.invite is not None and 200 <= response.status < 300:
            if self.ack is not None:
                self.dialog.ground.outbox.append(self.ack)
                return
            if self.session is None:
                # The session ended meanwhile; the 2xx was on its way.
                self.ack = self.dialog.acknowledge(self.seq, b"")
                return
            if self.awaits_ack:
                return
        super().on_response(transaction, response, now)

    def done(self, status: int, response: Response | None, now: float) -> None:
        """Report the answer, or try again later after glare (14.1)."""
        session = self.session
        assert session is not None
        if status < 300 and response is not None:
            self._accepted(session, response, now)
            return
        session.negotiate(Move.ABANDON)
        if status == 491 and self.glares < _MOST_GLARES and not session.is_early:
            self.glares += 1
            at = now + self._glare_pause(session)
            self.timer = session.ground.wheel.arm(at, self, 0)
            return
        self._leave(session)
        if status in _DIALOG_ENDERS and not session.is_early:
            session.end(EndReason.PEER_GONE, now)
        elif not self.is_refresh:
            session.offer_refused(status, response)
        elif session.timer is not None:
            session.timer.try_later(now)

    def _accepted(self, session: Session, response: Response, now: float) -> None:
        self.dialog.refresh_target(response, self.dialog.flow)
        session.run_timer(agree_as_client(response, session.ground.settings), now)
        body = response.body
        needs_answer = False
        if self.body:
            session.negotiate(Move.RECEIVE_ANSWER if body else Move.ABANDON)
        elif body and not self.is_refresh:
            session.negotiate(Move.RECEIVE_OFFER)
            needs_answer = self.method == "INVITE"
        if self.method != "INVITE":
            self._leave(session)
        elif needs_answer:
            self.awaits_ack = True
        else:
            self.acknowledge(b"")
        if not self.is_refresh:
            session.offer_answered(body, needs_answer=needs_answer)

    @property
    def is_out(self) -> bool:
        """The request waits for its answer or its ACK, not for the end of glare."""
        return self.timer is None

    def acknowledge(self, body: bytes) -> None:
        """Send the ACK of our re-INVITE, with the answer where the peer offered."""
        session = self.session
        assert session is not None
        self.awaits_ack = False
        self.ack = self.dialog.acknowledge(self.seq, body)
        self._leave(session)

    def expire(self, name: int, now: float) -> None:
        """The pause after glare is over, or nobody waits for the answer any more."""
        session = self.session
        if session is None:
            assert self.invite is not None
            self.invite.abandon(now)
        elif session.exchange is not None or session.repeater is not None:
            # 14.1: not while an INVITE of the peer is under way.
            at = now + self._glare_pause(session)
            self.timer = session.ground.wheel.arm(at, self, 0)
        else:
            self.timer = None
            self.tries = 0
            self.send(now)

    def stop(self, now: float) -> None:
        """The session ended: whatever answer still comes is only acknowledged."""
        if self.timer is not None:
            self.timer.cancel()
        if self.awaits_ack:
            self.ack = self.dialog.acknowledge(self.seq, b"")
        self.session = None
        if self.invite is not None and self.invite.state <= State.PROCEEDING:
            # After a 100 no timer of the transaction's own would ever end it.
            ground = self.dialog.ground
            ground.wheel.arm(now + 64 * ground.settings.timers.t1, self, 0)

    def _glare_pause(self, session: Session) -> float:
        low, high = _GLARE_OWNER if session.owns_call_id else _GLARE_OTHER
        steps = int((high - low) / _GLARE_STEP)
        # The token source is the only randomness a core is given.
        return low + int(session.ground.tokens.token()[:8], 16) % steps * _GLARE_STEP

    def _leave(self, session: Session) -> None:
        session.proposal = None
        self.session = None
