"""A clock that moves only when told: wheels fire and calls are made in order."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from sip.wheel import Wheel


class Clock:
    """Virtual seconds. `after` is called, when there is one, after all that happens."""

    def __init__(self, *wheels: Wheel, after: Callable[[], None] | None = None) -> None:
        self.now = 0.0
        self.after = after
        self._wheels = list(wheels)
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._made = 0

    def attach(self, wheel: Wheel) -> None:
        """Fire the timers of one more wheel."""
        self._wheels.append(wheel)

    def call_at(self, at: float, call: Callable[[], None]) -> None:
        """Have `call` made at `at`; those for one moment in the order they came."""
        self._made += 1
        heappush(self._calls, (at, self._made, call))

    def next_at(self) -> float | None:
        """Return when something happens next, None when nothing will."""
        times = [wheel.next_at() for wheel in self._wheels]
        times += [self._calls[0][0]] if self._calls else []
        return min((at for at in times if at is not None), default=None)

    def run_until(self, at: float) -> None:
        """Let everything up to and including `at` happen."""
        while (soonest := self.next_at()) is not None and soonest <= at:
            self.now = max(self.now, soonest)
            self._happen()
        self.now = max(self.now, at)

    def run(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.run_until(self.now + seconds)

    def _happen(self) -> None:
        for wheel in self._wheels:
            for timer in wheel.due(self.now):
                target = timer.target
                assert target is not None  # the wheel yields no others
                target.expire(timer.name, self.now)
                self._tell()
        while self._calls and self._calls[0][0] <= self.now:
            heappop(self._calls)[2]()
            self._tell()

    def _tell(self) -> None:
        if self.after is not None:
            self.after()
