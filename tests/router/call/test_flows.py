"""Single steps of a call, command by command: what the properties leave open."""

from __future__ import annotations

import pytest

from router.call.commands import (
    Abandon,
    Accept,
    Acknowledge,
    Arm,
    Command,
    Disarm,
    Finish,
    HangUp,
    Place,
    Refuse,
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
    Leg,
    Progressed,
    Reached,
    Refused,
    Routed,
    Stopped,
    TimedOut,
)
from router.call.machine import Machine
from router.call.state import Limits, State
from router.plan import reasons

A, B = Leg.CALLER, Leg.CALLEE
LIMITS = Limits()
ONE, TWO = b"v=0 one", b"v=0 two"


def after(*events: Event, delayed: bool = False) -> Machine:
    """A call to which this has happened."""
    call = Machine(LIMITS, delayed=delayed)
    for event in events:
        call.step(event)
    return call


ROUTED = Routed(1, 0.0)
UP = (ROUTED, Answered(ONE), Confirmed(b""))


def test_routed_places_the_second_leg_under_two_clocks() -> None:
    assert after().step(Routed(2, 0.0)) == [
        Arm(Clock.SETUP, 90.0),
        Arm(Clock.GATEWAY, 4.0),
        Place(),
    ]


def test_refused_tells_the_caller() -> None:
    assert after().step(Refused(reasons.NO_BINDING)) == [
        Refuse(reasons.NO_BINDING),
        Finish(reasons.NO_BINDING, "platform"),
    ]


def test_cancelled_before_the_store_has_answered() -> None:
    finish = Finish(reasons.CANCELLED_EARLY, "caller")
    assert after().step(Cancelled()) == [finish]


@pytest.mark.parametrize(
    ("event", "commands"),
    [
        (Progressed(180, b""), [Arm(Clock.NO_ANSWER, 60.0), Ring(180, b"")]),
        (Progressed(180, ONE), [Arm(Clock.NO_ANSWER, 60.0), Ring(180, ONE)]),
        (Progressed(183, ONE), [Arm(Clock.NO_ANSWER, 60.0), Ring(183, ONE)]),
        (Progressed(183, b""), [Ring(183, b"")]),
        (Progressed(181, ONE), [Arm(Clock.NO_ANSWER, 60.0), Ring(183, ONE)]),
        (Progressed(181, b""), []),
        (Progressed(199, b""), []),
    ],
)
def test_f45_what_of_1xx_goes_across(
    event: Progressed, commands: list[Command]
) -> None:
    assert after(ROUTED).step(event) == [Disarm(Clock.GATEWAY), *commands]


def test_f45_a_storm_of_1xx_does_not_go_across() -> None:
    call = after(ROUTED)
    passed = sum(
        isinstance(command, Ring)
        for _ in range(100)
        for command in call.step(Progressed(180, b""))
    )
    assert passed == LIMITS.provisionals


def test_100_stops_the_clock_of_the_gateway_alone() -> None:
    call = after(Routed(2, 0.0))
    assert call.step(Reached()) == [Disarm(Clock.GATEWAY)]
    # It may still say that it cannot do it, and another is tried.
    retried = call.step(Failed(reasons.GATEWAY_FAILURE, another=True))
    assert retried == [Arm(Clock.GATEWAY, 4.0), Place()]


def test_answered_is_acknowledged_and_passed_on() -> None:
    call = after(ROUTED, Progressed(180, b""))
    assert call.step(Answered(ONE)) == [
        Acknowledge(B, b""),
        Disarm(Clock.NO_ANSWER),
        Disarm(Clock.SETUP),
        Accept(ONE),
        Arm(Clock.BACKSTOP, LIMITS.backstop),
    ]
    assert call.step(Confirmed(b"")) == []
    assert call.state is State.UP


def test_the_answer_of_a_reliable_183_serves_for_the_200() -> None:
    call = after(ROUTED, Progressed(183, ONE))
    assert Accept(ONE) in call.step(Answered(b""))


def test_delayed_offer_waits_for_the_callers_answer() -> None:
    call = after(ROUTED, delayed=True)
    assert Acknowledge(B, b"") not in call.step(Answered(ONE))
    assert call.step(Confirmed(TWO)) == [Acknowledge(B, TWO)]


def test_delayed_offer_that_the_caller_does_not_answer() -> None:
    call = after(ROUTED, Answered(ONE), delayed=True)
    reason = reasons.CALLER_NETWORK
    assert call.step(Confirmed(b"")) == [
        HangUp(A, reason),
        Acknowledge(B, b""),
        HangUp(B, reason),
        Finish(reason, "caller"),
    ]


@pytest.mark.parametrize("delayed", [False, True])
def test_rfc3261_13_2_1_a_200_without_any_description(*, delayed: bool) -> None:
    reason = reasons.CALLEE_NETWORK
    assert after(ROUTED, delayed=delayed).step(Answered(b"")) == [
        Acknowledge(B, b""),
        HangUp(B, reason),
        Refuse(reason),
        Finish(reason, "callee"),
    ]


@pytest.mark.parametrize(
    ("seconds", "clocks"),
    [
        (0.0, {Clock.BACKSTOP: 14400.0}),
        (45.0, {Clock.MAX_DURATION: 45.0}),
        (60.0, {Clock.MAX_DURATION: 60.0}),
        (120.0, {Clock.MAX_DURATION: 120.0, Clock.WARNING: 60.0}),
        (14400.0, {Clock.MAX_DURATION: 14400.0, Clock.WARNING: 14340.0}),
        (20000.0, {Clock.BACKSTOP: 14400.0, Clock.WARNING: 19940.0}),
    ],
)
def test_the_clocks_of_the_talk(seconds: float, clocks: dict[Clock, float]) -> None:
    commands = after(Routed(1, seconds)).step(Answered(ONE))
    armed = {c.clock: c.seconds for c in commands if isinstance(c, Arm)}
    assert armed == clocks


def test_the_last_minute_is_told_and_the_call_goes_on() -> None:
    call = after(*UP)
    assert call.step(TimedOut(Clock.WARNING)) == [Warn()]
    assert call.state is State.UP


@pytest.mark.parametrize(
    ("clock", "reason"),
    [
        (Clock.MAX_DURATION, reasons.MAX_DURATION),
        (Clock.BACKSTOP, reasons.BACKSTOP),
    ],
)
def test_the_talk_ends_in_time(clock: Clock, reason: reasons.Reason) -> None:
    assert after(*UP).step(TimedOut(clock)) == [
        HangUp(A, reason),
        HangUp(B, reason),
        Finish(reason, "platform"),
    ]


@pytest.mark.parametrize(
    ("events", "clock", "reason"),
    [
        ((ROUTED,), Clock.GATEWAY, reasons.GATEWAY_FAILURE),
        ((ROUTED,), Clock.SETUP, reasons.CONNECT_TIMEOUT),
        ((ROUTED, Progressed(183, b"")), Clock.SETUP, reasons.CONNECT_TIMEOUT),
        ((ROUTED, Progressed(180, b"")), Clock.NO_ANSWER, reasons.NO_ANSWER),
    ],
)
def test_the_setup_ends_in_time(
    events: tuple[Event, ...], clock: Clock, reason: reasons.Reason
) -> None:
    assert after(*events).step(TimedOut(clock)) == [
        Abandon(reason),
        Refuse(reason),
        Finish(reason, "platform"),
    ]


def test_a_silent_gateway_is_left_for_the_next() -> None:
    assert after(Routed(2, 0.0)).step(TimedOut(Clock.GATEWAY)) == [
        Abandon(reasons.GATEWAY_FAILURE),
        Arm(Clock.GATEWAY, 4.0),
        Place(),
    ]


@pytest.mark.parametrize(
    ("reason", "side"),
    [(reasons.BUSY, "callee"), (reasons.GATEWAY_FAILURE, "platform")],
)
def test_failed(reason: reasons.Reason, side: str) -> None:
    *_, finish = after(ROUTED).step(Failed(reason, another=False))
    assert isinstance(finish, Finish)
    assert finish.released_by == side


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ((ROUTED,), reasons.CANCELLED),
        ((ROUTED, Progressed(183, ONE)), reasons.CANCELLED),
        ((ROUTED, Progressed(180, b"")), reasons.CANCELLED_RINGING),
    ],
)
def test_cancelled(events: tuple[Event, ...], reason: reasons.Reason) -> None:
    finish = Finish(reason, "caller")
    assert after(*events).step(Cancelled()) == [Abandon(reason), finish]
    gone = Ended(A, reasons.NORMAL)
    assert after(*events).step(gone) == [Abandon(reason), finish]


def test_f35_cancel_and_200_crossed() -> None:
    reason = reasons.CANCELLED
    assert after(ROUTED, Answered(ONE)).step(Cancelled()) == [
        HangUp(B, reason),
        Finish(reason, "caller"),
    ]


def test_the_callees_leg_vanishes_before_the_answer() -> None:
    reason = reasons.CALLEE_NETWORK
    assert after(ROUTED).step(Ended(B, reasons.NORMAL)) == [
        Refuse(reason),
        Finish(reason, "callee"),
    ]


@pytest.mark.parametrize(("leg", "side"), [(A, "caller"), (B, "callee")])
def test_the_other_leg_is_hung_up(leg: Leg, side: str) -> None:
    hung_up, finish = after(*UP).step(Ended(leg, reasons.NORMAL))
    assert hung_up == HangUp(leg.other, reasons.NORMAL)
    assert isinstance(finish, Finish)
    assert finish.released_by == side


def test_f32_no_ack_hangs_up_both() -> None:
    commands = after(ROUTED, Answered(ONE)).step(AckMissed(A))
    assert commands[:2] == [HangUp(A, reasons.NO_ACK), HangUp(B, reasons.NO_ACK)]


def test_stopping_before_and_after_the_answer() -> None:
    reason = reasons.DRAINING
    stop = Stopped(reason)
    finish = Finish(reason, "platform")
    assert after().step(stop) == [Refuse(reason), finish]
    assert after(ROUTED).step(stop) == [Abandon(reason), Refuse(reason), finish]
    assert after(*UP).step(stop) == [HangUp(A, reason), HangUp(B, reason), finish]
