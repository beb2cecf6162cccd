"""INVITE server transaction: RFC 3261 section 17.2.1 as replaced by RFC 6026.

                                      |INVITE
                                      |pass INV to TU
                   INVITE             V send 100 if TU won't in 200 ms
                   send response+------------+
                       +--------|            |--------+ 101-199 from TU
                       |        |            |        | send response
                       +------->|            |<-------+
                                | Proceeding |
                                |            |--------+ Transport Err.
                                |            |        | Inform TU
                                |            |<-------+
                                +------------+
                   300-699 from TU |    |2xx from TU
                   send response   |    |send response
                    +--------------+    +------------+
                    |                                |
   INVITE           V          Timer G fires         |
   send response +-----------+ send response         |
        +--------|           |--------+              |
        |        |           |        |              |
        +------->| Completed |<-------+      INVITE  |  Transport Err.
                 |           |               -       |  Inform TU
        +--------|           |----+          +-----+ |  +---+
        |        +-----------+    | ACK      |     | v  |   v
        |          ^   |          | -        |  +------------+
        |          |   |          |          |  |            |---+ ACK
        +----------+   |          |          +->|  Accepted  |   | to TU
        Transport Err. |          |             |            |<--+
        Inform TU      |          V             +------------+
                       |      +-----------+        |  ^     |
                       |      |           |        |  |     |
                       |      | Confirmed |        |  +-----+
                       |      |           |        |  2xx from TU
         Timer H fires |      +-----------+        |  send response
         -             |          |                |
                       |          | Timer I fires  |
                       |          | -              | Timer L fires
                       |          V                | -
                       |        +------------+     |
                       |        |            |<----+
                       +------->| Terminated |
                                |            |
                                +------------+

The 100 is the user's to give, at once. When Timer H fires the user is told, as RFC 3261
section 17.2.1 says and the figure of RFC 6026 does not. In Accepted a transport error
is not told: the user repeats its 2xx and misses the ACK anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from sip.transaction.base import ServerTransaction
from sip.transaction.timers import UNRELIABLE
from sip.transaction.user import Failure


class State(IntEnum):
    """Where the transaction is."""

    PROCEEDING = 0
    ACCEPTED = 1
    COMPLETED = 2
    CONFIRMED = 3
    TERMINATED = 4


class Input(IntEnum):
    """What can happen to it; the first three come from the user."""

    PROVISIONAL = 0
    SUCCESS = 1
    FAILURE = 2
    REQUEST = 3
    ACK = 4
    TIMER_G = 5
    TIMER_H = 6
    TIMER_I = 7
    TIMER_L = 8
    TRANSPORT_ERROR = 9


# Read on the hot path: before Python 3.12 an enum gives up its members slowly (100 ns).
_PROVISIONAL = Input.PROVISIONAL
_SUCCESS = Input.SUCCESS
_TIMER_L = Input.TIMER_L


class ServerInvite(ServerTransaction):
    """An INVITE of the peer, with no time limit until its final response."""

    __slots__ = ()

    def step(self, event: int, data: bytes, now: float) -> None:
        """Look the event up in the table; a pair that is not there changes nothing.

        `data` is the rendered response, `b""` for whatever the user did not cause.
        """
        found = TRANSITIONS.get((self.state, event))
        if found is not None:
            self.state, acts = found
            for act in acts:
                act(self, data, now)

    def respond(self, status: int, data: bytes, now: float) -> None:
        """Send `data`, a rendered response with `status`, if the state allows it.

        Ignored after a final response, except 2xx after 2xx: "Any retransmission of
        the 2xx response passed from the TU to the transaction while in the "Accepted"
        state MUST be passed to the transport layer" (RFC 6026 section 7.1).
        """
        if status < 200:
            self.step(_PROVISIONAL, data, now)
        elif status < 300:
            self.step(_SUCCESS, data, now)
        else:
            self.step(Input.FAILURE, data, now)

    def receive(self, now: float) -> None:
        """Take a repeat of the INVITE."""
        self.step(Input.REQUEST, b"", now)

    def receive_ack(self, now: float) -> bool:
        """Take an ACK that matches; False when it is for the user, after a 2xx.

        "Any ACKs received from the network while in the "Accepted" state MUST be
        passed directly to the TU and not absorbed." (RFC 6026 section 7.1)
        """
        self.step(Input.ACK, b"", now)
        return self.state != State.ACCEPTED

    def expire(self, name: int, now: float) -> None:
        """Feed the timer called `name` to the machine."""
        self.step(name, b"", now)

    def fail(self, now: float) -> None:
        """Feed a transport error to the machine."""
        self.step(Input.TRANSPORT_ERROR, b"", now)


def _send(machine: ServerInvite, data: bytes, _now: float) -> None:
    machine.shared.outbox.append((data, machine.flow))


def _keep(machine: ServerInvite, data: bytes, _now: float) -> None:
    machine.last = data


def _send_last(machine: ServerInvite, _data: bytes, _now: float) -> None:
    if machine.last:
        machine.shared.outbox.append((machine.last, machine.flow))


def _watch(machine: ServerInvite, _data: bytes, now: float) -> None:
    timers = machine.shared.timers
    machine.request = None
    machine.limit_at = now + timers.h
    machine.wait = timers.t1 if machine.flow.transport == UNRELIABLE else timers.h
    machine.arm_repeat(Input.TIMER_G, Input.TIMER_H, now)


def _repeat(machine: ServerInvite, _data: bytes, now: float) -> None:
    shared = machine.shared
    shared.outbox.append((machine.last, machine.flow))
    machine.wait = min(2 * machine.wait, shared.timers.t2)
    machine.arm_repeat(Input.TIMER_G, Input.TIMER_H, now)


def _linger_l(machine: ServerInvite, _data: bytes, now: float) -> None:
    shared = machine.shared
    # Repeats of the INVITE are absorbed unanswered: nothing of it is needed any more.
    machine.request = None
    machine.last = b""
    shared.exposed.pop(machine, None)
    shared.wheel.arm(now + shared.timers.l, machine, _TIMER_L)


def _linger_i(machine: ServerInvite, _data: bytes, now: float) -> None:
    shared = machine.shared
    machine.stop_timer()
    machine.user = None
    machine.last = b""
    shared.exposed.pop(machine, None)
    seconds = shared.timers.i if machine.flow.transport == UNRELIABLE else 0.0
    shared.wheel.arm(now + seconds, machine, Input.TIMER_I)


def _tell(machine: ServerInvite, _data: bytes, now: float) -> None:
    if machine.user is not None:
        machine.user.on_failure(machine, Failure.TRANSPORT, now)


def _end(machine: ServerInvite, _data: bytes, _now: float) -> None:
    machine.forget()


def _end_in_timeout(machine: ServerInvite, _data: bytes, now: float) -> None:
    user = machine.user
    machine.forget()
    if user is not None:
        user.on_failure(machine, Failure.TIMEOUT, now)


Act = Callable[[ServerInvite, bytes, float], None]

TRANSITIONS: dict[tuple[int, int], tuple[State, tuple[Act, ...]]] = {
    # Proceeding
    (State.PROCEEDING, Input.REQUEST): (State.PROCEEDING, (_send_last,)),
    (State.PROCEEDING, Input.PROVISIONAL): (State.PROCEEDING, (_send, _keep)),
    (State.PROCEEDING, Input.SUCCESS): (State.ACCEPTED, (_send, _linger_l)),
    (State.PROCEEDING, Input.FAILURE): (State.COMPLETED, (_send, _keep, _watch)),
    (State.PROCEEDING, Input.TRANSPORT_ERROR): (State.PROCEEDING, (_tell,)),
    # Accepted
    (State.ACCEPTED, Input.SUCCESS): (State.ACCEPTED, (_send,)),
    (State.ACCEPTED, Input.TIMER_L): (State.TERMINATED, (_end,)),
    # Completed
    (State.COMPLETED, Input.REQUEST): (State.COMPLETED, (_send_last,)),
    (State.COMPLETED, Input.TIMER_G): (State.COMPLETED, (_repeat,)),
    (State.COMPLETED, Input.ACK): (State.CONFIRMED, (_linger_i,)),
    (State.COMPLETED, Input.TIMER_H): (State.TERMINATED, (_end_in_timeout,)),
    (State.COMPLETED, Input.TRANSPORT_ERROR): (State.COMPLETED, (_tell,)),
    # Confirmed: "to absorb any additional ACK messages that arrive" (section 17.2.1)
    (State.CONFIRMED, Input.TIMER_I): (State.TERMINATED, (_end,)),
}
