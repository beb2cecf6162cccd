"""RFC 3261 sections 8.2.2.2, 9.2, 17.1.3, 17.2.3 and 18: what goes where."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import perf_counter

import pytest

from sip.errors import OurMistake
from sip.flow import Flow
from sip.message.message import Response
from sip.transaction.base import (
    ClientTransaction,
    ServerTransaction,
    Shared,
    Transaction,
)
from sip.transaction.layer import Counts
from sip.transaction.timers import Timers
from sip.transaction.user import Failure
from sip.wheel import Wheel
from tests.sip.transaction.kit import (
    BRANCH,
    TCP,
    UDP,
    Notes,
    Stack,
    request,
    request_bytes,
    response,
    wire,
)

OLD = "SIP/2.0/UDP 192.0.2.2:5060"


def test_rfc6026_8_2_stray_responses_are_reported_and_change_nothing() -> None:
    stack = Stack()
    assert not stack.layer.receive_response(response(200), 0.0)
    stack.invite()
    assert not stack.layer.receive_response(response(200, branch="z9hG4bKx"), 0.0)
    assert not stack.layer.receive_response(response(200, "BYE"), 0.0)
    assert stack.user.told == []


def test_rfc3261_17_1_3_cancel_shares_the_branch_of_its_invite() -> None:
    stack = Stack()
    invite = stack.invite()
    stack.take(180)
    notes = Notes()
    stack.layer.send(
        invite.cancel(), method="CANCEL", branch=BRANCH, flow=UDP, user=notes, now=0.0
    )
    stack.take(200, method="CANCEL")
    stack.take(487)
    assert notes.words == ["200"]
    assert stack.user.words == ["180", "487"]
    assert stack.starts == ["INVITE", "CANCEL", "ACK"]


def test_send_takes_an_invite_too() -> None:
    stack = Stack()
    made = stack.layer.send(
        request_bytes(), method="INVITE", branch=BRANCH, flow=UDP, user=Notes(), now=0.0
    )
    assert made.key == (BRANCH, "INVITE")
    assert stack.layer.counts() == Counts(1, 0, 0, 0)


def test_a_branch_serves_one_request_of_a_method() -> None:
    stack = Stack()
    stack.invite()
    stack.bye()
    with pytest.raises(OurMistake, match="INVITE"):
        stack.invite()
    with pytest.raises(OurMistake, match="BYE"):
        stack.bye()
    assert stack.starts == ["INVITE", "BYE"]


def test_rfc3261_17_ack_has_no_client_transaction() -> None:
    stack = Stack()
    with pytest.raises(OurMistake, match="ACK"):
        stack.layer.send(
            b"", method="ACK", branch=BRANCH, flow=UDP, user=Notes(), now=0.0
        )
    assert stack.sent == []


def test_rfc3261_18_2_2_repeats_are_answered_where_the_first_request_was() -> None:
    stack = Stack()
    stack.invited().respond(100, wire(100), 0.0)
    elsewhere = Flow("udp", "203.0.113.9", 9)
    assert stack.layer.receive_request(request(), elsewhere, 0.1) is None
    assert [flow for _, flow in stack.outbox] == [UDP, UDP]


def test_a_stray_ack_is_left_to_the_floor_above() -> None:
    stack = Stack()
    assert not stack.layer.receive_ack(request("ACK"), 0.0)
    stack.asked("BYE")
    assert not stack.layer.receive_ack(request("ACK"), 0.0)
    assert len(stack.layer) == 1


def test_rfc2543_a_whole_refusal_without_branches() -> None:
    stack = Stack()
    invite = stack.layer.receive_request(request(via=OLD), UDP, 0.0)
    assert invite is not None
    invite.respond(486, wire(486), 0.0)
    assert stack.layer.receive_request(request(via=OLD), UDP, 0.1) is None
    assert stack.layer.receive_ack(request("ACK", via=OLD, to_tag="ours"), 0.2)
    assert stack.starts == ["486", "486"]


def test_rfc2543_the_ack_of_a_2xx_is_left_to_the_floor_above() -> None:
    stack = Stack()
    invite = stack.layer.receive_request(request(via=OLD), UDP, 0.0)
    assert invite is not None
    invite.respond(200, wire(200), 0.0)
    assert not stack.layer.receive_ack(request("ACK", via=OLD, to_tag="ours"), 0.2)


def test_rfc3261_9_2_cancel_finds_its_invite_and_is_a_transaction_of_its_own() -> None:
    stack = Stack()
    invite = stack.invited()
    cancel = stack.asked("CANCEL")
    assert stack.layer.find_invite(request("CANCEL")) is invite
    assert not invite.final
    cancel.respond(200, wire(200), 0.0)
    invite.respond(487, wire(487), 0.0)
    stack.repeat("CANCEL")
    assert stack.starts == ["200", "487", "200"]


def test_rfc3261_9_2_cancel_finds_an_answered_invite_which_says_so() -> None:
    stack = Stack()
    invite = stack.invited()
    invite.respond(200, wire(200), 0.0)
    found = stack.layer.find_invite(request("CANCEL"))
    assert found is invite
    assert found.final


def test_rfc3261_9_2_cancel_of_nothing_or_of_another_method_finds_nothing() -> None:
    stack = Stack()
    assert stack.layer.find_invite(request("CANCEL")) is None
    stack.asked("BYE")
    assert stack.layer.find_invite(request("CANCEL")) is None
    stack.invited()
    other = request("CANCEL", branch="z9hG4bKother")
    assert stack.layer.find_invite(other) is None


def test_a_cancel_that_only_guessed_the_branch_finds_nothing() -> None:
    stack = Stack()
    invite = stack.invited()
    assert stack.layer.find_invite(request("CANCEL", call_id="guess")) is None
    assert stack.layer.find_invite(request("CANCEL", from_tag="guess")) is None
    assert stack.layer.find_invite(request("CANCEL", number=1)) is None
    assert stack.layer.find_invite(request("CANCEL")) is invite


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_rfc3261_8_2_2_2_the_same_request_by_another_path_is_merged(
    method: str,
) -> None:
    stack = Stack()
    first, second = request(method), request(method, branch="z9hG4bKother")
    assert not stack.layer.is_merged(first)
    made = stack.layer.receive_request(first, UDP, 0.0)
    assert made is not None
    assert not stack.layer.is_merged(first)
    assert stack.layer.is_merged(second)
    other = stack.layer.receive_request(second, UDP, 0.0)
    assert other is not None
    assert stack.layer.is_merged(second)
    other.respond(482, wire(482), 0.0)
    made.respond(200, wire(200), 0.0)
    stack.clock.run(40)
    assert not stack.layer.is_merged(second)
    stack.assert_clean()


def test_rfc3261_8_2_2_2_requests_in_a_dialog_are_never_merged() -> None:
    stack = Stack()
    stack.layer.receive_request(request(to_tag="x"), UDP, 0.0)
    assert not stack.layer.is_merged(request(to_tag="x", branch="z9hG4bKother"))
    assert not stack.layer._shared.merged


def test_cancel_takes_no_part_in_merging() -> None:
    stack = Stack()
    stack.asked("CANCEL")
    assert not stack.layer._shared.merged


def test_unreachable_concerns_requests_to_the_same_transport_host_and_port() -> None:
    stack = Stack()
    stack.invite(TCP)
    for other in (UDP, Flow("tcp", "192.0.2.3", 5060), Flow("tcp", "192.0.2.2", 5061)):
        stack.layer.unreachable(other, 0.0)
    assert stack.user.told == []
    stack.layer.unreachable(Flow("tcp", "192.0.2.2", 5060, 3, 0), 1.0)
    assert stack.user.told == [("TRANSPORT", 1.0)]


def test_unreachable_concerns_responses_on_the_very_same_flow() -> None:
    stack = Stack()
    stack.invited(TCP)
    stack.layer.unreachable(Flow("tcp", "192.0.2.2", 5060, 0, 0), 0.0)
    assert stack.user.told == []
    stack.layer.unreachable(TCP, 1.0)
    assert stack.user.told == [("TRANSPORT", 1.0)]


def test_a_user_may_send_from_within_a_failure() -> None:
    stack = Stack()

    class Retrying(Notes):
        def on_failure(
            self,
            transaction: ClientTransaction | ServerTransaction,
            failure: Failure,
            now: float,
        ) -> None:
            super().on_failure(transaction, failure, now)
            if len(self.told) == 1:
                stack.layer.send_invite(
                    request_bytes(), branch=BRANCH, flow=UDP, user=self, now=now
                )

    stack.user = Retrying()
    stack.invite()
    stack.layer.unreachable(UDP, 0.0)
    assert stack.starts == ["INVITE", "INVITE"]
    assert stack.user.words == ["TRANSPORT"]
    stack.clock.run(40)
    assert stack.user.words == ["TRANSPORT", "TIMEOUT"]
    stack.assert_clean()


def test_a_user_may_abandon_from_within_a_response() -> None:
    stack = Stack()

    class Leaving(Notes):
        def on_response(
            self, transaction: ClientTransaction, response: Response, now: float
        ) -> None:
            super().on_response(transaction, response, now)
            invite.abandon(now)

    stack.user = Leaving()
    invite = stack.invite()
    stack.take(180)
    stack.assert_clean()


def test_counts_by_kind() -> None:
    stack = Stack()
    stack.invite()
    stack.bye()
    stack.invited()
    stack.asked("BYE")
    stack.asked("OPTIONS")
    assert stack.layer.counts() == Counts(1, 1, 1, 2)
    assert len(stack.layer) == 5


def test_no_reference_cycle_keeps_a_finished_transaction() -> None:
    def alive() -> int:
        return sum(isinstance(thing, Transaction) for thing in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = alive()
        for status in (200, 486):
            stack = Stack()
            stack.invite()
            stack.bye()
            stack.invited().respond(status, wire(status), 0.0)
            stack.asked().respond(status, wire(status), 0.0)
            stack.take(180, status)
            assert alive() == before + 4
            stack.clock.run(40)
            stack.assert_clean()
            assert alive() == before
    finally:
        gc.enable()


def test_a_machine_says_what_it_takes() -> None:
    shared = Shared(Timers(), Wheel(), [])
    client = ClientTransaction(shared, (BRANCH, "BYE"), b"", UDP, Notes())
    server = ServerTransaction(shared, (BRANCH,), request("BYE"), UDP)
    calls: list[Callable[[], None]] = [
        lambda: client.receive(response(200), 0.0),
        lambda: server.receive(0.0),
        lambda: server.respond(200, b"", 0.0),
        lambda: client.expire(0, 0.0),
        lambda: server.fail(0.0),
    ]
    for call in calls:
        with pytest.raises(NotImplementedError):
            call()


def test_matching_costs_the_same_with_16_000_transactions_alive() -> None:
    def cost(alive: int) -> float:
        stack = Stack()
        for number in range(alive):
            branch = f"z9hG4bK{number}"
            stack.layer.send(
                b"", method="BYE", branch=branch, flow=UDP, user=Notes(), now=0.0
            )
        stack.layer.receive_request(request(), UDP, 0.0)
        again, stray = request(), response(200, "BYE", branch="z9hG4bKnone")
        best = 1.0
        for _ in range(20):
            start = perf_counter()
            for _ in range(50):
                stack.layer.receive_request(again, UDP, 0.0)
                stack.layer.receive_response(stray, 0.0)
            best = min(best, perf_counter() - start)
        return best

    assert cost(16_000) < 5 * cost(10)
