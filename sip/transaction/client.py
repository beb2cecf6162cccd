"""Non-INVITE client transaction: RFC 3261 section 17.1.2.

                          |Request from TU
                          |send request
      Timer E             V
      send request  +-----------+
          +---------|           |-------------------+
          |         |  Trying   |  Timer F          |
          +-------->|           |  or Transport Err.|
                    +-----------+  inform TU        |
       200-699         |  |                         |
       resp. to TU     |  |1xx                      |
       +---------------+  |resp. to TU              |
       |                  |                         |
       |   Timer E        V       Timer F           |
       |   send req +-----------+ or Transport Err. |
       |  +---------|           | inform TU         |
       |  |         |Proceeding |------------------>|
       |  +-------->|           |-----+             |
       |            +-----------+     |1xx          |
       |              |      ^        |resp to TU   |
       | 200-699      |      +--------+             |
       | resp. to TU  |                             |
       |              |                             |
       |              V                             |
       |            +-----------+                   |
       |            |           |                   |
       |            | Completed |                   |
       |            |           |                   |
       |            +-----------+                   |
       |              ^   |                         |
       |              |   | Timer K                 |
       +--------------+   | -                       |
                          |                         |
                          V                         |
    NOTE:           +-----------+                   |
                    |           |                   |
transitions         | Terminated|<------------------+
labeled with        |           |
the event           +-----------+
over the action
to take
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from sip.flow import Flow
from sip.message.message import Response
from sip.transaction.base import ClientTransaction, Shared
from sip.transaction.key import ClientKey
from sip.transaction.timers import UNRELIABLE
from sip.transaction.user import ClientUser, Failure


class State(IntEnum):
    """Where the transaction is."""

    TRYING = 0
    PROCEEDING = 1
    COMPLETED = 2
    TERMINATED = 3


class Input(IntEnum):
    """What can happen to it."""

    PROVISIONAL = 0
    FINAL = 1
    TIMER_E = 2
    TIMER_F = 3
    TIMER_K = 4
    TRANSPORT_ERROR = 5


# Read on the hot path: before Python 3.12 an enum gives up its members slowly (100 ns).
_PROVISIONAL = Input.PROVISIONAL
_FINAL = Input.FINAL
_TIMER_E = Input.TIMER_E
_TIMER_F = Input.TIMER_F
_TIMER_K = Input.TIMER_K


class ClientNonInvite(ClientTransaction):
    """A request of ours other than INVITE and ACK."""

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
        self.limit_at = now + timers.f
        self.wait = timers.t1 if flow.transport == UNRELIABLE else timers.f
        self.arm_repeat(_TIMER_E, _TIMER_F, now)

    def step(self, event: int, response: Response | None, now: float) -> None:
        """Look the event up in the table; a pair that is not there changes nothing."""
        found = TRANSITIONS.get((self.state, event))
        if found is not None:
            self.state, acts = found
            for act in acts:
                act(self, response, now)

    def receive(self, response: Response, now: float) -> None:
        """Take a response that matches."""
        self.step(_PROVISIONAL if response.status < 200 else _FINAL, response, now)

    def expire(self, name: int, now: float) -> None:
        """Feed the timer called `name` to the machine."""
        self.step(name, None, now)

    def fail(self, now: float) -> None:
        """Feed a transport error to the machine."""
        self.step(Input.TRANSPORT_ERROR, None, now)


def _repeat(machine: ClientNonInvite, _response: Response | None, now: float) -> None:
    machine.wait = min(2 * machine.wait, machine.shared.timers.t2)
    _send_again(machine, now)


def _repeat_slowly(
    machine: ClientNonInvite, _response: Response | None, now: float
) -> None:
    machine.wait = machine.shared.timers.t2
    _send_again(machine, now)


def _send_again(machine: ClientNonInvite, now: float) -> None:
    machine.shared.outbox.append((machine.sent, machine.flow))
    machine.arm_repeat(_TIMER_E, _TIMER_F, now)


def _deliver(machine: ClientNonInvite, response: Response | None, now: float) -> None:
    user = machine.user
    if user is not None and response is not None:
        user.on_response(machine, response, now)


def _deliver_last(
    machine: ClientNonInvite, response: Response | None, now: float
) -> None:
    user, machine.user = machine.user, None
    if user is not None and response is not None:
        user.on_response(machine, response, now)


def _linger_k(machine: ClientNonInvite, _response: Response | None, now: float) -> None:
    shared = machine.shared
    machine.stop_timer()
    machine.sent = b""
    shared.exposed.pop(machine, None)
    seconds = shared.timers.k if machine.flow.transport == UNRELIABLE else 0.0
    shared.wheel.arm(now + seconds, machine, _TIMER_K)


def _end(machine: ClientNonInvite, _response: Response | None, _now: float) -> None:
    machine.forget()


def _end_in_timeout(
    machine: ClientNonInvite, _response: Response | None, now: float
) -> None:
    user = machine.user
    machine.forget()
    if user is not None:
        user.on_failure(machine, Failure.TIMEOUT, now)


def _end_unreachable(
    machine: ClientNonInvite, _response: Response | None, now: float
) -> None:
    user = machine.user
    machine.forget()
    if user is not None:
        user.on_failure(machine, Failure.TRANSPORT, now)


Act = Callable[[ClientNonInvite, Response | None, float], None]

# Acts that call the user stand last: it may send from within.
TRANSITIONS: dict[tuple[int, int], tuple[State, tuple[Act, ...]]] = {
    # Trying
    (State.TRYING, Input.TIMER_E): (State.TRYING, (_repeat,)),
    (State.TRYING, Input.TIMER_F): (State.TERMINATED, (_end_in_timeout,)),
    (State.TRYING, Input.TRANSPORT_ERROR): (State.TERMINATED, (_end_unreachable,)),
    (State.TRYING, Input.PROVISIONAL): (State.PROCEEDING, (_deliver,)),
    (State.TRYING, Input.FINAL): (State.COMPLETED, (_linger_k, _deliver_last)),
    # Proceeding: "the request MUST be passed to the transport layer for retransmission,
    # and Timer E MUST be reset with a value of T2 seconds" (section 17.1.2.2)
    (State.PROCEEDING, Input.TIMER_E): (State.PROCEEDING, (_repeat_slowly,)),
    (State.PROCEEDING, Input.TIMER_F): (State.TERMINATED, (_end_in_timeout,)),
    (State.PROCEEDING, Input.TRANSPORT_ERROR): (State.TERMINATED, (_end_unreachable,)),
    (State.PROCEEDING, Input.PROVISIONAL): (State.PROCEEDING, (_deliver,)),
    (State.PROCEEDING, Input.FINAL): (State.COMPLETED, (_linger_k, _deliver_last)),
    # Completed: repeats of the final response are absorbed.
    (State.COMPLETED, Input.TIMER_K): (State.TERMINATED, (_end,)),
}
