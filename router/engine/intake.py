"""A new INVITE on its way to a decision: who calls which X, by which trunk."""

from __future__ import annotations

from router.call.events import Refused, Routed
from router.engine.bodies import description_in
from router.engine.legs import LiveCall
from router.engine.rejection import Rejection
from router.engine.switchboard import Switchboard
from router.numbers import from_uri
from router.plan import reasons
from router.plan.decide import decide
from router.plan.decision import Refuse
from router.plan.model import Found
from router.plan.reasons import Reason
from router.records.events import CalledIn, Decided
from router.store.port import Answer, StoreUnavailable
from router.trunk.access import AccessList
from router.trunk.identity import caller_of
from sip.dialog.inbound import InboundSession
from sip.errors import PeerMistake
from sip.flow import Flow
from sip.message.message import Request

_MOST_HOPS = 70
_DEEPEST = 2
"""X numbers one call may come through: a chain of two, never a ring (F43)."""
_FORBIDDEN = 403
_SECONDS_PER_MINUTE = 60.0


class Intake:
    """Takes calls in; `LiveCall`s take it from there."""

    __slots__ = ("access", "board", "is_draining")

    def __init__(self, board: Switchboard) -> None:
        self.board = board
        self.access = AccessList(())
        self.is_draining = False

    def take(
        self, session: InboundSession, request: Request, flow: Flow, now: float
    ) -> None:
        """Turn the INVITE away at once, or ask the store about it."""
        board = self.board
        counters = board.counters
        counters.taken += 1
        trunk = self.access.trunk_for(flow.host)
        if trunk is None:
            # A gateway that may answer us, but not call us; others got no byte.
            counters.not_admitted += 1
            session.refuse(_FORBIDDEN, now)
            return
        if self.is_draining:
            counters.drained += 1
            self._turn_away(session, reasons.DRAINING, now)
            return
        if not trunk.admits(now):
            counters.limited += 1
            self._turn_away(session, reasons.TRUNK_LIMIT, now)
            return
        x = from_uri(request.uri, trunk.rules)
        if not x:
            counters.unknown_numbers += 1
            self._turn_away(session, reasons.UNKNOWN_X, now)
            return
        offer = description_in(request)
        hops = request.max_forwards
        hops = (_MOST_HOPS if hops is None else hops) - 1
        call = LiveCall(board, trunk, session, x, offer, hops)
        asked = Asked(
            call,
            caller_of(request, trunk.caller_fields, trunk.rules),
            now,
            board.wall(),
            is_readable=bool(offer) or not request.body,
        )
        board.store.look_up(x, asked.caller, asked.deliver)
        asked.is_in_turn = False

    def note(self, request: Request, flow: Flow, status: int, now: float) -> None:
        """Have a record written of an INVITE the stack refused, if X is ours.

        Nothing of `request` has to be valid.
        """
        trunk = self.access.trunk_for(flow.host)
        if trunk is None:
            return
        board = self.board
        board.counters.taken += 1
        x = from_uri(request.uri, trunk.rules)
        if not x:
            board.counters.unknown_numbers += 1
            return
        caller = caller_of(request, trunk.caller_fields, trunk.rules)
        rejection = Rejection(board, x, caller, status, now)
        board.store.look_up(x, caller, rejection.deliver)

    def _turn_away(self, session: InboundSession, reason: Reason, now: float) -> None:
        headers = reason.header
        if reason.sip_status == 503:
            headers += self.board.retry_after()
        session.refuse(reason.sip_status, now, headers=headers)


class Asked:
    """A question the store has been asked, and what becomes of its answer."""

    __slots__ = ("at", "call", "caller", "clock", "is_in_turn", "is_readable")

    def __init__(
        self,
        call: LiveCall,
        caller: str,
        at: float,
        clock: float,
        *,
        is_readable: bool,
    ) -> None:
        self.call = call
        self.caller = caller
        self.at = at
        """Monotonic seconds of the INVITE."""
        self.clock = clock
        """Epoch seconds of the INVITE."""
        self.is_readable = is_readable
        """The INVITE's body, if any, has SDP in it."""
        self.is_in_turn = True
        """The INVITE is still being handled: what is sent now is sent with it."""

    def deliver(self, answer: Answer) -> None:
        """Take the store's answer; it comes once, now or in a later turn."""
        call = self.call
        board = call.board
        now = board.clock()
        try:
            self._take(answer, now)
        except Exception:  # noqa: BLE001 - one call's fault ends that call, no other
            call.break_off(now)
        if not self.is_in_turn:
            board.wake()

    def _take(self, answer: Answer, now: float) -> None:
        call = self.call
        counters = call.board.counters
        if isinstance(answer, StoreUnavailable):
            counters.store_failures += 1
            call.tell(Refused(reasons.STORE_UNAVAILABLE), now)
            return
        number = answer.number
        if number is None:
            counters.unknown_numbers += 1
            call.tell(Refused(reasons.UNKNOWN_X), now)
            return
        call.number = number
        called = CalledIn(
            self.at, self.clock, call.id, number.app, call.x, number.mode, self.caller
        )
        call.events.append(called)
        if call.is_over:
            # Cancelled meanwhile: only now is it known that it was a call of ours.
            call.record()
            return
        self._decide(answer, now)

    def _decide(self, found: Found, now: float) -> None:
        call = self.call
        trunk, board = call.trunk, call.board
        decision = decide(found, self.caller, now=board.wall(), app=trunk.app_rules)
        reason = decision.reason if isinstance(decision, Refuse) else self._refusal()
        if isinstance(decision, Refuse) or reason is not None:
            call.events.append(
                Decided(
                    now,
                    decision.subscription_id,
                    decision.direction,
                    decision.user_data,
                    decision.trace,
                )
            )
            assert reason is not None
            call.tell(Refused(reason), now)
            return
        callee, display, subscription, direction, _, user_data, trace = decision
        call.events.append(
            Decided(now, subscription, direction, user_data, trace, callee, display)
        )
        call.bridge = decision
        board.placed[decision.display, decision.callee] = call
        seconds = decision.max_duration * _SECONDS_PER_MINUTE
        call.tell(Routed(len(call.routes), seconds), now)

    def _refusal(self) -> Reason | None:
        """Say what stands against a call that the plan would put through."""
        call = self.call
        if call.hops < 0:
            return reasons.TOO_MANY_HOPS
        before = call.board.placed.get((self.caller, call.x))
        if before is not None:
            call.depth = before.depth + 1
            if call.depth > _DEEPEST:
                return reasons.LOOP
        try:
            if not self.is_readable:
                return reasons.BAD_OFFER
            if call.offer:
                call.offer = call.to_callee.masked(call.offer)
        except PeerMistake:
            return reasons.BAD_OFFER
        order = call.trunk.rota.order()
        call.routes = [(gateway, flow) for gateway in order for flow in gateway.flows]
        return None if call.routes else reasons.GATEWAY_FAILURE
