"""RFC 3261 section 17.1.2 and figure 6: requests of ours other than INVITE."""

from __future__ import annotations

import pytest

from sip.transaction.client import State
from sip.transaction.timers import Timers
from tests.sip.transaction.kit import TCP, UDP, Stack

SCHEDULE = [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


def test_rfc3261_17_1_2_2_exact_schedule_of_timer_e_and_timeout_by_timer_f() -> None:
    stack = Stack()
    bye = stack.bye()
    stack.clock.run(31.99)
    assert stack.times == SCHEDULE
    assert stack.user.told == []
    stack.clock.run(60)
    assert stack.times == SCHEDULE
    assert stack.user.told == [("TIMEOUT", 32.0)]
    assert bye.state == State.TERMINATED
    stack.assert_clean()


def test_rfc3261_17_1_2_2_in_proceeding_repeats_come_every_t2() -> None:
    stack = Stack()
    stack.bye()
    stack.clock.run(0.4)
    stack.take(100, method="BYE")
    stack.clock.run(60)
    assert stack.times == [0.0, 0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]
    assert stack.user.told == [("100", 0.4), ("TIMEOUT", 32.0)]
    stack.assert_clean()


def test_the_schedule_scales_with_t1_and_t2() -> None:
    stack = Stack(Timers(t1=0.1, t2=0.4))
    stack.bye()
    stack.clock.run(1.5)
    assert [round(at, 3) for at in stack.times] == [0.0, 0.1, 0.3, 0.7, 1.1, 1.5]


def test_repeats_are_the_same_bytes_object() -> None:
    stack = Stack()
    stack.bye()
    stack.clock.run(2)
    assert len({id(data) for _, data in stack.sent}) == 1


def test_rfc3261_17_1_2_2_reliable_transports_send_once_and_time_out() -> None:
    stack = Stack()
    stack.bye(TCP)
    stack.clock.run(60)
    assert stack.times == [0.0]
    assert stack.user.told == [("TIMEOUT", 32.0)]
    stack.assert_clean()


@pytest.mark.parametrize("before", [(), (100,), (100, 100)])
@pytest.mark.parametrize("status", [200, 302, 481, 500, 603])
def test_rfc3261_17_1_2_2_a_single_final_response_is_delivered(
    status: int, before: tuple[int, ...]
) -> None:
    stack = Stack()
    bye = stack.bye()
    stack.take(*before, status, method="BYE")
    assert bye.state == State.COMPLETED
    stack.clock.run(4.9)
    stack.take(status, 100, method="BYE")
    assert stack.user.words[len(before) :] == [str(status)]
    assert stack.times == [0.0]
    stack.clock.run(0.1)
    assert bye.state == State.TERMINATED
    stack.assert_clean()


def test_rfc3261_17_1_2_2_timer_k_is_zero_on_reliable_transports() -> None:
    stack = Stack()
    stack.bye(TCP)
    stack.take(200, method="BYE")
    stack.clock.run(0.01)
    stack.assert_clean()


@pytest.mark.parametrize("before", [(), (100,)])
def test_rfc3261_17_1_4_transport_error_ends_the_transaction(
    before: tuple[int, ...],
) -> None:
    stack = Stack()
    bye = stack.bye()
    stack.take(*before, method="BYE")
    stack.layer.unreachable(UDP, 0.0)
    assert stack.user.words[len(before) :] == ["TRANSPORT"]
    assert bye.state == State.TERMINATED
    stack.assert_clean()


def test_a_transport_error_after_the_final_response_is_no_news() -> None:
    stack = Stack()
    bye = stack.bye()
    stack.take(200, method="BYE")
    bye.fail(0.0)
    assert stack.user.words == ["200"]
    assert bye.state == State.COMPLETED


def test_a_user_taken_away_is_not_told() -> None:
    stack = Stack()
    stack.bye().user = None
    stack.take(100, 200, method="BYE")
    stack.clock.run(6)
    stack.bye().user = None
    stack.clock.run(40)
    stack.bye().user = None
    stack.layer.unreachable(UDP, 0.0)
    assert stack.user.told == []
    stack.assert_clean()


def test_lingering_transactions_let_go_of_what_they_do_not_need() -> None:
    stack = Stack()
    bye = stack.bye()
    stack.take(200, method="BYE")
    assert (bye.user, bye.sent, bye.timer) == (None, b"", None)
    assert not stack.layer._shared.exposed
