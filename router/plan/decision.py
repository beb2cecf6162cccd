"""What is to become of a call: put it through, or refuse it and why."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from router.plan.reasons import Reason

ABNORMAL = 2
"""`direction` of a call no binding says the direction of."""


class Bridge(NamedTuple):
    """Put the call through."""

    callee: str
    display: str
    """The number the callee sees."""
    subscription_id: str
    direction: int
    """`direction` of the call record: 0 towards A, 1 from A (AX and AXB alike)."""
    max_duration: int
    """Minutes from answer, 0 for no limit."""
    user_data: str
    trace: tuple[str, ...]
    """How the decision came about, a short sentence a step, without any number."""


class Refuse(NamedTuple):
    """Do not put the call through."""

    reason: Reason
    trace: tuple[str, ...]
    """How the decision came about, a short sentence a step, without any number."""
    subscription_id: str = ""
    """The binding that was found and did not allow the call, if one was."""
    direction: int = ABNORMAL
    user_data: str = ""


Decision: TypeAlias = Bridge | Refuse
