"""The one question of routing: what becomes of this call?"""

from __future__ import annotations

from router.plan import ax, axb
from router.plan.decision import Decision, Refuse
from router.plan.model import AppRules, Found, Mode, NumberRecord, NumberState
from router.plan.reasons import (
    LOOP,
    SERVICE_ERROR,
    UNKNOWN_X,
    X_SUSPENDED,
    X_UNAVAILABLE,
)


def decide(found: Found, caller: str, *, now: float, app: AppRules) -> Decision:
    """Decide the call from `caller` ("" when it has no number) to `found.x`.

    `now` is in epoch seconds, for what expires. Never raises, and never connects on a
    record that is not X's.
    """
    number = found.number
    if number is None:
        return Refuse(UNKNOWN_X, ("the number called is no X number of ours",))
    if number.state != NumberState.NORMAL:
        refusal = _by_state(number)
        if refusal is not None:
            return refusal
    x = found.x
    if not _all_of_one_x(found):
        # The worst fault is a wrong-party connection: the store answered for another X.
        return Refuse(SERVICE_ERROR, ("what was found belongs to another X",))
    if caller == x:
        return Refuse(LOOP, ("X calls itself",))
    mode = number.mode
    if mode is Mode.AXB:
        return axb.decide(found, caller, now=now)
    if mode is Mode.AX:
        return ax.decide(found, caller, now=now, app=app)
    return Refuse(SERVICE_ERROR, (f"mode {mode} is not served by this version",))


def _by_state(number: NumberRecord) -> Refuse | None:
    if number.state == NumberState.SUSPENDED:
        return Refuse(X_SUSPENDED, ("X is suspended",))
    if number.state == NumberState.UNAVAILABLE:
        return Refuse(X_UNAVAILABLE, ("X is unavailable",))
    return None


def _all_of_one_x(found: Found) -> bool:
    x, number, ax_binding, _, axb_binding, _ = found
    return (
        (number is None or number.x == x)
        and (ax_binding is None or ax_binding.x == x)
        and (axb_binding is None or axb_binding.x == x)
    )
