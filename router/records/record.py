"""The call record: one for each call, computed from the call's events when it is over.

Its fields are what the contract's CDR and the console need. Nothing is collected along
the way, so a record cannot contradict the events it came from.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from router.records.events import (
    Alerted,
    Answered,
    CalledIn,
    CallEvent,
    Decided,
    Finished,
    Forwarded,
)


class CallRecord(NamedTuple):
    """One call, from its INVITE to its end. `*_at` are epoch seconds, None: never."""

    call_id: str
    """Our own id of the call; a record is kept once for each."""
    app: str
    x: str
    mode: str
    caller: str
    callee: str
    """The real callee, "" when the call was refused."""
    display: str
    """The number the callee saw."""
    subscription_id: str
    """The binding that decided, "" for none."""
    direction: int
    """The contract's `direction`: 0 towards A, 1 from A, 2 abnormal."""
    call_in_at: float
    forward_start_at: float | None
    """When the first gateway was sent the call."""
    alerting_at: float | None
    answer_at: float | None
    end_at: float
    duration: float
    """Seconds from answer to end, to the millisecond; 0 when unanswered."""
    result: str
    """One of five: answered, unanswered, cancelled, refused, failed."""
    reason: str
    """Slug of the catalogue of endings."""
    state_code: int
    sip_status: int
    """What the caller was answered."""
    q850: int
    """Cause given by the callee's side, else the one of the reason."""
    callee_status: int
    """Final SIP status of the second leg, 0 for none."""
    released_by: str
    """caller, callee or platform."""
    gateway: str
    """The last gateway tried, "" for none."""
    user_data: str
    trace: tuple[str, ...]
    """How routing decided, a step each, without any number."""


UNDECIDED = Decided(0.0, "", 2, "", ())
"""Stands for the decision of a call that ended before there was one."""


def compute(events: Iterable[CallEvent]) -> CallRecord:
    """Return the record of a finished call from its events in order of time.

    Of repeated `Forwarded` the first gives the time and the last the gateway; of
    everything else the first counts. Raise ValueError unless there is a `CalledIn` and
    a `Finished`.
    """
    called: CalledIn | None = None
    decided: Decided | None = None
    forwarded: Forwarded | None = None
    alerted: Alerted | None = None
    answered: Answered | None = None
    finished: Finished | None = None
    gateway = ""
    for event in events:
        match event:
            case CalledIn():
                called = called or event
            case Decided():
                decided = decided or event
            case Forwarded():
                forwarded = forwarded or event
                gateway = event.gateway
            case Alerted():
                alerted = alerted or event
            case Answered():
                answered = answered or event
            case Finished():
                finished = finished or event
    if called is None or finished is None:
        raise ValueError("a call has a record once it has come in and ended")
    decided = decided or UNDECIDED
    # Monotonic seconds to epoch seconds, by the one instant both clocks were read.
    shift = called.clock - called.at
    reason = finished.reason
    return CallRecord(
        *called[2:],  # call_id to caller, in this order in both
        decided.callee,
        decided.display,
        decided.subscription_id,
        decided.direction,
        called.clock,
        forwarded.at + shift if forwarded else None,
        alerted.at + shift if alerted else None,
        answered.at + shift if answered else None,
        finished.at + shift,
        round(finished.at - answered.at, 3) if answered else 0.0,
        reason.result.value,
        reason.slug,
        reason.state_code,
        finished.sip_status or reason.sip_status,
        finished.callee_q850 or reason.q850,
        finished.callee_status,
        finished.released_by,
        gateway,
        decided.user_data,
        decided.trace,
    )
