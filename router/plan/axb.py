"""AXB: A and B reach each other by calling X."""

from __future__ import annotations

from router.plan.decision import Bridge, Decision, Refuse
from router.plan.model import AxbBinding, CallDirection, Found
from router.plan.reasons import (
    DIRECTION_NOT_ALLOWED,
    LOOP,
    NO_BINDING,
    SELF_CALL,
    Reason,
)

FROM_B = 0
FROM_A = 1

_THROUGH_TO_B = ("the caller is A", "put through to B", "B sees X")
_THROUGH_TO_A = ("the caller is B", "put through to A", "A sees X")


def decide(found: Found, caller: str, *, now: float) -> Decision:
    """Decide a call to the AXB number `found.x`; `caller` is "" when it has no number.

    `now` is in epoch seconds. That X itself may be called has been seen to.
    """
    binding = found.axb
    if not caller:
        return Refuse(NO_BINDING, ("a caller without a number is no party",))
    if binding is None:
        return Refuse(NO_BINDING, ("the caller is no party of a binding of X",))
    expires_at = binding.expires_at
    if expires_at is not None and expires_at <= now:
        return Refuse(NO_BINDING, ("the caller's binding of X has expired",))
    if caller == binding.a:
        return _put_through(binding, binding.b, FROM_A)
    if caller == binding.b:
        return _put_through(binding, binding.a, FROM_B)
    # What was found is not this caller's: never connect on it.
    return Refuse(NO_BINDING, ("the binding found does not name the caller",))


def _put_through(binding: AxbBinding, callee: str, direction: int) -> Decision:
    allowed = binding.call_direction
    trace: tuple[str, ...]
    if direction == FROM_A:
        if allowed == CallDirection.TO_A:
            trace = ("the caller is A", "callDirection 2: only B may call")
            return _refuse(DIRECTION_NOT_ALLOWED, binding, trace, direction)
        trace = _THROUGH_TO_B
    else:
        if allowed == CallDirection.FROM_A:
            trace = ("the caller is B", "callDirection 1: only A may call")
            return _refuse(DIRECTION_NOT_ALLOWED, binding, trace, direction)
        trace = _THROUGH_TO_A
    if binding.a == binding.b:
        return _refuse(SELF_CALL, binding, ("A and B are one number",), direction)
    if callee == binding.x:
        return _refuse(LOOP, binding, ("the callee is X itself",), direction)
    return Bridge(
        callee,
        binding.x,
        binding.subscription_id,
        direction,
        binding.max_duration,
        binding.user_data,
        trace,
    )


def _refuse(
    reason: Reason, binding: AxbBinding, trace: tuple[str, ...], direction: int
) -> Refuse:
    return Refuse(reason, trace, binding.subscription_id, direction, binding.user_data)
