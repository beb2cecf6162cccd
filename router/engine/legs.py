"""A live call: its two SIP sessions, its clocks, and the commands carried out on them.

The machine of `router.call` decides; what is here does as it is told, and keeps the
call's events for its record.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from router.call.commands import (
    Abandon,
    Accept,
    AcceptOffer,
    Acknowledge,
    Arm,
    Command,
    Disarm,
    Finish,
    HangUp,
    Inform,
    Offer,
    Place,
    Refuse,
    RefuseOffer,
    Ring,
    Warn,
)
from router.call.events import Clock, Event, Leg, Reached, Stopped, TimedOut
from router.call.machine import Machine
from router.call.state import State
from router.engine.bodies import Description
from router.engine.clocks import Clocked
from router.engine.switchboard import Switchboard
from router.plan import reasons
from router.plan.decision import Bridge
from router.plan.model import NumberRecord
from router.records.events import Alerted, Answered, CallEvent, Finished, Forwarded
from router.records.record import compute
from router.trunk.gateway import Gateway
from router.trunk.trunk import Trunk
from sip.dialog.exchange import Exchange
from sip.dialog.inbound import InboundSession
from sip.dialog.outbound import OutboundSession
from sip.dialog.session import Session
from sip.flow import Flow
from sip.transaction.client_invite import State as InviteState

_UNAVAILABLE = 503
_UNAVAILABLE_CALLEE = 480
_RINGING = 180

_logger = logging.getLogger(__name__)


class LiveCall(Clocked):
    """One call from its INVITE to its record."""

    __slots__ = (
        "board",
        "bridge",
        "callee",
        "callee_q850",
        "callee_status",
        "caller",
        "depth",
        "events",
        "gateway",
        "hops",
        "id",
        "is_over",
        "machine",
        "number",
        "offer",
        "routes",
        "to_callee",
        "to_caller",
        "trunk",
        "x",
    )

    def __init__(
        self,
        board: Switchboard,
        trunk: Trunk,
        session: InboundSession,
        x: str,
        offer: bytes,
        hops: int,
    ) -> None:
        """Begin at an INVITE for X whose SDP is `offer`; `hops` may still be made."""
        super().__init__(board.wheel)
        self.board = board
        self.trunk = trunk
        self.x = x
        self.offer = offer
        self.hops = hops
        self.id = board.tokens.token()
        """Our own name of the call, in its record; on no wire."""
        self.machine = Machine(trunk.limits, delayed=not offer)
        self.caller: InboundSession | None = session
        self.callee: OutboundSession | None = None
        secret = int(self.id[:12], 16)
        self.to_caller = Description(secret, board.host)
        self.to_callee = Description(secret ^ 0xFFFF_FFFF, board.host)
        self.events: list[CallEvent] = []
        self.number: NumberRecord | None = None
        """X's record, once the store has answered; None also when X is not ours."""
        self.bridge: Bridge | None = None
        self.routes: Sequence[tuple[Gateway, Flow]] = ()
        """Gateways not yet tried, the next one first."""
        self.gateway: Gateway | None = None
        """The one the second leg was sent to last."""
        self.depth = 1
        """How many X numbers the call has come through, this one included."""
        self.callee_status = 0
        self.callee_q850 = 0
        self.is_over = False
        session.context = self
        board.calls.add(self)
        trunk.live += 1

    # -- what happens --------------------------------------------------------------

    def tell(self, event: Event, now: float) -> None:
        """Give the machine an event and do what it says; never raises."""
        try:
            for command in self.machine.step(event):
                _DO[type(command)](self, command, now)
        except Exception:  # noqa: BLE001 - one call's fault ends that call, no other
            self.break_off(now)

    def timed_out(self, clock: Clock, now: float) -> None:
        """Tell the machine, unless it is about a gateway that has sent 100."""
        if clock is Clock.GATEWAY and self._gateway_lives():
            self.tell(Reached(), now)
        else:
            self.tell(TimedOut(clock), now)

    def break_off(self, now: float) -> None:
        """End the call after an exception, whatever it has left undone."""
        self.board.counters.faults += 1
        _logger.exception("call %s is ended by a fault of ours", self.id)
        if self.is_over:
            return
        for command in self.machine.step(Stopped(reasons.SERVICE_ERROR)):
            try:
                _DO[type(command)](self, command, now)
            except Exception:
                _logger.exception("call %s: %s failed", self.id, type(command).__name__)
        if not self.is_over:
            self._finish(Finish(reasons.SERVICE_ERROR, "platform"), now)

    @property
    def is_answered(self) -> bool:
        """Whether the caller has been answered with 200."""
        return self.machine.state in (State.ANSWERED, State.UP)

    def gateway_answered(self, now: float) -> None:
        """Take note that the gateway of the second leg lives."""
        if self.gateway is not None:
            self.gateway.heard(now)

    def leg_of(self, session: Session) -> Leg | None:
        """Return which leg a session is now; None for one that was given up."""
        if session is self.caller:
            return Leg.CALLER
        return Leg.CALLEE if session is self.callee else None

    def toward(self, leg: Leg) -> Description:
        """Return what is sent to `leg` about the media."""
        return self.to_caller if leg is Leg.CALLER else self.to_callee

    def session_of(self, leg: Leg) -> Session | None:
        """Return the session of `leg`, None when it has none or no more."""
        return self.caller if leg is Leg.CALLER else self.callee

    # -- what is done: the second leg ----------------------------------------------

    def _place(self, _command: Place, now: float) -> None:
        bridge = self.bridge
        assert bridge is not None, "placed before it was routed"
        board, profile = self.board, self.trunk.profile
        (gateway, flow), self.routes = self.routes[0], self.routes[1:]
        self.gateway = gateway
        shown = profile.from_value(bridge.display, board.host)
        number = self.trunk.spelling(bridge.callee)
        self.events.append(Forwarded(now, gateway.name))
        board.counters.placed += 1
        self.callee = board.core.invite(
            flow,
            uri=gateway.uri_for(number),
            from_=shown,
            to=gateway.to_for(number),
            now=now,
            headers=profile.lines(shown, self.x, board.host),
            body=self.offer,
            max_forwards=self.hops,
            # Without an offer of ours the callee's must come in its 2xx, where the
            # caller can be asked for the answer.
            reliable=bool(self.offer),
            stream_allowed=gateway.stream_allowed,
            context=self,
        )

    def _abandon(self, command: Abandon, now: float) -> None:
        session, self.callee = self.callee, None
        if session is not None:
            session.context = None
            headers = command.reason.header
            if session.is_early:
                session.cancel(now, headers=headers)
            else:
                # The 2xx came while this was being decided: ACK, then BYE (9.1).
                session.bye(now, headers=headers)

    def _gateway_lives(self) -> bool:
        """Say whether 100 has come: it is no event, because no call depends on it."""
        session = self.callee
        invite = None if session is None else session.invite
        return invite is not None and invite.state == InviteState.PROCEEDING

    # -- what is done: the caller --------------------------------------------------

    def _ring(self, command: Ring, now: float) -> None:
        status, body = command
        if status == _RINGING:
            self.events.append(Alerted(now))
        if self.caller is not None:
            self.caller.provisional(status, now, body=body, reliable=bool(body))

    def _accept(self, command: Accept, now: float) -> None:
        session = self.caller
        # A caller that cancelled in the meantime has had its answer, and was not put
        # through: the event of that is on its way.
        if session is not None and not session.is_over:
            self.events.append(Answered(now))
            self.board.counters.answered += 1
            session.accept(now, body=command.body)

    def _refuse(self, command: Refuse, now: float) -> None:
        reason = command.reason
        status, headers = reason.sip_status, reason.header
        if status < 300:
            # The reason of an answered call, met by one that was not: shutdown.
            status = _UNAVAILABLE
        if status == _UNAVAILABLE:
            headers += self.board.retry_after()
        if self.caller is not None:
            self.caller.refuse(status, now, headers=headers)

    # -- what is done: either leg --------------------------------------------------

    def _acknowledge(self, command: Acknowledge, now: float) -> None:
        session = self.session_of(command.leg)
        if session is not None:
            session.acknowledge(now, body=command.body)

    def _hang_up(self, command: HangUp, now: float) -> None:
        leg, reason = command
        session = self.session_of(leg)
        if isinstance(session, InboundSession) and session.is_early:
            # Its 200 still waits for a PRACK (RFC 3262 section 3).
            session.refuse(_UNAVAILABLE_CALLEE, now, headers=reason.header)
        elif session is not None:
            session.bye(now, headers=reason.header)

    def _offer(self, command: Offer, now: float) -> None:
        session = self.session_of(command.leg)
        if session is not None:
            session.offer(now, body=command.body)

    def _accept_offer(self, command: AcceptOffer, now: float) -> None:
        exchange = command.exchange
        assert isinstance(exchange, Exchange)
        exchange.accept(command.body, now)

    def _refuse_offer(self, command: RefuseOffer, now: float) -> None:
        exchange = command.exchange
        assert isinstance(exchange, Exchange)
        exchange.refuse(command.status, now)

    def _inform(self, command: Inform, now: float) -> None:
        session = self.session_of(command.leg)
        if session is not None and "INFO" in session.peer_allows:
            _, content_type, body = command
            session.info(now, content_type=content_type, body=body)

    def _warn(self, _command: Warn, _now: float) -> None:
        """Say nothing yet: the last minute's tone needs media."""

    # -- what is done: clocks and the end ------------------------------------------

    def _arm(self, command: Arm, now: float) -> None:
        clock, seconds = command
        self.arm(clock, now + seconds)

    def _disarm(self, command: Disarm, _now: float) -> None:
        self.disarm(command.clock)

    def _finish(self, command: Finish, now: float) -> None:
        self.is_over = True
        self.disarm_all()
        reason, side = command
        self.events.append(
            Finished(now, reason, side, self.callee_status, self.callee_q850)
        )
        board, bridge = self.board, self.bridge
        board.calls.discard(self)
        self.trunk.live -= 1
        if bridge is not None:
            key = (bridge.display, bridge.callee)
            if board.placed.get(key) is self:
                del board.placed[key]
        # The sessions may outlive the call by a BYE; nothing of it interests us.
        for session in (self.caller, self.callee):
            if session is not None:
                session.context = None
        self.caller = self.callee = None
        if self.number is not None:
            self.record()

    def record(self) -> None:
        """Write the record of the call, which is over and was for a number of ours."""
        self.board.counters.records += 1
        self.board.archive.write(compute(self.events))


# The command of an entry is of the type of its key, as in the machine's table.
_DO: dict[type[Command], Callable[[LiveCall, Any, float], None]] = {
    Place: LiveCall._place,
    Abandon: LiveCall._abandon,
    Ring: LiveCall._ring,
    Accept: LiveCall._accept,
    Refuse: LiveCall._refuse,
    Acknowledge: LiveCall._acknowledge,
    HangUp: LiveCall._hang_up,
    Offer: LiveCall._offer,
    AcceptOffer: LiveCall._accept_offer,
    RefuseOffer: LiveCall._refuse_offer,
    Inform: LiveCall._inform,
    Warn: LiveCall._warn,
    Arm: LiveCall._arm,
    Disarm: LiveCall._disarm,
    Finish: LiveCall._finish,
}
