"""Sample calls for the tests of records."""

from __future__ import annotations

from router.plan import reasons
from router.records.events import (
    Alerted,
    Answered,
    CalledIn,
    CallEvent,
    Decided,
    Finished,
    Forwarded,
)
from router.records.record import CallRecord, compute

NORMAL = reasons.NORMAL
NOT_BOUND = reasons.NO_BINDING
CALLED = CalledIn(
    100.0,
    1_700_000_000.0,
    "call-1",
    "demo",
    "+8617000000001",
    "AX",
    "+8613800000001",
)
DECIDED = Decided(
    100.25,
    "sub-1",
    0,
    "order 4711",
    ("X is ours", "bound"),
    "+8613900000001",
    "+8617000000001",
)


def answered_call() -> list[CallEvent]:
    """Return the events of a call that was answered by way of the second gateway."""
    return [
        CALLED,
        DECIDED,
        Forwarded(100.5, "first"),
        Forwarded(101.0, "second"),
        Alerted(102.0),
        Answered(105.0),
        Finished(115.25, NORMAL, "caller", callee_status=200),
    ]


def record(number: int) -> CallRecord:
    """Return the record of one of many calls, each a second after the one before."""
    return compute(answered_call())._replace(
        call_id=f"call-{number}", call_in_at=1_700_000_000.0 + number
    )
