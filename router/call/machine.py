"""The two-leg call as a table: state x event -> act, which returns the next state.

Everything that can happen to a call stands here; what is missing is ignored. `ENDED` is
empty: that is why a call finishes once.

                 Routed           Progressed        Answered         Confirmed
    LOOKING ----------> PLACING ----------> EARLY ---------> ANSWERED ---------> UP
       |    another gateway ^ |               |                  |               |
       |                    +-+               |                  |               |
       +---------> Refused, Failed, Cancelled, Ended, TimedOut, Stopped <--------+
                                      |
                                    ENDED
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from router.call import ending, relay, setup
from router.call.commands import Command
from router.call.events import (
    AckMissed,
    Answered,
    Cancelled,
    Confirmed,
    Ended,
    Event,
    Failed,
    Informed,
    OfferAnswered,
    OfferConfirmed,
    Offered,
    OfferRefused,
    Progressed,
    Reached,
    Refused,
    Routed,
    Stopped,
    TimedOut,
)
from router.call.state import Limits, Memory, State

# The event of an act is of the type of its column, which no type can say of a table; a
# test compares each act's annotation with the column it stands in.
Act = Callable[[Memory, Any, list[Command]], State]
Row = Mapping[type[Event], Act]

TABLE: Mapping[State, Row] = MappingProxyType(
    {
        State.LOOKING: {
            Routed: setup.routed,
            Refused: ending.turn_away,
            Cancelled: ending.cancelled,
            Ended: ending.ended_early,
            Stopped: ending.stopped_early,
        },
        State.PLACING: {
            Reached: setup.reached,
            Progressed: setup.progressed_placing,
            Answered: setup.answered,
            Failed: ending.failed_placing,
            Cancelled: ending.cancelled,
            Ended: ending.ended_early,
            TimedOut: ending.timed_out_placing,
            Stopped: ending.stopped_early,
        },
        State.EARLY: {
            Progressed: setup.progressed,
            Answered: setup.answered,
            Failed: ending.failed,
            Cancelled: ending.cancelled,
            Ended: ending.ended_early,
            # UPDATE before the answer (RFC 3311), or an offer in PRACK (RFC 3262).
            Offered: relay.offered,
            OfferAnswered: relay.offer_answered,
            OfferRefused: relay.offer_refused,
            TimedOut: ending.timed_out_early,
            Stopped: ending.stopped_early,
        },
        State.ANSWERED: {
            Confirmed: setup.confirmed,
            Cancelled: ending.cancelled_late,
            AckMissed: ending.ack_missed,
            Ended: ending.ended,
            Offered: relay.not_now,
            OfferAnswered: relay.offer_answered,
            OfferRefused: relay.offer_refused,
            TimedOut: ending.timed_out,
            Stopped: ending.stopped,
        },
        State.UP: {
            AckMissed: ending.ack_missed,
            Ended: ending.ended,
            Offered: relay.offered,
            OfferAnswered: relay.offer_answered,
            OfferRefused: relay.offer_refused,
            OfferConfirmed: relay.offer_confirmed,
            Informed: relay.informed,
            TimedOut: ending.timed_out,
            Stopped: ending.stopped,
        },
        State.ENDED: {},
    }
)


class Machine(Memory):
    """One call. Give it what happens, do what it says."""

    __slots__ = ()

    def __init__(self, limits: Limits, *, delayed: bool) -> None:
        """Begin at a new INVITE; `delayed` when it brings no offer."""
        super().__init__(limits, delayed=delayed)

    def step(self, event: Event) -> list[Command]:
        """Take one event and return what is to be done about it, in order."""
        out: list[Command] = []
        act = TABLE[self.state].get(type(event))
        if act is not None:
            self.state = act(self, event, out)
        return out
