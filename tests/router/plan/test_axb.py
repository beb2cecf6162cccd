"""AXB: whom a call to X reaches. Covers both directions, expiry and each refusal."""

from __future__ import annotations

from dataclasses import replace

from router.plan import axb, reasons
from router.plan.decision import Bridge, Decision, Refuse
from router.plan.model import AxbBinding, Found

NOW = 1_800_000_000.0
A = "+8613800000001"
B = "+8613900000002"
C = "+8613700000003"
X = "+8617000000002"
BINDING = AxbBinding("s1", A, B, X, max_duration=7, user_data="order")


def decide(caller: str, binding: AxbBinding | None = BINDING) -> Decision:
    return axb.decide(Found(X, None, axb=binding), caller, now=NOW)


def refused(decision: Decision) -> reasons.Reason:
    assert isinstance(decision, Refuse)
    assert decision.trace
    return decision.reason


def test_a_and_b_reach_each_other_and_see_x() -> None:
    from_a, from_b = decide(A), decide(B)
    assert isinstance(from_a, Bridge)
    assert from_a[:6] == (B, X, "s1", 1, 7, "order")
    assert isinstance(from_b, Bridge)
    assert from_b[:6] == (A, X, "s1", 0, 7, "order")


def test_a_stranger_is_refused() -> None:
    decision = decide(C, None)
    assert refused(decision) is reasons.NO_BINDING
    assert isinstance(decision, Refuse)
    assert decision.direction == 2


def test_a_caller_without_a_number_is_no_party() -> None:
    assert refused(decide("")) is reasons.NO_BINDING
    assert refused(decide("", replace(BINDING, a=""))) is reasons.NO_BINDING


def test_a_binding_that_does_not_name_the_caller_connects_nobody() -> None:
    assert refused(decide(C)) is reasons.NO_BINDING


def test_f10_a_binding_ends_at_its_instant() -> None:
    assert isinstance(decide(A, replace(BINDING, expires_at=NOW + 0.001)), Bridge)
    assert refused(decide(A, replace(BINDING, expires_at=NOW))) is reasons.NO_BINDING


def test_call_direction_1_lets_only_a_call() -> None:
    binding = replace(BINDING, call_direction=1)
    assert isinstance(decide(A, binding), Bridge)
    decision = decide(B, binding)
    assert refused(decision) is reasons.DIRECTION_NOT_ALLOWED
    assert isinstance(decision, Refuse)
    assert decision[2:] == ("s1", 0, "order")


def test_call_direction_2_lets_only_b_call() -> None:
    binding = replace(BINDING, call_direction=2)
    assert isinstance(decide(B, binding), Bridge)
    decision = decide(A, binding)
    assert refused(decision) is reasons.DIRECTION_NOT_ALLOWED
    assert isinstance(decision, Refuse)
    assert decision.direction == 1


def test_a_party_never_reaches_itself() -> None:
    assert refused(decide(A, replace(BINDING, b=A))) is reasons.SELF_CALL


def test_f43_no_call_goes_round_through_x() -> None:
    assert refused(decide(A, replace(BINDING, b=X))) is reasons.LOOP
