"""What a call's machine wants done: its outputs, in the imperative.

The engine carries them out in the order in which they are given. A command that cannot
be carried out is answered with the event of its failure, never with an exception.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from router.call.events import Clock, Leg
from router.plan.reasons import Reason

Side = Literal["caller", "callee", "platform"]


class Place(NamedTuple):
    """Send an INVITE through the next gateway, with the caller's offer."""


class Abandon(NamedTuple):
    """Give up the INVITE that was placed: cancel it and forget what becomes of it."""

    reason: Reason


class Ring(NamedTuple):
    """Send the caller a provisional response."""

    status: int
    body: bytes


class Accept(NamedTuple):
    """Answer the caller with 200."""

    body: bytes


class Refuse(NamedTuple):
    """Answer the caller with the reason's final status."""

    reason: Reason


class Acknowledge(NamedTuple):
    """Send the ACK that is owed on `leg`."""

    leg: Leg
    body: bytes


class HangUp(NamedTuple):
    """Send BYE on `leg`."""

    leg: Leg
    reason: Reason


class Offer(NamedTuple):
    """Pass an offer to `leg`; with an empty body, ask it for one."""

    leg: Leg
    body: bytes


class AcceptOffer(NamedTuple):
    """Answer a party's offer, or give it the offer it asked for."""

    leg: Leg
    exchange: object
    body: bytes


class RefuseOffer(NamedTuple):
    """Refuse a party's offer; its session stays as it was."""

    leg: Leg
    exchange: object
    status: int


class Inform(NamedTuple):
    """Send INFO on `leg`."""

    leg: Leg
    content_type: str
    body: bytes


class Arm(NamedTuple):
    """Start a clock: `TimedOut` is due after so many seconds."""

    clock: Clock
    seconds: float


class Disarm(NamedTuple):
    """Stop a clock if it runs."""

    clock: Clock


class Warn(NamedTuple):
    """Tell both parties that their last minute begins."""


class Finish(NamedTuple):
    """The call is over: write its record, stop its clocks, forget it."""

    reason: Reason
    released_by: Side


Command = (
    Place
    | Abandon
    | Ring
    | Accept
    | Refuse
    | Acknowledge
    | HangUp
    | Offer
    | AcceptOffer
    | RefuseOffer
    | Inform
    | Arm
    | Disarm
    | Warn
    | Finish
)
