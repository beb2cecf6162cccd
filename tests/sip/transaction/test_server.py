"""RFC 3261 section 17.2.2 and figure 8, RFC 4320 section 4, RFC 6026 section 8.8."""

from __future__ import annotations

import pytest

from sip.errors import OurMistake
from sip.transaction.server import State
from tests.sip.transaction.kit import TCP, UDP, Stack, wire


def test_rfc3261_17_2_2_in_trying_repeats_are_discarded() -> None:
    stack = Stack()
    stack.asked()
    stack.repeat("BYE")
    assert stack.sent == []


@pytest.mark.parametrize("status", [200, 302, 405, 481, 603])
def test_rfc3261_17_2_2_the_final_response_answers_repeats_for_timer_j(
    status: int,
) -> None:
    stack = Stack()
    bye = stack.asked()
    stack.clock.run(1.0)
    bye.respond(status, wire(status), 1.0)
    assert bye.state == State.COMPLETED
    assert bye.final
    stack.repeat("BYE")
    stack.clock.run(31.9)
    stack.repeat("BYE")
    assert stack.starts == [str(status)] * 3
    assert len({id(data) for _, data in stack.sent}) == 1
    stack.clock.run(0.1)
    assert bye.state == State.TERMINATED
    stack.assert_clean()


def test_rfc3261_17_2_2_other_final_responses_are_discarded() -> None:
    stack = Stack()
    bye = stack.asked()
    bye.respond(200, wire(200), 0.0)
    for late in (100, 200, 408, 500):
        bye.respond(late, wire(late), 0.1)
    stack.repeat("BYE")
    assert stack.starts == ["200", "200"]


def test_rfc3261_17_2_2_timer_j_is_zero_on_reliable_transports() -> None:
    stack = Stack()
    stack.asked(flow=TCP).respond(200, wire(200), 0.0)
    stack.clock.run(0.01)
    stack.assert_clean()


@pytest.mark.parametrize("status", [101, 180, 183, 199])
def test_rfc4320_4_1_no_provisional_but_100(status: int) -> None:
    stack = Stack()
    bye = stack.asked(flow=TCP)
    with pytest.raises(OurMistake, match=str(status)):
        bye.respond(status, wire(status), 0.0)
    assert stack.sent == []


def test_rfc4320_4_1_no_100_over_udp_before_timer_e_reaches_t2() -> None:
    stack = Stack()
    bye = stack.asked()
    bye.respond(100, wire(100), 0.0)
    assert stack.sent == []
    stack.clock.run(3.49)
    assert stack.sent == []
    stack.clock.run(0.01)
    assert stack.times == [3.5]
    assert stack.starts == ["100"]
    assert b"CSeq: 314159 BYE\r\n" in stack.sent[0][1]
    stack.repeat("BYE")
    assert stack.starts == ["100", "100"]
    bye.respond(200, wire(200), 3.6)
    stack.repeat("BYE")
    assert stack.starts == ["100", "100", "200", "200"]


def test_rfc4320_4_1_over_reliable_transports_the_user_may_send_100_at_once() -> None:
    stack = Stack()
    bye = stack.asked(flow=TCP)
    bye.respond(100, wire(100), 0.0)
    bye.respond(100, wire(100), 0.1)
    assert bye.state == State.PROCEEDING
    stack.clock.run(10)
    assert stack.starts == ["100", "100"]
    bye.respond(200, wire(200), 10.0)
    assert stack.starts == ["100", "100", "200"]


@pytest.mark.parametrize("wait", [0.0, 5.0])
def test_rfc4320_4_2_a_408_is_not_sent_and_nothing_after_it(wait: float) -> None:
    stack = Stack()
    bye = stack.asked()
    stack.clock.run(wait)
    bye.respond(408, wire(408), stack.clock.now)
    bye.respond(200, wire(200), stack.clock.now)
    stack.repeat("BYE")
    assert "408" not in stack.starts
    assert "200" not in stack.starts
    assert len(stack.sent) == (1 if wait else 0)
    stack.clock.run(32)
    stack.assert_clean()


@pytest.mark.parametrize("flow", [UDP, TCP])
def test_rfc4320_4_2_once_the_client_has_given_up_no_response_is_sent(
    flow: object,
) -> None:
    stack = Stack()
    bye = stack.asked(flow=UDP if flow == UDP else TCP)
    stack.clock.run(31.99)
    assert len(stack.layer) == 1
    stack.clock.run(0.01)
    assert bye.state == State.TERMINATED
    stack.assert_clean()
    bye.respond(200, wire(200), 32.0)
    bye.respond(100, wire(100), 32.0)
    assert stack.starts == ["100"]
    assert stack.user.told == []


def test_rfc6026_8_8_a_transport_error_is_told_and_changes_no_state() -> None:
    stack = Stack()
    bye = stack.asked()
    stack.layer.unreachable(UDP, 0.1)
    assert bye.state == State.TRYING
    stack.clock.run(4)
    stack.layer.unreachable(UDP, 4.0)
    assert bye.state == State.PROCEEDING
    assert stack.user.told == [("TRANSPORT", 0.1), ("TRANSPORT", 4.0)]
    bye.respond(200, wire(200), 4.0)
    stack.layer.unreachable(UDP, 5.0)
    assert len(stack.user.told) == 2


def test_without_a_user_failures_are_quiet() -> None:
    stack = Stack()
    stack.asked().user = None
    stack.layer.unreachable(UDP, 0.1)
    assert stack.user.told == []


def test_lingering_transactions_let_go_of_what_they_do_not_need() -> None:
    stack = Stack()
    bye = stack.asked()
    assert not bye.final
    bye.respond(200, wire(200), 0.0)
    assert (bye.request, bye.user, bye.timer) == (None, None, None)
    assert not stack.layer._shared.exposed
