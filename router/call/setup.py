"""From the decision to the conversation: the acts before both parties talk."""

from __future__ import annotations

from router.call.commands import (
    Accept,
    Acknowledge,
    Arm,
    Command,
    Disarm,
    Finish,
    HangUp,
    Refuse,
    Ring,
)
from router.call.ending import hang_up, place, settle_relay
from router.call.events import (
    Answered,
    Clock,
    Confirmed,
    Leg,
    Progressed,
    Reached,
    Routed,
)
from router.call.state import Memory, State
from router.plan import reasons

_RINGING = 180
_SESSION_PROGRESS = 183


def routed(call: Memory, event: Routed, out: list[Command]) -> State:
    """Place the second leg, and start the clocks of the setup."""
    call.attempts = event.attempts
    call.max_seconds = event.max_seconds
    out.append(Arm(Clock.SETUP, call.limits.setup))
    return place(call, out)


def reached(_call: Memory, _event: Reached, out: list[Command]) -> State:
    """Stop fearing for the gateway, which may still say that it cannot do it."""
    out.append(Disarm(Clock.GATEWAY))
    return State.PLACING


def progressed_placing(call: Memory, event: Progressed, out: list[Command]) -> State:
    """Take the first sign of life."""
    out.append(Disarm(Clock.GATEWAY))
    return progressed(call, event, out)


def progressed(call: Memory, event: Progressed, out: list[Command]) -> State:
    """Pass on that it rings, and the early media that comes with it.

    180 and 183 go across as they are. What else there is says how the callee's network
    treats the call (181 forwarded, 182 queued), which is not the caller's business: it
    goes across as 183, and only with a body. 199 ends one of several early dialogs.
    """
    status, body = event
    ringing = status == _RINGING
    if not ringing and status != _SESSION_PROGRESS and not body:
        return State.EARLY
    if body:
        call.early = body
    if (ringing or body) and not call.no_answer_armed:
        call.no_answer_armed = True
        out.append(Arm(Clock.NO_ANSWER, call.limits.no_answer))
    # A storm of 1xx must not become one on the caller's side (F45).
    if call.provisionals < call.limits.provisionals:
        call.provisionals += 1
        out.append(Ring(_RINGING if ringing else _SESSION_PROGRESS, body))
    call.rang = call.rang or ringing
    return State.EARLY


def answered(call: Memory, event: Answered, out: list[Command]) -> State:
    """Answer the caller with what the callee said."""
    body = event.body
    if not call.delayed:
        out.append(Acknowledge(Leg.CALLEE, b""))
        # A callee whose answer came in a reliable 183 need not repeat it in the 200.
        body = body or call.early
    if not body:
        return _answered_with_nothing(call, out)
    call.owed = call.delayed
    if call.state is State.PLACING:
        out.append(Disarm(Clock.GATEWAY))
    if call.no_answer_armed:
        out.append(Disarm(Clock.NO_ANSWER))
    out.append(Disarm(Clock.SETUP))
    out.append(Accept(body))
    _arm_talk(call, out)
    return State.ANSWERED


def _arm_talk(call: Memory, out: list[Command]) -> None:
    """Start the clocks of the talk: maxDuration counts from the answer."""
    limits = call.limits
    if 0 < call.max_seconds <= limits.backstop:
        out.append(Arm(Clock.MAX_DURATION, call.max_seconds))
    else:
        out.append(Arm(Clock.BACKSTOP, limits.backstop))
    if call.max_seconds > limits.warning:
        out.append(Arm(Clock.WARNING, call.max_seconds - limits.warning))


def _answered_with_nothing(call: Memory, out: list[Command]) -> State:
    """End a call whose callee answered without a session description.

    "If the initial offer is in an INVITE, the answer MUST be in a reliable non-failure
    message", and a 2xx to an INVITE without one MUST bring the offer (13.2.1).
    """
    settle_relay(call, out, gone=None)
    if call.delayed:
        out.append(Acknowledge(Leg.CALLEE, b""))
    out.append(HangUp(Leg.CALLEE, reasons.CALLEE_NETWORK))
    out.append(Refuse(reasons.CALLEE_NETWORK))
    out.append(Finish(reasons.CALLEE_NETWORK, "callee"))
    return State.ENDED


def confirmed(call: Memory, event: Confirmed, out: list[Command]) -> State:
    """Let the parties talk; with a delayed offer, once the caller has answered it."""
    if not call.owed:
        return State.UP
    if not event.body:
        return hang_up(call, reasons.CALLER_NETWORK, "caller", out)
    call.owed = False
    out.append(Acknowledge(Leg.CALLEE, event.body))
    return State.UP
