"""RFC 3261 section 17.2.1 and figure 7 as replaced by RFC 6026, and section 17.2.4."""

from __future__ import annotations

import pytest

from sip.transaction.server_invite import State
from sip.transaction.timers import Timers
from tests.sip.transaction.kit import TCP, UDP, Stack, request, wire

SCHEDULE = [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


def acked(stack: Stack) -> bool:
    """Receive the ACK; whether the transaction absorbed it."""
    return stack.layer.receive_ack(request("ACK"), stack.clock.now)


def test_rfc3261_17_2_1_provisionals_are_sent_and_the_latest_answers_repeats() -> None:
    stack = Stack()
    invite = stack.invited()
    stack.repeat()
    assert stack.sent == []
    for status in (100, 180, 183):
        invite.respond(status, wire(status), 0.0)
        stack.repeat()
    assert stack.starts == ["100", "100", "180", "180", "183", "183"]
    assert stack.sent[4][1] is stack.sent[5][1]
    assert not invite.final


def test_an_invite_waits_for_its_user_without_limit() -> None:
    stack = Stack()
    invite = stack.invited()
    stack.clock.run(3600)
    invite.respond(200, wire(200), stack.clock.now)
    assert stack.times == [3600.0]


def test_rfc6026_7_1_accepted_absorbs_repeats_of_the_invite_unanswered() -> None:
    stack = Stack()
    invite = stack.invited()
    invite.respond(200, wire(200), 0.0)
    assert invite.state == State.ACCEPTED
    stack.repeat()
    stack.clock.run(31.9)
    stack.repeat()
    assert stack.starts == ["200"]
    stack.clock.run(0.1)
    assert invite.state == State.TERMINATED
    stack.assert_clean()


def test_rfc6026_7_1_the_user_may_send_its_2xx_again_and_nothing_else() -> None:
    stack = Stack()
    invite = stack.invited()
    data = wire(200)
    invite.respond(200, data, 0.0)
    invite.respond(200, data, 0.5)
    invite.respond(183, wire(183), 0.6)
    invite.respond(487, wire(487), 0.7)
    assert [message for _, message in stack.sent] == [data, data]


def test_rfc6026_7_1_in_accepted_ack_is_for_the_user() -> None:
    stack = Stack()
    stack.invited().respond(200, wire(200), 0.0)
    assert not acked(stack)
    assert not acked(stack)


def test_rfc6026_timer_l_holds_for_reliable_transports_too() -> None:
    stack = Stack()
    stack.invited(TCP).respond(200, wire(200), 0.0)
    stack.clock.run(31.9)
    assert len(stack.layer) == 1


def test_rfc3261_17_2_1_exact_schedule_of_timer_g_and_failure_by_timer_h() -> None:
    stack = Stack()
    invite = stack.invited()
    invite.respond(486, wire(486), 0.0)
    stack.clock.run(31.99)
    assert stack.times == SCHEDULE
    assert stack.user.told == []
    stack.clock.run(60)
    assert stack.times == SCHEDULE
    assert stack.user.told == [("TIMEOUT", 32.0)]
    assert invite.state == State.TERMINATED
    stack.assert_clean()


def test_the_schedule_scales_with_t1_and_t2() -> None:
    stack = Stack(Timers(t1=0.1, t2=0.4))
    stack.invited().respond(486, wire(486), 0.0)
    stack.clock.run(1.5)
    assert [round(at, 3) for at in stack.times] == [0.0, 0.1, 0.3, 0.7, 1.1, 1.5]


def test_repeats_are_the_same_bytes_object() -> None:
    stack = Stack()
    stack.invited().respond(486, wire(486), 0.0)
    stack.repeat()
    stack.clock.run(2)
    assert len(stack.sent) == 4
    assert len({id(data) for _, data in stack.sent}) == 1


def test_rfc3261_17_2_1_timer_g_is_not_set_on_reliable_transports() -> None:
    stack = Stack()
    stack.invited(TCP).respond(486, wire(486), 0.0)
    stack.clock.run(60)
    assert stack.times == [0.0]
    assert stack.user.told == [("TIMEOUT", 32.0)]
    stack.assert_clean()


def test_rfc3261_17_2_1_ack_ends_the_repeats_and_is_absorbed_for_timer_i() -> None:
    stack = Stack()
    invite = stack.invited()
    invite.respond(486, wire(486), 0.0)
    stack.clock.run(1.0)
    assert acked(stack)
    assert invite.state == State.CONFIRMED
    stack.clock.run(4.9)
    assert acked(stack)
    stack.repeat()
    assert stack.times == [0.0, 0.5]
    stack.clock.run(0.1)
    assert stack.user.told == []
    stack.assert_clean()
    assert not acked(stack)


def test_rfc3261_17_2_1_timer_i_is_zero_on_reliable_transports() -> None:
    stack = Stack()
    stack.invited(TCP).respond(486, wire(486), 0.0)
    assert acked(stack)
    stack.clock.run(0.01)
    stack.assert_clean()


@pytest.mark.parametrize("late", [100, 183, 200, 487])
def test_after_a_refusal_every_response_is_too_late(late: int) -> None:
    stack = Stack()
    invite = stack.invited()
    invite.respond(486, wire(486), 0.0)
    invite.respond(late, wire(late), 0.1)
    assert acked(stack)
    invite.respond(late, wire(late), 0.2)
    assert stack.starts == ["486"]


def test_an_ack_before_any_final_response_changes_nothing() -> None:
    stack = Stack()
    invite = stack.invited()
    invite.respond(180, wire(180), 0.0)
    assert acked(stack)
    assert invite.state == State.PROCEEDING


@pytest.mark.parametrize("status", [180, 486])
def test_rfc6026_7_1_a_transport_error_is_told_and_changes_no_state(
    status: int,
) -> None:
    stack = Stack()
    invite = stack.invited()
    invite.respond(status, wire(status), 0.0)
    state = invite.state
    stack.layer.unreachable(UDP, 0.2)
    assert stack.user.told == [("TRANSPORT", 0.2)]
    assert invite.state == state
    stack.repeat()
    assert stack.starts == [str(status)] * 2


def test_a_transport_error_is_no_news_once_accepted_or_confirmed() -> None:
    accepted, confirmed = Stack(), Stack()
    accepted.invited().respond(200, wire(200), 0.0)
    confirmed.invited().respond(486, wire(486), 0.0)
    assert acked(confirmed)
    for stack in (accepted, confirmed):
        stack.layer.unreachable(UDP, 0.2)
        assert stack.user.told == []
        assert not stack.layer._shared.exposed


def test_without_a_user_failures_are_quiet() -> None:
    stack = Stack()
    invite = stack.invited()
    invite.user = None
    stack.layer.unreachable(UDP, 0.0)
    invite.respond(486, wire(486), 0.0)
    stack.clock.run(40)
    assert stack.user.told == []
    stack.assert_clean()


def test_lingering_transactions_let_go_of_what_they_do_not_need() -> None:
    accepted, confirmed = Stack(), Stack()
    yes, no = accepted.invited(), confirmed.invited()
    yes.respond(180, wire(180), 0.0)
    assert yes.request is not None
    yes.respond(200, wire(200), 0.0)
    no.respond(486, wire(486), 0.0)
    assert no.user is confirmed.user
    assert no.final
    assert acked(confirmed)
    for invite in (yes, no):
        assert invite.final
        assert (invite.request, invite.last, invite.timer) == (None, b"", None)
    assert no.user is None
