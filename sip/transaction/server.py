"""Non-INVITE server transaction: RFC 3261 section 17.2.2 with RFC 4320.

                                  |Request received
                                  |pass to TU
                                  V
                            +-----------+
                            |           |
                            | Trying    |-------------+
                            |           |             |
                            +-----------+             |200-699 from TU
                                  |                   |send response
                                  |1xx from TU        |
                                  |send response      |
                                  |                   |
               Request            V      1xx from TU  |
               send response+-----------+send response|
                   +--------|           |--------+    |
                   |        | Proceeding|        |    |
                   +------->|           |<-------+    |
            +<--------------|           |             |
            |Trnsprt Err    +-----------+             |
            |Inform TU            |                   |
            |                     |                   |
            |                     |200-699 from TU    |
            |                     |send response      |
            |  Request            V                   |
            |  send response+-----------+             |
            |      +--------|           |             |
            |      |        | Completed |<------------+
            |      +------->|           |
            +<--------------|           |
            |Trnsprt Err    +-----------+
            |Inform TU            |
            |                     |Timer J fires
            |                     |-
            |                     |
            |                     V
            |               +-----------+
            |               |           |
            +-------------->| Terminated|
                            |           |
                            +-----------+

RFC 4320 section 4.1: no provisional response but 100, and that one as soon as the
client's Timer E has reached T2, whatever the user does: `TIMER_TRYING` sends it.
Section 4.2: no 408, and nothing at all once the client has given up: `TIMER_LATE` ends
the transaction 64*T1 after the request. A transport error changes no state (RFC 6026
section 8.8); in Completed it is not told, since a repeat of the request asks again.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from sip.errors import OurMistake
from sip.flow import Flow
from sip.message.message import Request
from sip.message.render import render_response
from sip.transaction.base import ServerTransaction, Shared
from sip.transaction.key import ServerKey
from sip.transaction.timers import UNRELIABLE
from sip.transaction.user import Failure

_TRYING = 100
_REQUEST_TIMEOUT = 408


class State(IntEnum):
    """Where the transaction is."""

    TRYING = 0
    PROCEEDING = 1
    COMPLETED = 2
    TERMINATED = 3


class Input(IntEnum):
    """What can happen to it; the first three come from the user."""

    PROVISIONAL = 0
    FINAL = 1
    SILENCE = 2
    REQUEST = 3
    TIMER_TRYING = 4
    TIMER_LATE = 5
    TIMER_J = 6
    TRANSPORT_ERROR = 7


# Read on the hot path: before Python 3.12 an enum gives up its members slowly (100 ns).
_FINAL = Input.FINAL
_TIMER_TRYING = Input.TIMER_TRYING
_TIMER_J = Input.TIMER_J


class ServerNonInvite(ServerTransaction):
    """A request of the peer other than INVITE and ACK."""

    __slots__ = ()

    def __init__(
        self, shared: Shared, key: ServerKey, request: Request, flow: Flow, now: float
    ) -> None:
        super().__init__(shared, key, request, flow)
        at = now + shared.timers.trying
        self.timer = shared.wheel.arm(at, self, _TIMER_TRYING)

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
        """Send `data`, a rendered response with `status`, unless it comes too late.

        A 408 is not sent but ends the matter (RFC 4320 section 4.2). Over UDP a 100 is
        not sent either, the transaction gives it when it is due. Raises `OurMistake`
        for a provisional response other than 100.
        """
        if status >= 200:
            event = Input.SILENCE if status == _REQUEST_TIMEOUT else _FINAL
            self.step(event, data, now)
        elif status != _TRYING:
            raise OurMistake(f"{status} in response to a request other than INVITE")
        elif self.flow.transport != UNRELIABLE:
            self.step(Input.PROVISIONAL, data, now)

    def receive(self, now: float) -> None:
        """Take a repeat of the request."""
        self.step(Input.REQUEST, b"", now)

    def expire(self, name: int, now: float) -> None:
        """Feed the timer called `name` to the machine."""
        self.step(name, b"", now)

    def fail(self, now: float) -> None:
        """Feed a transport error to the machine."""
        self.step(Input.TRANSPORT_ERROR, b"", now)


def _send(machine: ServerNonInvite, data: bytes, _now: float) -> None:
    machine.last = data
    machine.shared.outbox.append((data, machine.flow))


def _send_trying(machine: ServerNonInvite, _data: bytes, now: float) -> None:
    assert machine.request is not None  # kept until Completed
    _send(machine, render_response(machine.request, _TRYING), now)


def _send_last(machine: ServerNonInvite, _data: bytes, _now: float) -> None:
    if machine.last:
        machine.shared.outbox.append((machine.last, machine.flow))


def _forget_last(machine: ServerNonInvite, _data: bytes, _now: float) -> None:
    machine.last = b""


def _await_end(machine: ServerNonInvite, _data: bytes, now: float) -> None:
    shared = machine.shared
    timers = shared.timers
    at = now + timers.j - timers.trying
    machine.timer = shared.wheel.arm(at, machine, Input.TIMER_LATE)


def _linger_j(machine: ServerNonInvite, _data: bytes, now: float) -> None:
    shared = machine.shared
    machine.stop_timer()
    machine.user = None
    machine.request = None
    shared.exposed.pop(machine, None)
    seconds = shared.timers.j if machine.flow.transport == UNRELIABLE else 0.0
    shared.wheel.arm(now + seconds, machine, _TIMER_J)


def _tell(machine: ServerNonInvite, _data: bytes, now: float) -> None:
    if machine.user is not None:
        machine.user.on_failure(machine, Failure.TRANSPORT, now)


def _end(machine: ServerNonInvite, _data: bytes, _now: float) -> None:
    machine.forget()


Act = Callable[[ServerNonInvite, bytes, float], None]

TRANSITIONS: dict[tuple[int, int], tuple[State, tuple[Act, ...]]] = {
    # Trying: "any further request retransmissions are discarded" (section 17.2.2)
    (State.TRYING, Input.PROVISIONAL): (State.PROCEEDING, (_send,)),
    (State.TRYING, Input.FINAL): (State.COMPLETED, (_send, _linger_j)),
    (State.TRYING, Input.SILENCE): (State.COMPLETED, (_linger_j,)),
    (State.TRYING, Input.TIMER_TRYING): (State.PROCEEDING, (_send_trying, _await_end)),
    (State.TRYING, Input.TRANSPORT_ERROR): (State.TRYING, (_tell,)),
    # Proceeding
    (State.PROCEEDING, Input.REQUEST): (State.PROCEEDING, (_send_last,)),
    (State.PROCEEDING, Input.PROVISIONAL): (State.PROCEEDING, (_send,)),
    (State.PROCEEDING, Input.FINAL): (State.COMPLETED, (_send, _linger_j)),
    (State.PROCEEDING, Input.SILENCE): (State.COMPLETED, (_forget_last, _linger_j)),
    (State.PROCEEDING, Input.TIMER_TRYING): (State.PROCEEDING, (_await_end,)),
    (State.PROCEEDING, Input.TIMER_LATE): (State.TERMINATED, (_end,)),
    (State.PROCEEDING, Input.TRANSPORT_ERROR): (State.PROCEEDING, (_tell,)),
    # Completed: "Any other final responses passed by the TU to the server transaction
    # MUST be discarded while in the "Completed" state" (section 17.2.2)
    (State.COMPLETED, Input.REQUEST): (State.COMPLETED, (_send_last,)),
    (State.COMPLETED, Input.TIMER_J): (State.TERMINATED, (_end,)),
}
