"""Carries SIP to calls and calls to SIP: reads the core's events, decides nothing.

Everything happens in the caller's turn of the loop: no task for a call, no queue. The
store answers in the same turn or in a later one, by `LiveCall`s that wait for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from router.call import events as call_events
from router.call.events import Leg
from router.engine.bodies import description_in, key_press
from router.engine.intake import Intake
from router.engine.legs import LiveCall
from router.engine.switchboard import Switchboard
from router.plan import reasons
from router.plan.reasons import Reason
from router.trunk.access import AccessList
from router.trunk.gateway import Gateway
from router.trunk.probe import Prober
from router.trunk.trunk import Trunk
from sip import events
from sip.dialog.session import Session
from sip.errors import PeerMistake
from sip.message.message import Response

_OPTIONS = "OPTIONS"
_NOT_ALLOWED = 405
_UNSUPPORTED_MEDIA = 415
_NOT_ACCEPTABLE = 488
_UNAVAILABLE = 503
# What another gateway may do better; never a callee's own answer.
_GATEWAY_STATUSES = frozenset({408, 500, 502, 503, 504})
_ACCEPT_KEYS = "Accept: application/dtmf-relay, application/dtmf\r\n"

_END_REASONS = {
    events.EndReason.BYE: reasons.NORMAL,
    events.EndReason.EXPIRED: reasons.SESSION_EXPIRED,
}

_logger = logging.getLogger(__name__)


class Engine:
    """All calls of one process, and the trunks they come and go by."""

    __slots__ = ("access", "board", "intake", "is_ready", "prober", "trunks")

    def __init__(self, board: Switchboard, trunks: tuple[Trunk, ...]) -> None:
        self.board = board
        self.intake = Intake(board)
        # Asked for each OPTIONS; the application knows more than the engine does.
        self.is_ready: Callable[[], bool] = bool
        self.use(trunks)

    def use(self, trunks: tuple[Trunk, ...]) -> None:
        """Take calls by these trunks from now on; calls in progress keep theirs."""
        self.trunks = trunks
        self.access = AccessList(trunks)
        self.intake.access = self.access
        self.prober = Prober(trunks, self.board.clock())

    # -- what the application asks -------------------------------------------------

    @property
    def has_gateway(self) -> bool:
        """Whether a second leg can go anywhere."""
        return any(trunk.rota.is_up for trunk in self.trunks)

    def drain(self) -> None:
        """Refuse new calls from now on; those in progress go on."""
        self.intake.is_draining = True

    def stop_calls(self) -> None:
        """End every call now, and have their records written."""
        now = self.board.clock()
        for call in list(self.board.calls):
            reason = reasons.STOPPED if call.is_answered else reasons.DRAINING
            call.tell(call_events.Stopped(reason), now)

    def probe(self) -> None:
        """Send OPTIONS to every gateway that is due for it."""
        board = self.board
        now = board.clock()
        for gateway in self.prober.silent(now):
            _logger.warning("gateway %s is down", gateway.name)
        for gateway in self.prober.due(now):
            board.core.request(
                _OPTIONS,
                gateway.flows[0],
                uri=gateway.uri,
                from_=f"<sip:{board.host}>",
                to=f"<{gateway.uri}>",
                key=gateway,
                now=now,
            )

    def handle(self) -> None:
        """Take every event the core has; what goes wrong with one stops no other."""
        board = self.board
        next_event = board.core.next_event
        event = next_event()
        if event is None:
            return
        now = board.clock()
        while event is not None:
            try:
                HANDLERS[type(event)](self, event, now)
            except Exception:  # noqa: BLE001 - one event's fault is its own call's
                self._fault(event, now)
            event = next_event()

    def _fault(self, event: events.Event, now: float) -> None:
        session = getattr(event, "session", None)
        call = session.context if isinstance(session, Session) else None
        if isinstance(call, LiveCall):
            call.break_off(now)
            return
        self.board.counters.faults += 1
        _logger.exception("fault while handling %s", type(event).__name__)
        if isinstance(event, events.Invited):
            event.session.refuse(500, now)

    # -- the caller's leg ----------------------------------------------------------

    def _invited(self, event: events.Invited, now: float) -> None:
        self.intake.take(event.session, event.request, event.flow, now)

    def _rejected(self, event: events.Rejected, now: float) -> None:
        self.intake.note(event.request, event.flow, event.status, now)

    def _cancelled(self, event: events.Cancelled, now: float) -> None:
        call = event.session.context
        if isinstance(call, LiveCall):
            call.tell(call_events.Cancelled(), now)

    def _confirmed(self, event: events.Confirmed, now: float) -> None:
        call = event.session.context
        if isinstance(call, LiveCall):
            body = call.to_callee.masked_or_nothing(event.body)
            call.tell(call_events.Confirmed(body), now)

    # -- the callee's leg ----------------------------------------------------------

    def _progressed(self, event: events.Progressed, now: float) -> None:
        session, status, response, body, _ = event
        call = session.context
        if isinstance(call, LiveCall) and session is call.callee:
            call.gateway_answered(now)
            if body:
                body = call.to_caller.masked_or_nothing(description_in(response))
            call.tell(call_events.Progressed(status, body), now)

    def _answered(self, event: events.Answered, now: float) -> None:
        session, response, body = event
        call = session.context
        if isinstance(call, LiveCall) and session is call.callee:
            if body:
                body = call.to_caller.masked_or_nothing(description_in(response))
            call.tell(call_events.Answered(body), now)

    def _failed(self, event: events.Failed, now: float) -> None:
        session, status, response = event
        call = session.context
        if not isinstance(call, LiveCall) or session is not call.callee:
            return
        call.callee = None
        call.callee_status = status
        reason = reasons.GATEWAY_FAILURE
        if response is not None:
            cause = _cause_in(response)
            call.gateway_answered(now)
            call.callee_q850 = cause or 0
            reason = reasons.from_callee_status(status, cause)
        call.tell(call_events.Failed(reason, status in _GATEWAY_STATUSES), now)

    # -- either leg ----------------------------------------------------------------

    def _ended(self, event: events.Ended, now: float) -> None:
        found = _call_of(event.session)
        if found is not None:
            call, leg = found
            reason = _END_REASONS.get(event.reason)
            if reason is None:
                reason = _network_reason(leg)
            call.tell(call_events.Ended(leg, reason), now)

    def _ack_missed(self, event: events.AckMissed, now: float) -> None:
        found = _call_of(event.session)
        if found is not None:
            call, leg = found
            call.tell(call_events.AckMissed(leg), now)

    def _offered(self, event: events.Offered, now: float) -> None:
        found = _call_of(event.session)
        if found is None:
            return
        call, leg = found
        body = event.body
        if body:
            body = call.toward(leg.other).masked_or_nothing(body)
            if not body:
                event.exchange.refuse(_NOT_ACCEPTABLE, now)
                return
        call.tell(call_events.Offered(leg, event.exchange, body), now)
        if call.machine.relay is None and event.exchange.is_open:
            # Too early for the machine, or too late: nobody else will answer it.
            event.exchange.refuse(_NOT_ACCEPTABLE, now)

    def _offer_answered(self, event: events.OfferAnswered, now: float) -> None:
        found = _call_of(event.session)
        if found is None:
            return
        call, leg = found
        body = call.toward(leg.other).masked_or_nothing(event.body)
        if event.body and not body:
            call.tell(call_events.Stopped(_network_reason(leg)), now)
            return
        call.tell(call_events.OfferAnswered(leg, body, event.needs_answer), now)

    def _offer_refused(self, event: events.OfferRefused, now: float) -> None:
        found = _call_of(event.session)
        if found is not None:
            call, leg = found
            call.tell(call_events.OfferRefused(leg, event.status), now)

    def _offer_confirmed(self, event: events.OfferConfirmed, now: float) -> None:
        found = _call_of(event.session)
        if found is not None:
            call, leg = found
            body = call.toward(leg.other).masked_or_nothing(event.body)
            call.tell(call_events.OfferConfirmed(leg, body), now)

    def _info_received(self, event: events.InfoReceived, now: float) -> None:
        request, exchange = event.request, event.exchange
        found = _call_of(event.session)
        if not request.body:
            # "sent with an empty body to keep something alive" (RFC 6086 appendix).
            exchange.accept(b"", now)
            return
        press = key_press(request.content_type, request.body)
        if not press:
            exchange.refuse(_UNSUPPORTED_MEDIA, now, headers=_ACCEPT_KEYS)
            return
        exchange.accept(b"", now)
        if found is not None:
            call, leg = found
            call.tell(call_events.Informed(leg, request.content_type, press), now)

    # -- outside of calls ----------------------------------------------------------

    def _requested(self, event: events.Requested, now: float) -> None:
        exchange, request, _ = event
        headers = self.board.core.layer.options_headers()
        if request.method != _OPTIONS:
            exchange.refuse(_NOT_ALLOWED, now, headers=headers)
        elif self.is_ready():
            exchange.accept(b"", now, headers=headers)
        else:
            retry = self.board.retry_after()
            exchange.refuse(_UNAVAILABLE, now, headers=headers + retry)

    def _replied(self, event: events.Replied, _now: float) -> None:
        gateway = event.key
        if isinstance(gateway, Gateway):
            by_peer = event.response is not None
            if self.prober.replied(gateway, event.status, by_peer=by_peer):
                word = "up" if gateway.is_up else "down"
                _logger.warning("gateway %s is %s", gateway.name, word)


def _call_of(session: Session) -> tuple[LiveCall, Leg] | None:
    call = session.context
    if not isinstance(call, LiveCall):
        return None
    leg = call.leg_of(session)
    return None if leg is None else (call, leg)


def _network_reason(leg: Leg) -> Reason:
    return reasons.CALLER_NETWORK if leg is Leg.CALLER else reasons.CALLEE_NETWORK


def _cause_in(response: Response) -> int | None:
    try:
        return response.q850
    except PeerMistake:
        return None


# The event of a handler is of the type of its key.
HANDLERS: dict[type[events.Event], Callable[[Engine, Any, float], None]] = {
    events.Invited: Engine._invited,
    events.Rejected: Engine._rejected,
    events.Cancelled: Engine._cancelled,
    events.Confirmed: Engine._confirmed,
    events.Progressed: Engine._progressed,
    events.Answered: Engine._answered,
    events.Failed: Engine._failed,
    events.Ended: Engine._ended,
    events.AckMissed: Engine._ack_missed,
    events.Offered: Engine._offered,
    events.OfferAnswered: Engine._offer_answered,
    events.OfferRefused: Engine._offer_refused,
    events.OfferConfirmed: Engine._offer_confirmed,
    events.InfoReceived: Engine._info_received,
    events.Requested: Engine._requested,
    events.Replied: Engine._replied,
}
