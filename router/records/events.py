"""What happened to one call, in order, as its record is computed from it.

`at` is monotonic seconds, so that a clock that jumps cannot change a duration; only
`CalledIn` also says what the wall clock showed. NamedTuples: several are made for each
call (see the speed rules of the hot path).
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from router.plan.reasons import Reason

Side: TypeAlias = Literal["caller", "callee", "platform"]
"""Who ended a call."""


class CalledIn(NamedTuple):
    """An INVITE for an X number of ours arrived."""

    at: float
    clock: float
    """Epoch seconds at the same instant."""
    call_id: str
    """Our own id of the call, unique for ever; never a Call-ID of the wire."""
    app: str
    x: str
    mode: str
    caller: str
    """The real caller, "" for one without a number."""


class Decided(NamedTuple):
    """Routing said what is to become of the call, in the fields of a decision."""

    at: float
    subscription_id: str
    direction: int
    user_data: str
    trace: tuple[str, ...]
    callee: str = ""
    """The real callee, "" when the call was refused."""
    display: str = ""
    """The number the callee sees."""


class Forwarded(NamedTuple):
    """The second leg was sent to a gateway; again for each gateway tried."""

    at: float
    gateway: str


class Alerted(NamedTuple):
    """The callee rings; only the first counts."""

    at: float


class Answered(NamedTuple):
    """The callee took the call."""

    at: float


class Finished(NamedTuple):
    """The call is over, on both legs and for good."""

    at: float
    reason: Reason
    released_by: Side
    callee_status: int = 0
    """Final SIP status of the second leg, 0 when it had none."""
    callee_q850: int = 0
    """Q.850 cause of the second leg, 0 when it gave none."""
    sip_status: int = 0
    """What the caller was answered, 0: the status of the reason."""


CallEvent: TypeAlias = CalledIn | Decided | Forwarded | Alerted | Answered | Finished
