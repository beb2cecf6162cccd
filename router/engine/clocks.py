"""The clocks of a call, on the wheel of the SIP stack."""

from __future__ import annotations

from router.call.events import Clock
from sip.wheel import Timer, Wheel


class Clocked:
    """Something whose clocks can be armed and stopped, each on its own."""

    __slots__ = ("clocks", "wheel")

    def __init__(self, wheel: Wheel) -> None:
        self.wheel = wheel
        self.clocks: dict[int, Timer] = {}
        """The running ones."""

    def arm(self, clock: Clock, at: float) -> None:
        """Set a clock to `at`, monotonic seconds; one that runs is set anew."""
        self.disarm(clock)
        self.clocks[clock] = self.wheel.arm(at, self, clock)

    def disarm(self, clock: Clock) -> None:
        """Stop a clock if it runs."""
        timer = self.clocks.pop(clock, None)
        if timer is not None:
            timer.cancel()

    def disarm_all(self) -> None:
        """Stop every clock."""
        for timer in self.clocks.values():
            timer.cancel()
        self.clocks.clear()

    def expire(self, name: int, now: float) -> None:
        """Learn from the wheel that a clock has run out."""
        if self.clocks.pop(name, None) is not None:
            self.timed_out(Clock(name), now)

    def timed_out(self, clock: Clock, now: float) -> None:
        """Act on a clock that has run out; for subclasses."""
        raise NotImplementedError
