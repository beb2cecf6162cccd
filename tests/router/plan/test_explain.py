"""Decisions told step by step: what is said, and that no party's number is."""

from __future__ import annotations

from router.plan.decide import decide
from router.plan.explain import explain
from router.plan.model import (
    AppRules,
    AxbBinding,
    AxBinding,
    Found,
    Mode,
    NumberRecord,
    TemporaryCallee,
)

NOW = 1_800_000_000.0
A = "+8613800000001"
B = "+8613900000002"
C = "+8613700000003"
X = "+8617000000001"


def told(found: Found, caller: str, app: AppRules | None = None) -> list[str]:
    decision = decide(found, caller, now=NOW, app=app or AppRules())
    steps = explain(found, caller, decision, NOW)
    for number in (A, B, C):
        assert number not in "\n".join(steps)
    return steps


def test_a_call_put_through() -> None:
    found = Found(
        X,
        NumberRecord(X, "shop", Mode.AX),
        AxBinding("s1", A, X, max_duration=5),
        TemporaryCallee(B, NOW + 60),
    )
    assert told(found, A) == [
        f"call to {X} from +86138****0001",
        "X belongs to app shop, mode AX, state normal",
        "AX binding s1: A +86138****0001, both ways",
        "temporary callee +86139****0002, expires in 60 s",
        "the caller is A",
        "put through to the temporary callee",
        "it sees X",
        f"=> put through to +86139****0002, which sees X, {X}, for at most 5 min",
    ]


def test_a_call_refused() -> None:
    found = Found(
        X,
        NumberRecord(X, "shop", Mode.AXB),
        axb=AxbBinding("s1", A, B, X, call_direction=2, expires_at=NOW),
    )
    assert told(found, A)[2:] == [
        "AXB binding s1: A +86138****0001, B +86139****0002, only B may call, expired",
        "the caller's binding of X has expired",
        "=> refused: no_binding (SIP 480 Temporarily Unavailable, Q.850 cause 20, "
        "state code 8014)",
        "   announcement: not_bound",
    ]


def test_a_binding_that_lasts_and_has_no_limit() -> None:
    found = Found(X, NumberRecord(X, "shop", Mode.AXB), axb=AxbBinding("s1", A, B, X))
    steps = told(found, B)
    assert steps[2].endswith("both ways")
    assert steps[-1] == f"=> put through to +86138****0001, which sees X, {X}"


def test_a_caller_that_is_shown_is_masked_here() -> None:
    found = Found(
        X,
        NumberRecord(X, "shop", Mode.AX),
        AxBinding("s1", A, X, callee_num_display=1),
    )
    steps = told(found, C, AppRules(show_caller=True))
    assert steps[-1] == "=> put through to +86138****0001, which sees +86137****0003"


def test_a_number_that_is_not_ours_has_no_announcement() -> None:
    assert told(Found(X, None), "") == [
        f"call to {X} from (none)",
        "the number called is no X number of ours",
        "=> refused: unknown_x (SIP 404 Not Found, Q.850 cause 1, state code 8025)",
    ]
