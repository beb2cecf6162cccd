"""AX: others reach A through X; A reaches its temporary callee by calling X."""

from __future__ import annotations

from router.plan.decision import ABNORMAL, Bridge, Decision, Refuse
from router.plan.model import AppRules, AxBinding, CallDirection, Found
from router.plan.reasons import (
    DIRECTION_NOT_ALLOWED,
    LOOP,
    NO_TEMPORARY_CALLEE,
    NOT_BOUND,
    SELF_CALL,
    Reason,
)

TO_A = 0
FROM_A = 1


def decide(found: Found, caller: str, *, now: float, app: AppRules) -> Decision:
    """Decide a call to the AX number `found.x`; `caller` is "" when it has no number.

    `now` is in epoch seconds. That X itself may be called has been seen to.
    """
    binding = found.ax
    if binding is None:
        return Refuse(NOT_BOUND, ("X is not bound",))
    if caller == binding.a:
        return _from_a(found, binding, now, app)
    return _to_a(binding, caller, app)


def _to_a(binding: AxBinding, caller: str, app: AppRules) -> Decision:
    if binding.call_direction == CallDirection.FROM_A:
        refused = ("the caller is not A", "callDirection 1: only A may call")
        return _refuse(DIRECTION_NOT_ALLOWED, binding, refused, direction=TO_A)
    if binding.a == binding.x:
        return _refuse(LOOP, binding, ("A is X itself",), direction=TO_A)
    display = binding.x
    trace: tuple[str, ...] = ("the caller is not A", "put through to A", "A sees X")
    if binding.callee_num_display:
        if not app.show_caller:
            trace = (*trace[:2], "A sees X: the trunk does not let it see the caller")
        elif not caller:
            trace = (*trace[:2], "A sees X: the caller has no number")
        else:
            display = caller
            trace = (*trace[:2], "A sees the caller: calleeNumDisplay 1")
    return _bridge(binding, binding.a, TO_A, trace, display=display)


def _from_a(found: Found, binding: AxBinding, now: float, app: AppRules) -> Decision:
    if binding.call_direction == CallDirection.TO_A:
        refused = ("the caller is A", "callDirection 2: A may not call")
        return _refuse(DIRECTION_NOT_ALLOWED, binding, refused, direction=FROM_A)
    temporary = found.temporary
    trace: tuple[str, ...]
    if temporary is not None and temporary.expires_at > now:
        callee = temporary.callee
        trace = ("the caller is A", "put through to the temporary callee", "it sees X")
    elif app.memory_callback and found.last_caller:
        callee = found.last_caller
        trace = ("the caller is A", "memory call-back: the last caller", "it sees X")
    else:
        why = "no temporary callee" if temporary is None else "temporary callee expired"
        trace = ("the caller is A", why)
        return _refuse(NO_TEMPORARY_CALLEE, binding, trace, direction=FROM_A)
    # A call from A that would reach A again, or X, would go round for ever.
    if callee == binding.a:
        trace = ("the caller is A", "the callee is A as well")
        return _refuse(SELF_CALL, binding, trace, direction=FROM_A)
    if callee == binding.x:
        trace = ("the caller is A", "the callee is X itself")
        return _refuse(LOOP, binding, trace, direction=FROM_A)
    return _bridge(binding, callee, FROM_A, trace, display=binding.x)


def _bridge(
    binding: AxBinding,
    callee: str,
    direction: int,
    trace: tuple[str, ...],
    *,
    display: str,
) -> Bridge:
    return Bridge(
        callee,
        display,
        binding.subscription_id,
        direction,
        binding.max_duration,
        binding.user_data,
        trace,
    )


def _refuse(
    reason: Reason,
    binding: AxBinding,
    trace: tuple[str, ...],
    *,
    direction: int = ABNORMAL,
) -> Refuse:
    return Refuse(reason, trace, binding.subscription_id, direction, binding.user_data)
