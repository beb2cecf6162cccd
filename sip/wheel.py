"""The one clockwork of a core: many deadlines, one alarm.

SIP arms a handful of timers for each call and cancels nearly all of them. Deadlines are
gathered into ticks, so that arming costs a dictionary look-up and cancelling costs
nothing; only ticks, not timers, go through a heap.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Protocol

TICKS_PER_SECOND = 100
_ROUNDING = 1e-6
# A deadline further away than this is looked at on its way there, so that what was
# cancelled of it is let go: session timers of half an hour would pile up otherwise.
_HOP_TICKS = 40 * TICKS_PER_SECOND


class Expiring(Protocol):
    """Something that wants to be told when a deadline has passed."""

    def expire(self, name: int, now: float) -> None:
        """Act on the timer called `name`."""


class Timer:
    """One armed deadline. Cancelling lets go of its target at once."""

    __slots__ = ("name", "target", "tick")

    def __init__(self, target: Expiring, name: int, tick: int) -> None:
        self.target: Expiring | None = target
        self.name = name
        self.tick = tick

    def cancel(self) -> None:
        """Make the deadline pass unnoticed."""
        self.target = None


class Wheel:
    """Deadlines in absolute seconds, fired at the first tick not before them."""

    __slots__ = ("_horizon", "_slots", "_ticks")

    def __init__(self) -> None:
        self._slots: dict[int, list[Timer]] = {}
        self._ticks: list[int] = []
        # The tick no timer is put beyond; unknown until the clock has been seen.
        self._horizon = 0

    def arm(self, at: float, target: Expiring, name: int) -> Timer:
        """Have `target.expire(name, now)` called once `at` has passed."""
        tick = math.ceil(at * TICKS_PER_SECOND - _ROUNDING)
        timer = Timer(target, name, tick)
        if tick > self._horizon > 0:
            tick = self._horizon
        slot = self._slots.get(tick)
        if slot is None:
            self._slots[tick] = [timer]
            heappush(self._ticks, tick)
        else:
            slot.append(timer)
        return timer

    def next_at(self) -> float | None:
        """Return the earliest deadline, None when nothing is armed."""
        while self._ticks:
            tick = self._ticks[0]
            slot = self._slots[tick]
            # Only the head is looked through: whoever is cancelled behind it waits.
            while slot and slot[-1].target is None:
                slot.pop()
            if slot:
                return tick / TICKS_PER_SECOND
            heappop(self._ticks)
            del self._slots[tick]
        return None

    def due(self, now: float) -> Iterator[Timer]:
        """Take out the timers whose tick is at or before `now`, in order of ticks."""
        last = math.floor(now * TICKS_PER_SECOND + _ROUNDING)
        self._horizon = last + _HOP_TICKS
        while self._ticks and self._ticks[0] <= last:
            slot = self._slots.pop(heappop(self._ticks))
            for timer in slot:
                if timer.target is None:
                    continue
                if timer.tick > last:
                    self._hop(timer)
                else:
                    yield timer

    def _hop(self, timer: Timer) -> None:
        tick = min(timer.tick, self._horizon)
        slot = self._slots.get(tick)
        if slot is None:
            self._slots[tick] = slot = []
            heappush(self._ticks, tick)
        slot.append(timer)

    def __len__(self) -> int:
        """Count the timers still armed; looks at every one, for tests and gauges."""
        return sum(t.target is not None for slot in self._slots.values() for t in slot)
