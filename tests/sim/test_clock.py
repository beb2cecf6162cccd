"""The virtual clock itself: order, moments, and that nothing happens early."""

from __future__ import annotations

from sip.wheel import Wheel
from tests.sim.clock import Clock


class Target:
    """Notes what expires, and when."""

    def __init__(self) -> None:
        self.fired: list[tuple[int, float]] = []

    def expire(self, name: int, now: float) -> None:
        self.fired.append((name, now))


def test_timers_and_calls_happen_in_order_of_time() -> None:
    first, second, target, log = Wheel(), Wheel(), Target(), list[str]()
    clock = Clock(first)
    clock.attach(second)
    second.arm(2.0, target, 2)
    first.arm(1.0, target, 1)
    clock.call_at(1.5, lambda: log.append(f"call {clock.now}"))
    clock.run_until(1.99)
    assert target.fired == [(1, 1.0)]
    assert log == ["call 1.5"]
    clock.run(0.01)
    assert target.fired == [(1, 1.0), (2, 2.0)]


def test_calls_for_one_moment_keep_their_order_and_time_never_goes_back() -> None:
    log = list[str]()
    clock = Clock()
    clock.call_at(1.0, lambda: log.append("a"))
    clock.call_at(1.0, lambda: log.append("b"))
    clock.run(3.0)
    clock.call_at(1.0, lambda: log.append(f"late at {clock.now}"))
    clock.run_until(2.0)
    assert log == ["a", "b", "late at 3.0"]
    assert clock.next_at() is None
    assert clock.now == 3.0


def test_after_is_called_after_each_timer_and_call() -> None:
    wheel, target, seen = Wheel(), Target(), list[int]()
    clock = Clock(wheel, after=lambda: seen.append(len(target.fired)))
    wheel.arm(1.0, target, 1)
    wheel.arm(1.0, target, 2).cancel()
    clock.call_at(2.0, lambda: None)
    clock.run(5.0)
    assert seen == [1, 1]


def test_a_timer_cancelled_by_one_of_the_same_tick_does_not_fire() -> None:
    wheel, target = Wheel(), Target()
    late = Target()
    timer = wheel.arm(1.0, late, 9)

    class Canceller:
        def expire(self, name: int, now: float) -> None:
            timer.cancel()
            target.expire(name, now)

    earlier = Wheel()
    earlier.arm(1.0, Canceller(), 1)
    Clock(earlier, wheel).run(2.0)
    assert target.fired == [(1, 1.0)]
    assert late.fired == []
