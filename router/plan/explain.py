"""A decision told step by step, for support and for `veil explain`."""

from __future__ import annotations

from router.numbers import mask
from router.plan.decision import Bridge, Decision
from router.plan.model import CallDirection, Found

_AX_DIRECTIONS = {
    CallDirection.BOTH: "both ways",
    CallDirection.FROM_A: "only A may call",
    CallDirection.TO_A: "only others may call A",
}
_AXB_DIRECTIONS = {
    CallDirection.BOTH: "both ways",
    CallDirection.FROM_A: "only A may call",
    CallDirection.TO_A: "only B may call",
}


def explain(found: Found, caller: str, decision: Decision, now: float) -> list[str]:
    """Tell in one line a step what was found and what was decided at `now` (epoch).

    Numbers of parties are masked; X is shown.
    """
    steps = [f"call to {found.x} from {mask(caller)}"]
    steps += _what_was_found(found, now)
    steps += decision.trace
    if isinstance(decision, Bridge):
        limit = decision.max_duration
        steps.append(
            f"=> put through to {mask(decision.callee)}, "
            f"which sees {_shown(decision.display, found.x)}"
            + (f", for at most {limit} min" if limit else "")
        )
    else:
        reason = decision.reason
        steps.append(
            f"=> refused: {reason.slug} "
            f"(SIP {reason.sip_status} {reason.sip_phrase}, Q.850 cause {reason.q850}, "
            f"state code {reason.state_code})"
        )
        if reason.prompt:
            steps.append(f"   announcement: {reason.prompt}")
    return steps


def _what_was_found(found: Found, now: float) -> list[str]:
    number = found.number
    if number is None:
        return []
    state = number.state.name.lower()
    steps = [f"X belongs to app {number.app}, mode {number.mode}, state {state}"]
    if found.ax is not None:
        ax = found.ax
        direction = _AX_DIRECTIONS[CallDirection(ax.call_direction)]
        steps.append(f"AX binding {ax.subscription_id}: A {mask(ax.a)}, {direction}")
    if found.temporary is not None:
        temporary = found.temporary
        until = _remaining(temporary.expires_at, now)
        steps.append(f"temporary callee {mask(temporary.callee)}, {until}")
    if found.axb is not None:
        axb = found.axb
        direction = _AXB_DIRECTIONS[CallDirection(axb.call_direction)]
        until = "" if axb.expires_at is None else f", {_remaining(axb.expires_at, now)}"
        steps.append(
            f"AXB binding {axb.subscription_id}: "
            f"A {mask(axb.a)}, B {mask(axb.b)}, {direction}{until}"
        )
    return steps


def _remaining(expires_at: float, now: float) -> str:
    seconds = expires_at - now
    return f"expires in {seconds:.0f} s" if seconds > 0 else "expired"


def _shown(display: str, x: str) -> str:
    return f"X, {x}" if display == x else mask(display)
