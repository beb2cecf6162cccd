"""Whose turn it is in the offer/answer exchange (RFC 3264 section 4, RFC 6337 table 1).

        idle ── offer of ours ──▶ local-offer ── their answer ──▶ stable
        idle ── offer of theirs ▶ remote-offer ── our answer ───▶ stable

From `stable` both go again; whatever fails falls back to where it began.
"""

from __future__ import annotations

from enum import IntEnum


class Negotiation(IntEnum):
    """What is outstanding."""

    IDLE = 0
    """No offer was made yet."""
    LOCAL_OFFER = 1
    REMOTE_OFFER = 2
    STABLE = 3


class Move(IntEnum):
    """One step either side takes."""

    SEND_OFFER = 0
    SEND_ANSWER = 1
    RECEIVE_OFFER = 2
    RECEIVE_ANSWER = 3
    ABANDON = 4
    """The request that carried the offer failed (RFC 6141 section 3.1)."""


TRANSITIONS: dict[tuple[Negotiation, Move], Negotiation] = {
    # idle
    (Negotiation.IDLE, Move.SEND_OFFER): Negotiation.LOCAL_OFFER,
    (Negotiation.IDLE, Move.RECEIVE_OFFER): Negotiation.REMOTE_OFFER,
    (Negotiation.IDLE, Move.ABANDON): Negotiation.IDLE,
    # local-offer
    (Negotiation.LOCAL_OFFER, Move.RECEIVE_ANSWER): Negotiation.STABLE,
    (Negotiation.LOCAL_OFFER, Move.ABANDON): Negotiation.STABLE,
    # remote-offer
    (Negotiation.REMOTE_OFFER, Move.SEND_ANSWER): Negotiation.STABLE,
    (Negotiation.REMOTE_OFFER, Move.ABANDON): Negotiation.STABLE,
    # stable
    (Negotiation.STABLE, Move.SEND_OFFER): Negotiation.LOCAL_OFFER,
    (Negotiation.STABLE, Move.RECEIVE_OFFER): Negotiation.REMOTE_OFFER,
    (Negotiation.STABLE, Move.ABANDON): Negotiation.STABLE,
}


def step(state: Negotiation, move: Move) -> Negotiation | None:
    """Return the next state, None where `move` is out of turn (it then counts for
    nothing: a second answer repeats the first, a crossing offer is glare)."""
    return TRANSITIONS.get((state, move))
