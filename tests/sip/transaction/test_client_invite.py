"""RFC 3261 section 17.1.1 and figure 5, RFC 6026 sections 7.2 and 8.4, RFC 3261 9.1.

Left to test_lossy.py: whole exchanges; to test_machines.py: states out of the way.
"""

from __future__ import annotations

import pytest

from sip.message.message import Request
from sip.message.parser import parse
from sip.transaction.client_invite import State
from sip.transaction.timers import Timers
from tests.sip.transaction.kit import BRANCH, TCP, UDP, Stack, response

SCHEDULE = [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]


def test_rfc3261_17_1_1_2_exact_schedule_of_timer_a_and_timeout_by_timer_b() -> None:
    stack = Stack()
    invite = stack.invite()
    stack.clock.run(31.99)
    assert stack.times == SCHEDULE
    assert stack.user.told == []
    stack.clock.run(60)
    assert stack.times == SCHEDULE
    assert stack.user.told == [("TIMEOUT", 32.0)]
    assert invite.state == State.TERMINATED
    stack.assert_clean()


def test_the_schedule_scales_with_t1() -> None:
    stack = Stack(Timers(t1=0.25))
    stack.invite()
    stack.clock.run(60)
    assert stack.times == [at / 2 for at in SCHEDULE]
    assert stack.user.told == [("TIMEOUT", 16.0)]


def test_repeats_are_the_same_bytes_object() -> None:
    stack = Stack()
    stack.invite()
    stack.clock.run(2)
    assert len({id(data) for _, data in stack.sent}) == 1


def test_rfc3261_17_1_1_2_reliable_transports_send_once_and_time_out() -> None:
    stack = Stack()
    stack.invite(TCP)
    stack.clock.run(60)
    assert stack.times == [0.0]
    assert stack.user.told == [("TIMEOUT", 32.0)]
    stack.assert_clean()


def test_rfc3261_17_1_1_2_a_provisional_stops_repeats_and_time_limit() -> None:
    stack = Stack()
    invite = stack.invite()
    stack.take(100)
    stack.clock.run(500)
    stack.take(180, 183)
    assert stack.times == [0.0]
    assert stack.user.words == ["100", "180", "183"]
    assert invite.state == State.PROCEEDING
    assert len(stack.wheel) == 0


@pytest.mark.parametrize("before", [(), (100, 180)])
def test_rfc6026_7_2_every_2xx_is_passed_up_for_64_t1(before: tuple[int, ...]) -> None:
    stack = Stack()
    invite = stack.invite()
    stack.take(*before, 200)
    assert invite.state == State.ACCEPTED
    stack.clock.run(31.9)
    stack.take(200, to_tag="fork")
    assert stack.user.words[len(before) :] == ["200", "200"]
    stack.clock.run(0.1)
    assert invite.state == State.TERMINATED
    # "The client transaction MUST NOT generate an ACK to any 2xx response on its own."
    assert stack.starts == ["INVITE"]
    stack.assert_clean()


def test_rfc6026_7_2_accepted_ignores_all_but_2xx() -> None:
    stack = Stack()
    stack.invite()
    stack.take(200, 180, 486)
    assert stack.user.words == ["200"]
    assert stack.starts == ["INVITE"]


@pytest.mark.parametrize("before", [(), (180,)])
@pytest.mark.parametrize("status", [302, 486, 503, 603])
def test_rfc6026_8_4_a_refusal_is_acknowledged_and_passed_up_once(
    status: int, before: tuple[int, ...]
) -> None:
    stack = Stack()
    invite = stack.invite()
    stack.take(*before, status)
    stack.clock.run(31.9)
    stack.take(status, 180, 200)
    assert stack.user.words[len(before) :] == [str(status)]
    assert stack.starts == ["INVITE", "ACK", "ACK"]
    assert invite.state == State.COMPLETED
    stack.clock.run(0.1)
    stack.assert_clean()


def test_repeated_acks_are_the_same_bytes_object() -> None:
    stack = Stack()
    stack.invite()
    stack.take(486, 486)
    (_, first), (_, second) = stack.sent[1:]
    assert first is second


def test_rfc3261_17_1_1_2_timer_d_is_zero_on_reliable_transports() -> None:
    stack = Stack()
    stack.invite(TCP)
    stack.take(486)
    # "an ACK request, even if the transport is reliable" (RFC 6026 section 8.4)
    assert stack.starts == ["INVITE", "ACK"]
    stack.clock.run(0.01)
    stack.assert_clean()


def test_rfc6026_timer_m_holds_for_reliable_transports_too() -> None:
    stack = Stack()
    stack.invite(TCP)
    stack.take(200)
    stack.clock.run(31.9)
    assert len(stack.layer) == 1


def test_rfc3261_17_1_4_transport_error_ends_calling() -> None:
    stack = Stack()
    stack.invite()
    stack.layer.unreachable(UDP, 0.0)
    assert stack.user.told == [("TRANSPORT", 0.0)]
    stack.clock.run(60)
    assert stack.times == [0.0]
    stack.assert_clean()


@pytest.mark.parametrize("status", [180, 200, 486])
def test_a_transport_error_is_no_news_once_the_peer_has_answered(status: int) -> None:
    stack = Stack()
    invite = stack.invite()
    stack.take(status)
    state = invite.state
    invite.fail(0.0)
    stack.layer.unreachable(UDP, 0.0)
    assert stack.user.words == [str(status)]
    assert invite.state == state


@pytest.mark.parametrize("before", [(), (180,)])
def test_rfc3261_9_1_an_invite_can_be_abandoned(before: tuple[int, ...]) -> None:
    stack = Stack()
    invite = stack.invite()
    stack.take(*before)
    invite.abandon(1.0)
    stack.assert_clean()
    assert len(stack.user.told) == len(before)


@pytest.mark.parametrize("status", [200, 486])
def test_abandoning_a_finished_invite_changes_nothing(status: int) -> None:
    stack = Stack()
    invite = stack.invite()
    stack.take(status)
    invite.abandon(1.0)
    assert len(stack.layer) == 1


def test_rfc3261_9_1_cancel_is_made_from_the_sent_invite() -> None:
    stack = Stack()
    invite = stack.invite()
    stack.take(180)
    cancel = parse(invite.cancel())
    assert isinstance(cancel, Request)
    assert cancel.method == "CANCEL"
    assert cancel.via.branch == BRANCH


@pytest.mark.parametrize("status", [200, 486])
def test_rfc3261_9_1_there_is_no_cancel_after_a_final_response(status: int) -> None:
    stack = Stack()
    invite = stack.invite()
    stack.take(status)
    assert invite.cancel() == b""


def test_ack_can_be_asked_for_while_the_invite_is_kept() -> None:
    stack = Stack()
    ack = stack.invite().ack(response(486))
    assert ack.startswith(b"ACK sip:bob@192.0.2.1 SIP/2.0\r\n")
    stack.take(486)
    assert stack.sent[-1][1] == ack


def test_a_user_taken_away_is_not_told() -> None:
    stack = Stack()
    invite = stack.invite()
    invite.user = None
    stack.take(180, 200)
    assert stack.user.told == []


@pytest.mark.parametrize("end", ["refusal", "unreachable", "timeout"])
def test_an_end_nobody_waits_for_is_quiet(end: str) -> None:
    stack = Stack()
    stack.invite().user = None
    if end == "refusal":
        stack.take(486)
    elif end == "unreachable":
        stack.layer.unreachable(UDP, 0.0)
    stack.clock.run(40)
    stack.assert_clean()
    assert stack.user.told == []


def test_lingering_transactions_let_go_of_what_they_do_not_need() -> None:
    accepted, completed = Stack(), Stack()
    yes, no = accepted.invite(), completed.invite()
    accepted.take(200)
    completed.take(486)
    assert yes.sent == b""
    assert yes.user is accepted.user
    assert no.user is None
    assert no.sent.startswith(b"ACK ")
    assert yes.timer is no.timer is None
