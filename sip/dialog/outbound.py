"""A session of ours: we are the UAC of its INVITE (sections 13.2 and 9.1)."""

from __future__ import annotations

from enum import IntEnum

from sip.dialog.credentials import authorization
from sip.dialog.dialog import SDP, Dialog
from sip.dialog.draft import Draft
from sip.dialog.ground import Ground
from sip.dialog.interval import agree_as_client
from sip.dialog.offer_answer import Move, Negotiation
from sip.dialog.outgoing import Outgoing
from sip.dialog.phase import Phase
from sip.dialog.session import Session
from sip.dialog.watchers import UNWATCHED, Afterlife, release
from sip.events import Answered, Failed, Progressed
from sip.flow import Flow
from sip.message.message import Request, Response
from sip.transaction.base import ClientTransaction
from sip.transaction.client_invite import ClientInvite, State
from sip.transaction.user import Failure
from sip.wheel import Timer

_MOST_TRIES = 3


class _Cancel(IntEnum):
    """How far a CANCEL has come (9.1)."""

    NOT_WANTED = 0
    WANTED = 1
    """Held until a provisional response arrives (F36)."""
    SENT = 2


class OutboundSession(Session):
    """Begun with `Core.invite`; `acknowledge` its answer, or `cancel` it."""

    role = "uac"
    owns_call_id = True

    __slots__ = (
        "ack",
        "call_id",
        "cancel_headers",
        "cancel_timer",
        "cancelling",
        "draft",
        "early",
        "flow",
        "from_",
        "invite",
        "pending_prack",
        "rseqs",
        "seq",
        "tries",
        "uri",
    )

    def __init__(self, ground: Ground, draft: Draft, flow: Flow, call_id: str) -> None:
        super().__init__(ground, None, ground.tokens.token())
        # There until the final answer: a refusal may make us send it again.
        self.draft: Draft | None = draft
        self.from_ = draft.from_
        self.uri = draft.uri
        self.flow = flow
        self.call_id = call_id
        self.seq = 0
        self.tries = 0
        self.invite: ClientInvite | None = None
        self.early: dict[str, Dialog] = {}
        self.rseqs: dict[str, int] = {}
        self.pending_prack: tuple[Dialog, str] | None = None
        self.cancelling = _Cancel.NOT_WANTED
        self.cancel_headers = ""
        self.cancel_timer: Timer | None = None
        self.ack: tuple[bytes, Flow] | None = None

    # -- what the application asks for -------------------------------------------

    def send(self, now: float) -> None:
        """Send the INVITE, the first time or again after 401, 407 or 422."""
        draft = self.draft
        if draft is None:
            return
        self.seq += 1
        self.tries += 1
        self._transmit(draft, now)

    def cancel(self, now: float, *, headers: str = "") -> None:
        """Take the INVITE back; `Failed` follows, a late 2xx notwithstanding.

        `headers` are complete lines of the CANCEL, say a Reason.
        """
        if self.phase is not Phase.EARLY or self.cancelling is not _Cancel.NOT_WANTED:
            return
        self.cancelling = _Cancel.WANTED
        self.cancel_headers = headers
        if self.invite is not None and self.invite.state == State.PROCEEDING:
            self._send_cancel(self.invite, now)

    def acknowledge(self, now: float, *, body: bytes = b"") -> None:
        """Send the ACK of the 2xx, with our answer where the peer made the offer."""
        dialog = self.dialog
        if self.phase is not Phase.ACCEPTED or dialog is None:
            super().acknowledge(now, body=body)
            return
        if not self.negotiate(Move.SEND_ANSWER if body else Move.ABANDON):
            body = b""
        elif body:
            self.local_body = body
        self.ack = dialog.acknowledge(self.seq, body)
        self.phase = Phase.CONFIRMED

    def acknowledge_progress(self, now: float, *, body: bytes) -> None:
        """Send the PRACK that a `Progressed` with `needs_answer` waits for."""
        pending, self.pending_prack = self.pending_prack, None
        if pending is not None and not self.is_over:
            dialog, rack = pending
            self.negotiate(Move.SEND_ANSWER)
            self._prack(dialog, rack, body, now)

    def bye(self, now: float, *, headers: str = "") -> None:
        """End the session; an answer not yet acknowledged is acknowledged first."""
        if self.phase is Phase.ACCEPTED:
            self.acknowledge(now)
        super().bye(now, headers=headers)

    # -- what the floors below bring -----------------------------------------------

    def dialog_of(self, request: Request) -> Dialog | None:
        """Return the dialog of a request, an early one included."""
        if self.dialog is None or self.is_early:
            dialog = self.early.get(request.from_tag)
            same = dialog is not None and dialog.call_id == request.call_id
            return dialog if same else None
        return super().dialog_of(request)

    def on_response(
        self, transaction: ClientTransaction, response: Response, now: float
    ) -> None:
        """Take a response to the INVITE from its transaction."""
        if response.status < 200:
            self._progressed(response, now)
        elif response.status < 300:
            self._accepted(transaction, response, now)
        else:
            self._refused(response, now)

    def on_failure(
        self, transaction: ClientTransaction, failure: Failure, now: float
    ) -> None:
        """No final answer came: 408, or 503 when nothing could be sent (8.1.3.1)."""
        draft = self.draft
        if (
            failure is Failure.TRANSPORT
            and draft is not None
            and self.cancelling is _Cancel.NOT_WANTED
            and transaction.flow.transport != self.flow.transport
        ):
            # 18.1.1: too large for a datagram, but no stream is to be had.
            self.draft = draft._replace(stream_allowed=False)
            self._transmit(self.draft, now)
            return
        self._fail(408 if failure is Failure.TIMEOUT else 503, None, now)

    def expire(self, name: int, now: float) -> None:
        """64*T1 after CANCEL there is still no final response: give up (9.1)."""
        assert self.invite is not None
        self.invite.abandon(now)
        self._fail(487, None, now)

    # -- inside ------------------------------------------------------------------------

    def _transmit(self, draft: Draft, now: float) -> None:
        ground = self.ground
        branch = ground.tokens.branch()
        flow, data = draft.render(self, self.flow, branch)
        if draft.body and self.negotiation is not Negotiation.LOCAL_OFFER:
            self.negotiate(Move.SEND_OFFER)
        self.invite = ground.transactions.send_invite(
            data, branch=branch, flow=flow, user=self, now=now
        )

    def _send_cancel(self, invite: ClientInvite, now: float) -> None:
        self.cancelling = _Cancel.SENT
        ground = self.ground
        head, last, tail = invite.cancel().rpartition(b"Content-Length:")
        ground.transactions.send(
            head + self.cancel_headers.encode() + last + tail,
            method="CANCEL",
            branch=invite.key[0],
            flow=invite.flow,
            user=UNWATCHED,
            now=now,
        )
        wait = 64 * ground.settings.timers.t1
        self.cancel_timer = ground.wheel.arm(now + wait, self, 0)

    def _progressed(self, response: Response, now: float) -> None:
        if self.cancelling is not _Cancel.NOT_WANTED:
            if self.cancelling is _Cancel.WANTED and self.invite is not None:
                self._send_cancel(self.invite, now)
            return
        status = response.status
        if status == 100:
            return
        dialog = self._early_dialog(response)
        needs_answer = False
        if dialog is not None and "100rel" in response.require:
            repeat, needs_answer = self._confirm(dialog, response, now)
            if repeat:
                return
        self.ground.events.append(
            Progressed(self, status, response, response.body, needs_answer)
        )

    def _early_dialog(self, response: Response) -> Dialog | None:
        tag = response.to_tag
        if not tag:
            return None
        dialog = self.early.get(tag)
        if dialog is None:
            if len(self.early) >= self.ground.settings.max_forks:
                return None
            dialog = self._dialog_from(response)
            self.early[tag] = dialog
        self.dialog = dialog
        self.peer_allows |= response.allow
        return dialog

    def _dialog_from(self, response: Response) -> Dialog:
        return Dialog.as_client(
            self.ground,
            response,
            local=f"{self.from_};tag={self.local_tag}",
            local_tag=self.local_tag,
            target=self.uri,
            flow=self.invite.flow if self.invite is not None else self.flow,
            seq=self.seq,
        )

    def _confirm(
        self, dialog: Dialog, response: Response, now: float
    ) -> tuple[bool, bool]:
        """PRACK a reliable response: (is it a repeat, is an answer wanted first)."""
        rseq = response.rseq
        last = self.rseqs.get(dialog.remote_tag)
        if rseq is None or (last is not None and rseq != last + 1):
            # RFC 3262 section 4: repeats and gaps are not acknowledged.
            return True, False
        self.rseqs[dialog.remote_tag] = rseq
        rack = f"RAck: {rseq} {self.seq} INVITE\r\n"
        answered = not response.body or self.negotiate(Move.RECEIVE_ANSWER)
        # Once settled, SDP in a response to the first INVITE is a copy (13.2.1).
        fresh = self.negotiation is Negotiation.IDLE
        if not answered and fresh and self.negotiate(Move.RECEIVE_OFFER):
            self.pending_prack = (dialog, rack)
            return False, True
        self._prack(dialog, rack, b"", now)
        return False, False

    def _prack(self, dialog: Dialog, rack: str, body: bytes, now: float) -> None:
        headers = rack + (SDP if body else "")
        Outgoing(self, dialog, "PRACK", headers=headers, body=body).send(now)

    def _accepted(
        self, transaction: ClientTransaction, response: Response, now: float
    ) -> None:
        tag = response.to_tag
        if self.phase is not Phase.EARLY:
            if self.dialog is not None and tag == self.dialog.remote_tag:
                if self.ack is not None:
                    self.ground.outbox.append(self.ack)
            else:
                release(self.ground, transaction, response, now)
            return
        dialog = self.early.get(tag) or self._dialog_from(response)
        dialog.refresh_target(response, dialog.flow)
        self.dialog = dialog
        self.draft = None
        self.early.clear()
        self.rseqs.clear()
        if response.fields.get("allow"):
            self.peer_allows = response.allow
        self.phase = Phase.ACCEPTED
        if self.cancelling is not _Cancel.NOT_WANTED:
            # 9.1: the 2xx was faster than the CANCEL.
            self.bye(now)
            self.ground.events.append(Failed(self, 487, None))
            return
        if self.negotiation is Negotiation.LOCAL_OFFER:
            # Without one, what an unreliable response said will have been the answer.
            self.negotiate(Move.RECEIVE_ANSWER if response.body else Move.ABANDON)
        elif response.body and self.negotiation is Negotiation.IDLE:
            self.negotiate(Move.RECEIVE_OFFER)
        self.run_timer(agree_as_client(response, self.ground.settings), now)
        self.ground.events.append(Answered(self, response, response.body))

    def _refused(self, response: Response, now: float) -> None:
        draft, status = self.draft, response.status
        may_retry = (
            draft is not None
            and self.cancelling is _Cancel.NOT_WANTED
            and self.tries < _MOST_TRIES
            and self.phase is Phase.EARLY
        )
        if may_retry and draft is not None:
            if status == 422 and response.min_se:
                self.draft = draft.with_interval(response.min_se)
                self.send(now)
                return
            if status in (401, 407):
                line = authorization(self, response, "INVITE", draft.uri, draft.body)
                if line and not draft.credentials:
                    self.draft = draft._replace(credentials=line)
                    self.send(now)
                    return
        self._fail(status, response, now)

    def _fail(self, status: int, response: Response | None, now: float) -> None:
        self.stop(now)
        self.ground.forget(self.local_tag)
        self.ground.events.append(Failed(self, status, response))

    def stop(self, now: float) -> None:
        """Leave the INVITE's transaction to repeat its ACK alone."""
        super().stop(now)
        if self.cancel_timer is not None:
            self.cancel_timer.cancel()
            self.cancel_timer = None
        invite, self.invite = self.invite, None
        if invite is not None and invite.user is self:
            tag = self.dialog.remote_tag if self.dialog is not None else ""
            invite.user = Afterlife(self.ground, self.ack, tag)
        self.draft = None
        self.early.clear()
        self.ack = None
