"""The call record as computed from its events: BEHAVIOUR section 6, FAULTS F25."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, strategies

from router.plan import reasons
from router.plan.reasons import Reason
from router.records.events import (
    Alerted,
    Answered,
    CallEvent,
    Finished,
    Forwarded,
    Side,
)
from router.records.record import CallRecord, compute
from tests.router.records.calls import (
    CALLED,
    DECIDED,
    NORMAL,
    NOT_BOUND,
    answered_call,
)


def test_an_answered_call_has_every_field() -> None:
    assert compute(answered_call()) == CallRecord(
        call_id="call-1",
        app="demo",
        x="+8617000000001",
        mode="AX",
        caller="+8613800000001",
        callee="+8613900000001",
        display="+8617000000001",
        subscription_id="sub-1",
        direction=0,
        call_in_at=1_700_000_000.0,
        forward_start_at=1_700_000_000.5,
        alerting_at=1_700_000_002.0,
        answer_at=1_700_000_005.0,
        end_at=1_700_000_015.25,
        duration=10.25,
        result="answered",
        reason=NORMAL.slug,
        state_code=0,
        sip_status=NORMAL.sip_status,
        q850=NORMAL.q850,
        callee_status=200,
        released_by="caller",
        gateway="second",
        user_data="order 4711",
        trace=("X is ours", "bound"),
    )


def test_a_refused_call_has_no_second_leg() -> None:
    record = compute([CALLED, Finished(100.25, NOT_BOUND, "platform")])
    assert (record.callee, record.display, record.gateway) == ("", "", "")
    assert (record.forward_start_at, record.alerting_at, record.answer_at) == (
        None,
        None,
        None,
    )
    assert (record.duration, record.direction) == (0.0, 2)
    assert record.end_at == 1_700_000_000.25
    assert (record.reason, record.state_code) == (
        NOT_BOUND.slug,
        NOT_BOUND.state_code,
    )
    assert record.trace == ()


def test_the_callees_own_cause_goes_before_the_one_of_the_reason() -> None:
    end = Finished(101.0, NOT_BOUND, "callee", callee_status=486, callee_q850=34)
    record = compute([CALLED, DECIDED, Forwarded(100.1, "gw"), end])
    assert (record.q850, record.callee_status) == (34, 486)


def test_the_status_really_sent_goes_before_the_one_of_the_reason() -> None:
    end = Finished(100.0, reasons.BAD_INVITE, "platform", sip_status=420)
    assert compute([CALLED, end]).sip_status == 420
    assert compute([CALLED, end._replace(sip_status=0)]).sip_status == 400


def test_f25_a_duration_is_of_the_monotonic_clock() -> None:
    """Whatever the wall clock shows later, only the first reading counts."""
    late = CALLED._replace(clock=0.0)
    events: list[CallEvent] = [late, Answered(105.0), Finished(165.0, NORMAL, "callee")]
    record = compute(events)
    assert (record.duration, record.answer_at, record.end_at) == (60.0, 5.0, 65.0)


def test_repeats_change_nothing_but_the_gateway() -> None:
    events = answered_call()
    doubled: list[CallEvent] = []
    for event in events:
        later = event._replace(at=event.at + 0.25)
        doubled += [event, later]
    assert compute(doubled) == compute(events)


@given(strategies.permutations(answered_call()[:-1]))
def test_a_record_needs_its_two_ends(events: list[CallEvent]) -> None:
    with pytest.raises(ValueError, match="once it has come in and ended"):
        compute(events)
    with pytest.raises(ValueError, match="once it has come in and ended"):
        compute([event for event in answered_call() if event != CALLED])


EVERY = [reason for reason in vars(reasons).values() if isinstance(reason, Reason)]


@pytest.mark.parametrize("reason", EVERY, ids=str)
def test_every_ending_gives_a_record(reason: Reason) -> None:
    middles: list[list[CallEvent]] = [
        [],
        [DECIDED],
        [DECIDED, Forwarded(101.0, "gw")],
        [DECIDED, Forwarded(101.0, "gw"), Alerted(102.0)],
        [DECIDED, Forwarded(101.0, "gw"), Answered(102.0)],
    ]
    sides: list[Side] = ["caller", "callee", "platform"]
    for middle, side in itertools.product(middles, sides):
        record = compute([CALLED, *middle, Finished(103.0, reason, side)])
        assert record.reason == reason.slug
        assert record.result == reason.result.value
        assert record.released_by == side
        answered = any(isinstance(event, Answered) for event in middle)
        assert record.duration == (1.0 if answered else 0.0)
