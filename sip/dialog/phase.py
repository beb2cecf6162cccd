"""How far a session has come."""

from __future__ import annotations

from enum import IntEnum


class Phase(IntEnum):
    """How far a session has come."""

    EARLY = 0
    ACCEPTED = 1
    """A 2xx was sent or received, its ACK was not."""
    CONFIRMED = 2
    OVER = 3
