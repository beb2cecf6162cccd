"""One call of ours as SIP sees it: what both roles do once there is a dialog.

`InboundSession` and `OutboundSession` add how a session begins.

    early ──2xx──▶ accepted ──ACK──▶ confirmed ──BYE──▶ over
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.dialog.dialog import Dialog
from sip.dialog.exchange import OfferExchange
from sip.dialog.ground import ALLOW, Ground
from sip.dialog.handlers import HANDLERS, refuse_extensions
from sip.dialog.interval import Interval
from sip.dialog.offer_answer import Move, Negotiation, step
from sip.dialog.outgoing import Outgoing, Proposal
from sip.dialog.phase import Phase
from sip.dialog.repeater import Repeater
from sip.dialog.session_timer import SessionTimer
from sip.errors import OurMistake
from sip.events import (
    AckMissed,
    Ended,
    EndReason,
    OfferAnswered,
    OfferConfirmed,
    OfferRefused,
)
from sip.flow import Flow
from sip.message.message import Request, Response
from sip.message.render import render_response
from sip.transaction.base import ServerTransaction

if TYPE_CHECKING:
    from sip.message.digest import DigestClient


class Session:
    """An INVITE session in either role; commands are its methods."""

    role = ""
    """`uas` or `uac`."""
    owns_call_id = False

    __slots__ = (
        "context",
        "credentials",
        "dialog",
        "exchange",
        "ground",
        "local_body",
        "local_tag",
        "negotiation",
        "peer_allows",
        "phase",
        "proposal",
        "repeater",
        "timer",
        "wanted_bye",
    )

    def __init__(self, ground: Ground, dialog: Dialog | None, local_tag: str) -> None:
        self.ground = ground
        # None until the first response with a To tag arrives for our INVITE.
        self.dialog = dialog
        self.local_tag = local_tag
        self.phase = Phase.EARLY
        self.negotiation = Negotiation.IDLE
        # Free for the application to hang its call on.
        self.context: object = None
        self.credentials: DigestClient | None = None
        self.peer_allows: frozenset[str] = frozenset()
        self.proposal: Proposal | None = None
        self.exchange: OfferExchange | None = None
        self.repeater: Repeater | None = None
        self.timer: SessionTimer | None = None
        # Set when BYE was asked for before the ACK that must come first.
        self.wanted_bye: str | None = None
        # Our last SDP, sent again where only a re-INVITE can refresh the session.
        self.local_body = b""
        ground.sessions[local_tag] = self

    @property
    def interval(self) -> Interval | None:
        """The session interval in force, None without a session timer."""
        return self.timer.interval if self.timer is not None else None

    # -- what the application asks for -------------------------------------------

    @property
    def is_early(self) -> bool:
        """No final answer to the first INVITE yet."""
        return self.phase is Phase.EARLY

    @property
    def has_offer_out(self) -> bool:
        """An offer of ours, or a request for one, waits for the peer (glare: 491)."""
        if self.negotiation is Negotiation.LOCAL_OFFER:
            return True
        return self.proposal is not None and self.proposal.is_out

    @property
    def is_over(self) -> bool:
        """Nothing can be asked of the session any more."""
        return self.phase is Phase.OVER

    def offer(self, now: float, *, body: bytes) -> None:
        """Offer `body`, or ask for an offer with an empty one.

        `OfferAnswered` or `OfferRefused` follows; 491 at once while another exchange
        is under way, 488 where the peer could not take it yet.
        """
        dialog = self.dialog
        if self.is_over or dialog is None:
            return
        if self.proposal is not None or self.exchange is not None:
            self.offer_refused(491, None)
        elif self.phase is Phase.CONFIRMED and self.repeater is not None:
            # 14.1: not before the ACK of the INVITE that came the other way.
            self.offer_refused(491, None)
        elif self.phase is Phase.CONFIRMED:
            self.propose(dialog, "INVITE", body, now)
        elif (
            body
            and "UPDATE" in self.peer_allows
            and self.negotiation is Negotiation.STABLE
        ):
            self.propose(dialog, "UPDATE", body, now)
        else:
            self.offer_refused(488, None)

    def acknowledge(self, now: float, *, body: bytes = b"") -> None:
        """Send the ACK that an `OfferAnswered` with `needs_answer` waits for."""
        proposal = self.proposal
        if proposal is not None and proposal.awaits_ack:
            self.negotiate(Move.SEND_ANSWER if body else Move.ABANDON)
            self.local_body = body or self.local_body
            proposal.acknowledge(body)

    def info(self, now: float, *, content_type: str, body: bytes) -> None:
        """Send INFO; its outcome is not reported."""
        if self.dialog is not None and not self.is_over:
            headers = f"Content-Type: {content_type}\r\n"
            Outgoing(self, self.dialog, "INFO", headers=headers, body=body).send(now)

    def bye(self, now: float, *, headers: str = "") -> None:
        """End an accepted session; as UAS after its ACK, as section 15 demands.

        Raises OurMistake for a session that was not accepted: cancel or refuse that.
        """
        if self.is_over:
            return
        if self.phase is Phase.EARLY:
            raise OurMistake("bye() before a final answer: use cancel() or refuse()")
        if self.phase is Phase.ACCEPTED and self.repeater is not None:
            self.wanted_bye = headers
            return
        self._send_bye(now, headers)

    # -- what the floors below bring -----------------------------------------------

    def receive_request(
        self,
        transaction: ServerTransaction,
        request: Request,
        flow: Flow,
        now: float,
    ) -> None:
        """Take a request inside the dialog (12.2.2)."""
        dialog = self.dialog_of(request)
        if dialog is None or (self.is_over and request.method != "BYE"):
            self.reply(transaction, request, 481, now)
            return
        number = request.cseq.number
        if number <= dialog.remote_seq:
            # 12.2.2; an equal number with another branch is a fork of the same request.
            self.reply(transaction, request, 500, now)
            return
        dialog.remote_seq = number
        handler = HANDLERS.get(request.method)
        if handler is None:
            self.reply(transaction, request, 405, now, headers=ALLOW)
            return
        if "require" in request.fields:
            refuse_extensions(request)
        if self.ground.settings.latch:
            dialog.aim(flow)
        handler(self, transaction, request, flow, now)

    def receive_ack(self, request: Request, now: float) -> None:
        """Take an ACK for a 2xx of ours; others are none of our business."""
        repeater = self.repeater
        if (
            repeater is None
            or self.dialog_of(request) is None
            or request.cseq.number != repeater.seq
        ):
            return
        repeater.stop()
        self.repeater = None
        body = request.body
        if self.negotiation is Negotiation.LOCAL_OFFER:
            self.negotiate(Move.RECEIVE_ANSWER if body else Move.ABANDON)
        else:
            body = b""
        if self.phase is Phase.ACCEPTED:
            self.phase = Phase.CONFIRMED
            self.confirmed(body, now)
        elif body:
            self.ground.events.append(OfferConfirmed(self, body))
        if self.wanted_bye is not None and not self.is_over:
            self._send_bye(now, self.wanted_bye)

    def dialog_of(self, request: Request) -> Dialog | None:
        """Return the dialog a request belongs to: Call-ID and both tags (F59)."""
        dialog = self.dialog
        if (
            dialog is None
            or dialog.call_id != request.call_id
            or dialog.remote_tag != request.from_tag
        ):
            return None
        return dialog

    def confirmed(self, body: bytes, now: float) -> None:
        """The first INVITE's ACK arrived; the UAS role reports it."""

    def abandon(self, now: float) -> None:
        """The peer ended the session: the UAS role answers an open INVITE 487."""

    def receive_prack(
        self,
        transaction: ServerTransaction,
        request: Request,
        flow: Flow,
        now: float,
    ) -> None:
        """Answer 481: only the UAS role has provisional responses to confirm."""
        self.reply(transaction, request, 481, now)

    # -- what parts of the session report -------------------------------------------

    def negotiate(self, move: Move) -> bool:
        """Take a step of offer and answer; False when it is out of turn."""
        state = step(self.negotiation, move)
        if state is None:
            return False
        self.negotiation = state
        return True

    def offer_answered(self, body: bytes, *, needs_answer: bool) -> None:
        """Our re-INVITE or UPDATE was accepted."""
        self.ground.events.append(OfferAnswered(self, body, needs_answer))

    def offer_refused(self, status: int, response: Response | None) -> None:
        """Our re-INVITE or UPDATE was refused; nothing changed."""
        self.ground.events.append(OfferRefused(self, status, response))

    def ack_missed(self, now: float) -> None:
        """A 2xx of ours was repeated for 64*T1 without an ACK."""
        self.repeater = None
        self.phase = Phase.CONFIRMED
        if self.wanted_bye is not None:
            self._send_bye(now, self.wanted_bye)
        else:
            self.ground.events.append(AckMissed(self))

    def end(self, reason: EndReason, now: float) -> None:
        """End the session from our side with a BYE, and say why."""
        if self.phase in (Phase.ACCEPTED, Phase.CONFIRMED):
            self._send_bye(now, "")
            self.ground.events.append(Ended(self, reason, None))

    def propose(
        self,
        dialog: Dialog,
        method: str,
        body: bytes,
        now: float,
        *,
        is_refresh: bool = False,
    ) -> None:
        """Send a re-INVITE or UPDATE; there must be none under way."""
        if body:
            self.local_body = body
        self.proposal = Proposal(self, dialog, method, body=body, is_refresh=is_refresh)
        self.proposal.send(now)

    def run_timer(self, interval: Interval | None, now: float) -> None:
        """Start, restart or stop the session timer."""
        if self.timer is not None:
            self.timer.stop()
            self.timer = None
        if interval is not None:
            self.timer = SessionTimer(self, interval, now)

    def settled(self, now: float) -> None:
        """An exchange was answered: the UAS role sends a 2xx that waited for it."""

    def reply(
        self,
        transaction: ServerTransaction,
        request: Request,
        status: int,
        now: float,
        *,
        headers: str = "",
    ) -> None:
        """Answer a request inside the dialog without asking the application."""
        lines = headers + self.ground.server
        transaction.respond(
            status, render_response(request, status, headers=lines), now
        )

    # -- inside ------------------------------------------------------------------------

    def _send_bye(self, now: float, headers: str) -> None:
        assert self.dialog is not None
        self.stop(now)
        Outgoing(self, self.dialog, "BYE", headers=headers).send(now)

    def stop(self, now: float) -> None:
        """Let go of everything that could still fire; the session is over."""
        self.phase = Phase.OVER
        self.wanted_bye = None
        self.local_body = b""
        if self.timer is not None:
            self.timer.stop()
            self.timer = None
        if self.repeater is not None:
            self.repeater.stop()
            self.repeater = None
        if self.proposal is not None:
            self.proposal.stop(now)
            self.proposal = None
        if self.exchange is not None:
            self.exchange.withdraw(now)
