"""What happens to a call: the inputs of its machine, in the past tense.

Bodies are session descriptions as the peers sent them; the machine never looks inside.
An `exchange` is whatever the engine will recognise again when it is told to answer.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from router.plan.reasons import Reason


class Leg(IntEnum):
    """One of the two sides of a call."""

    CALLER = 0
    CALLEE = 1

    @property
    def other(self) -> Leg:
        """The leg at the other side of the call."""
        return Leg.CALLEE if self is Leg.CALLER else Leg.CALLER


class Clock(IntEnum):
    """The time limits of a call."""

    GATEWAY = 0
    """A gateway has not answered the INVITE at all."""
    SETUP = 1
    """Forwarding as a whole takes too long."""
    NO_ANSWER = 2
    """The callee has been ringing for too long."""
    WARNING = 3
    """The last minute of a call of limited duration begins."""
    MAX_DURATION = 4
    """The customer's limit on the talk is reached."""
    BACKSTOP = 5
    """The operator's limit on any talk is reached."""


class Routed(NamedTuple):
    """The plan said whom to call."""

    attempts: int
    """How many gateways there are to try, at least one."""
    max_seconds: float
    """Longest talk the customer wants, 0 for no limit."""


class Refused(NamedTuple):
    """The plan, the store or a limit said no."""

    reason: Reason


class Progressed(NamedTuple):
    """The callee's side sent a provisional response, 101 to 199."""

    status: int
    body: bytes


class Reached(NamedTuple):
    """The gateway has answered with 100: it lives, and nothing else is known."""


class Answered(NamedTuple):
    """The callee's side accepted the INVITE."""

    body: bytes
    """Its answer, or its offer when the caller made none."""


class Failed(NamedTuple):
    """The callee's side refused the INVITE, or never answered it."""

    reason: Reason
    another: bool
    """Another gateway may do better: the failure is this gateway's own."""


class Confirmed(NamedTuple):
    """The caller acknowledged our 200."""

    body: bytes
    """The caller's answer when the offer was the callee's."""


class AckMissed(NamedTuple):
    """A 2xx of ours on `leg` was never acknowledged."""

    leg: Leg


class Cancelled(NamedTuple):
    """The caller took its INVITE back, and was told 487."""


class Ended(NamedTuple):
    """The session of `leg` is over; nothing may be sent on it any more."""

    leg: Leg
    reason: Reason


class Offered(NamedTuple):
    """A party changes the session: re-INVITE, UPDATE or PRACK with an offer."""

    leg: Leg
    exchange: object
    body: bytes
    """The offer; empty when the party asks for one."""


class OfferAnswered(NamedTuple):
    """The party of `leg` accepted the offer passed to it."""

    leg: Leg
    body: bytes
    needs_answer: bool
    """The body is an offer, and our ACK has to bring the answer."""


class OfferRefused(NamedTuple):
    """The party of `leg` refused the offer passed to it, or could not get it."""

    leg: Leg
    status: int


class OfferConfirmed(NamedTuple):
    """The ACK on `leg` brought the answer to the offer in our 2xx."""

    leg: Leg
    body: bytes


class Informed(NamedTuple):
    """A party sent something the other one shall have: a key press in an INFO."""

    leg: Leg
    content_type: str
    body: bytes


class TimedOut(NamedTuple):
    """A clock that was armed has run out."""

    clock: Clock


class Stopped(NamedTuple):
    """The platform ends the call: shutdown, an operator, a fault of ours."""

    reason: Reason


Event = (
    Routed
    | Refused
    | Progressed
    | Reached
    | Answered
    | Failed
    | Confirmed
    | AckMissed
    | Cancelled
    | Ended
    | Offered
    | OfferAnswered
    | OfferRefused
    | OfferConfirmed
    | Informed
    | TimedOut
    | Stopped
)
