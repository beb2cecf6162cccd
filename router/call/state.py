"""What a call's machine remembers between two events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from router.call.events import Leg


class State(IntEnum):
    """How far a call has come."""

    LOOKING = 0
    """The store is being asked; there is no second leg."""
    PLACING = 1
    """The INVITE is out; nothing but 100 has come back."""
    EARLY = 2
    """The callee's side has answered provisionally; it may be ringing."""
    ANSWERED = 3
    """The callee accepted, the caller's ACK is awaited."""
    UP = 4
    """Both parties are talking."""
    ENDED = 5
    """Over. Nothing that comes now makes a difference."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a call may take, seconds each."""

    gateway: float = 4.0
    setup: float = 90.0
    no_answer: float = 60.0
    backstop: float = 14400.0
    warning: float = 60.0
    provisionals: int = 20
    """How many provisional responses of one callee the caller is sent."""


class Relay(NamedTuple):
    """An offer on its way from one party to the other and back."""

    leg: Leg
    """Who asked."""
    exchange: object
    """The asker's request, to be answered; None once it has been."""


class Memory:
    """One call's memory. `out` of every act is the list of commands it adds to."""

    __slots__ = (
        "attempts",
        "delayed",
        "early",
        "limits",
        "max_seconds",
        "no_answer_armed",
        "owed",
        "provisionals",
        "rang",
        "relay",
        "state",
    )

    def __init__(self, limits: Limits, *, delayed: bool) -> None:
        self.state = State.LOOKING
        self.limits = limits
        self.delayed = delayed
        """The caller's INVITE brought no offer: the callee makes it."""
        self.attempts = 0
        """Gateways not yet tried."""
        self.max_seconds = 0.0
        self.rang = False
        """A 180 has come: the callee's telephone rings."""
        self.no_answer_armed = False
        """The clock of a callee that does not answer runs."""
        self.provisionals = 0
        """Provisional responses the caller was sent."""
        self.early = b""
        """The latest description of the callee's before its 200."""
        self.owed = False
        """The callee's 2xx waits for an ACK that brings the caller's answer."""
        self.relay: Relay | None = None
