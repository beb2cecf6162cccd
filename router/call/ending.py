"""The ways a call ends. Each settles both legs and gives exactly one `Finish`.

Acts that cannot be told apart by the table (which leg ended, which clock ran out) are
told apart here and nowhere else.
"""

from __future__ import annotations

from router.call.commands import (
    Abandon,
    Acknowledge,
    Arm,
    Command,
    Finish,
    HangUp,
    Place,
    Refuse,
    RefuseOffer,
    Side,
    Warn,
)
from router.call.events import (
    AckMissed,
    Cancelled,
    Clock,
    Ended,
    Failed,
    Leg,
    Refused,
    Stopped,
    TimedOut,
)
from router.call.state import Memory, State
from router.plan import reasons
from router.plan.reasons import Reason

_SIDES: tuple[Side, Side] = ("caller", "callee")
_REQUEST_TERMINATED = 487


def settle_relay(call: Memory, out: list[Command], *, gone: Leg | None) -> None:
    """Answer what a party still waits for, unless it is the party that is gone.

    "The UAS MUST still respond to any pending requests received for that dialog. It is
    RECOMMENDED that a 487 (Request Terminated) response be generated" (15.1.2).
    """
    relay = call.relay
    if relay is None:
        return
    call.relay = None
    if relay.exchange is not None:
        if relay.leg is not gone:
            out.append(RefuseOffer(relay.leg, relay.exchange, _REQUEST_TERMINATED))
    elif relay.leg.other is not gone:
        out.append(Acknowledge(relay.leg.other, b""))


def give_up(
    call: Memory,
    reason: Reason,
    side: Side,
    out: list[Command],
    *,
    gone: Leg | None = None,
) -> State:
    """End a call that the caller was not answered on."""
    settle_relay(call, out, gone=gone)
    if call.state is not State.LOOKING and gone is not Leg.CALLEE:
        out.append(Abandon(reason))
    if gone is not Leg.CALLER:
        out.append(Refuse(reason))
    out.append(Finish(reason, side))
    return State.ENDED


def hang_up(
    call: Memory,
    reason: Reason,
    side: Side,
    out: list[Command],
    *,
    gone: Leg | None = None,
) -> State:
    """End a call that the caller was answered on."""
    settle_relay(call, out, gone=gone)
    if gone is not Leg.CALLER:
        out.append(HangUp(Leg.CALLER, reason))
    if gone is not Leg.CALLEE:
        if call.owed:
            # 13.2.2.4: a 2xx is acknowledged even by one who hangs up at once.
            out.append(Acknowledge(Leg.CALLEE, b""))
        out.append(HangUp(Leg.CALLEE, reason))
    out.append(Finish(reason, side))
    return State.ENDED


def turn_away(call: Memory, event: Refused, out: list[Command]) -> State:
    """Refuse a call before there is a second leg."""
    return give_up(call, event.reason, "platform", out)


def cancelled(call: Memory, _event: Cancelled, out: list[Command]) -> State:
    """Let the callee's telephone fall silent: the caller gave up."""
    return give_up(call, _cancel_reason(call), "caller", out, gone=Leg.CALLER)


def cancelled_late(call: Memory, _event: Cancelled, out: list[Command]) -> State:
    """Hang up the callee: the caller's CANCEL and the callee's 200 crossed (F35)."""
    reason = _cancel_reason(call)
    return hang_up(call, reason, "caller", out, gone=Leg.CALLER)


def _cancel_reason(call: Memory) -> Reason:
    if call.state is State.LOOKING:
        return reasons.CANCELLED_EARLY
    return reasons.CANCELLED_RINGING if call.rang else reasons.CANCELLED


def failed(call: Memory, event: Failed, out: list[Command]) -> State:
    """Tell the caller, in our own words, that the callee could not be had."""
    side: Side = "callee" if event.reason.result == "unanswered" else "platform"
    return give_up(call, event.reason, side, out, gone=Leg.CALLEE)


def failed_placing(call: Memory, event: Failed, out: list[Command]) -> State:
    """Try the next gateway when this one failed before anything rang (F53)."""
    if not event.another or call.attempts == 0:
        return failed(call, event, out)
    return place(call, out)


def place(call: Memory, out: list[Command]) -> State:
    """Send the INVITE through the next gateway."""
    call.attempts -= 1
    out.append(Arm(Clock.GATEWAY, call.limits.gateway))
    out.append(Place())
    return State.PLACING


def ended_early(call: Memory, event: Ended, out: list[Command]) -> State:
    """End a call of which one leg vanished before the answer: an early BYE, say."""
    if event.leg is Leg.CALLER:
        return give_up(call, _cancel_reason(call), "caller", out, gone=Leg.CALLER)
    return give_up(call, reasons.CALLEE_NETWORK, "callee", out, gone=Leg.CALLEE)


def ended(call: Memory, event: Ended, out: list[Command]) -> State:
    """Hang up the other leg."""
    return hang_up(call, event.reason, _SIDES[event.leg], out, gone=event.leg)


def ack_missed(call: Memory, event: AckMissed, out: list[Command]) -> State:
    """Hang up both legs: a party that never acknowledges cannot be talking (F32)."""
    return hang_up(call, reasons.NO_ACK, _SIDES[event.leg], out)


def stopped_early(call: Memory, event: Stopped, out: list[Command]) -> State:
    """Refuse the caller and give up the callee, on behalf of the platform."""
    return give_up(call, event.reason, "platform", out)


def stopped(call: Memory, event: Stopped, out: list[Command]) -> State:
    """Hang up both legs, on behalf of the platform."""
    return hang_up(call, event.reason, "platform", out)


def timed_out_placing(call: Memory, event: TimedOut, out: list[Command]) -> State:
    """Leave a silent gateway for the next one."""
    if event.clock is not Clock.GATEWAY:
        return timed_out_early(call, event, out)
    if call.attempts == 0:
        return give_up(call, reasons.GATEWAY_FAILURE, "platform", out)
    out.append(Abandon(reasons.GATEWAY_FAILURE))
    return place(call, out)


def timed_out_early(call: Memory, event: TimedOut, out: list[Command]) -> State:
    """Stop waiting for a callee who does not answer."""
    if event.clock is Clock.NO_ANSWER:
        return give_up(call, reasons.NO_ANSWER, "platform", out)
    return give_up(call, reasons.CONNECT_TIMEOUT, "platform", out)


def timed_out(call: Memory, event: TimedOut, out: list[Command]) -> State:
    """Warn of the last minute, or end the talk."""
    if event.clock is Clock.WARNING:
        out.append(Warn())
        return call.state
    reason = (
        reasons.MAX_DURATION if event.clock is Clock.MAX_DURATION else reasons.BACKSTOP
    )
    return hang_up(call, reason, "platform", out)
