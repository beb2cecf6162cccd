"""The clocks of a call, on the wheel of the SIP stack."""

from __future__ import annotations

from router.call.events import Clock
from sip.wheel import Timer, Wheel

# A stopped timer stays in the wheel until its time: a long one is armed in hops, so
# that what calls of hours leave behind does not pile up.
HOP_SECONDS = 30.0
_TICK = 0.01


class Clocked:
    """Something whose clocks can be armed and stopped, each on its own."""

    __slots__ = ("clocks", "wheel")

    def __init__(self, wheel: Wheel) -> None:
        self.wheel = wheel
        self.clocks: dict[int, tuple[float, Timer]] = {}
        """The running ones, with the instant each is set to."""

    def arm(self, clock: Clock, at: float, now: float) -> None:
        """Set a clock to `at`, monotonic seconds; one that runs is set anew."""
        self.disarm(clock)
        next_at = min(at, now + HOP_SECONDS)
        self.clocks[clock] = (at, self.wheel.arm(next_at, self, clock))

    def disarm(self, clock: Clock) -> None:
        """Stop a clock if it runs."""
        entry = self.clocks.pop(clock, None)
        if entry is not None:
            entry[1].cancel()

    def disarm_all(self) -> None:
        """Stop every clock."""
        for _, timer in self.clocks.values():
            timer.cancel()
        self.clocks.clear()

    def expire(self, name: int, now: float) -> None:
        """Learn from the wheel that a clock, or a hop of it, has run out."""
        entry = self.clocks.pop(name, None)
        if entry is None:
            return
        clock = Clock(name)
        if now < entry[0] - _TICK:
            self.arm(clock, entry[0], now)
        else:
            self.timed_out(clock, now)

    def timed_out(self, clock: Clock, now: float) -> None:
        """Act on a clock that has run out; for subclasses."""
        raise NotImplementedError
