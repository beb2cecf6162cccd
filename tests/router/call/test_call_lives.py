"""Whole calls, whatever order events come in: each ends once and leaves nothing behind.

The rules below are what a call may be told; the checks are what it may do about it. A
model of the two legs says whether a leg can still be spoken to.
"""

from __future__ import annotations

from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

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
from router.call.events import (
    AckMissed,
    Answered,
    Cancelled,
    Clock,
    Confirmed,
    Ended,
    Event,
    Failed,
    Informed,
    Leg,
    OfferAnswered,
    OfferConfirmed,
    Offered,
    OfferRefused,
    Progressed,
    Reached,
    Refused,
    Routed,
    Stopped,
    TimedOut,
)
from router.call.machine import Machine
from router.call.state import Limits
from router.plan import reasons

_BODIES = st.sampled_from([b"", b"v=0"])
_OPEN = ("waiting", "accepted", "up")


class CallLife(RuleBasedStateMachine):
    """Drives a machine and keeps its own books of both legs."""

    def __init__(self) -> None:
        super().__init__()
        self.call = Machine(Limits(), delayed=False)
        self.caller = "waiting"
        """waiting, accepted, up, over"""
        self.callee = "none"
        """none, waiting, answered, up, over"""
        self.unanswered: dict[object, Leg] = {}
        self.asked: set[Leg] = set()
        self.ack_owed: set[Leg] = set()
        self.clocks: set[Clock] = set()
        self.finished: list[Finish] = []
        self.routed = False

    @initialize(delayed=st.booleans())
    def begin(self, *, delayed: bool) -> None:
        self.call = Machine(Limits(), delayed=delayed)

    # -- what happens --------------------------------------------------------------

    @precondition(lambda self: not self.routed and self.caller == "waiting")
    @rule(attempts=st.integers(1, 3), seconds=st.sampled_from([0.0, 45.0, 600.0]))
    def routed_(self, attempts: int, seconds: float) -> None:
        self.routed = True
        self.tell(Routed(attempts, seconds))

    @precondition(lambda self: not self.routed and self.caller == "waiting")
    @rule()
    def refused(self) -> None:
        self.routed = True
        self.tell(Refused(reasons.NO_BINDING))

    @precondition(lambda self: self.callee == "waiting")
    @rule(status=st.sampled_from([180, 181, 183, 199]), body=_BODIES)
    def progressed(self, status: int, body: bytes) -> None:
        self.tell(Progressed(status, body))

    @precondition(lambda self: self.callee == "waiting")
    @rule()
    def reached(self) -> None:
        self.tell(Reached())

    @precondition(lambda self: self.callee == "waiting")
    @rule(body=_BODIES)
    def answered(self, body: bytes) -> None:
        self.callee = "answered"
        self.ack_owed.add(Leg.CALLEE)
        self.tell(Answered(body))

    @precondition(lambda self: self.callee == "waiting")
    @rule(another=st.booleans())
    def failed(self, *, another: bool) -> None:
        self.over(Leg.CALLEE)
        self.tell(Failed(reasons.BUSY, another))

    @precondition(lambda self: self.caller == "accepted")
    @rule(body=_BODIES)
    def confirmed(self, body: bytes) -> None:
        self.caller = "up"
        self.tell(Confirmed(body))

    @precondition(lambda self: self.caller in ("waiting", "accepted"))
    @rule()
    def cancelled(self) -> None:
        self.over(Leg.CALLER)
        self.tell(Cancelled())

    @rule(leg=st.sampled_from(Leg))
    def ended(self, leg: Leg) -> None:
        if self.state_of(leg) in (*_OPEN, "answered"):
            self.over(leg)
            self.tell(Ended(leg, reasons.NORMAL))

    @rule(leg=st.sampled_from(Leg))
    def ack_missed(self, leg: Leg) -> None:
        if self.state_of(leg) in ("accepted", "up"):
            self.tell(AckMissed(leg))

    @rule(leg=st.sampled_from(Leg), body=_BODIES)
    def offered(self, leg: Leg, body: bytes) -> None:
        if self.state_of(leg) in _OPEN:
            exchange = object()
            self.unanswered[exchange] = leg
            self.tell(Offered(leg, exchange, body))

    @rule(leg=st.sampled_from(Leg), body=_BODIES, needs_answer=st.booleans())
    def offer_answered(self, leg: Leg, body: bytes, *, needs_answer: bool) -> None:
        if leg in self.asked:
            self.asked.discard(leg)
            if needs_answer:
                self.ack_owed.add(leg)
            self.tell(OfferAnswered(leg, body, needs_answer))

    @rule(leg=st.sampled_from(Leg), status=st.sampled_from([408, 488, 491, 500]))
    def offer_refused(self, leg: Leg, status: int) -> None:
        if leg in self.asked:
            self.asked.discard(leg)
            self.tell(OfferRefused(leg, status))

    @rule(leg=st.sampled_from(Leg), body=_BODIES)
    def offer_confirmed(self, leg: Leg, body: bytes) -> None:
        if self.state_of(leg) == "up":
            self.tell(OfferConfirmed(leg, body))

    @rule(leg=st.sampled_from(Leg))
    def informed(self, leg: Leg) -> None:
        if self.state_of(leg) == "up":
            self.tell(Informed(leg, "application/dtmf-relay", b"Signal=1"))

    @precondition(lambda self: self.clocks)
    @rule(data=st.data())
    def timed_out(self, data: st.DataObject) -> None:
        clock = data.draw(st.sampled_from(sorted(self.clocks)))
        self.clocks.discard(clock)
        self.tell(TimedOut(clock))

    @rule()
    def stopped(self) -> None:
        if self.caller != "over":
            self.tell(Stopped(reasons.DRAINING))

    # -- what is done about it -----------------------------------------------------

    def tell(self, event: Event) -> None:
        for command in self.call.step(event):
            assert not self.finished, f"{command} after the end"
            self.carry_out(command)

    def carry_out(self, command: Command) -> None:
        match command:
            case Place():
                assert self.callee in ("none", "over")
                assert self.caller == "waiting"
                assert Clock.GATEWAY in self.clocks
                self.callee = "waiting"
            case Abandon():
                assert self.callee == "waiting"
                self.over(Leg.CALLEE)
            case Arm(clock=clock, seconds=seconds):
                assert seconds > 0
                self.clocks.add(clock)
            case Disarm(clock=clock):
                self.clocks.discard(clock)
            case Warn():
                assert self.caller in ("accepted", "up")
            case Finish():
                self.finished.append(command)
                self.clocks.clear()
            case Ring() | Accept() | Refuse():
                self.answer_caller(command)
            case _:
                self.use_session(command)

    def answer_caller(self, command: Ring | Accept | Refuse) -> None:
        assert self.caller == "waiting"
        match command:
            case Ring(status=status):
                assert status in (180, 183)
            case Accept(body=body):
                assert self.callee in ("answered", "up")
                assert body
                self.caller = "accepted"
            case Refuse(reason=reason):
                assert reason.sip_status >= 200
                self.over(Leg.CALLER)

    def use_session(
        self,
        command: Acknowledge | HangUp | Offer | AcceptOffer | RefuseOffer | Inform,
    ) -> None:
        leg = command.leg
        match command:
            case Acknowledge():
                assert leg in self.ack_owed
                self.ack_owed.discard(leg)
                if leg is Leg.CALLEE and self.callee == "answered":
                    self.callee = "up"
            case HangUp():
                assert self.state_of(leg) in ("accepted", "up")
                assert leg not in self.ack_owed, "BYE before the ACK of its 2xx"
                self.over(leg)
            case Offer():
                assert leg not in self.asked
                assert self.state_of(leg) in ("waiting", "up")
                self.asked.add(leg)
            case AcceptOffer(exchange=exchange) | RefuseOffer(exchange=exchange):
                assert self.unanswered.pop(exchange) is leg
            case Inform():
                assert self.state_of(leg) == "up"

    def over(self, leg: Leg) -> None:
        """The leg's session is gone, and with it all that hung on it."""
        if leg is Leg.CALLER:
            self.caller = "over"
        else:
            self.callee = "over"
        self.asked.discard(leg)
        self.ack_owed.discard(leg)
        for exchange in [key for key, its in self.unanswered.items() if its is leg]:
            del self.unanswered[exchange]

    def state_of(self, leg: Leg) -> str:
        return self.caller if leg is Leg.CALLER else self.callee

    @invariant()
    def both_legs_are_over_when_the_call_is(self) -> None:
        if self.finished:
            assert len(self.finished) == 1
            assert self.caller == "over"
            assert self.callee in ("none", "over")
            assert not self.unanswered
            assert not self.ack_owed

    @invariant()
    def a_call_without_a_live_leg_is_finished(self) -> None:
        if self.caller == "over" and self.callee in ("none", "over"):
            assert self.finished

    @invariant()
    def something_always_ends_a_call_nobody_ends(self) -> None:
        if self.routed and not self.finished:
            assert self.clocks & {Clock.SETUP, Clock.MAX_DURATION, Clock.BACKSTOP}


TestCallLife = CallLife.TestCase
TestCallLife.settings = settings(
    max_examples=300, stateful_step_count=30, deadline=None
)
