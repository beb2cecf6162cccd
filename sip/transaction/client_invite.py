"""INVITE client transaction: RFC 3261 section 17.1.1 with the states of RFC 6026.

                                   |INVITE from TU
                 Timer A fires     |INVITE sent
                 Reset A,          V                      Timer B fires
                 INVITE sent +-----------+                or Transport Err.
                   +---------|           |---------------+inform TU
                   |         |  Calling  |               |
                   +-------->|           |-------------->|
                             +-----------+ 2xx           |
                                |  |       2xx to TU     |
                                |  |1xx                  |
        300-699 +---------------+  |1xx to TU            |
       ACK sent |                  |                     |
    resp. to TU |  1xx             V                     |
                |  1xx to TU +-----------+               |
                |  +---------|           |               |
                |  |         |Proceeding |-------------->|
                |  +-------->|           | 2xx           |
                |            +-----------+ 2xx to TU     |
                |       300-699    |                     |
                |       ACK sent,  |                     |
                |       resp. to TU|                     |
                |                  |                     |      NOTE:
                |  300-699         V                     |
                |  ACK sent  +-----------+Transport Err. |  transitions
                |  +---------|           |Inform TU      |  labeled with
                |  |         | Completed |-------------->|  the event
                |  +-------->|           |               |  over the action
                |            +-----------+               |  to take
                |              ^   |                     |
                |              |   | Timer D fires       |
                +--------------+   | -                   |
                                   |                     |
                                   V                     |
                             +-----------+               |
                             |           |               |
                             | Terminated|<--------------+
                             |           |
                             +-----------+

RFC 6026: each arrow labelled 2xx leads to Accepted, which passes every further 2xx up
and is left for Terminated when Timer M fires.

Two departures. A transport error in Completed changes nothing: the user has had its
final response, and a repeat of it asks for the ACK again. `ABANDON` is ours: Proceeding
has no timer, and section 9.1 lets a client give up 64*T1 after its CANCEL.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from sip.flow import Flow
from sip.message.message import Response
from sip.transaction.base import ClientTransaction, Shared
from sip.transaction.derived import ack_for, cancel_for
from sip.transaction.key import ClientKey
from sip.transaction.timers import UNRELIABLE
from sip.transaction.user import ClientUser, Failure


class State(IntEnum):
    """Where the transaction is."""

    CALLING = 0
    PROCEEDING = 1
    ACCEPTED = 2
    COMPLETED = 3
    TERMINATED = 4


class Input(IntEnum):
    """What can happen to it."""

    PROVISIONAL = 0
    SUCCESS = 1
    FAILURE = 2
    TIMER_A = 3
    TIMER_B = 4
    TIMER_D = 5
    TIMER_M = 6
    TRANSPORT_ERROR = 7
    ABANDON = 8


# Read on the hot path: before Python 3.12 an enum gives up its members slowly (100 ns).
_PROVISIONAL = Input.PROVISIONAL
_SUCCESS = Input.SUCCESS
_TIMER_A = Input.TIMER_A
_TIMER_B = Input.TIMER_B
_TIMER_M = Input.TIMER_M


class ClientInvite(ClientTransaction):
    """An INVITE of ours. `user` may be replaced, or set to None, in any state."""

    __slots__ = ()

    def __init__(
        self,
        shared: Shared,
        key: ClientKey,
        data: bytes,
        flow: Flow,
        user: ClientUser,
        now: float,
    ) -> None:
        super().__init__(shared, key, data, flow, user)
        timers = shared.timers
        shared.outbox.append((data, flow))
        self.limit_at = now + timers.b
        self.wait = timers.t1 if flow.transport == UNRELIABLE else timers.b
        self.arm_repeat(_TIMER_A, _TIMER_B, now)

    def step(self, event: int, response: Response | None, now: float) -> None:
        """Look the event up in the table; a pair that is not there changes nothing."""
        found = TRANSITIONS.get((self.state, event))
        if found is not None:
            self.state, acts = found
            for act in acts:
                act(self, response, now)

    def receive(self, response: Response, now: float) -> None:
        """Take a response that matches."""
        status = response.status
        if status < 200:
            self.step(_PROVISIONAL, response, now)
        elif status < 300:
            self.step(_SUCCESS, response, now)
        else:
            self.step(Input.FAILURE, response, now)

    def expire(self, name: int, now: float) -> None:
        """Feed the timer called `name` to the machine."""
        self.step(name, None, now)

    def fail(self, now: float) -> None:
        """Feed a transport error to the machine."""
        self.step(Input.TRANSPORT_ERROR, None, now)

    def abandon(self, now: float) -> None:
        """End the transaction without a word to its user; responses become strays."""
        self.step(Input.ABANDON, None, now)

    def ack(self, response: Response) -> bytes:
        """Render the ACK of a refusal (section 17.1.1.3).

        Only while the INVITE is kept, that is before any final response.
        """
        return ack_for(self.sent, response)

    def cancel(self) -> bytes:
        """Render the CANCEL of this INVITE (section 9.1), `b""` after a final response.

        It has the branch of the INVITE and goes the way the INVITE went.
        """
        if self.state > State.PROCEEDING:
            return b""
        return cancel_for(self.sent)


def _repeat(machine: ClientInvite, _response: Response | None, now: float) -> None:
    machine.shared.outbox.append((machine.sent, machine.flow))
    machine.wait *= 2
    machine.arm_repeat(_TIMER_A, _TIMER_B, now)


def _quiet(machine: ClientInvite, _response: Response | None, _now: float) -> None:
    machine.stop_timer()
    machine.shared.exposed.pop(machine, None)


def _deliver(machine: ClientInvite, response: Response | None, now: float) -> None:
    user = machine.user
    if user is not None and response is not None:
        user.on_response(machine, response, now)


def _deliver_last(machine: ClientInvite, response: Response | None, now: float) -> None:
    user, machine.user = machine.user, None
    if user is not None and response is not None:
        user.on_response(machine, response, now)


def _acknowledge(machine: ClientInvite, response: Response | None, _now: float) -> None:
    assert response is not None  # FAILURE has one
    # From here on the ACK is what is sent and sent again.
    machine.sent = ack_for(machine.sent, response)
    machine.shared.outbox.append((machine.sent, machine.flow))


def _acknowledge_again(
    machine: ClientInvite, _response: Response | None, _now: float
) -> None:
    machine.shared.outbox.append((machine.sent, machine.flow))


def _linger_m(machine: ClientInvite, _response: Response | None, now: float) -> None:
    shared = machine.shared
    machine.sent = b""
    shared.wheel.arm(now + shared.timers.m, machine, _TIMER_M)


def _linger_d(machine: ClientInvite, _response: Response | None, now: float) -> None:
    shared = machine.shared
    seconds = shared.timers.d if machine.flow.transport == UNRELIABLE else 0.0
    shared.wheel.arm(now + seconds, machine, Input.TIMER_D)


def _end(machine: ClientInvite, _response: Response | None, _now: float) -> None:
    machine.forget()


def _end_in_timeout(
    machine: ClientInvite, _response: Response | None, now: float
) -> None:
    user = machine.user
    machine.forget()
    if user is not None:
        user.on_failure(machine, Failure.TIMEOUT, now)


def _end_unreachable(
    machine: ClientInvite, _response: Response | None, now: float
) -> None:
    user = machine.user
    machine.forget()
    if user is not None:
        user.on_failure(machine, Failure.TRANSPORT, now)


Act = Callable[[ClientInvite, Response | None, float], None]

# Acts that call the user stand last: it may send, cancel or abandon from within.
TRANSITIONS: dict[tuple[int, int], tuple[State, tuple[Act, ...]]] = {
    # Calling
    (State.CALLING, Input.TIMER_A): (State.CALLING, (_repeat,)),
    (State.CALLING, Input.TIMER_B): (State.TERMINATED, (_end_in_timeout,)),
    (State.CALLING, Input.TRANSPORT_ERROR): (State.TERMINATED, (_end_unreachable,)),
    (State.CALLING, Input.ABANDON): (State.TERMINATED, (_end,)),
    (State.CALLING, Input.PROVISIONAL): (State.PROCEEDING, (_quiet, _deliver)),
    (State.CALLING, Input.SUCCESS): (State.ACCEPTED, (_quiet, _linger_m, _deliver)),
    (State.CALLING, Input.FAILURE): (
        State.COMPLETED,
        (_quiet, _acknowledge, _linger_d, _deliver_last),
    ),
    # Proceeding
    (State.PROCEEDING, Input.ABANDON): (State.TERMINATED, (_end,)),
    (State.PROCEEDING, Input.PROVISIONAL): (State.PROCEEDING, (_deliver,)),
    (State.PROCEEDING, Input.SUCCESS): (State.ACCEPTED, (_linger_m, _deliver)),
    (State.PROCEEDING, Input.FAILURE): (
        State.COMPLETED,
        (_acknowledge, _linger_d, _deliver_last),
    ),
    # Accepted: "A 2xx response received while in the "Accepted" state MUST be passed to
    # the TU and the machine remains in the "Accepted" state." (RFC 6026 section 7.2)
    (State.ACCEPTED, Input.SUCCESS): (State.ACCEPTED, (_deliver,)),
    (State.ACCEPTED, Input.TIMER_M): (State.TERMINATED, (_end,)),
    # Completed: "Any retransmissions of a response with status code 300-699 that are
    # received while in the "Completed" state MUST cause the ACK to be re-passed to the
    # transport layer" (RFC 6026 section 8.4)
    (State.COMPLETED, Input.FAILURE): (State.COMPLETED, (_acknowledge_again,)),
    (State.COMPLETED, Input.TIMER_D): (State.TERMINATED, (_end,)),
}
