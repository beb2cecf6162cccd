"""The one question of routing: number states, modes, and never a wrong party."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from router.plan import reasons
from router.plan.decide import decide
from router.plan.decision import Bridge, Refuse
from router.plan.model import (
    AppRules,
    AxbBinding,
    AxBinding,
    Found,
    Mode,
    NumberRecord,
    NumberState,
    TemporaryCallee,
)

NOW = 1_800_000_000.0
A = "+8613800000001"
B = "+8613900000002"
C = "+8613700000003"
X = "+8617000000001"
Y = "+8617000000002"
AX = NumberRecord(X, "app", Mode.AX)
AXB = NumberRecord(X, "app", Mode.AXB)
RULES = AppRules()


def reason_of(found: Found, caller: str = C) -> reasons.Reason | None:
    decision = decide(found, caller, now=NOW, app=RULES)
    return decision.reason if isinstance(decision, Refuse) else None


def test_each_mode_is_decided_by_its_own_rules() -> None:
    both = (AxBinding("ax", A, X), None, AxbBinding("axb", C, B, X))
    callees = [
        decide(Found(X, record, *both), C, now=NOW, app=RULES) for record in (AX, AXB)
    ]
    assert [d.callee for d in callees if isinstance(d, Bridge)] == [A, B]


def test_a_number_that_is_not_ours_is_unknown() -> None:
    assert reason_of(Found(X, None)) is reasons.UNKNOWN_X


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (NumberState.NORMAL, None),
        (NumberState.FROZEN, None),
        (NumberState.SUSPENDED, reasons.X_SUSPENDED),
        (NumberState.UNAVAILABLE, reasons.X_UNAVAILABLE),
    ],
)
def test_states_of_x(state: NumberState, reason: reasons.Reason | None) -> None:
    record = NumberRecord(X, "app", Mode.AX, state)
    assert reason_of(Found(X, record, AxBinding("s", A, X))) is reason


@pytest.mark.parametrize(
    "found",
    [
        Found(X, NumberRecord(Y, "app", Mode.AX), AxBinding("s", A, X)),
        Found(X, AX, AxBinding("s", A, Y)),
        Found(X, AXB, None, None, AxbBinding("s", C, B, Y)),
    ],
)
def test_i1_what_belongs_to_another_x_connects_nobody(found: Found) -> None:
    assert reason_of(found) is reasons.SERVICE_ERROR


def test_x_does_not_call_itself() -> None:
    assert reason_of(Found(X, AX, AxBinding("s", A, X)), X) is reasons.LOOP


@pytest.mark.parametrize("mode", [Mode.AXE, Mode.X])
def test_modes_still_to_come_are_refused_and_say_so(mode: Mode) -> None:
    found = Found(X, NumberRecord(X, "app", mode))
    decision = decide(found, C, now=NOW, app=RULES)
    assert isinstance(decision, Refuse)
    assert decision.reason is reasons.SERVICE_ERROR
    assert decision.trace == (f"mode {mode} is not served by this version",)


numbers = st.sampled_from(["", A, B, C, X, Y])
directions = st.integers(0, 2)
expiries = st.sampled_from([NOW - 1, NOW, NOW + 1])
found_anything = st.builds(
    Found,
    st.sampled_from([X, Y]),
    st.none()
    | st.builds(
        NumberRecord,
        st.sampled_from([X, Y]),
        st.just("app"),
        st.sampled_from(Mode),
        st.sampled_from(NumberState),
    ),
    st.none()
    | st.builds(AxBinding, st.just("s"), numbers, numbers, call_direction=directions),
    st.none() | st.builds(TemporaryCallee, numbers, expiries),
    st.none()
    | st.builds(
        AxbBinding,
        st.just("s"),
        numbers,
        numbers,
        numbers,
        call_direction=directions,
        expires_at=st.none() | expiries,
    ),
)


@given(found_anything, numbers)
def test_whatever_was_found_nobody_wrong_is_connected(found: Found, who: str) -> None:
    decision = decide(found, who, now=NOW, app=RULES)
    assert decision.trace
    assert not any(number in " ".join(decision.trace) for number in (A, B, C))
    if isinstance(decision, Refuse):
        return
    assert found.number is not None
    assert found.number.x == found.x == decision.display
    assert decision.callee not in (who, found.x) or (decision.callee, who) == ("", "")
    if found.number.mode is Mode.AXB:
        assert found.axb is not None
        assert {found.axb.a, found.axb.b} == {who, decision.callee}
        assert found.axb.expires_at is None or found.axb.expires_at > NOW
    else:
        assert found.ax is not None
        assert found.ax.a in (who, decision.callee)
