"""What holds of all four tables, whatever the state and whatever happens.

Any state meets any input: the machine follows its table, or nothing at all changes. And
any story that ends leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

import pytest
from hypothesis import given, settings, strategies as st

from sip.transaction import client, client_invite, server, server_invite
from tests.sip.transaction.kit import TCP, UDP, Notes, Stack, request, response, wire

Machine = (
    client.ClientNonInvite
    | client_invite.ClientInvite
    | server.ServerNonInvite
    | server_invite.ServerInvite
)
Table = Mapping[tuple[int, int], tuple[int, tuple[object, ...]]]
MACHINES: list[tuple[type[IntEnum], type[IntEnum], Table]] = [
    (client.State, client.Input, client.TRANSITIONS),
    (client_invite.State, client_invite.Input, client_invite.TRANSITIONS),
    (server.State, server.Input, server.TRANSITIONS),
    (server_invite.State, server_invite.Input, server_invite.TRANSITIONS),
]
STATUSES = [100, 180, 200, 302, 408, 486, 503, 603]


def made(kind: int, stack: Stack, *, reliable: bool) -> Machine:
    """Make the machine of `MACHINES[kind]`."""
    flow = TCP if reliable else UDP
    return (
        stack.bye(flow),
        stack.invite(flow),
        stack.asked(flow=flow),
        stack.invited(flow),
    )[kind]


def feed(machine: Machine, event: int) -> None:
    """Step with a message where the input has one."""
    if isinstance(machine, client.ClientNonInvite):
        machine.step(event, response(200, "BYE") if event < 2 else None, 0.0)
    elif isinstance(machine, client_invite.ClientInvite):
        status = (180, 200, 486)[event] if event < 3 else 0
        machine.step(event, response(status) if status else None, 0.0)
    else:
        machine.step(event, wire(200) if event < 3 else b"", 0.0)


def target(kind: int, state: int, event: int) -> int | None:
    """Return where the table leads, None when the pair is not there."""
    found = MACHINES[kind][2].get((state, event))
    return None if found is None else found[0]


@settings(deadline=None, max_examples=300)
@given(
    kind=st.integers(0, 3),
    state=st.integers(0, 4),
    event=st.integers(0, 9),
    reliable=st.booleans(),
)
def test_any_state_meets_any_input(
    kind: int, state: int, event: int, reliable: bool
) -> None:
    stack = Stack()
    machine = made(kind, stack, reliable=reliable)
    machine.state = state
    machine.wait, machine.limit_at = 0.5, 32.0
    sent, armed = len(stack.sent), len(stack.wheel)
    feed(machine, event)
    expected = target(kind, state, event)
    if expected is None:
        assert machine.state == state
        assert (len(stack.sent), len(stack.wheel)) == (sent, armed)
        assert stack.user.told == []
    else:
        assert machine.state == expected


@pytest.mark.parametrize(("state", "event", "table"), MACHINES)
def test_tables_name_only_states_and_inputs_of_their_machine(
    state: type[IntEnum], event: type[IntEnum], table: Table
) -> None:
    assert all(isinstance(key[0], state) for key in table)
    assert all(isinstance(key[1], event) for key in table)
    assert {key[0] for key in table} | {found[0] for found in table.values()} == set(
        state
    )
    assert {key[1] for key in table} == set(event)
    terminated = max(state)
    assert terminated.name == "TERMINATED"
    assert not [key for key in table if key[0] == terminated]


@settings(deadline=None, max_examples=200)
@given(
    reliable=st.booleans(),
    story=st.lists(
        st.tuples(st.sampled_from(STATUSES), st.floats(0.0, 9.0)), max_size=12
    ),
)
def test_any_client_story_ends_with_nothing_left(
    reliable: bool, story: list[tuple[int, float]]
) -> None:
    stack = Stack()
    flow = TCP if reliable else UDP
    invite, notes = stack.invite(flow), Notes()
    bye = stack.bye(flow)
    bye.user = notes
    for status, wait in story:
        stack.layer.receive_response(response(status), stack.clock.now)
        stack.layer.receive_response(response(status, "BYE"), stack.clock.now)
        stack.clock.run(wait)
    invite.abandon(stack.clock.now)
    stack.clock.run(70)
    stack.assert_clean()
    ends = [word for word in notes.words if word not in ("100", "180")]
    assert len(ends) == 1
    finals = [word for word in stack.user.words if word not in ("100", "180", "200")]
    assert len(finals) <= 1
    assert not (finals and "200" in stack.user.words)


@settings(deadline=None, max_examples=200)
@given(
    reliable=st.booleans(),
    story=st.lists(
        st.tuples(st.sampled_from([0, 1, *STATUSES]), st.floats(0.0, 9.0)), max_size=12
    ),
)
def test_any_server_story_ends_with_nothing_left(
    reliable: bool, story: list[tuple[int, float]]
) -> None:
    stack = Stack()
    flow = TCP if reliable else UDP
    invite, bye = stack.invited(flow), stack.asked(flow=flow)
    for what, wait in story:
        now = stack.clock.now
        if what == 0:
            invite.receive(now)
            bye.receive(now)
        elif what == 1:
            stack.layer.receive_ack(request("ACK"), now)
        else:
            invite.respond(what, wire(what), now)
            bye.respond(100 if what == 180 else what, wire(what), now)
        stack.clock.run(wait)
    invite.respond(500, wire(500), stack.clock.now)
    stack.clock.run(70)
    stack.assert_clean()
    assert stack.user.words.count("TIMEOUT") <= 1
