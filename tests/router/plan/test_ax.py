"""AX: whom a call to X reaches. Covers every row of the AX table and each refusal."""

from __future__ import annotations

from dataclasses import replace

from router.plan import ax, reasons
from router.plan.decision import Bridge, Decision, Refuse
from router.plan.model import AppRules, AxBinding, Found, TemporaryCallee

NOW = 1_800_000_000.0
A = "+8613800000001"
B = "+8613900000002"
C = "+8613700000003"
X = "+8617000000001"
BINDING = AxBinding("s1", A, X, max_duration=7, user_data="order")
PLAIN = AppRules()


def decide(
    caller: str,
    *,
    binding: AxBinding | None = BINDING,
    callee: TemporaryCallee | None = None,
    app: AppRules = PLAIN,
    last_caller: str = "",
) -> Decision:
    found = Found(X, None, binding, callee, None, last_caller)
    return ax.decide(found, caller, now=NOW, app=app)


def until(seconds: float, callee: str = B) -> TemporaryCallee:
    return TemporaryCallee(callee, NOW + seconds)


def refused(decision: Decision) -> reasons.Reason:
    assert isinstance(decision, Refuse)
    assert decision.trace
    return decision.reason


def test_another_reaches_a_who_sees_x() -> None:
    decision = decide(C)
    assert isinstance(decision, Bridge)
    assert decision[:6] == (A, X, "s1", 0, 7, "order")


def test_a_reaches_the_temporary_callee_who_sees_x() -> None:
    decision = decide(A, callee=until(1))
    assert isinstance(decision, Bridge)
    assert decision[:6] == (B, X, "s1", 1, 7, "order")


def test_a_caller_without_a_number_reaches_a() -> None:
    decision = decide("")
    assert isinstance(decision, Bridge)
    assert decision.callee == A


def test_x_without_a_binding_is_refused() -> None:
    decision = decide(C, binding=None)
    assert refused(decision) is reasons.NOT_BOUND
    assert isinstance(decision, Refuse)
    assert (decision.subscription_id, decision.direction) == ("", 2)


def test_a_without_a_temporary_callee_is_refused() -> None:
    decision = decide(A)
    assert refused(decision) is reasons.NO_TEMPORARY_CALLEE
    assert isinstance(decision, Refuse)
    assert decision[2:] == ("s1", 1, "order")
    assert "no temporary callee" in decision.trace


def test_f10_the_temporary_callee_ends_at_its_instant() -> None:
    assert isinstance(decide(A, callee=until(0.001)), Bridge)
    decision = decide(A, callee=until(0))
    assert refused(decision) is reasons.NO_TEMPORARY_CALLEE
    assert "temporary callee expired" in decision.trace


def test_memory_call_back_reaches_the_last_caller_where_it_is_on() -> None:
    remember = AppRules(memory_callback=True)
    decision = decide(A, app=remember, last_caller=C)
    assert isinstance(decision, Bridge)
    assert (decision.callee, decision.display) == (C, X)
    assert refused(decide(A, last_caller=C)) is reasons.NO_TEMPORARY_CALLEE
    assert refused(decide(A, app=remember)) is reasons.NO_TEMPORARY_CALLEE


def test_a_temporary_callee_comes_before_the_last_caller() -> None:
    remember = AppRules(memory_callback=True)
    decision = decide(A, callee=until(9), app=remember, last_caller=C)
    assert isinstance(decision, Bridge)
    assert decision.callee == B


def test_call_direction_1_lets_only_a_call() -> None:
    binding = replace(BINDING, call_direction=1)
    assert isinstance(decide(A, binding=binding, callee=until(9)), Bridge)
    decision = decide(C, binding=binding)
    assert refused(decision) is reasons.DIRECTION_NOT_ALLOWED
    assert isinstance(decision, Refuse)
    assert (decision.subscription_id, decision.direction) == ("s1", 0)


def test_call_direction_2_lets_only_others_call() -> None:
    binding = replace(BINDING, call_direction=2)
    assert isinstance(decide(C, binding=binding), Bridge)
    decision = decide(A, binding=binding, callee=until(9))
    assert refused(decision) is reasons.DIRECTION_NOT_ALLOWED
    assert isinstance(decision, Refuse)
    assert decision.direction == 1


def test_a_sees_the_caller_only_where_binding_and_trunk_both_say_so() -> None:
    shown = replace(BINDING, callee_num_display=1)
    open_trunk = AppRules(show_caller=True)
    displays = [
        decide(C, binding=shown, app=open_trunk),
        decide(C, binding=shown),
        decide(C, app=open_trunk),
        decide("", binding=shown, app=open_trunk),
    ]
    assert [d.display for d in displays if isinstance(d, Bridge)] == [C, X, X, X]


def test_the_temporary_callee_never_sees_a() -> None:
    shown = replace(BINDING, callee_num_display=1)
    decision = decide(A, binding=shown, callee=until(9), app=AppRules(show_caller=True))
    assert isinstance(decision, Bridge)
    assert decision.display == X


def test_a_never_reaches_itself() -> None:
    assert refused(decide(A, callee=until(9, A))) is reasons.SELF_CALL


def test_f43_no_call_goes_round_through_x() -> None:
    assert refused(decide(A, callee=until(9, X))) is reasons.LOOP
    assert refused(decide(C, binding=replace(BINDING, a=X))) is reasons.LOOP
