"""The table itself: any state and any event, types of its columns, its dead end."""

from __future__ import annotations

import inspect
from typing import get_args, get_type_hints

import pytest
from hypothesis import given, strategies as st
from hypothesis.strategies import SearchStrategy

from router.call.commands import Command, Finish
from router.call.events import (
    AckMissed,
    Answered,
    Cancelled,
    Clock,
    Confirmed,
    Ended,
    Event,
    Failed,
    Informed,
    Leg,
    OfferAnswered,
    OfferConfirmed,
    Offered,
    OfferRefused,
    Progressed,
    Reached,
    Refused,
    Routed,
    Stopped,
    TimedOut,
)
from router.call.machine import TABLE, Act, Machine
from router.call.state import Limits, Relay, State
from router.plan import reasons

_BODIES = st.sampled_from([b"", b"v=0 one", b"v=0 two"])
_LEGS = st.sampled_from(Leg)
_REASONS = st.sampled_from(list(reasons.CATALOGUE.values()))

ANY_EVENT: SearchStrategy[Event] = st.one_of(
    st.builds(Routed, st.integers(1, 3), st.sampled_from([0.0, 30.0, 600.0])),
    st.builds(Refused, _REASONS),
    st.builds(Reached),
    st.builds(Progressed, st.integers(101, 199), _BODIES),
    st.builds(Answered, _BODIES),
    st.builds(Failed, _REASONS, st.booleans()),
    st.builds(Confirmed, _BODIES),
    st.builds(AckMissed, _LEGS),
    st.builds(Cancelled),
    st.builds(Ended, _LEGS, _REASONS),
    st.builds(Offered, _LEGS, st.builds(object), _BODIES),
    st.builds(OfferAnswered, _LEGS, _BODIES, st.booleans()),
    st.builds(OfferRefused, _LEGS, st.integers(300, 699)),
    st.builds(OfferConfirmed, _LEGS, _BODIES),
    st.builds(Informed, _LEGS, st.just("application/dtmf-relay"), _BODIES),
    st.builds(TimedOut, st.sampled_from(Clock)),
    st.builds(Stopped, _REASONS),
)


@st.composite
def any_machine(draw: st.DrawFn) -> Machine:
    call = Machine(Limits(), delayed=draw(st.booleans()))
    call.state = draw(st.sampled_from(State))
    call.attempts = draw(st.integers(0, 2))
    call.max_seconds = draw(st.sampled_from([0.0, 30.0, 600.0]))
    call.rang = draw(st.booleans())
    call.no_answer_armed = draw(st.booleans())
    call.early = draw(_BODIES)
    call.owed = draw(st.booleans())
    call.relay = draw(
        st.sampled_from(
            [None, *(Relay(leg, it) for leg in Leg for it in (None, "exchange"))]
        )
    )
    return call


@given(any_machine(), ANY_EVENT)
def test_any_event_in_any_state_leads_to_a_state_and_known_commands(
    call: Machine, event: Event
) -> None:
    before = call.state
    commands = call.step(event)
    assert call.state in State
    assert all(isinstance(command, get_args(Command)) for command in commands)
    finishes = [command for command in commands if isinstance(command, Finish)]
    ends = call.state is State.ENDED and before is not State.ENDED
    assert len(finishes) == ends
    assert not ends or commands[-1] is finishes[0]


@given(ANY_EVENT)
def test_nothing_happens_to_a_call_that_has_ended(event: Event) -> None:
    call = Machine(Limits(), delayed=False)
    call.state = State.ENDED
    assert call.step(event) == []


def test_every_state_has_a_row() -> None:
    assert set(TABLE) == set(State)


@pytest.mark.parametrize(
    ("column", "act"),
    [(column, act) for row in TABLE.values() for column, act in row.items()],
)
def test_every_act_takes_the_event_of_its_column(column: type[Event], act: Act) -> None:
    event = list(inspect.signature(act).parameters)[1]
    assert get_type_hints(act)[event] is column


def test_every_kind_of_event_and_clock_can_matter() -> None:
    assert {column for row in TABLE.values() for column in row} == set(get_args(Event))


def test_every_state_can_be_stopped_but_the_last() -> None:
    lacking = {state for state, row in TABLE.items() if Stopped not in row}
    assert lacking == {State.ENDED}


@pytest.mark.parametrize("leg", Leg)
def test_the_other_leg_of_the_other_leg_is_the_leg(leg: Leg) -> None:
    assert leg.other is not leg
    assert leg.other.other is leg
